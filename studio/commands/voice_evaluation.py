"""`python -m studio eval voice`: what face and lips give a voice, on your own clips. Flags in, JSON out, a table on the screen."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from studio.commands.evaluation import evaluations, progress
from studio.domain.errors import BadSetting

if TYPE_CHECKING:
    from studio.engines.protocols import Audio
    from studio.engines.voice_protocols import Speaker
    from studio.engines.rack import EngineRack
    from studio.evaluation.voice import Listen, VoiceResult
    from studio.evaluation.voice_clips import VoiceClip

LISTENING = ("faster-whisper",)  # transcribers fit to count errors; pocketsphinx invents words, and typing by hand hears none
_MEANING = {
    "none": "the words alone: average upsampling over the whole clip, the speaker's own voice, no prompt",
    "face": "face scale 1", "lip": "lip scale 1", "both": "face and lip scale 1",
    "recording": "the clip's own sound, for comparison", "offset": "frames at 25 fps, positive: the sound is early",
    "rtf": "seconds of work over seconds of sound, wall clock, engine warm after the first clip",
}  # fmt: skip


@evaluations.command("voice")
def evaluate_voice_engine(
    place: Annotated[Path, typer.Argument(metavar="INDEX_OR_DIR", help="Folder of clips with their words, or a table (file, transcript).")],
    conditions: Annotated[str, typer.Option("--conditions", help="Of none, face, lip, both, with commas.")] = "none,face,lip,both",
    out: Annotated[Path | None, typer.Option("--json", help="Also write the result as JSON here, with every clip.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first N clips.")] = None,
    names: Annotated[Path | None, typer.Option("--names", help="File with the names of the clips to judge, such as those held out.")] = None,
    language: Annotated[str, typer.Option("--lang", help="Language of the clips.")] = "en",
    voice: Annotated[str, typer.Option("--voice", help="A voice that sees, as `voices` lists it.")] = "auto",
    scorer: Annotated[str, typer.Option("--scorer", help="Sync scorer; see `engines`.")] = "auto",
    steps: Annotated[int, typer.Option("--steps", min=1, max=64, help="Solver steps.")] = 16,
    text_scale: Annotated[float, typer.Option("--s-text", help="Scale of the words.")] = 1.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same takes.")] = 0,
) -> None:
    """LSE-C, LSE-D, offsets, word errors, lengths and speed of a voice under each set of conditions."""
    from studio.bootstrap import build_engines
    from studio.commands.lips import pick_scorer
    from studio.domain.language import language_code
    from studio.evaluation.report import write_text
    from studio.evaluation.voice import Judges, VoicePlan, evaluate_voice, names_in
    from studio.evaluation.voice_clips import read_clips

    rack, spoken = build_engines(), language_code(language)
    clips = read_clips(place, names=None if names is None else names_in(names), limit=limit)
    engine, ref = _seeing(rack, spoken, voice)
    ears = _ears(rack, spoken, clips)
    plan = VoicePlan(ears.clips, spoken, ref, tuple(name.strip() for name in conditions.split(",") if name.strip()), steps, seed, text_scale)
    judges = Judges(rack.pick("face tracker"), rack.pick("voice activity"), pick_scorer(rack, scorer, None), ears.listen, ears.why_deaf)
    with progress() as watch:
        result = evaluate_voice(plan, engine, judges, lambda done, total: watch("Clips", done, total))
    content = _as_json(result, place, judges.why_deaf)
    if out is not None:
        write_text(out, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    print(json.dumps({name: value for name, value in content.items() if name != "rows"}, ensure_ascii=False, indent=1))


def _seeing(rack: EngineRack, language: str, voice: str) -> tuple[Speaker, Any]:
    """A speech engine that sees, and one of its voices. Raises BadSetting where none does, or none is called so."""
    from studio.engines.voice_protocols import SeesFace

    engines = [engine for engine in rack.all("speaker") if isinstance(engine, SeesFace)]
    offers = [(engine, info.ref) for engine in engines if engine.available().is_available for info in engine.voices(language)]
    found = next((offer for offer in offers if voice in ("auto", offer[1].voice)), None)
    if found is None:
        whys = "; ".join(f"{engine.name}: {engine.available().why}" for engine in engines) or "there is no such engine"
        raise BadSetting(f"No voice that sees speaks {language}{'' if voice == 'auto' else f' and is called “{voice}”'} ({whys}).")
    return found


@dataclass(frozen=True, slots=True)
class _Ears:
    """The clips with their words as they are to be read, and who counts word errors: nobody where `why_deaf` says why."""

    clips: tuple[VoiceClip, ...]
    listen: Listen | None
    why_deaf: str = ""


def _ears(rack: EngineRack, language: str, clips: tuple[VoiceClip, ...]) -> _Ears:
    """The bundled listener where it knows every word, else a transcriber with weights."""
    from studio.engines.grid_listener import GridListener, word_error

    listener = GridListener()
    if listener.words and listener.knows(word for clip in clips for word in _words(clip.text)):
        spelled = tuple(replace(clip, text=listener.spelled(_words(clip.text))) for clip in clips)
        return _Ears(spelled, lambda audio, text: listener.word_error(audio, _words(text)))
    transcriber = next((engine for engine in rack.all("transcriber") if engine.name in LISTENING and engine.available().is_available), None)
    if transcriber is None:
        return _Ears(clips, None, "no recogniser here knows these words; word errors are left out. Fetch one with “python -m studio models pull whisper-small”.")

    def listen(audio: Audio, text: str) -> float:
        from soxr import resample

        from studio.engines.protocols import Audio

        heard = transcriber.transcribe(Audio(resample(audio.samples, audio.rate_hz, 16_000), 16_000), language).text
        return word_error(_words(text), _words(heard))

    return _Ears(clips, listen)


def _words(text: str) -> list[str]:
    return "".join(character if character.isalnum() or character == "'" else " " for character in text.lower()).split()


def _as_json(result: VoiceResult, place: Path, why_deaf: str) -> dict[str, Any]:
    from studio.evaluation.provenance import provenance
    from studio.evaluation.voice import RECORDING

    table = place if place.is_file() else next((place / name for name in ("index.csv", "words.tsv") if (place / name).is_file()), None)
    if not result.trials:
        raise BadSetting(f"No clip of {place} could be judged: {next(iter(result.left_out.values()), 'there are none')}.")
    plan = result.plan
    return {
        "command": shlex.join(["python", "-m", "studio", *sys.argv[1:]]),
        "scorer": result.scorer,
        "scorer_version": result.scorer_version,
        "voice": asdict(plan.voice),
        "conditions": {name: result.summary(name) for name in plan.conditions},
        "recording": result.summary(RECORDING),
        "why_no_word_error": why_deaf,
        "left_out": result.left_out,
        "how": {"seed": plan.seed, "steps": plan.steps, "text_scale": plan.text_scale, **_MEANING},
        **asdict(provenance(table if table is not None else plan.clips[0].path)),
        "rows": [asdict(trial) for trial in result.trials],
    }
