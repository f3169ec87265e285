"""Train the scorer of lip synchrony on a folder of lip features, or score it on speakers and sources it has never seen.

    python -m models.recipes.lip_features --index CLIPS.csv --videos DIR --out build/lips
    python -m models.recipes.syncnet --features build/lips --out build/scorer            # resumes where it was
    python -m models.recipes.syncnet --features build/lips --out build/fold0 --held-out 0
    python -m models.recipes.syncnet --smoke                            # in seconds, on made-up features, nothing kept

Held-out parts are split by speaker or source (`group`); of a group with many clips every tenth is kept out as well.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.checkpoint import read_training_state, write_training_state
from models.recipes.syncnet_smoke import smoke_features
from models.sync.lip_data import SHAPE_SIZE, Cut, LipClip, Window, WindowBatch, cut_mel, fold_of, make_batch, pick_window, read_clip, read_clips
from models.sync.lip_judge import embeddings, judged, offset_curve
from models.sync.lip_loss import LossScales, dub_loss, frame_loss, offset_means, similarities, window_loss
from models.sync.lip_scorer import LipScorer, LipScorerConfig, save_lip_scorer

MANY_CLIPS = 50  # a group with more clips than this is one studio recording: every tenth clip of it is held out
LEAST_FRAMES, LEAST_SEEN_SHARE = 20, 0.85  # shorter clips, and clips whose face is often lost, teach nothing
SCALES = LossScales()
MOST_LAG, CLEARLY_BETTER = 4, 0.08  # frames of 40 ms, cosine


@dataclass(frozen=True, slots=True)
class Plan:
    steps: int = 400
    batch: int = 24
    frames: int = 40
    margin: int = 15
    peak_rate: float = 1.5e-3
    warmup: int = 100
    weight_decay: float = 0.02
    many_share: float = 0.25
    dub_weight: float = 3.0
    shape_weight: float = 1.0
    seed: int = 0
    every: int = 100
    kept_for_average: float = 0.998
    is_half: bool = True
    realigned_at: tuple[int, ...] = (150, 250, 350)


@dataclass(frozen=True, slots=True)
class Material:
    """Originals to learn from and to be judged on, dubs of the same pictures by `set_id`, and the groups that are one studio recording."""

    train: tuple[LipClip, ...]
    held_out: tuple[LipClip, ...]
    dubs: dict[str, tuple[LipClip, ...]]
    large_groups: frozenset[str]


def gather(folder: Path, config: LipScorerConfig, folds: int, held_out: int, tiers: str) -> Material:
    """Clips of the licence tiers asked for; `held_out` −1 trains on every group (but not on every tenth clip of a large one)."""
    infos = [info for info in read_clips(folder) if info.tier in tiers.split(",")]
    sizes = Counter(info.group for info in infos)
    clips = [clip for info in infos if (clip := read_clip(folder, info, config.bands)).frames >= LEAST_FRAMES and float(clip.seen.float().mean()) >= LEAST_SEEN_SHARE]

    def is_kept_out(clip: LipClip) -> bool:
        if sizes[clip.info.group] > MANY_CLIPS:
            return fold_of(clip.info.name, 10) == 0
        return fold_of(clip.info.group, folds) == held_out

    originals = [clip for clip in clips if clip.info.is_original]
    dubs: dict[str, list[LipClip]] = {}
    for clip in clips:
        if not clip.info.is_original:
            dubs.setdefault(clip.info.set_id, []).append(clip)
    return Material(
        tuple(clip for clip in originals if not is_kept_out(clip)),
        tuple(clip for clip in originals if is_kept_out(clip)),
        {key: tuple(found) for key, found in dubs.items()},
        frozenset(group for group, size in sizes.items() if size > MANY_CLIPS),
    )


def chances(clips: Sequence[LipClip], many_share: float) -> Tensor:
    """How often each clip is drawn: longer ones more, large groups together `many_share` of the time."""
    sizes = Counter(clip.info.group for clip in clips)
    weight = torch.tensor([math.sqrt(clip.frames) for clip in clips])
    is_many = torch.tensor([sizes[clip.info.group] > MANY_CLIPS for clip in clips])
    if bool(is_many.any()) and not bool(is_many.all()):
        weight[is_many] *= many_share / weight[is_many].sum()
        weight[~is_many] *= (1 - many_share) / weight[~is_many].sum()
    return weight


def dub_pairs(windows: Sequence[Window], material: Material, plan: Plan, generator: torch.Generator) -> list[tuple[int, Window]]:
    """For each window whose picture has dubs, one of them at the same moment, with its place in the batch."""
    found = []
    for place, window in enumerate(windows):
        rivals = [dub for dub in material.dubs.get(window.clip.info.set_id, ()) if dub.frames >= window.start + window.pace * plan.frames]
        if rivals and window.clip.info.set_id:
            rival = rivals[int(torch.randint(len(rivals), (), generator=generator))]
            found.append((place, Window(rival, window.start, 0, window.pace)))
    return found


class Training:
    def __init__(self, plan: Plan, config: LipScorerConfig, material: Material, out: Path) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.config, self.material, self.out = plan, config, material, out
        self.net, self.average = LipScorer(config), LipScorer(config)
        self.average.load_state_dict(self.net.state_dict())
        self.heads = nn.ModuleDict({side: nn.Linear(config.width, SHAPE_SIZE) for side in ("lips", "sound")})
        self.optimizer = torch.optim.AdamW([*self.net.parameters(), *self.heads.parameters()], lr=plan.peak_rate, weight_decay=plan.weight_decay, betas=(0.9, 0.98))
        self.generator = torch.Generator().manual_seed(plan.seed)
        self.weights = chances(material.train, plan.many_share)
        self.lags = [0] * len(material.train)
        self.step = 0
        if (out / "state.pt").is_file():
            self._resume()

    def _resume(self) -> None:
        state = read_training_state(self.out / "state.pt")
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.heads.load_state_dict(state["heads"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"])
        self.step, self.lags = int(state["step"]), list(state["lags"])

    def run(self) -> None:
        started, seen = time.monotonic(), []
        while self.step < self.plan.steps:
            seen.append(self._one_step())
            self.step += 1
            if self.step in self.plan.realigned_at:
                self._realign()
            if self.step % self.plan.every == 0 or self.step == self.plan.steps:
                report = {"step": self.step, "loss": sum(seen) / len(seen), "seconds": round(time.monotonic() - started)}
                if self.material.held_out:
                    report |= judged(self.average, self.material.held_out, self.material.dubs, self.material.large_groups)
                print(json.dumps(report), flush=True)
                seen = []
                self._keep()

    def _one_step(self) -> float:
        plan = self.plan
        for group in self.optimizer.param_groups:
            group["lr"] = _rate(self.step, plan)
        drawn = torch.multinomial(self.weights, plan.batch, replacement=True, generator=self.generator)
        windows = [pick_window(self.material.train[index], plan.frames, self.generator, self.lags[index]) for index in drawn.tolist()]
        cut = Cut(plan.frames, plan.margin, self.config.side_px)
        batch = make_batch(windows, cut, self.generator)
        rivals = dub_pairs(windows, self.material, plan, self.generator) if plan.dub_weight > 0 else []
        pairs = [(place, cut_mel(windows[place], cut)[0], cut_mel(window, cut)[0]) for place, window in rivals]
        self.net.train()
        loss = self._loss(batch, pairs)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self._average()
        return float(loss.detach())

    def _realign(self) -> None:
        """Footage that is out of sync in itself is learned from where it fits: a clip whose sound fits clearly better a few frames off is
        heard there from now on. Early in training, before any clip can be known by heart."""
        for index, clip in enumerate(self.material.train):
            curve = offset_curve(*embeddings(self.net, clip), MOST_LAG)
            best = int(curve.argmax()) - MOST_LAG
            self.lags[index] = best if float(curve.max() - curve[MOST_LAG]) > CLEARLY_BETTER else 0
        print(json.dumps({"step": self.step, "realigned": {clip.info.name: lag for clip, lag in zip(self.material.train, self.lags, strict=True) if lag}}), flush=True)

    def _loss(self, batch: WindowBatch, pairs: list[tuple[int, Tensor, Tensor]]) -> Tensor:
        """`pairs`: for some windows their place in the batch, and the sound of original and dub as they are."""
        plan, count = self.plan, len(batch.pictures)
        sounds = [mel for pair in pairs for mel in pair[1:]]
        with torch.autocast("cpu", torch.bfloat16, enabled=plan.is_half):  # the towers alone; half the time on a CPU that knows bfloat16
            seen, heard = self.net.lip_hidden(batch.pictures), self.net.sound_hidden(torch.cat([batch.mel, torch.stack(sounds)]) if sounds else batch.mel)
        seen, heard = seen.float(), heard.float()
        lips, sound = F.normalize(self.net.lip_body.out(seen), dim=-1), F.normalize(self.net.sound_body.out(heard), dim=-1)
        cosines = similarities(lips, sound[:count])
        means = offset_means(cosines, batch.inside, plan.margin)
        at = slice(plan.margin, plan.margin + plan.frames)
        shapes = (self.heads["lips"](seen), self.heads["sound"](heard[:count, at]))
        loss = frame_loss(cosines, batch.inside, plan.margin, SCALES.frame) + window_loss(means, plan.margin, SCALES.window)
        loss = loss + plan.shape_weight * sum(F.mse_loss(shape, batch.shape) for shape in shapes)
        if not pairs:
            return loss
        fits = (lips[[place for place, *_ in pairs]].repeat_interleave(2, 0) * sound[count:, at]).sum(-1).mean(1)
        return loss + plan.dub_weight * dub_loss(fits[0::2], fits[1::2], SCALES.dub)

    def _average(self) -> None:
        keep = min(self.plan.kept_for_average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for kept, new in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
                if kept.is_floating_point():
                    kept.lerp_(new, 1 - keep)
                else:
                    kept.copy_(new)

    def _keep(self) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        state = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "heads": self.heads.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "step": self.step,
            "lags": self.lags,
        }
        write_training_state(self.out / "state.pt", state)
        save_lip_scorer(self.average, self.out)


def _rate(step: int, plan: Plan) -> float:
    """Linear warm-up, then a cosine to a hundredth."""
    if step < plan.warmup:
        return plan.peak_rate * (step + 1) / plan.warmup
    share = (step - plan.warmup) / max(1, plan.steps - plan.warmup)
    return plan.peak_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))


def main(argv: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(argv)
    if options.out is None and not options.smoke:
        raise SystemExit("Name the folder of the run with --out, or try --smoke.")
    with tempfile.TemporaryDirectory(prefix="lipline-syncnet-") if options.out is None else nullcontext(options.out) as folder:
        _train(options, Path(folder))


def _train(options: argparse.Namespace, out: Path) -> None:
    config, plan = LipScorerConfig(), Plan(steps=options.steps, batch=options.batch, seed=options.seed, dub_weight=options.dub_weight)
    if options.smoke:
        config = LipScorerConfig(side_px=32, channels=(4, 8, 8), width=16, dim=8, dilations=(1,))
        plan = Plan(steps=4, batch=4, frames=20, margin=5, every=2, seed=options.seed, is_half=False)
        options.features = smoke_features(out / "features", seed=options.seed)
    if options.features is None:
        raise SystemExit("Name a folder of lip features with --features, or try --smoke.")
    material = gather(options.features, config, options.folds, options.held_out, options.tiers)
    print(json.dumps({"train": len(material.train), "held_out": len(material.held_out), "plan": asdict(plan)}), flush=True)
    Training(plan, config, material, out).run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=Path, help="folder made by models.recipes.lip_features")
    parser.add_argument("--out", type=Path, help="the run's folder; --smoke does without")
    parser.add_argument("--steps", type=int, default=Plan().steps)
    parser.add_argument("--batch", type=int, default=Plan().batch)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folds", type=int, default=4, help="speakers and sources are split into so many parts")
    parser.add_argument("--held-out", type=int, default=-1, help="the part nobody learns from; -1: none")
    parser.add_argument("--dub-weight", type=float, default=Plan().dub_weight, help="weight of original against dub; 0 leaves it out")
    parser.add_argument("--tiers", default="A,A?,B", help="licence tiers of footage to learn from")
    parser.add_argument("--smoke", action="store_true", help="a tiny net on made-up features, in seconds")
    return parser


if __name__ == "__main__":
    main()
