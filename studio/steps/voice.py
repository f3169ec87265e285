"""VOICE: a take for every line whose text, voice or slot has none yet; each is kept the moment it is made."""

from __future__ import annotations

import uuid
from contextlib import suppress

from studio.domain.errors import EngineFailed, EngineUnavailable, NotFound
from studio.domain.line import Line, Take, VoiceRef
from studio.domain.timing import clock
from studio.engines.protocols import HearsSource, SourceLine, Speaker
from studio.media.wav import read_wav_span, write_wav
from studio.review import Standing, default_speaker, stand, take_key, voice_version
from studio.stages.voice import VoiceRequest, has_words, voice_line
from studio.steps.ingest import ingested
from studio.steps.lip_guide import LipCues, lip_guide, listened
from studio.steps.run import Run


def run(run: Run) -> None:
    cast = run.shop.lines.cast(run.project.id)
    known = listened(run, cast.lines)
    standing = stand(run.project, cast, run.shop.engines, known=known)
    wanted = [line for line in cast.lines if run.wants(line) and has_words(line.target_text)]
    unspoken = wanted and not standing.voices
    run.notice("voice", f"No voice here speaks {run.project.target_language}; the lines stay unvoiced." if unspoken else None)
    if unspoken:
        return
    report, failures = run.reported("Voicing"), []
    with run.timed("voice"):
        for done, line in enumerate(wanted):
            report(done, len(wanted))
            try:
                _voice(run, standing, known, line)
            except EngineFailed as error:  # one line that cannot be spoken must not cost the others their takes
                failures.append(f"{clock(line.span.start_ms)}: {error}")
    report(len(wanted), len(wanted))
    if failures:
        run.notice("voice", f"{len(failures)} of {len(wanted)} lines could not be voiced; the first, at {failures[0]}")


def _voice(run: Run, standing: Standing, known: LipCues, line: Line) -> None:
    voice = standing.voices.get(line.id)
    if voice is None:
        return
    engine, voice = _able(run, voice)
    slot = standing.slots[line.id]
    key = take_key(run.project, line, slot, voice, voice_version(run.project, engine, line), standing.guide_keys.get(line.id))
    made = {take.fingerprint: take for take in run.shop.lines.takes(run.project.id, line.id)}
    take = made.get(key)
    if take is None or not run.shop.blobs.exists(take.fitted_blob):
        lips = lip_guide(run.shop, run.project, line, slot, known)
        request = VoiceRequest(line.target_text.strip(), run.project.target_language, voice, slot, run.project.settings.fit, lips)
        take = _new_take(run, _in_the_ear(run, engine, line), request, line.id, key)
        run.shop.lines.add_take(take)
    elif take.id == line.take_id:
        return
    with suppress(NotFound):  # the editor deleted the line meanwhile
        run.shop.lines.circle_take(run.project.id, line.id, take.id, by=run.job.owner)


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
    return spare, spare.voices(run.project.target_language)[0].ref


def _in_the_ear(run: Run, engine: Speaker, line: Line) -> Speaker:
    """The engine; one that speaks from the original's sound, with that line's sound."""
    if not isinstance(engine, HearsSource):
        return engine
    heard = ingested(run)
    if heard is None or heard.speech_wav is None:
        raise EngineFailed(engine.name, "it speaks from the original's sound, and this project has none; choose a voice that reads the text.")
    audio = read_wav_span(run.shop.blobs.path(heard.speech_wav), line.span)
    return engine.hearing(SourceLine(audio, run.project.source_language, line.span.length_ms))


def _new_take(run: Run, engine: Speaker, request: VoiceRequest, line_id: str, key: str) -> Take:
    voiced = voice_line(request, engine)
    blobs = run.shop.blobs
    with blobs.create(".wav") as raw:
        write_wav(raw.path, voiced.raw)
    with blobs.create(".wav") as fitted:
        write_wav(fitted.path, voiced.fitted)
    return Take(uuid.uuid4().hex, line_id, request.text, request.voice, engine.version, raw.key, fitted.key, voiced.report, key)
