"""Learning from the desk: what an editor does to a line becomes a choice (`watched`), where the project's owner wants that.

A project, its stores and a line in; what `LineStore.edit` writes beside the edit out. What a choice is, `domain.preference` decides; how it
leaves for training, `studio/preference_export.py`.
"""

from __future__ import annotations

import uuid

from studio.domain.line import Candidate, Line
from studio.domain.preference import Change, Choice, TimedText, after_change, plain
from studio.domain.project import Project
from studio.engines.translate_imported import ImportedTranslator
from studio.script import is_put_away
from studio.store.database import utc_now
from studio.store.lines import Follow
from studio.workshop import Workshop


def watched(shop: Workshop, project: Project, line_id: str, *, by: str, is_pick: bool) -> Follow | None:
    """What keeps a change of the line's translation as a choice; None where the project keeps none."""
    if not project.settings.learning.keep_choices:
        return None
    machine = offered_by_machines(shop.lines.candidates(project.id, line_id))
    before = _earlier(shop, project, line_id)

    def decide(known: tuple[Choice, ...], old: Line, new: Line) -> tuple[Choice, ...]:
        fresh = Choice(
            uuid.uuid4().hex, line_id, project.source_language, project.target_language, plain(new.source_text), new.span.length_ms,
            new.target_text, "", (), before, by, utc_now(),
        )  # fmt: skip
        return after_change(known, Change(old.target_text, fresh, machine, is_pick))

    return shop.preferences.following(project.id, decide)


def offered_by_machines(candidates: tuple[Candidate, ...]) -> tuple[TimedText, ...]:
    """The wordings that engines proposed in the language of now, best first, each with its predicted time."""
    return tuple(
        TimedText(one.text, one.prediction.estimate.total_ms)
        for one in candidates
        if one.prediction is not None and one.engine != ImportedTranslator.name and not is_put_away(one)
    )


def _earlier(shop: Workshop, project: Project, line_id: str) -> tuple[tuple[str, str], ...]:
    """The lines before this one that have both texts, as many as the translator sees, oldest first."""
    lines = shop.lines.cast(project.id).lines
    place = next((place for place, line in enumerate(lines) if line.id == line_id), 0)
    first = max(0, place - project.settings.translation.context_lines)
    pairs = ((plain(line.source_text), plain(line.target_text)) for line in lines[first:place])
    return tuple((source, target) for source, target in pairs if source and target)
