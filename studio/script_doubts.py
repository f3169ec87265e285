"""Why a script may belong to another video: in sentences, none where nothing speaks against it.

Enter: a project, its lines, and a script as read, before anything of it is left out. Add a doubt as one function in `_DOUBTS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

from studio.domain.errors import BadSetting
from studio.domain.language import NAMES, language_code
from studio.domain.line import Line
from studio.domain.project import Project, Script
from studio.domain.timing import clock

BEYOND_SHARE = 0.1  # of its lines after the end of the programme
BEYOND_MS = 2_000  # how far after the end counts as beyond
SHORT_SHARE, LONG_MS = 0.25, 5 * 60_000  # a script that ends so early, in a programme so long
HARDLY = 0.3  # of its lines that are lines of the project
FEW_LINES = 5  # below which shares say little
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}$")


@dataclass(frozen=True, slots=True)
class Held:
    """A script held against a project. `met`: how many of its lines are lines of the project; None: that was not asked."""

    project: Project
    lines: Sequence[Line]
    script: Script
    met: int | None = None


def doubts(held: Held) -> tuple[str, ...]:
    """Every sentence that speaks against the script."""
    return tuple(sentence for doubt in _DOUBTS for sentence in doubt(held))


def _beyond(held: Held) -> Iterator[str]:
    source = held.project.source
    if source is None or not held.script.lines:
        return
    end_ms = source.info.duration_ms
    late = sum(line.start_ms >= end_ms + BEYOND_MS for line in held.script.lines)
    if late and late >= BEYOND_SHARE * len(held.script.lines):
        last = clock(max(line.end_ms for line in held.script.lines))
        yield f"{late} of its {len(held.script.lines)} lines begin after the programme ends ({clock(end_ms)}); its last line ends at {last}."


def _too_short(held: Held) -> Iterator[str]:
    source = held.project.source
    if source is None or held.met is not None or len(held.script.lines) < FEW_LINES or source.info.duration_ms < LONG_MS:
        return
    last_ms = max(line.end_ms for line in held.script.lines)
    if last_ms < SHORT_SHARE * source.info.duration_ms:
        yield f"Its last line ends at {clock(last_ms)}, and the programme lasts {clock(source.info.duration_ms)}."


def _other_media(held: Held) -> Iterator[str]:
    media, source = held.script.media, held.project.source
    if media is not None and source is not None and _stem(media) != _stem(source.name):
        yield f"It was made for “{media[:120]}”, and the video here is “{source.name[:120]}”."


def _stem(name: str) -> str:
    """What a file is called whatever its folder and container."""
    return _SUFFIX.sub("", PurePosixPath(unquote(name).replace("\\", "/")).name).casefold().strip()


def _other_language(held: Held) -> Iterator[str]:
    for said, ours, what in (
        (held.script.source_language, held.project.source_language, "spoken in"),
        (held.script.target_language, held.project.target_language, "translated into"),
    ):
        code = _code(said)
        if code is not None and code != ours:
            yield f"It is {what} {NAMES[code]}, and this project {NAMES[ours]}."


def _code(tag: str | None) -> str | None:
    if tag is None:
        return None
    try:
        return language_code(tag)
    except BadSetting:
        return None


def _hardly_any(held: Held) -> Iterator[str]:
    total = len(held.script.lines)
    if held.met is not None and len(held.lines) >= FEW_LINES and total >= FEW_LINES and held.met < HARDLY * total:
        yield f"Only {held.met} of its {total} lines are lines of this project."


_DOUBTS: tuple[Callable[[Held], Iterator[str]], ...] = (_other_media, _other_language, _beyond, _too_short, _hardly_any)
