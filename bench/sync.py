"""SyncNet's lip tower and the re-scoring of takes against the public code, in one run. `python -m bench.sync [--peer DIR …]`.

The same weights (drawn by rule, or --weights FILE), crops and sounds for all. One clip with many takes: ours embeds the lips once and then
only listens; the public code scores every take from its crops. Systems take turns. Wall time and processor time are both given, for
on a busy machine only the second tells. Without --peer our own plain form of the public steps stands in, and the table says so.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.machine import as_plain, this_machine
from bench.sync_peer import PeerFailed, PlainScore, PublicForm, own_plain_form, public_form
from models.checkpoint import load_strictly, read_tensors
from models.parity import filled_by_rule
from models.sync.folded import FoldedSyncNet
from models.sync.scoring import OffsetDistances, offset_distances
from models.sync.syncnet import SyncNet
from models.sync.syncnet_windows import embed_lips, embed_sound, lip_windows

AIM_TOWER, AIM_CACHED, AIM_WITH_CACHING, AIM_LSE = 1.3, 50.0, 10.0, 1e-3
RATE_HZ, FRAME_RATE_HZ = 16_000, 25


@dataclass(frozen=True, slots=True)
class Span:
    """Wall and processor time, the latter over all threads of this process."""

    wall_s: float
    cpu_s: float

    def __add__(self, other: Span) -> Span:
        return Span(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)

    def __mul__(self, times: float) -> Span:
        return Span(self.wall_s * times, self.cpu_s * times)

    def over(self, other: Span) -> Span:
        """How many times as long as `other`, both ways of measuring."""
        return Span(round(self.wall_s / other.wall_s, 2), round(self.cpu_s / other.cpu_s, 2))


@dataclass(frozen=True, slots=True)
class TowerResult:
    """`times_faster`: the public form's median over ours; `difference`: largest, over the standard deviation of the public values."""

    windows: int
    public: Span
    folded: Span
    times_faster: Span
    difference: float


@dataclass(frozen=True, slots=True)
class RescoreResult:
    """`public_take`: median of the takes the public code scored, of which there were `public_takes`; it stands for each of `takes`.
    `times_cached`: lip embeddings at hand; `times_with_caching`: the first embedding of the lips counted in. LSE differences are
    absolute (`lse_scale`: the size of LSE-D here)."""

    takes: int
    public_takes: int
    caching: Span
    ours_all: Span
    public_take: Span
    times_cached: Span
    times_with_caching: Span
    lse_d_difference: float
    lse_c_difference: float
    lse_scale: float
    same_offsets: bool


def parse_flags() -> argparse.Namespace:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--peer", type=Path, nargs="+", help="checkout of joonson/syncnet_python, and folders with what it imports")
    flags.add_argument("--weights", type=Path, help="syncnet_v2.model; weights drawn by rule when not given")
    flags.add_argument("--seconds", type=float, default=10.0, help="of the clip")
    flags.add_argument("--takes", type=int, default=20)
    flags.add_argument("--public-takes", type=int, default=3, help="how many of them the public code scores; each costs it the same")
    flags.add_argument("--repeats", type=int, default=5, help="of the lip tower")
    flags.add_argument("--seed", type=int, default=0)
    flags.add_argument("--threads", type=int, help="of torch; as torch chooses when not given")
    flags.add_argument("--json", type=Path, help="write the result here")
    return flags.parse_args()


def main() -> None:
    flags = parse_flags()
    if flags.threads is not None:
        torch.set_num_threads(flags.threads)
    machine = this_machine()
    net = open_net(flags)
    try:
        public = own_plain_form(net) if flags.peer is None else public_form(flags.peer, net.state_dict())
    except PeerFailed as error:
        raise SystemExit(str(error)) from error
    print(machine, f"{torch.get_num_threads()} threads, seed {flags.seed}, public code: {public.name}", sep="\n", end="\n\n", flush=True)
    crops, sounds = drawn_clip(flags.seconds, flags.takes, flags.seed)
    fast = FoldedSyncNet(net)
    tower = measure_tower(public, fast, crops, flags.repeats)
    print(*lines_of_tower(tower), sep="\n", flush=True)
    rescore = measure_rescore(public, fast, crops, sounds, min(flags.public_takes, flags.takes))
    print(*lines_of_rescore(rescore), sep="\n")
    if flags.json is not None:
        run = {"seed": flags.seed, "threads": torch.get_num_threads(), "public_code": public.name, "seconds": flags.seconds}
        write(flags.json, {"machine": as_plain(machine), "run": run, "lip_tower": asdict(tower), "rescore": asdict(rescore)})


def open_net(flags: argparse.Namespace) -> SyncNet:
    net = SyncNet()
    if flags.weights is not None:
        load_strictly(net, read_tensors(flags.weights), str(flags.weights))
    else:
        net.load_state_dict(filled_by_rule(net.state_dict(), salt=str(flags.seed)))
    return net.eval()


def drawn_clip(seconds: float, takes: int, seed: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Pictures that drift, uint8 (frames, 224, 224, 3), and as many int16 sounds of noise that swells like speech."""
    draw = np.random.default_rng(seed)
    frames = round(seconds * FRAME_RATE_HZ)
    small = draw.uniform(0, 255, (28, 28, 3)) + np.cumsum(draw.normal(0, 12, (frames, 28, 28, 3)), axis=0)
    crops = np.clip(small.repeat(8, axis=1).repeat(8, axis=2), 0, 255).astype(np.uint8)
    samples = round(seconds * RATE_HZ)
    swell = [np.interp(np.arange(samples), np.linspace(0, samples, 4 * int(seconds) + 2), draw.uniform(0.02, 1, 4 * int(seconds) + 2)) for _ in range(takes)]
    return crops, [(4000 * one * draw.standard_normal(samples)).clip(-32768, 32767).astype(np.int16) for one in swell]


def measure_tower(public: PublicForm, fast: FoldedSyncNet, crops: np.ndarray, repeats: int) -> TowerResult:
    """Twenty windows through either form in turn, no gradients; the first turn is not counted."""
    windows = lip_windows(torch.from_numpy(crops[:24]))
    with torch.inference_mode():
        pictures = windows.float().contiguous()
        expected, found = public.lips(pictures), fast.lips(windows)
        spans: dict[str, list[Span]] = {"public": [], "folded": []}
        for _ in range(repeats):
            spans["public"].append(timed(lambda: public.lips(pictures))[0])
            spans["folded"].append(timed(lambda: fast.lips(windows))[0])
    medians = {name: median(of_one) for name, of_one in spans.items()}
    difference = float((found - expected).abs().max() / expected.std())
    return TowerResult(len(windows), medians["public"], medians["folded"], medians["public"].over(medians["folded"]), difference)


def measure_rescore(public: PublicForm, fast: FoldedSyncNet, crops: np.ndarray, sounds: list[np.ndarray], public_takes: int) -> RescoreResult:
    embed_sound(fast, _full_scale(sounds[0][:RATE_HZ]))  # so that neither side pays for the first call
    caching, lips = timed(lambda: embed_lips(fast, crops))
    ours: list[tuple[Span, OffsetDistances]] = []
    theirs: list[tuple[Span, PlainScore]] = []
    for number, sound in enumerate(sounds):
        samples = _full_scale(sound)
        ours.append(timed(lambda samples=samples: offset_distances(lips, embed_sound(fast, samples))))
        if number < public_takes:
            theirs.append(timed(lambda sound=sound: public.score(crops, sound)))
            print(f"  take {number + 1}: public {theirs[-1][0].wall_s:.2f} s, ours {ours[-1][0].wall_s:.3f} s", flush=True)
    all_ours, take = sum((span for span, _ in ours), Span(0.0, 0.0)), median([span for span, _ in theirs])
    pairs = [(ours[number][1], score) for number, (_, score) in enumerate(theirs)]
    return RescoreResult(
        takes=len(sounds),
        public_takes=public_takes,
        caching=caching,
        ours_all=all_ours,
        public_take=take,
        times_cached=(take * len(sounds)).over(all_ours),
        times_with_caching=(take * len(sounds)).over(all_ours + caching),
        lse_d_difference=max(abs(mine.lse_d - score.lse_d) for mine, score in pairs),
        lse_c_difference=max(abs(mine.lse_c - score.lse_c) for mine, score in pairs),
        lse_scale=pairs[0][1].lse_d,
        same_offsets=all(mine.offset_frames == score.offset_frames for mine, score in pairs),
    )


def timed(work: Callable[[], Any]) -> tuple[Span, Any]:
    started, cpu_started = time.perf_counter(), time.process_time()
    result = work()
    return Span(time.perf_counter() - started, time.process_time() - cpu_started), result


def median(spans: list[Span]) -> Span:
    return Span(statistics.median(span.wall_s for span in spans), statistics.median(span.cpu_s for span in spans))


def lines_of_tower(result: TowerResult) -> list[str]:
    public, folded, times = result.public, result.folded, result.times_faster
    return [
        f"lip tower, {result.windows} windows: public {public.wall_s:.3f} s ({public.cpu_s:.3f} s CPU), folded {folded.wall_s:.3f} s ({folded.cpu_s:.3f} s CPU)",
        f"  {times.wall_s:.2f} times as fast ({times.cpu_s:.2f} in CPU time; the aim is {AIM_TOWER}), largest difference {result.difference:.1e} of the deviation",
    ]


def lines_of_rescore(result: RescoreResult) -> list[str]:
    ours, take, caching = result.ours_all, result.public_take, result.caching
    cached, first = result.times_cached, result.times_with_caching
    return [
        f"{result.takes} takes: ours {ours.wall_s:.2f} s ({ours.cpu_s:.2f} s CPU) after caching the lips in {caching.wall_s:.2f} s ({caching.cpu_s:.2f} s CPU)",
        f"  public code {take.wall_s:.2f} s ({take.cpu_s:.2f} s CPU) a take, median of {result.public_takes}, {result.takes} times",
        f"  lips cached: {cached.wall_s:.1f} times as fast ({cached.cpu_s:.1f} in CPU time; the aim is {AIM_CACHED:.0f})",
        f"  first caching counted in: {first.wall_s:.1f} times ({first.cpu_s:.1f} in CPU time; the aim is {AIM_WITH_CACHING:.0f})",
        f"  LSE-D differs by {result.lse_d_difference:.1e}, LSE-C by {result.lse_c_difference:.1e}, of {result.lse_scale:.1f} (the aim is {AIM_LSE:.0e}); "
        f"offsets {'agree' if result.same_offsets else 'DIFFER'}",
    ]


def write(path: Path, content: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)


def _full_scale(samples: np.ndarray) -> np.ndarray:
    return samples.astype(np.float32) / 32768


if __name__ == "__main__":
    main()
