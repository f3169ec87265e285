"""Speech features to discrete units: k-means (k-means++ start, mini-batches), assignment, and runs of equal units.

Enters (points, dims); leaves centroids, unit ids, and `Runs` (units without repeats, and how long each lasts).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class KmeansConfig:
    """`batch` points a step; a centroid's rate falls with the points it has seen. `start_points`: how many the start is drawn among."""

    units: int = 200
    steps: int = 300
    batch: int = 8192
    start_points: int = 20_000


@dataclass(frozen=True, slots=True)
class Runs:
    """Units without immediate repeats, and the 20 ms frames of each: both (count,), int64, lengths ≥ 1."""

    units: Tensor
    lengths: Tensor


def fit_kmeans(points: Tensor, config: KmeansConfig, generator: torch.Generator) -> Tensor:
    """Centroids (units, dims) of `points` (count, dims). Raises ValueError for fewer points than units."""
    if len(points) < config.units:
        raise ValueError(f"{len(points)} points cannot be parted into {config.units} units; give more speech or ask for fewer units.")
    chosen = points[torch.randperm(len(points), generator=generator)[: max(config.start_points, config.units)]]
    centroids = _spread_start(chosen, config.units, generator)
    seen = torch.zeros(config.units)
    for _ in range(config.steps):
        batch = points[torch.randint(len(points), (config.batch,), generator=generator)]
        units = assign(batch, centroids)
        counts = torch.bincount(units, minlength=config.units).float()
        sums = torch.zeros_like(centroids).index_add_(0, units, batch)
        seen += counts
        step = (counts / seen.clamp(min=1))[:, None]
        centroids = centroids + step * (sums / counts.clamp(min=1)[:, None] - centroids)
    return centroids


def assign(points: Tensor, centroids: Tensor) -> Tensor:
    """The nearest centroid of each point: (count,), int64."""
    half_norms = centroids.square().sum(1) / 2
    return torch.cat([(chunk @ centroids.T - half_norms).argmax(1) for chunk in points.split(_CHUNK)])


def assign_smoothly(points: Tensor, centroids: Tensor, switch_cost: float) -> Tensor:
    """Units of the frames of one utterance, in order, where every change of unit costs as much as `switch_cost` of squared distance.

    The exact optimum by dynamic programming; 0 is `assign`. Without it units flicker from frame to frame.
    """
    if len(points) == 0:
        return torch.zeros(0, dtype=torch.int64)
    distances = torch.cdist(points.double(), centroids.double()).square().numpy()
    cost, from_best = distances[0], np.zeros(distances.shape, dtype=np.int64)
    stay = np.arange(len(centroids))
    for frame in range(1, len(distances)):
        best = int(cost.argmin())
        changed = cost[best] + switch_cost
        from_best[frame] = np.where(cost <= changed, stay, best)
        cost = np.minimum(cost, changed) + distances[frame]
    units = np.empty(len(distances), dtype=np.int64)
    units[-1] = cost.argmin()
    for frame in range(len(distances) - 1, 0, -1):
        units[frame - 1] = from_best[frame, units[frame]]
    return torch.from_numpy(units)


def distortion(points: Tensor, centroids: Tensor) -> float:
    """Mean squared distance to the nearest centroid."""
    return float((points - centroids[assign(points, centroids)]).square().sum(1).mean())


def deduplicate(units: Tensor) -> Runs:
    """Runs of equal units; (count,) ids in. Papers §2.4: repeats are removed before translation."""
    values, lengths = torch.unique_consecutive(units, return_counts=True)
    return Runs(values, lengths)


def repeat(runs: Runs) -> Tensor:
    """The ids frame by frame again."""
    return torch.repeat_interleave(runs.units, runs.lengths)


def _spread_start(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """k-means++: each next centroid is drawn with chances that grow with the squared distance from those there."""
    first = int(torch.randint(len(points), (1,), generator=generator))
    chosen, nearest = [first], (points - points[first]).square().sum(1)
    for _ in range(count - 1):
        # points may coincide; a chance for every point keeps the draw defined
        index = int(torch.multinomial(nearest + 1e-12, 1, generator=generator))
        chosen.append(index)
        nearest = torch.minimum(nearest, (points - points[index]).square().sum(1))
    return points[chosen]
