"""What the line desk shows, as it travels to the browser: rows, the selected line's panel, answers to edits."""

from __future__ import annotations

from dataclasses import dataclass, field

from studio.domain.settings import Guidance
from studio.ui.history_views import ConflictView
from studio.ui.views import JobView


@dataclass(frozen=True, slots=True)
class FitView:
    """A text against its line, for the budget bar and the numbers beside it."""

    speech_ms: int
    pause_ms: int
    delta_ms: int
    p: float
    fit: str


@dataclass(frozen=True, slots=True)
class LipView:
    """The lip verdict on a line's circled take, few and rounded numbers because every row carries them.

    `verdict`: "agree", "off", "unclear" (the scorer sees no clear match and no clear mismatch), or "" where nothing could be measured
    (then the scores are None and `LipPanelView.why` says why). `is_offset_clear`: the offset stands out from the others.
    `scorer` and `crop` name whose numbers they are; only numbers that agree in both may be compared. `offset_frames` at 25
    frames a second, positive: the sound is early. `overlap` (Jaccard) None: the source never speaks here.
    """

    verdict: str
    scorer: str = ""
    crop: str = ""
    lse_c: float | None = None
    lse_d: float | None = None
    offset_frames: int | None = None
    is_offset_clear: bool = False
    overlap: float | None = None


@dataclass(frozen=True, slots=True)
class DeskRow:
    """One line on the desk. `voiced` is "", "voiced" or "stale"; `is_short`: the words end long before the line does.

    `is_measuring`: the text is being timed, `fit` follows within moments.
    `pace`: syllables or characters (`pace_unit`) of the translation a second, over the line's own span; None without one.
    `presence` is a word of `Presence`, or "" before anybody has looked for faces; `lips` None: the take has not been scored.
    """

    id: str
    number: int
    speaker_id: str
    speaker: str
    start_ms: int
    end_ms: int
    source: str
    target: str
    status: str
    slot_ms: int
    gap_ms: int
    fit: FitView | None
    voiced: str
    take_id: str | None
    take_ms: int | None
    rate_ratio: float | None
    candidates: int
    flags: tuple[str, ...]
    voice: str
    has_own_voice: bool
    face_scale: float | None
    lip_scale: float | None
    text_scale: float | None = None
    pause_scale: float | None = None
    is_short: bool = False
    presence: str = ""
    lips: LipView | None = None
    pace: float | None = None
    pace_unit: str = ""
    is_measuring: bool = False
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SpeakerView:
    id: str
    name: str
    voice: str


@dataclass(frozen=True, slots=True)
class VoiceOption:
    key: str
    label: str


@dataclass(frozen=True, slots=True)
class DeskView:
    """All lines of a project, or only those that changed since the revision asked for (`is_whole` False).

    `measuring`: how many lines are still being timed; whoever shows them asks again in a moment.
    `instruction_sentence` says why a wish in words ("shorter") cannot be sent, "" where it can. `blocked`: lines that hold a delivery back.
    `start_hour`: the hour the programme's first picture bears in timecode. `rights`: what the reader may do with the project.
    """

    project_id: str
    revision: str
    is_whole: bool
    order: tuple[str, ...]
    rows: tuple[DeskRow, ...]
    speakers: tuple[SpeakerView, ...]
    voices: tuple[VoiceOption, ...]
    fps: float
    length_ms: int
    has_media: bool
    has_picture: bool
    max_ratio: float
    source_language: str
    target_language: str
    guidance: Guidance = field(default_factory=Guidance)
    follows_instructions: bool = False
    instruction_sentence: str = ""
    measuring: int = 0
    blocked: int = 0
    start_hour: int = 0
    rights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A wording to pick. `fit` None: no duration engine speaks the language; its P is against the line's own span, `slot_penalty`
    against the whole slot, which ranks. `likely` is the translator's opinion in a word ("": none), `likelihood` the number behind it."""

    id: str
    text: str
    engine: str
    fit: FitView | None
    is_taken: bool
    likely: str = ""
    likelihood: float | None = None
    back_translation: str = ""
    missed_terms: tuple[str, ...] = ()
    slot_penalty: float | None = None


@dataclass(frozen=True, slots=True)
class TakeView:
    id: str
    voice: str
    engine: str
    text: str
    length_ms: int
    rate_ratio: float
    remainder_ms: int
    is_circled: bool
    note: str


@dataclass(frozen=True, slots=True)
class LipPanelView:
    """What the score card says in words beside a line's lip numbers. `why`: a sentence where there is no score, else "".

    `windows`: over how many windows the scores are means. `coverage` and `spill` stand beside the overlap; None without source speech.
    """

    presence_why: str = ""
    seen_share: float | None = None
    mouth_px: float | None = None
    why: str = ""
    windows: int | None = None
    coverage: float | None = None
    spill: float | None = None
    overlap_definition: str = ""


@dataclass(frozen=True, slots=True)
class PanelView:
    """The selected line: its row with everything to choose from."""

    row: DeskRow
    candidates: tuple[CandidateView, ...]
    takes: tuple[TakeView, ...]
    lips: LipPanelView = field(default_factory=LipPanelView)


@dataclass(frozen=True, slots=True)
class SpanView:
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class CurvesView:
    """The overlay plot of one line: `LineCurves` rounded for its way to the browser, with the step of its curves."""

    line_id: str
    start_ms: int
    end_ms: int
    step_ms: float
    opening: tuple[float | None, ...]
    source_level: tuple[float, ...]
    dub_level: tuple[float, ...]
    source_speech: tuple[SpanView, ...]
    dub_speech: tuple[SpanView, ...]
    presence_why: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What an edit on the desk answers: the rows it changed, or the whole desk when order or slots moved. `conflict`: what of it was not
    written, because somebody else had changed it."""

    row: DeskRow | None = None
    desk: DeskView | None = None
    job: JobView | None = None
    conflict: tuple[ConflictView, ...] = ()


@dataclass(frozen=True, slots=True)
class HouseView:
    """What a project's translators are told beside the lines, and what is learned from its editors.

    `terms`: the glossary as text, `complaints`: a sentence for each row that gave no term. `kept_choices` counts what learning kept.
    """

    source_language: str
    target_language: str
    terms: str
    term_count: int
    complaints: tuple[str, ...] = ()
    keeps_choices: bool = False
    kept_choices: int = 0
