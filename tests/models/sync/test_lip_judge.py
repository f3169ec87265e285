import torch
from torch.nn import functional as F

from models.recipes.syncnet_smoke import smoke_features
from models.sync.lip_data import read_clip, read_clips
from models.sync.lip_judge import VSHIFT, found_offset, judged, offset_curve
from models.sync.lip_scorer import LipScorer, LipScorerConfig


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


def test_a_large_group_is_told_apart_and_originals_are_held_against_their_dubs(tmp_path):
    infos = read_clips(smoke_features(tmp_path, clips=3))
    clips = [read_clip(tmp_path, info, 40) for info in infos]
    originals, dubs = [clip for clip in clips if clip.info.is_original], {"set0": [clip for clip in clips if not clip.info.is_original]}
    torch.manual_seed(0)
    net = LipScorer(LipScorerConfig(side_px=32, channels=(4, 8, 8), width=16, dim=8, dilations=(1,)))
    report = judged(net, originals, dubs, {"person2"})
    assert report["clips"] == 2 and report["pairs"] == 1
    assert set(report) == {"one", "exact", "studio_one", "over", "clips", "pairs", "missed"}
