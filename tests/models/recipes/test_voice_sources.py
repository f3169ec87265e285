import csv
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from models.recipes.voice_sources import GridFolder, Reader, from_drafts, from_grid, from_speech, ranked, splits, voiced_span_s
from models.sync.lip_data import fold_of
from studio.engines.espeak_pool import EspeakPool


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    pool = EspeakPool(size=1)
    yield Reader(pool)
    pool.close()


def write_sound(path: Path, samples: np.ndarray, rate_hz: int = 24_000) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate_hz, len(samples), "NONE", ""))
        file.writeframes((samples * 32767).astype(np.int16).tobytes())


def test_the_split_goes_by_name_and_tests_what_the_lip_scorer_never_learns_from():
    names = [f"s1_{index:03d}" for index in range(300)]
    found = splits(names, 20, 10)
    assert sorted(found.values()).count("test") == 20 and list(found.values()).count("valid") == 10
    assert all(fold_of(name, 10) == 0 for name, fold in found.items() if fold == "test")
    assert splits(names[::-1], 20, 10) == found and ranked("s1_000") == ranked("s1_000")


def test_words_of_a_recording_have_its_own_times(tmp_path, reader):
    write_sound(tmp_path / "bbaf2n.mp4", 0.1 * np.sin(np.arange(36_000) / 10))
    rows = [("sil", 0.0, 0.3), ("bin", 0.3, 0.5), ("blue", 0.5, 0.7), ("at", 0.7, 0.8), ("a", 0.8, 0.9), ("sp", 0.9, 0.95), ("two", 0.95, 1.2), ("now", 1.2, 1.4)]
    table = "clip\tstart_s\tend_s\tword\n" + "".join(f"bbaf2n\t{start}\t{end}\t{word}\n" for word, start, end in rows)
    (tmp_path / "words.tsv").write_text(table)
    (found,) = from_grid(GridFolder(tmp_path, "s1", None, 1, 0), reader)
    assert (found.name, found.split, found.text, found.aligned) == ("s1_bbaf2n", "test", "bin blue at eh two now", True)
    assert "".join(found.timed.tokens).startswith("bˈɪn blˈuː") and "ˈeɪ" in "".join(found.timed.tokens)
    assert found.timed.start_s[0] == pytest.approx(0.3) and found.timed.end_s[-1] == pytest.approx(1.4)
    pause = "".join(found.timed.tokens).index(" tˈuː")
    assert (found.timed.start_s[pause], found.timed.end_s[pause]) == pytest.approx((0.9, 0.95))
    assert abs(len(found.samples) - 36_000) < 50


def test_a_recording_whose_words_are_not_those_of_the_text_is_named(tmp_path, reader):
    write_sound(tmp_path / "x.mp4", np.zeros(24_000))
    (tmp_path / "words.tsv").write_text("clip\tstart_s\tend_s\tword\nx\t0\t0.5\tof\nx\t0.5\t1\tthe\n")  # espeak-ng joins these two
    (found,) = from_grid(GridFolder(tmp_path, "s1", None), reader)
    assert isinstance(found, str) and found.startswith("x: ")


def test_a_transcribed_recording_is_stretched_over_what_is_loud(tmp_path, reader):
    samples = np.zeros(48_000)
    samples[12_000:36_000] = 0.3 * np.sin(np.arange(24_000) / 8)
    write_sound(tmp_path / "one.wav", samples)
    with (tmp_path / "index.csv").open("w", newline="") as file:
        columns = ("file", "language", "transcript", "tier", "speaker", "group", "licence")
        rows = [("one.wav", "en", "Good morning.", "A", "LJ", "lj", "PD"), ("two.wav", "de", "Guten Morgen.", "A", "x", "x", "PD"), ("three.wav", "en", "No.", "B", "x", "x", "?")]
        csv.writer(file).writerows([columns, *rows])
    (found,) = from_speech(tmp_path / "index.csv", reader, ("A",))
    assert found.name == "s_one" and not found.aligned and found.licence == "PD"
    assert found.timed.start_s[0] == pytest.approx(0.65, abs=0.02) and found.timed.end_s[-1] == pytest.approx(1.65, abs=0.02)


def test_the_voiced_span_leaves_out_the_soft_ends():
    samples = np.concatenate([np.full(4800, 1e-4), np.full(9600, 0.2), np.full(4800, 1e-4)])
    assert voiced_span_s(samples) == pytest.approx((0.2, 0.6))


def test_draft_voices_have_exact_times_a_room_and_the_same_lines_each_time(reader):
    found = [spoken for spoken in from_drafts(6, 1, reader) if not isinstance(spoken, str)]
    assert len(found) == 6 and len({spoken.speaker for spoken in found}) == 6
    for spoken in found:
        assert spoken.aligned and 0.1 < spoken.timed.start_s[0] < 0.4
        assert spoken.timed.end_s[-1] <= len(spoken.samples) / 24_000
        start, end = voiced_span_s(spoken.samples)
        assert start == pytest.approx(spoken.timed.start_s[0], abs=0.12) and end == pytest.approx(spoken.timed.end_s[-1], abs=0.15)
        assert np.std(spoken.samples[:2000]) == pytest.approx(10 ** (-75 / 20), rel=0.1)
    again = list(from_drafts(6, 1, reader))
    assert [(one.text, one.timed.tokens) for one in again] == [(one.text, one.timed.tokens) for one in found]
    assert all(len(one.samples) == pytest.approx(len(other.samples), rel=0.02) for one, other in zip(found, again, strict=True))
