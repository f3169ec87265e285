"""Takes phone by phone from the real voice, a person's durations from their sound, folds that never mix, and lines kept as plain arrays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from models.checkpoint import BadWeights
from models.recipes.duration_data import Sources, clips_of, fold_of, prepare, read_split, read_texts, read_words
from models.recipes.duration_lines import read_lines, write_lines
from models.recipes.duration_smoke import made_up_lines
from models.recipes.duration_takes import Take, human_durations, make_take, timings
from studio.engines.espeak_pool import EspeakPool, EspeakRequest

WORDS = ("bin", "blue", "now")


@pytest.fixture(scope="module")
def pool() -> Iterator[EspeakPool]:
    made = EspeakPool(size=1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def take(pool: EspeakPool) -> Take:
    return make_take(pool, " ".join(WORDS), "gmw/en")


def stretched(take: Take, units: np.ndarray) -> np.ndarray:
    """The take's own spectra with each symbol at a length of its own (whole units, two frames each)."""
    pieces, ends = [], np.cumsum(take.parts)
    for count, end, length in zip(take.parts, ends, units, strict=True):
        places = ((np.arange(2 * length) + 0.5) * count / (2 * length)).astype(int) if length else np.zeros(0, int)
        pieces.append(take.frames[end - count : end][places])
    return np.concatenate(pieces)


def test_a_take_has_a_pause_at_both_ends_and_between_all_words(take: Take) -> None:
    assert take.words == WORDS and take.symbols[0] == take.symbols[-1] == ""
    assert [index for index, symbol in enumerate(take.symbols) if symbol == ""] == [index for index, word in enumerate(take.word) if word < 0]
    assert np.count_nonzero(take.word < 0) == len(WORDS) + 1
    assert take.natural[take.word < 0].sum() == 0 and take.natural[take.word >= 0].min() > 0


def test_each_symbol_has_the_frames_of_its_own_time(take: Take) -> None:
    assert len(take.frames) == take.parts.sum() and take.parts.min() >= 1
    said = take.word >= 0
    assert np.abs(take.parts[said] - 2 * take.natural[said]).max() <= 1.01


def test_times_without_sound_are_those_of_the_take(pool: EspeakPool, take: Take) -> None:
    (symbols, natural), (silent, _) = timings(pool, [EspeakRequest(" ".join(WORDS), "gmw/en"), EspeakRequest("...", "gmw/en")])
    assert symbols == take.symbols and np.allclose(natural, take.natural) and silent == ()


def test_a_persons_durations_are_found_where_they_are_known(take: Take) -> None:
    generator = np.random.default_rng(0)
    units = np.where(take.word >= 0, np.maximum(2, np.round(take.natural * generator.uniform(0.7, 1.5, len(take.natural)))), 0).astype(int)
    units[np.flatnonzero(take.word < 0)[1]] = 8
    found = human_durations(take, stretched(take, units), None)
    assert found is not None and found.sum() == pytest.approx(units.sum(), abs=1.5)
    assert np.abs(np.cumsum(found) - np.cumsum(units)).mean() < 2


def test_word_times_bound_the_alignment(take: Take) -> None:
    units = np.where(take.word >= 0, 5, 0)
    counts = [int(np.count_nonzero(take.word == word)) * 100.0 for word in range(3)]
    words = [(sum(counts[:index]), sum(counts[: index + 1])) for index in range(3)]
    found = human_durations(take, stretched(take, units), words)
    for index, (start, end) in enumerate(words):
        assert found[take.word == index].sum() == pytest.approx((end - start) / 20)
    assert human_durations(take, stretched(take, units), words[:2]) is None


def test_speakers_that_are_not_trained_on_never_come_into_training() -> None:
    sources = Sources(Path(), groups=frozenset(["known"]), split={"a": "train", "b": "valid"})
    folds = {fold_of(f"clip{number}", "known", sources) for number in range(60)}
    assert folds == {"train", "valid", "test"}
    assert {fold_of(f"clip{number}", f"other{number}", sources) for number in range(60)} == {"valid", "test"}
    assert fold_of("a", "other", sources) is None and fold_of("b", "other", sources) == "valid"
    assert len({fold_of(f"clip{number}", "one other", sources) for number in range(9)}) == 1


def write_features(folder: Path) -> None:
    folder.mkdir()
    (folder / "clips.csv").write_text("name,group,set_id,system,tier\ng_one,known,,original,A\ng_dub,known,,someone,A\ng_hidden,known,,original,A\n", encoding="utf-8")
    generator = np.random.default_rng(0)
    for name, share in (("g_one", 1.0), ("g_dub", 1.0), ("g_hidden", 0.3)):
        audio = generator.integers(-2000, 2000, 640 * 50).astype(np.int16)
        seen = np.arange(50) < 50 * share
        np.savez(folder / f"{name}.npz", crops=np.zeros((50, 64, 64), np.uint8), opening=np.zeros(50, np.float32), ok=seen, audio=audio)


def test_preparation_makes_same_words_and_dubs_and_goes_on_where_it_stopped(pool: EspeakPool, tmp_path: Path) -> None:
    write_features(tmp_path / "features")
    (tmp_path / "words.tsv").write_text("clip\tstart_s\tend_s\tword\none\t0\t0.2\tsil\none\t0.2\t0.7\tbin\none\t0.7\t1.1\tblue\none\t1.1\t1.8\tnow\n", encoding="utf-8")
    (tmp_path / "texts.tsv").write_text("en\tThe weather is fine today.\nde\tGuten Morgen, mein Freund.\nxx\tnobody\nen\tI see it coming now.\n", encoding="utf-8")
    sources = Sources(tmp_path / "features", read_words(tmp_path / "words.tsv"), {}, read_texts(tmp_path / "texts.tsv"), frozenset(["known"]), {"g_one": "train"})
    lines = prepare(sources, tmp_path / "out", pool)
    texts, own = [line for line in lines if not line.facts.clip], [line for line in lines if line.facts.is_same_words]
    assert [line.facts.language for line in texts] == ["en", "de", "en"] and {line.facts.clip for line in lines} == {"", "g_one"}
    assert len(own) == 2 and all(line.human is not None and line.human.sum() == pytest.approx(line.slot_units) for line in own)
    assert all((line.facts.slot_start_frame, line.facts.slot_frames) == (5, 40) for line in lines if line.facts.clip)
    kept = (tmp_path / "out" / "parts" / "g_one.npz").stat().st_mtime_ns
    again = prepare(sources, tmp_path / "out", pool)
    assert (tmp_path / "out" / "parts" / "g_one.npz").stat().st_mtime_ns == kept and len(again) == len(lines)


def test_dubs_of_other_systems_and_hidden_mouths_are_left_out(tmp_path: Path) -> None:
    write_features(tmp_path / "features")
    assert [clip.name for clip in clips_of(Sources(tmp_path / "features", groups=frozenset(["known"])))] == ["g_one"]


def test_lines_come_back_as_they_were_written(tmp_path: Path) -> None:
    lines = made_up_lines(tmp_path / "features", 0)
    write_lines(tmp_path / "lines.npz", lines)
    for line, back in zip(lines, read_lines(tmp_path / "lines.npz"), strict=True):
        assert back.facts == line.facts and back.symbols == line.symbols and np.array_equal(back.parts, line.parts)
        assert np.allclose(back.frames, line.frames, atol=0.01) and (line.human is None) == (back.human is None)
    write_lines(tmp_path / "none.npz", [])
    assert read_lines(tmp_path / "none.npz") == []


def test_a_file_that_holds_no_lines_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "lines.npz").write_bytes(b"nothing of the kind")
    with pytest.raises(BadWeights, match="prepare it again"):
        read_lines(tmp_path / "lines.npz")
    np.savez(tmp_path / "old.npz", format=np.array(0))
    with pytest.raises(BadWeights, match="another version"):
        read_lines(tmp_path / "old.npz")


def test_a_split_names_the_fold_of_each_clip(tmp_path: Path) -> None:
    (tmp_path / "split.json").write_text('{"train": ["a"], "valid": [], "test": ["b"], "note": "x"}', encoding="utf-8")
    assert read_split(tmp_path / "split.json") == {"a": "train", "b": "test"} and read_split(None) == {}
