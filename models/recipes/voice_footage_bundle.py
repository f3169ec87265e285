"""Of a training on footage the folder that the studio offers as a voice: weights, sizes, tokens, lip encoder, and whose voices it knows.

    python -m models.recipes.voice_footage_bundle --trained RUN --from VOICE --data UTTERANCES --voiceprint FILE --lip-encoder FOLDER --label NAME --out FOLDER

`python -m studio train voice` runs this last. It knows the voices that the voice it started from knew, and the people of the footage who speak
most; each is the mean of the embeddings of their lines, and two seconds of the line that is most like it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.checkpoint import BadWeights, read_tensors, write_tensors
from models.recipes.syncvoice_data import REFERENCE_FRAMES, Spoken, read_spoken
from models.speech.bundle import MODEL_JSON, TOKENS_FILE
from models.speech.frozen_speaker import open_frozen_speaker
from models.speech.weights_files import weights_file

VOICES_FILE, MODEL_FILE, SPEAKER_FOLDER = "voices.safetensors", "model.safetensors", "speaker"
MOST_PEOPLE = 8
Voice = dict[str, str]  # name, label, gender


def likeness(own: Sequence[Spoken]) -> dict[str, Tensor]:
    """`voice` (256,) of unit length and `reference` (at most 188, 100) log-mel of one person's lines."""
    prints = np.stack([one.voice for one in own]).astype(np.float32)
    mean = prints.mean(axis=0) / max(float(np.linalg.norm(prints.mean(axis=0))), 1e-6)
    long = [number for number, one in enumerate(own) if one.frames >= REFERENCE_FRAMES] or [int(np.argmax([one.frames for one in own]))]
    mel = own[max(long, key=lambda number: float(prints[number] @ mean))].mel
    first = max(0, (len(mel) - REFERENCE_FRAMES) // 2)
    return {"voice": torch.from_numpy(mean), "reference": torch.from_numpy(mel[first : first + REFERENCE_FRAMES].astype(np.float32))}


def people(spoken: Sequence[Spoken]) -> list[tuple[str, list[Spoken]]]:
    """Who is heard, those who speak most first, with their lines."""
    by_speaker: dict[str, list[Spoken]] = defaultdict(list)
    for one in spoken:
        by_speaker[one.speaker].append(one)
    return sorted(by_speaker.items(), key=lambda item: -sum(one.frames for one in item[1]))[:MOST_PEOPLE]


def known_voices(base: Path, spoken: Sequence[Spoken]) -> tuple[list[Voice], dict[str, Tensor]]:
    """The voices of `base`, then those of the footage under names of their own; and the tensors of all. Raises BadWeights."""
    voices: list[Voice] = list(json.loads((base / MODEL_JSON).read_text(encoding="utf-8")).get("voices", ()))
    tensors = read_tensors(base / VOICES_FILE) if voices else {}
    if voices and spoken and len(tensors[f"{voices[0]['name']}.voice"]) != len(spoken[0].voice):
        voices, tensors = [], {}  # told by another speaker encoder, which this voice does not understand any more
    taken = {voice["name"] for voice in voices}
    for speaker, own in people(spoken):
        plain = re.sub(r"[^a-z0-9]+", "-", speaker.lower()).strip("-")[:40] or "voice"
        name = next(one for one in (plain, *(f"{plain}-{number}" for number in range(2, len(taken) + 3))) if one not in taken)
        taken.add(name)
        voices.append({"name": name, "label": speaker, "gender": ""})
        tensors |= {f"{name}.{key}": value for key, value in likeness(own).items()}
    return voices, tensors


def bundle(asked: argparse.Namespace) -> list[Voice]:
    """Write the folder, model.json last: only then the studio sees it. Returns the voices it knows."""
    spoken = read_spoken(asked.data, ("train", "valid"))
    voices, tensors = known_voices(asked.base, spoken)
    put_speaker_encoder(asked.voiceprint, asked.out)
    asked.out.mkdir(parents=True, exist_ok=True)
    write_tensors(asked.out / VOICES_FILE, tensors)
    for name in (MODEL_FILE, TOKENS_FILE):
        beside = asked.out / f"{name}.part"
        shutil.copyfile(asked.trained / name, beside)
        os.replace(beside, asked.out / name)
    for source, name in ((asked.lip_encoder, "lips"), (asked.base / "vocoder", "vocoder")):
        if source is not None and source.is_dir():
            shutil.copytree(source, asked.out / name, dirs_exist_ok=True)
    described = json.loads((asked.trained / MODEL_JSON).read_text(encoding="utf-8"))
    own_lips = {"lip_features": "own"} if asked.lip_encoder is None else {}
    beside = asked.out / f"{MODEL_JSON}.part"
    beside.write_text(json.dumps({**described, **own_lips, "label": asked.label, "voices": voices}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    os.replace(beside, asked.out / MODEL_JSON)
    return voices


def put_speaker_encoder(weights: Path | None, out: Path) -> None:
    """CAM++ goes with the voice, for a recording's voice is told by the net that it was trained with; Resemblyzer is everywhere."""
    if weights is None or open_frozen_speaker(weights).kind == "resemblyzer":
        return
    path = weights_file(weights)
    (out / SPEAKER_FOLDER).mkdir(parents=True, exist_ok=True)
    beside = out / SPEAKER_FOLDER / f"{path.name}.part"
    shutil.copyfile(path, beside)
    os.replace(beside, out / SPEAKER_FOLDER / path.name)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m models.recipes.voice_footage_bundle", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trained", type=Path, required=True, help="folder of models.recipes.syncvoice")
    parser.add_argument("--from", dest="base", type=Path, required=True, help="the voice it started from")
    parser.add_argument("--data", type=Path, required=True, help="folder of the utterances it learned from")
    parser.add_argument("--voiceprint", type=Path, help="the speaker encoder it was trained with")
    parser.add_argument("--lip-encoder", type=Path, help="the lip encoder it was trained with; none where it learned from features of your own")
    parser.add_argument("--label", required=True, help="what people call the voice")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    try:
        voices = bundle(asked)
    except (BadWeights, OSError) as error:
        raise SystemExit(f"The voice cannot be put together: {error}") from error
    print(f"It knows {len(voices)} voices: {', '.join(voice['label'] for voice in voices)}.", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
