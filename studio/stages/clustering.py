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
    """Groups less alike than `same_ratio` (mean cosine) are two voices; so are groups less alike than `clear_ratio` that
    are each more alike within by `clear_margin_ratio`. Lines under `anchor_ms` only join; a speaker needs `min_speaker_ms`.

    Tuned so that one person stays one speaker, at the price of sometimes merging two.
    """

    same_ratio: float = 0.25
    clear_ratio: float = 0.6
    clear_margin_ratio: float = 0.3
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
    groups = _groups(vectors[anchors], rules, max_speakers)
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


def _groups(vectors: np.ndarray, rules: VoiceLikeness, max_speakers: int) -> np.ndarray:
    """Group number from 0 for each vector: the tree of voices is cut from the top as long as a cut parts two voices."""
    import numpy as np
    from scipy.cluster.hierarchy import linkage

    count = len(vectors)
    groups = np.zeros(count, dtype=int)
    if count == 1:
        return groups
    tree = linkage(vectors, method="average", metric="cosine")[:, :2].astype(int)
    sums, members = list(vectors), [[at] for at in range(count)]
    for left, right in tree:
        sums.append(sums[left] + sums[right])
        members.append([*members[left], *members[right]])
    whole, open_nodes = [], [2 * count - 2]
    while open_nodes:
        node = open_nodes.pop(open_nodes.index(max(open_nodes)))
        left, right = tree[node - count] if node >= count else (node, node)
        is_room = len(whole) + len(open_nodes) + 2 <= max_speakers
        if node >= count and is_room and _is_two_voices((sums[left], len(members[left])), (sums[right], len(members[right])), rules):
            open_nodes += [int(left), int(right)]
        else:
            whole.append(node)
    for number, node in enumerate(whole):
        groups[members[node]] = number
    return groups


def _is_two_voices(one: tuple[np.ndarray, int], other: tuple[np.ndarray, int], rules: VoiceLikeness) -> bool:
    """Two voices: unlike on average; or not very like, and each much more like itself (alike recording, or synthetic speech).

    `one` and `other` are (sum of unit vectors, how many).
    """
    between = float(one[0] @ other[0]) / (one[1] * other[1])
    if between < rules.same_ratio:
        return True
    return between < rules.clear_ratio and min(_likeness_within(*one), _likeness_within(*other)) - between >= rules.clear_margin_ratio


def _likeness_within(total: np.ndarray, count: int) -> float:
    """Mean cosine between different vectors of a group with sum `total`; 0 for a single one, which proves nothing."""
    return (float(total @ total) - count) / (count * (count - 1)) if count > 1 else 0.0


def _centroids(vectors: np.ndarray, lengths_ms: np.ndarray, groups: np.ndarray, min_speaker_ms: int) -> np.ndarray:
    """Unit mean of each group, weighted by duration; groups heard too briefly are left out, but never all of them."""
    import numpy as np

    heard_ms = np.bincount(groups, weights=lengths_ms)
    kept = [group for group in range(len(heard_ms)) if heard_ms[group] >= min_speaker_ms] or [int(np.argmax(heard_ms))]
    means = np.stack([np.average(vectors[groups == group], axis=0, weights=lengths_ms[groups == group]) for group in kept])
    return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
