"""A project, its source, and the long work done for it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import StrEnum

from studio.domain.errors import BadSetting
from studio.domain.line import Line, LineStatus, SpeakerProfile
from studio.domain.media import MediaInfo
from studio.domain.queue import Priority
from studio.domain.reference_voice import ReferenceVoice
from studio.domain.settings import QUALITIES, QueueSettings, Settings


@dataclass(frozen=True, slots=True)
class Source:
    """The uploaded file as stored: its blob never changes. `name` is what the person called it, for display only."""

    name: str
    blob: str
    info: MediaInfo


@dataclass(frozen=True, slots=True)
class Project:
    """One programme in one pair of languages. `bed_blob` is an uploaded M&E stem."""

    id: str
    owner: str
    name: str
    source_language: str
    target_language: str
    settings: Settings
    source: Source | None = None
    bed_blob: str | None = None
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """One thing an import left out or changed, and why; `where` names the cue or line number in the file."""

    where: str
    reason: str


class OnScreen(StrEnum):
    """Where the speaker is while a line lasts, in the words of DAPT; ON_OFF begins in the picture and leaves it."""

    ON = "ON"
    OFF = "OFF"
    ON_OFF = "ON_OFF"
    OFF_ON = "OFF_ON"


@dataclass(frozen=True, slots=True)
class LineDraft:
    """A line before it has an id: what importers and recognisers yield. `speaker` None is not known.

    `key`: the id that a script gives it, None where it gives none; `status` and `on_screen` None are not stated."""

    start_ms: int
    end_ms: int
    text: str
    speaker: str | None = None
    target_text: str = ""
    notes: tuple[str, ...] = ()
    key: str | None = None
    status: LineStatus | None = None
    on_screen: OnScreen | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """What a subtitle file or the audio gave: lines in timeline order, and everything skipped or changed. `media` is what the file
    calls the programme it belongs to, `source_language` and `target_language` what it says of its texts; None: not stated."""

    lines: tuple[LineDraft, ...]
    skipped: tuple[Skipped, ...] = ()
    encoding: str | None = None
    format: str | None = None
    media: str | None = None
    source_language: str | None = None
    target_language: str | None = None


@dataclass(frozen=True, slots=True)
class Cast:
    """The lines of a project with their speakers, as stored. `references`: recordings that voices may be made of."""

    speakers: tuple[SpeakerProfile, ...]
    lines: tuple[Line, ...]
    references: tuple[ReferenceVoice, ...] = ()


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class JobKind(StrEnum):
    """What a job brings about; each first brings about what it stands on. FACES looks at the picture, and scores the takes
    there are; SWEEP says one line under every point of its grid."""

    INGEST = "ingest"
    LINES = "lines"
    FACES = "faces"
    TRANSLATE = "translate"
    VOICE = "voice"
    RENDER = "render"
    SWEEP = "sweep"


MAX_INSTRUCTION_CHARS = 200
BESIDE = (JobKind.FACES,)  # takes long and changes no line, so it runs beside a project's other work


@dataclass(frozen=True, slots=True)
class Job:
    """Long work as the page sees it. `line_ids` empty means all lines; `message` is a sentence. `instruction`: a wish in words
    for translators that follow instructions ("shorter", "formal"), of one line. `quality`: of the takes to make, "" for the project's own.
    `is_batch`: one of a catalogue, which nobody waits for. `waiting_for`: a sentence on what holds it up while it runs."""

    id: str
    project_id: str
    owner: str
    kind: JobKind
    state: JobState
    line_ids: tuple[str, ...] = ()
    done: int = 0
    total: int = 0
    stage: str = ""
    message: str = ""
    is_forced: bool = False
    created_at: str = ""
    finished_at: str | None = None
    instruction: str = ""
    quality: str = ""
    is_batch: bool = False
    waiting_for: str = ""

    @property
    def priority(self) -> Priority:
        """How urgent it is: a person waits for a sweep, and for work on a few lines."""
        if self.is_batch:
            return Priority.BATCH
        is_few = 0 < len(self.line_ids) <= QueueSettings().desk_lines and self.kind in (JobKind.VOICE, JobKind.TRANSLATE)
        return Priority.DESK if is_few or self.kind is JobKind.SWEEP else Priority.FILM

    def __post_init__(self) -> None:
        if self.quality and self.quality not in QUALITIES:
            raise BadSetting(f"The quality of takes is {' or '.join(QUALITIES)}, not “{self.quality}”.")
        if len(self.instruction) > MAX_INSTRUCTION_CHARS or len(self.instruction.splitlines()) > 1:
            raise BadSetting(f"An instruction is one line of at most {MAX_INSTRUCTION_CHARS} characters; shorten it.")


def frame_mark(project: Project, job: Job | None) -> str:
    """Another text whenever what a page shows around the lines may be another: name, media and settings of the project, and which job is in which
    stage. The same in every process."""
    work = "" if job is None else f"{job.id[:8]} {job.state.value} {job.stage}"
    return f"{zlib.crc32(repr(project).encode()):08x} {work}"


def job_step(job: Job | None) -> str:
    """Another text whenever lines may look different for a job's sake: with each line done, and now and then during a look at the faces."""
    if job is None:
        return ""
    done = 10 * job.done // job.total if job.kind in BESIDE and job.total else job.done
    return f"{job.id[:8]} {job.state.value} {done}"


@dataclass(frozen=True, slots=True)
class StageCost:
    """What a stage took, for reports: wall seconds, and the peak resident memory of the process so far."""

    stage: str
    seconds: float
    peak_memory_mb: int
