"""k-means finds clusters that are there, alike for one seed; runs and repetition undo each other."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.units.kmeans import KmeansConfig, assign, assign_smoothly, deduplicate, distortion, fit_kmeans, repeat

CENTRES = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0], [5.0, 5.0]])


def clouds(seed: int = 0) -> torch.Tensor:
    noise = torch.randn(5, 200, 2, generator=torch.Generator().manual_seed(seed))
    return (CENTRES[:, None] + 0.3 * noise).flatten(0, 1)


def fitted(seed: int) -> torch.Tensor:
    return fit_kmeans(clouds(), KmeansConfig(units=5, steps=60, batch=200, start_points=400), torch.Generator().manual_seed(seed))


def test_of_a_few_starts_the_best_finds_every_cluster_and_none_is_far_off() -> None:
    tables = sorted((fitted(seed) for seed in range(5)), key=lambda found: distortion(clouds(), found))
    assert float(torch.cdist(CENTRES, tables[0]).min(1).values.max()) < 0.2
    assert distortion(clouds(), tables[0]) < 0.25
    assert distortion(clouds(), tables[-1]) < 0.3 * distortion(clouds(), clouds().mean(0, keepdim=True))


def test_one_seed_gives_one_table() -> None:
    assert torch.equal(fitted(3), fitted(3))


def test_a_point_belongs_to_the_nearest_centroid() -> None:
    points = clouds(1)
    assert torch.equal(assign(points, CENTRES), torch.cdist(points, CENTRES).argmin(1))


@pytest.mark.parametrize("cost", [0.0, 0.7, 5.0])
def test_smooth_units_are_the_cheapest_of_all_ways(cost: float) -> None:
    points = torch.randn(5, 2, generator=torch.Generator().manual_seed(8)) * 3
    centroids = CENTRES[[0, 4, 1]] / 2

    def price(units: tuple[int, ...]) -> float:
        return float((points - centroids[list(units)]).square().sum()) + cost * sum(one != other for one, other in pairwise(units))

    best = min(product(range(3), repeat=5), key=price)
    assert price(tuple(assign_smoothly(points, centroids, cost).tolist())) == pytest.approx(price(best), abs=1e-4)
    assert len(assign_smoothly(points[:0], centroids, cost)) == 0


def test_without_a_cost_smooth_units_are_the_nearest() -> None:
    assert torch.equal(assign_smoothly(clouds(2), CENTRES, 0.0), assign(clouds(2), CENTRES))


def test_fewer_points_than_units_are_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="3 points cannot be parted into 5 units"):
        fit_kmeans(torch.zeros(3, 2), KmeansConfig(units=5), torch.Generator())


def test_points_that_coincide_are_no_trouble() -> None:
    found = fit_kmeans(torch.ones(50, 2), KmeansConfig(units=4, steps=3, batch=10), torch.Generator().manual_seed(0))
    assert torch.allclose(found, torch.ones(4, 2))


@given(st.lists(st.integers(0, 4), max_size=60))
def test_runs_have_no_repeats_and_give_back_the_frames(ids: list[int]) -> None:
    units = torch.tensor(ids, dtype=torch.int64)
    runs = deduplicate(units)
    assert torch.equal(repeat(runs), units)
    assert bool((runs.units[1:] != runs.units[:-1]).all())
    assert int(runs.lengths.sum()) == len(ids)
