"""VOICE: a take for every line whose text, voice or slot has none yet; each is kept the moment it is made."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import replace

from studio.domain.errors import NotFound
from studio.domain.line import Line, Slot, Take, VoiceRef
from studio.engines.protocols import Speaker
from studio.media.wav import write_wav
from studio.review import Standing, stand, take_key
from studio.stages.voice import VoiceRequest, voice_line
from studio.steps.run import Run


def run(run: Run) -> None:
    cast = run.shop.lines.cast(run.project.id)
    standing = stand(run.project, cast, run.shop.engines)
    wanted = [line for line in cast.lines if run.wants(line) and line.target_text.strip()]
    if wanted and not standing.voices:
        run.notice("voice", f"No voice here speaks {run.project.target_language}; the lines stay unvoiced.")
        return
    run.notice("voice", None)
    report = run.reported("Voicing")
    with run.timed("voice"):
        for done, line in enumerate(wanted):
            report(done, len(wanted))
            _voice(run, standing, line)
    report(len(wanted), len(wanted))


def _voice(run: Run, standing: Standing, line: Line) -> None:
    voice, slot = standing.voices.get(line.id), standing.slots[line.id]
    if voice is None:
        return
    engine: Speaker = run.shop.engines.pick("speaker", voice.engine)
    key = take_key(run.project, line, slot, voice, engine.version)
    known = {take.fingerprint: take for take in run.shop.lines.takes(run.project.id, line.id)}
    circled = next((take for take in known.values() if take.id == line.take_id), None)
    if circled is not None and circled.fingerprint == key:
        return
    take = known.get(key)
    if take is None or not run.shop.blobs.exists(take.fitted_blob):
        take = _new_take(run, engine, line, slot, voice, key)
        run.shop.lines.add_take(take)
    chosen = take
    with suppress(NotFound):  # the editor deleted the line meanwhile
        run.shop.lines.edit(run.project.id, line.id, lambda now: replace(now, take_id=chosen.id), by=run.job.owner)


def _new_take(run: Run, engine: Speaker, line: Line, slot: Slot, voice: VoiceRef, key: str) -> Take:
    request = VoiceRequest(line.target_text.strip(), run.project.target_language, voice, slot, run.project.settings.fit)
    voiced = voice_line(request, engine)
    blobs = run.shop.blobs
    with blobs.create(".wav") as raw:
        write_wav(raw.path, voiced.raw)
    with blobs.create(".wav") as fitted:
        write_wav(fitted.path, voiced.fitted)
    return Take(uuid.uuid4().hex, line.id, request.text, voice, engine.version, raw.key, fitted.key, voiced.report, key)
