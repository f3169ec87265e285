"""Faces of real films: who speaks, where it cuts, how large a face must be, and that every kind of film ends in an answer."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from studio.domain.faces import FaceTracks, LinePresence, Presence
from studio.domain.line import Line
from studio.domain.timing import TimeSpan
from studio.engines.faces_mediapipe import MediapipeFaceTracker
from studio.engines.vad_silero import SileroDetector
from studio.media.decode import SoundQuery, audio_blocks
from studio.media.face_archive import FaceArchive, FaceArchiveWriter
from studio.media.pictures import PictureQuery, pictures
from studio.stages.face_speech import assign, speaking
from studio.stages.faces import track_faces

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("mediapipe") is None, reason="the package mediapipe is not installed"),
]


def looked(path: Path, folder: Path, *, length_ms: int | None = None) -> tuple[FaceTracks, FaceArchive]:
    with FaceArchiveWriter(folder / "faces.npz") as writer:
        found = track_faces(pictures(PictureQuery(path, path.name, length_ms, 640)), MediapipeFaceTracker(), writer)
    return found, FaceArchive(folder / "faces.npz")


def heard(path: Path, *, length_ms: int | None = None) -> tuple[TimeSpan, ...]:
    blocks = (block[:, 0] for block in audio_blocks(SoundQuery(path, 0, 16_000, 1, length_ms=length_ms)))
    return SileroDetector().speech(blocks, 16_000, min_silence_ms=300)


def placed(path: Path, folder: Path, lines: Sequence[Line], *, length_ms: int | None = None) -> tuple[FaceTracks, dict[str, LinePresence]]:
    tracks, archive = looked(path, folder, length_ms=length_ms)
    speech = heard(path, length_ms=length_ms)
    tracks = speaking(tracks, archive, speech)
    return tracks, assign(tracks, archive, lines, speech)


@pytest.mark.parametrize(
    ("name", "is_speaking"),
    [("speaking_2", True), ("speaking_5", True), ("silence_1", False), ("silence_6", False)],
)
def test_a_face_that_speaks_is_told_from_one_that_listens(corpus_dir: Path, tmp_path: Path, name: str, is_speaking: bool) -> None:
    path = corpus_dir / "clips" / "multi_speaker" / f"msdwild_demo1_{name}.mp4"
    _, found = placed(path, tmp_path, [Line("l", TimeSpan(0, 2800), "A", "words")])
    assert (found["l"].presence in (Presence.ON_SCREEN, Presence.PARTLY)) is is_speaking, found["l"].why


def test_a_conversation_cut_every_few_seconds_gives_each_line_the_face_of_its_shot(corpus_dir: Path, tmp_path: Path) -> None:
    path, length_ms = corpus_dir / "clips" / "composite" / "conversation_dev.mp4", 10_800
    turns = [row for row in csv.DictReader(path.with_suffix(".tsv").open(encoding="utf-8"), delimiter="\t") if float(row["end"]) * 1000 <= length_ms]
    spans = [TimeSpan(round(1000 * float(row["start"])), round(1000 * float(row["end"]))) for row in turns]
    lines = [Line(str(number), span, row["speaker"], row["text"]) for number, (span, row) in enumerate(zip(spans, turns, strict=True))]
    tracks, found = placed(path, tmp_path, lines, length_ms=length_ms)
    assert len(tracks.tracks) == 3
    for track, span in zip(tracks.tracks, spans, strict=False):
        assert abs(track.start_ms - span.start_ms) <= 80
    assert [found[line.id].track_id for line in lines] == [track.id for track in tracks.tracks[: len(lines)]]
    assert {found[line.id].presence for line in lines} == {Presence.ON_SCREEN}


def test_a_crowd_gives_six_faces_at_most_and_none_twice(corpus_dir: Path, tmp_path: Path) -> None:
    tracks, archive = looked(corpus_dir / "clips" / "film_excerpts" / "deepdubber_crowd.mp4", tmp_path, length_ms=1500)
    assert 3 <= len(tracks.tracks) <= 12
    for frame in range(10, tracks.frame_count, 9):
        boxes = [archive.curves(track.id, frame, frame + 1).boxes[0] for track in tracks.tracks if track.start_frame <= frame < track.end_frame]
        assert len(boxes) <= 6
        middles = [(box[0] + box[2] / 2, box[1] + box[3] / 2) for box in boxes]
        assert len({(round(x / 8), round(y / 8)) for x, y in middles}) == len(middles)


@pytest.mark.parametrize("name", ["no_face_or_music/nasa_13013.mp4", "film_excerpts/v2c1__original.mp4", "single_wild/lrs2_00009.mp4"])
def test_films_without_faces_drawn_films_and_profiles_end_in_an_answer(corpus_dir: Path, tmp_path: Path, name: str) -> None:
    line = Line("l", TimeSpan(0, 1500), "A", "words")
    tracks, found = placed(corpus_dir / "clips" / name, tmp_path, [line], length_ms=2000)
    assert found["l"].why.endswith(".")
    assert found["l"].presence in set(Presence) - {Presence.UNKNOWN}
    if "nasa" in name:
        assert tracks.tracks == ()
