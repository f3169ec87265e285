"""Fit the whitening of the timbre encoder: how voices vary within one speaker, so that only differences between speakers count.

Enters a table of `path<TAB>speaker` rows (16 kHz mono files); leaves a safetensors file with `mean` and `whitening`.
Usage: python scripts/fit_timbre.py TABLE.tsv OUT.safetensors
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from safetensors.numpy import save_file

from studio.engines.timbre_features import VoiceDescriber
from studio.engines.vad_silero import RATE_HZ, SileroDetector

CHUNK_MS, SHORTEST_MS = 2_500, 1_300
SHRINKAGE_RATIO = 0.4
FEWEST_CHUNKS = 3


def chunks(path: Path, detector: SileroDetector) -> Iterator[np.ndarray]:
    """Stretches of speech of about two and a half seconds."""
    samples, rate_hz = soundfile.read(path, dtype="float32")
    if rate_hz != RATE_HZ or samples.ndim != 1:
        raise SystemExit(f"{path} is not mono at {RATE_HZ} Hz; convert it first.")
    for span in detector.speech(iter([samples]), RATE_HZ, min_silence_ms=400):
        count = max(1, round(span.length_ms / CHUNK_MS))
        edges = np.linspace(span.start_ms, span.end_ms, count + 1).astype(int) * RATE_HZ // 1000
        for first, last in zip(edges, edges[1:], strict=False):
            if last - first >= SHORTEST_MS * RATE_HZ // 1000:
                yield samples[first:last]


def fit(by_speaker: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Mean over speakers, and the inverse square root of the shrunken covariance within speakers (each speaker counts alike)."""
    steady = [rows for rows in by_speaker.values() if len(rows) >= FEWEST_CHUNKS]
    covariance = np.mean([np.cov(rows.T) for rows in steady], axis=0)
    spread = np.sqrt(np.diag(covariance))
    correlation = (1 - SHRINKAGE_RATIO) * covariance / np.outer(spread, spread) + SHRINKAGE_RATIO * np.eye(len(spread))
    whitening = np.linalg.cholesky(np.linalg.inv(correlation)) / spread[:, None]
    mean = np.mean([rows.mean(axis=0) for rows in by_speaker.values()], axis=0)
    return {"mean": mean.astype(np.float32), "whitening": np.ascontiguousarray(whitening, dtype=np.float32)}


def main(table: Path, out: Path) -> None:
    detector, describer = SileroDetector(), VoiceDescriber()
    found: dict[str, list[np.ndarray]] = {}
    with table.open(encoding="utf-8", newline="") as rows:
        for name, speaker in csv.reader(rows, delimiter="\t"):
            found.setdefault(speaker, []).extend(describer.describe(chunk) for chunk in chunks(Path(name), detector))
    fitted = fit({speaker: np.stack(rows) for speaker, rows in found.items() if rows})
    save_file(fitted, str(out))
    sys.stderr.write(f"{len(found)} speakers, {sum(map(len, found.values()))} stretches of speech\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
