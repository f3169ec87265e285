"""A line finds the face that speaks it: by motion against speech, one speaker per face, with a reason whatever the verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from studio.domain.faces import FaceTrack, FaceTracks, LinePresence, Presence
from studio.domain.line import Line
from studio.domain.timing import TimeSpan
from studio.media.face_archive import FaceArchive, FaceArchiveWriter, FaceRow
from studio.stages.face_speech import SpeechSigns, assign, mouth_moves, speaking, speech_frames

NOISE = np.random.default_rng(3).integers(0, 256, (64, 64)).astype(np.uint8)


def talk(frame: int) -> float:
    return 0.06 + 0.04 * float(np.sin(2 * np.pi * frame * 4.3 / 25))


def still(frame: int) -> float:
    return 0.02 + 0.0004 * (frame % 3)


def talk_in(*spans: tuple[int, int]) -> Callable[[int], float]:
    """A mouth that moves in these frames and keeps still in others."""
    return lambda frame: talk(frame) if any(start <= frame < end for start, end in spans) else still(frame)


class Film:
    """Tracks and their archive, put together by hand."""

    def __init__(self, folder: Path, frame_count: int = 500) -> None:
        self._path, self._count = folder / "faces.npz", frame_count
        self._writer = FaceArchiveWriter(self._path)
        self._tracks: list[FaceTrack] = []

    def face(self, start: int, end: int, opening: Callable[[int], float], *, px: float = 120.0, yaw_deg: float = 0.0, shot: int = 0,
             lost: range = range(0), stir: float = 0.01) -> int:  # fmt: skip
        number = len(self._tracks) + 1
        self._writer.begin(number, start)
        for frame in range(start, end):
            self._writer.add(number, FaceRow(frame not in lost, (5.0, 5.0, px, px), opening(frame), stir, yaw_deg, NOISE))
        found = 1 - sum(start <= frame < end for frame in lost) / (end - start)
        self._tracks.append(FaceTrack(number, start, end, shot, px, px / 3, float(abs(yaw_deg) > 50), found))
        return number

    def done(self) -> tuple[FaceTracks, FaceArchive]:
        self._writer.close()
        return FaceTracks(tuple(self._tracks), self._count, "faces", "hand"), FaceArchive(self._path)


def line(number: int, start: int, end: int, speaker: str = "A") -> Line:
    """A line over frames of the 25 Hz grid."""
    return Line(f"l{number}", TimeSpan(40 * start, 40 * end), speaker, "words")


def verdicts(film: Film, *lines: Line, speech: list[TimeSpan] | None = None) -> list[LinePresence]:
    tracks, archive = film.done()
    found = assign(tracks, archive, lines, [item.span for item in lines] if speech is None else speech)
    assert set(found) == {item.id for item in lines}
    assert all(verdict.why.endswith(".") for verdict in found.values())
    return [found[item.id] for item in lines]


def test_a_talking_face_owns_its_line_and_a_listening_one_does_not(tmp_path: Path) -> None:
    film = Film(tmp_path)
    film.face(0, 200, still)
    talker = film.face(0, 200, talk)
    (seen,) = verdicts(film, line(1, 20, 120))
    assert (seen.presence, seen.track_id, seen.seen_share) == (Presence.ON_SCREEN, talker, 1.0)
    assert seen.face_px == 120
    assert seen.mouth_px == 40


def test_two_people_in_one_shot_each_own_their_lines(tmp_path: Path) -> None:
    film = Film(tmp_path)
    left, right = film.face(0, 300, talk_in((0, 100), (200, 300))), film.face(0, 300, talk_in((100, 200)))
    found = verdicts(film, line(1, 5, 95, "A"), line(2, 105, 195, "B"), line(3, 205, 295, "A"))
    assert [seen.track_id for seen in found] == [left, right, left]
    assert {seen.presence for seen in found} == {Presence.ON_SCREEN}


def test_a_listener_who_chews_does_not_take_the_line_of_a_speaker_with_a_face_of_their_own(tmp_path: Path) -> None:
    """Both mouths move in line 2; the left face is A's by line 1, so line 2, of B, goes to the right one though it moves less."""
    film = Film(tmp_path)
    left, right = film.face(0, 200, talk), film.face(0, 200, talk_in((100, 170)))
    found = verdicts(film, line(1, 5, 95, "A"), line(2, 105, 195, "B"))
    assert [seen.track_id for seen in found] == [left, right]


def test_a_voice_over_a_silent_face_is_off_screen(tmp_path: Path) -> None:
    film = Film(tmp_path)
    film.face(0, 200, still)
    (seen,) = verdicts(film, line(1, 20, 120))
    assert (seen.presence, seen.track_id, seen.seen_share) == (Presence.OFF_SCREEN, None, 0.0)
    assert "off screen" in seen.why


def test_no_face_at_all_is_off_screen_with_its_reason(tmp_path: Path) -> None:
    tracks = FaceTracks((), 500, None, "hand")
    found = assign(tracks, None, [line(1, 20, 120)], [])
    assert found["l1"].presence is Presence.OFF_SCREEN
    assert "No face turned to the camera" in found["l1"].why
    assert speaking(tracks, None, []) == tracks


def test_a_cut_away_in_mid_line_is_partly_on_screen(tmp_path: Path) -> None:
    film = Film(tmp_path)
    speaker = film.face(0, 60, talk)
    film.face(60, 120, still, shot=1)
    (seen,) = verdicts(film, line(1, 20, 120))
    assert (seen.presence, seen.track_id) == (Presence.PARTLY, speaker)
    assert seen.seen_share == pytest.approx(0.4)
    assert "40\u00a0%" in seen.why


def test_a_speaker_seen_from_two_cameras_counts_in_both(tmp_path: Path) -> None:
    film = Film(tmp_path)
    film.face(0, 50, talk)
    longer = film.face(50, 150, talk, px=200, shot=1)
    (seen,) = verdicts(film, line(1, 10, 140))
    assert (seen.presence, seen.track_id, seen.seen_share) == (Presence.ON_SCREEN, longer, 1.0)
    assert "2 shots" in seen.why


def test_a_face_under_forty_pixels_is_told_and_not_judged(tmp_path: Path) -> None:
    film = Film(tmp_path)
    film.face(0, 200, talk, px=31)
    (seen,) = verdicts(film, line(1, 20, 120))
    assert (seen.presence, seen.track_id, seen.face_px) == (Presence.OFF_SCREEN, None, 31)
    assert "31 px" in seen.why
    assert "40 px" in seen.why


def test_a_line_in_profile_says_so(tmp_path: Path) -> None:
    film = Film(tmp_path)
    film.face(0, 200, talk, yaw_deg=-65)
    (seen,) = verdicts(film, line(1, 20, 120))
    assert seen.presence is Presence.ON_SCREEN
    assert seen.is_profile
    assert "profile" in seen.why


def test_a_still_picture_is_named(tmp_path: Path) -> None:
    film = Film(tmp_path)
    film.face(0, 200, lambda _: 0.05, stir=0.0)
    (seen,) = verdicts(film, line(1, 20, 120))
    assert seen.presence is Presence.OFF_SCREEN
    assert "stands still" in seen.why


def test_a_line_after_the_picture_is_named(tmp_path: Path) -> None:
    film = Film(tmp_path, frame_count=100)
    film.face(0, 100, talk)
    first, second = verdicts(film, line(1, 50, 95), line(2, 110, 150))
    assert first.presence is Presence.ON_SCREEN
    assert second.presence is Presence.OFF_SCREEN
    assert "ended" in second.why


def test_a_line_that_outlasts_the_picture_counts_what_is_not_seen(tmp_path: Path) -> None:
    film = Film(tmp_path, frame_count=100)
    film.face(0, 100, talk)
    (seen,) = verdicts(film, line(1, 50, 150))
    assert seen.seen_share == pytest.approx(0.5)


def test_a_hidden_face_is_seen_for_as_long_as_it_is(tmp_path: Path) -> None:
    film = Film(tmp_path)
    film.face(0, 200, talk, lost=range(40, 80))
    (seen,) = verdicts(film, line(1, 20, 120))
    assert seen.presence is Presence.PARTLY
    assert seen.seen_share == pytest.approx(0.6)


def test_only_the_speech_inside_a_line_counts(tmp_path: Path) -> None:
    film = Film(tmp_path)
    speaker = film.face(0, 200, talk_in((20, 60)))
    (seen,) = verdicts(film, line(1, 20, 180), speech=[TimeSpan(40 * 20, 40 * 60)])
    assert (seen.presence, seen.track_id) == (Presence.ON_SCREEN, speaker)


def test_a_line_in_which_nothing_is_heard_is_judged_by_its_span(tmp_path: Path) -> None:
    film = Film(tmp_path)
    speaker = film.face(0, 200, talk)
    (seen,) = verdicts(film, line(1, 20, 120), speech=[])
    assert seen.track_id == speaker


def test_a_wrong_speaker_name_does_not_hide_a_face_that_clearly_speaks(tmp_path: Path) -> None:
    film = Film(tmp_path)
    only = film.face(0, 300, talk)
    long, short = verdicts(film, line(1, 0, 200, "A"), line(2, 210, 290, "B"))
    assert long.track_id == short.track_id == only
    assert "another speaker" in short.why


def test_speaking_share_is_of_the_frames_with_speech(tmp_path: Path) -> None:
    film = Film(tmp_path)
    film.face(0, 200, talk_in((0, 100)))
    film.face(0, 200, still)
    tracks, archive = film.done()
    half, none = speaking(tracks, archive, [TimeSpan(0, 8000)]).tracks
    assert half.speaking_share == pytest.approx(0.5, abs=0.05)
    assert none.speaking_share == 0
    assert [track.speaking_share for track in speaking(tracks, archive, []).tracks] == [0, 0]


def test_a_mouth_never_moves_where_it_was_not_seen(tmp_path: Path) -> None:
    film = Film(tmp_path)
    film.face(0, 100, talk, lost=range(30, 60))
    _, archive = film.done()
    moves = mouth_moves(archive.curves(1), SpeechSigns())
    assert not moves[30:60].any()
    assert moves[:25].all()


def test_speech_frames_are_those_whose_middle_is_heard() -> None:
    assert np.flatnonzero(speech_frames([TimeSpan(20, 60), TimeSpan(139, 141)], 10)).tolist() == [0, 3]
    assert np.flatnonzero(speech_frames([TimeSpan(0, 10_000)], 5)).tolist() == [0, 1, 2, 3, 4]


def test_thousands_of_lines_and_tracks_take_seconds(tmp_path: Path) -> None:
    import time

    film = Film(tmp_path, frame_count=40_000)
    for number in range(400):
        film.face(100 * number, 100 * number + 100, talk if number % 2 else still, shot=number)
    tracks, archive = film.done()
    lines = [line(number, 20 * number, 20 * number + 18, f"S{number % 3}") for number in range(2000)]
    started = time.monotonic()
    assert len(assign(tracks, archive, lines, [item.span for item in lines])) == 2000
    assert time.monotonic() - started < 10
