"""Frames and SMPTE timecode: exact at every rate that broadcasters use."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from studio.domain.errors import BadSetting
from studio.domain.media import MediaInfo, VideoTrack
from studio.domain.timebase import STANDARD_RATES, Timebase, hour_frames, picture_samples, timebase_of

FILM, NTSC = Fraction(24000, 1001), Fraction(30000, 1001)


def picture(fps: Fraction, frames: int | None, duration_ms: int, *, is_variable: bool = False) -> MediaInfo:
    return MediaInfo("mp4", duration_ms, 1, VideoTrack("h264", 64, 48, fps, is_variable, 0, frames), ())


def test_drop_frame_leaves_two_numbers_out_at_each_minute_but_the_tenth() -> None:
    base = Timebase(NTSC)
    assert [base.timecode(frame) for frame in (1799, 1800, 3597, 3598)] == ["00:00:59;29", "00:01:00;02", "00:01:59;29", "00:02:00;02"]
    assert [base.timecode(frame) for frame in (17981, 17982)] == ["00:09:59;29", "00:10:00;00"]


def test_an_hour_of_drop_frame_is_an_hour_of_the_clock_to_the_frame() -> None:
    assert Timebase(NTSC).timecode_at(3_600_000) == "01:00:00;00"
    assert Timebase(Fraction(60000, 1001)).timecode_at(3_600_000) == "01:00:00;00"
    assert Timebase(FILM).timecode_at(3_600_000) == "00:59:56:09"


@given(st.sampled_from(STANDARD_RATES), st.integers(0, 10_000_000))
def test_every_frame_has_its_own_timecode_and_opentimelineio_reads_it_back(fps: Fraction, frame: int) -> None:
    import opentimelineio

    base = Timebase(fps)
    code = base.timecode(frame % (24 * 3600 * 23))
    if fps in (Fraction(48), Fraction(60000, 1001)):
        return  # the library knows no such timecode
    read = opentimelineio.opentime.from_timecode(code, float(fps))
    assert round(read.value) == frame % (24 * 3600 * 23)


@pytest.mark.parametrize("fps", STANDARD_RATES)
def test_a_programme_may_start_at_ten_hours(fps: Fraction) -> None:
    base = Timebase(fps, hour_frames(fps, 10))
    assert base.timecode(0).replace(";", ":") == "10:00:00:00"


def test_there_is_no_hour_24() -> None:
    with pytest.raises(BadSetting, match="from 0 to 23"):
        hour_frames(FILM, 24)


def test_a_rate_written_loosely_in_the_file_is_taken_for_the_standard_one() -> None:
    assert timebase_of(picture(Fraction(2997, 100), None, 1000)).fps == NTSC
    assert timebase_of(picture(Fraction(18), None, 1000)).fps == 18
    assert timebase_of(None).fps == 25


@given(st.sampled_from(STANDARD_RATES), st.integers(0, 3_000_000))
def test_a_frame_begins_at_the_first_millisecond_at_which_it_is_on_screen(fps: Fraction, frame: int) -> None:
    base = Timebase(fps)
    assert base.first_frame(base.start_ms(frame)) == frame
    assert frame == 0 or base.first_frame(base.start_ms(frame) - 1) == frame - 1


def test_frames_of_a_span_cover_it() -> None:
    base = Timebase(Fraction(25))
    assert (base.first_frame(39), base.first_frame(40), base.end_frame(40), base.end_frame(41)) == (0, 1, 1, 2)


def test_the_picture_counts_in_samples_from_its_frames() -> None:
    assert picture_samples(picture(FILM, 240, 10_010), 48_000) == 240 * 2002
    assert picture_samples(picture(FILM, 100, 4171), 48_000) == 200_200  # 4170.8 ms
    assert picture_samples(picture(FILM, None, 4171), 48_000) == 200_208
    assert picture_samples(picture(FILM, 10, 60_000), 48_000) == 60 * 48_000  # a count that cannot be true
    assert picture_samples(picture(FILM, 100, 4171, is_variable=True), 48_000) == 200_208
