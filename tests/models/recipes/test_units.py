"""The unit recipe: what it listens to, how it measures, and a whole run on ten phrases that goes on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.checkpoint import read_training_state
from models.recipes.units import main
from models.recipes.units_kmeans import labelled, phones_of_frames
from models.recipes.units_measure import edit_distance, judge_words, nearest, timed_words, unit_bleu
from models.recipes.units_pairs import UnitPair, load_pairs, save_pairs
from models.recipes.units_speech import Phrase, disturbed, frequent_phrases, real_speech
from models.recipes.units_training import rate_at
from models.recipes.units_translate import POOL_BATCHES, Draws, roughened
from models.units.encoder import open_encoder
from models.units.features import Pitch
from models.units.path import SpeechPath
from models.units.translator import open_translator
from models.units.vocoder import open_vocoder
from studio.engines.protocols import Audio
from studio.engines.voice_protocols import Mark
from studio.media.wav import write_wav
from tests.tiny_units import speech_like, tiny_encoder

STRINGS = st.lists(st.integers(0, 3), max_size=12)


def pair(direction: str = "en-zh", text: str = "hello", weight: float = 1.0, length: int = 4) -> UnitPair:
    return UnitPair(direction, text, f"{text}!", (torch.arange(length), torch.arange(length + 1)), torch.arange(3), weight)


def test_frequent_phrases_carry_their_usual_translation(tmp_path: Path) -> None:
    rows = [("你好", "Hello."), ("你好", "hello"), ("您好", "Hello!"), ("谢谢", "Thanks."), ("123", "Hello."), ("走", "one two three four five six seven")]
    table = tmp_path / "lines.tsv"
    table.write_text("".join(f"0\t{place}\t{zh}\t{en}\n" for place, (zh, en) in enumerate(rows)), encoding="utf-8")
    found = frequent_phrases(table, ("en-zh", "zh-en"), 5)
    assert found["en-zh"] == [Phrase("hello", "你好", 3), Phrase("thanks", "谢谢", 1)]
    assert found["zh-en"][0] == Phrase("你好", "hello", 2)


def test_real_speech_is_read_from_folders_and_silence_passed_over(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", Audio(speech_like(1.0), 16_000))
    write_wav(tmp_path / "b.wav", Audio(np.zeros(16_000, np.float32), 16_000))
    (tmp_path / "c.wav").write_bytes(b"no sound at all")
    (tmp_path / "notes.txt").write_text("not media")
    found = list(real_speech([tmp_path], 10))
    assert [len(samples) for samples in found] == [pytest.approx(16_000, abs=2)]


def test_a_disturbed_phrase_is_longer_and_still_itself() -> None:
    speech = torch.from_numpy(speech_like(1.0))
    first, again = (disturbed(speech, np.random.default_rng(5)) for _ in range(2))
    assert torch.equal(first, again)
    assert 16_000 <= len(first) <= 24_000
    assert float(first.abs().max()) > 0.02


def test_every_frame_has_the_phone_in_its_middle() -> None:
    marks = (Mark(0, 50, "h"), Mark(50, 100, "ˈə"), Mark(100, 140, ""))
    assert phones_of_frames(marks, 7, "en") == ["en:h", "en:h", "en:ə", "en:ə", "en:ə", "en:", "en:"]


def test_a_high_vowel_of_mandarin_is_another_phone_and_of_english_is_not() -> None:
    hz = torch.tensor([100.0, 100.0, 100.0, 130.0, 75.0])
    pitch = Pitch(hz, torch.ones(5), torch.tensor([True] * 5))
    assert phones_of_frames((Mark(0, 100, "a"),), 5, "zh", pitch) == ["zh:a", "zh:a", "zh:a", "zh:a+", "zh:a-"]
    assert phones_of_frames((Mark(0, 100, "a"),), 5, "en", pitch) == ["en:a"] * 5


def test_rare_phones_teach_nothing() -> None:
    rows, labels = labelled(torch.arange(7.0)[:, None], ["a", "b", "a", "c", "b", "a", "b"])
    assert rows[:, 0].tolist() == [0, 1, 2, 4, 5, 6]
    assert labels.tolist() == [0, 1, 0, 1, 0, 1]
    with pytest.raises(ValueError, match="no speech with phones"):
        labelled(torch.zeros(1, 1), ["once"])


@given(STRINGS, STRINGS)
def test_edits_are_a_distance(one: list[int], other: list[int]) -> None:
    assert edit_distance(one, other) == edit_distance(other, one)
    assert (edit_distance(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= edit_distance(one, other) <= max(len(one), len(other))


def test_bleu_is_a_hundred_for_the_same_and_next_to_nothing_for_others() -> None:
    wanted = [[1, 2, 3, 4, 5, 6], [7, 8, 9, 1, 2]]
    assert unit_bleu(wanted, wanted) == pytest.approx(100)
    assert unit_bleu([[11, 12, 13, 14, 15], [16, 17, 18]], wanted) < 1
    assert 20 < unit_bleu([[1, 2, 3, 4, 9, 6], [7, 8, 9, 1, 2]], wanted) < 90
    assert nearest([1, 2, 4], {"one": [1, 2, 3], "two": [5, 6, 7], "long": [1, 2, 4, 5, 6, 7, 8, 9]}) == "one"


def test_words_of_real_speech_are_held_against_those_of_other_clips(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_wav(tmp_path / f"{name}.wav", Audio(np.concatenate([speech_like(0.4, 1), speech_like(0.4, 2)]), 16_000))
    rows = [f"{name}\t{start}\t{start + 0.4}\t{word}\n" for name in "ab" for start, word in ((0.0, "one"), (0.4, "two"))]
    (tmp_path / "words.tsv").write_text("clip\tstart_s\tend_s\tword\n" + "".join([*rows, "a\t0.8\t0.9\tsil\n"]))
    words = timed_words(tmp_path / "words.tsv", 5)
    assert [(word.clip, word.start_frames, word.end_frames, word.word) for word in words][:2] == [("a", 0, 20, "one"), ("a", 20, 40, "two")]
    assert judge_words(tiny_encoder(), words) == {"words": 4, "nearest_is_the_same_word": 1.0, "by_the_commonest": 0.5}


def test_pairs_come_back_as_they_were(tmp_path: Path) -> None:
    save_pairs(tmp_path / "pairs-train-en-zh-00000.npz", [pair(text="你好", weight=2.5), pair("zh-en", length=7)])
    first, second = load_pairs(tmp_path, "train")
    assert (first.text, first.translation, first.weight, second.direction) == ("你好", "你好!", 2.5, "zh-en")
    assert [units.tolist() for units in second.sources] == [list(range(7)), list(range(8))]
    assert first.target.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="run the step `pairs` first"):
        load_pairs(tmp_path, "voices")


def test_a_batch_is_a_function_of_seed_and_step_and_follows_the_weights() -> None:
    draws = Draws((pair(text="often", weight=9.0), pair(text="seldom", length=30)), 8, 1)
    drawn = [draws.batch_of(step) for step in range(2 * POOL_BATCHES)]
    again = Draws(draws.pairs, 8, 1).batch_of(7)
    assert [one[0].text for one in drawn[7]] == [one[0].text for one in again]
    often = sum(one[0].text == "often" for batch in drawn for one in batch) / sum(map(len, drawn))
    assert 0.8 < often < 0.97
    assert len(roughened(torch.tensor([3]), 5, np.random.default_rng(0))) == 1


def test_the_rate_rises_then_falls_to_nothing() -> None:
    rates = [rate_at(step, 1000) for step in range(1001)]
    assert rates[0] < 0.02
    assert max(rates) > 0.95
    assert rates[1000] == pytest.approx(0, abs=1e-9)
    assert all(one >= other for one, other in zip(rates[100:], rates[101:], strict=False))


def test_a_whole_run_makes_models_that_work_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    main(["--smoke", "--out", str(out)])
    told = capsys.readouterr().out
    content = json.loads(told[told.index("{\n") :])
    assert set(content) == {"en-zh, unheard voices", "zh-en, unheard voices", "en-zh, unheard phrases", "zh-en, unheard phrases", "encoder", "vocoder"}
    assert all(0 <= content[name]["unit_error_ratio"] <= 3 for name in content if "unheard" in name)
    path = SpeechPath(open_encoder(out / "encoder"), open_translator(out / "translator"), open_vocoder(out / "vocoder"))
    made = path.convert(torch.from_numpy(speech_like(0.5)), "en", "zh")
    assert len(made.samples) == 320 * int(made.runs.lengths.sum()) > 0
    main(["translate", "--out", str(out), "--smoke", "--export", str(tmp_path / "kept")])
    assert "translator: 12 steps" in capsys.readouterr().out  # it was done, and nothing was trained again
    assert (tmp_path / "kept" / "model.safetensors").read_bytes() == (out / "translator" / "model.safetensors").read_bytes()
    assert read_training_state(out / "translate.pt")["step"] == 12
