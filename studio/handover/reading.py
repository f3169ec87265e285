"""Read-back: a recogniser listens to every take, and its words are held against the script. Where none can, that is said, never passed over.

What was heard is kept in the cache by take and listener, so a second report listens to new takes only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.domain.delivery import Check, Finding
from studio.domain.errors import EngineFailed
from studio.domain.plain import fingerprint
from studio.domain.project import Project
from studio.engines.protocols import DraftListener, Transcriber
from studio.engines.rack import EngineRack
from studio.engines.transcribe_manual import ManualTranscriber
from studio.handover.line_checks import at_line
from studio.handover.material import HeardTake
from studio.media.wav import read_wav
from studio.playback import cached
from studio.stages.sync import at_speech_rate
from studio.stages.word_error import last_words_lost, word_error
from studio.workshop import Workshop

MISHEARD_SHARE = 0.5  # half the words wrong: worth a listen, though recognisers err too


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Who listened ("": nobody, and `why`), to how many takes, and what it found."""

    listener: str
    why: str
    takes: int
    findings: tuple[Finding, ...]


def read_back(shop: Workshop, project: Project, heard: Sequence[HeardTake], tell: Callable[[int, int], None] | None = None) -> ReadBack:
    """Have every take read back in the target language. `tell` hears how many of how many are done, and may raise Cancelled."""
    listener, why = listener_for(shop.engines, project)
    if listener is None:
        sentence = f"The takes were not read back: {why}. Clipped or missing words can only be heard by a person."
        return ReadBack("", why, 0, (Finding(Check.NOT_READ_BACK, sentence),))
    found: list[Finding] = []
    for done, item in enumerate(heard, start=1):
        found += _of_take(shop, project, listener, item)
        if tell is not None:
            tell(done, len(heard))
    return ReadBack(listener.name, "", len(heard), tuple(found))


def listener_for(rack: EngineRack, project: Project) -> tuple[Transcriber | None, str]:
    """The recogniser to trust with a verdict, or why there is none: one that hears words where there are none is no judge."""
    engines: list[Transcriber] = [one for one in rack.all("transcriber") if not isinstance(one, ManualTranscriber)]
    chosen = project.settings.engines.transcriber
    judges = [one for one in engines if not (isinstance(one, DraftListener) and one.is_draft) and chosen in ("auto", one.name)]
    able = next((one for one in judges if one.available().is_available), None)
    if able is not None:
        return able, ""
    reasons = [f"{one.name}: {one.available().why.rstrip('.')}" for one in judges]
    return None, "; ".join(reasons) or "no recogniser that can judge is here"


def _of_take(shop: Workshop, project: Project, listener: Transcriber, item: HeardTake) -> Iterator[Finding]:
    row, language = item.row, project.target_language
    try:
        words = _heard_words(shop, listener, item, language)
    except EngineFailed as error:
        yield at_line(Check.NOT_READ_BACK, row, f"It was not read back: {error}")
        return
    error_share = word_error(item.take.text, words, language)
    if error_share is None:
        return
    lost = last_words_lost(item.take.text, words, language)
    if lost:
        yield at_line(Check.TRUNCATED, row, f"Its end “{lost}” was not heard; {listener.name} heard “{_short(words)}”.")
    elif error_share >= MISHEARD_SHARE:
        yield at_line(Check.MISHEARD, row, f"{round(100 * error_share)} % of its words were heard otherwise; {listener.name} heard “{_short(words)}”.")


def _heard_words(shop: Workshop, listener: Transcriber, item: HeardTake, language: str) -> str:
    key = fingerprint("read back", listener.name, listener.version, item.take.fitted_blob, language)

    def make(draft: Path) -> None:
        draft.write_text(json.dumps({"heard": listener.transcribe(at_speech_rate(read_wav(item.path)), language).text}), encoding="utf-8")

    return str(json.loads(cached(shop, key, ".json", make).read_text(encoding="utf-8"))["heard"])


def _short(words: str) -> str:
    return words if len(words) <= 120 else f"{words[:119]}…"
