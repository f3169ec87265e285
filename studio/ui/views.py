"""What the panels of the page show and read. Frozen values, no Gradio, no service.

Add a field here, fill it in `present.py` or `handlers.py`, and name its widget in `wire.py`; the rest follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.domain.settings import FitSettings, Guidance, MixSettings

if TYPE_CHECKING:
    from studio.ui.guidance_views import GuidanceNews
    from studio.ui.next_step import NextStep
    from studio.ui.script_view import ScriptView


@dataclass(frozen=True, slots=True)
class Choices:
    """A drop-down: (label, value) pairs and the one that is taken."""

    options: tuple[tuple[str, str], ...] = ()
    selected: str | None = None
    is_shown: bool = True


@dataclass(frozen=True, slots=True)
class Action:
    """A button: what it says and whether it can be pressed."""

    label: str
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class OpenTab:
    """The tab to bring to the front."""

    name: str


@dataclass(frozen=True, slots=True)
class JobView:
    """The job chip. `share` is done work, 0..1, or None while nobody can tell."""

    id: str
    title: str
    message: str
    share: float | None
    is_active: bool
    is_failed: bool


@dataclass(frozen=True, slots=True)
class HeaderView:
    project_id: str = ""
    name: str = ""
    languages: str = ""
    user: str = ""
    can_leave: bool = False
    is_admin: bool = False
    job: JobView | None = None
    frame_mark: str = ""
    next: NextStep | None = None


@dataclass(frozen=True, slots=True)
class ProjectCard:
    """One project of the list. `standing` is a sentence; the counts feed its bar; `is_mine`: the reader owns it."""

    id: str
    name: str
    languages: str
    length: str
    standing: str
    fits: int
    tight: int
    over: int
    empty: int
    is_open: bool
    is_busy: bool
    is_mine: bool = True


@dataclass(frozen=True, slots=True)
class ProjectsView:
    """`can_make`: the reader may have projects of their own."""

    cards: tuple[ProjectCard, ...] = ()
    can_make: bool = True


@dataclass(frozen=True, slots=True)
class SoundView:
    """Sound that is early or late against the lips. `notice` is the one of the project's notices that says so, `label` the button
    that mends it; `moved` says that it has been moved already. Each "" where there is nothing to say."""

    notice: str = ""
    label: str = ""
    moved: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an island looks for its lines; it fetches them again when the revision moves. `notices` hold for the project;
    `is_looking`: its faces are being looked for right now."""

    project_id: str = ""
    revision: str = ""
    notices: tuple[str, ...] = ()
    sound: SoundView = SoundView()
    is_looking: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class SkippedView:
    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class FactsView:
    """The uploaded file in words. `next_step` says what to do now."""

    name: str = ""
    facts: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    skipped: tuple[SkippedView, ...] = ()
    bed: str = ""
    lines: str = ""
    next_step: str = ""
    sound: SoundView = SoundView()


@dataclass(frozen=True, slots=True)
class BoxView:
    """What the boxes for files are told: the project they fill, the upload that was just taken or refused, and why it was refused."""

    project_id: str = ""
    done: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class UploadView:
    """Choices of the Upload tab. The facts and the two buttons also travel alone, with the news."""

    facts: FactsView
    track: Choices
    source_language: Choices
    target_language: Choices
    transcriber: Choices
    translator: Choices
    estimator: Choices
    speaker: Choices
    engines: str
    find: Action
    dub: Action


@dataclass(frozen=True, slots=True)
class PreviewView:
    """What Preview can play. `stamp` changes with every new dub, so that the player loads it afresh."""

    project_id: str = ""
    revision: str = ""
    has_source: bool = False
    has_picture: bool = False
    has_dub: bool = False
    is_stale: bool = False
    stamp: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class ExportItem:
    """A card of the Export tab. `opens`: the address at which it can be looked at without a download, "" for none."""

    kind: str
    title: str
    sentence: str
    is_ready: bool
    needs: str = ""
    group: str = ""
    opens: str = ""


@dataclass(frozen=True, slots=True)
class ExportsView:
    """`fetch` is the address of an export just made ("" when it could not be); `fetch_mark` differs with every answer."""

    project_id: str = ""
    items: tuple[ExportItem, ...] = ()
    notice: str = ""
    fetch: str = ""
    fetch_mark: str = ""
    revision: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TickView:
    """News of the open project: everything that changes without the person, nothing they may be editing."""

    header: HeaderView
    desk: Place
    guidance: GuidanceNews
    facts: FactsView
    preview: PreviewView
    render: Action
    exports: ExportsView
    find: Action
    dub: Action


@dataclass(frozen=True, slots=True)
class PageView:
    """The whole page for one project (or none). `tab` None leaves the person where they are; `script`: what a dropped script would change,
    to be agreed to."""

    project_id: str
    tab: OpenTab | None
    projects: ProjectsView
    upload: UploadView
    guidance: Guidance
    mix: MixSettings
    fit: FitSettings
    news: TickView
    box: BoxView = BoxView()
    script: ScriptView | None = None


@dataclass(frozen=True, slots=True)
class ProjectList:
    projects: ProjectsView


@dataclass(frozen=True, slots=True)
class ExportReady:
    """The export list with one file that has just been made and is to be fetched from `ExportsView.fetch`."""

    ready: ExportsView
