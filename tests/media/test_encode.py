"""The MP4 carries the very packets of the source's picture, the dub first, the original second, and lasts as long."""

from __future__ import annotations

import hashlib
from pathlib import Path

import av
import numpy as np
import pytest

from studio.domain.errors import Cancelled, MediaToolFailed
from studio.domain.timing import TimeSpan
from studio.media.decode import read_audio
from studio.media.encode import Mux, SubtitleTrack, mux
from studio.media.ffmpeg import ToolCall
from studio.media.probe import probe
from tests.media.samples import container_s, ffmpeg, film, sound

CALL = ToolCall("Writing the film")


def parts(source: Path, dub: Path, **changes: object) -> Mux:
    info = probe(source, name=source.name)
    wanted = {"source": source, "info": info, "track": 0, "dub": dub, "source_language": "en", "target_language": "zh", **changes}
    return Mux(**wanted)  # type: ignore[arg-type]


def picture_digest(path: Path) -> str:
    """Of the coded pictures, without the start codes and length fields that differ between containers."""
    with av.open(str(path)) as opened:
        frames = [frame.to_ndarray().tobytes() for frame in opened.decode(video=0)]
    return hashlib.sha256(b"".join(frames)).hexdigest()


@pytest.fixture(scope="module")
def dub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sound(tmp_path_factory.mktemp("dub") / "dub.wav", seconds=2, hz=48_000)


@pytest.mark.parametrize(
    ("name", "codecs", "notices"),
    [
        ("a.mp4", ("-c:v", "libx264", "-bf", "2", "-c:a", "aac"), 0),
        ("a.mov", ("-c:v", "libx264", "-c:a", "pcm_s16le"), 1),
        ("a.mkv", ("-c:v", "libx265", "-x265-params", "log-level=none", "-c:a", "libopus"), 0),
        ("a.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libvorbis"), 1),
        ("a.avi", ("-c:v", "mpeg4", "-bf", "2", "-c:a", "libmp3lame"), 0),
        ("a.mpg", ("-c:v", "mpeg1video", "-c:a", "mp2"), 0),
        ("b.mpg", ("-c:v", "mpeg2video", "-bf", "2", "-c:a", "mp2"), 0),
        ("a.ts", ("-c:v", "libx264", "-bf", "2", "-c:a", "aac"), 0),
    ],
)
def test_the_picture_is_copied_from_every_container_that_mp4_can_follow(
    tmp_path: Path, dub: Path, name: str, codecs: tuple[str, ...], notices: int
) -> None:
    source = film(tmp_path / name, *codecs)
    out = tmp_path / "out.mp4"
    said = mux(parts(source, dub), out, CALL)
    assert len(said) == notices
    assert not any("picture" in sentence for sentence in said)
    assert picture_digest(out) == picture_digest(source)
    assert abs(container_s(out) - 2.0) <= 0.045
    assert [(track.language, track.is_default) for track in probe(out, name="out.mp4").audio] == [("zh", True), ("en", False)]


@pytest.mark.parametrize(("name", "codec"), [("a.webm", "libvpx"), ("a.mkv", "ffv1"), ("a.avi", "rawvideo")])
def test_a_picture_mp4_cannot_carry_is_re_encoded_and_a_notice_says_so(tmp_path: Path, dub: Path, name: str, codec: str) -> None:
    source = film(tmp_path / name, "-c:v", codec, size="161x121" if codec == "ffv1" else "160x120")
    said = mux(parts(source, dub), tmp_path / "out.mp4", CALL)
    assert any("re-encoded to H.264" in sentence for sentence in said)
    info = probe(tmp_path / "out.mp4", name="out.mp4")
    assert info.video is not None
    assert info.video.codec == "h264"
    assert abs(info.duration_ms - 2000) <= 40
    assert info.video.frame_count == 50


def test_subtitles_are_soft_and_carry_their_languages(tmp_path: Path, dub: Path) -> None:
    source = film(tmp_path / "a.mp4", "-c:v", "libx264", "-c:a", "aac")
    (tmp_path / "a.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\n你好\n", encoding="utf-8")
    tracks = (SubtitleTrack(tmp_path / "a.srt", "zh"), SubtitleTrack(tmp_path / "a.srt", "en"))
    mux(parts(source, dub, subtitles=tracks), tmp_path / "out.mp4", CALL)
    with av.open(str(tmp_path / "out.mp4")) as opened:
        found = [(s.type, s.codec_context.name, s.metadata["language"], s.metadata.get("handler_name")) for s in opened.streams][1:]
        texts = [bytes(packet)[2:].decode() for packet in opened.demux(opened.streams.subtitles[0]) if packet.size > 2]
    assert found == [
        ("audio", "aac", "zho", "Dub (Chinese)"),
        ("audio", "aac", "eng", "Original (English)"),
        ("subtitle", "mov_text", "zho", "Subtitles (Chinese)"),
        ("subtitle", "mov_text", "eng", "Subtitles (English)"),
    ]
    assert texts == ["你好"]
    assert probe(tmp_path / "out.mp4", name="out.mp4").duration_ms == 2000


def test_a_turned_picture_stays_turned(tmp_path: Path, clip: Path, dub: Path) -> None:
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", "-90", "-i", str(clip), "-c", "copy", str(turned))
    mux(parts(turned, dub), tmp_path / "out.mp4", CALL)
    assert probe(tmp_path / "out.mp4", name="out.mp4").video.rotation_deg == 90


def test_uneven_frame_times_are_kept(tmp_path: Path, clip: Path, dub: Path) -> None:
    uneven = tmp_path / "uneven.mkv"
    ffmpeg("-i", str(clip), "-vf", "select='not(eq(mod(n,7),3))'", "-fps_mode", "vfr", "-c:v", "libx264", "-c:a", "copy", str(uneven))
    mux(parts(uneven, dub), tmp_path / "out.mp4", CALL)

    def moments(path: Path) -> list[int]:
        with av.open(str(path)) as opened:
            return [round(frame.time * 1000) for frame in opened.decode(video=0)]

    before, after = moments(uneven), moments(tmp_path / "out.mp4")
    assert len(before) == len(after)
    assert max(abs(a - b) for a, b in zip(before, after, strict=True)) <= 1


def test_sound_alone_becomes_an_mp4_of_two_sounds(tmp_path: Path, dub: Path) -> None:
    mux(parts(sound(tmp_path / "a.mp3"), dub), tmp_path / "out.mp4", CALL)
    info = probe(tmp_path / "out.mp4", name="out.mp4")
    assert info.video is None
    assert [track.codec for track in info.audio] == ["aac", "mp3"]
    assert abs(info.duration_ms - 2000) <= 30


def test_a_silent_film_gets_the_dub_only(tmp_path: Path, dub: Path) -> None:
    source = film(tmp_path / "a.mp4", "-c:v", "libx264", "-an")
    assert mux(parts(source, dub), tmp_path / "out.mp4", CALL) == ()
    assert len(probe(tmp_path / "out.mp4", name="out.mp4").audio) == 1


def test_the_chosen_track_is_the_one_kept(tmp_path: Path, dub: Path) -> None:
    source = tmp_path / "two.mkv"
    first = film(tmp_path / "a.mp4", "-c:v", "libx264", "-c:a", "aac")
    second = sound(tmp_path / "b.mp3")
    ffmpeg("-i", str(first), "-i", str(second), "-map", "0", "-map", "1:a", "-c", "copy", str(source))
    mux(parts(source, dub, track=1), tmp_path / "out.mp4", CALL)
    assert [track.codec for track in probe(tmp_path / "out.mp4", name="out.mp4").audio] == ["aac", "mp3"]


def test_what_fails_or_is_stopped_leaves_the_old_file(tmp_path: Path, clip: Path, dub: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"old")
    with pytest.raises(MediaToolFailed):
        mux(parts(clip, tmp_path / "no.wav"), out, CALL)
    with pytest.raises(Cancelled):
        mux(parts(clip, dub), out, ToolCall("Writing the film", cancel=lambda: True))
    assert out.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("shift_ms", [200, -200])
def test_an_original_that_is_heard_elsewhere_is_carried_there_and_said_to_be(tmp_path: Path, dub: Path, shift_ms: int) -> None:
    source = film(tmp_path / "a.mp4", "-c:v", "libx264", "-c:a", "aac")
    said = mux(parts(source, dub, shift_ms=shift_ms), tmp_path / "out.mp4", CALL)
    assert len(said) == 1 and f"200 ms {'later' if shift_ms > 0 else 'earlier'}" in said[0]
    span = TimeSpan(400, 1600)
    before = read_audio(source, track=0, rate_hz=16_000, span=span, shift_ms=shift_ms)
    after = read_audio(tmp_path / "out.mp4", track=1, rate_hz=16_000, span=span)
    lags = np.correlate(np.abs(after), np.abs(before[1600:-1600]), "valid")
    assert abs(int(np.argmax(lags)) - 1600) <= 160
    assert abs(container_s(tmp_path / "out.mp4") - 2.0) <= 0.045
