"""Preference learning on SyncVoice: real clips against themselves out of step, held against fine-tuning and against sampling and ranking.

    python -m models.recipes.syncdpo --data build/voice --lips build/lip_features --voice build/syncvoice --out build/syncdpo
    python -m models.recipes.syncdpo … --arms sft,syncdpo,syncdpo-linear --seeds 0,1 --json build/syncdpo.json
    python -m models.recipes.syncdpo … --arms syncdpo-only-shift,syncdpo-only-scale --listener build/recogniser --vocoder build/vocoder
    accelerate launch -m models.recipes.syncdpo …                           # many devices
    python -m models.recipes.syncdpo --smoke                                # made-up utterances, a tiny net, in seconds

All arms start from the same voice and take the same clips, noise, times and number of steps. Resumes where it was; a file `stop` in --out
ends the arm at hand, with its state kept. Every arm leaves a voice of its own, OUT/ARM-SEED/voice.
"""

from __future__ import annotations

import argparse
import copy
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from models.recipes.syncdpo_batches import Judge, Ranker, near_the_clip
from models.recipes.syncdpo_hearing import LipRanker, SpeechJudge, distance_in_place
from models.recipes.syncdpo_table import Comparison, compared, finish, parsed_arms, plan_flags, plan_from, seeds_from
from models.recipes.syncdpo_training import Material, Plan
from models.recipes.syncdpo_voice import FlowJudge, VoiceFlow, VoiceSource, with_faces
from models.recipes.syncvoice import export
from models.recipes.syncvoice_start import SIZES
from models.recipes.syncvoice_data import Spoken, read_spoken
from models.recipes.syncvoice_judge import Judges
from models.recipes.syncvoice_smoke import made_up
from models.speech.bundle import open_voice
from models.speech.guidance import Scales
from models.speech.recogniser import open_recogniser
from models.speech.syncvoice import SyncVoice, SyncVoiceConfig
from models.speech.tokens import TokenTable
from models.speech.vocoder_files import open_vocoder
from studio.engines.sync_lips import LipSyncScorer

# At the start a pair pulls β/4 times as hard as the flow error; on the toy an anchor of β/5 kept spectra as good as fine-tuning does.
PLAN = Plan(steps=200, rate=5e-5, beta=2000.0, anchor_weight=400.0, precision="bf16")
MADE_UP_S = 1.2


@dataclass(frozen=True, slots=True)
class Voice:
    """What all arms start from, and the utterances it learns from and is judged on."""

    net: SyncVoice
    table: TokenTable
    learning: tuple[Spoken, ...]
    held: tuple[Spoken, ...]


def main(argv: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(argv)
    missing = [f"--{name}" for name in ("data", "voice", "out") if getattr(options, name) is None]
    if missing and not options.smoke:
        raise SystemExit(f"Name {', '.join(missing)}, or ask for --smoke.")
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory(prefix="lipline-syncdpo-") if options.out is None else nullcontext(options.out) as folder:
        finish(run(options, Path(folder)), options.json)


def run(options: argparse.Namespace, out: Path) -> Comparison:
    """Every arm with every seed."""
    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device("cpu")
    voice = _made_up() if options.smoke else _read(options)
    for name, weight in voice.net.named_parameters():
        weight.requires_grad_(options.learn == "all" or not name.startswith("backbone."))
    flow = VoiceFlow(voice.net.eval()).to(device)
    source = VoiceSource(voice.learning, voice.table, 2 if options.smoke else options.batch_size, device)
    judge, ranker = _judging(options, voice, device)

    def leave(net: nn.Module, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        export(folder, net.net.config, net.net.state_dict(), voice.table)

    plan = replace(plan_from(options, PLAN), solver_steps=2 if options.smoke else options.solver_steps)
    plans = [replace(plan, seed=seed) for seed in seeds_from(options.seeds)]
    return compared(
        parsed_arms(options.arms), plans, Material(source, ranker, leave), start=lambda _: copy.deepcopy(flow), judge=judge, out=out
    )  # fmt: skip


def _made_up() -> Voice:
    spoken = made_up(0, seconds=MADE_UP_S)
    backbone, speaker = SIZES["tiny"]
    table = TokenTable.of(token for one in spoken for token in one.tokens)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = SyncVoice(SyncVoiceConfig(backbone, len(table), table.pad_id, speaker=speaker))
        for weight in net.fusion.parameters():  # adapters start at zero, where a net in evaluation leaves them out
            nn.init.normal_(weight, std=0.05)
    return Voice(net, table, *_halves(spoken, "valid", len(spoken)))


def _read(options: argparse.Namespace) -> Voice:
    bundle = open_voice(options.voice)
    spoken = read_spoken(options.data, ("train", options.split), lips=options.lips)
    longest = options.longest_s * 93.75
    learning, held = _halves([one for one in spoken if one.frames <= longest], options.split, options.limit)
    if not learning or not held:
        raise SystemExit(f"{options.data} holds {len(learning)} utterances with a face to learn from and {len(held)} to be judged on; both are needed.")
    return Voice(bundle.net, bundle.table, learning, held)


def _halves(spoken: Sequence[Spoken], split: str, limit: int) -> tuple[tuple[Spoken, ...], tuple[Spoken, ...]]:
    seen = with_faces(spoken)
    return tuple(one for one in seen if one.split == "train"), tuple(one for one in seen if one.split == split)[:limit]


def _judging(options: argparse.Namespace, voice: Voice, device: torch.device) -> tuple[Judge, Ranker]:
    """By sound where there is a vocoder's work to hear, by flow error alone in a smoke run or where asked."""
    flow = FlowJudge(voice.held, voice.table, device)
    if options.smoke or options.by_flow_alone:
        return flow, near_the_clip
    judges = Judges(LipSyncScorer(options.scorer), None if options.listener is None else open_recogniser(options.listener))
    vocoder = open_vocoder(options.vocoder)
    scales = Scales(options.s_text, face=options.s_face, lip=options.s_lip)

    def mouths(name: str) -> np.ndarray:
        with np.load(options.data / f"{name}.npz", allow_pickle=False) as kept:
            return kept["mouths"]

    judge = SpeechJudge(voice.held, mouths, voice.table, vocoder, judges, flow, scales, options.solver_steps)
    if options.rank == "mel" or "dpo-ranked" not in options.arms.split(","):
        return judge, near_the_clip
    embedded = {one.name: judges.scorer.embed_lips(mouths(one.name)) for one in voice.learning}
    return judge, LipRanker(vocoder, distance_in_place(judges), embedded)


def _parser() -> argparse.ArgumentParser:
    arms = "sft,dpo-ranked,syncdpo,syncdpo-linear,syncdpo-cosine,syncdpo-gated"
    parser = plan_flags(__doc__ or "", PLAN, default_arms=arms, default_seeds="0")
    parser.add_argument("--data", type=Path, help="folder of models.recipes.voice_archive")
    parser.add_argument("--lips", type=Path, help="folder of lip features, NAME.npy")
    parser.add_argument("--voice", type=Path, help="the SyncVoice folder all arms start from")
    parser.add_argument("--out", type=Path, help="folder of states and voices; --smoke does without")
    parser.add_argument("--learn", choices=("all", "adapters"), default="all")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--longest-s", type=float, default=6.0, help="longer utterances are left out")
    parser.add_argument("--precision", choices=("no", "bf16", "fp16"), default=PLAN.precision)
    parser.add_argument("--split", default="test", help="the split that arms are judged on")
    parser.add_argument("--limit", type=int, default=24, help="utterances judged")
    parser.add_argument("--solver-steps", type=int, default=PLAN.solver_steps)
    parser.add_argument("--rank", choices=("lips", "mel"), default="lips", help="who ranks sampled takes: the lip scorer, or the distance to the real clip")
    parser.add_argument("--by-flow-alone", action="store_true", help="judge by flow error, without sound")
    parser.add_argument("--vocoder", type=Path)
    parser.add_argument("--listener", type=Path, help="folder of a word recogniser, for word errors")
    parser.add_argument("--scorer", type=Path, help="another lip scorer than the bundled one")
    for name, value in (("text", 1.0), ("face", 1.0), ("lip", 1.0)):
        parser.add_argument(f"--s-{name}", type=float, default=value, help=f"guidance by {name} when judged")
    return parser


if __name__ == "__main__":
    main()
