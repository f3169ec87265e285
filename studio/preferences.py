"""Learning from the desk: what an editor does to a line becomes a choice, where the project's owner wants that; and lessons to train on.

A project and its stores in. `watched`: what `LineStore.edit` writes beside an edit; what a choice is, `domain.preference` decides.
`lessons`: all choices as records, which `studio/preference_export.py` writes.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from studio.domain.errors import BadSetting
from studio.domain.line import Candidate, Line
from studio.domain.preference import Change, Choice, Earlier, TimedText, after_change, plain
from studio.domain.project import Project
from studio.domain.views import LineRow
from studio.engines.protocols import DurationEstimator
from studio.engines.scene_prompts import FORMS, usual_form
from studio.engines.translate_imported import ImportedTranslator
from studio.preference_export import Lessons, lessons_of
from studio.review import estimator_for, follows_instructions
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


def lessons(shop: Workshop, project: Project, rows: Sequence[LineRow], form: str | None = None) -> Lessons:
    """What the project has kept, as scenes to train on. `form` None: the one its translator is asked in. Raises BadSetting for an unknown one."""
    if form is not None and form not in FORMS:
        raise BadSetting(f"There is no form “{form}”; there are: {', '.join(FORMS)}.")
    if form is None:
        form = usual_form(is_chat=follows_instructions(project, shop.engines))
    estimators: dict[str, DurationEstimator | None] = {}

    def estimated(text: str, language: str) -> int | None:
        if language not in estimators:
            estimators[language] = estimator_for(replace(project, target_language=language), shop.engines)
        estimator = estimators[language]
        return None if estimator is None or not text else estimator.estimate(text, language).total_ms

    return lessons_of(project, rows, shop.preferences.choices(project.id), estimated, form)


def _earlier(shop: Workshop, project: Project, line_id: str) -> tuple[Earlier, ...]:
    """The lines before this one that have both texts, among as many as the translator sees, oldest first."""
    lines = shop.lines.cast(project.id).lines
    place = next((place for place, line in enumerate(lines) if line.id == line_id), 0)
    first = max(0, place - project.settings.translation.context_lines)
    before = (Earlier(plain(line.source_text), line.span.length_ms, plain(line.target_text)) for line in lines[first:place])
    return tuple(one for one in before if one.source and one.target)
