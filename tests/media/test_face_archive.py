"""What goes into the face archive comes out by ranges, across parts, without pickles; a damaged one is a sentence."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from studio.domain.errors import MediaToolFailed
from studio.media.face_archive import PART_FRAMES, FaceArchive, FaceArchiveWriter, FaceRow


def row(number: int, *, found: bool = True, opening: float = 0.0) -> FaceRow:
    mouth = np.full((64, 64), number % 251, np.uint8)
    mouth[0, :8] = np.arange(8)
    return FaceRow(found, (float(number), 2.0, 30.0, 40.0), opening, 0.01 * (number % 7), float(number % 90), mouth)


def written(path: Path, counts: dict[int, int]) -> FaceArchive:
    with FaceArchiveWriter(path) as writer:
        for track_id in counts:
            writer.begin(track_id, 1000 * track_id)
        for number in range(max(counts.values())):
            for track_id, count in counts.items():
                if number < count:
                    writer.add(track_id, row(number + track_id))
        for track_id in counts:
            writer.end(track_id)
    return FaceArchive(path)


def test_every_range_comes_back_as_it_went_in(tmp_path: Path) -> None:
    count = 2 * PART_FRAMES + 17
    archive = written(tmp_path / "a.npz", {1: count, 2: 5})
    assert archive.track_ids() == (1, 2)
    assert archive.span(1) == (1000, 1000 + count)
    for start, end in ((0, count), (0, 1), (PART_FRAMES - 1, PART_FRAMES + 1), (PART_FRAMES, 2 * PART_FRAMES), (count - 1, count)):
        mouths = archive.mouths(1, 1000 + start, 1000 + end)
        assert mouths.shape == (end - start, 64, 64)
        assert mouths.dtype == np.uint8
        assert np.array_equal(mouths[:, 5, 5], (np.arange(start, end) + 1) % 251)
        curves = archive.curves(1, 1000 + start, 1000 + end)
        assert np.array_equal(curves.boxes[:, 0], np.arange(start, end) + 1)
        assert curves.start_frame == 1000 + start
    assert archive.mouths(1, 1000, 1000).shape == (0, 64, 64)
    assert archive.mouths(2, 2000, 2005)[0, 0, :8].tolist() == list(range(8))


def test_opening_is_told_between_this_face_s_shut_and_wide_and_not_at_all_where_unseen(tmp_path: Path) -> None:
    with FaceArchiveWriter(tmp_path / "a.npz") as writer:
        writer.begin(3, 0)
        for number in range(100):
            writer.add(3, row(number, found=number != 50, opening=0.02 + 0.1 * (number % 2)))
    curves = FaceArchive(tmp_path / "a.npz").curves(3)
    assert np.isnan(curves.opening[50])
    assert np.isnan(curves.stir[50])
    assert not curves.found[50]
    seen = np.delete(curves.opening, 50).reshape(-1)
    assert 0 <= seen.min() < 0.02
    assert 0.98 < seen.max() <= 1
    assert curves.reach == pytest.approx(0.1, abs=0.003)


def test_a_mouth_that_keeps_still_does_not_fill_the_curve_with_noise(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    with FaceArchiveWriter(tmp_path / "a.npz") as writer:
        writer.begin(1, 0)
        for number in range(200):
            writer.add(1, row(number, opening=0.03 + 0.001 * generator.standard_normal()))
    assert FaceArchive(tmp_path / "a.npz").curves(1).opening.std() < 0.1


def test_frames_outside_a_track_and_tracks_that_are_not_there_are_refused(tmp_path: Path) -> None:
    archive = written(tmp_path / "a.npz", {1: 10})
    for start, end in ((999, 1005), (1005, 1011), (1006, 1005)):
        with pytest.raises(ValueError, match="not all in face track 1"):
            archive.mouths(1, start, end)
    with pytest.raises(ValueError, match="no face track 7"):
        archive.curves(7)


def test_a_track_is_begun_once(tmp_path: Path) -> None:
    with FaceArchiveWriter(tmp_path / "a.npz") as writer:
        writer.begin(1, 0)
        with pytest.raises(ValueError, match="already"):
            writer.begin(1, 5)


def test_a_writer_stopped_by_an_error_leaves_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with pytest.raises(RuntimeError, match="stop"), FaceArchiveWriter(path) as writer:
        writer.begin(1, 0)
        writer.add(1, row(0))
        raise RuntimeError("stop")
    with pytest.raises(MediaToolFailed, match="look at the faces again"):
        FaceArchive(path)


@pytest.mark.parametrize("harm", [lambda data: b"", lambda data: data[: len(data) // 2], lambda data: b"no zip at all"])
def test_a_damaged_archive_is_a_sentence(tmp_path: Path, harm: object) -> None:
    path = tmp_path / "a.npz"
    written(path, {1: 300})
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(MediaToolFailed, match="look at the faces again"):
        FaceArchive(path)


def test_a_missing_or_flipped_part_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    written(path, {1: 300})
    with zipfile.ZipFile(path) as zipped:
        place = zipped.getinfo("mouths/000001/000001.npy").header_offset + 200
    data = bytearray(path.read_bytes())
    data[place : place + 40] = bytes(40)
    path.write_bytes(data)
    archive = FaceArchive(path)
    assert len(archive.mouths(1, 1000, 1100)) == 100
    with pytest.raises(MediaToolFailed, match="damaged"):
        archive.mouths(1, 1000, 1300)


def test_writing_holds_a_few_seconds_however_long_the_track(tmp_path: Path) -> None:
    crops = np.random.default_rng(0).integers(0, 256, (50, 64, 64)).astype(np.uint8)
    with FaceArchiveWriter(tmp_path / "a.npz") as writer:
        writer.begin(1, 0)

        def add(count: int) -> None:
            for number in range(count):
                writer.add(1, FaceRow(True, (0.0, 0.0, 1.0, 1.0), 0.1, 0.0, 0.0, crops[number % 50]))

        add(2 * PART_FRAMES)
        tracemalloc.start()
        early = tracemalloc.get_traced_memory()[0]
        add(8 * PART_FRAMES)
        late = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
    assert late - early < 100_000


def test_landmarks_come_back_by_ranges_to_a_fraction_of_a_pixel(tmp_path: Path) -> None:
    draw, count = np.random.default_rng(0), PART_FRAMES + 9
    places = (50 + 400 * draw.random((count, 45, 2))).astype(np.float32)
    with FaceArchiveWriter(tmp_path / "a.npz") as writer:
        writer.begin(1, 10)
        for number in range(count):
            writer.add(1, FaceRow(True, (100.0, 90.0, 200.0, 240.0), 0.1, 0.0, 0.0, np.zeros((64, 64), np.uint8), places[number]))
    archive = FaceArchive(tmp_path / "a.npz")
    assert archive.has_points
    for start, end in ((0, count), (PART_FRAMES - 2, PART_FRAMES + 3), (4, 4)):
        found = archive.points(1, 10 + start, 10 + end)
        assert found.dtype == np.float32
        assert found.shape == (end - start, 45, 2)
        assert np.allclose(found, places[start:end], atol=0.02)


def test_an_archive_without_landmarks_says_so_and_reads_as_before(tmp_path: Path) -> None:
    archive = written(tmp_path / "a.npz", {1: 20})
    assert not archive.has_points
    with pytest.raises(ValueError, match="look at the faces again"):
        archive.points(1, 1000, 1005)
    assert archive.mouths(1, 1000, 1020).shape == (20, 64, 64)


def test_an_archive_of_the_first_version_is_still_read(tmp_path: Path) -> None:
    written(tmp_path / "a.npz", {1: 20})
    with zipfile.ZipFile(tmp_path / "a.npz") as new, zipfile.ZipFile(tmp_path / "b.npz", "w") as old:
        for name in new.namelist():
            data = new.read(name)
            old.writestr(name, data.replace(b'"version": 2', b'"version": 1').replace(b', "points": false', b"") if name == "index.json" else data)
    archive = FaceArchive(tmp_path / "b.npz")
    assert archive.curves(1).found.all()
    assert not archive.has_points
