import pytest
import torch

from models.speech.campplus import SEGMENT_FRAMES, CamPlus, CamPlusConfig, ContextMask


@pytest.fixture(scope="module")
def net() -> CamPlus:
    torch.manual_seed(0)
    return CamPlus().eval()


def test_it_has_the_937_tensors_of_the_public_net_and_as_many_weights(net: CamPlus):
    assert len(net.state_dict()) == 937
    assert sum(weight.numel() for weight in net.parameters()) == 6_848_544
    assert sum(weight.numel() for weight in CamPlus(CamPlusConfig(embedding_size=512)).parameters()) == 7_176_224


def test_one_vector_per_recording_however_long(net: CamPlus):
    with torch.inference_mode():
        assert net(torch.randn(2, 57, 80)).shape == (2, 192)
        assert net(torch.randn(1, 510, 80)).shape == (1, 192)


def test_the_context_of_a_frame_is_its_own_hundred_and_the_whole():
    torch.manual_seed(1)
    mask, frames = ContextMask(dilation=1), torch.randn(1, 128, 2 * SEGMENT_FRAMES + 30)
    other = frames.clone()
    change = torch.randn(128)
    other[:, :, 210] += change
    other[:, :, 220] -= change  # the means stay, of the segment and of the whole
    before, after = mask(frames), mask(other)
    assert torch.allclose(before[:, :, :200], after[:, :, :200], atol=1e-6)
    other[:, :, 220] += 2 * change
    moved = mask(other)
    assert not torch.allclose(before[:, :, :200], moved[:, :, :200], atol=1e-7)


def test_the_last_segment_is_averaged_over_the_frames_it_has():
    mask = ContextMask(dilation=1)
    even = torch.ones(1, 128, SEGMENT_FRAMES + 7)
    inner = mask(even)[:, :, 1:-1]
    assert torch.allclose(inner, inner[:, :, :1].expand_as(inner), atol=1e-6)
