"""Lip features of the user's own encoder: picture by picture beside the face, and refused where they are of another clip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.domain.errors import BadSetting
from studio.engines.own_lips import with_own_lips
from studio.engines.voice_protocols import FaceStreams


def face(pictures: int = 54, before: int = 2) -> FaceStreams:
    points, mouths = np.zeros((pictures, 45, 2), np.float32), np.zeros((pictures, 64, 64), np.uint8)
    return FaceStreams(points, mouths, np.ones(pictures, bool), -40.0 * before)


def test_every_picture_of_the_face_has_the_features_of_its_own_moment(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", features=np.arange(52, dtype=np.float32)[:, None] * np.ones(3, np.float32))
    found = with_own_lips(face(), tmp_path / "a.npz").lip_features
    assert found is not None and found.shape == (54, 3)
    assert found[:, 0].tolist() == [0, 0, *range(52)]  # two pictures lie before the clip


def test_features_of_a_shorter_clip_are_refused_with_both_lengths(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((30, 3), np.float32))
    with pytest.raises(BadSetting, match="features of 30 pictures, and the clip has about 52"):
        with_own_lips(face(), tmp_path / "a.npy")


def test_what_is_no_table_of_numbers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"no numbers")
    with pytest.raises(BadSetting, match="cannot be read as visual features"):
        with_own_lips(face(), tmp_path / "a.npz")
