import torch
from torch.nn import functional as F

from models.sync.lip_judge import VSHIFT, found_offset, offset_curve


def test_an_injected_shift_is_found_by_the_curve_of_embeddings_that_agree():
    torch.manual_seed(0)
    sound = F.normalize(torch.randn(80, 12), dim=-1)
    curve = offset_curve(sound, sound, 2 * VSHIFT)
    assert [found_offset(curve, shift) for shift in (-15, -4, 0, 9, 15)] == [-15, -4, 0, 9, 15]


def test_a_clip_that_is_out_of_sync_in_itself_is_found_off_by_as_much():
    torch.manual_seed(0)
    sound = F.normalize(torch.randn(80, 12), dim=-1)
    late = torch.roll(sound, 2, dims=0)
    assert found_offset(offset_curve(sound, late, 2 * VSHIFT), 0) == 2
