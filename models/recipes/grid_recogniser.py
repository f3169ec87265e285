"""Train the recogniser of GRID words on the train lines of one speaker in an archive of utterances, and measure its word error.

    python -m models.recipes.grid_recogniser --archive build/voice --speaker s1 --out build/recogniser [--minutes 15]
    python -m models.recipes.grid_recogniser --archive build/voice --weights build/recogniser
    python -m models.recipes.grid_recogniser --smoke

Half of what it hears in training is cut up at the word times: words left out, in another order, lone, or from several lines. So it learns
words and no grammar. Further: pace, level, colour, noise, a spectrum of fewer bands. Measured on lines it has not heard, whole and with a
word cut out of the sound, which it has to miss.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.signal import lfilter, resample_poly
from torch import Tensor, nn
from torch.nn import functional as F

from models.recipes.voice_alignment import STRESS, word_groups
from models.recipes.voice_archive import UTTERANCES_FILE
from models.recipes.voice_sentences import GRID_SLOTS
from models.speech.recogniser import RATE_HZ, GridRecogniser, RecogniserConfig, as_written, open_recogniser, save_recogniser, word_errors
from models.speech.spectrum import RATE_HZ as ARCHIVE_RATE_HZ

JOIN_S = 0.01  # pieces of sound are faded into each other over this
PACES = (0.85, 0.9, 0.95, 1.0, 1.0, 1.0, 1.05, 1.1, 1.18)


@dataclass(frozen=True, slots=True)
class Plan:
    minutes: float = 15.0
    steps: int = 4000
    batch: int = 16
    rate: float = 2e-3
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """`samples` float32 at 16 kHz; `cuts`: (start, end) samples of each word; `phones` of each word."""

    name: str
    split: str
    samples: np.ndarray
    words: tuple[str, ...]
    cuts: tuple[tuple[int, int], ...]
    phones: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """One training example."""

    samples: np.ndarray
    words: tuple[str, ...]
    phones: tuple[str, ...]


def read_lines(archive: Path, speaker: str) -> list[Line]:
    """Lines of one speaker. Raises ValueError where there are none."""
    with (archive / UTTERANCES_FILE).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["speaker"] == speaker]
    if not rows:
        raise ValueError(f"{archive} has no line of “{speaker}”; make it with --grid and --speaker.")
    lines = []
    for row in rows:
        with np.load(archive / f"{row['name']}.npz", allow_pickle=False) as file:
            keys = {key: file[key] for key in ("audio", "tokens", "token_start_s", "token_end_s")}
        groups, tokens = word_groups([str(token) for token in keys["tokens"]]), keys["tokens"]
        samples = resample_poly(keys["audio"].astype(np.float32) / 32768, RATE_HZ // 8000, ARCHIVE_RATE_HZ // 8000).astype(np.float32)
        cuts = tuple((int(keys["token_start_s"][group[0]] * RATE_HZ), int(keys["token_end_s"][group[-1]] * RATE_HZ)) for group in groups)
        phones = tuple(tuple(str(tokens[place]) for place in group if str(tokens[place]) not in STRESS) for group in groups)
        lines.append(Line(row["name"], row["split"], samples, tuple(as_written(row["text"].lower().split())), cuts, phones))
    return lines


def whole(line: Line) -> Heard:
    return Heard(line.samples, line.words, tuple(phone for word in line.phones for phone in word))


def cut_up(lines: Sequence[Line], chance: random.Random) -> Heard:
    """One to seven words in any order, of one line or of several, each with a little of what is round it, silence at the ends."""
    one = chance.choice(lines)
    pieces, words, phones = [np.zeros(0, np.float32)], [], []
    for _ in range(chance.randint(1, 7)):
        line = one if chance.random() < 0.5 else chance.choice(lines)
        first = chance.randrange(len(line.words))
        last = min(len(line.words), first + chance.choice((1, 1, 2, 3)))
        start, end = line.cuts[first][0], line.cuts[last - 1][1]
        pieces.append(line.samples[max(0, start - 320) : end + 320])
        words.extend(line.words[first:last])
        phones.extend(phone for word in line.phones[first:last] for phone in word)
    edges = [quiet(one, chance.uniform(0.05, 0.5), chance) for _ in range(2)]
    return Heard(joined([edges[0], *pieces[1:], edges[1]]), tuple(words), tuple(phones))


def quiet(line: Line, seconds: float, chance: random.Random) -> np.ndarray:
    """The room of a line, from before its first word."""
    room = line.samples[: max(1600, line.cuts[0][0] - 800)]
    start = chance.randrange(max(1, len(room) - 800))
    return np.resize(room[start:], round(seconds * RATE_HZ))


def without_word(line: Line, index: int) -> Heard:
    """The line with one word cut out of its sound."""
    start, end = line.cuts[index]
    kept = [place for place in range(len(line.words)) if place != index]
    samples = joined([line.samples[:start], line.samples[end:]])
    return Heard(samples, tuple(line.words[place] for place in kept), tuple(phone for place in kept for phone in line.phones[place]))


def joined(pieces: Sequence[np.ndarray]) -> np.ndarray:
    """Pieces of sound one after the other, faded at the joints."""
    fade = round(JOIN_S * RATE_HZ)
    ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    found = pieces[0].copy()
    for piece in pieces[1:]:
        if len(found) < fade or len(piece) < fade:
            found = np.concatenate([found, piece])
            continue
        middle = found[-fade:] * ramp[::-1] + piece[:fade] * ramp
        found = np.concatenate([found[:-fade], middle, piece[fade:]])
    return found.astype(np.float32)


def disturbed(samples: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Another pace and pitch, level, microphone and noise."""
    pace = PACES[int(chance.integers(len(PACES)))]
    if pace != 1.0:
        samples = resample_poly(samples, 100, round(100 * pace))
    if chance.random() < 0.7:
        samples = lfilter([1.0, float(chance.uniform(-0.4, 0.4))], [1.0, float(chance.uniform(-0.3, 0.3))], samples)
    level = float(np.sqrt(np.mean(np.square(samples)))) * 10 ** (-float(chance.uniform(18, 55)) / 20)
    noise = lfilter([1.0], [1.0, -float(chance.uniform(0, 0.9))], chance.standard_normal(len(samples)))
    return (float(chance.uniform(0.3, 2.0)) * (samples + level * noise / max(noise.std(), 1e-6))).astype(np.float32)


def masked(mel: Tensor, generator: torch.Generator) -> Tensor:
    """Up to two runs of bands and of moments replaced by the mean, and perhaps a spectrum smoothed over bands, as a vocoder may do."""
    mel = mel.clone()
    if float(torch.rand((), generator=generator)) < 0.25:
        mel = F.avg_pool1d(F.pad(mel, (1, 1), mode="replicate"), 3, 1)
    mean = mel.mean()
    for axis, longest in ((1, 8), (0, 8)) * 2:
        width = int(torch.randint(longest + 1, (), generator=generator))
        start = int(torch.randint(max(1, mel.shape[axis] - width), (), generator=generator))
        mel.narrow(axis, start, width).fill_(mean)
    return mel


class Lessons:
    """Batches of examples; same seed, same batches."""

    def __init__(self, lines: Sequence[Line], net: GridRecogniser, plan: Plan) -> None:
        self._lines, self._net, self._plan = [line for line in lines if line.split == "train"], net, plan
        self._chance, self._noise = random.Random(plan.seed), np.random.default_rng(plan.seed)
        self._generator = torch.Generator().manual_seed(plan.seed)

    def loss(self) -> Tensor:
        """CTC of the words and, at less weight, of the phones."""
        config = self._net.config
        heard = [whole(self._chance.choice(self._lines)) if self._chance.random() < 0.5 else cut_up(self._lines, self._chance) for _ in range(self._plan.batch)]
        mels = [masked(self._net.mel(torch.from_numpy(disturbed(one.samples, self._noise))[None])[0], self._generator) for one in heard]
        longest = max(len(mel) for mel in mels)
        batch = torch.stack([F.pad(mel, (0, 0, 0, longest - len(mel)), value=float(mel.min())) for mel in mels])
        words, phones = self._net(batch)
        outputs = torch.tensor([(len(mel) + 1) // 2 for mel in mels])
        return ctc(words, outputs, [[1 + config.words.index(word) for word in one.words] for one in heard]) + 0.5 * ctc(
            phones, outputs, [[1 + config.phones.index(phone) for phone in one.phones] for one in heard]
        )


def ctc(scores: Tensor, outputs: Tensor, wanted: Sequence[Sequence[int]]) -> Tensor:
    """Mean CTC loss per symbol."""
    lengths = torch.tensor([len(one) for one in wanted])
    flat = torch.tensor([value for one in wanted for value in one])
    return F.ctc_loss(scores.log_softmax(-1).transpose(0, 1), flat, outputs, lengths, zero_infinity=True)


def judged(net: GridRecogniser, lines: Sequence[Line]) -> dict[str, float]:
    """Word error of whole lines, of lines without one of their words, and the share of cut words that are not heard."""
    chance, errors, cut_errors, missed = random.Random(0), 0, 0, 0
    for line in lines:
        errors += word_errors(line.words, net.transcribe(line.samples, RATE_HZ))
        short = without_word(line, chance.randrange(len(line.words)))
        heard = net.transcribe(short.samples, RATE_HZ)
        cut_errors += word_errors(short.words, heard)
        missed += len(heard) < len(line.words)
    count = sum(len(line.words) for line in lines)
    found = {"word_error": errors / count, "word_error_cut": cut_errors / (count - len(lines)), "cut_words_missed": missed / len(lines)}
    return {name: round(value, 4) for name, value in found.items()}


def train(lines: Sequence[Line], plan: Plan, net: GridRecogniser) -> GridRecogniser:
    """Teach a net, new or trained before; where the machine is the same, the seed makes the run."""
    torch.manual_seed(plan.seed)
    valid = [line for line in lines if line.split == "valid"]
    net.train()
    lessons, learnt = Lessons(lines, net, plan), list(net.parameters())
    optimiser = torch.optim.AdamW(learnt, lr=plan.rate, weight_decay=0.02)
    began, step = time.monotonic(), 0
    while (done := max(step / plan.steps, (time.monotonic() - began) / (60 * plan.minutes))) < 1.0:
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * min(1.0, (step + 1) / 100) * (1.0 - done)
        loss = lessons.loss()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(learnt, 1.0)
        optimiser.step()
        step += 1
        if step % 200 == 0:
            report = {"step": step, "loss": round(float(loss.detach()), 3), "minutes": round((time.monotonic() - began) / 60, 1)}
            print(json.dumps(report | (judged(net.eval(), valid) if valid else {})), flush=True)
            net.train()
    return net.eval()


def config_of(lines: Sequence[Line]) -> RecogniserConfig:
    words = sorted({word for slot in GRID_SLOTS for word in slot} | {word for line in lines for word in line.words})
    return RecogniserConfig(tuple(words), tuple(sorted({phone for line in lines for word in line.phones for phone in word})))


def _smoke() -> None:
    """A rehearsal on tones: three words, each of its own pitch."""
    tones = {"low": 300.0, "mid": 900.0, "high": 2700.0}
    chance, lines = random.Random(0), []
    for index in range(12):
        words = tuple(chance.choice(list(tones)) for _ in range(3))
        pieces = [np.sin(2 * np.pi * tones[word] * np.arange(1600) / RATE_HZ) for word in words]
        samples = np.concatenate([part for piece in pieces for part in (np.zeros(640), 0.3 * piece)] + [np.zeros(640)]).astype(np.float32)
        cuts = tuple((640 + 2240 * place, 2240 + 2240 * place) for place in range(3))
        lines.append(Line(f"tones{index}", "train" if index < 8 else "valid", samples, words, cuts, tuple((word[0],) for word in words)))
    config = RecogniserConfig(tuple(sorted(tones)), tuple(sorted({word[0] for word in tones})), 64, (1, 2), 5, 40)
    torch.manual_seed(0)
    net = train(lines, Plan(steps=250, batch=6, rate=8e-3), GridRecogniser(config))
    with tempfile.TemporaryDirectory(prefix="lipline-recogniser-") as folder:
        save_recogniser(net, Path(folder))
        print(json.dumps(judged(open_recogniser(Path(folder)), lines[8:])), flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, help="folder made by models.recipes.voice_archive")
    parser.add_argument("--speaker", default="s1")
    parser.add_argument("--out", type=Path, help="where the trained recogniser goes")
    parser.add_argument("--weights", type=Path, help="a recogniser to measure instead of training one")
    parser.add_argument("--minutes", type=float, default=Plan().minutes)
    parser.add_argument("--steps", type=int, default=Plan().steps)
    parser.add_argument("--rate", type=float, default=Plan().rate, help="learning rate at its highest")
    parser.add_argument("--init", type=Path, help="go on from this recogniser")
    parser.add_argument("--seed", type=int, default=Plan().seed)
    parser.add_argument("--smoke", action="store_true", help="a rehearsal without data")
    options = parser.parse_args(argv)
    if options.smoke:
        _smoke()
        return
    if options.archive is None or (options.out is None) == (options.weights is None):
        parser.error("name --archive, and either --out to train or --weights to measure, or try --smoke")
    lines = read_lines(options.archive, options.speaker)
    if options.weights is None:
        torch.manual_seed(options.seed)
        net = GridRecogniser(config_of(lines)) if options.init is None else open_recogniser(options.init)
        net = train(lines, Plan(options.minutes, options.steps, rate=options.rate, seed=options.seed), net)
        save_recogniser(net, options.out)
    else:
        net = open_recogniser(options.weights)
    for fold in ("valid", "test"):
        if of_fold := [line for line in lines if line.split == fold]:
            print(json.dumps({fold: judged(net, of_fold), "lines": len(of_fold)}), flush=True)


if __name__ == "__main__":
    main()
