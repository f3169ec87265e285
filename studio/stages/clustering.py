"""Who speaks: voice vectors of lines clustered into speakers, named in order of appearance. Prefers too few to too many.

Average-linkage clustering by cosine over lines long enough to be sure of; the rest join the nearest voice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

MAX_ANCHORS = 1_500


@dataclass(frozen=True, slots=True)
class VoiceSample:
    """`vector`: unit length, float32, shape (dim,), of `length_ms` of speech."""

    vector: np.ndarray
    length_ms: int


@dataclass(frozen=True, slots=True)
class VoiceLikeness:
    """Voices nearer than `same_ratio` (cosine) are one; lines under `anchor_ms` only join; a speaker needs `min_speaker_ms`."""

    same_ratio: float = 0.25
    anchor_ms: int = 1_500
    min_speaker_ms: int = 2_500


def speakers_of(samples: Sequence[VoiceSample], *, max_speakers: int, likeness: VoiceLikeness | None = None) -> list[str]:
    """A name per sample, "Speaker 1" the first heard; at most `max_speakers` different ones."""
    if not samples:
        return []
    import numpy as np

    rules = VoiceLikeness() if likeness is None else likeness
    vectors = np.stack([sample.vector for sample in samples]).astype(np.float64)
    lengths_ms = np.array([sample.length_ms for sample in samples], dtype=np.float64)
    anchors = _anchors(lengths_ms, rules.anchor_ms)
    groups = _groups(vectors[anchors], rules.same_ratio, max_speakers)
    centroids = _centroids(vectors[anchors], lengths_ms[anchors], groups, rules.min_speaker_ms)
    labels = np.argmax(vectors @ centroids.T, axis=1)
    order = list(dict.fromkeys(labels.tolist()))
    return [f"Speaker {order.index(label) + 1}" for label in labels.tolist()]


def _anchors(lengths_ms: np.ndarray, anchor_ms: int) -> np.ndarray:
    """Indices of the lines that decide, in order: long enough, at most `MAX_ANCHORS`; the longest alone if all are short."""
    import numpy as np

    longest_first = np.argsort(-lengths_ms, kind="stable")
    count = min(MAX_ANCHORS, max(1, int(np.sum(lengths_ms >= anchor_ms))))
    return np.sort(longest_first[:count])


def _groups(vectors: np.ndarray, same_ratio: float, max_speakers: int) -> np.ndarray:
    """Group number from 0 for each vector."""
    import numpy as np
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(vectors) == 1:
        return np.zeros(1, dtype=int)
    tree = linkage(vectors, method="average", metric="cosine")
    groups = fcluster(tree, 1 - same_ratio, criterion="distance")
    if groups.max() > max_speakers:
        groups = fcluster(tree, max_speakers, criterion="maxclust")
    return groups - 1


def _centroids(vectors: np.ndarray, lengths_ms: np.ndarray, groups: np.ndarray, min_speaker_ms: int) -> np.ndarray:
    """Unit mean of each group, weighted by duration; groups heard too briefly are left out, but never all of them."""
    import numpy as np

    heard_ms = np.bincount(groups, weights=lengths_ms)
    kept = [group for group in range(len(heard_ms)) if heard_ms[group] >= min_speaker_ms] or [int(np.argmax(heard_ms))]
    means = np.stack([np.average(vectors[groups == group], axis=0, weights=lengths_ms[groups == group]) for group in kept])
    return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
