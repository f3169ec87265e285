"""One guided solver step of ZipVoice, as the public code takes it. A checkout of k2-fsa/ZipVoice enters, or nothing for our plain form.

Leaves the velocity of a step, with guidance or of one branch. Nothing of the checkout is installed or shipped; modules that it imports without
needing them for a step are stood in for in this process only, and named.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import subprocess
import sys
import types
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from bench.sync_peer import PeerFailed
from models.speech.guidance import Scales
from models.speech.syncvoice import Conditions, GuidedField, SyncVoice

__all__ = ["PeerFailed", "PublicVoice", "own_plain_form", "public_form"]

Velocity = Callable[[float, Tensor, Tensor, Tensor], Tensor]
_UNUSED = "torch.utils.tensorboard"  # the training log, imported by the module that also pads labels


@dataclass(frozen=True, slots=True)
class PublicVoice:
    """(time, x, text, speech) → velocity, features (batch, frames, feat_dim). `guided`: both branches with scale 1; `one`: a single branch."""

    name: str
    guided: Velocity
    one: Velocity


def own_plain_form(voice: SyncVoice) -> PublicVoice:
    """The net as it is trained, without any of the fast paths."""

    def velocity(scales: Scales) -> Velocity:
        return lambda time, x, text, speech: GuidedField(voice, Conditions(text, speech), scales)(time, x)

    return PublicVoice("our plain form", velocity(Scales(1.0)), velocity(Scales(0.0)))


def public_form(folder: Path, voice: SyncVoice) -> PublicVoice:
    """The public net of a checkout, holding the weights of `voice`'s backbone. Raises PeerFailed."""
    if not (folder / "zipvoice/models/zipvoice.py").is_file():
        raise PeerFailed(f"{folder} holds no zipvoice/models/zipvoice.py; give a checkout of k2-fsa/ZipVoice.")
    stood_in = _stand_in_for_the_training_log()
    sys.path.append(str(folder.resolve()))
    logging.getLogger().setLevel(logging.ERROR)  # that k2 is missing is said below, in one place
    try:
        module = importlib.import_module("zipvoice.models.zipvoice")
    except ImportError as error:
        raise PeerFailed(f"The public code does not start: {error}. Install what it needs and run this again.") from error
    backbone = voice.backbone
    sizes = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(backbone.config).items()}
    net = module.ZipVoice(**sizes, vocab_size=backbone.embed.num_embeddings, pad_id=backbone.pad_id)
    net.load_state_dict(backbone.state_dict())
    net.eval()

    def velocity(scale: float) -> Velocity:
        def at(time: float, x: Tensor, text: Tensor, speech: Tensor) -> Tensor:
            mask = torch.zeros(x.shape[:2], dtype=torch.bool)
            return net.solver.model(
                t=torch.tensor(time), x=x, text_condition=text, speech_condition=speech, padding_mask=mask, guidance_scale=scale
            )  # fmt: skip

        return at

    notes = [f"{_UNUSED} stood in for"] if stood_in else []
    notes.append("with k2" if "k2" in sys.modules else "without k2, so with its own fallback for the swooshes")
    return PublicVoice(f"ZipVoice{_commit(folder)} ({', '.join(notes)})", velocity(1.0), velocity(0.0))


def _stand_in_for_the_training_log() -> bool:
    if importlib.util.find_spec("tensorboard") is not None:
        return False
    stand_in = types.ModuleType(_UNUSED)
    stand_in.SummaryWriter = type("SummaryWriter", (), {})
    sys.modules[_UNUSED] = stand_in
    return True


def _commit(folder: Path) -> str:
    if not (folder / ".git").exists():
        return ""
    argv = ["git", "rev-parse", "--short", "HEAD"]
    return f" at {subprocess.run(argv, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True).stdout.strip()}"
