"""Probing says what a file is, in the file's own time, or refuses it with one sentence."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from studio.domain.errors import BadMedia
from studio.domain.media import MediaInfo
from studio.domain.settings import Limits
from studio.media.probe import probe
from tests.media.samples import ffmpeg, film, sound


def looked_at(path: Path) -> MediaInfo:
    return probe(path, name=path.name)


def test_an_ordinary_clip_is_described_fully(clip: Path) -> None:
    info = looked_at(clip)
    assert info.container == "mp4"
    assert info.duration_ms == 3000
    assert info.video is not None
    assert (info.video.codec, info.video.width_px, info.video.height_px, info.video.fps) == ("h264", 320, 240, Fraction(25))
    assert (info.video.frame_count, info.video.rotation_deg, info.video.is_variable_rate) == (75, 0, False)
    assert [(track.index, track.codec, track.rate_hz, track.channels) for track in info.audio] == [(0, "aac", 44100, 2)]
    assert info.size_bytes == clip.stat().st_size
    assert info.notes == ()


@pytest.mark.parametrize(
    ("name", "codecs", "container"),
    [
        ("a.mov", ("-c:v", "libx264", "-c:a", "pcm_s16le"), "mov"),
        ("a.mkv", ("-c:v", "libx264", "-c:a", "libopus"), "matroska"),
        ("a.webm", ("-c:v", "libvpx", "-c:a", "libvorbis"), "webm"),
        ("a.avi", ("-c:v", "mpeg4", "-c:a", "libmp3lame"), "avi"),
        ("a.mpg", ("-c:v", "mpeg2video", "-c:a", "mp2"), "mpeg"),
        ("a.ts", ("-c:v", "libx264", "-c:a", "aac"), "mpegts"),
    ],
)
def test_every_common_container_lasts_as_long_as_its_picture(tmp_path: Path, name: str, codecs: tuple[str, ...], container: str) -> None:
    info = looked_at(film(tmp_path / name, *codecs))
    assert info.container == container
    assert abs(info.duration_ms - 2000) <= 40
    assert info.video is not None
    assert info.video.fps == 25
    assert len(info.audio) == 1


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.flac", "a.ogg", "a.m4a", "a.aac", "a.aiff"])
def test_sound_alone_is_media_too_and_a_note_says_so(tmp_path: Path, name: str) -> None:
    info = looked_at(sound(tmp_path / name))
    assert info.video is None
    assert abs(info.duration_ms - 2000) <= 60
    assert "There is no picture: the dub will be sound only." in info.notes


def test_a_wrong_extension_is_noted_and_the_content_counts(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.wav").rename(tmp_path / "a.mp4")
    info = looked_at(path)
    assert info.container == "wav"
    assert any("The name ends in .mp4, but the file is wav" in note for note in info.notes)


def test_cover_art_is_no_picture(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1", str(tmp_path / "cover.png"))
    sound(tmp_path / "plain.mp3")
    covered = tmp_path / "covered.mp3"
    ffmpeg(
        "-i",
        str(tmp_path / "plain.mp3"),
        "-i",
        str(tmp_path / "cover.png"),
        "-map",
        "0",
        "-map",
        "1",
        "-c:a",
        "copy",
        "-c:v",
        "png",
        "-disposition:v",
        "attached_pic",
        str(covered),
    )
    assert looked_at(covered).video is None


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_phone_picture_says_how_far_it_is_turned_clockwise(tmp_path: Path, clip: Path, degrees: int) -> None:
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", str(-degrees), "-i", str(clip), "-c", "copy", str(turned))
    info = looked_at(turned)
    assert info.video is not None
    assert info.video.rotation_deg == degrees
    assert (info.video.width_px, info.video.height_px) == (320, 240)


def test_a_variable_frame_rate_is_noticed_and_a_constant_one_in_milliseconds_is_not(tmp_path: Path, clip: Path) -> None:
    uneven = tmp_path / "uneven.mp4"
    ffmpeg(
        "-i",
        str(clip),
        "-vf",
        "select='not(eq(mod(n,7),3)+eq(mod(n,11),5))'",
        "-fps_mode",
        "vfr",
        "-c:v",
        "libx264",
        "-c:a",
        "copy",
        str(uneven),
    )
    even = film(tmp_path / "even.mkv", "-c:v", "libx264", "-c:a", "aac", rate="30000/1001")
    assert looked_at(uneven).video.is_variable_rate
    assert not looked_at(even).video.is_variable_rate
    assert abs(float(looked_at(even).video.fps) - 29.97) < 0.01


def test_a_webm_without_a_duration_in_its_header_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "live.webm"
    film(tmp_path / "a.webm", "-c:v", "libvpx", "-c:a", "libopus")
    ffmpeg("-i", str(tmp_path / "a.webm"), "-c", "copy", "-f", "webm", "-live", "1", str(path))
    assert abs(looked_at(path).duration_ms - 2000) <= 40


def test_several_sound_tracks_keep_their_languages_and_their_default(tmp_path: Path, clip: Path) -> None:
    path = tmp_path / "two.mkv"
    languages = ["-metadata:s:a:0", "language=ger", "-metadata:s:a:1", "language=eng"]
    ffmpeg(
        "-i",
        str(clip),
        "-map",
        "0:v",
        "-map",
        "0:a",
        "-map",
        "0:a",
        "-c",
        "copy",
        *languages,
        "-disposition:a:0",
        "0",
        "-disposition:a:1",
        "default",
        str(path),
    )
    tracks = looked_at(path).audio
    assert [(track.index, track.language, track.is_default) for track in tracks] == [(0, "de", False), (1, "en", True)]


def test_a_late_track_tells_when_it_starts(tmp_path: Path, clip: Path) -> None:
    path = tmp_path / "late.mkv"
    ffmpeg("-i", str(clip), "-itsoffset", "0.7", "-i", str(clip), "-map", "0:v", "-map", "1:a", "-c", "copy", str(path))
    info = looked_at(path)
    assert abs(info.audio[0].start_ms - 700) <= 25
    assert info.duration_ms > 3600
    assert any("runs on for 0.7 s after the picture ends" in note for note in info.notes)


def test_silence_of_the_container_is_no_error(tmp_path: Path, clip: Path) -> None:
    path = tmp_path / "mute.mp4"
    ffmpeg("-i", str(clip), "-an", "-c", "copy", str(path))
    info = looked_at(path)
    assert info.audio == ()
    assert "There is no sound: lines can only come from a subtitle file." in info.notes


def test_a_file_broken_off_in_its_data_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mkv", "-c:v", "libx264", "-g", "10", "-c:a", "aac", seconds=4)
    torn = tmp_path / "torn.mkv"
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    info = looked_at(torn)
    assert 500 < info.duration_ms < 3500
    assert any(note.startswith("The file breaks off at") for note in info.notes)


def test_a_broken_off_mp4_without_its_index_is_refused(tmp_path: Path, clip: Path) -> None:
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(clip.read_bytes()[: clip.stat().st_size * 6 // 10])
    with pytest.raises(BadMedia, match="“torn.mp4” cannot be used as media: its index is missing"):
        looked_at(torn)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41\x00\x00\x00\x08free\x00\x00\x00\x04", "index is missing"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "playlist"),
        (b"ffconcat version 1.0\nfile a.mp4\n", "playlist"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "picture"),
        (bytes(range(1, 9)) * 4096, "no kind of film or sound"),
        (b"\x1aE\xdf\xa3" + bytes(4096), "damaged"),
        (b"RIFF\x00\x10\x00\x00AVI LIST" + bytes(4096), "damaged"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "upload.mp4"
    path.write_bytes(content)
    with pytest.raises(BadMedia, match=word) as caught:
        looked_at(path)
    assert "\n" not in str(caught.value)


def test_subtitles_in_a_container_are_no_film(tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nHi\n")
    ffmpeg("-i", str(tmp_path / "a.srt"), "-c:s", "srt", str(tmp_path / "only.mkv"))
    with pytest.raises(BadMedia, match="only subtitles"):
        looked_at(tmp_path / "only.mkv")


def test_limits_on_size_and_length_hold(clip: Path) -> None:
    with pytest.raises(BadMedia, match="the limit is 0:02.000"):
        probe(clip, name="clip.mp4", limits=replace(Limits(), max_media_ms=2000))
    with pytest.raises(BadMedia, match="GiB"):
        probe(clip, name="clip.mp4", limits=replace(Limits(), max_media_bytes=1000))


def test_a_missing_file_is_a_sentence_too(tmp_path: Path) -> None:
    with pytest.raises(BadMedia, match="cannot be read"):
        looked_at(tmp_path / "gone.mp4")


def test_a_hostile_name_is_only_a_name(tmp_path: Path, clip: Path) -> None:
    path = tmp_path / "-i http:x%03d.mp4"
    path.write_bytes(clip.read_bytes())
    assert looked_at(path).duration_ms == 3000


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("bitflips.mp4", 5000),
        ("ham_vfr.mp4", 9976),
        ("moviepy_attached_pic.mp3", 1007),
        ("moviepy_no_duration.webm", 4938),
        ("se_sample_TS_dvbsub_at_video_start.ts", 6000),
        ("wav_named.mp4", 1000),
        ("linly_44_bytes.mp4", "index is missing"),
        ("truncated_tail.mp4", "index is missing"),
        ("zero_bytes.mp4", "empty"),
        ("se_container_text_undeclared_lang.mkv", "only subtitles"),
    ],
)
def test_nasty_files_are_measured_or_refused(corpus_dir: Path, name: str, outcome: int | str) -> None:
    path = corpus_dir / "nasty" / "media" / name
    if isinstance(outcome, str):
        with pytest.raises(BadMedia, match=outcome):
            looked_at(path)
    else:
        assert looked_at(path).duration_ms == outcome
