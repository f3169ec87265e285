"""Make the direct speech-to-speech models: units by k-means, unit pairs, a unit translator, a unit vocoder; each step goes on where it stopped.

    python -m models.recipes.units kmeans    --out runs/units --table tvsub.zh-en.train.tsv.xz --speech real_speech/
    python -m models.recipes.units pairs     --out runs/units --table tvsub.zh-en.train.tsv.xz
    python -m models.recipes.units translate --out runs/units --minutes 45 --export models/weights/units-translator
    python -m models.recipes.units vocoder   --out runs/units --minutes 25 --export models/weights/units-vocoder
    python -m models.recipes.units measure   --out runs/units            # what the cards say
    python -m models.recipes.units --smoke                               # all steps on ten phrases, in about a minute

Simplified away: one voice per language to answer in, phrases instead of whole dialogues, no adversary for the vocoder. A file `stop` in the
run's folder saves and ends a training. Batch s is a function of (seed, s) alone.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import numpy as np

from models.recipes.units_kmeans import Heard, fit_encoder, judge, phones_of_frames
from models.recipes.units_measure import measure
from models.recipes.units_pairs import Voicing, make_pairs, save_pairs
from models.recipes.units_speech import Phrase, Voices, coloured, frequent_phrases, real_speech
from models.recipes.units_translate import train_translator
from models.recipes.units_vocoder import train_vocoder
from models.units.encoder import UnitEncoderConfig, open_encoder, save_encoder
from models.units.features import SpeechFeatures, track_pitch
from models.units.kmeans import KmeansConfig

DIRECTIONS = ("en-zh", "zh-en")
CHUNK = 100
STEPS = ("kmeans", "pairs", "translate", "vocoder", "measure")
SMOKE_LINES = (
    ("过来", "Come here!"), ("你好", "Hello."), ("我们走吧", "Let's go."), ("谢谢你", "Thank you."), ("你在哪里", "Where are you?"),
    ("我不知道", "I don't know."), ("是的", "Yes."), ("没关系", "Never mind."), ("为什么", "Why?"), ("晚安", "Good night."),
)  # fmt: skip


def parse_flags(argv: list[str] | None) -> argparse.Namespace:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("step", nargs="?", choices=STEPS)
    flags.add_argument("--out", type=Path, help="the run's folder: what one step makes, the next takes up")
    flags.add_argument("--table", type=Path, help="headerless TSV or TSV.xz of line pairs: document, line, zh, en")
    flags.add_argument("--speech", type=Path, action="append", default=[], help="folder of real speech for the units; may be repeated")
    flags.add_argument("--real", type=int, default=300, help="files of real speech to hear")
    flags.add_argument("--phrases", type=int, default=4000, help="phrases per direction; as many again as --held-out follow for the test")
    flags.add_argument("--held-out", type=int, default=200, help="phrases per direction kept for the test")
    flags.add_argument("--spoken", type=int, default=1200, help="phrases per language that the k-means hears")
    flags.add_argument("--voices", type=int, default=8, help="ways each phrase is heard")
    flags.add_argument("--units", type=int, default=128, help="how many units there are")
    flags.add_argument("--passes", type=int, default=10, help="over the speech whose phones the bottleneck learns")
    flags.add_argument("--minutes", type=float, default=45, help="of training in this call")
    flags.add_argument("--until-step", type=int, default=20_000, help="the learning rate has come to zero here")
    flags.add_argument("--batch", type=int, default=64)
    flags.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    flags.add_argument("--words", type=Path, help="for `measure`: table of timed words of real speech, beside its clips")
    flags.add_argument("--save-minutes", type=float, default=2, help="between checkpoints")
    flags.add_argument("--seed", type=int, default=0)
    flags.add_argument("--export", type=Path, help="folder for the weights of the step named")
    flags.add_argument("--smoke", action="store_true", help="every step on ten phrases, to see that it runs")
    run = flags.parse_args(argv)
    if not run.smoke and (run.step is None or run.out is None):
        flags.error("name a step and --out (or --smoke).")
    if not run.smoke and run.step in ("kmeans", "pairs") and run.table is None and not (run.out / "phrases.json").exists():
        flags.error(f"{run.step} needs --table.")
    return run


def phrases(run: argparse.Namespace) -> dict[str, list[Phrase]]:
    """By direction, the frequent ones first; read from the table once."""
    path = run.out / "phrases.json"
    if not path.exists():
        found = frequent_phrases(run.table, DIRECTIONS, run.phrases + run.held_out)
        beside = path.with_suffix(".making")
        plain = {direction: [asdict(phrase) for phrase in some] for direction, some in found.items()}
        beside.write_text(json.dumps(plain, ensure_ascii=False), encoding="utf-8")
        beside.replace(path)
    plain = json.loads(path.read_text(encoding="utf-8"))
    return {direction: [Phrase(**one) for one in some] for direction, some in plain.items()}


def kmeans_step(run: argparse.Namespace) -> None:
    """Units from many voices and from real speech."""
    config, voices = UnitEncoderConfig(units=run.units), Voices()
    features, heard = SpeechFeatures(config.features), []
    for direction, known in phrases(run).items():
        language = direction.split("-")[0]
        step = max(1, len(known) // run.spoken)
        for number, phrase in enumerate(known[::step]):
            draw = np.random.default_rng((run.seed, number, 7))
            is_plain = number % 3 == 0
            said = voices.say(phrase.text, language, voices.target(language) if is_plain else voices.drawn(language, draw))
            rows = features(said.samples if is_plain else coloured(said.samples, draw))
            heard.append(Heard(rows, phones_of_frames(said.phones, len(rows), language, track_pitch(said.samples))))
    heard += [Heard(features(samples), None) for samples in real_speech(run.speech, run.real)]
    encoder = fit_encoder(heard, config, KmeansConfig(units=run.units), run.passes, run.seed)
    save_encoder(encoder, run.out / "encoder")
    print("real", judge(encoder, [one for one in heard if one.phones is None]) if run.speech else None)
    print("synthetic", judge(encoder, [one for one in heard if one.phones is not None]), flush=True)
    _export(run, run.out / "encoder")


def pairs_step(run: argparse.Namespace) -> None:
    """Pairs to learn from, the same phrases in voices never heard, and phrases never heard: each as files of `CHUNK` phrases that stay."""
    encoder, voices = open_encoder(run.out / "encoder"), Voices()
    every = max(1, run.phrases // max(1, run.held_out))
    for direction, known in phrases(run).items():
        plans = (
            ("voices", known[: run.phrases : every], Voicing(1, run.seed, is_test=True)),
            ("phrases", known[run.phrases : run.phrases + run.held_out], Voicing(1, run.seed, is_test=True)),
            ("train", known[: run.phrases], Voicing(run.voices, run.seed)),
        )
        for name, wanted, how in plans:
            for start in range(0, len(wanted), CHUNK):
                path = run.out / f"pairs-{name}-{direction}-{start:05d}.npz"
                if not path.exists():
                    save_pairs(path, make_pairs(wanted[start : start + CHUNK], direction, encoder, voices, how))
                    print(path.name, flush=True)


def translate_step(run: argparse.Namespace) -> None:
    train_translator(run)
    _export(run, run.out / "translator")


def vocoder_step(run: argparse.Namespace) -> None:
    train_vocoder(run, phrases(run), Voices())
    _export(run, run.out / "vocoder")


def measure_step(run: argparse.Namespace) -> None:
    print(json.dumps(measure(run, Voices(), phrases(run)), ensure_ascii=False, indent=1))


def _export(run: argparse.Namespace, made: Path) -> None:
    if run.export is not None and run.step is not None:
        run.export.mkdir(parents=True, exist_ok=True)
        for name in ("config.json", "model.safetensors"):
            shutil.copyfile(made / name, run.export / name)


def smoke(run: argparse.Namespace, folder: Path) -> argparse.Namespace:
    """The settings of `--smoke`."""
    rows = [f"0\t{place}\t{first}\t{second}\n" for place, (first, second) in enumerate(SMOKE_LINES)]
    (folder / "lines.tsv").write_text("".join(rows), encoding="utf-8")
    run.table, run.out = folder / "lines.tsv", run.out or folder / "run"
    run.phrases, run.held_out, run.voices, run.units, run.batch, run.until_step, run.minutes = 8, 2, 2, 40, 4, 12, 1.0
    return run


RUNS = dict(zip(STEPS, (kmeans_step, pairs_step, translate_step, vocoder_step, measure_step), strict=True))


def main(argv: list[str] | None = None) -> None:
    run = parse_flags(argv)
    with tempfile.TemporaryDirectory() if run.smoke else nullcontext() as folder:
        if run.smoke:
            run = smoke(run, Path(folder))
        run.out.mkdir(parents=True, exist_ok=True)
        for step in STEPS if run.smoke and run.step is None else (run.step,):
            RUNS[step](run)


if __name__ == "__main__":
    main()
