"""What the Guidance tab shows, as it travels to the browser: presets, one line's takes and sweep, reference voices.

Frozen values, no Gradio, no service. Filled in `guidance_present.py`, `voice_present.py` and `sweep_present.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from studio.domain.drawn_pauses import SHORTEST_PAUSE_MS
from studio.domain.settings import Guidance
from studio.ui.desk_views import LipView
from studio.ui.views import Place

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@dataclass(frozen=True, slots=True)
class PresetView:
    """A button that sets two scales. `is_on`: the project's scales are these already."""

    key: str
    label: str
    why: str
    is_on: bool
    warning: str = ""


@dataclass(frozen=True, slots=True)
class SightView:
    """Whether a voice sees the face. `state`: "sees", "re-timed" (it does not see; its takes are re-timed to the picture), "missing" (it
    would see, but cannot run here) or "none" (nobody speaks). `command` mends what is missing, "" where nothing is."""

    state: str
    engine: str
    sentence: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class GuidanceNews:
    """What the tab learns with every tick: where its lines are, presets and what they cost."""

    place: Place
    quality: str = "final"
    presets: tuple[PresetView, ...] = ()
    warning: str = ""
    sight: SightView | None = None


@dataclass(frozen=True, slots=True)
class MadeView:
    """How a voice that sees made a take. `why`: what kept it from seeing, "" where it saw. `reference`: whose recording it speaks like."""

    scales: Guidance
    steps: int
    seed: int
    quality: str
    saw_face: bool
    why: str
    reference: str = ""
    whose: str = ""


@dataclass(frozen=True, slots=True)
class TakeCard:
    """One take to compare. `made` None: a voice that does not see. `lips` None: nobody has scored it; its `why` says why it cannot be."""

    id: str
    number: int
    voice: str
    engine: str
    text: str
    length_ms: int
    is_circled: bool
    made: MadeView | None = None
    face_scale: float = 0.0
    lip_scale: float = 0.0
    lips: LipView | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class PointView:
    """A point of the sweep, for the table beside the plot. `error` is the number on the plot's other axis, as `SweepView.axis` names it."""

    take_id: str
    face_scale: float
    lip_scale: float
    lse_c: float | None
    lse_d: float | None
    offset_frames: int | None
    error: float | None
    is_circled: bool
    is_stale: bool
    why: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class SweepView:
    """`axis` names what `PointView.error` is, "" where nobody can tell; `lower_is_better` says which way is good. `stamp` moves with
    every new point. `blocked`: a sentence where a sweep cannot be started, else "". `most_points`: the largest grid."""

    points: tuple[PointView, ...] = ()
    axis: str = ""
    lower_is_better: bool = True
    is_share: bool = False
    judged_by: str = ""
    scorer: str = ""
    stamp: str = ""
    blocked: str = ""
    most_points: int = 0
    usual_scales: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class PausesView:
    """The chosen line's time, all ms from its start. `drawn` None: nobody drew pauses. `spoken`: where speech is found, and by whom
    (`spoken_in` "source", "lips" or "")."""

    span_ms: int
    slot_ms: int
    drawn: tuple[tuple[int, int], ...] | None = None
    spoken: tuple[tuple[int, int], ...] = ()
    spoken_in: str = ""
    shortest_ms: int = SHORTEST_PAUSE_MS


@dataclass(frozen=True, slots=True)
class BenchView:
    """The chosen line: its takes, its sweep, and what its voice can and cannot see. Sentences are "" where all is well."""

    line_id: str
    sight: SightView
    scales: Guidance
    face: str = ""
    scorer: str = ""
    warning: str = ""
    takes: tuple[TakeCard, ...] = ()
    sweep: SweepView = field(default_factory=SweepView)
    pauses: PausesView | None = None


@dataclass(frozen=True, slots=True)
class ReferenceView:
    """A recording a voice is made of. `voice`: the key under which a speaker is given it, "" where no engine takes it."""

    id: str
    name: str
    length_ms: int
    whose: str
    statement: str
    transcript: str
    voice: str = ""
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class CastView:
    """A speaker and the voice that dubs them; `voice` "" lets the studio choose."""

    id: str
    name: str
    voice: str


@dataclass(frozen=True, slots=True)
class VoicesView:
    """The reference voices of a project. `blocked`: why none can be used, "" where they can. `statement`: the sentence to tick."""

    references: tuple[ReferenceView, ...]
    cast: tuple[CastView, ...]
    statement: str
    blocked: str = ""
    most_bytes: int = 0


@dataclass(frozen=True, slots=True)
class SweepFigure:
    """The plot of the chosen line's sweep."""

    sweep: Figure
