"""Ten lines said in one batch, by net and vocoder: how long it takes beside how long the sound is, and what four branches cost there.

A voice enters, with a device. Meant for a GPU, where a step of a short line is too small to fill the card and a batch is not; it runs anywhere.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from bench.sync import timed
from models.parity import filled_by_rule
from models.speech.fusion import Stream
from models.speech.guidance import Scales
from models.speech.solver import solve
from models.speech.spectrum import FEATURE_SCALE, HOP, RATE_HZ
from models.speech.syncvoice import Conditions, GuidedField, SyncVoice
from models.speech.vocos import Vocos, VocosConfig

AIM_REAL_TIME, AIM_FOUR = 0.01, 3.2
LINES, SECONDS, STEPS = 10, 3.0, 16


@dataclass(frozen=True, slots=True)
class BatchResult:
    """`real_time_factor`: seconds of work for a second of sound, with ZipVoice's own guidance; `four_times_one`: of net alone, one line."""

    device: str
    lines: int
    seconds_each: float
    steps: int
    net_s: float
    vocoder_s: float
    real_time_factor: float
    four_times_one: float


@torch.inference_mode()
def measure_batch(voice: SyncVoice, *, device: str, lines: int = LINES, seconds: float = SECONDS, steps: int = STEPS, vocoder: VocosConfig | None = None) -> BatchResult:
    """Medians of three runs after one that is not counted; the net under autocast to bfloat16, the vocoder in float32. Moves the voice."""
    voice, sound = voice.to(device), Vocos(VocosConfig() if vocoder is None else vocoder)
    sound.load_state_dict(filled_by_rule(sound.state_dict()))
    sound = sound.eval().to(device)
    frames, width = round(seconds * RATE_HZ / HOP), voice.config.backbone.feat_dim
    draw = torch.Generator().manual_seed(0)
    noise, text, speech, face, lip = (torch.randn(lines, frames, width, generator=draw).to(device) for _ in range(5))

    def mel(count: int, scales: Scales) -> Tensor:
        given = Conditions(text[:count], speech[:count], streams={Stream.FACE: face[:count], Stream.LIP: lip[:count]})
        with torch.autocast(torch.device(device).type, dtype=torch.bfloat16):
            return solve(GuidedField(voice, given, scales), noise[:count], steps).float()

    made = mel(lines, Scales(1.0))
    net_s = _typical(lambda: mel(lines, Scales(1.0)), device)
    vocoder_s = _typical(lambda: sound(made.transpose(1, 2) / FEATURE_SCALE), device)
    one, four = (_typical(lambda scales=scales: mel(1, scales), device) for scales in (Scales(0.0), Scales(1.0, face=2.0, lip=3.0)))
    name = torch.cuda.get_device_name() if torch.device(device).type == "cuda" else device
    return BatchResult(name, lines, seconds, steps, net_s, vocoder_s, (net_s + vocoder_s) / (lines * seconds), four / one)


def _typical(work: Callable[[], Tensor], device: str) -> float:
    def finished() -> None:
        work()
        if torch.device(device).type == "cuda":
            torch.cuda.synchronize()

    finished()
    return statistics.median(timed(finished)[0].wall_s for _ in range(3))


def lines_of_batch(result: BatchResult | None) -> list[str]:
    if result is None:
        return ["ten lines in one batch on a GPU: not measured; this needs a CUDA device"]
    return [
        f"{result.lines} lines of {result.seconds_each:g} s in one batch on {result.device}, {result.steps} steps: net {result.net_s:.3f} s, vocoder "
        f"{result.vocoder_s:.3f} s, real-time factor {result.real_time_factor:.4f} (the aim is {AIM_REAL_TIME})",
        f"  four branches take {result.four_times_one:.2f} times one, one line (the aim is {AIM_FOUR})",
    ]
