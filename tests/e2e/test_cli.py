"""The command line as others may hold it to: what it writes, what it says, how it ends; and what bad input does to it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.e2e.commandline import Said, environment, studio, write_lines

LINE_FIELDS = {
    "start_ms", "end_ms", "source", "target", "slot_ms", "predicted_speech_ms", "actual_ms", "delta_ms", "p", "rate_ratio",
    "remainder_ms", "flags", "estimator", "voice", "speaker",
}  # fmt: skip


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("texts")
    return write_lines(folder, ["I can row.", "Hold the cake."]), write_lines(folder, ["我会划船。", "抱好蛋糕。"], "zh.srt")


@pytest.fixture(scope="module")
def dubbed(clip: Path, texts: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Said, Path, Path, list[object]]:
    """One dub of the test clip with lines and translation: what was said, the film, the report, and the words to do it again."""
    folder = tmp_path_factory.mktemp("dub")
    words = ["dub", clip, "--from", "en", "--to", "zh", "--lines", texts[0], "--translation", texts[1]]
    words += ["--out", folder / "out.mp4", "--json", folder / "report.json", "--home", folder / "home"]
    return studio(*words), folder / "out.mp4", folder / "report.json", words


def test_a_dub_ends_with_zero_and_a_film_as_long_as_its_source(dubbed: tuple, clip: Path) -> None:
    import av

    said, film, _, _ = dubbed
    assert said.code == 0, said.err
    assert "2 of 2 lines voiced" in said.out
    with av.open(str(film)) as dub, av.open(str(clip)) as source:
        frames = [sum(1 for packet in media.demux(video=0) if packet.size) for media in (dub, source)]
        assert frames[0] == frames[1]
        assert dub.streams.video[0].codec_context.name == source.streams.video[0].codec_context.name
        assert len(dub.streams.audio) == 2
        assert len(dub.streams.subtitles) == 2
        assert abs(float(dub.duration - source.duration) / av.time_base) <= 1 / 25


def test_the_report_says_what_each_line_and_stage_did(dubbed: tuple) -> None:
    report = json.loads(dubbed[2].read_text(encoding="utf-8"))
    assert [line["target"] for line in report["lines"]] == ["我会划船。", "抱好蛋糕。"]
    for line in report["lines"]:
        assert line.keys() >= LINE_FIELDS
        assert line["actual_ms"] <= line["slot_ms"] or line["remainder_ms"] > 0
        assert 0.85 <= line["rate_ratio"] <= 1.25
        assert line["voice"]["engine"]
    assert report["realtime_factor"] > 0
    assert {stage["stage"] for stage in report["stages"]} >= {"ingest", "voice", "mix", "render"}
    assert all(stage["seconds"] >= 0 and stage["peak_memory_mb"] > 0 for stage in report["stages"])


def test_the_same_command_again_does_no_work_twice(dubbed: tuple) -> None:
    _, film, report, words = dubbed
    first = json.loads(report.read_text(encoding="utf-8"))
    before = film.read_bytes()
    said = studio(*words)
    second = json.loads(report.read_text(encoding="utf-8"))
    assert said.code == 0, said.err
    assert film.read_bytes() == before
    assert [line["id"] for line in second["lines"]] == [line["id"] for line in first["lines"]]
    assert second["wall_seconds"] < max(3.0, first["wall_seconds"])


def test_the_project_of_a_dub_can_be_exported(dubbed: tuple, tmp_path: Path) -> None:
    report = json.loads(dubbed[2].read_text(encoding="utf-8"))
    out = tmp_path / "target.srt"
    said = studio("export", report["project"]["id"], "--kind", "target_srt", "--out", out, "--home", dubbed[3][-1])
    assert said.code == 0, said.err
    assert "我会划船。" in out.read_text(encoding="utf-8")
    assert "00:00:00,500 --> 00:00:01,300" in out.read_text(encoding="utf-8")


def test_engines_lists_every_task_with_reasons_and_licences(tmp_path: Path) -> None:
    said = studio("engines", "--json", tmp_path / "engines.json")
    rows = json.loads((tmp_path / "engines.json").read_text(encoding="utf-8"))
    assert said.code == 0, said.err
    assert {row["task"] for row in rows} >= {"voice activity", "transcriber", "translator", "estimator", "speaker"}
    assert all(row["name"] and row["licence"] and row["why"] for row in rows)
    assert all(row["name"] in said.out for row in rows)


def test_lines_of_a_subtitle_file_say_what_was_skipped(tmp_path: Path) -> None:
    broken = write_lines(tmp_path, ["Good.", "Backwards."], spans=(("00:00:01,000", "00:00:02,000"), ("00:00:05,000", "00:00:04,000")))
    said = studio("lines", broken, "--json", tmp_path / "lines.json")
    found = json.loads((tmp_path / "lines.json").read_text(encoding="utf-8"))
    assert said.code == 0, said.err
    assert found["lines"][0] == found["lines"][0] | {"start_ms": 1000, "end_ms": 2000, "text": "Good."}
    assert found["skipped"], "the cue that ends before it starts is not mentioned"
    assert all(item["reason"] for item in found["skipped"])


def test_lines_of_a_film_are_found_in_its_sound(demo_clip: Path, tmp_path: Path) -> None:
    said = studio("lines", demo_clip, "--json", tmp_path / "lines.json")
    found = json.loads((tmp_path / "lines.json").read_text(encoding="utf-8"))
    assert said.code == 0, said.err
    assert 6 <= len(found["lines"]) <= 14, "nine lines are spoken in the demo"
    starts = [line["start_ms"] for line in found["lines"]]
    assert starts == sorted(starts)
    assert abs(starts[0] - 900) < 400


def bad_media(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


BAD_FILES = {
    "zero bytes": ("empty.mp4", b""),
    "text posing as a film": ("film.mp4", b"Dear sir or madam,\n" * 200),
    "a playlist": ("film.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"),
    "a script of file names": ("film.mp4", b"ffconcat version 1.0\nfile '/etc/passwd'\n"),
    "a shell script": ("film.mov", b"#!/bin/sh\necho dubbed\n"),
    "random bytes": ("film.mkv", bytes(range(256)) * 64),
    "a picture": ("film.mp4", b"\x89PNG\r\n\x1a\n" + bytes(64)),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_file_that_is_no_media_gets_one_sentence(kind: str, tmp_path: Path) -> None:
    path = bad_media(tmp_path, *BAD_FILES[kind])
    said = studio("dub", path, "--from", "en", "--to", "zh", "--out", tmp_path / "out.mp4", "--home", tmp_path / "home")
    assert said.code == 2, said.err
    assert said.is_one_sentence(), said.err
    assert path.name in said.err
    assert not (tmp_path / "out.mp4").exists()
    assert not list((tmp_path / "home").rglob("*.part"))


@pytest.fixture(scope="module")
def silent(clip: Path, ffmpeg_path: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("silent") / "silent.mp4"
    subprocess.run([ffmpeg_path, "-v", "error", "-i", str(clip), "-an", "-c", "copy", str(path)], check=True, stdin=subprocess.DEVNULL)
    return path


def test_a_film_without_sound_and_lines_says_where_lines_can_come_from(silent: Path, tmp_path: Path) -> None:
    said = studio("dub", silent, "--from", "en", "--to", "zh", "--out", tmp_path / "out.mp4", "--home", tmp_path / "home")
    assert said.code in (0, 2)
    assert "no sound" in said.err
    assert "subtitle file" in said.err
    assert "Traceback" not in said.err


def test_a_film_without_sound_is_dubbed_from_its_lines(silent: Path, texts: tuple[Path, Path], tmp_path: Path) -> None:
    words = ["--from", "en", "--to", "zh", "--lines", texts[0], "--translation", texts[1], "--home", tmp_path / "home"]
    said = studio("dub", silent, *words, "--out", tmp_path / "out.mp4")
    assert said.code == 0, said.err
    assert "2 of 2 lines voiced" in said.out
    assert "silence" in said.err


BAD_LINES = {
    "zero bytes": b"",
    "binary": bytes(range(256)) * 40,
    "not a subtitle": b"Just a letter, without any time in it.\n" * 30,
    "only a mark of byte order": b"\xef\xbb\xbf",
}


@pytest.mark.parametrize("kind", BAD_LINES)
@pytest.mark.parametrize("option", ["--lines", "--translation"])
def test_subtitles_that_are_none_get_one_sentence(kind: str, option: str, clip: Path, texts: tuple[Path, Path], tmp_path: Path) -> None:
    path = bad_media(tmp_path, "mine.srt", BAD_LINES[kind])
    other = [] if option == "--lines" else ["--lines", texts[0]]
    words = ["dub", clip, "--from", "en", "--to", "zh", *other, option, path, "--out", tmp_path / "out.mp4", "--home", tmp_path / "home"]
    said = studio(*words)
    assert said.code == 2, said.err
    assert said.is_one_sentence(), said.err
    assert "mine.srt" in said.err
    assert not (tmp_path / "out.mp4").exists()


WRONG_WORDS = {
    "an unknown language": ["--to", "klingon"],
    "an unknown speech engine": ["--speaker", "orchestra"],
    "an unknown translator": ["--translator", "oracle"],
    "a folder that is not there": ["--out", "no/such/folder/out.mp4"],
    "lines that are not there": ["--lines", "no-such-file.srt"],
}


@pytest.mark.parametrize("kind", WRONG_WORDS)
def test_a_wrong_word_gets_one_sentence(kind: str, clip: Path, tmp_path: Path) -> None:
    words = {"--from": "en", "--to": "zh", "--out": tmp_path / "out.mp4", "--home": tmp_path / "home"}
    wrong = dict([WRONG_WORDS[kind]])
    said = studio("dub", clip, *(word for pair in (words | wrong).items() for word in pair))
    assert said.code == 2, said.err
    assert said.is_one_sentence(), said.err
    assert Path(next(iter(wrong.values()))).parts[0] in said.err


def test_a_missing_option_ends_with_two() -> None:
    said = studio("dub", "film.mp4", "--from", "en")
    assert said.code == 2
    assert "--to" in said.err
    assert "Traceback" not in said.err


def words_of_demo(demo_clip: Path, home: Path, out: Path) -> list[object]:
    lines, translation = demo_clip.with_name("demo.en.vtt"), demo_clip.with_name("demo.zh.vtt")
    return ["dub", demo_clip, "--from", "en", "--to", "zh", "--lines", lines, "--translation", translation, "--out", out, "--home", home]


# the disk is too small from the start, or something else fills it once the film has been copied
SMALL_DISK = """
mount -t tmpfs -o size="$1" tmpfs "$DISK" || exit 77
shift
if [ "$FILLED" = yes ]; then
    (until ls "$DISK"/studio/blobs/*/*/*.mp4 >"$DISK/seen" 2>&1; do sleep 0.02; done; exec cat /dev/zero >"$DISK/filler" 2>/dev/null) &
fi
"$@"; echo "first ended with $?"
rm -f "$DISK/filler"
mount -o remount,size=400m "$DISK"
"$@"; echo "second ended with $?"
"""


@pytest.mark.slow
@pytest.mark.parametrize(("disk_kb", "is_filled"), [(1_000, "no"), (90_000, "yes")])
def test_a_full_disk_gets_one_sentence_and_the_work_goes_on_when_there_is_space(
    disk_kb: int, is_filled: str, demo_clip: Path, home: Path
) -> None:
    """A real small disk, mounted where only the child sees it; it grows between the two runs."""
    words = [sys.executable, "-m", "studio", *words_of_demo(demo_clip, home / "studio", home / "out.mp4")]
    argv = ["unshare", "--map-root-user", "--mount", "sh", "-c", SMALL_DISK, "sh", f"{disk_kb}k", *words]
    if shutil.which("unshare") is None or subprocess.run([*argv[:3], "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets no test mount a small disk of its own")
    place = environment() | {"DISK": str(home), "FILLED": is_filled}
    answer = subprocess.run(list(map(str, argv)), cwd=ROOT, env=place, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=150)
    if answer.returncode == 77:
        pytest.skip("this machine lets no test mount a small disk of its own")
    assert "first ended with 2" in answer.stdout, answer.stdout + answer.stderr
    assert answer.stderr.count("is full") == 1, answer.stderr
    assert "Traceback" not in answer.stderr
    assert "9 of 9 lines voiced" in answer.stdout, answer.stdout + answer.stderr
    assert "second ended with 0" in answer.stdout


@pytest.mark.slow
def test_a_file_that_may_not_grow_spoils_nothing(demo_clip: Path, tmp_path: Path) -> None:
    """A limit on the size of each file, as quotas and old file systems have it."""
    words = words_of_demo(demo_clip, tmp_path / "home", tmp_path / "out.mp4")
    for spare_bytes in (-400_000, 1_000):
        said = studio(*words, largest_file_bytes=demo_clip.stat().st_size + spare_bytes)
        assert said.code in (1, 2)
        assert said.is_one_sentence(), said.err
        assert not (tmp_path / "out.mp4").exists()
    again = studio(*words)
    assert again.code == 0, again.err
    assert "9 of 9 lines voiced" in again.out


def test_a_database_that_is_none_is_said_and_left_alone(clip: Path, home: Path, tmp_path: Path) -> None:
    spoilt = b"this was a shopping list\n" * 400
    (home / "studio.db").write_bytes(spoilt)
    said = studio("dub", clip, "--from", "en", "--to", "zh", "--out", tmp_path / "out.mp4", "--home", home)
    assert said.code in (1, 2)
    assert said.is_one_sentence(), said.err
    assert (home / "studio.db").read_bytes() == spoilt
    if said.code == 1:
        assert Path(said.err.strip().split("The log is ")[1].rstrip(".")).is_file()
