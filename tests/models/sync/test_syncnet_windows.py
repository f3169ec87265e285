"""Which frames and which sound every window sees, and that batches and lengths change nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.parity import filled_by_rule
from models.parts.mfcc import Mfcc
from models.sync.syncnet import SyncNet
from models.sync.syncnet_windows import embed_lips, embed_sound, int16_scale, lip_windows, sound_windows, window_count


class Recorder(torch.nn.Module):
    """Towers that hand back what they were shown, cut to a few numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.largest_batch = 0

    def lips(self, pictures: torch.Tensor) -> torch.Tensor:
        self.largest_batch = max(self.largest_batch, len(pictures))
        return pictures[:, 0, :, 0, 0].float()

    def sound(self, mfcc: torch.Tensor) -> torch.Tensor:
        self.largest_batch = max(self.largest_batch, len(mfcc))
        return mfcc[:, 0].flatten(1)


def test_the_last_window_that_would_fit_is_left_out() -> None:
    assert [window_count(frames) for frames in (0, 4, 5, 6, 7, 250)] == [0, 0, 0, 1, 2, 245]


def test_a_lip_window_is_five_frames_from_its_own() -> None:
    pictures = torch.arange(9, dtype=torch.uint8)[:, None, None, None].expand(9, 4, 4, 3)
    windows = lip_windows(pictures)
    assert windows.shape == (5, 3, 5, 4, 4)
    assert windows[:, 1, :, 2, 3].tolist() == [[f, f + 1, f + 2, f + 3, f + 4] for f in range(5)]


def test_a_sound_window_is_twenty_columns_from_four_times_its_frame() -> None:
    mfcc = torch.arange(40.0)[:, None].expand(40, 13)
    windows = sound_windows(mfcc)
    assert windows.shape == (6, 1, 13, 20)
    assert windows[3, 0, 7].tolist() == list(range(12, 32))


@pytest.mark.parametrize(("frames", "batch"), [(6, 4), (30, 4), (29, 25)])
def test_streams_are_embedded_in_bounded_batches_and_in_order(frames: int, batch: int) -> None:
    net = Recorder()
    pictures = np.zeros((frames, 224, 224, 3), np.uint8) + np.arange(frames, dtype=np.uint8)[:, None, None, None]
    lips = embed_lips(net, pictures, batch=batch)
    assert lips.tolist() == [[f, f + 1, f + 2, f + 3, f + 4] for f in range(frames - 5)]
    samples = np.random.RandomState(0).uniform(-0.5, 0.5, frames * 640).astype(np.float32)
    sound = embed_sound(net, samples, batch=batch)
    mfcc = Mfcc()(torch.from_numpy(int16_scale(samples))[None])[0].float()
    expected = torch.stack([mfcc[4 * f : 4 * f + 20].T.flatten() for f in range(frames - 5)])
    np.testing.assert_array_equal(sound, expected.numpy())
    assert net.largest_batch <= batch


def test_under_six_frames_there_is_no_window() -> None:
    assert embed_lips(Recorder(), np.zeros((5, 224, 224, 3), np.uint8)).shape == (0, 1024)
    assert embed_sound(Recorder(), np.zeros(5 * 640 + 639, np.float32)).shape == (0, 1024)


def test_sound_after_the_last_whole_frame_changes_nothing() -> None:
    net = SyncNet()
    net.load_state_dict(filled_by_rule(net.state_dict()))
    samples = np.random.RandomState(1).uniform(-0.3, 0.3, 8 * 640 + 500).astype(np.float32)
    np.testing.assert_allclose(embed_sound(net.eval(), samples), embed_sound(net, samples[: 8 * 640]), rtol=0, atol=1e-5)


def test_speech_is_put_on_the_scale_of_a_16_bit_file() -> None:
    assert int16_scale(np.array([-1.5, -1.0, 0.0, 0.5, 1.0], np.float32)).tolist() == [-32768, -32768, 0, 16384, 32767]


def test_pictures_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="224×224"):
        embed_lips(Recorder(), np.zeros((9, 96, 96, 3), np.uint8))
