from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.domain.errors import EngineFailed
from studio.domain.line import Estimate, VoiceRef
from studio.engines.duration_espeak import Calibration, EspeakDuration, PacePair, calibrate, spoken_estimate
from studio.engines.espeak_pool import EspeakPool, EspeakRequest, EspeakSpeech
from studio.engines.estimate_memory import SHELVE_AT_ONCE
from studio.engines.voice_protocols import Mark
from studio.engines.speaker_espeak import EspeakSpeaker
from studio.stages.fit import trim

SENTENCES = {
    "en": "The plane ticket, the painting, it all points to Montreal.",
    "de": "Ich war erst Anfang des Jahres in der Stadt, daher ist es verrückt.",
    "fr": "Je ne sais pas où il est allé, mais il reviendra demain.",
    "zh": "我不知道他去了哪里，但是他明天会回来。",
    "es": "No sé adónde fue, pero volverá mañana por la mañana.",
}


@pytest.fixture(scope="module")
def pool() -> Iterator[EspeakPool]:
    pool = EspeakPool()
    yield pool
    pool.close()


@pytest.fixture
def estimator(pool: EspeakPool) -> EspeakDuration:
    return EspeakDuration(pool)


@pytest.mark.parametrize("language", SENTENCES)
def test_the_prediction_is_the_length_of_the_take_within_three_percent(pool: EspeakPool, estimator: EspeakDuration, language: str) -> None:
    speaker = EspeakSpeaker(pool)
    for offer in speaker.voices(language)[:3]:
        audio = speaker.speak(SENTENCES[language], language, offer.ref).audio
        predicted = estimator.estimate(SENTENCES[language], language, offer.ref)
        assert predicted.total_ms == pytest.approx(trim(audio, (), -45.0).audio.length_ms, rel=0.03)
        assert 60 <= predicted.pause_ms < predicted.speech_ms / 4


@pytest.mark.parametrize("text", ["", "  ", "?!", "…—", "♪"])
def test_a_text_without_words_takes_no_time(estimator: EspeakDuration, text: str) -> None:
    assert estimator.estimate(text, "en") == Estimate(0, 0, "espeak-ng")


def test_speech_and_inner_pauses_are_apart_and_silent_ends_are_left_out() -> None:
    phones = [
        Mark(0, 100, ""),
        Mark(100, 300, "a"),
        Mark(300, 340, ""),
        Mark(340, 500, "t"),
        Mark(500, 700, ""),
        Mark(700, 900, "o"),
        Mark(900, 1300, ""),
    ]
    assert spoken_estimate(phones, "x") == Estimate(600, 200, "x")
    assert spoken_estimate([Mark(0, 500, "")], "x") == spoken_estimate([], "x") == Estimate(0, 0, "x")


def test_a_comma_adds_pause_and_hardly_any_speech(estimator: EspeakDuration) -> None:
    plain, split = estimator.estimate_many(["we came we saw", "we came, we saw"], "en")
    assert plain.pause_ms == 0 < split.pause_ms
    assert split.speech_ms == pytest.approx(plain.speech_ms, rel=0.2)


def test_longer_texts_take_longer_and_a_faster_voice_less(estimator: EspeakDuration) -> None:
    short, long = estimator.estimate_many(["Come in.", "Come in and sit down with us for a while."], "en")
    assert short.total_ms < long.total_ms
    quick = estimator.estimate("Come in and sit down with us for a while.", "en", VoiceRef("espeak-ng", "gmw/en-US", 1.25))
    assert quick.total_ms == pytest.approx(long.total_ms / 1.25, rel=0.1)


def test_many_answers_keep_the_order_and_equal_texts_agree(estimator: EspeakDuration) -> None:
    texts = ["one two three four", "one", "", "one two three four", "one"]
    found = estimator.estimate_many(texts, "en")
    assert found[0] == found[3] and found[1] == found[4] and found[2].total_ms == 0
    assert found[1].total_ms < found[0].total_ms


def test_the_cache_answers_again_and_stays_bounded(pool: EspeakPool) -> None:
    estimator = EspeakDuration(pool, memory_entries=3)
    first = estimator.estimate("a word", "en")
    assert estimator.estimate("a word", "en") is first
    estimator.estimate_many([f"word {index}" for index in range(10)], "en")
    assert len(estimator._memory._known) == 3
    assert len(estimator.estimate_many([f"word {index}" for index in range(10)], "en")) == 10


class Shelf:
    """A store of estimates that counts what it is asked for."""

    def __init__(self) -> None:
        self.kept: dict[str, Estimate] = {}
        self.reads = 0

    def get(self, keys: Iterable[str]) -> dict[str, Estimate]:
        self.reads += 1
        return {key: self.kept[key] for key in keys if key in self.kept}

    def put(self, found: Mapping[str, Estimate]) -> None:
        self.kept |= found


class NoPool(EspeakPool):
    """Knows its voices and must not be asked for anything else."""

    def time(self, requests: Sequence[EspeakRequest]) -> list[EspeakSpeech]:
        assert not requests, "it was measured again"
        return []


def test_lines_measured_before_a_restart_are_not_measured_again(pool: EspeakPool) -> None:
    shelf, texts = Shelf(), [f"word number {index}" for index in range(SHELVE_AT_ONCE)]
    before = EspeakDuration(pool, shelf=shelf).estimate_many(texts, "en")
    idle = NoPool()
    after = EspeakDuration(idle, shelf=shelf)
    shelf.reads = 0
    try:
        assert after.known([*texts, "never said"], "en") == [*before, None]
        assert after.estimate_many(texts, "en") == before and shelf.reads == 1
    finally:
        idle.close()


def test_what_is_only_tried_out_while_typing_is_not_kept(pool: EspeakPool) -> None:
    shelf = Shelf()
    estimator = EspeakDuration(pool, shelf=shelf)
    for index in range(SHELVE_AT_ONCE + 1):
        estimator.estimate(f"half a wor {index}", "en")
    assert not shelf.kept
    estimator.estimate_many([f"half a wor {index}" for index in range(SHELVE_AT_ONCE)], "en")
    assert len(shelf.kept) == SHELVE_AT_ONCE


def test_a_thousand_takes_are_learnt_from_at_once_and_as_well() -> None:
    pairs = [PacePair(500 + 3 * index, round(1.2 * (500 + 3 * index)) + 40) for index in range(1000)]
    started = time.perf_counter()
    found = calibrate(pairs)
    assert time.perf_counter() - started < 2.0
    assert found.scale == pytest.approx(1.2, abs=0.01) and found.offset_ms == pytest.approx(40, abs=5)


def test_another_engines_voice_is_timed_with_the_languages_own(estimator: EspeakDuration) -> None:
    own, other = estimator.estimate("Good day", "en"), estimator.estimate("Good day", "en", VoiceRef("edge-tts", "en-US-GuyNeural"))
    assert own.total_ms == other.total_ms


def test_a_voice_that_is_gone_is_timed_with_the_languages_own(estimator: EspeakDuration) -> None:
    own, gone = estimator.estimate("Good day", "en"), estimator.estimate("Good day", "en", VoiceRef("espeak-ng", "old/voice+f3"))
    assert own.total_ms == gone.total_ms > 0


@pytest.mark.parametrize("word", ["word ", "字"])
def test_a_text_of_any_length_is_timed_and_never_breaks_the_page(estimator: EspeakDuration, word: str) -> None:
    language = "zh" if word == "字" else "en"
    once, long = estimator.estimate_many([word * 300, word * 2700], language)
    assert long.total_ms == pytest.approx(9 * once.total_ms, rel=0.1)


def test_an_unknown_language_is_not_supported_and_not_guessed(estimator: EspeakDuration) -> None:
    verdict = estimator.supports("tlh")
    assert not verdict.is_available and "tlh" in verdict.why
    assert estimator.supports("zh").is_available
    with pytest.raises(EngineFailed, match="does not speak “tlh”"):
        estimator.estimate("Hab SoSlI'", "tlh")


def test_typing_is_answered_within_twenty_ms(estimator: EspeakDuration) -> None:
    estimator.estimate("warm", "en")
    taken = []
    for index in range(9):
        started = time.perf_counter()
        estimator.estimate(f"I will be there at {index} o'clock, I promise.", "en")
        taken.append(time.perf_counter() - started)
    assert sorted(taken)[4] < 0.02


def test_calibration_moves_only_its_own_voice(estimator: EspeakDuration) -> None:
    voice, other = VoiceRef("net", "anna"), VoiceRef("net", "bob")
    slow = estimator.calibrated({("net", "anna"): Calibration(1.5, 20.0, 9)})
    text = "Come in, and sit down."
    plain, slowed = estimator.estimate(text, "en", voice), slow.estimate(text, "en", voice)
    assert slowed.total_ms == pytest.approx(1.5 * plain.total_ms + 20, abs=1)
    assert slowed.pause_ms / slowed.total_ms == pytest.approx(plain.pause_ms / plain.total_ms, abs=0.01)
    assert slow.estimate(text, "en", other).total_ms == plain.total_ms
    assert slow.estimate("", "en", voice).total_ms == 0


def test_without_takes_the_calibration_is_the_identity() -> None:
    assert calibrate([]) == calibrate([PacePair(0, 500), PacePair(500, 0)]) == Calibration(1.0, 0.0, 0)


def test_a_few_takes_give_a_ratio_and_one_bad_take_does_not_move_it() -> None:
    pairs = [PacePair(ms, round(1.2 * ms)) for ms in (900, 1500, 2000, 2600)]
    assert calibrate([*pairs, PacePair(1000, 9000)]).scale == pytest.approx(1.2, abs=0.01)


def test_many_spread_takes_give_scale_and_offset_whatever_a_tenth_of_them_say() -> None:
    rng = random.Random(4)
    pairs = [PacePair(ms, round(1.1 * ms + 80 + rng.gauss(0, 15))) for ms in range(500, 5000, 150)]
    pairs[::10] = [PacePair(pair.predicted_ms, 4 * pair.actual_ms) for pair in pairs[::10]]
    learnt = calibrate(pairs)
    assert learnt.scale == pytest.approx(1.1, abs=0.03)
    assert learnt.offset_ms == pytest.approx(80, abs=60)
    assert learnt.count == len(pairs)


def test_takes_of_one_length_never_give_a_wild_line() -> None:
    learnt = calibrate([PacePair(4000 + 20 * index, 6000 - 40 * index) for index in range(20)])
    assert learnt.offset_ms == 0 and 1.2 < learnt.scale < 1.6


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 60_000)), max_size=25))
def test_any_takes_give_a_usable_calibration(takes: list[tuple[int, int]]) -> None:
    learnt = calibrate([PacePair(*take) for take in takes])
    assert 0.4 <= learnt.scale <= 2.5 and abs(learnt.offset_ms) <= 300 and 0 <= learnt.count <= len(takes)


@pytest.mark.corpus
def test_predictions_follow_real_narration(estimator: EspeakDuration, corpus_dir: object) -> None:
    import csv
    import io
    import lzma

    import numpy as np

    with lzma.open(corpus_dir / "dialogue" / "3b1b" / "3b1b_community_en-de.tsv.xz") as file:
        rows = list(csv.DictReader(io.TextIOWrapper(file, "utf-8"), delimiter="\t"))
    spans = [(row["src"], 1000 * (float(row["end"]) - float(row["start"]))) for row in rows]
    spans = [(text, ms) for text, ms in spans if 600 < ms < 12_000][:120]
    predicted = [estimate.total_ms for estimate in estimator.estimate_many([text for text, _ in spans], "en")]
    assert np.corrcoef(predicted, [ms for _, ms in spans])[0, 1] > 0.9
