"""Previews play in any browser, begin where they should, and show original and dub next to each other."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from studio.domain.errors import MediaToolFailed
from studio.domain.timing import TimeSpan
from studio.media.ffmpeg import ToolCall
from studio.media.preview import cut_clip, is_browser_playable, make_proxy, side_by_side
from studio.media.probe import probe
from tests.media.samples import ffmpeg, film, sound

CALL = ToolCall("Making a proxy")


def is_playable(path: Path) -> bool:
    return is_browser_playable(path, probe(path, name=path.name))


def test_what_browsers_play_is_known_by_container_codec_and_pixels(tmp_path: Path, clip: Path) -> None:
    deep = film(tmp_path / "deep.mp4", "-c:v", "libx264", "-pix_fmt", "yuv444p", "-c:a", "aac")
    assert is_playable(clip)
    assert is_playable(sound(tmp_path / "a.mp3"))
    assert is_playable(film(tmp_path / "a.webm", "-c:v", "libvpx", "-c:a", "libvorbis"))
    assert not is_playable(deep)
    assert not is_playable(film(tmp_path / "a.mkv", "-c:v", "libx264", "-c:a", "aac"))
    assert not is_playable(film(tmp_path / "a.mpg", "-c:v", "mpeg2video", "-c:a", "mp2"))
    assert not is_playable(film(tmp_path / "ac3.mp4", "-c:v", "libx264", "-c:a", "ac3"))


@pytest.mark.parametrize(
    ("name", "codecs", "size", "shown"),
    [
        ("a.mpg", ("-c:v", "mpeg2video", "-c:a", "mp2"), "160x120", (160, 120)),
        ("a.mkv", ("-c:v", "libx264", "-pix_fmt", "yuv444p", "-c:a", "libopus"), "161x121", (160, 120)),
        ("b.mkv", ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "ac3"), "160x120", (160, 120)),
        ("c.avi", ("-c:v", "mpeg4", "-an"), "1920x1080", (1280, 720)),
    ],
)
def test_a_proxy_plays_and_lasts_as_long(tmp_path: Path, name: str, codecs: tuple[str, ...], size: str, shown: tuple[int, int]) -> None:
    source = film(tmp_path / name, *codecs, size=size)
    info = probe(source, name=name)
    out = tmp_path / "proxy.mp4"
    make_proxy(source, info, out, CALL)
    made = probe(out, name="proxy.mp4")
    assert is_playable(out)
    assert abs(made.duration_ms - info.duration_ms) <= 40
    assert made.video is not None
    assert (made.video.width_px, made.video.height_px) == shown
    assert bool(made.audio) == bool(info.audio)


def test_a_proxy_turns_a_turned_picture_or_keeps_its_sign(tmp_path: Path, clip: Path) -> None:
    turned = tmp_path / "turned.mkv"
    ffmpeg("-display_rotation", "-90", "-i", str(clip), "-c:v", "copy", "-c:a", "libopus", str(turned))
    make_proxy(turned, probe(turned, name="turned.mkv"), tmp_path / "proxy.mp4", CALL)
    video = probe(tmp_path / "proxy.mp4", name="proxy.mp4").video
    is_upright = (video.rotation_deg, video.width_px, video.height_px) == (0, 240, 320)
    assert is_upright or (video.rotation_deg, video.width_px, video.height_px) == (90, 320, 240)


def test_a_line_clip_begins_at_its_line(tmp_path: Path, clip: Path) -> None:
    out = tmp_path / "line.mp4"
    span = TimeSpan(1760, 2200)
    cut_clip(clip, probe(clip, name="clip.mp4"), span, out)
    made = probe(out, name="line.mp4")
    assert abs(made.duration_ms - span.length_ms) <= 40
    with av.open(str(out)) as cut, av.open(str(clip)) as source:
        first = next(cut.decode(video=0)).to_ndarray(format="gray")
        frames = [frame.to_ndarray(format="gray") for frame in source.decode(video=0)]
    differences = [float(np.mean((first.astype(float) - frame.astype(float)) ** 2)) for frame in frames]
    assert int(np.argmin(differences)) == 44


def test_a_clip_of_sound_alone_is_sound_alone(tmp_path: Path) -> None:
    source = sound(tmp_path / "a.mp3")
    cut_clip(source, probe(source, name="a.mp3"), TimeSpan(500, 1100), tmp_path / "line.mp4")
    made = probe(tmp_path / "line.mp4", name="line.mp4")
    assert made.video is None
    assert abs(made.duration_ms - 600) <= 30


def test_original_and_dub_stand_side_by_side_with_the_sound_of_the_dub(tmp_path: Path, clip: Path) -> None:
    other = film(tmp_path / "other.mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", seconds=3, size="640x480")
    side_by_side(clip, other, tmp_path / "pair.mp4", span=TimeSpan(500, 1500))
    made = probe(tmp_path / "pair.mp4", name="pair.mp4")
    assert (made.video.width_px, made.video.height_px) == (640, 240)
    assert abs(made.duration_ms - 1000) <= 40
    assert len(made.audio) == 1
    assert is_playable(tmp_path / "pair.mp4")
    assert {path.name for path in tmp_path.iterdir()} == {"other.mp4", "pair.mp4"}


def test_what_is_no_film_cannot_stand_beside_one(tmp_path: Path, clip: Path) -> None:
    (tmp_path / "no.mp4").write_bytes(b"nothing")
    with pytest.raises(MediaToolFailed, match="side by side"):
        side_by_side(clip, tmp_path / "no.mp4", tmp_path / "pair.mp4")
    assert not (tmp_path / "pair.mp4").exists()
