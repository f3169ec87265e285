"""The toy benchmark of SyncDPO (papers §3.3): mouths that open and close, spectra whose energy follows them, and a tiny flow that learns it.

    python -m models.recipes.syncdpo_toy                                   # minutes on one thread; prints a table
    python -m models.recipes.syncdpo_toy --out build/toy --json build/toy.json --arms sft,syncdpo --seeds 0,1
    python -m models.recipes.syncdpo_toy --smoke                           # in seconds, nothing kept

Every arm goes on from one net, trained a little by flow matching, with the same clips, noise, times and steps. Judged on held-out mouths
by the peak of the cross-correlation of the generated energy with the mouth: how far off it lies, and how high it is.
"""

from __future__ import annotations

import argparse
import copy
import math
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.recipes.syncdpo_batches import ClipBatch, FlowNet, Sampling, sample, seeded, velocity_under
from models.recipes.syncdpo_table import Comparison, compared, finish, parsed_arms, plan_flags, plan_from, seeds_from
from models.recipes.syncdpo_training import Material, Plan
from models.sync.preference import draw_flow, flow_error, masked_mean
from models.sync.splicing import FRAMES_PER_S

VIDEO_RATE_HZ = 25
BANDS, VOWELS = 16, 6
LOUD, ROOM, NOISE = 4.0, 0.25, 0.25  # log-mel above silence of an open mouth; noise of the room and of everything
VIDEO_NOISE = 0.15  # of the mouth as it is seen
CORRELATION_REACH = 40  # frames
HELD_OUT = 1_000_000  # seeds from here on are for judging
PLAN = Plan(steps=100, rate=1e-3, warmup=10, beta=20.0, anchor_weight=4.0, takes=4, pool_batches=16, solver_steps=8)


@dataclass(frozen=True, slots=True)
class ToyWorld:
    """`pictures`: of 25 a second, in every clip. `pretrain_steps` of flow matching before the arms part, half of them blind."""

    pictures: int = 40
    batch: int = 8
    width: int = 24
    pretrain_steps: int = 100
    pretrain_rate: float = 2e-3
    judged_clips: int = 48

    @property
    def frames(self) -> int:
        return int(self.pictures / VIDEO_RATE_HZ * FRAMES_PER_S)


@dataclass(frozen=True, slots=True)
class ToyClip:
    """`mel`, `clean` (frames, bands) with and without noise; `mouth` (frames,) as it truly opens, `seen` (frames,) as 25 pictures a second
    show it; `text` (frames, vowels), what is said, shared out evenly without regard to time; `word_edges` in frames."""

    mel: Tensor
    clean: Tensor
    mouth: Tensor
    seen: Tensor
    text: Tensor
    word_edges: tuple[int, ...]


class ToySource:
    """Clips made up as they are asked for; the condition is (batch, frames, vowels + 1 + bands): text, mouth seen, context."""

    def __init__(self, world: ToyWorld) -> None:
        self.world = world
        self.vowels = F.avg_pool1d(torch.randn(VOWELS, BANDS + 4, generator=seeded(7))[None], 5, 1)[0] * 2

    def batch(self, generator: torch.Generator) -> ClipBatch[Tensor]:
        clips = [self.clip(generator) for _ in range(self.world.batch)]
        made, device = as_batch(clips, [_stretch(self.world.frames, generator) for _ in clips]), _device()
        return replace(made, mel=made.mel.to(device), region=made.region.to(device), condition=made.condition.to(device))

    def clip(self, generator: torch.Generator) -> ToyClip:
        """Syllables of 0.12–0.3 s, pauses now and then; each opens the mouth along half a sine and sounds as its vowel."""
        length_s, syllables, at = self.world.frames / FRAMES_PER_S, [], 0.05 + 0.3 * _uniform(generator)
        while at < length_s - 0.15:
            span = 0.12 + 0.18 * _uniform(generator)
            syllables.append((at, span, 0.4 + 0.6 * _uniform(generator), int(torch.randint(VOWELS, (), generator=generator))))
            at += span + (0.15 + 0.35 * _uniform(generator) if _uniform(generator) < 0.25 else 0.02)
        times = (torch.arange(self.world.frames) + 0.5) / FRAMES_PER_S
        pictures = (torch.arange(self.world.pictures) + 0.5) / VIDEO_RATE_HZ
        parts = [height * _opening(times, start, span) for start, span, height, _ in syllables]
        mouth = torch.stack(parts).sum(0)
        seen = sum(height * _opening(pictures, start, span) for start, span, height, _ in syllables)
        seen = seen + VIDEO_NOISE * torch.randn(len(pictures), generator=generator)
        clean = sum(part[:, None] * (LOUD + self.vowels[vowel]) for part, (*_, vowel) in zip(parts, syllables, strict=True))
        room = ROOM * torch.randn(BANDS, generator=generator)
        mel = clean + room + NOISE * torch.randn(clean.shape, generator=generator)
        vowels = torch.tensor([vowel for *_, vowel in syllables])
        shared = vowels[(torch.arange(self.world.frames) * len(vowels)) // self.world.frames]
        edges = tuple(round(start * FRAMES_PER_S) for start, *_ in syllables[1:])
        return ToyClip(mel / 2 - 0.5, clean / 2 - 0.5, mouth, _at_mel_rate(seen, times), F.one_hot(shared, VOWELS).float(), edges)


class ToyFlow(nn.Module):
    """Dilated convolutions that see about a second: (x_t, t, condition) → velocity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.enter = nn.Conv1d(2 * BANDS + VOWELS + 1, width, 5, padding=2)
        self.when = nn.Linear(16, width)
        self.blocks = nn.ModuleList(nn.Conv1d(width, 2 * width, 5, padding=2 * step, dilation=step) for step in (1, 3, 9, 1, 3, 9))
        self.out = nn.Conv1d(width, BANDS, 1)

    def prepared(self, condition: Tensor) -> Tensor:
        return condition

    def forward(self, x_t: Tensor, t: Tensor, condition: Tensor) -> Tensor:
        angles = t[:, None] * math.pi * 2.0 ** torch.arange(8, device=t.device) / 4
        when = self.when(torch.cat([angles.sin(), angles.cos()], dim=1))[:, :, None]
        hidden = self.enter(torch.cat([x_t, condition], dim=2).transpose(1, 2))
        for block in self.blocks:
            value, gate = block(F.silu(hidden + when)).chunk(2, dim=1)
            hidden = hidden + value * torch.sigmoid(gate)
        return self.out(F.silu(hidden)).transpose(1, 2)


class ToyJudge:
    """Generates whole clips from held-out mouths and text; the same noise for every net."""

    def __init__(self, source: ToySource, sampling: Sampling) -> None:
        generator = seeded(HELD_OUT)
        self.clips = [source.clip(generator) for _ in range(source.world.judged_clips)]
        self.batch = as_batch(self.clips, [(0, source.world.frames)] * len(self.clips))
        self.noise = torch.randn(self.batch.mel.shape, generator=generator)
        self.sampling = sampling
        self.device = _device()

    def __call__(self, net: FlowNet[Tensor]) -> Mapping[str, float]:
        batch = replace(self.batch, mel=self.batch.mel.to(self.device), region=self.batch.region.to(self.device))
        velocity = velocity_under(net, self.batch.condition.to(self.device))
        made = sample(velocity, batch, self.noise.to(self.device), self.sampling).cpu()
        lags, heights = correlation_peaks(made.mean(-1), torch.stack([clip.mouth for clip in self.clips]))
        clean = torch.stack([clip.clean for clip in self.clips])
        return {
            "within_1_frame": float((lags.abs() <= FRAMES_PER_S / VIDEO_RATE_HZ).float().mean()),
            "lag_ms": float(lags.abs().float().mean()) / FRAMES_PER_S * 1000,
            "height": float(heights.mean()),
            "mel_distance": float((made - clean).abs().mean()),
            "level_error": float(((made.mean(-1) - clean.mean(-1)).abs()).mean()),
        }


def correlation_peaks(energy: Tensor, mouth: Tensor) -> tuple[Tensor, Tensor]:
    """(clips, frames) twice → lag in frames (positive: the sound is late) and height of the peak of the normalised cross-correlation, within ±0.43 s."""
    curves = []
    for lag in range(-CORRELATION_REACH, CORRELATION_REACH + 1):
        late = energy[:, max(0, lag) : energy.shape[1] + min(0, lag)]
        true = mouth[:, max(0, -lag) : mouth.shape[1] + min(0, -lag)]
        late, true = late - late.mean(1, keepdim=True), true - true.mean(1, keepdim=True)
        curves.append((late * true).sum(1) / (late.norm(dim=1) * true.norm(dim=1)).clamp(min=1e-6))
    heights, places = torch.stack(curves, dim=1).max(1)
    return places - CORRELATION_REACH, heights


def follows_the_mouth(takes: Tensor, batch: ClipBatch[Tensor]) -> Tensor:
    """The ranker: how well the energy of each take correlates with the mouth as it is seen, (takes, batch)."""
    seen = batch.condition[..., VOWELS]
    return torch.stack([F.cosine_similarity(_centred(take.mean(-1)), _centred(seen), dim=1) for take in takes])


def as_batch(clips: Sequence[ToyClip], stretches: Sequence[tuple[int, int]]) -> ClipBatch[Tensor]:
    """`stretches`: [start, end) of each row that is generated."""
    mel = torch.stack([clip.mel for clip in clips])
    region = torch.zeros(mel.shape[:2], dtype=torch.bool)
    for row, (start, end) in enumerate(stretches):
        region[row, start:end] = True
    condition = torch.cat([torch.stack([torch.cat([clip.text, clip.seen[:, None]], 1) for clip in clips]), mel * ~region[..., None]], dim=2)
    return ClipBatch(mel, region, condition, word_edges=tuple(clip.word_edges for clip in clips))


def pretrained(world: ToyWorld, source: ToySource, seed: int) -> ToyFlow:
    """What the arms start from: flow matching, the mouth unseen half the time, so that text is known and the mouth half learned."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = ToyFlow(world.width).to(_device())
    optimizer = torch.optim.AdamW(net.parameters(), lr=world.pretrain_rate, betas=(0.9, 0.98), weight_decay=0.0)
    for step in range(world.pretrain_steps):
        generator = seeded(seed, 99, step)
        batch = source.batch(generator)
        seen = batch.condition.clone()
        seen[(torch.rand(len(seen), generator=generator) < 0.5).to(seen.device), :, VOWELS] = 0
        draw = draw_flow(batch.mel, generator)
        loss = masked_mean(flow_error(net, batch.mel, draw, seen), batch.region).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
    return net.eval()


def main(argv: Sequence[str] | None = None) -> None:
    parser = plan_flags(__doc__ or "", PLAN, default_arms="sft,dpo-ranked,syncdpo,syncdpo-linear,syncdpo-cosine,syncdpo-gated", default_seeds="0,1,2")
    parser.add_argument("--pretrain-steps", type=int, default=ToyWorld().pretrain_steps)
    parser.add_argument("--out", type=Path, help="folder of resumable states; none is kept without it")
    options = parser.parse_args(argv)
    world = ToyWorld(pretrain_steps=options.pretrain_steps)
    if options.smoke:
        world = ToyWorld(batch=4, width=8, pretrain_steps=2, judged_clips=4)
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory(prefix="lipline-syncdpo-") if options.out is None else nullcontext(options.out) as folder:
        finish(run(world, options, Path(folder)), options.json)


def run(world: ToyWorld, options: argparse.Namespace, folder: Path) -> Comparison:
    """Every arm with every seed."""
    source = ToySource(world)
    plan = plan_from(options, PLAN)
    judge = ToyJudge(source, Sampling(8))
    seeds = seeds_from(options.seeds)
    starts = {seed: pretrained(world, source, seed) for seed in seeds}
    return compared(
        parsed_arms(options.arms), [replace(plan, seed=seed) for seed in seeds], Material(source, follows_the_mouth),
        start=lambda seed: copy.deepcopy(starts[seed]), judge=judge, out=folder,
    )  # fmt: skip


def _device() -> torch.device:
    return torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device("cpu")


def _stretch(frames: int, generator: torch.Generator) -> tuple[int, int]:
    """70–100 % of a clip, at a random place."""
    length = math.ceil(frames * (0.7 + 0.3 * _uniform(generator)))
    start = int(torch.randint(frames - length + 1, (), generator=generator))
    return start, start + length


def _opening(times: Tensor, start: float, span: float) -> Tensor:
    return torch.where((times >= start) & (times <= start + span), torch.sin(math.pi * (times - start) / span), 0.0)


def _at_mel_rate(seen: Tensor, times: Tensor) -> Tensor:
    """Linear between the centres of pictures."""
    place = (times * VIDEO_RATE_HZ - 0.5).clamp(0, len(seen) - 1)
    before = place.floor().long()
    return torch.lerp(seen[before], seen[(before + 1).clamp(max=len(seen) - 1)], place - before)


def _centred(curve: Tensor) -> Tensor:
    return curve - curve.mean(1, keepdim=True)


def _uniform(generator: torch.Generator) -> float:
    return float(torch.rand((), generator=generator))


if __name__ == "__main__":
    main()
