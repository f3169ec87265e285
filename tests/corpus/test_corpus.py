"""Real clips and broken files through the command line. A few of each kind by default, every one with `make corpus`.

A clip becomes a film of its source's length within one frame, or gets the one right sentence; a broken file never more than
a sentence. The folder is ../shared/data beside the checkout, or CORPUS=DIR; without it everything here is skipped.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.e2e.commandline import studio, write_lines

pytestmark = [pytest.mark.corpus, pytest.mark.slow]
TRANSLATED = {"en": "zh", "zh": "en"}  # what the bundled translator knows
FEW_CLIPS, FEW_MEDIA, FEW_SUBTITLES = 8, 5, 5


@dataclass(frozen=True, slots=True)
class Length:
    """`frame_s` is one frame of the picture, or 40 ms without one."""

    seconds: float
    frame_s: float


def corpus_folder(config: pytest.Config) -> Path:
    named = config.getoption("--corpus")
    return Path(named).resolve() if named else ROOT.parent / "shared" / "data"


def rows_of(index: Path) -> list[dict[str, str]]:
    if not index.is_file():
        return []
    with index.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def one_of_each(rows: list[dict[str, str]], kind: str) -> list[dict[str, str]]:
    """The shortest row of every kind."""
    found: dict[str, dict[str, str]] = {}
    for row in sorted(rows, key=lambda row: float(row["duration_s"] or 0)):
        found.setdefault(row[kind], row)
    return list(found.values())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    folder, is_whole = corpus_folder(metafunc.config), metafunc.config.getoption("--whole-corpus")
    if "clip_row" in metafunc.fixturenames:
        rows = rows_of(folder / "clips" / "index.csv")
        name, chosen = "clip_row", rows if is_whole else one_of_each(rows, "category")[:FEW_CLIPS]
    else:
        rows = rows_of(folder / "nasty" / "index.csv")
        name = next(name for name in ("media_row", "subtitle_row") if name in metafunc.fixturenames)
        rows = [row for row in rows if row["file"].startswith("media/" if name == "media_row" else "subs/")]
        chosen = rows if is_whole else rows[:: max(1, len(rows) // (FEW_MEDIA if name == "media_row" else FEW_SUBTITLES))]
    metafunc.parametrize(name, chosen or [None], ids=[row["file"] for row in chosen] or ["no corpus here"])


def length_of(path: Path) -> Length | None:
    """Length of the picture as it is played, or of the container without one; None for what no reader opens."""
    import av

    try:
        with av.open(str(path)) as media:
            pictures = [stream for stream in media.streams.video if not stream.disposition & av.stream.Disposition.attached_pic]
            if not pictures:
                return Length((media.duration or 0) / av.time_base, 0.04)
            rate = pictures[0].average_rate or 25
            if pictures[0].duration:  # what is played; a last packet may claim more than that
                return Length(float(pictures[0].duration * pictures[0].time_base), 1 / float(rate))
            packets = [packet for packet in media.demux(pictures[0]) if packet.pts is not None]
            if not packets:
                return None
            first = min(packet.pts for packet in packets)
            last = max(packet.pts + (packet.duration or 0) for packet in packets)
            return Length(float((last - first) * pictures[0].time_base), 1 / float(rate))
    except av.FFmpegError:
        return None


def dub(source: Path, folder: Path, *words: object) -> tuple[int, str, Path]:
    out = folder / "out.mp4"
    said = studio("dub", source, *words, "--out", out, "--home", folder / "home", "--json", folder / "report.json", timeout_s=600)
    assert said.code in (0, 2), f"{source.name} ended with {said.code}: {said.err}"
    assert "Traceback" not in said.out + said.err
    if said.code == 2:
        assert said.is_one_sentence(), said.err
        assert not out.exists()
    return said.code, said.err, out


def assert_same_length(source: Path, out: Path) -> None:
    wanted, got = length_of(source), length_of(out)
    assert got is not None, "the film that was written cannot be read"
    if wanted is not None and wanted.seconds > 0:
        assert abs(got.seconds - wanted.seconds) <= wanted.frame_s + 0.002, f"{wanted.seconds:.3f} s became {got.seconds:.3f} s"


def test_a_real_clip_becomes_a_film_of_its_length_or_gets_the_right_sentence(clip_row: dict[str, str], corpus_dir: Path, tmp_path: Path) -> None:
    source, language = corpus_dir / "clips" / clip_row["file"], clip_row["language"] if clip_row["language"] in TRANSLATED else "en"
    words: list[object] = ["--from", language, "--to", TRANSLATED[language]]
    has_words = clip_row["transcript"] and clip_row["language"] in TRANSLATED
    if has_words:
        end_s = max(0.4, float(clip_row["duration_s"]) - 0.1)
        stamp = f"00:{int(end_s) // 60:02d}:{int(end_s) % 60:02d},{round(end_s % 1 * 999):03d}"
        words += ["--lines", write_lines(tmp_path, [clip_row["transcript"]], spans=(("00:00:00,050", stamp),))]
    code, sentence, out = dub(source, tmp_path, *words)
    assert code == 0, f"{clip_row['file']}: {sentence}"
    assert_same_length(source, out)
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert all(line["actual_ms"] is None or line["actual_ms"] <= line["slot_ms"] or line["flags"] for line in report["lines"])
    assert not has_words or len(report["lines"]) == 1


def test_a_broken_film_is_dubbed_or_gets_one_sentence(media_row: dict[str, str], corpus_dir: Path, tmp_path: Path) -> None:
    source = corpus_dir / "nasty" / media_row["file"]
    code, _, out = dub(source, tmp_path, "--from", "en", "--to", "zh")
    if code == 0:
        assert_same_length(source, out)


def test_a_broken_subtitle_file_gives_its_lines_or_one_sentence(subtitle_row: dict[str, str], corpus_dir: Path, tmp_path: Path) -> None:
    said = studio("lines", corpus_dir / "nasty" / subtitle_row["file"], "--json", tmp_path / "lines.json")
    assert said.code in (0, 2), said.err
    assert "Traceback" not in said.out + said.err
    if said.code == 2:
        assert said.is_one_sentence(), said.err
        return
    found = json.loads((tmp_path / "lines.json").read_text(encoding="utf-8"))
    assert found["lines"] or found["skipped"]
    starts = [line["start_ms"] for line in found["lines"]]
    assert starts == sorted(starts)
    assert all(line["start_ms"] < line["end_ms"] for line in found["lines"])
    assert all(item["reason"] for item in found["skipped"])
