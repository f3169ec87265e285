"""A folder of utterances to train a voice on: sound, mel frames, tokens with their times and, where there is a face, what it looks like.

    python -m models.recipes.voice_archive --grid grid_s1 --speaker s1 --lips build/lips --voiceprint voiceprint.safetensors --out build/voice
    python -m models.recipes.voice_archive --speech speech/index.csv --drafts 1500 --voiceprint voiceprint.safetensors --out build/voice

NAME.npz each, and utterances.csv. Keys: audio int16 at 24 kHz, mel float16 (frames, 100) unscaled, tokens, token_start_s, token_end_s,
aligned bool, voice float32 (256,), or as wide as CAM++; with a face also mouths uint8 (pictures, 64, 64), shape (pictures, 7), ok bool, points (pictures, 45, 2)
and face (pictures, 24) of `models.speech.visual.face_features`, all at 25 Hz from the same moment. What is there already is not made again.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from scipy.signal import resample_poly

from models.recipes.voice_sources import GridFolder, Reader, Spoken, from_drafts, from_grid, from_speech
from models.speech import voiceprint
from models.speech.frozen_speaker import FrozenSpeaker, open_frozen_speaker
from models.speech.spectrum import RATE_HZ, VocoderMel
from models.speech.visual import face_features
from studio.engines.espeak_pool import EspeakPool

UTTERANCES_FILE = "utterances.csv"
COLUMNS = ("name", "speaker", "group", "tier", "licence", "split", "text", "seconds", "has_face")
PICTURE_SAMPLES = RATE_HZ // 25


@dataclass(frozen=True, slots=True)
class Archive:
    """A folder being filled; the nets that describe sound."""

    folder: Path
    mel: VocoderMel
    voiceprint: FrozenSpeaker

    def write(self, spoken: Spoken) -> tuple[str, ...]:
        """Write one utterance; its row of the table."""
        path = self.folder / f"{spoken.name}.npz"
        seen = {} if spoken.lips is None else face_arrays(spoken.lips, len(spoken.samples) // PICTURE_SAMPLES)
        if not path.is_file():
            beside = path.with_suffix(".part.npz")
            np.savez(beside, **self._sound_arrays(spoken), **seen)
            os.replace(beside, path)
        seconds = f"{len(spoken.samples) / RATE_HZ:.3f}"
        facts = (spoken.name, spoken.speaker, spoken.group, spoken.tier, spoken.licence, spoken.split, spoken.text, seconds)
        return (*facts, str(int("face" in seen)))

    @torch.inference_mode()
    def _sound_arrays(self, spoken: Spoken) -> dict[str, np.ndarray]:
        samples = torch.from_numpy(spoken.samples)
        heard = torch.from_numpy(resample_poly(spoken.samples, voiceprint.RATE_HZ // 8000, RATE_HZ // 8000).astype(np.float32))
        return {
            "audio": (np.clip(spoken.samples, -1, 1) * 32767).astype(np.int16),
            "mel": self.mel(samples[None])[0].numpy().astype(np.float16),
            "tokens": np.array(spoken.timed.tokens),
            "token_start_s": spoken.timed.start_s.astype(np.float32),
            "token_end_s": spoken.timed.end_s.astype(np.float32),
            "aligned": np.array(spoken.aligned),
            "voice": self.voiceprint.embed(heard).numpy(),
        }


def face_arrays(path: Path, pictures: int) -> dict[str, np.ndarray]:
    """What a file of lip features knows of the face, cut to the sound or its last picture repeated; pose only where it has landmarks.

    Raises ValueError where the pictures and the sound differ by more than half a second."""
    with np.load(path, allow_pickle=False) as file:
        found = {key: file[source] for key, source in (("mouths", "crops"), ("shape", "shape"), ("ok", "ok"), ("points", "points")) if source in file}
    count = len(found["ok"])
    if abs(count - pictures) > 12:
        raise ValueError(f"{path.name} shows {count} pictures for a sound of {pictures}; make the lip features of this clip again.")
    order = np.minimum(np.arange(pictures), count - 1)
    arrays = {key: values[order] for key, values in found.items()}
    if "points" in arrays:
        arrays["face"] = face_features(arrays["points"], arrays["ok"])
    return arrays


def write_table(folder: Path, rows: Sequence[tuple[str, ...]]) -> None:
    """`utterances.csv`, rows of earlier runs kept."""
    path, kept = folder / UTTERANCES_FILE, {}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            kept = {row[0]: tuple(row) for row in list(csv.reader(file))[1:]}
    kept |= {row[0]: row for row in rows}
    beside = path.with_suffix(".part")
    with beside.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *kept.values()])
    os.replace(beside, path)


def spoken_of(options: argparse.Namespace, reader: Reader) -> Iterator[Spoken | str]:
    return chain(
        from_grid(GridFolder(options.grid, options.speaker, options.lips), reader) if options.grid is not None else (),
        from_speech(options.speech, reader, options.tiers.split(",")) if options.speech is not None else (),
        from_drafts(options.drafts, options.seed, reader) if options.drafts else (),
    )


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grid", type=Path, help="a folder of clips of one speaker with words.tsv")
    parser.add_argument("--speaker", default="s1", help="whose clips --grid has")
    parser.add_argument("--lips", type=Path, help="folder made of --grid by models.recipes.lip_features")
    parser.add_argument("--speech", type=Path, help="a table of recordings with transcripts")
    parser.add_argument("--tiers", default="A", help="licence tiers of --speech, by commas")
    parser.add_argument("--drafts", type=int, default=0, help="sentences in espeak-ng's voices")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--voiceprint", type=Path, required=True, help="weights of the frozen speaker encoder, Resemblyzer or CAM++")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    archive = Archive(options.out, VocoderMel(), open_frozen_speaker(options.voiceprint))
    pool, rows = EspeakPool(size=1), []
    try:
        for found in spoken_of(options, Reader(pool)):
            if isinstance(found, str):
                print(found, flush=True)
            else:
                rows.append(archive.write(found))
    finally:
        pool.close()
    if not rows:
        parser.error("name something to learn from with --grid, --speech or --drafts")
    write_table(options.out, rows)
    print(f"{len(rows)} utterances in {options.out}, {sum(float(row[7]) for row in rows) / 60:.1f} minutes.", flush=True)


if __name__ == "__main__":
    main()
