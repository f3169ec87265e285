"""LSE-C, LSE-D and offset of two streams against the protocol written out plainly, and at its edges."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.sync.scoring import NothingToScore, offset_distances


def plain_distances(lips: torch.Tensor, sound: torch.Tensor, shift: int) -> torch.Tensor:
    """Mean over windows of the pairwise distance to every offset of the zero-padded sound."""
    padded = torch.nn.functional.pad(sound, (0, 0, shift, shift))
    rows = [torch.nn.functional.pairwise_distance(lip.expand(2 * shift + 1, -1), padded[at : at + 2 * shift + 1]) for at, lip in enumerate(lips)]
    return torch.stack(rows).mean(dim=0)


@pytest.mark.parametrize(("windows", "dim", "shift"), [(40, 1024, 15), (3, 64, 15), (700, 8, 4), (1, 5, 0)])
def test_the_distances_are_those_of_the_protocol(windows: int, dim: int, shift: int) -> None:
    draw = torch.Generator().manual_seed(windows)
    lips, sound = torch.randn(windows, dim, generator=draw), torch.randn(windows, dim, generator=draw)
    found, expected = offset_distances(lips, sound, shift=shift), plain_distances(lips, sound, shift)
    np.testing.assert_allclose(found.mean_distances, expected.numpy(), rtol=2e-5)
    assert found.windows == windows
    assert found.lse_d == pytest.approx(float(expected.min()), rel=1e-5)
    assert found.lse_c == pytest.approx(float(expected.median() - expected.min()), abs=1e-4)
    assert found.offset_frames == shift - int(expected.argmin())


@pytest.mark.parametrize("early_frames", [-7, 0, 4])
def test_a_sound_that_is_early_has_a_positive_offset(early_frames: int) -> None:
    stream = np.random.RandomState(0).standard_normal((80, 32)).astype(np.float32)
    lips, sound = stream[20:60], stream[20 + early_frames : 60 + early_frames]
    assert offset_distances(lips, sound).offset_frames == early_frames


def test_numpy_and_torch_in_any_precision_agree() -> None:
    lips, sound = np.random.RandomState(1).standard_normal((2, 50, 16))
    exact = offset_distances(lips, sound)
    for made in (offset_distances(torch.from_numpy(lips), sound), offset_distances(lips.astype(np.float32), torch.from_numpy(sound).float())):
        np.testing.assert_allclose(made.mean_distances, exact.mean_distances, rtol=1e-5)


def test_the_longer_stream_is_cut_to_the_shorter_before_the_zeros_are_added() -> None:
    lips, sound = np.random.RandomState(2).standard_normal((2, 50, 16))
    assert offset_distances(lips[:30], sound) == offset_distances(lips[:30], sound[:30])
    assert offset_distances(lips, sound[:30]) == offset_distances(lips[:30], sound[:30])


def test_without_padding_only_windows_that_have_sound_count() -> None:
    lips, sound = np.random.RandomState(3).standard_normal((2, 60, 16))
    found = offset_distances(lips, sound, shift=5, is_padded=False)
    expected = [np.linalg.norm(lips[max(0, -k) : 60 - max(0, k)] - sound[max(0, k) : 60 + min(0, k)] + 1e-6, axis=1).mean() for k in range(-5, 6)]
    np.testing.assert_allclose(found.mean_distances, expected, rtol=1e-6)


def test_a_stream_without_a_window_cannot_be_scored() -> None:
    with pytest.raises(NothingToScore, match="sound is too short"):
        offset_distances(np.zeros((4, 3)), np.zeros((0, 3)))
    with pytest.raises(NothingToScore, match="picture is too short"):
        offset_distances(np.zeros((0, 3)), np.zeros((4, 3)))


@pytest.mark.parametrize("is_padded", [True, False])
def test_windows_that_cannot_be_judged_keep_their_place_and_do_not_count(is_padded: bool) -> None:
    chance = np.random.default_rng(5)
    sound = chance.normal(size=(700, 8)).astype(np.float32)
    lips = sound + 0.1 * chance.normal(size=sound.shape).astype(np.float32)
    every = offset_distances(lips[300:], sound[300:], is_padded=True)
    lips[:300] = np.nan
    found = offset_distances(lips, sound, is_padded=is_padded)
    assert (found.windows, found.offset_frames) == (400, 0)
    assert found.lse_d == pytest.approx(every.lse_d, rel=1e-5), "still windows are no windows at some distance"
    with pytest.raises(NothingToScore, match="no window that can be judged"):
        offset_distances(np.full_like(lips, np.nan), sound)


def test_streams_of_two_widths_are_refused() -> None:
    with pytest.raises(ValueError, match="one width"):
        offset_distances(np.zeros((4, 3)), np.zeros((4, 2)))
