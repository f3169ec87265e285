"""Files looked at without a project: the two crops of SyncNet cut while the pictures go by, sound moved in time, the headline face."""

from __future__ import annotations

import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.domain.errors import NotMeasurable
from studio.domain.faces import FaceTrack
from studio.domain.sync import SyncScore
from studio.engines.face_cutter import FaceCutter
from studio.file_lips import HasCrops, TrackScore, cropped_faces, faces_of, score_file, scored, seen_file, why_unfit
from studio.media.face_archive import FaceArchive, FaceArchiveWriter, FaceRow
from tests.fakes import FakeFaceTracker, FakeLipScorer, FakeVad
from tests.talking_film import talk, talking_film, voice


class CropScorer(FakeLipScorer):
    """Looks at 224×224 crops, five frames ahead as SyncNet does. `shapes`: what it was shown, piece by piece."""

    def __init__(self, crop: str = "track") -> None:
        super().__init__()
        self.crop, self.shapes = crop, []

    def with_crop(self, crop: str) -> CropScorer:
        return CropScorer(crop)

    def embed_lips(self, pictures: np.ndarray) -> np.ndarray:
        self.shapes.append(pictures.shape)
        if len(pictures) < 6:
            raise NotMeasurable(f"The face is seen for {len(pictures)} frames.")
        darkness = (pictures.max(axis=3) < 60).mean(axis=(1, 2)).astype(np.float32)
        rows = np.stack([darkness[at : len(darkness) - 5 + at] for at in range(5)], axis=1)
        return rows / max(float(darkness.max()), 1e-6)

    @staticmethod
    def _windows(values: np.ndarray) -> np.ndarray:
        held = np.pad(values / max(float(values.max()), 1e-6), (0, 5))
        return np.stack([held[at : at + len(values)] for at in range(5)], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return talking_film(tmp_path_factory.mktemp("film") / "film.mkv", loud=talk(4, 180), late_ms=80)


@pytest.mark.parametrize("crop", ["track", "face"])
def test_crops_are_cut_and_embedded_as_the_pictures_go_by_without_a_gap(film: Path, crop: str) -> None:
    scorer = CropScorer(crop)
    assert isinstance(scorer, HasCrops)
    with seen_file(film, FakeFaceTracker(), FakeVad()) as seen:
        (face,) = faces_of(seen, scorer)
        found = score_file(seen, scorer)
    assert face.lips is not None and face.lips.shape == (175, 5)
    assert scorer.shapes[:2] == [(125, 224, 224, 3), (60, 224, 224, 3)]
    assert found.best is not None and found.best.score is not None
    assert (found.crop, found.best.score.offset_frames, found.best.score.windows) == (crop, -2, 175)


class StillWatcher(CropScorer):
    """Refuses a still picture, as the engines do."""

    def embed_lips(self, pictures: np.ndarray) -> np.ndarray:
        if len(pictures) > 5 and np.abs(np.diff(pictures[:, ::4, ::4].astype(np.int16), axis=0)).mean(axis=(1, 2, 3)).max() < 0.15:
            raise NotMeasurable("a still picture")
        return super().embed_lips(pictures)


def test_a_still_piece_keeps_its_place_and_does_not_count(tmp_path: Path) -> None:
    loud = np.concatenate([np.zeros(125, np.float32), talk(6, 250)])
    film = talking_film(tmp_path / "film.mkv", loud=loud, late_ms=80)
    with seen_file(film, FakeFaceTracker(), FakeVad()) as seen:
        (face,) = faces_of(seen, StillWatcher())
        found = score_file(seen, StillWatcher())
    assert face.lips is not None and face.lips.shape == (370, 5)
    assert np.isnan(face.lips[:120]).all() and not np.isnan(face.lips[120:]).any()
    dark = np.flatnonzero(face.lips[120:].max(axis=1) > 0.5)[0] + 120
    assert abs(int(dark) + 4 - int(np.flatnonzero(loud > 0.39)[0])) <= 1, "later windows have not moved forward"
    assert found.best is not None and found.best.score is not None
    assert (found.best.score.offset_frames, found.best.score.windows) == (-2, 250)


def test_still_minutes_of_kept_mouths_do_not_count(tmp_path: Path) -> None:
    class Still(FakeLipScorer):
        def embed_lips(self, pictures: np.ndarray) -> np.ndarray:
            rows = super().embed_lips(pictures)
            rows[:40] = np.nan
            return rows

    film = talking_film(tmp_path / "film.mkv", late_ms=80)
    with seen_file(film, FakeFaceTracker(), FakeVad()) as seen:
        all_of_it, part = (score_file(seen, scorer).best for scorer in (FakeLipScorer(), Still()))
    assert all_of_it is not None and part is not None and all_of_it.score is not None and part.score is not None
    assert (all_of_it.score.windows, part.score.windows) == (100, 60)
    assert part.score.offset_frames == all_of_it.score.offset_frames == -2
    assert part.score.lse_d == pytest.approx(all_of_it.score.lse_d, abs=0.15)


def test_a_face_that_is_gone_takes_up_no_room(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[weakref.ref[np.ndarray]] = []
    most = 0

    def alive() -> int:
        return sum(one() is not None for one in made)

    class Counting(FaceCutter):
        def crop(self, place: int, picture: np.ndarray) -> np.ndarray:
            nonlocal most
            crop = super().crop(place, picture)
            made.append(weakref.ref(crop))
            most = max(most, alive())
            return crop

    monkeypatch.setattr("studio.file_lips.FaceCutter", Counting)
    archive = archive_of(tmp_path / "faces.npz", 0.0, tracks=6)
    tracks = tuple(face(number, start_frame=30 * (number - 1), end_frame=30 * number) for number in range(1, 7))
    with seen_file(film, FakeFaceTracker(), FakeVad()) as seen:
        found = cropped_faces(replace(seen, tracks=replace(seen.tracks, tracks=tracks)), archive, CropScorer())
    assert [len(one.lips) for one in found if one.lips is not None] == [25] * 6
    assert len(made) == 180 and 25 <= most <= 36 and alive() == 0


def test_sound_is_moved_as_if_the_whole_file_were_played_so(film: Path) -> None:
    with seen_file(film, FakeFaceTracker(), FakeVad()) as seen:
        (track,) = seen.tracks.tracks
        as_it_is, later, earlier = (seen.heard(track, later_ms=ms).samples for ms in (0, 200, -200))
    assert len(as_it_is) == len(later) == len(earlier) == 180 * 640
    assert not later[:3200].any() and np.array_equal(later[3200:], as_it_is[:-3200])
    assert not earlier[-3200:].any() and np.array_equal(earlier[:-3200], as_it_is[3200:])
    assert np.allclose(as_it_is, voice(talk(4, 180), late_ms=80), atol=1e-3)


def test_a_face_nobody_is_heard_with_has_no_score(tmp_path: Path) -> None:
    quiet = talking_film(tmp_path / "quiet.mkv", loud=np.where(np.arange(60) < 3, 0.5, 0.0).astype(np.float32))
    with seen_file(quiet, FakeFaceTracker(), FakeVad()) as seen:
        found = score_file(seen, FakeLipScorer())
    assert found.best is None and "No speech is heard" in found.why


def test_nothing_is_left_on_disk(film: Path) -> None:
    with seen_file(film, FakeFaceTracker(), FakeVad()) as seen:
        held = seen.sound
        assert held is not None and held.is_file()
    assert not held.exists()


def face(number: int, **changes: float) -> FaceTrack:
    facts = {"start_frame": 0, "end_frame": 100, "face_px": 90.0, "mouth_px": 30.0, "profile_share": 0.1, "found_share": 1.0} | changes
    return FaceTrack(id=number, shot=0, **facts)


def archive_of(path: Path, yaw_deg: float, *, tracks: int = 1) -> FaceArchive:
    """Faces one after the other, 30 frames each."""
    with FaceArchiveWriter(path) as writer:
        for number in range(1, tracks + 1):
            writer.begin(number, 30 * (number - 1))
            for _ in range(30):
                writer.add(number, FaceRow(True, (110.0, 60.0, 100.0, 100.0), 0.1, 0.1, yaw_deg, np.zeros((64, 64), np.uint8)))
            writer.end(number)
    return FaceArchive(path)


def test_faces_that_show_no_lips_say_why(tmp_path: Path) -> None:
    frontal, three_quarter, profile = (archive_of(tmp_path / f"{deg}.npz", deg) for deg in (0.0, -48.0, 75.0))
    assert why_unfit(face(1), frontal) is None and why_unfit(face(1), None) is None
    assert why_unfit(face(1, profile_share=1.0), three_quarter) is None, "a mouth seen from the side is still seen"
    assert "profile for 100 %" in (why_unfit(face(1), profile) or "")
    assert "30 px" in (why_unfit(face(1, face_px=30.0), frontal) or "")
    assert "hidden" in (why_unfit(face(1, found_share=0.3), frontal) or "")


def test_a_glimpse_never_makes_the_headline(film: Path) -> None:
    def judged(number: int, lse_c: float, windows: int) -> TrackScore:
        return TrackScore(face(number), SyncScore("fake-lips", "mouth", lse_c, 7.0, 0, windows), "")

    found = scored([judged(1, 3.0, 100), judged(2, 4.0, 80), judged(3, 9.0, 8), TrackScore(face(4), None, "in profile")], FakeLipScorer())
    assert found.best is not None and found.best.track.id == 2
    nothing = scored([TrackScore(face(1, face_px=50.0), None, "small"), TrackScore(face(2), None, "in profile")], FakeLipScorer())
    assert nothing.best is None and nothing.why == "in profile"
