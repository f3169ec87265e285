"""`python -m studio speak "TEXT" --lang en --out OUT.wav`: one line by a voice that sees, as long as asked, led by a face where a clip is given.

A recording to speak like needs --consent with whose voice it is; what was said under which conditions is printed as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from studio.domain.errors import BadMedia, BadSetting, EngineFailed, NotMeasurable
from studio.domain.settings import Guidance, VoiceSettings

if TYPE_CHECKING:
    from studio.domain.line import VoiceRef
    from studio.engines.voice_protocols import FaceStreams, Recording, Speaker
    from studio.engines.rack import EngineRack

speaking = typer.Typer()
_SETTINGS = VoiceSettings()
_SCALES = Guidance()
_MS = 1000


NO_CONSENT = "Nobody is named as the owner of this recording's voice. Ask them before you use the sound, and say so with --consent."


@speaking.command("speak")
def speak_text(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to say.")],
    out: Annotated[Path, typer.Option("--out", help="Where the WAV goes.")],
    language: Annotated[str, typer.Option("--lang", help="Language of the text, such as en.")] = "en",
    reference: Annotated[Path | None, typer.Option("--voice", metavar="REF.wav", help="A recording of one person to speak like.")] = None,
    transcript: Annotated[str, typer.Option("--transcript", help="The words of that recording; published voices need them.")] = "",
    consent: Annotated[str, typer.Option("--consent", help="Whose voice the recording is; says that its owner has agreed.")] = "",
    video: Annotated[Path | None, typer.Option("--video", metavar="CLIP", help="A clip whose face leads the voice.")] = None,
    lip_features: Annotated[Path | None, typer.Option("--lip-features", metavar="FILE", help="Features of your own lip encoder for the clip, at 25 fps.")] = None,
    speaker: Annotated[str, typer.Option("--speaker", help="A voice of the engine, as the studio lists it.")] = "auto",
    text_scale: Annotated[float, typer.Option("--s-text", help="How strictly to keep to the words.")] = _SCALES.text_scale,
    face_scale: Annotated[float, typer.Option("--s-face", help="How far timing and energy follow the face.")] = 1.0,
    lip_scale: Annotated[float, typer.Option("--s-lip", help="How far the voice is locked to the lips.")] = 0.0,
    duration_s: Annotated[float | None, typer.Option("--duration-s", help="Length in seconds; default: the clip's, else as long as it takes.")] = None,
    steps: Annotated[int, typer.Option("--steps", min=1, max=64, help="Solver steps.")] = _SETTINGS.steps_final,
    form: Annotated[str, typer.Option("--form", help="How the scales combine: nested, independent or aligndit.")] = _SETTINGS.form,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same take.")] = _SETTINGS.seed,
) -> None:
    """Say a text in a voice that sees: exactly as long as asked, by a face, in the voice of a recording."""
    from studio.bootstrap import build_engines
    from studio.domain.language import language_code
    from studio.domain.reference_voice import Consent
    from studio.engines.own_lips import with_own_lips
    from studio.engines.voice_protocols import VoiceGuide

    _check_place(out)
    if reference is not None and consent:
        Consent(consent)  # raises for a name that is none
    scales, rack, code = Guidance(face_scale, lip_scale, text_scale), build_engines(), language_code(language)
    engine, ref = _voice(rack, code, speaker)
    if lip_features is not None and video is None:
        raise BadSetting("--lip-features go with the face of a clip; name the clip with --video.")
    face, clip_ms, why = _face(rack, video)
    if face is not None and lip_features is not None:
        face = with_own_lips(face, lip_features)
    if face is not None and not engine.follows_face(ref):
        face, why = None, "This voice was never taught faces; the words were said by themselves."
    asked_ms = clip_ms if duration_s is None else _whole_ms(duration_s)
    like = None if reference is None else _recording(engine, reference, transcript)
    guide = VoiceGuide(scales, steps, seed, span_ms=asked_ms, slot_ms=asked_ms, face=face, reference=like, form=VoiceSettings(form=form).form)
    try:
        made = engine.seeing(guide).speak(text, code, ref).audio
    except EngineFailed as error:  # the text, the time or the recording cannot be as asked: the sentence says which
        raise BadSetting(str(error)) from error
    _write(out, made)
    content = {
        "out": str(out), "voice": ref.voice, "seconds": round(len(made.samples) / made.rate_hz, 4), "samples": len(made.samples),
        "rate_hz": made.rate_hz, "steps": steps, "seed": seed, "scales": {"text": text_scale, "face": face_scale, "lip": lip_scale},
        "saw_face": face is not None, "why": why, "consent": consent or None,
    }  # fmt: skip
    for told in (why, NO_CONSENT if reference is not None and not consent else "", engine.available().caution, *engine.notices()):
        if told:
            print(f"Note: {told}", file=sys.stderr)
    print(json.dumps(content, ensure_ascii=False))


def _voice(rack: EngineRack, language: str, name: str) -> tuple[Any, VoiceRef]:
    """The engine that sees and its voice. Raises EngineUnavailable with the command that fetches one, BadSetting for an unknown name."""
    from studio.engines.voice_protocols import SeesFace

    engine: Speaker = rack.pick("speaker", next(one.name for one in rack.all("speaker") if isinstance(one, SeesFace)))
    offers = [info.ref for info in engine.voices(language)]
    found = next((ref for ref in offers if name in ("auto", ref.voice)), None)
    if found is None:
        known = ", ".join(ref.voice for ref in offers) or "none"
        raise BadSetting(f"{engine.name} has no voice{'' if name == 'auto' else f' “{name}”'} for {language}; it has: {known}.")
    return engine, found


def _face(rack: EngineRack, video: Path | None) -> tuple[FaceStreams | None, int | None, str]:
    """The face of a clip that is seen longest, how long the clip is, and why there is no face where there is none."""
    from studio.domain.faces import FACE_RATE_HZ
    from studio.domain.timing import TimeSpan
    from studio.file_lips import NO_FACE, seen_file
    from studio.media.probe import probe
    from studio.steps.face_streams import face_streams

    if video is None:
        return None, None, ""
    if not video.is_file():
        raise BadMedia(video.name, "there is no such file")
    length_ms = probe(video, name=video.name).duration_ms
    try:
        with seen_file(video, rack.pick("face tracker"), rack.pick("voice activity")) as seen:
            if seen.archive is None:
                return None, length_ms, f"{NO_FACE} The words were said by themselves."
            longest = max(seen.tracks.tracks, key=lambda track: track.end_frame - track.start_frame)
            last_ms = max(length_ms, longest.end_frame * _MS // FACE_RATE_HZ)
            return face_streams(seen.archive, longest.id, TimeSpan(0, last_ms)), length_ms, ""
    except NotMeasurable as error:
        return None, length_ms, f"{error} The words were said by themselves."


def _recording(engine: Any, path: Path, transcript: str) -> Recording:
    """Raises BadMedia for a recording that no voice can be made of."""
    from studio.engines.voice_protocols import Recording
    from studio.references import read_recording

    if not path.is_file():
        raise BadMedia(path.name, "there is no such file")
    audio = read_recording(path)
    if why := engine.why_unfit(audio):
        raise BadMedia(path.name, why)
    return Recording(audio, transcript)


def _whole_ms(duration_s: float) -> int:
    if not 0.1 <= duration_s <= 600:
        raise BadSetting(f"--duration-s must lie between 0.1 and 600 seconds, not {duration_s:g}.")
    return round(duration_s * _MS)


def _check_place(out: Path) -> None:
    """Before the voice works for minutes. Raises BadSetting."""
    if not out.parent.is_dir():
        raise BadSetting(f"{out} cannot be written: there is no folder {out.parent}; make it first, or name another.")
    if out.is_dir():
        raise BadSetting(f"{out} is a folder; name a file in it.")


def _write(out: Path, audio: Any) -> None:
    from studio.media.wav import write_wav

    beside = out.with_name(f".{out.stem}.{uuid.uuid4().hex[:8]}.wav")
    try:
        write_wav(beside, audio)
        os.replace(beside, out)
    except OSError as error:
        raise BadSetting(f"{out} cannot be written: {error.strerror}.") from error
    finally:
        beside.unlink(missing_ok=True)
