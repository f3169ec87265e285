"""Large files are judged by their two ends, and read whole where the ends do not tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.domain.errors import BadMedia
from studio.media import probe as probing
from studio.media import scan as subject
from studio.media.probe import probe
from studio.media.sniff import MATROSKA, MP4
from tests.media.samples import ffmpeg, film


@pytest.fixture
def ends_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat every file as a large one, in this process."""
    monkeypatch.setattr(probing, "scan", subject.look_through)
    monkeypatch.setattr(subject, "_FULL_SCAN_BYTES", 0)
    monkeypatch.setattr(subject, "_HEAD_PACKETS", 20)
    monkeypatch.setattr(subject, "_TAIL_S", 1)


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.ts", "mpeg2video"), ("a.avi", "mpeg4")])
def test_both_ends_tell_what_the_whole_tells(tmp_path: Path, ends_only: None, name: str, codec: str) -> None:
    path = film(tmp_path / name, "-c:v", codec, "-g", "12", seconds=6)
    info = probe(path, name=name)
    assert abs(info.duration_ms - 6000) <= 40
    assert info.video is not None
    assert info.video.fps == 25


def test_a_large_file_without_a_duration_is_read_whole(tmp_path: Path, ends_only: None) -> None:
    film(tmp_path / "a.webm", "-c:v", "libvpx", "-c:a", "libopus", seconds=4)
    ffmpeg("-i", str(tmp_path / "a.webm"), "-c", "copy", "-f", "webm", "-live", "1", str(tmp_path / "live.webm"))
    assert abs(probe(tmp_path / "live.webm", name="live.webm").duration_ms - 4000) <= 40


def test_a_large_file_broken_off_lasts_as_long_as_what_is_there(tmp_path: Path, ends_only: None) -> None:
    whole = film(tmp_path / "whole.mkv", "-c:v", "libx264", "-g", "12", "-c:a", "aac", seconds=10)
    torn = tmp_path / "torn.mkv"
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size * 7 // 10])
    info = probe(torn, name="torn.mkv")
    assert 5000 < info.duration_ms < 9000
    assert any(note.startswith("The file breaks off at") for note in info.notes)


def test_looking_through_without_an_index_ends_in_time(tmp_path: Path, ends_only: None, monkeypatch: pytest.MonkeyPatch) -> None:
    film(tmp_path / "a.webm", "-c:v", "libvpx", "-c:a", "libopus")
    ffmpeg("-i", str(tmp_path / "a.webm"), "-c", "copy", "-f", "webm", "-live", "1", str(tmp_path / "live.webm"))
    monkeypatch.setattr(subject, "_BUDGET_S", -1.0)
    with pytest.raises(BadMedia, match="no index"):
        subject.look_through(tmp_path / "live.webm", MATROSKA, "live.webm")


def test_an_edit_list_that_cuts_the_last_picture_short_counts(tmp_path: Path, clip: Path) -> None:
    cut = tmp_path / "cut.mp4"
    ffmpeg(
        "-i", str(clip), "-c:v", "libx264", "-an", "-bsf:v", "setts=pts=PTS:dts=DTS:duration='if(eq(N,74),DURATION*5,DURATION)'", str(cut)
    )
    facts = subject.scan(cut, MP4, "cut.mp4").streams[0]
    assert facts.packet_count == 75
    assert facts.end_ms in range(3000, 3165)


def test_the_rate_is_the_plain_one_and_not_its_rounded_neighbour(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv", "-c:v", "libx264", "-an", rate="24000/1001", seconds=3)
    assert str(subject.scan(path, MATROSKA, "a.mkv").streams[0].fps) == "24000/1001"
