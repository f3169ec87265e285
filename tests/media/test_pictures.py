"""Pictures come at 25 Hz on the timeline the sound is on, upright, in one size, whatever the file does; and with constant memory."""

from __future__ import annotations

import itertools
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from studio.domain.errors import BadMedia, Cancelled, MediaToolFailed, NotMeasurable
from studio.media.decode import SoundQuery, audio_blocks
from studio.media.pictures import PictureQuery, decoded, pictures
from tests.media.samples import ffmpeg, film, sound

FLASH = "color=black:size=96x64:rate={rate}:duration={seconds},drawbox=c=white:t=fill:enable='between(t,{at},{until})'"


def looked(path: Path, **wanted: object) -> list[np.ndarray]:
    return list(pictures(PictureQuery(path, path.name, **wanted)))


def flash_film(path: Path, *, at: float = 0.4, rate: str = "25", seconds: float = 2.0) -> Path:
    """A black film that is white for 0.2 s."""
    picture = FLASH.format(rate=rate, seconds=seconds, at=at - 0.001, until=at + 0.199)
    ffmpeg("-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path))
    return path


def first_bright(frames: list[np.ndarray]) -> int:
    return next(number for number, frame in enumerate(frames) if frame.mean() > 128)


@pytest.mark.parametrize(("rate", "slack"), [("25", 0), ("12", 1), ("24000/1001", 1), ("30", 0), ("50", 0), ("60000/1001", 0), ("120", 0)])
def test_any_frame_rate_lands_on_the_grid(tmp_path: Path, rate: str, slack: int) -> None:
    frames = looked(flash_film(tmp_path / "a.mp4", rate=rate))
    assert abs(len(frames) - 50) <= 1
    assert abs(first_bright(frames) - 10) <= slack
    assert all(frame.shape == (64, 96, 3) and frame.dtype == np.uint8 for frame in frames)


@pytest.mark.parametrize("late", ["picture", "sound"])
def test_picture_and_sound_share_one_timeline_when_their_streams_start_apart(tmp_path: Path, late: str) -> None:
    """A flash and a click at the same moment; one stream is then moved half a second later in the container."""
    flash, click, both = flash_film(tmp_path / "a.mp4", at=0.4), tmp_path / "a.flac", tmp_path / "both.mkv"
    ffmpeg("-f", "lavfi", "-i", "aevalsrc='between(t,0.4,0.42)':s=16000:d=2", str(click))
    delay = ["-itsoffset", "0.5"]
    inputs = [*(delay if late == "picture" else []), "-i", str(flash), *(delay if late == "sound" else []), "-i", str(click)]
    ffmpeg(*inputs, "-map", "0:v", "-map", "1:a", "-c", "copy", str(both))
    frames = looked(both)
    samples = np.concatenate(list(audio_blocks(SoundQuery(both, 0, 16_000, channels=1)))).reshape(-1)
    heard_ms = int(np.argmax(np.abs(samples) > 0.5)) / 16
    seen_ms = 40 * first_bright(frames)
    expected_ms = 500 if late == "picture" else -500
    assert abs((seen_ms - heard_ms) - expected_ms) <= 21
    if late == "picture":
        assert not np.concatenate(frames[:12]).any(), "before the first picture there is nothing to see"


def test_a_transport_stream_counts_from_its_first_moment(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    ffmpeg("-i", str(flash_film(tmp_path / "a.mp4")), "-c", "copy", "-output_ts_offset", "100", str(path))
    assert abs(first_bright(looked(path)) - 10) <= 1


def test_a_hole_in_the_timestamps_holds_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "hole.mkv"
    ffmpeg("-i", str(flash_film(tmp_path / "a.mp4", at=1.4)), "-vf", "select='not(between(t,0.7,1.2))'", "-fps_mode", "passthrough", "-c:v", "ffv1", str(path))
    frames = looked(path)
    assert abs(first_bright(frames) - 35) <= 1
    assert any(first is second for first, second in itertools.pairwise(frames)), "a picture that stays is the same array"


def test_the_length_asked_for_comes_to_the_frame(tmp_path: Path) -> None:
    path = flash_film(tmp_path / "a.mp4")
    assert len(looked(path, length_ms=1000)) == 25
    longer = looked(path, length_ms=3010)
    assert len(longer) == 76
    assert not longer[-1].any()


def test_large_pictures_are_scaled_down_and_small_ones_left_alone(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", "-c:v", "libx264", size="320x180", seconds=0.2)
    assert looked(path, longest_px=160)[0].shape == (90, 160, 3)
    assert looked(path, longest_px=640)[0].shape == (180, 320, 3)


def test_a_width_that_fills_no_whole_block_comes_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=218x90:rate=25:duration=0.4", "-c:v", "libx264", "-pix_fmt", "yuv420p", str(path))
    frames = looked(path)
    assert [frame.shape for frame in frames] == [(90, 218, 3)] * 10
    within = list(decoded(PictureQuery(path, path.name), "mov"))
    assert all(np.array_equal(one, other) for one, other in zip(frames, within, strict=True))


def test_a_turned_phone_film_comes_upright(tmp_path: Path) -> None:
    path, turned = film(tmp_path / "a.mp4", "-c:v", "libx264", size="160x96", seconds=0.2), tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", "90", "-i", str(path), "-c", "copy", str(turned))
    plain, upright = looked(path)[0], looked(turned)[0]
    assert upright.shape == (160, 96, 3)
    assert np.abs(upright.astype(int) - np.rot90(plain)).mean() < 3


def test_damaged_packets_are_skipped_and_the_rest_stays_in_place(tmp_path: Path) -> None:
    source, path = flash_film(tmp_path / "a.mp4", at=1.6, seconds=3), tmp_path / "a.ts"
    ffmpeg("-i", str(source), "-c:v", "mpeg2video", "-g", "5", "-an", str(path))
    data = bytearray(path.read_bytes())
    data[188 * 12 : 188 * 16] = bytes(188 * 4)
    path.write_bytes(data)
    frames = looked(path, length_ms=3000)
    assert len(frames) == 75
    assert abs(first_bright(frames) - 40) <= 3


def test_a_file_that_breaks_off_gives_what_it_holds(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv", "-c:v", "libx264", "-g", "10", "-c:a", "aac", seconds=4)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 10 < len(looked(path)) < 95


@pytest.mark.parametrize("make", [lambda folder: sound(folder / "a.wav"), lambda folder: sound(folder / "a.m4a")])
def test_a_file_without_a_picture_is_a_sentence(tmp_path: Path, make: object) -> None:
    with pytest.raises(NotMeasurable, match="no picture, so there are no faces"):
        looked(make(tmp_path))


def test_a_cover_is_no_film(tmp_path: Path) -> None:
    cover, tune, path = tmp_path / "c.png", sound(tmp_path / "a.mp3"), tmp_path / "b.mp3"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x64:duration=0.04", "-frames:v", "1", str(cover))
    ffmpeg("-i", str(tune), "-i", str(cover), "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic", str(path))
    with pytest.raises(NotMeasurable, match="still cover picture"):
        looked(path)


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    picture, nonsense = tmp_path / "a.png", tmp_path / "b.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x64:duration=0.04", "-frames:v", "1", str(picture))
    nonsense.write_bytes(b"\0\0\0\x20ftypisom" + bytes(range(256)) * 20)
    with pytest.raises(BadMedia, match="it is a picture"):
        looked(picture)
    with pytest.raises((BadMedia, MediaToolFailed)):
        looked(nonsense)


def test_a_stop_is_heeded(clip: Path) -> None:
    with pytest.raises(Cancelled):
        list(pictures(PictureQuery(clip, "clip"), cancel=lambda: True))


def test_it_ends_when_its_time_is_up(clip: Path) -> None:
    with pytest.raises(MediaToolFailed, match="took longer"):
        list(pictures(PictureQuery(clip, "clip"), timeout_s=0.0))


def test_memory_does_not_grow_with_the_film(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", "-c:v", "libx264", size="64x64", seconds=40)
    stream = pictures(PictureQuery(path, "a"))
    next(stream)
    tracemalloc.start()
    for _ in itertools.islice(stream, 100):
        pass
    early = tracemalloc.get_traced_memory()[0]
    for _ in itertools.islice(stream, 800):
        pass
    late = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert late - early < 100_000


@pytest.mark.corpus
def test_every_broken_film_ends_in_pictures_or_a_sentence(corpus_dir: Path) -> None:
    for path in sorted((corpus_dir / "nasty" / "media").iterdir()):
        try:
            count = sum(1 for _ in pictures(PictureQuery(path, path.name, longest_px=320), timeout_s=60))
        except (BadMedia, NotMeasurable, MediaToolFailed) as error:
            assert str(error).endswith((".", ")", "?")), f"{path.name}: {error}"
        else:
            assert count > 0, path.name
