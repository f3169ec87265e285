import numpy as np
import pytest
import torch

from models.duration.optimum import OptimumLimits, optimal_durations, read_between, sounds_at

EYE = torch.eye(4)


def spoken_at(durations: list[int]) -> torch.Tensor:
    """Lips that show unit i for its duration (units of 20 ms), at 25 Hz."""
    shown = torch.repeat_interleave(EYE[: len(durations)], torch.tensor(durations), dim=0)
    return torch.nn.functional.normalize(shown[0::2] + shown[1::2], dim=-1)


def test_sounds_are_put_where_the_lips_show_them() -> None:
    durations = [6, 4, 8, 6]
    natural = np.array([5.0, 5.0, 5.0, 5.0])
    found = optimal_durations(natural, np.zeros(4, bool), EYE, spoken_at(durations), OptimumLimits(0.0))
    assert np.abs(found - durations).max() <= 1 and found.sum() == 24


def test_a_pause_grows_where_the_mouth_rests_and_vanishes_where_it_does_not() -> None:
    natural, is_pause = np.array([5.0, 0.0, 5.0]), np.array([False, True, False])
    resting = optimal_durations(natural, is_pause, EYE[:3], spoken_at([6, 6, 6]), OptimumLimits(0.0))
    speaking = optimal_durations(natural, is_pause, EYE[:3], spoken_at([8, 0, 8]), OptimumLimits(0.0))
    assert np.abs(resting - [6, 6, 6]).max() <= 1 and speaking.tolist() == [8, 0, 8]


def test_steadiness_draws_the_durations_to_the_voices_own() -> None:
    natural = np.array([6.0, 6.0, 6.0, 6.0])
    lips = spoken_at([3, 9, 3, 9])
    free, steady = (optimal_durations(natural, np.zeros(4, bool), EYE, lips, OptimumLimits(weight)) for weight in (0.0, 50.0))
    assert np.abs(steady - 6).sum() == 0 and np.abs(free - 6).sum() > 8


def test_phones_stay_within_half_and_twice_their_even_share() -> None:
    natural = np.array([6.0, 6.0, 6.0, 6.0])
    found = optimal_durations(natural, np.zeros(4, bool), EYE, spoken_at([1, 21, 1, 1]), OptimumLimits(0.0))
    assert found.min() >= 3 and found.max() <= 12


def test_a_slot_that_the_limits_cannot_fill_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot fill"):
        optimal_durations(np.array([1.0, 1.0]), np.zeros(2, bool), EYE[:2], spoken_at([1, 1]), OptimumLimits(0.0, least_ratio=3.0, most_ratio=3.0))


def test_reading_between_frames_is_linear_and_of_unit_length() -> None:
    read = read_between(EYE, torch.tensor([0.5, 1.0, 1.5, 9.0]))
    assert torch.allclose(read[[0, 2, 3]], EYE[[0, 1, 3]])
    assert torch.allclose(read[1], torch.nn.functional.normalize(EYE[0] + EYE[1], dim=0))


def test_units_of_no_length_sound_like_silence() -> None:
    silent = EYE[[3, 3, 3]]
    read = sounds_at(EYE, np.array([2, 0, 2]), silent)
    assert torch.allclose(read, EYE[[0, 3, 1]])
