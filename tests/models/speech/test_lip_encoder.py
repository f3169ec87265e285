import json

import pytest
import torch

from models.checkpoint import BadWeights
from models.speech.lip_encoder import LipEncoder, LipEncoderConfig, normalised, open_lip_encoder, save_lip_encoder

SMALL = LipEncoderConfig((8, 16, 16, 16), 32, 16)


def mouths(frames: int = 20) -> torch.Tensor:
    return torch.randint(0, 256, (frames, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def net(config: LipEncoderConfig = SMALL) -> LipEncoder:
    torch.manual_seed(0)
    return LipEncoder(config).eval()


def test_every_picture_gets_features_of_zero_mean_and_unit_size():
    features = net().encode(mouths())
    assert features.shape == (20, 16) and features.dtype == torch.float32
    assert torch.allclose(features.mean(1), torch.zeros(20), atol=1e-5) and torch.allclose(features.var(1, correction=0), torch.ones(20), atol=1e-2)


def test_a_batch_gives_what_each_line_gives_alone():
    one, other = normalised(mouths(12)), normalised(mouths(12).flip(0))
    encoder = net()
    assert torch.allclose(encoder(torch.stack([one, other]))[1], encoder(other[None])[0], atol=1e-5)


def test_a_picture_is_seen_half_a_second_round_it_and_no_further():
    encoder, pictures = net(), normalised(mouths(40))
    changed = pictures.clone()
    changed[20] += 1.0
    moved = (encoder(changed[None]) - encoder(pictures[None])).abs().amax(-1)[0] > 1e-6
    assert moved.nonzero()[:, 0].tolist() == list(range(14, 27))


def test_exposure_does_not_change_what_is_seen():
    pictures = 60 + 0.5 * mouths().float()
    assert torch.allclose(net()(normalised(pictures)[None]), net()(normalised(0.7 * pictures + 20)[None]), atol=1e-3)


def test_the_bundled_form_is_small():
    assert 300_000 < sum(part.numel() for part in LipEncoder(LipEncoderConfig()).parameters()) < 700_000


def test_a_saved_encoder_comes_back_equal_and_another_config_is_refused(tmp_path):
    encoder = net()
    save_lip_encoder(encoder, tmp_path)
    assert torch.equal(open_lip_encoder(tmp_path).encode(mouths()), encoder.encode(mouths()))
    (tmp_path / "config.json").write_text(json.dumps({"hidden": 40, "channels": [8, 16, 16, 16], "width": 16}))
    with pytest.raises(BadWeights):
        open_lip_encoder(tmp_path)
    (tmp_path / "config.json").write_text('{"depth": 3}')
    with pytest.raises(BadWeights, match="config.json"):
        open_lip_encoder(tmp_path)


def test_pictures_of_another_size_are_refused_in_a_sentence():
    with pytest.raises(ValueError, match="64"):
        net().encode(torch.zeros(5, 96, 96, dtype=torch.uint8))
