"""Makes of a training run the folder that the studio offers: weights, sizes, tokens, and the voices it knows by name.

    python -m models.recipes.syncvoice_bundle --voice build/syncvoice --data build/voice --out models/weights/voice-small --label "Lipline small" \
        --known "grid:GRID speaker 1:male:s1" --known "robin:Robin, drawn from espeak-ng:female:espeak-f2"

A voice is the mean of its utterances' embeddings in the training split, and two seconds of one of them. `held_out.txt` names the clips it never learned from.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from models.checkpoint import write_tensors
from models.recipes.syncvoice_data import REFERENCE_FRAMES, Spoken, read_spoken


@dataclass(frozen=True, slots=True)
class Known:
    """A voice on offer: `name` for programs, `label` for people, `speaker` in the archive."""

    name: str
    label: str
    gender: str
    speaker: str

    @classmethod
    def parse(cls, text: str) -> Known:
        parts = text.split(":")
        if len(parts) != 4 or parts[2] not in ("", "male", "female"):
            raise SystemExit(f"“{text}” is no name:label:gender:speaker.")
        return cls(*parts)


def likeness(spoken: Sequence[Spoken], speaker: str) -> dict[str, torch.Tensor]:
    """`voice` (256,) of unit length, `reference` (188, 100) log-mel: of the utterance that is most like the mean."""
    own = [one for one in spoken if one.speaker == speaker and one.frames >= REFERENCE_FRAMES]
    if not own:
        raise SystemExit(f"The archive has no utterance of {speaker} that is two seconds long.")
    prints = np.stack([one.voice for one in own]).astype(np.float32)
    mean = prints.mean(axis=0) / np.linalg.norm(prints.mean(axis=0))
    nearest = own[int(np.argmax(prints @ mean))]
    first = (nearest.frames - REFERENCE_FRAMES) // 2
    return {"voice": torch.from_numpy(mean), "reference": torch.from_numpy(nearest.mel[first : first + REFERENCE_FRAMES].astype(np.float32))}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m models.recipes.syncvoice_bundle", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("voice", "data", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--label", required=True)
    parser.add_argument("--known", action="append", type=Known.parse, required=True)
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    spoken = read_spoken(asked.data, ("train",))
    tensors = {f"{known.name}.{key}": value for known in asked.known for key, value in likeness(spoken, known.speaker).items()}
    write_tensors(asked.out / "voices.safetensors", tensors)
    for name in ("model.safetensors", "tokens.txt"):
        shutil.copyfile(asked.voice / name, asked.out / name)
    described = json.loads((asked.voice / "model.json").read_text(encoding="utf-8"))
    voices = [{"name": known.name, "label": known.label, "gender": known.gender} for known in asked.known]
    (asked.out / "model.json").write_text(json.dumps({**described, "label": asked.label, "voices": voices}, indent=1) + "\n", encoding="utf-8")
    held = [one.name.removeprefix("g_") for one in read_spoken(asked.data, ("test",))]
    (asked.out / "held_out.txt").write_text("\n".join(held) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
