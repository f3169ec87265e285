"""Sound comes out on the file's own timeline: aligned to the sample where the container allows, whole, and of the length asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.domain.errors import Cancelled, MediaToolFailed
from studio.domain.timing import TimeSpan
from studio.media.decode import SoundQuery, audio_blocks, read_audio
from tests.media.samples import ffmpeg, film, sound

RATE_HZ = 16_000


def whole(path: Path, *, track: int = 0, length_ms: int | None = None, rate_hz: int = RATE_HZ) -> np.ndarray:
    blocks = audio_blocks(SoundQuery(path, track, rate_hz, channels=1, length_ms=length_ms))
    return np.concatenate(list(blocks)).reshape(-1)


def onsets_ms(samples: np.ndarray) -> list[int]:
    """Where the clicks begin; they come every half second."""
    loud = np.flatnonzero(np.abs(samples) > 0.25)
    starts = loud[np.flatnonzero(np.diff(loud, prepend=-RATE_HZ) > RATE_HZ // 10)]
    return [round(start * 1000 / RATE_HZ) for start in starts]


@pytest.mark.parametrize(
    ("name", "codecs"),
    [
        ("a.wav", ()),
        ("a.flac", ()),
        ("a.mp3", ()),
        ("a.ogg", ("-c:a", "libvorbis")),
        ("a.m4a", ()),
        ("a.mp4", ("-c:v", "libx264", "-c:a", "aac")),
        ("a.mkv", ("-c:v", "libx264", "-c:a", "libopus")),
        ("a.mov", ("-c:v", "libx264", "-c:a", "pcm_s16le")),
        ("a.mpg", ("-c:v", "mpeg2video", "-c:a", "mp2")),
        ("a.avi", ("-c:v", "mpeg4", "-c:a", "pcm_s16le")),
    ],
)
def test_clicks_lie_where_they_were_put_in_every_container(tmp_path: Path, name: str, codecs: tuple[str, ...]) -> None:
    make = film if "-c:v" in codecs else sound
    found = onsets_ms(whole(make(tmp_path / name, *codecs)))
    assert len(found) == 4
    # MP2 in a program stream has no encoder delay to subtract: 481 samples stay.
    assert np.allclose(found, [0, 500, 1000, 1500], atol=12 if name == "a.mpg" else 4)


def test_the_length_asked_for_comes_to_the_sample_and_silence_follows_the_end(clip: Path) -> None:
    long, short = whole(clip, length_ms=4567), whole(clip, length_ms=1234)
    assert len(long) == 4567 * 16
    assert len(short) == 1234 * 16
    assert not long[3100 * 16 :].any()
    assert np.array_equal(long[: len(short)], short)


def test_a_late_track_is_padded_and_the_second_track_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    clicks, hum = film(tmp_path / "a.mp4", "-c:v", "libx264", "-c:a", "aac"), sound(tmp_path / "b.flac")
    ffmpeg("-i", str(clicks), "-itsoffset", "0.3", "-i", str(hum), "-map", "0:v", "-map", "0:a", "-map", "1:a", "-c", "copy", str(path))
    assert np.allclose(onsets_ms(whole(path, track=0)), [0, 500, 1000, 1500], atol=25)
    late = whole(path, track=1)
    assert np.allclose(onsets_ms(late), [300, 800, 1300, 1800], atol=2)
    assert not late[: 295 * 16].any()


def test_a_hole_in_the_timestamps_becomes_silence_of_its_length(tmp_path: Path) -> None:
    path = tmp_path / "hole.mkv"
    sound(tmp_path / "a.flac")
    ffmpeg("-i", str(tmp_path / "a.flac"), "-af", "aselect='not(between(t,0.7,1.2))'", "-c:a", "pcm_s16le", str(path))
    assert np.allclose(onsets_ms(whole(path)), [0, 500, 1500], atol=25)


@pytest.mark.parametrize(
    ("name", "codecs", "slack_ms"),
    [
        ("a.mp4", ("-c:v", "libx264", "-g", "250", "-c:a", "aac"), 0),
        ("a.mkv", ("-c:v", "libx264", "-g", "250", "-c:a", "libopus"), 1),
        ("a.mp3", ("-q:a", "4"), 0),
        ("a.flac", (), 0),
        ("a.ts", ("-c:v", "libx264", "-c:a", "aac"), 0),
        ("a.avi", ("-c:v", "mpeg4", "-c:a", "libmp3lame"), 12),
    ],
)
def test_a_span_read_by_seeking_is_the_same_sound_as_from_the_start(
    tmp_path: Path, name: str, codecs: tuple[str, ...], slack_ms: int
) -> None:
    make = film if "-c:v" in codecs else sound
    path = make(tmp_path / name, *codecs, seconds=10)
    span = TimeSpan(7370, 8400)
    got = read_audio(path, track=0, rate_hz=RATE_HZ, span=span)
    assert len(got) == span.length_ms * 16
    inner, reach = got[800:-800], slack_ms * 16 + 8
    around = whole(path)[span.start_ms * 16 + 800 - reach : span.end_ms * 16 - 800 + reach]
    errors = [float(np.mean((around[lag : lag + len(inner)] - inner) ** 2)) for lag in range(2 * reach + 1)]
    assert min(errors) < 0.05**2
    assert abs(int(np.argmin(errors)) - reach) <= slack_ms * 16 + 1


def test_a_span_past_the_end_is_silence(clip: Path) -> None:
    got = read_audio(clip, track=0, rate_hz=RATE_HZ, span=TimeSpan(60_000, 60_500))
    assert len(got) == 8000
    assert not got.any()


def test_damaged_packets_are_skipped_and_the_rest_stays_in_place(tmp_path: Path) -> None:
    path = film(tmp_path / "a.ts", "-c:v", "libx264", "-c:a", "mp2", seconds=4)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 188 * 40] = bytes(188 * 40)
    path.write_bytes(data)
    samples = whole(path, length_ms=4000)
    assert len(samples) == 4000 * 16
    found = onsets_ms(samples)
    assert len(found) >= 6
    assert all(min(abs(moment - 500 * n) for n in range(8)) <= 15 for moment in found)


def test_a_track_that_is_not_there_is_a_sentence(clip: Path) -> None:
    with pytest.raises(MediaToolFailed, match="Reading the sound failed"):
        whole(clip, track=5)


def test_a_stop_is_heeded(clip: Path) -> None:
    with pytest.raises(Cancelled):
        list(audio_blocks(SoundQuery(clip), cancel=lambda: True))


@pytest.mark.corpus
def test_a_known_offset_in_real_sound_is_kept(corpus_dir: Path) -> None:
    folder = corpus_dir / "nasty" / "media"
    plain, late = (whole(folder / name, length_ms=3000) for name in ("grid_offset_0.mp4", "grid_offset_plus200ms.mp4"))
    shifts = np.correlate(late, plain[: 2500 * 16], "valid")
    assert abs(int(np.argmax(shifts)) - 200 * 16) <= 32


@pytest.mark.corpus
def test_bit_errors_in_a_real_file_neither_stop_nor_move_the_sound(corpus_dir: Path) -> None:
    assert len(whole(corpus_dir / "nasty" / "media" / "bitflips.mp4", length_ms=5000)) == 5000 * 16


@pytest.mark.parametrize("shift_ms", [120, -120, 1999])
def test_shifted_sound_is_the_same_sound_so_much_later(clip: Path, shift_ms: int) -> None:
    plain, shifted = whole(clip, length_ms=3000), np.concatenate(list(audio_blocks(SoundQuery(clip, 0, RATE_HZ, 1, length_ms=3000, shift_ms=shift_ms))))[:, 0]
    by = abs(shift_ms) * 16
    assert len(shifted) == len(plain)
    early, late = (plain, shifted) if shift_ms > 0 else (shifted, plain)
    assert np.allclose(late[by + 200 :], early[200 : len(early) - by], atol=0.02)
    assert shift_ms < 0 or not shifted[:by].any()


def test_a_span_of_shifted_sound_is_that_span_of_the_whole(clip: Path) -> None:
    query = SoundQuery(clip, 0, RATE_HZ, 1, length_ms=3000, shift_ms=-250)
    expected = np.concatenate(list(audio_blocks(query)))[:, 0][1000 * 16 : 1500 * 16]
    got = read_audio(clip, track=0, rate_hz=RATE_HZ, span=TimeSpan(1000, 1500), shift_ms=-250)
    assert np.allclose(got[200:], expected[200:], atol=0.02)
    assert not read_audio(clip, track=0, rate_hz=RATE_HZ, span=TimeSpan(0, 200), shift_ms=400).any(), "nothing is heard before the shift"
