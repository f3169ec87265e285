"""Train the voice's small lip encoder on an archive of utterances with faces, or run it over one.

    python -m models.recipes.lip_encoder --archive build/voice --out build/lip-encoder [--minutes 12]
    python -m models.recipes.lip_encoder --archive build/voice --weights build/lip-encoder --features build/lip-features
    python -m models.recipes.lip_encoder --smoke

Learnt from each picture: which phone is being said (from the token times), the energy of eight bands of the spectrum at the picture and at
its neighbours, and whether there is voice at all. Only the archive's `train` lines are learnt from; accuracies are of `valid` and `test`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.recipes.voice_alignment import STRESS, is_sounded
from models.recipes.voice_archive import UTTERANCES_FILE
from models.speech.lip_encoder import LipEncoder, LipEncoderConfig, normalised, open_lip_encoder, save_lip_encoder
from models.speech.spectrum import FRAMES_PER_S
from models.speech.visual import VIDEO_RATE_HZ

BANDS, NEIGHBOURS = 8, (-1, 0, 1)
SILENCE = ""
LENGTH_MARK = "ː"
VOICED_ABOVE_DB = -30.0  # against the loudest frame of the line
MEL_TO_DB = 20 / np.log(10)


@dataclass(frozen=True, slots=True)
class Plan:
    """`minutes` of training at most, or `steps`; `batch` windows of `frames` pictures."""

    minutes: float = 12.0
    steps: int = 2000
    batch: int = 8
    frames: int = 50
    rate: float = 1.5e-3
    seed: int = 0
    shift_px: int = 4


@dataclass(frozen=True, slots=True)
class Line:
    """`mouths` uint8 (pictures, 64, 64); `phones` (pictures,) int64; `bands` (pictures, 24) float32; `voiced`, `seen` (pictures,) bool."""

    name: str
    split: str
    mouths: Tensor
    phones: Tensor
    bands: Tensor
    voiced: Tensor
    seen: Tensor


class Heads(nn.Module):
    """What the encoder is taught through, and what is thrown away after: phone, bands, voice from each picture's features."""

    def __init__(self, width: int, phones: int) -> None:
        super().__init__()
        self.phone, self.bands, self.voiced = nn.Linear(width, phones), nn.Linear(width, BANDS * len(NEIGHBOURS)), nn.Linear(width, 1)


def read_lines(archive: Path) -> tuple[list[Line], tuple[str, ...]]:
    """Every line with a face, and the names of the phone classes (the first is silence). Raises ValueError for an archive without any."""
    with (archive / UTTERANCES_FILE).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["has_face"] == "1"]
    if not rows:
        raise ValueError(f"{archive} has no line with a face; make it with --lips.")
    raw = []
    for row in rows:
        with np.load(archive / f"{row['name']}.npz", allow_pickle=False) as file:
            raw.append((row, {key: file[key] for key in ("mouths", "ok", "mel", "tokens", "token_start_s", "token_end_s")}))
    heard = sorted({str(token) for _, keys in raw for token in keys["tokens"] if is_sounded(str(token)) and str(token) not in STRESS | {LENGTH_MARK}})
    classes = (SILENCE, *heard)
    return [_line(row, keys, classes) for row, keys in raw], classes


def _line(row: dict[str, str], keys: dict[str, np.ndarray], classes: tuple[str, ...]) -> Line:
    times = (np.arange(len(keys["mouths"])) + 0.5) / VIDEO_RATE_HZ
    bands, voiced = band_targets(keys["mel"].astype(np.float32), times)
    phones = phones_at(keys["tokens"], keys["token_start_s"], keys["token_end_s"], times)
    numbers = torch.tensor([classes.index(phone) for phone in phones])
    tensors = torch.from_numpy(keys["mouths"]), numbers, torch.from_numpy(bands), torch.from_numpy(voiced), torch.from_numpy(keys["ok"])
    return Line(row["name"], row["split"], *tensors)


def phones_at(tokens: np.ndarray, start_s: np.ndarray, end_s: np.ndarray, times_s: np.ndarray) -> list[str]:
    """The phone at each moment: "" between words that part; stress and length marks count as their vowel."""
    found = []
    for moment in times_s:
        place = int(np.searchsorted(start_s, moment, side="right")) - 1
        while place > 0 and start_s[place] == end_s[place] and end_s[place - 1] > moment:
            place -= 1
        if place < 0 or moment >= end_s[place] or not is_sounded(str(tokens[place])):
            found.append(SILENCE)
            continue
        while str(tokens[place]) in STRESS:
            place += 1
        while str(tokens[place]) == LENGTH_MARK:
            place -= 1
        found.append(str(tokens[place]))
    return found


def band_targets(mel: np.ndarray, times_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """((pictures, 24), (pictures,)): log energy of eight bands at each picture and its neighbours, of zero mean and unit deviation over
    the line as a whole, and whether the moment is loud enough to be voice."""
    centres = (np.arange(len(mel)) + 0.5) / FRAMES_PER_S
    grouped = np.stack([band.mean(1) for band in np.array_split(mel, BANDS, axis=1)], axis=1)
    spans = np.abs(centres[None] - times_s[:, None]) <= 0.5 / VIDEO_RATE_HZ
    spans[np.arange(len(times_s)), np.abs(centres[None] - times_s[:, None]).argmin(1)] = True
    weights = spans / spans.sum(1, keepdims=True)
    level = MEL_TO_DB * (weights @ mel.max(1))
    bands = weights @ grouped
    bands = (bands - bands.mean(0)) / max(float(bands.std()), 1e-3)
    order = np.clip(np.arange(len(bands))[:, None] + np.array(NEIGHBOURS), 0, len(bands) - 1)
    return bands[order].reshape(len(bands), -1).astype(np.float32), level > level.max() + VOICED_ABOVE_DB


def losses(net: LipEncoder, heads: Heads, batch: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
    """Cross-entropy of phones + half the error of bands + cross-entropy of voice. `batch`: mouths as the net sees them and the targets."""
    mouths, phones, bands, voiced = batch
    features = net(mouths)
    phone_loss = F.cross_entropy(heads.phone(features).flatten(0, 1).float(), phones.flatten(), label_smoothing=0.1)
    band_loss = F.smooth_l1_loss(heads.bands(features).float(), bands)
    voice_loss = F.binary_cross_entropy_with_logits(heads.voiced(features)[..., 0].float(), voiced.float())
    return phone_loss + 2.0 * band_loss + voice_loss


def draw(lines: Sequence[Line], plan: Plan, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Random windows, each shifted, mirrored, lit and framed at random."""
    parts = []
    for _ in range(plan.batch):
        line = lines[int(torch.randint(len(lines), (), generator=generator))]
        start = int(torch.randint(max(1, len(line.mouths) - plan.frames + 1), (), generator=generator))
        order = (start + torch.arange(plan.frames)).clamp(max=len(line.mouths) - 1)
        mouths = disturbed(normalised(line.mouths)[order], plan.shift_px, generator)
        parts.append((mouths, line.phones[order], line.bands[order], line.voiced[order]))
    return tuple(torch.stack(column) for column in zip(*parts, strict=True))


def disturbed(mouths: Tensor, shift_px: int, generator: torch.Generator) -> Tensor:
    """(frames, 64, 64) moved by up to `shift_px`, perhaps mirrored, with another contrast, brightness and noise, a patch covered at times."""
    down, across = (int(value) for value in torch.randint(-shift_px, shift_px + 1, (2,), generator=generator))
    side = mouths.shape[-1]
    padded = F.pad(mouths[:, None], [shift_px] * 4, mode="replicate")[:, 0]
    mouths = padded[:, shift_px + down : shift_px + down + side, shift_px + across : shift_px + across + side]
    chance = torch.rand(6, generator=generator)
    mouths = mouths.flip(-1) if chance[0] < 0.5 else mouths
    mouths = mouths * (0.7 + 0.6 * chance[1]) + (chance[2] - 0.5) + 0.05 * torch.randn(mouths.shape, generator=generator)
    if chance[3] < 0.3:
        top, left = int(chance[4] * (side - 12)), int(chance[5] * (side - 12))
        mouths = mouths.clone()
        mouths[:, top : top + 12, left : left + 12] = 0.0
    return mouths


@torch.inference_mode()
def judged(net: LipEncoder, heads: Heads, lines: Sequence[Line]) -> dict[str, float]:
    """Shares of pictures right: the phone, the phone while someone speaks, voice or silence; correlation of the band energies."""
    tallies, bands = np.zeros(5), []
    for line in lines:
        features = net(normalised(line.mouths)[None])[0]
        right, spoken = heads.phone(features).argmax(1) == line.phones, line.phones > 0
        voiced = (heads.voiced(features)[:, 0] > 0) == line.voiced
        tallies += [float(right.sum()), float((right & spoken).sum()), float(spoken.sum()), float(voiced.sum()), len(right)]
        bands.append(torch.stack([heads.bands(features).flatten(), line.bands.flatten()]))
    correlation = float(torch.corrcoef(torch.cat(bands, dim=1))[0, 1])
    shares = {"phone": tallies[0] / tallies[4], "phone_in_speech": tallies[1] / tallies[2], "voiced": tallies[3] / tallies[4], "band_correlation": correlation}
    return {name: round(value, 4) for name, value in shares.items()}


def train(lines: Sequence[Line], classes: Sequence[str], plan: Plan, config: LipEncoderConfig) -> tuple[LipEncoder, Heads]:
    """One run; same seed and machine, same net."""
    torch.manual_seed(plan.seed)
    generator = torch.Generator().manual_seed(plan.seed)
    net, heads = LipEncoder(config), Heads(config.width, len(classes))
    learnt = [*net.parameters(), *heads.parameters()]
    optimiser = torch.optim.AdamW(learnt, lr=plan.rate, weight_decay=0.02)
    own, began, step = [line for line in lines if line.split == "train"], time.monotonic(), 0
    valid = [line for line in lines if line.split == "valid"]
    while (done := max(step / plan.steps, (time.monotonic() - began) / (60 * plan.minutes))) < 1.0:
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * min(1.0, (step + 1) / 50) * (1.0 - done) ** 0.7
        with torch.autocast("cpu", torch.bfloat16):
            loss = losses(net, heads, draw(own, plan, generator))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(learnt, 1.0)
        optimiser.step()
        step += 1
        if step % 100 == 0:
            report = {"step": step, "loss": round(float(loss.detach()), 3), "minutes": round((time.monotonic() - began) / 60, 1)}
            print(json.dumps(report | (judged(net.eval(), heads, valid) if step % 300 == 0 and valid else {})), flush=True)
            net.train()
    return net.eval(), heads


def write_features(net: LipEncoder, archive: Path, out: Path) -> int:
    """NAME.npy (pictures, width) float32 of every line with a face; how many."""
    out.mkdir(parents=True, exist_ok=True)
    with (archive / UTTERANCES_FILE).open(encoding="utf-8", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file) if row["has_face"] == "1"]
    for name in names:
        with np.load(archive / f"{name}.npz", allow_pickle=False) as file:
            features = net.encode(torch.from_numpy(file["mouths"])).numpy()
        beside = out / f"{name}.part.npy"
        np.save(beside, features)
        os.replace(beside, out / f"{name}.npy")
    return len(names)


def _smoke() -> None:
    """A minute-long rehearsal on drawn mouths: the net learns to tell open from shut."""
    generator = torch.Generator().manual_seed(0)
    lines = [_drawn_line(index, generator) for index in range(6)]
    plan = Plan(steps=60, batch=4, frames=20, shift_px=2)
    net, heads = train(lines, ("", "ɑ"), plan, LipEncoderConfig((8, 16, 16, 16), 32, 16))
    report = judged(net, heads, lines[-2:])
    with tempfile.TemporaryDirectory(prefix="lipline-lip-encoder-") as folder:
        save_lip_encoder(net, Path(folder))
        open_lip_encoder(Path(folder))
    print(json.dumps(report), flush=True)


def _drawn_line(index: int, generator: torch.Generator) -> Line:
    is_open = (torch.rand(10, generator=generator) < 0.5).repeat_interleave(4)
    mouths = torch.full((40, 64, 64), 160, dtype=torch.uint8)
    for frame, opened in enumerate(is_open):
        half = 10 if opened else 1
        mouths[frame, 32 - half : 32 + half, 16:48] = 30
    bands = (2.0 * is_open.float() - 1.0)[:, None].expand(-1, BANDS * len(NEIGHBOURS)).clone()
    return Line(f"drawn{index}", "train" if index < 4 else "valid", mouths, is_open.long(), bands, is_open, torch.ones(40, dtype=torch.bool))


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, help="folder made by models.recipes.voice_archive")
    parser.add_argument("--out", type=Path, help="where the trained encoder goes")
    parser.add_argument("--weights", type=Path, help="an encoder to run instead of training one")
    parser.add_argument("--features", type=Path, help="write the features of every face of the archive here")
    parser.add_argument("--minutes", type=float, default=Plan().minutes)
    parser.add_argument("--steps", type=int, default=Plan().steps)
    parser.add_argument("--batch", type=int, default=Plan().batch)
    parser.add_argument("--seed", type=int, default=Plan().seed)
    parser.add_argument("--smoke", action="store_true", help="a rehearsal without data")
    options = parser.parse_args(argv)
    if options.smoke:
        _smoke()
        return
    if options.archive is None or (options.out is None) == (options.weights is None):
        parser.error("name --archive, and either --out to train or --weights to run, or try --smoke")
    if options.weights is None:
        lines, classes = read_lines(options.archive)
        plan = Plan(options.minutes, options.steps, options.batch, seed=options.seed)
        net, heads = train(lines, classes, plan, LipEncoderConfig())
        save_lip_encoder(net, options.out)
        for fold in ("valid", "test"):
            if of_fold := [line for line in lines if line.split == fold]:
                print(json.dumps({fold: judged(net, heads, of_fold), "lines": len(of_fold)}), flush=True)
    else:
        net = open_lip_encoder(options.weights)
    if options.features is not None:
        print(f"Features of {write_features(net, options.archive, options.features)} lines in {options.features}.", flush=True)


if __name__ == "__main__":
    main()
