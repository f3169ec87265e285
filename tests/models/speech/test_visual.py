import numpy as np
import pytest
import torch

from models.speech.visual import FACE_WIDTH, KEPT_POINTS, face_features, read_features, to_mel_frames


def talking(frames: int = 60, scale: float = 80.0, place: tuple[float, float] = (200.0, 150.0), turn: float = 0.0) -> np.ndarray:
    """A drawn face mesh whose mouth opens and shuts four times a second."""
    points = np.zeros((frames, 478, 2))
    gap = 0.1 * (1 + np.sin(np.arange(frames) * 2 * np.pi * 4 / 25))
    fixed = {33: (-0.5, 0), 263: (0.5, 0), 1: (0, 0.5), 10: (0, -0.7), 61: (-0.3, 0.9), 291: (0.3, 0.9), 13: (0, 0.88), 0: (0, 0.84)}
    for point, position in fixed.items():
        points[:, point] = position
    for point, below in ((14, 0.88), (17, 0.96), (152, 1.4)):
        points[:, point, 1] = below + gap
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return (points @ rotation * scale + np.array(place)).astype(np.float32)


def test_a_constant_stays_constant_at_the_rate_of_the_mel_frames():
    frames = to_mel_frames(torch.full((2, 75, 3), 0.7), 281)
    assert frames.shape == (2, 281, 3) and torch.equal(frames, torch.full((2, 281, 3), 0.7))


def test_a_ramp_is_read_at_the_middle_of_each_mel_frame_and_held_at_its_ends():
    ramp = ((torch.arange(50, dtype=torch.float64) + 0.5) / 25)[None, :, None]  # each picture shows its own time
    times = (torch.arange(188, dtype=torch.float64) + 0.5) / 93.75
    assert torch.allclose(to_mel_frames(ramp, 188)[0, :, 0], times.clamp(0.02, 1.98))


def test_the_gradient_of_the_rate_conversion_reaches_every_picture():
    pictures = torch.randn(1, 10, 2, requires_grad=True)
    to_mel_frames(pictures, 38).sum().backward()
    assert (pictures.grad > 0).all() and torch.isclose(pictures.grad.sum(), torch.tensor(76.0))


def test_one_picture_is_held_and_none_is_refused_in_a_sentence():
    assert torch.equal(to_mel_frames(torch.ones(1, 1, 2), 5), torch.ones(1, 5, 2))
    with pytest.raises(ValueError, match="no picture"):
        to_mel_frames(torch.ones(1, 0, 2), 5)


def test_the_face_is_described_alike_from_the_mesh_and_from_the_points_that_are_kept():
    points, seen = talking(), np.ones(60, bool)
    whole = face_features(points, seen)
    assert whole.shape == (60, FACE_WIDTH) and whole.dtype == np.float32
    assert np.allclose(whole, face_features(points[:, list(KEPT_POINTS)], seen), atol=1e-4)


def test_place_and_size_of_the_face_do_not_matter_but_its_opening_does():
    seen = np.ones(60, bool)
    one, other = face_features(talking(), seen), face_features(talking(scale=240.0, place=(900.0, 20.0)), seen)
    assert np.allclose(one, other, atol=2e-3)
    shut = talking()
    shut[:, [14, 17, 152]] = shut[:1, [14, 17, 152]]
    assert one[:, 15].mean() > 0.5 and np.abs(face_features(shut, seen)[:, 9:17]).max() < 1e-6


def test_a_head_that_leans_shows_in_the_roll_and_little_elsewhere():
    seen = np.ones(60, bool)
    one, other = face_features(talking(), seen), face_features(talking(turn=0.2), seen)
    assert abs(float((other - one)[:, 0].mean())) == pytest.approx(2.0, abs=0.01)
    assert np.allclose(one[:, 1:], other[:, 1:], atol=5e-3)


def test_frames_without_a_face_repeat_the_last_one_and_say_so():
    points, seen = talking(), np.ones(60, bool)
    points[20:30], seen[20:30] = np.nan, False
    features = face_features(points, seen)
    assert np.isfinite(features).all() and features[:, -1].tolist() == seen.astype(float).tolist()
    assert not face_features(points, np.zeros(60, bool)).any()


def test_landmarks_of_another_count_are_refused():
    with pytest.raises(ValueError, match="478"):
        face_features(np.zeros((5, 68, 2)), np.ones(5, bool))


def test_features_of_the_users_own_are_read_and_one_picture_more_or_less_is_forgiven(tmp_path):
    values = np.random.default_rng(0).standard_normal((49, 768)).astype(np.float16)
    np.savez(tmp_path / "a.npz", features=values)
    np.save(tmp_path / "b.npy", values)
    read = read_features(tmp_path / "a.npz", width=768, pictures=50)
    assert read.width == 768 and read.values.shape == (50, 768) and np.array_equal(read.values[49], read.values[48])
    assert np.array_equal(read_features(tmp_path / "b.npy").values, values.astype(np.float32))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (np.zeros((50, 512), np.float32), "AV-HuBERT base"),
        (np.zeros((60, 768), np.float32), "60 pictures"),
        (np.full((50, 768), np.nan, np.float32), "finite"),
        (np.zeros(50, np.float32), "shape"),
    ],
)
def test_features_that_do_not_fit_are_refused_with_what_differs(tmp_path, values, sentence):
    np.savez(tmp_path / "a.npz", features=values)
    with pytest.raises(ValueError, match=sentence):
        read_features(tmp_path / "a.npz", width=768, pictures=50)


def test_a_file_that_holds_objects_or_no_features_is_refused_unread(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], object))
    np.savez(tmp_path / "b.npz", other=np.zeros((2, 2)))
    (tmp_path / "c.npz").write_bytes(b"nothing")
    for name in ("a.npy", "b.npz", "c.npz", "d.npz"):
        with pytest.raises(ValueError, match="cannot be read"):
            read_features(tmp_path / name)
