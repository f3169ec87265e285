"""VOICE: a take for every line whose text, voice or slot has none yet; each is kept the moment it is made.

Lines whose voice sees the picture, and can say several at once, go together (`seen_takes`); all others one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.domain.line import Line, LineStatus, Take, VoiceRef
from studio.domain.timing import clock
from studio.engines.protocols import HasNotices
from studio.engines.voice_protocols import HearsSource, SeesFace, SourceLine, Speaker
from studio.media.wav import read_wav_span
from studio.review import Standing, default_speaker, resolve_voices, stand, take_key, voice_version, voices_for
from studio.stages.voice import VoiceRequest, has_words, voice_line
from studio.steps.faces import with_points
from studio.steps.ingest import ingested
from studio.steps.lip_guide import LipCues, guide_keys, is_guided, lip_guide, listened, scales_of
from studio.steps.run import Run
from studio.steps.seeing import Asked, Sight, seeing
from studio.steps.seen_takes import Wish, say_together
from studio.steps.takes import Origin, circle, keep_take, made_before


def run(run: Run) -> None:
    cast = run.shop.lines.cast(run.project.id)
    asked = [line for line in cast.lines if run.wants(line) and has_words(line.target_text) and not _is_settled(line)]
    _look_closer(run, asked)
    known = listened(run, cast.lines)
    standing = stand(run.project, cast, run.shop.engines, known=known, quality=run.job.quality)
    unspoken = asked and not standing.voices
    run.notice("voice", f"No voice here speaks {run.project.target_language}; the lines stay unvoiced." if unspoken else None)
    if unspoken:
        return
    report, failures, told = run.reported("Voicing", by_line=True), [], []
    with run.timed("voice"):
        for done, outcome in enumerate(_outcomes(_Desk(run, standing, known), asked)):
            report(done, len(asked))
            if outcome.failure is not None:
                failures.append(f"{clock(outcome.line.span.start_ms)}: {outcome.failure}")
    report(len(asked), len(asked))
    if failures:
        told.append(f"{len(failures)} of {len(asked)} lines could not be voiced; the first, at {failures[0]}")
    told += [sentence for engine in run.shop.engines.all("speaker") if isinstance(engine, HasNotices) for sentence in engine.notices()]
    if told:
        run.notice("voice", " ".join(told))


def _is_settled(line: Line) -> bool:
    """A locked line keeps the take that was circled when it was locked."""
    return line.status is LineStatus.LOCKED and line.take_id is not None


@dataclass(frozen=True, slots=True)
class _Desk:
    run: Run
    standing: Standing
    known: LipCues


@dataclass(frozen=True, slots=True)
class _Outcome:
    line: Line
    failure: EngineFailed | None = None


def _look_closer(run: Run, lines: list[Line]) -> None:
    """Faces were looked at before landmarks were kept, and a voice that sees wants them: look again, once."""
    voices = resolve_voices(run.project, run.shop.lines.cast(run.project.id), run.shop.engines)
    if any(is_guided(run.project, line) and seeing(run.shop.engines, voices.get(line.id)) is not None for line in lines):
        with suppress(EngineUnavailable):  # the step that looks for faces needs the same engine, and has told the person
            with_points(run)


def _outcomes(desk: _Desk, lines: list[Line]) -> Iterator[_Outcome]:
    """One outcome per line that was asked for; lines that see come last, together."""
    wishes: list[Wish] = []
    for line in lines:
        try:  # one line that cannot be spoken must not cost the others their takes
            wish = _voice(desk, line)
        except EngineFailed as error:
            yield _Outcome(line, error)
            continue
        if wish is None:
            yield _Outcome(line)
        else:
            wishes.append(wish)
    sight = Sight(desk.run.project, desk.standing.cast.references, desk.known)
    for wish, take in say_together(desk.run, sight, wishes):
        if isinstance(take, Take):
            circle(desk.run, wish.line.id, take)
        yield _Outcome(wish.line, None if isinstance(take, Take) else take)


def _voice(desk: _Desk, line: Line) -> Wish | None:
    """Voice a line, unless its take is there; a line whose voice sees is handed back, to be said with others."""
    run, standing = desk.run, desk.standing
    voice = standing.voices.get(line.id)
    if voice is None:
        return None
    engine, able = _able(run, voice)
    slot = standing.slots[line.id]
    told = standing.guide_keys.get(line.id) if able == voice else guide_keys(run.project, (line,), standing.slots, desk.known).get(line.id)
    key = take_key(run.project, line, slot, able, voice_version(run.project, engine, line), told)
    take = made_before(run, line.id, key)
    if take is not None:
        if take.id != line.take_id:
            circle(run, line.id, take)
        return None
    if isinstance(engine, SeesFace):
        return Wish(line, slot, able, engine, Asked(scales_of(run.project, line), run.job.quality or run.project.settings.voice.quality), key)
    lips = lip_guide(run.shop, run.project, line, slot, desk.known)
    request = VoiceRequest(line.target_text.strip(), run.project.target_language, able, slot, run.project.settings.fit, lips)
    voiced = voice_line(request, _in_the_ear(run, engine, line))
    circle(run, line.id, keep_take(run, voiced, Origin(line.id, request.text, able, engine.version, key)))
    return None


def _able(run: Run, voice: VoiceRef) -> tuple[Speaker, VoiceRef]:
    """The engine of `voice`; where it cannot run now, the default engine's first voice, and a notice that says so."""
    engine: Speaker = run.shop.engines.named("speaker", voice.engine)
    verdict = engine.available()
    if verdict.is_available:
        return engine, voice
    spare = default_speaker(run.project, run.shop.engines)
    if spare is None:
        raise EngineUnavailable(voice.engine, verdict.why)
    run.notice("voice", f"{voice.engine} is not available ({verdict.why}); {spare.name} speaks its lines instead.")
    return spare, voices_for(spare, run.project)[0].ref


def _in_the_ear(run: Run, engine: Speaker, line: Line) -> Speaker:
    """The engine; one that speaks from the original's sound, with that line's sound."""
    if not isinstance(engine, HearsSource):
        return engine
    heard = ingested(run)
    if heard is None or heard.speech_wav is None:
        raise EngineFailed(engine.name, "it speaks from the original's sound, and this project has none; choose a voice that reads the text.")
    audio = read_wav_span(run.shop.blobs.path(heard.speech_wav), line.span)
    return engine.hearing(SourceLine(audio, run.project.source_language, line.span.length_ms))
