"""Faces of single frames become tracks: joined while they move, bridged over short losses, never across a cut, never two into one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.engines.protocols import FaceSeen
from studio.media.face_archive import FaceArchive, FaceArchiveWriter
from studio.stages.face_tracks import JoinRules, TrackJoiner, lip_stir, opening_ratio, overlap

SHAPE = np.random.default_rng(7).uniform(0, 1, (478, 2)).astype(np.float32)


def face(x: float, y: float = 50.0, *, width: float = 60.0, gap: float = 0.05, yaw_deg: float = 0.0, shade: int = 100) -> FaceSeen:
    """A face whose box is known; the gap of its inner lips is told in heights of the face."""
    height = 1.2 * width
    points = SHAPE * np.array([width, height], np.float32) + np.array([x, y], np.float32)
    points[10], points[152] = (x + width / 2, y), (x + width / 2, y + height)
    points[13], points[14] = (x + width / 2, y + 0.7 * height), (x + width / 2, y + (0.7 + gap) * height)
    points[61], points[291] = (x + 0.3 * width, y + 0.7 * height), (x + 0.7 * width, y + 0.7 * height)
    return FaceSeen((x, y, width, height), points, yaw_deg, np.full((64, 64), shade, np.uint8))


def joined(tmp_path: Path, frames: list[list[FaceSeen]], *, cuts: tuple[int, ...] = (), px_ratio: float = 1.0) -> tuple[list, FaceArchive]:
    path = tmp_path / "faces.npz"
    with FaceArchiveWriter(path) as writer:
        joiner = TrackJoiner(writer)
        for number, faces in enumerate(frames):
            joiner.feed(faces, is_cut=number in cuts, px_ratio=px_ratio)
        tracks = list(joiner.finish())
    return tracks, FaceArchive(path)


def spans(tracks: list) -> list[tuple[int, int]]:
    return [(track.start_frame, track.end_frame) for track in tracks]


def test_a_moving_face_is_one_track(tmp_path: Path) -> None:
    tracks, archive = joined(tmp_path, [[face(10 + 6 * number)] for number in range(40)])
    assert spans(tracks) == [(0, 40)]
    assert tracks[0].found_share == 1
    assert archive.curves(1).boxes[:, 0].tolist() == pytest.approx([10 + 6 * number for number in range(40)])


def test_two_faces_that_pass_close_keep_apart(tmp_path: Path) -> None:
    frames = [[face(10 + 2 * number), face(170 - 2 * number, 90)] for number in range(40)]
    tracks, archive = joined(tmp_path, [list(reversed(faces)) if number % 2 else faces for number, faces in enumerate(frames)])
    assert spans(tracks) == [(0, 40), (0, 40)]
    lefts = sorted(archive.curves(track.id).boxes[-1, 0] for track in tracks)
    assert lefts == [92, 88] or lefts == [88, 92]


def test_a_short_loss_is_bridged_and_said_to_be(tmp_path: Path) -> None:
    tracks, archive = joined(tmp_path, [[] if 20 <= number < 25 else [face(50)] for number in range(50)])
    assert spans(tracks) == [(0, 50)]
    assert tracks[0].found_share == pytest.approx(0.9)
    curves = archive.curves(1)
    assert np.flatnonzero(~curves.found).tolist() == [20, 21, 22, 23, 24]
    assert np.isnan(curves.opening[20:25]).all()
    assert len(archive.mouths(1, 0, 50)) == 50


def test_a_long_loss_ends_a_track_where_the_face_was_last_seen(tmp_path: Path) -> None:
    gap = JoinRules().longest_gap_frames + 1
    tracks, _ = joined(tmp_path, [[] if 20 <= number < 20 + gap else [face(50)] for number in range(70)])
    assert spans(tracks) == [(0, 20), (20 + gap, 70)]


def test_a_cut_ends_every_track_even_where_the_next_face_sits_in_the_same_place(tmp_path: Path) -> None:
    tracks, _ = joined(tmp_path, [[face(50), face(200)]] * 60, cuts=(30,))
    assert spans(tracks) == [(0, 30), (0, 30), (30, 60), (30, 60)]
    assert [track.shot for track in tracks] == [0, 0, 1, 1]
    assert [track.id for track in tracks] == [1, 2, 3, 4]


def test_a_face_seen_for_a_moment_is_a_mistake(tmp_path: Path) -> None:
    tracks, archive = joined(tmp_path, [[face(50)] if 10 <= number < 15 else [] for number in range(60)])
    assert tracks == []
    assert archive.track_ids() == ()


def test_another_size_or_place_is_another_face(tmp_path: Path) -> None:
    tracks, _ = joined(tmp_path, [[face(50)] if number < 20 else [face(50, width=150)] for number in range(40)])
    assert spans(tracks) == [(0, 20), (20, 40)]
    tracks, _ = joined(tmp_path, [[face(50)] if number < 20 else [face(180)] for number in range(40)])
    assert spans(tracks) == [(0, 20), (20, 40)]


def test_sizes_are_told_in_pixels_of_the_source(tmp_path: Path) -> None:
    tracks, _ = joined(tmp_path, [[face(50, width=60)]] * 20, px_ratio=3.0)
    assert tracks[0].face_px == pytest.approx(180, abs=1)
    assert tracks[0].mouth_px == pytest.approx(72, abs=1)


def test_profile_share_counts_frames_turned_far_away(tmp_path: Path) -> None:
    tracks, _ = joined(tmp_path, [[face(50, yaw_deg=-70 if number < 10 else 20)] for number in range(40)])
    assert tracks[0].profile_share == pytest.approx(0.25)


def test_no_faces_at_all_are_no_tracks(tmp_path: Path) -> None:
    tracks, archive = joined(tmp_path, [[]] * 100)
    assert tracks == []
    assert archive.track_ids() == ()


def test_opening_is_told_in_heights_of_the_face_whatever_its_size() -> None:
    assert opening_ratio(face(0, width=30, gap=0.08)) == pytest.approx(opening_ratio(face(0, width=200, gap=0.08)), abs=1e-3)
    assert opening_ratio(face(0, gap=0.0)) == pytest.approx(0, abs=1e-6)


def test_the_stir_of_lips_is_the_change_of_their_picture() -> None:
    still, other = np.full((64, 64), 100, np.uint8), np.full((64, 64), 151, np.uint8)
    assert lip_stir(still, still) == 0
    assert lip_stir(still, other) == lip_stir(other, still) == pytest.approx(0.2)


def test_boxes_that_do_not_meet_share_nothing() -> None:
    assert overlap((0, 0, 10, 10), (20, 0, 10, 10)) == 0
    assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1
    assert overlap((0, 0, 0, 0), (0, 0, 0, 0)) == 0


@pytest.mark.corpus
def test_hand_drawn_boxes_of_a_real_scene_become_the_people_in_it(tmp_path: Path, corpus_dir: Path) -> None:
    """Boxes an annotator drew, without their names, give back the annotator's people: hardly a track holds two, few people are torn."""
    import csv

    rows = [row for row in csv.DictReader((corpus_dir / "clips" / "multi_speaker" / "msdwild_00001.faces.csv").open()) if row["kind"] == "face"]
    named: dict[int, list[tuple[str, FaceSeen]]] = {}
    for row in rows:
        x1, y1, x2, y2 = (float(row[key]) for key in ("x1", "y1", "x2", "y2"))
        if x2 - x1 > 4:
            named.setdefault(int(row["frame"]), []).append((row["face_id"], face(x1, y1, width=x2 - x1)))
    last = min(max(named), 3000)
    tracks, archive = joined(tmp_path, [[seen for _, seen in named.get(number, [])] for number in range(last + 1)])
    pure = total = 0
    for track in tracks:
        lefts = archive.curves(track.id)
        names = [next((name for name, seen in named.get(number, []) if abs(seen.box[0] - left) < 0.5), "")
                 for number, left, is_found in zip(range(track.start_frame, track.end_frame), lefts.boxes[:, 0], lefts.found, strict=True) if is_found]  # fmt: skip
        pure += max(names.count(name) for name in set(names))
        total += len(names)
    assert total > 0.9 * sum(len(faces) for number, faces in named.items() if number <= last)
    assert pure / total > 0.97
