"""A film goes through once: cuts end tracks, sizes are the source's, progress and stop are heard, errors of both sides come through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from studio.domain.errors import Cancelled, MediaToolFailed
from studio.domain.faces import FaceTracks
from studio.engines.protocols import Availability, FaceSeen
from studio.media.face_archive import FaceArchive, FaceArchiveWriter
from studio.stages.faces import Watch, track_faces


class SquareTracker:
    """A FaceTracker that takes every white square on the picture's middle row for a face; reads three pictures ahead."""

    name, version, licence = "squares", "1", "Apache-2.0"

    def available(self) -> Availability:
        return Availability(True, "made of arithmetic")

    def load(self) -> None:
        return

    def faces(self, pictures: Iterator[np.ndarray]) -> Iterator[tuple[FaceSeen, ...]]:
        held: list[np.ndarray] = []
        for picture in pictures:
            held.append(picture)
            if len(held) > 3:
                yield self._look(held.pop(0))
        for picture in held:
            yield self._look(picture)

    def _look(self, picture: np.ndarray) -> tuple[FaceSeen, ...]:
        row = np.concatenate(([0], picture[picture.shape[0] // 2, :, 0] == 255, [0])).astype(int)
        edges = np.flatnonzero(np.diff(row))
        faces = []
        for left, right in zip(edges[::2], edges[1::2], strict=True):
            size = float(right - left)
            points = np.full((478, 2), (left + size / 2, picture.shape[0] / 2), np.float32)
            points[10, 1] -= size / 2
            points[152, 1] += size / 2
            points[61, 0] -= size / 4
            points[291, 0] += size / 4
            faces.append(FaceSeen((float(left), picture.shape[0] / 2 - size / 2, size, size), points, 0.0, np.zeros((64, 64), np.uint8)))
        return tuple(faces)


def scene(seed: int, *lefts: int, size: int = 30) -> np.ndarray:
    """A picture of dark patches with white squares."""
    patches = np.random.default_rng(seed).integers(0, 120, (9, 16, 3))
    picture = np.kron(patches, np.ones((10, 10, 1))).astype(np.uint8)
    for left in lefts:
        picture[45 - size // 2 : 45 + size // 2, left : left + size] = 255
    return picture


def tracked(tmp_path: Path, pictures: list[np.ndarray], watch: Watch = Watch()) -> tuple[FaceTracks, FaceArchive]:
    path = tmp_path / "faces.npz"
    with FaceArchiveWriter(path) as archive:
        found = track_faces(pictures, SquareTracker(), archive, watch)
    return found, FaceArchive(path)


def test_tracks_run_from_cut_to_cut_though_the_engine_reads_ahead(tmp_path: Path) -> None:
    found, archive = tracked(tmp_path, [scene(1, 20, 100)] * 30 + [scene(2, 20)] * 30 + [scene(3)] * 10)
    assert [(track.start_frame, track.end_frame, track.shot) for track in found.tracks] == [(0, 30, 0), (0, 30, 0), (30, 60, 1)]
    assert (found.frame_count, found.engine, found.archive) == (70, "squares 1", None)
    assert archive.track_ids() == (1, 2, 3)


def test_sizes_are_those_of_the_source_picture(tmp_path: Path) -> None:
    found, _ = tracked(tmp_path, [scene(1, 20)] * 20, Watch(source_longest_px=640))
    assert found.tracks[0].face_px == pytest.approx(120, abs=1)


def test_a_film_without_faces_has_no_tracks(tmp_path: Path) -> None:
    found, archive = tracked(tmp_path, [scene(1)] * 20)
    assert found.tracks == ()
    assert archive.track_ids() == ()


def test_progress_counts_frames(tmp_path: Path) -> None:
    told: list[int] = []
    tracked(tmp_path, [scene(1, 20)] * 20, Watch(progress=told.append))
    assert told == list(range(1, 21))


def test_a_stop_is_heeded_at_once(tmp_path: Path) -> None:
    told: list[int] = []
    with pytest.raises(Cancelled):
        tracked(tmp_path, [scene(1, 20)] * 50, Watch(told.append, lambda: len(told) >= 10))
    assert len(told) < 15


def test_an_error_of_the_film_leaves_no_archive(tmp_path: Path) -> None:
    def broken() -> Iterator[np.ndarray]:
        yield from [scene(1, 20)] * 10
        raise MediaToolFailed("Reading the picture", "it broke.")

    with pytest.raises(MediaToolFailed, match="it broke"):
        tracked(tmp_path, broken())
    with pytest.raises(MediaToolFailed, match="look at the faces again"):
        FaceArchive(tmp_path / "faces.npz")
