"""WebVTT (.vtt): blocks apart by blank lines; STYLE, REGION and NOTE are no cues; voice tags name the speaker."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from studio.formats.cue import Cue, Ledger
from studio.formats.mark import WRITTEN_HERE, is_ours
from studio.formats.markup import TAGS_REMOVED, as_typed, spoken
from studio.formats.timing_lines import BAD_TIME, ODD_TIME, Timing, is_failed_timing, read_timing, text_lines

_ASIDE = re.compile(r"(NOTE|STYLE|REGION)(?:\s|$)|X-TIMESTAMP-MAP|Region:")
_ANY_TAG = re.compile(r"</?[a-z][^<>\n]{0,500}>", re.IGNORECASE)
NO_HEADER = "The WEBVTT line is missing; the file was read all the same."
NOT_SPOKEN = "{kind} block: not spoken, so it was left out."
NO_TIME = "A block without a time, so it was left out."


@dataclass(frozen=True, slots=True)
class _Block:
    line: int
    lines: list[str]


def looks_like(text: str) -> bool:
    return text.lstrip("\ufeff \r\n\t").startswith("WEBVTT")


def parse(text: str, ledger: Ledger) -> list[Cue]:
    """Cues of a WebVTT text in file order."""
    blocks = _blocks(text_lines(text))
    if blocks and blocks[0].lines[0].lstrip("\ufeff").startswith("WEBVTT"):
        blocks = _after_header(blocks)
    else:
        ledger.change("line 1", NO_HEADER)
    cues: list[Cue] = []
    count, is_exact = 0, is_ours(text)
    for block in blocks:
        aside = _ASIDE.match(block.lines[0])
        if aside is not None and WRITTEN_HERE in block.lines[0]:
            continue
        if aside is not None:
            ledger.drop(f"line {block.line}", NOT_SPOKEN.format(kind=aside[1] or "Header"))
            continue
        count += 1
        ledger.expect(count)
        cues += _exact_cue(block, count) if is_exact and any(map(read_timing, block.lines[:2])) else _cues(block, count, ledger)
    return cues


def _after_header(blocks: list[_Block]) -> list[_Block]:
    """All but the header; a cue glued to it without a blank line is kept."""
    header = blocks[0]
    for offset, line in enumerate(header.lines):
        if offset and read_timing(line) is not None:
            return [_Block(header.line + offset, header.lines[offset:]), *blocks[1:]]
    return blocks[1:]


def _blocks(lines: list[str]) -> list[_Block]:
    blocks: list[_Block] = []
    held: list[str] = []
    for at, line in enumerate([*lines, ""]):
        if line.strip():
            held.append(line)
        elif held:
            blocks.append(_Block(at - len(held) + 1, held))
            held = []
    return blocks


def _exact_cue(block: _Block, number: int) -> list[Cue]:
    """A cue as it is written here: an id or none, its timing line, and all the rest is text."""
    at = 0 if read_timing(block.lines[0]) is not None else 1
    timing = read_timing(block.lines[at])
    cue = Cue.of(f"cue {number} (line {block.line})", timing.start.ms, timing.end.ms, as_typed("\n".join(block.lines[at + 1 :])))
    return [replace(cue, key=block.lines[0].strip() if at else None)]


def _cues(block: _Block, number: int, ledger: Ledger) -> list[Cue]:
    """Usually one cue; two where the blank line between them is missing; none where there is no time."""
    timings = [(at, read_timing(line)) for at, line in enumerate(block.lines)]
    marks = [(at, timing) for at, timing in timings if timing is not None]
    where = f"cue {number} (line {block.line})"
    if not marks:
        is_failed = any(is_failed_timing(line) for line in block.lines[:2])
        ledger.drop(where, BAD_TIME if is_failed else NO_TIME)
        return []
    if marks[0][0] > 1:
        ledger.drop(f"line {block.line}", NO_TIME)
    ends = [at for at, _ in marks[1:]] + [len(block.lines)]
    return [_cue(where, timing, block.lines[at + 1 : end], ledger) for (at, timing), end in zip(marks, ends, strict=True)]


def _cue(where: str, timing: Timing, body: list[str], ledger: Ledger) -> Cue:
    if timing.is_odd:
        ledger.change(where, ODD_TIME)
    clean = spoken("\n".join(body))
    if clean.was_marked_up or timing.settings:
        ledger.change(where, TAGS_REMOVED)
    return Cue.of(where, timing.start.ms, timing.end.ms, clean)
