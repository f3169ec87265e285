import math

import torch
from torch.nn import functional as F

from models.sync.lip_loss import dub_loss, frame_loss, offset_means, similarities, window_loss

MARGIN, FRAMES = 3, 8


def pair(shift: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Lips, and sound whose frame t + shift belongs to lip frame t."""
    torch.manual_seed(1)
    sound = F.normalize(torch.randn(1, FRAMES + 2 * MARGIN, 16), dim=-1)
    return sound[:, MARGIN + shift : MARGIN + shift + FRAMES], sound


def everywhere() -> torch.Tensor:
    return torch.ones(1, FRAMES + 2 * MARGIN, dtype=torch.bool)


def test_the_mean_cosine_is_one_at_the_offset_where_sound_and_lips_agree():
    for shift in (-3, 0, 2):
        means = offset_means(similarities(*pair(shift)), everywhere(), MARGIN)
        assert int(means.argmax()) - MARGIN == shift
        assert math.isclose(float(means.max()), 1.0, abs_tol=1e-5)


def test_frames_without_sound_count_in_no_mean():
    lips, sound = pair(0)
    inside = everywhere()
    inside[:, : MARGIN + 2] = False
    spoilt = sound.clone()
    spoilt[:, : MARGIN + 2] = 9.0
    means = offset_means(similarities(lips, spoilt), inside, MARGIN)
    assert math.isclose(float(means[0, MARGIN]), 1.0, abs_tol=1e-5)


def test_both_contrasts_are_lower_in_step_than_out_of_step():
    right, wrong = similarities(*pair(0)), similarities(*pair(2))
    assert float(frame_loss(right, everywhere(), MARGIN, 14.0)) < float(frame_loss(wrong, everywhere(), MARGIN, 14.0))
    means = [offset_means(cosines, everywhere(), MARGIN) for cosines in (right, wrong)]
    assert float(window_loss(means[0], MARGIN, 40.0)) < float(window_loss(means[1], MARGIN, 40.0))


def test_a_scorer_that_knows_nothing_pays_the_logarithm_of_the_places():
    cosines = torch.zeros(1, FRAMES, FRAMES + 2 * MARGIN)
    assert math.isclose(float(frame_loss(cosines, everywhere(), MARGIN, 14.0)), math.log(FRAMES + 2 * MARGIN), rel_tol=1e-5)
    assert math.isclose(float(window_loss(torch.zeros(1, 7), MARGIN, 40.0)), math.log(7), rel_tol=1e-5)


def test_the_original_over_a_dub_costs_the_logarithm_of_two_when_they_are_equal():
    assert math.isclose(float(dub_loss(torch.tensor([0.4]), torch.tensor([0.4]), 40.0)), math.log(2), rel_tol=1e-5)
    assert float(dub_loss(torch.tensor([0.5]), torch.tensor([0.1]), 40.0)) < 1e-4
