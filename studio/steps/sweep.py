"""SWEEP: one line said under every point of its grid of scales, each take scored against lips and words; kept point by point.

What a point stands on is its take's fingerprint, so an edited line's points are done anew and all others cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from studio.domain.errors import EngineFailed, EngineUnavailable, NotReady
from studio.domain.line import Line, Slot, Take, VoiceRef
from studio.domain.project import Project
from studio.domain.sweep import SweepPoint
from studio.engines.protocols import Audio, DraftListener, Transcriber
from studio.engines.voice_protocols import JudgesSpeech, SeesFace, Speaker
from studio.engines.transcribe_manual import ManualTranscriber
from studio.media.wav import read_wav
from studio.review import programme_ms, resolve_voices, take_key, voice_version
from studio.stages.sync import at_speech_rate
from studio.stages.timing import slots
from studio.stages.word_error import word_error
from studio.steps.faces import presences, with_points
from studio.steps.lip_guide import all_cues, scales_of
from studio.steps.run import Run
from studio.steps.seeing import Asked, Sight, see_key, seeing
from studio.steps.seen_takes import Wish, say_together
from studio.steps.sync import judge_takes
from studio.steps.takes import made_before
from studio.store.voice_rows import SweepRow
from studio.workshop import Workshop

NOT_SEEN = "Nobody has looked at the picture, so lips are not scored."
NO_JUDGE = "nobody here can tell how well the words are heard"


def run(run: Run) -> None:
    """Fill the points that are wanted. Raises NotReady where the line's voice does not see, and what failed where every point did."""
    (line_id,) = run.job.line_ids
    line = run.shop.lines.line(run.project.id, line_id)
    _look(run)
    grid = _grid(run.shop, run.project, line)
    if grid is None:
        raise NotReady("The voice of this line does not see the picture; choose one that does, then sweep.")
    rows = run.shop.lines.sweep_rows(run.project.id, line_id)
    wanted = [row for row in rows if row.point is None or row.fingerprint != grid.key(row)]
    report, takes, failures = run.reported("Sweeping"), {}, []
    report(0, max(1, 2 * len(wanted)))
    for done, (row, take) in enumerate(_takes(run, grid, wanted), start=1):
        report(done, 2 * len(wanted))
        if isinstance(take, Take):
            takes[row] = take
        else:
            failures.append(take)
    for done, (row, point) in enumerate(_judged(run, grid, takes), start=1):
        report(len(wanted) + done, 2 * len(wanted))
        run.shop.lines.put_sweep_point(run.project.id, line_id, grid.key(row), point)
    if failures and not takes:
        raise failures[0]


def points_now(shop: Workshop, project: Project, line: Line) -> tuple[SweepPoint, ...]:
    """The points done so far; those whose line has changed since are marked stale."""
    rows = [row for row in shop.lines.sweep_rows(project.id, line.id) if row.point is not None]
    grid = _grid(shop, project, line) if rows else None
    return tuple(replace(row.point, is_stale=grid is None or row.fingerprint != grid.key(row)) for row in rows if row.point is not None)


def seeing_voice(shop: Workshop, project: Project, line: Line) -> SeesFace | None:
    """The engine of the line's voice where that voice follows the picture."""
    voice = resolve_voices(project, shop.lines.cast(project.id), shop.engines).get(line.id)
    engine = seeing(shop.engines, voice)
    return engine if voice is not None and engine is not None and engine.follows_face(voice) else None


@dataclass(frozen=True, slots=True)
class _Grid:
    """A line as it stands, and how its points differ."""

    project: Project
    line: Line
    slot: Slot
    voice: VoiceRef
    engine: Speaker
    sight: Sight

    def asked(self, row: SweepRow) -> Asked:
        scales = scales_of(self.project, self.line)
        return Asked(replace(scales, face_scale=row.face_scale, lip_scale=row.lip_scale), row.quality or self.project.settings.voice.quality)

    def key(self, row: SweepRow) -> str:
        assert isinstance(self.engine, SeesFace)
        told = see_key(self.sight, self.line, self.slot, self.voice, self.engine, self.asked(row))
        return take_key(self.project, self.line, self.slot, self.voice, voice_version(self.project, self.engine, self.line), told)


def _grid(shop: Workshop, project: Project, line: Line) -> _Grid | None:
    """None where the line's voice does not see."""
    cast = shop.lines.cast(project.id)
    voice = resolve_voices(project, cast, shop.engines).get(line.id)
    engine = seeing(shop.engines, voice)
    if voice is None or engine is None:
        return None
    slot = slots(cast.lines, project.settings.timing, programme_ms(project, cast))[line.id]
    return _Grid(project, line, slot, voice, engine, Sight(project, cast.references, all_cues(shop, project, cast.lines)))


def _look(run: Run) -> None:
    """Faces with their landmarks, and who speaks; without a picture or a face tracker every point is said by its words alone."""
    with suppress(EngineUnavailable):
        with_points(run)
        presences(run)


def _takes(run: Run, grid: _Grid, rows: Sequence[SweepRow]) -> Iterator[tuple[SweepRow, Take | EngineFailed]]:
    """A take for every point, those there are first; points of equal scales in the model are said in one go."""
    missing = []
    for row in rows:
        take = made_before(run, grid.line.id, grid.key(row))
        if take is None:
            missing.append(row)
        else:
            yield row, take
    wishes = [Wish(grid.line, grid.slot, grid.voice, grid.engine, grid.asked(row), grid.key(row)) for row in missing]
    by_key = {wish.key: row for wish, row in zip(wishes, missing, strict=True)}
    for wish, take in say_together(run, grid.sight, wishes):
        yield by_key[wish.key], take


def _judged(run: Run, grid: _Grid, takes: Mapping[SweepRow, Take]) -> Iterator[tuple[SweepRow, SweepPoint]]:
    lips = judge_takes(run, grid.line, takes.values())
    ear = _Ear.of(run, grid, takes)
    for row, take in takes.items():
        seen = lips.get(take.id)
        score = None if seen is None else seen.score
        lse = (None, None, None) if score is None else (score.lse_c, score.lse_d, score.offset_frames)
        why = "" if score is not None else NOT_SEEN if seen is None else seen.why
        quality = grid.asked(row).quality
        yield row, SweepPoint(row.face_scale, row.lip_scale, take.id, *lse, ear.error(take), ear.likelihood(take), ear.name, quality, why)


class _Ear:
    """Who tells how well the words are heard: a recogniser, else the voice itself."""

    def __init__(self, run: Run, grid: _Grid, name: str, listener: Transcriber | None, likelihoods: Mapping[str, float]) -> None:
        self._run, self._grid, self.name, self._listener, self._likelihoods = run, grid, name, listener, likelihoods

    @classmethod
    def of(cls, run: Run, grid: _Grid, takes: Mapping[SweepRow, Take]) -> _Ear:
        listener = _recogniser(run, grid, takes)
        if listener is not None:
            return cls(run, grid, listener.name, listener, {})
        if not isinstance(grid.engine, JudgesSpeech):
            return cls(run, grid, NO_JUDGE, None, {})
        many = list(takes.values())
        sounds = [read_wav(run.shop.blobs.path(take.fitted_blob)) for take in many]
        found = run.placed(grid.engine).likelihoods(grid.line.target_text.strip(), run.project.target_language, grid.voice, sounds) if many else []
        return cls(run, grid, f"{grid.engine.name} itself", None, {take.id: value for take, value in zip(many, found, strict=True)})

    def error(self, take: Take) -> float | None:
        if self._listener is None:
            return None
        self._run.context.check()
        heard = self._listener.transcribe(_sound(self._run, take), self._run.project.target_language).text
        return word_error(take.text, heard, self._run.project.target_language)

    def likelihood(self, take: Take) -> float | None:
        return self._likelihoods.get(take.id)


def _recogniser(run: Run, grid: _Grid, takes: Mapping[SweepRow, Take]) -> Transcriber | None:
    """The first recogniser that can listen to one of the takes, drafts only where the project names one; None where none is here or speaks
    the language."""
    chosen = run.project.settings.engines.transcriber
    engines = sorted(run.shop.engines.all("transcriber"), key=lambda engine: engine.name != chosen)
    for engine in engines:
        is_draft = isinstance(engine, DraftListener) and engine.is_draft and engine.name != chosen
        if isinstance(engine, ManualTranscriber) or is_draft or not engine.available().is_available or not takes:
            continue
        try:
            ready = run.placed(engine)
            ready.transcribe(_sound(run, next(iter(takes.values()))), run.project.target_language)
        except (EngineFailed, EngineUnavailable):
            continue
        return ready
    return None


def _sound(run: Run, take: Take) -> Audio:
    return at_speech_rate(read_wav(run.shop.blobs.path(take.fitted_blob)))
