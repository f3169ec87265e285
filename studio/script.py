"""Between scripts and stored lines: drafts become lines with ids and speakers, imported translations find their lines."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from studio.domain.line import Line, SpeakerProfile
from studio.domain.project import Cast, LineDraft, Script
from studio.domain.timing import TimeSpan

UNNAMED_SPEAKER = "Speaker 1"


def cast_from_script(script: Script) -> Cast:
    """New ids for everything; speakers in order of appearance, lines without one go to the first speaker."""
    names = list(dict.fromkeys(draft.speaker or UNNAMED_SPEAKER for draft in script.lines))
    speakers = {name: SpeakerProfile(uuid.uuid4().hex, name) for name in names}
    lines = tuple(
        Line(
            id=uuid.uuid4().hex,
            span=TimeSpan(draft.start_ms, draft.end_ms),
            speaker_id=speakers[draft.speaker or UNNAMED_SPEAKER].id,
            source_text=draft.text,
            target_text=draft.target_text,
            notes=draft.notes,
        )
        for draft in sorted(script.lines, key=lambda draft: (draft.start_ms, draft.end_ms))
    )
    return Cast(tuple(speakers.values()), lines)


def script_from_cast(cast: Cast) -> Script:
    """The lines as drafts, without speakers: what a fresh look at who speaks starts from."""
    return Script(tuple(LineDraft(line.span.start_ms, line.span.end_ms, line.source_text) for line in cast.lines))


def with_speakers(cast: Cast, script: Script) -> Cast:
    """`cast` with the speakers found for the same lines in `script`; ids of lines stay."""
    named = cast_from_script(script)
    by_span = {(line.span, line.source_text): line.speaker_id for line in named.lines}
    lines = tuple(replace(line, speaker_id=by_span.get((line.span, line.source_text), named.speakers[0].id)) for line in cast.lines)
    return Cast(named.speakers, lines)


def match_targets(lines: Sequence[Line], script: Script) -> tuple[dict[str, str], tuple[LineDraft, ...]]:
    """Texts of a translated script by the line each overlaps most, joined in order; and the cues that met no line."""
    texts: dict[str, list[str]] = {}
    lost = []
    for draft in script.lines:
        best = max(lines, key=lambda line: _shared_ms(line, draft), default=None)
        if best is None or _shared_ms(best, draft) <= 0:
            lost.append(draft)
        else:
            texts.setdefault(best.id, []).append(draft.text)
    return {line_id: " ".join(parts) for line_id, parts in texts.items()}, tuple(lost)


def _shared_ms(line: Line, draft: LineDraft) -> int:
    return min(line.span.end_ms, draft.end_ms) - max(line.span.start_ms, draft.start_ms)
