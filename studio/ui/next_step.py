"""At the start and after each stage of work: where the programme stands, the one next step, and why. Never begun by itself.

Enter: a `ProjectView`. Leaves: a `NextStep`, or None while work goes on. One step more is one function.
"""

from __future__ import annotations

from dataclasses import dataclass

from studio.domain.project import JobKind
from studio.domain.views import ProjectView
from studio.ui.present import is_blocked


@dataclass(frozen=True, slots=True)
class NextStep:
    """`step` names it, so that one that was hidden stays hidden. Either `kind` (work to start, or "demo") or `tab` (where to go, and the page's
    `command` to do there)."""

    step: str
    sentence: str
    ask: str
    label: str
    why: str
    kind: str = ""
    tab: str = ""
    command: str = ""


BEGIN = NextStep(
    "begin",
    "No project is open.",
    "Next: drop a film on the Upload tab, or look around in the sample project.",
    "Open the sample project",
    "The sample is a short scene with its script in two languages; it goes from lines to a dub in under a minute, and you can delete it.",
    kind="demo",
)


def next_step(view: ProjectView | None) -> NextStep | None:
    if view is None:
        return BEGIN
    if is_blocked(view):
        return None
    for step in (_upload, _find, _translate, _review, _voice, _render, _export):
        if (found := step(view)) is not None:
            return found
    return None


def _upload(view: ProjectView) -> NextStep | None:
    if view.counts.total or view.project.source is not None:
        return None
    return NextStep(
        "upload",
        "The project is empty.",
        "Next: upload its film, its sound or its script.",
        "Go to Upload",
        "A film gives picture, sound and lips; sound alone can be dubbed too; a script or subtitles give the lines without listening.",
        tab="upload",
    )


def _find(view: ProjectView) -> NextStep | None:
    if view.counts.total or view.project.source is None:
        return None
    return NextStep(
        "find",
        "The media is in.",
        "Next: find its lines.",
        "Find lines",
        "Everything hangs on the lines: who speaks, from when to when, and what. A script, uploaded instead, gives them without listening.",
        kind=JobKind.LINES,
    )


def _translate(view: ProjectView) -> NextStep | None:
    counts = view.counts
    if not counts.total or not counts.empty:
        return None
    found = f"{_count(counts.total, 'line')} found, {_count(len(view.speakers), 'speaker')}."
    left = f"{_count(counts.empty, 'line')} without a translation."
    return NextStep(
        "translate",
        found if counts.empty == counts.total else left,
        "Next: translate.",
        "Translate",
        "Wordings are proposed for every line that has none, ranked by how they fit its time; nothing you wrote is replaced.",
        kind=JobKind.TRANSLATE,
    )


def _review(view: ProjectView) -> NextStep | None:
    counts = view.counts
    if not counts.over:
        return None
    return NextStep(
        f"review {counts.total}",
        f"{counts.over} of {counts.total} lines do not fit their time.",
        "Next: review them.",
        "First line that does not fit",
        "A wording that does not fit is cheaper to mend before it is voiced. N goes from one to the next, 1 to 9 take another wording.",
        tab="lines",
        command="next-unfit",
    )


def _voice(view: ProjectView) -> NextStep | None:
    counts = view.counts
    missing = counts.total - counts.empty - counts.voiced + counts.stale
    if missing <= 0:
        return None
    return NextStep(
        "voice",
        f"{_count(missing, 'line')} without a voice, or with an old one.",
        "Next: voice.",
        "Voice",
        "Only lines without a take, or whose text, voice or time has changed, are voiced; everything else stays as it is.",
        kind=JobKind.VOICE,
    )


def _render(view: ProjectView) -> NextStep | None:
    if not view.counts.total or view.project.source is None or (view.is_rendered and not view.is_render_stale):
        return None
    return NextStep(
        "render again" if view.is_rendered else "render",
        "The dub is older than the last edits." if view.is_rendered else f"{_count(view.counts.voiced, 'line')} voiced.",
        "Next: render.",
        "Render the dub",
        "The circled takes are mixed with the original’s music and effects, and laid under the picture.",
        kind=JobKind.RENDER,
    )


def _export(view: ProjectView) -> NextStep | None:
    if not view.counts.total:
        return None
    return NextStep(
        "export",
        "The dub is rendered." if view.is_rendered else "Every line is voiced.",
        "Next: watch it, then export.",
        "Go to Export",
        "Films, sound, scripts and subtitles are on the Export tab; what stands in the way of a delivery is listed there.",
        tab="export",
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
