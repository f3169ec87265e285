"""The options of the duration recipe and the defaults they have. Command line in, a namespace or data sources out."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.duration.losses import DURATION_WEIGHT
from models.recipes.duration_data import Sources, read_split, read_texts, read_transcripts, read_words


def parse_flags(about: str, argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder of the run, or of the prepared lines")
    parser.add_argument("--features", type=Path, help="folder of lip features")
    _data_flags(parser)
    parser.add_argument("--lines", type=Path, help="lines.npz made by --prepare")
    parser.add_argument("--scorer", type=Path, help="folder of the lip scorer whose distances are followed")
    _training_flags(parser)
    parser.add_argument("--evaluate", action="store_true", help="print the table of a fold instead of training")
    parser.add_argument("--fold", choices=("valid", "test"), default="valid")
    parser.add_argument("--judge", type=Path, help="folder of another lip scorer to measure with; default: the one that is followed")
    parser.add_argument("--json", type=Path, help="write the table here as well")
    parser.add_argument("--smoke", action="store_true", help="a short run over made-up lines")
    run = parser.parse_args(argv)
    needed = ("features", "out") if run.prepare else () if run.smoke else ("lines", "features", "scorer", "out")
    missing = [f"--{name}" for name in needed if getattr(run, name) is None]
    if missing:
        parser.error(f"{' and '.join(missing)} must be given as well (or --smoke)")
    return run


def _data_flags(parser: argparse.ArgumentParser) -> None:
    data = parser.add_argument_group("preparation")
    data.add_argument("--prepare", action="store_true", help="make OUT/lines.npz")
    data.add_argument("--words", type=Path, help="word times: clip, start_s, end_s, word")
    data.add_argument("--transcripts", type=Path, help="what is said: clip, language, text")
    data.add_argument("--texts", type=Path, help="texts to voice: language and text per row")
    data.add_argument("--groups", default="grid_s1", help="speakers to train on, by commas; the clips of all others are held out")
    data.add_argument("--split", type=Path, help="JSON lists of clip names under train, valid and test, as the scorer's training had them")
    data.add_argument("--dubs-per-clip", type=int, default=3)


def _training_flags(parser: argparse.ArgumentParser) -> None:
    training = parser.add_argument_group("training")
    training.add_argument("--seed", type=int, default=0)
    training.add_argument("--threads", type=int, default=1)
    training.add_argument("--hidden", type=int, default=128)
    training.add_argument("--batch", type=int, default=32)
    training.add_argument("--rate", type=float, default=1e-3)
    training.add_argument("--base-steps", type=int, default=600)
    training.add_argument("--steps", type=int, default=600)
    training.add_argument("--duration-weight", type=float, default=DURATION_WEIGHT, help="λ")
    training.add_argument("--target", choices=("natural", "best"), default="best", help="L_dur's durations when synchrony is learnt: spoken, or optimal")
    training.add_argument("--steadiness", type=float, default=0.3, help="price of unsteady rate in the optimal durations")
    training.add_argument("--upsampling", choices=("soft", "straight"), default="soft")
    training.add_argument("--without-lips", action="store_true", help="learn synchrony without a view of the lips, as the paper's predictor")
    training.add_argument("--evaluate-every", type=int, default=100)
    training.add_argument("--save-every", type=int, default=100)
    training.add_argument("--until-step", type=int, help="stop after so many steps of all stages together")


def sources_of(run: argparse.Namespace) -> Sources:
    """What --prepare reads."""
    return Sources(
        run.features, {} if run.words is None else read_words(run.words), {} if run.transcripts is None else read_transcripts(run.transcripts),
        () if run.texts is None else read_texts(run.texts), frozenset(run.groups.split(",")), read_split(run.split), run.dubs_per_clip, run.seed,
    )  # fmt: skip
