"""How a project's lines stand: slots, voices, predictions, stale takes, flags. Reads the stores, changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from studio.domain.errors import EngineUnavailable
from studio.domain.faces import LinePresence
from studio.domain.language import NAMES
from studio.domain.line import Estimate, Fit, Line, Prediction, Slot, Take, VoiceRef, predict
from studio.domain.pace import pace_of
from studio.domain.plain import fingerprint
from studio.domain.project import Cast, Project
from studio.domain.reference_voice import ReferenceVoice
from studio.domain.settings import QUALITIES
from studio.domain.sync import LineSync
from studio.domain.views import LineRow, ProjectCounts
from studio.domain.writing import looks_foreign
from studio.engines.protocols import Availability, DurationEstimator, LearnsPace, Translator
from studio.engines.voice_protocols import HearsSource, SeesFace, Speaker, VoiceInfo
from studio.engines.rack import EngineRack
from studio.stages.timing import predictions, slots
from studio.stages.translate import Predict
from studio.stages.voice import VOICE_VERSION, assign_voices
from studio.steps.lip_guide import NO_CUES, LipCues, guide_keys
from studio.steps.seeing import Sight, see_keys

FOREIGN_SHARE = 0.2  # more foreign lines than this look like a wrong file
SILENCE = Estimate(0, 0, "none")


@dataclass(frozen=True, slots=True)
class Standing:
    """A project's cast with all that follows from it; `voices` and `predictions` lack what no engine can give.

    `predict_text` holds any other text against one of the lines. `guide_keys`: what a take owes beside words, voice and slot: its timing
    to the lips, or, of a voice that sees, all it is told.
    """

    cast: Cast
    slots: Mapping[str, Slot]
    voices: Mapping[str, VoiceRef]
    predictions: Mapping[str, Prediction]
    predict_text: Predict
    guide_keys: Mapping[str, str] = field(default_factory=dict)


def programme_ms(project: Project, cast: Cast) -> int:
    """Length of the picture, or the end of the last line where no media has been uploaded."""
    if project.source is not None:
        return project.source.info.duration_ms
    return max((line.span.end_ms for line in cast.lines), default=0)


def estimator_for(project: Project, rack: EngineRack) -> DurationEstimator | None:
    """The project's duration engine where it can run, else the first that can; None when none speaks the language."""
    for name in (project.settings.engines.estimator, "auto"):
        try:
            return rack.pick("estimator", name, accepts=lambda engine: engine.supports(project.target_language))
        except EngineUnavailable:
            continue
    return None


def paced_estimator(project: Project, rack: EngineRack, takes: Sequence[Take]) -> DurationEstimator | None:
    """The project's duration engine, grown wiser by the takes already made."""
    estimator = estimator_for(project, rack)
    return estimator.paced_by(takes, project.target_language) if isinstance(estimator, LearnsPace) and takes else estimator


def voices_on_offer(project: Project, rack: EngineRack, references: Sequence[ReferenceVoice] = ()) -> tuple[VoiceInfo, ...]:
    """Voices for the target language over all engines that can run, the chosen engine's first; after an engine's own voices those it
    makes of the project's recordings."""
    chosen = project.settings.engines.speaker
    engines: list[Speaker] = sorted(rack.all("speaker"), key=lambda engine: engine.name != chosen)
    able = [engine for engine in engines if engine.available().is_available]
    return tuple(voice for engine in able for voice in _voices_of(engine, project, references))


def _voices_of(engine: Speaker, project: Project, references: Sequence[ReferenceVoice]) -> tuple[VoiceInfo, ...]:
    cloned = engine.cloned(references, project.target_language) if isinstance(engine, SeesFace) and references else ()
    return (*voices_for(engine, project), *(voice for voice in cloned if _is_for(voice, project)))


def voices_for(engine: Speaker, project: Project) -> tuple[VoiceInfo, ...]:
    """The engine's own voices that may speak in this project: those of everybody, and those of its owner."""
    return tuple(voice for voice in engine.voices(project.target_language) if _is_for(voice, project))


def _is_for(voice: VoiceInfo, project: Project) -> bool:
    return not voice.owners or project.owner in voice.owners


def default_speaker(project: Project, rack: EngineRack) -> Speaker | None:
    """The speech engine that voices lines nobody chose a voice for: the project's choice where it can run, else the first
    that can. Never one that goes online unasked: such engines stand last on the rack. None: no engine speaks the language."""

    def speaks(engine: Speaker) -> Availability:
        return Availability(bool(voices_for(engine, project)), f"has no voice for {project.target_language}")

    for name in (project.settings.engines.speaker, "auto"):
        try:
            return rack.pick("speaker", name, accepts=speaks)
        except EngineUnavailable:
            continue
    return None


def translator_for(project: Project, rack: EngineRack) -> Translator | None:
    """The engine that would translate this project now; None where none can."""
    try:
        return rack.pick(
            "translator", project.settings.engines.translator, accepts=lambda engine: engine.supports(project.source_language, project.target_language)
        )
    except EngineUnavailable:
        return None


def follows_instructions(project: Project, rack: EngineRack) -> bool:
    """Whether a wish in words means anything to the translator in use."""
    translator = translator_for(project, rack)
    return translator is not None and translator.follows_instructions


@dataclass(frozen=True, slots=True)
class Offers:
    """What engines and recordings offer a project now; equal offers, equal voices and predictions for the same lines.

    `own`: voices of the engine that speaks for those nobody chose a voice for; `known`: every voice on offer, by engine and name.
    """

    estimator: DurationEstimator | None
    own: tuple[VoiceInfo, ...]
    known: frozenset[tuple[str, str]]
    versions: tuple[tuple[str, str], ...]
    references: tuple[ReferenceVoice, ...]


def offers_of(project: Project, rack: EngineRack, references: tuple[ReferenceVoice, ...]) -> Offers:
    engine, engines = default_speaker(project, rack), rack.all("speaker")
    known = ((info.ref.engine, info.ref.voice) for each in engines for info in _voices_of(each, project, references))
    own = voices_for(engine, project) if engine is not None else ()
    return Offers(estimator_for(project, rack), own, frozenset(known), tuple((each.name, each.version) for each in engines), references)


def resolve_voices(project: Project, cast: Cast, rack: EngineRack) -> dict[str, VoiceRef]:
    """The voice of every line: its own, its speaker's, or one handed out so that no two speakers share it needlessly.

    A voice chosen before the project changed its language does not count: it would read the words of another.
    """
    return voices_of(cast, offers_of(project, rack, cast.references))


def voices_of(cast: Cast, offers: Offers) -> dict[str, VoiceRef]:
    """As `resolve_voices`, where it is known what is on offer."""
    speakers = [speaker if _is_known(speaker.voice, offers.known) else replace(speaker, voice=None) for speaker in cast.speakers]
    handed_out = assign_voices(speakers, offers.own)
    by_line = {line.id: line.voice if _is_known(line.voice, offers.known) else handed_out.get(line.speaker_id) for line in cast.lines}
    return {line_id: voice for line_id, voice in by_line.items() if voice is not None}


def _is_known(voice: VoiceRef | None, known: frozenset[tuple[str, str]]) -> bool:
    return voice is not None and (voice.engine, voice.voice) in known


def predictor(
    project: Project, slots_by_line: Mapping[str, Slot], voices: Mapping[str, VoiceRef], estimator: DurationEstimator | None
) -> Predict:
    """A function that holds any text against a line; it answers None where no duration engine speaks the language."""
    max_ratio = project.settings.fit.max_ratio

    def predict_text(line: Line, text: str) -> Prediction | None:
        if not text.strip():
            return predict(SILENCE, slots_by_line[line.id], max_ratio=max_ratio)
        if estimator is None:
            return None
        estimate = estimator.estimate(text, project.target_language, voices.get(line.id))
        return predict(estimate, slots_by_line[line.id], max_ratio=max_ratio)

    return predict_text


def stand(
    project: Project, cast: Cast, rack: EngineRack, takes: Sequence[Take] = (), known: LipCues = NO_CUES, *, quality: str = ""
) -> Standing:
    """How the lines stand; `takes` already made tell the duration engine how fast their voices are, and what is `known` of lips and
    source decides with the rest whether a take is still what the line asks for. `quality` "": the project's."""
    estimator = paced_estimator(project, rack, takes)
    slots_by_line = slots(cast.lines, project.settings.timing, programme_ms(project, cast))
    voices = resolve_voices(project, cast, rack)
    estimates = _estimates(project.target_language, cast, voices, estimator)
    found = predictions(cast.lines, slots_by_line, lambda line: estimates.get(line.id), max_ratio=project.settings.fit.max_ratio)
    predict_text = predictor(project, slots_by_line, voices, estimator)
    asked, sight = quality or project.settings.voice.quality, Sight(project, cast.references, known)
    keys = guide_keys(project, cast.lines, slots_by_line, known) | see_keys(sight, cast, slots_by_line, voices, rack, asked)
    return Standing(cast, slots_by_line, voices, found, predict_text, keys)


def told_of(project: Project, cast: Cast, slots_by_line: Mapping[str, Slot], voices: Mapping[str, VoiceRef], rack: EngineRack, known: LipCues) -> dict[str, tuple[str | None, ...]]:
    """`RowParts.told` of the lines that are told anything, by id: a take in another quality is not stale either."""
    asked, sight = project.settings.voice.quality, Sight(project, cast.references, known)
    seen = {each: see_keys(sight, cast, slots_by_line, voices, rack, each) for each in QUALITIES}
    keys = guide_keys(project, cast.lines, slots_by_line, known) | seen[asked]
    return {line_id: (key, *(seen[each][line_id] for each in QUALITIES if each != asked and line_id in seen[each])) for line_id, key in keys.items()}


def _estimates(language: str, cast: Cast, voices: Mapping[str, VoiceRef], estimator: DurationEstimator | None) -> dict[str, Estimate]:
    """The time of every line's translation, asked voice by voice in one go."""
    estimates = {line.id: SILENCE for line in cast.lines if not line.target_text.strip()}
    by_voice: dict[VoiceRef | None, list[Line]] = {}
    for line in cast.lines if estimator is not None else ():
        if line.target_text.strip():
            by_voice.setdefault(voices.get(line.id), []).append(line)
    for voice, lines in by_voice.items():
        answers = estimator.estimate_many([line.target_text for line in lines], language, voice)
        estimates |= {line.id: answer for line, answer in zip(lines, answers, strict=True)}
    return estimates


def take_key(project: Project, line: Line, slot: Slot, voice: VoiceRef, engine_version: str, guide_key: str | None = None) -> str:
    """Fingerprint of everything a take depends on; a take with another key is stale. `guide_key`: what its timing follows beside the
    words, None where it follows nothing."""
    words = line.target_text.strip(), project.target_language, voice, engine_version
    guided = () if guide_key is None else (guide_key,)
    return fingerprint("take", VOICE_VERSION, *words, slot.span_ms, slot.length_ms, project.settings.fit, *guided)


def voice_version(project: Project, engine: Speaker, line: Line) -> str:
    """What a take owes to its engine: the version, and for one that speaks from the original's sound, which sound that is."""
    if not isinstance(engine, HearsSource) or project.source is None:
        return engine.version
    return f"{engine.version} of {project.source.blob} track {project.settings.audio_track} from {line.span.start_ms} in {project.source_language}"


@dataclass(frozen=True, slots=True)
class RowParts:
    """What a row is made of beside its line; `told`: what a take of the line would owe beside words, voice and slot, in the quality asked
    for and in others."""

    slot: Slot
    voice: VoiceRef | None = None
    prediction: Prediction | None = None
    is_being_measured: bool = False
    take: Take | None = None
    told: tuple[str | None, ...] = (None,)
    candidate_count: int = 0
    timing_flags: tuple[str, ...] = ()
    house_flags: tuple[str, ...] = ()
    presence: LinePresence | None = None
    sync: LineSync | None = None


class RowMaker:
    """Makes the rows of one project, one at a time."""

    def __init__(self, project: Project, cast: Cast, rack: EngineRack) -> None:
        self._project = project
        self._speakers = {speaker.id: speaker for speaker in cast.speakers}
        self._engines: dict[str, Speaker] = {engine.name: engine for engine in rack.all("speaker")}

    def row(self, number: int, line: Line, parts: RowParts) -> LineRow:
        return LineRow(
            number=number,
            line=line,
            speaker=self._speakers[line.speaker_id],
            voice=parts.voice,
            slot=parts.slot,
            prediction=parts.prediction,
            take=parts.take,
            is_take_stale=parts.take is not None and parts.take.fingerprint not in self._keys_now(line, parts),
            candidate_count=parts.candidate_count,
            flags=(*parts.timing_flags, *_writing_flags(self._project, line), *parts.house_flags),
            presence=parts.presence,
            sync=parts.sync,
            is_being_measured=parts.is_being_measured,
            pace=pace_of(line.target_text, self._project.target_language, line.span.length_ms),
        )

    def _keys_now(self, line: Line, parts: RowParts) -> tuple[str, ...]:
        """The keys a take of the line would have if it were made now, in the quality asked for and in others; none where it has no voice."""
        voice = parts.voice
        if voice is None:
            return ()
        version = voice_version(self._project, self._engines[voice.engine], line) if voice.engine in self._engines else ""
        return tuple(take_key(self._project, line, parts.slot, voice, version, each) for each in parts.told)


def _writing_flags(project: Project, line: Line) -> tuple[str, ...]:
    sides = ((line.source_text, project.source_language, "source"), (line.target_text, project.target_language, "translation"))
    return tuple(f"The {side} is not written like {NAMES[language]}." for text, language, side in sides if looks_foreign(text, language))


def standing_notices(project: Project, rows: Sequence[LineRow], rack: EngineRack) -> tuple[str, ...]:
    """What is true of a project as it stands: engines that step in for the chosen ones, and texts in the wrong language."""
    sentences = []
    for task, chosen, used in (
        ("speaker", project.settings.engines.speaker, default_speaker(project, rack)),
        ("estimator", project.settings.engines.estimator, estimator_for(project, rack)),
    ):
        if chosen != "auto" and used is not None and used.name != chosen:
            part = "speaks" if task == "speaker" else "predicts times"
            sentences.append(f"{chosen} cannot be used now ({rack.named(task, chosen).available().why.rstrip('.')}); {used.name} {part} instead.")
    foreign = sum(looks_foreign(row.line.source_text, project.source_language) for row in rows)
    if foreign > FOREIGN_SHARE * len(rows):
        language = NAMES[project.source_language]
        sentences.append(f"{foreign} of {len(rows)} source lines are not written like {language}; is it the right file, and the right language?")
    return tuple(sentences)


def count(rows: tuple[LineRow, ...]) -> ProjectCounts:
    by_fit = Counter(row.prediction.fit for row in rows if row.prediction)
    voiced = sum(row.take is not None for row in rows)
    stale = sum(row.is_take_stale for row in rows)
    empty = sum(not row.line.target_text.strip() for row in rows)
    return ProjectCounts(len(rows), empty, by_fit[Fit.FITS], by_fit[Fit.TIGHT], by_fit[Fit.OVER], voiced, stale)


def is_over(row: LineRow) -> bool:
    """Over budget: predicted not to fit even at the fastest rate, or voiced and spilling."""
    is_predicted = row.prediction is not None and row.prediction.fit is Fit.OVER
    return is_predicted or (row.take is not None and not row.is_take_stale and row.take.report.remainder_ms > 0)
