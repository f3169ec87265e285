"""What the shells show: read-only pictures of a project, made by the service, painted by page, command line and API."""

from __future__ import annotations

from dataclasses import dataclass

from studio.domain.faces import LinePresence
from studio.domain.line import Candidate, Line, Prediction, Slot, SpeakerProfile, Take, VoiceRef
from studio.domain.pace import Pace
from studio.domain.project import Job, Project, Skipped
from studio.domain.sync import LineSync


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line with all that decides about it. `number` counts from 1 in timeline order; `flags` are sentences.

    `prediction` None: no duration engine speaks the target language, or the text `is_being_measured`. `take` is the circled one; `is_take_stale` when
    text, voice or slot have changed since it was made. `presence` None: nobody has looked for faces yet; `sync` None: the
    circled take has not been scored.
    """

    number: int
    line: Line
    speaker: SpeakerProfile
    voice: VoiceRef | None
    slot: Slot
    prediction: Prediction | None
    take: Take | None
    is_take_stale: bool
    candidate_count: int
    flags: tuple[str, ...] = ()
    presence: LinePresence | None = None
    sync: LineSync | None = None
    is_being_measured: bool = False
    pace: Pace | None = None


@dataclass(frozen=True, slots=True)
class LineDetail:
    """Everything about one line: its row, its ranked candidates, all its takes (newest first)."""

    row: LineRow
    candidates: tuple[Candidate, ...]
    takes: tuple[Take, ...]


@dataclass(frozen=True, slots=True)
class ProjectCounts:
    """How a project stands, in lines."""

    total: int
    empty: int
    fits: int
    tight: int
    over: int
    voiced: int
    stale: int


@dataclass(frozen=True, slots=True)
class ProjectCast:
    """A project and who speaks in it. `follows_instructions`: the translator in use understands a wish in words."""

    project: Project
    speakers: tuple[SpeakerProfile, ...]
    follows_instructions: bool


@dataclass(frozen=True, slots=True)
class ProjectView:
    """A project with its standing. `is_rendered`: a dub exists; `is_render_stale`: it is older than the edits.

    `follows_instructions`: the translator in use understands a wish in words; `kept_choices`: preferences kept from the desk.
    `is_looked_at`: faces have been looked for since its lines are as they are.
    """

    project: Project
    counts: ProjectCounts
    speakers: tuple[SpeakerProfile, ...]
    job: Job | None
    skipped: tuple[Skipped, ...]
    is_rendered: bool
    is_render_stale: bool
    notices: tuple[str, ...] = ()
    follows_instructions: bool = False
    kept_choices: int = 0
    is_looked_at: bool = False


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """One engine as `engines` lists it; `is_default` is what "auto" takes today."""

    task: str
    name: str
    version: str
    licence: str
    is_available: bool
    is_default: bool
    why: str
