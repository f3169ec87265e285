"""The Upload panel's view: the media in words, its choices, and which of its two buttons can be pressed."""

from __future__ import annotations

from collections.abc import Sequence

from studio.domain.language import NAMES
from studio.domain.settings import Settings
from studio.domain.views import EngineStatus, ProjectView
from studio.ui import present
from studio.ui.views import Action, Choices, UploadView

DEFAULT_PAIR = ("en", "zh")
LANGUAGES: tuple[tuple[str, str], ...] = tuple(sorted((name, code) for code, name in NAMES.items()))


def upload_view(view: ProjectView | None, statuses: Sequence[EngineStatus]) -> UploadView:
    project = view.project if view is not None else None
    engines = (project.settings if project is not None else Settings()).engines
    source, target = (project.source_language, project.target_language) if project is not None else DEFAULT_PAIR
    return UploadView(
        facts=present.facts(view),
        track=present.track_choices(project) if project is not None else Choices(is_shown=False),
        source_language=Choices(LANGUAGES, source),
        target_language=Choices(LANGUAGES, target),
        transcriber=present.engine_choices("transcriber", engines.transcriber, statuses),
        translator=present.engine_choices("translator", engines.translator, statuses),
        estimator=present.engine_choices("estimator", engines.estimator, statuses),
        speaker=present.engine_choices("speaker", engines.speaker, statuses),
        engines=present.engine_sentences(statuses),
        find=_find(view),
        dub=_dub(view),
    )


def _can_start(view: ProjectView | None) -> bool:
    return view is not None and view.project.source is not None and not present.is_blocked(view)


def _find(view: ProjectView | None) -> Action:
    """Only where there are none: lines that were found and edited are never replaced by listening once more."""
    has_lines = view is not None and view.counts.total > 0
    return Action("Find lines", _can_start(view) and not has_lines)


def _dub(view: ProjectView | None) -> Action:
    return Action("Dub it", _can_start(view))
