import numpy as np
import pytest

from models.duration.rounding import isochronous


def test_the_largest_remainders_get_the_frames_that_are_left() -> None:
    assert isochronous([1.4, 1.35, 1.25], 4).tolist() == [2, 1, 1]


def test_the_sum_is_the_slot_and_every_duration_at_least_one_for_random_lines() -> None:
    generator = np.random.default_rng(0)
    for _ in range(300):
        units = int(generator.integers(1, 40))
        slot = int(generator.integers(units, 20 * units))
        durations = generator.gamma(0.4, 4.0, units)
        whole = isochronous(durations, slot)
        assert whole.sum() == slot and whole.min() >= 1


def test_rounding_moves_no_free_duration_by_a_whole_frame_and_keeps_order() -> None:
    wished = np.array([3.0, 9.5, 4.2, 30.0])
    whole = isochronous(wished, 93)
    assert np.all(np.abs(whole - wished * 93 / wished.sum()) < 1)
    assert np.array_equal(np.argsort(whole), np.argsort(wished))


def test_pauses_may_vanish_and_units_may_not() -> None:
    whole = isochronous([0.0, 5.0, 0.0, 0.01, 5.0], 9, shortest=[0, 1, 0, 1, 1])
    assert whole.tolist() == [0, 4, 0, 1, 4]


def test_whole_durations_that_fill_the_slot_stay_as_they_are() -> None:
    assert isochronous([3, 1, 7, 2], 13).tolist() == [3, 1, 7, 2]


def test_durations_that_are_all_zero_share_the_slot() -> None:
    assert isochronous([0.0, 0.0, 0.0], 7).tolist() == [3, 2, 2]


def test_a_slot_shorter_than_its_units_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="A slot of 2 frames cannot hold 3 units"):
        isochronous([1.0, 1.0, 1.0], 2)


@pytest.mark.parametrize("bad", [[], [1.0, float("nan")], [-1.0, 2.0], [float("inf")]])
def test_durations_that_mean_nothing_are_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="[Dd]urations"):
        isochronous(bad, 10)
