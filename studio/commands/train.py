"""`python -m studio train voice --videos DIR`: a voice learns to see from a folder of the user's own videos.

Looks, tells what each file gives, and trains; `--dry-run` stops after telling, `--prepare-only` before training. Every part goes on where an
earlier run stopped.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

training = typer.Typer(help="Train with your own material.", no_args_is_help=True)


@training.command("voice")
def train_voice(
    videos: Annotated[Path, typer.Option("--videos", help="Folder of videos of people who agreed to this; NAME.srt (or .vtt, or .txt with all that is said) beside NAME.")],
    base: Annotated[Path | None, typer.Option("--from", help="Folder of the voice that learns on, ZipVoice or one trained here (default: the bundled one).")] = None,
    language: Annotated[str, typer.Option("--lang", help="Language spoken in the videos, such as en.")] = "en",
    transcriber: Annotated[str, typer.Option("--transcriber", help="Recogniser for videos without words beside them; “none” leaves those out.")] = "auto",
    learn: Annotated[str, typer.Option("--learn", help="What learns: adapters (what it sees) or all (how it sounds, too).")] = "adapters",
    minutes: Annotated[float, typer.Option("--minutes", help="How long it learns.")] = 30.0,
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the new voice (default: among the models in the data folder).")] = None,
    work: Annotated[Path | None, typer.Option("--work", help="Folder of what was made of the videos (default: in the data folder).")] = None,
    processes: Annotated[int, typer.Option("--processes", help="Training processes, one for each GPU.")] = 1,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same draws.")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what each video gives, and stop.")] = False,
    prepare_only: Annotated[bool, typer.Option("--prepare-only", help="Stop before training.")] = False,
    voiceprint: Annotated[Path | None, typer.Option("--voiceprint", help="Weights of another speaker encoder: Resemblyzer or CAM++.")] = None,
    lip_encoder: Annotated[Path | None, typer.Option("--lip-encoder", help="Folder of another lip encoder of the bundled kind.")] = None,
    lip_features: Annotated[Path | None, typer.Option("--lip-features", help="Folder of your own encoder's features: FILM.npz of each film at 25 fps.")] = None,
    home: Annotated[Path | None, typer.Option("--home", help="Data folder (default: LIPLINE_HOME, else your data folder).")] = None,
) -> None:
    """Faces, words and their times are found by the studio; then the voice learns from them. Ctrl-C keeps what was learnt."""
    from studio.bootstrap import VOICES_FOLDER, build_engines, default_place
    from studio.voice_training import VoicePlan, bundled_voice, learn as train, look_at_films, make_utterances, nets_for, require_sense, summed_up

    place, name = default_place(home).home, _name(videos)
    plan = VoicePlan(
        videos, bundled_voice() if base is None else base, place / VOICES_FOLDER / name if out is None else out,
        place / "training" / name if work is None else work, language, transcriber, learn, minutes, seed, processes,
    )  # fmt: skip
    require_sense(plan)
    nets = None if dry_run else nets_for(plan.base, voiceprint, lip_encoder, lip_features)
    print(summed_up(look_at_films(plan, build_engines(), _tell)))
    if nets is None:
        print(f"Nothing was trained. What was seen is kept in {plan.work}.")
        return
    make_utterances(plan, nets, _tell)
    if prepare_only:
        print(f"Ready to learn from, in {plan.work}; the same command without --prepare-only trains.")
        return
    train(plan, nets, _tell)
    print(f"The voice is in {plan.out}.")


def _tell(line: str) -> None:
    print(line, flush=True)


def _name(videos: Path) -> str:
    return re.sub(r"[^\w-]+", "-", videos.resolve().name).strip("-") or "voice"

