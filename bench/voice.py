"""A solver step of the voice and its guidance against the public ZipVoice, in one run. `python -m bench.voice --peer DIR`.

The same weights (base sizes, drawn by rule, or --weights FILE), conditions and noise for all; systems take turns, every turn one step. Wall time
and processor time are both given, for on a busy machine only the second tells. Without --peer our own plain form of the net stands in, and the
output says so. Where CUDA is at hand, ten lines in one batch are timed there as well; where it is not, that number is left open.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from bench.machine import as_plain, this_machine
from bench.sync import Span, median, timed, write
from bench.voice_batch import BatchResult, lines_of_batch, measure_batch
from bench.voice_peer import PeerFailed, PublicVoice, own_plain_form, public_form
from models.checkpoint import load_strictly, read_tensors
from models.parity import filled_by_rule
from models.speech.fast import FastDecoder, FastField
from models.speech.fusion import Stream
from models.speech.guidance import Scales
from models.speech.solver import intervals
from models.speech.spectrum import HOP, RATE_HZ
from models.speech.syncvoice import Conditions, SyncVoice, SyncVoiceConfig
from models.speech.zipvoice import ZipVoiceConfig

AIM_FLOAT32, AIM_BFLOAT16, AIM_FOUR = 1.5, 2.5, 3.2
AIM_ERROR_FLOAT32, AIM_ERROR_BFLOAT16 = 1e-4, 1e-2
STEPS, AT_STEP = 16, 6  # of how many steps, and which of them is timed: both branches, the early form of guidance
VOCAB = 360
FOUR = Scales(1.0, face=2.0, lip=3.0)  # no weight cancels: unguided, text, face, face and lips
Work = Callable[[], Tensor]


@dataclass(frozen=True, slots=True)
class Compared:
    """One of our forms against the public one: `times_faster` by medians of turns taken in turn; differences over the deviation of the public
    values, of one branch (`largest`, `typical`: root of the mean square) and of the guided velocity (`largest_guided`)."""

    span: Span
    times_faster: Span
    largest: float
    typical: float
    largest_guided: float


@dataclass(frozen=True, slots=True)
class Branches:
    """A step of four branches in one call: how often the time of a step of one branch, ours in the same numbers, and the public code's."""

    one: Span
    four: Span
    times_one: Span
    times_public_one: Span


@dataclass(frozen=True, slots=True)
class LengthResult:
    """One length of sound. `public`: a guided step of it; `public_one`: a step of one branch."""

    seconds: float
    frames: int
    public: Span
    public_one: Span
    float32: Compared
    bfloat16: Compared
    four_float32: Branches
    four_bfloat16: Branches


def parse_flags() -> argparse.Namespace:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--peer", type=Path, help="checkout of k2-fsa/ZipVoice")
    flags.add_argument("--weights", type=Path, help="model.safetensors or model.pt of the base model; weights drawn by rule when not given")
    flags.add_argument("--seconds", type=float, nargs="+", default=[3.0, 6.0, 12.0], help="of sound in a step")
    flags.add_argument("--repeats", type=int, default=5, help="turns of every system at every length, after one that is not counted")
    flags.add_argument("--seed", type=int, default=0)
    flags.add_argument("--threads", type=int, help="of torch; as torch chooses when not given")
    flags.add_argument("--skip-batch", action="store_true", help="leave out the batch on the GPU")
    flags.add_argument("--json", type=Path, help="write the result here")
    return flags.parse_args()


def main() -> None:
    flags = parse_flags()
    if flags.threads is not None:
        torch.set_num_threads(flags.threads)
    machine, voice = this_machine(), open_base(flags.weights, flags.seed)
    try:
        public = own_plain_form(voice) if flags.peer is None else public_form(flags.peer, voice)
    except PeerFailed as error:
        raise SystemExit(str(error)) from error
    print(machine, f"{torch.get_num_threads()} threads, seed {flags.seed}, public code: {public.name}", sep="\n", end="\n\n", flush=True)
    decoders = {dtype: FastDecoder(voice.backbone.fm_decoder, dtype) for dtype in (torch.float32, torch.bfloat16)}
    lengths = []
    for seconds in flags.seconds:
        lengths.append(measure_length(public, voice, decoders, seconds, flags))
        print(*lines_of_length(lengths[-1]), sep="\n", flush=True)
    batch: BatchResult | None = None
    if torch.cuda.is_available() and not flags.skip_batch:
        batch = measure_batch(voice, device="cuda")
    print(*lines_of_batch(batch), sep="\n")
    if flags.json is not None:
        run = {"seed": flags.seed, "threads": torch.get_num_threads(), "public_code": public.name, "repeats": flags.repeats}
        write(flags.json, {
            "machine": as_plain(machine), "run": run, "lengths": [asdict(one) for one in lengths], "batch": None if batch is None else asdict(batch),
        })  # fmt: skip


def open_base(weights: Path | None, seed: int, sizes: ZipVoiceConfig | None = None) -> SyncVoice:
    """A voice with a backbone of base sizes; what is not read from `weights` is drawn by rule, the visual adapters too."""
    voice = SyncVoice(SyncVoiceConfig(ZipVoiceConfig() if sizes is None else sizes, VOCAB))
    if weights is not None:
        read = read_tensors(weights)
        voice = SyncVoice(SyncVoiceConfig(voice.config.backbone, read["embed.weight"].shape[0]))
    voice.load_state_dict(filled_by_rule(voice.state_dict(), salt="" if seed == 0 else str(seed)))
    if weights is not None:
        load_strictly(voice.backbone, read, str(weights))
    return voice.eval()


def measure_length(
    public: PublicVoice, voice: SyncVoice, decoders: Mapping[torch.dtype, FastDecoder], seconds: float, flags: argparse.Namespace
) -> LengthResult:
    """Every system's steps in turn, `flags.repeats` times over."""
    frames = round(seconds * RATE_HZ / HOP)
    x, text, speech, face, lip = drawn(5, frames, voice.config.backbone.feat_dim, flags.seed)
    time, _ = list(intervals(STEPS))[AT_STEP]
    conditions = Conditions(text, speech, streams={Stream.FACE: face, Stream.LIP: lip})
    works: dict[str, Work] = {"public": lambda: public.guided(time, x, text, speech), "public one": lambda: public.one(time, x, text, speech)}
    for dtype, decoder in decoders.items():
        for name, scales in (("guided", Scales(1.0)), ("one", Scales(0.0)), ("four", FOUR)):
            field = FastField(voice, conditions, scales, decoder)
            works[f"{dtype} {name}"] = lambda field=field: field(time, x)
    made, spans = in_turns(works, flags.repeats)
    return LengthResult(
        seconds, frames, spans["public"], spans["public one"], *(compared(made, spans, str(dtype)) for dtype in decoders),
        *(four_branches(spans, str(dtype)) for dtype in decoders),
    )  # fmt: skip


def drawn(count: int, frames: int, width: int, seed: int) -> list[Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(1, frames, width, generator=draw) for _ in range(count)]


def in_turns(works: Mapping[str, Work], repeats: int) -> tuple[dict[str, Tensor], dict[str, Span]]:
    """What each gives, from a turn that is not counted, and the median of its turns."""
    with torch.inference_mode():
        made = {name: work() for name, work in works.items()}
        turns: dict[str, list[Span]] = {name: [] for name in works}
        for _ in range(repeats):
            for name, work in works.items():
                turns[name].append(timed(work)[0])
    return made, {name: median(spans) for name, spans in turns.items()}


def compared(made: Mapping[str, Tensor], spans: Mapping[str, Span], kind: str) -> Compared:
    public, public_guided = made["public one"], made["public"]
    off = (made[f"{kind} one"] - public) / public.std()
    off_guided = (made[f"{kind} guided"] - public_guided) / public_guided.std()
    span = spans[f"{kind} guided"]
    return Compared(span, spans["public"].over(span), float(off.abs().max()), float(off.square().mean().sqrt()), float(off_guided.abs().max()))


def four_branches(spans: Mapping[str, Span], kind: str) -> Branches:
    one, four = spans[f"{kind} one"], spans[f"{kind} four"]
    return Branches(one, four, four.over(one), four.over(spans["public one"]))


def lines_of_length(result: LengthResult) -> list[str]:
    lines = [f"{result.seconds:g} s ({result.frames} frames), a guided step: public {_span(result.public)}"]
    for name, one, aim, limit in (
        ("float32", result.float32, AIM_FLOAT32, AIM_ERROR_FLOAT32), ("bfloat16", result.bfloat16, AIM_BFLOAT16, AIM_ERROR_BFLOAT16),
    ):  # fmt: skip
        times = one.times_faster
        lines.append(
            f"  {name:8s} {_span(one.span)}: {times.wall_s:.2f} times as fast ({times.cpu_s:.2f} in CPU time; the aim is {aim}), off by at most "
            f"{one.largest:.1e}, typically {one.typical:.1e} of the deviation (the aim is {limit:.0e}), guided at most {one.largest_guided:.1e}"
        )
    lines.append(f"  one branch: public {_span(result.public_one)}")
    for name, four in (("float32", result.four_float32), ("bfloat16", result.four_bfloat16)):
        lines.append(
            f"  {name:8s} four branches in one call {_span(four.four)}: {four.times_one.wall_s:.2f} times our step of one ({four.times_one.cpu_s:.2f} in "
            f"CPU time; the aim is {AIM_FOUR}), {four.times_public_one.wall_s:.2f} times the public one ({four.times_public_one.cpu_s:.2f})"
        )
    return lines


def _span(span: Span) -> str:
    return f"{span.wall_s:.3f} s ({span.cpu_s:.3f} s CPU)"


if __name__ == "__main__":
    main()
