import json

import pytest
import torch

from models.checkpoint import BadWeights
from models.sync.lip_scorer import LipScorer, LipScorerConfig, load_lip_scorer, save_lip_scorer

TINY = LipScorerConfig(side_px=32, channels=(4, 8), width=12, dim=6, dilations=(1,))


def tiny() -> LipScorer:
    torch.manual_seed(0)
    return LipScorer(TINY).eval()


def test_both_towers_give_one_unit_vector_per_video_frame():
    net = tiny()
    lips = net.lips(torch.randint(0, 256, (2, 25, 64, 64), dtype=torch.uint8))
    sound = net.sound(torch.randn(2, 25 * 640 + 100))
    assert lips.shape == sound.shape == (2, 25, 6)
    assert torch.allclose(lips.norm(dim=-1), torch.ones(2, 25), atol=1e-5)
    assert torch.allclose(sound.norm(dim=-1), torch.ones(2, 25), atol=1e-5)


def test_light_and_contrast_of_the_picture_do_not_count():
    net = tiny()
    mouths = torch.randint(60, 120, (1, 12, 64, 64)).float()
    assert torch.allclose(net.lips(mouths), net.lips(1.8 * mouths + 20), atol=0.02)


def test_the_loudness_of_the_sound_does_not_count():
    net = tiny()
    samples = 0.3 * torch.randn(1, 20 * 640)
    assert torch.allclose(net.sound(samples), net.sound(0.3 * samples), atol=1e-3)


def test_sound_moved_by_whole_frames_moves_its_embeddings_by_as_many():
    net = tiny()
    samples = 0.3 * torch.randn(1, 40 * 640)
    moved = torch.roll(samples, 3 * 640, dims=1)
    assert torch.allclose(net.sound(samples)[:, 12:25], net.sound(moved)[:, 15:28], atol=2e-2)


def test_the_sound_tower_is_differentiable_down_to_the_samples():
    samples = (0.1 * torch.randn(1, 8 * 640)).requires_grad_()
    tiny().sound(samples)[..., 0].sum().backward()
    assert float(samples.grad.abs().sum()) > 0


def test_a_saved_scorer_opens_again_with_its_size_and_its_answers(tmp_path):
    net = tiny()
    save_lip_scorer(net, tmp_path)
    again = load_lip_scorer(tmp_path)
    samples = torch.randn(1, 10 * 640)
    assert again.config == TINY
    assert torch.equal(net.sound(samples), again.sound(samples))


def test_weights_that_do_not_fit_their_config_are_refused_with_a_sentence(tmp_path):
    save_lip_scorer(tiny(), tmp_path)
    plain = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(plain | {"dim": 7}))
    with pytest.raises(BadWeights, match="does not fit"):
        load_lip_scorer(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(BadWeights, match="fits its config"):
        load_lip_scorer(tmp_path)
