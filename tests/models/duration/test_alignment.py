import itertools

import numpy as np
import pytest

from models.duration.alignment import DurationLimits, cheapest_durations, steadiness_prices


def by_trying_all(prices: np.ndarray, limits: DurationLimits, extra: np.ndarray | None) -> tuple[float, list[tuple[int, ...]]]:
    units, frames = prices.shape
    spans = [range(low, high + 1) for low, high in zip(limits.shortest_frames, limits.longest_frames, strict=True)]
    best, found = np.inf, []
    for durations in itertools.product(*spans):
        if sum(durations) != frames:
            continue
        owners = np.repeat(np.arange(units), durations)
        price = prices[owners, np.arange(frames)].sum()
        if extra is not None:
            price += sum(extra[unit, length] for unit, length in enumerate(durations))
        if price < best - 1e-12:
            best, found = price, [durations]
        elif abs(price - best) <= 1e-12:
            found.append(durations)
    return best, found


@pytest.mark.parametrize("seed", range(12))
def test_the_answer_is_the_one_that_trying_all_segmentations_finds(seed: int) -> None:
    generator = np.random.default_rng(seed)
    units, frames = int(generator.integers(1, 5)), int(generator.integers(4, 10))
    shortest = generator.integers(0, 2, units)
    longest = shortest + generator.integers(1, 6, units)
    longest[0] = max(longest[0], frames)
    prices = generator.normal(size=(units, frames))
    extra = generator.normal(size=(units, int(longest.max()) + 1)) if seed % 2 else None
    limits = DurationLimits(shortest, longest)
    if shortest.sum() > frames:
        pytest.skip("these limits leave no segmentation")
    expected, alternatives = by_trying_all(prices, limits, extra)
    answer = cheapest_durations(prices, limits, extra)
    assert answer.price == pytest.approx(expected, abs=1e-9)
    assert tuple(answer.durations) in alternatives


def test_a_pause_slot_takes_the_frames_in_which_nothing_is_said() -> None:
    prices = np.ones((3, 8))
    prices[0, :3] = prices[2, 5:] = 0.0
    prices[1, 3:5] = 0.0
    limits = DurationLimits(np.array([1, 0, 1]), np.array([8, 8, 8]))
    assert cheapest_durations(prices, limits).durations.tolist() == [3, 2, 3]
    prices[1] = 5.0
    assert cheapest_durations(prices, limits).durations[1] == 0


def test_a_price_on_unsteady_rate_keeps_the_natural_lengths() -> None:
    prices = np.random.default_rng(0).normal(size=(4, 20))
    natural = np.array([3, 7, 4, 6])
    limits = DurationLimits(np.ones(4, int), np.full(4, 17))
    steady = cheapest_durations(prices, limits, steadiness_prices(natural, 17, 1e4))
    assert steady.durations.tolist() == natural.tolist()


def test_limits_that_cannot_fill_the_frames_are_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="cannot fill 9 frames"):
        cheapest_durations(np.zeros((2, 9)), DurationLimits(np.array([1, 1]), np.array([4, 4])))
    with pytest.raises(ValueError, match="neither negative nor above"):
        cheapest_durations(np.zeros((1, 3)), DurationLimits(np.array([4]), np.array([3])))
