"""Takes as they are kept: a voicing in, its two WAV blobs and its row out; and what was made before of the same inputs."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass

from studio.domain.errors import NotFound
from studio.domain.line import Take, VoiceRef
from studio.domain.reference_voice import TakeVoice
from studio.media.wav import write_wav
from studio.stages.voice import Voiced
from studio.steps.run import Run


@dataclass(frozen=True, slots=True)
class Origin:
    """What a take was made of. `key`: the fingerprint of all of it; `made`: of a voice that sees, how."""

    line_id: str
    text: str
    voice: VoiceRef
    engine_version: str
    key: str
    made: TakeVoice | None = None


def made_before(run: Run, line_id: str, key: str) -> Take | None:
    """The take made of exactly these inputs, where its sound is still here."""
    take = {take.fingerprint: take for take in run.shop.lines.takes(run.project.id, line_id)}.get(key)
    return take if take is not None and run.shop.blobs.exists(take.fitted_blob) else None


def keep_take(run: Run, voiced: Voiced, origin: Origin) -> Take:
    """A voicing as a take, durable on return. Raises NotFound where its line has been deleted meanwhile."""
    blobs = run.shop.blobs
    with blobs.create(".wav") as raw:
        write_wav(raw.path, voiced.raw)
    key = raw.key
    if voiced.fitted is not voiced.raw:
        with blobs.create(".wav") as fitted:
            write_wav(fitted.path, voiced.fitted)
        key = fitted.key
    take = Take(
        uuid.uuid4().hex, origin.line_id, origin.text, origin.voice, origin.engine_version, raw.key, key, voiced.report, origin.key, made=origin.made
    )
    run.shop.lines.add_take(take)
    return take


def circle(run: Run, line_id: str, take: Take) -> None:
    """Make a take its line's own; a line that the editor has deleted meanwhile is left alone."""
    with suppress(NotFound):
        run.shop.lines.circle_take(run.project.id, line_id, take.id, by=run.action())
