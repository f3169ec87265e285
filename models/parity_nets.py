"""The nets that recorded numbers are held against: a fixture and the salt in, their outputs by name out, for every form a net has.

A net joins by a function in `CALLS`, found by how the fixture's name begins. What a net cannot be run on it answers with a sentence.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from torch import Tensor, nn

from models.speech.campplus import CamPlus, CamPlusConfig
from models.speech.guidance import Scales, weighted_branches
from models.speech.solver import solve
from models.speech.token_durations import average_durations, predicted_frames
from models.speech.vocos import Vocos, VocosConfig
from models.speech.zipformer import padding_mask
from models.speech.zipvoice import ZipVoice, ZipVoiceConfig, frames_of_tokens
from models.sync.folded import FoldedSyncNet
from models.sync.syncnet import SyncNet

Outputs = Mapping[str, Tensor]
Arrays = Mapping[str, np.ndarray]
Shapes = Mapping[str, tuple[int, ...]]
Forms = Mapping[str, Outputs]
AS_PUBLISHED = "as published"


@dataclass(frozen=True, slots=True)
class Fixture:
    """`config` and `vocab_size` as NAME.json has them, None where it has not; `shapes` of the state dict; `arrays` of NAME.npz."""

    shapes: Shapes
    arrays: Arrays
    config: object = None
    vocab_size: object = None


def filled_by_rule(state: Mapping[str, Tensor], *, salt: str = "") -> dict[str, Tensor]:
    """The state dict with every floating-point entry drawn anew, but for keys that end in `window` or `fb`, which are tables.

    Matrices keep the variance of their input, norms stay near one, all else is small. Every draw depends on its key and the salt alone."""
    return {
        key: value if not value.is_floating_point() or key.endswith(("window", "fb")) else _drawn(key, tuple(value.shape), salt).to(value)
        for key, value in state.items()
    }


def differing_keys(expected: Shapes, state: Mapping[str, Tensor]) -> str:
    """What a fixture's keys and shapes have that a net's do not, and the other way round; "" where they agree."""
    ours = {key: tuple(value.shape) for key, value in state.items()}
    said = [f"“{key}” is missing here" for key in expected if key not in ours]
    said += [f"“{key}” is not in the fixture" for key in ours if key not in expected]
    said += [f"“{key}” is {ours[key]} here and {shape} in the fixture" for key, shape in expected.items() if key in ours and ours[key] != shape]
    return "; ".join(said)


def _syncnet(fixture: Fixture, salt: str) -> Forms | str:
    arrays, net = fixture.arrays, SyncNet()
    wanted = {"mfcc": 4, "lips": 5, "audio_embedding": 2, "lip_embedding": 2, "lip_features": 2}
    if said := differing_keys(fixture.shapes, net.state_dict()) or _wrong_arrays(arrays, wanted):
        return said
    net.load_state_dict(filled_by_rule(net.state_dict(), salt=salt))
    forms = {AS_PUBLISHED: net.eval(), "folded": FoldedSyncNet(net)}
    with torch.inference_mode():
        mfcc, lips = torch.from_numpy(arrays["mfcc"]).float(), torch.from_numpy(arrays["lips"])
        return {
            name: {"audio_embedding": form.sound(mfcc), "lip_embedding": form.lips(lips), "lip_features": form.lip_features(lips)}
            for name, form in forms.items()
        }


def _vocos(fixture: Fixture, salt: str) -> Forms | str:
    try:
        net = Vocos(VocosConfig.from_json(fixture.config))
    except ValueError as error:
        return str(error)
    if said := _prepared(net, fixture, salt) or _wrong_arrays(fixture.arrays, {"mel": 3, "waveform": 2}):
        return said
    with torch.inference_mode():
        return {AS_PUBLISHED: {"waveform": net.decode(torch.from_numpy(fixture.arrays["mel"]).float())}}


def _campplus(fixture: Fixture, salt: str) -> Forms | str:
    try:
        net = CamPlus(CamPlusConfig.from_json(fixture.config))
    except ValueError as error:
        return str(error)
    if said := _prepared(net, fixture, salt) or _wrong_arrays(fixture.arrays, {"fbank": 3, "embedding": 2}):
        return said
    with torch.inference_mode():
        return {AS_PUBLISHED: {"embedding": net(torch.from_numpy(fixture.arrays["fbank"]).float())}}


_ZIPVOICE_ARRAYS = {
    "prompt_features": 3, "prompt_lens": 1, "speed": 0, "text_condition": 3, "padding_mask": 2, "x0": 3, "t": 0, "speech_condition": 3,
    "velocity": 3, "guidance_scale": 0, "t_shift": 0, "num_step": 0, "x1": 3,
}  # fmt: skip


def _zipvoice(fixture: Fixture, salt: str) -> Forms | str:
    if not isinstance(fixture.config, Mapping) or not isinstance(fixture.vocab_size, int) or fixture.vocab_size < 1:
        return "the fixture does not say the net's sizes (a “config” and a “vocab_size” are wanted)"
    is_distilled = any("guidance_scale_embed" in key for key in fixture.shapes)
    try:
        net = ZipVoice(ZipVoiceConfig.from_json(fixture.config), fixture.vocab_size, is_distilled=is_distilled)
    except ValueError as error:
        return str(error)
    rows = fixture.arrays["prompt_lens"].size if "prompt_lens" in fixture.arrays else 0
    tokens = {f"{kind}{row}": 1 for row in range(rows) for kind in ("tokens", "prompt_tokens")}
    if said := _prepared(net, fixture, salt) or _wrong_arrays(fixture.arrays, _ZIPVOICE_ARRAYS | tokens):
        return said
    try:
        with torch.inference_mode():
            return {AS_PUBLISHED: _zipvoice_outputs(net, fixture.arrays)}
    except ValueError as error:
        return str(error)


def _zipvoice_outputs(net: ZipVoice, arrays: Arrays) -> Outputs:
    """The duration is asked of our own rule, and so is the speech condition: the recorded ones only have to be met."""
    prompts, texts, frames = [], [], []
    for row, prompt_frames in enumerate(arrays["prompt_lens"].tolist()):
        prompt, text = arrays[f"prompt_tokens{row}"].tolist(), arrays[f"tokens{row}"].tolist()
        prompts.append(prompt)
        texts.append([*prompt, *text])
        frames.append(predicted_frames(prompt_frames, len(prompt), len(text), float(arrays["speed"])))
    longest = max(frames)
    index = [frames_of_tokens(text, average_durations(len(text), count), longest) for text, count in zip(texts, frames, strict=True)]
    text, mask = net.placed_condition(texts, torch.stack(index)), padding_mask(frames, longest)
    noise, time = torch.from_numpy(arrays["x0"]), torch.tensor(float(arrays["t"]))
    recorded, speech = (torch.from_numpy(arrays[name]) for name in ("text_condition", "speech_condition"))
    guidance = torch.full((len(texts),), float(arrays["guidance_scale"])) if net.is_distilled else None

    def velocity(at: Tensor, x: Tensor, has_text: bool, has_speech: bool) -> Tensor:
        return net.velocity(at.expand(len(x)), x, recorded * has_text, speech * has_speech, mask, guidance=guidance)

    def guided(at: float, x: Tensor) -> Tensor:
        branches = weighted_branches(Scales(text=float(arrays["guidance_scale"])), (), at, is_distilled=net.is_distilled)
        return torch.stack([weight * velocity(torch.tensor(at), x, branch.has_text, branch.has_speech) for branch, weight in branches]).sum(0)

    return {
        "text_condition": text, "padding_mask": mask, "velocity": velocity(time, noise, True, True),
        "x1": solve(guided, noise, int(arrays["num_step"]), shift=float(arrays["t_shift"])),
    }  # fmt: skip


def _prepared(net: nn.Module, fixture: Fixture, salt: str) -> str:
    """Fills the net and puts it in evaluation mode; what differs, where it does not fit."""
    if said := differing_keys(fixture.shapes, net.state_dict()):
        return said
    net.load_state_dict(filled_by_rule(net.state_dict(), salt=salt))
    net.eval()
    return ""


def _wrong_arrays(arrays: Arrays, wanted: Mapping[str, int]) -> str:
    """`wanted`: how many axes each has."""
    if missing := [key for key, axes in wanted.items() if key not in arrays or arrays[key].ndim != axes]:
        return f"the fixture's arrays lack {', '.join(missing)}, or give them another number of axes"
    if spare := sorted(set(arrays) - set(wanted)):
        return f"the fixture holds {', '.join(spare)}, which this net has no call for"
    return ""


def _drawn(key: str, shape: tuple[int, ...], salt: str) -> Tensor:
    values = np.asarray(np.random.RandomState(zlib.crc32((salt + key).encode())).standard_normal(shape))
    if key.endswith("running_var"):
        values = 1 + 0.1 * np.abs(values)
    elif len(shape) >= 2:
        values = values * prod(shape[1:]) ** -0.5
    elif len(shape) == 1 and key.endswith("weight"):
        values = 1 + 0.1 * values
    else:
        values = 0.1 * values
    return torch.from_numpy(np.asarray(values))


CALLS: Mapping[str, Callable[[Fixture, str], Forms | str]] = {"syncnet": _syncnet, "vocos": _vocos, "campplus": _campplus, "zipvoice": _zipvoice}
