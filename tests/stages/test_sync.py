"""Scores of placed takes, overlaps and curves: cut to the frame, answered with a reason where nothing can be measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.domain.errors import NotMeasurable
from studio.domain.faces import LinePresence, Presence
from studio.domain.timing import TimeSpan
from studio.engines.protocols import Audio
from studio.media.face_archive import FaceArchive, FaceArchiveWriter, FaceRow
from studio.stages.sync import (
    CurveParts, PlacedSound, TrackLips, at_speech_rate, dub_overlap, embed_track, laid_out, line_curves, score_sound, source_spans,
    track_opening, turned_away, why_unmeasurable,
)  # fmt: skip
from tests.fakes import FakeFaceTracker, FakeLipScorer
from tests.talking_film import RATE_HZ, picture, talk, voice

SEEN = LinePresence(Presence.ON_SCREEN, 1, 1.0, 100.0, 40.0, False, "The mouth is seen.")


@pytest.fixture
def archive(tmp_path: Path) -> FaceArchive:
    """A mouth seen from frame 20 on, talking."""
    with FaceArchiveWriter(tmp_path / "faces.npz") as writer:
        writer.begin(1, 20)
        for value in talk():
            mouth = FakeFaceTracker._seen(picture(float(value)))[0].mouth
            writer.add(1, FaceRow(True, (0.0, 0.0, 100.0, 100.0), 0.3 * float(value), 0.1, 0.0, mouth))
        writer.end(1)
    return FaceArchive(tmp_path / "faces.npz")


def lips_of(archive: FaceArchive) -> TrackLips:
    curves = archive.curves(1)
    return TrackLips(20, embed_track(archive, 1, FakeLipScorer()), curves.found, turned_away(curves))


def spoken(start_ms: int, first: int = 0, last: int = 100) -> PlacedSound:
    """The mouth's own voice, frames `first` to `last`, put at `start_ms`."""
    return PlacedSound(Audio(voice(talk())[first * 640 : last * 640], RATE_HZ), start_ms)


def test_the_mouths_own_voice_in_its_place_is_in_sync_and_elsewhere_is_not(archive: FaceArchive) -> None:
    lips, scorer = lips_of(archive), FakeLipScorer()
    assert score_sound(lips, spoken(800), scorer).offset_frames == 0
    assert score_sound(lips, spoken(880), scorer).offset_frames == -2  # late
    assert score_sound(lips, spoken(680), scorer).offset_frames == 3  # early
    assert score_sound(lips, spoken(800), scorer).lse_d < score_sound(lips, spoken(1400), scorer).lse_d


def test_only_the_time_in_which_both_are_there_counts(archive: FaceArchive) -> None:
    score = score_sound(lips_of(archive), spoken(2800, 50, 90), FakeLipScorer())
    assert (score.windows, score.offset_frames) == (40, 0)
    before_the_face = score_sound(lips_of(archive), PlacedSound(Audio(np.concatenate([np.zeros(12_800, np.float32), voice(talk())]), RATE_HZ), 0), FakeLipScorer())
    assert (before_the_face.windows, before_the_face.offset_frames) == (100, 0)


def test_a_mouth_that_is_not_there_hidden_or_still_has_no_score(archive: FaceArchive) -> None:
    lips = lips_of(archive)
    with pytest.raises(NotMeasurable, match="not in the picture"):
        score_sound(lips, spoken(9000), FakeLipScorer())
    hidden = TrackLips(20, lips.windows, np.arange(100) % 3 == 0, lips.turned)
    with pytest.raises(NotMeasurable, match=r"seen in 3\d %"):
        score_sound(hidden, spoken(800), FakeLipScorer())
    turned = TrackLips(20, lips.windows, lips.found, np.arange(100) > 20)
    with pytest.raises(NotMeasurable, match="in profile"):
        score_sound(turned, spoken(800), FakeLipScorer())
    still = TrackLips(20, np.full_like(lips.windows, np.nan), lips.found, lips.turned)
    with pytest.raises(NotMeasurable, match="stands still"):
        score_sound(still, spoken(800), FakeLipScorer())


def presence(**changes: object) -> LinePresence:
    facts = {name: getattr(SEEN, name) for name in ("presence", "track_id", "seen_share", "face_px", "mouth_px", "is_profile", "why")}
    return LinePresence(**(facts | changes))


def test_lines_whose_lips_cannot_be_judged_say_why() -> None:
    assert why_unmeasurable(SEEN) is None
    assert why_unmeasurable(presence(presence=Presence.OFF_SCREEN, track_id=None, why="Nobody is seen.")) == "Nobody is seen."
    assert "28 px" in (why_unmeasurable(presence(face_px=28.0)) or "")
    assert why_unmeasurable(presence(is_profile=True)) is None, "each take is judged by how much of the mouth it meets"


def test_a_long_track_is_embedded_in_pieces_as_if_in_one(tmp_path: Path) -> None:
    loud = np.tile(talk(), 31)  # longer than two pieces
    mouths = {value: FakeFaceTracker._seen(picture(float(value)))[0].mouth for value in set(loud.tolist())}
    with FaceArchiveWriter(tmp_path / "long.npz") as writer:
        writer.begin(1, 0)
        for value in loud:
            writer.add(1, FaceRow(True, (0.0, 0.0, 9.0, 9.0), 0.1, 0.1, 0.0, mouths[float(value)]))
        writer.end(1)
    archive, scorer = FaceArchive(tmp_path / "long.npz"), FakeLipScorer()
    whole = scorer.embed_lips(archive.mouths(1, 0, 3100))
    assert np.allclose(embed_track(archive, 1, scorer), whole, atol=1e-6)


def test_a_minute_that_cannot_be_judged_leaves_the_rest_and_nothing_else_is_a_refusal(archive: FaceArchive) -> None:
    class Strict(FakeLipScorer):
        def embed_lips(self, pictures: np.ndarray) -> np.ndarray:
            raise NotMeasurable("It is a still picture.")

    with pytest.raises(NotMeasurable, match="still picture"):
        embed_track(archive, 1, Strict())


def test_the_overlap_is_of_speech_and_not_of_sound(archive: FaceArchive) -> None:
    source = Audio(voice(talk()), RATE_HZ)
    heard = source_spans(source, [TimeSpan(900, 4700)], 800)
    assert heard and heard[0].start_ms >= 900
    overlap = dub_overlap(heard, spoken(800))
    assert overlap is not None and overlap.jaccard > 0.9
    assert dub_overlap((), spoken(800)) is None
    assert source_spans(None, [TimeSpan(0, 1000)], 0) == ()


def test_a_take_is_laid_out_to_the_sample_and_never_outside() -> None:
    take = PlacedSound(Audio(np.ones(1600, np.float32), RATE_HZ), 1000)
    assert np.flatnonzero(laid_out(take, TimeSpan(900, 1200)).samples).tolist() == list(range(1600, 3200))
    assert np.flatnonzero(laid_out(take, TimeSpan(1050, 1200)).samples).tolist() == list(range(800))
    assert not laid_out(take, TimeSpan(2000, 2100)).samples.any()
    assert at_speech_rate(Audio(np.zeros(48_000, np.float32), 48_000)).length_ms == 1000


@pytest.mark.parametrize("span", [TimeSpan(0, 2000), TimeSpan(800, 4800), TimeSpan(4000, 6000), TimeSpan(9000, 9080)])
def test_the_mouth_is_drawn_where_it_is_seen_and_nowhere_else(archive: FaceArchive, span: TimeSpan) -> None:
    opening = track_opening(archive, 1, span)
    frames = range(span.start_ms // 40, span.start_ms // 40 + len(opening))
    assert len(opening) == span.length_ms // 40
    assert [value is not None for value in opening] == [20 <= frame < 120 for frame in frames]


def test_curves_have_one_value_for_every_frame_whatever_is_missing(archive: FaceArchive) -> None:
    span = TimeSpan(700, 5110)
    full = line_curves(CurveParts(span, track_opening(archive, 1, span), Audio(voice(talk()), RATE_HZ), (TimeSpan(700, 4800),), spoken(800), "seen"))
    empty = line_curves(CurveParts(span, (), None, (), None, "nobody looked"))
    for curves in (full, empty):
        assert {len(curves.opening), len(curves.source_level), len(curves.dub_level)} == {111}
    assert max(full.dub_level) == 1.0 and full.dub_speech[0].start_ms >= 800
    assert (set(empty.opening), empty.source_speech, empty.dub_speech) == ({None}, (), ())
