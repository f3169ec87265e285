"""`python -m studio s2s CLIP --to zh --out OUT.wav`: a clip's speech said in another language without any text between (papers §2).

The sound is on the clip's own timeline; `render` a project to lay it under the picture.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.domain.errors import BadMedia, BadSetting

if TYPE_CHECKING:
    from studio.engines.protocols import Audio
    from studio.engines.voice_protocols import SpeechToSpeech
    from studio.engines.rack import EngineRack

_RATE_HZ = 16_000
_MIN_SILENCE_MS = 300


def speech_to_speech(
    clip: Annotated[Path, typer.Argument(metavar="CLIP", help="A video or sound file.")],
    target_language: Annotated[str, typer.Option("--to", help="Language to speak, such as zh.")],
    out: Annotated[Path, typer.Option("--out", help="Where the WAV goes.")],
    source_language: Annotated[str, typer.Option("--from", help="Language spoken in the clip.")] = "en",
    engine: Annotated[str, typer.Option("--speaker", help="Speech engine that hears the source; see `engines`.")] = "units",
    report: Annotated[Path | None, typer.Option("--json", help="Also write where every stretch of speech lies, as JSON.")] = None,
) -> None:
    """Say a clip's speech in another language, from its sound alone: units of speech, no recogniser and no text."""
    from studio.bootstrap import build_engines
    from studio.domain.language import language_code
    from studio.evaluation.report import write_text
    from studio.media.wav import write_wav
    from studio.stages.direct import Direction, convert_clip

    for asked in (out, report):
        _check_place(asked)
    direction = Direction(language_code(source_language), language_code(target_language))
    rack = build_engines()
    speaker = _engine(rack, engine, direction.source, direction.target)
    original = _sound(clip)
    blocks = (original.samples[start : start + _RATE_HZ] for start in range(0, len(original.samples), _RATE_HZ))
    speech = rack.pick("voice activity").speech(blocks, _RATE_HZ, min_silence_ms=_MIN_SILENCE_MS)
    if not speech:
        raise BadMedia(clip.name, "no speech is heard in it")
    made = convert_clip(original, speech, speaker, direction)
    beside = out.with_name(f".{out.stem}.{uuid.uuid4().hex[:8]}.wav")
    try:
        write_wav(beside, made.audio)
        os.replace(beside, out)
    except OSError as error:
        raise BadSetting(f"{out} cannot be written: {error.strerror}.") from error
    finally:
        beside.unlink(missing_ok=True)
    if caution := speaker.available().caution:
        print(f"Note: {caution}", file=sys.stderr)
    print(f"{out}: {len(made.stretches)} stretches of speech, {made.audio.length_ms / 1000:.1f} s.")
    if report is not None:
        rows = [{"heard_ms": [one.span.start_ms, one.span.end_ms], "start_ms": one.start_ms, "length_ms": one.length_ms} for one in made.stretches]
        content = {"file": clip.name, "engine": speaker.name, "version": speaker.version, "from": direction.source, "to": direction.target, "stretches": rows}
        write_text(report, json.dumps(content, indent=1) + "\n")


def _check_place(asked: Path | None) -> None:
    """Before the models work for minutes. Raises BadSetting."""
    if asked is not None and not asked.parent.is_dir():
        raise BadSetting(f"{asked} cannot be written: there is no folder {asked.parent}; make it first, or name another.")
    if asked is not None and asked.is_dir():
        raise BadSetting(f"{asked} is a folder; name a file in it.")


def _engine(rack: EngineRack, name: str, source: str, target: str) -> SpeechToSpeech:
    """Raises BadSetting for an engine that reads text, EngineUnavailable where it cannot run or was not taught the direction."""
    from studio.engines.voice_protocols import SpeechToSpeech

    found = rack.named("speaker", name)
    if not isinstance(found, SpeechToSpeech):
        able = ", ".join(one.name for one in rack.all("speaker") if isinstance(one, SpeechToSpeech))
        raise BadSetting(f"The engine “{name}” speaks from text; from the sound of the source speak: {able}.")
    return rack.pick("speaker", name, accepts=lambda one: one.supports(source, target))


def _sound(clip: Path) -> Audio:
    """The first sound track, mono at 16 kHz. Raises BadMedia."""
    import numpy as np

    from studio.domain.errors import MediaToolFailed
    from studio.engines.protocols import Audio
    from studio.media.decode import SoundQuery, audio_blocks
    from studio.media.probe import probe

    if not clip.is_file():
        raise BadMedia(clip.name, "there is no such file")
    if not probe(clip, name=clip.name).audio:
        raise BadMedia(clip.name, "it has no sound")
    try:
        blocks = list(audio_blocks(SoundQuery(clip, rate_hz=_RATE_HZ, channels=1)))
    except MediaToolFailed as error:
        raise BadMedia(clip.name, f"its sound cannot be read ({error.detail})") from error
    return Audio(np.concatenate(blocks)[:, 0] if blocks else np.zeros(0, np.float32), _RATE_HZ)
