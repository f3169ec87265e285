"""One suite over every engine the studio offers and every fake: same promises, errors and units."""

from __future__ import annotations

import numpy as np
import pytest

from studio.bootstrap import build_engines
from studio.domain.line import VoiceRef
from studio.domain.settings import TranslationSettings
from studio.engines.protocols import Audio, Engine, TranslatesBack, TranslationRequest
from studio.engines.voice_protocols import HearsSource, SourceLine
from tests.fakes import FakeEstimator, FakeSpeaker, FakeSpeakerEncoder, FakeTranscriber, FakeTranslator, FakeVad

FAKES = {
    "voice activity": FakeVad(),
    "transcriber": FakeTranscriber(),
    "speaker encoder": FakeSpeakerEncoder(),
    "translator": FakeTranslator(),
    "estimator": FakeEstimator(),
    "speaker": FakeSpeaker(),
}
RACK = build_engines()
RATE_HZ = 16_000


def of_task(task: str) -> list[pytest.ParameterSet]:
    return [pytest.param(engine, id=engine.name) for engine in (*RACK.all(task), FAKES[task])]


EVERY = [pytest.param(engine, id=f"{task}-{engine.name}") for task in FAKES for engine in (*RACK.all(task), FAKES[task])]


def ready(engine: Engine) -> Engine:
    verdict = engine.available()
    if not verdict.is_available:
        pytest.skip(f"{engine.name} cannot run here: {verdict.why}")
    return engine


def voice_like(seconds: float, pitch_hz: float = 120.0) -> np.ndarray:
    """A buzz with formants that opens and closes four times a second."""
    time_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * pitch_hz * k * time_s) / (1 + abs(k * pitch_hz - 600) / 400) for k in range(1, 20))
    return (0.1 * buzz * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * time_s))).astype(np.float32)


@pytest.mark.parametrize("engine", EVERY)
def test_an_engine_says_who_it_is_and_whether_it_can_run(engine: Engine) -> None:
    assert isinstance(engine, Engine)
    assert all(isinstance(text, str) and text for text in (engine.name, engine.version, engine.licence))
    verdict = engine.available()
    assert verdict.why, f"{engine.name} does not say why it is {'' if verdict.is_available else 'not '}available"


def test_names_are_unique_within_a_task_and_a_default_exists_where_the_studio_needs_one() -> None:
    rows = RACK.status()
    assert len({(row.task, row.name) for row in rows}) == len(rows)
    have_default = {row.task for row in rows if row.is_default}
    assert have_default >= {"voice activity", "transcriber", "speaker encoder", "estimator", "speaker"}


@pytest.mark.parametrize("engine", of_task("voice activity"))
def test_silence_holds_no_speech_and_spans_come_in_order(engine: Engine) -> None:
    ready(engine)
    quiet = np.zeros(2 * RATE_HZ, np.float32)
    assert engine.speech(iter([quiet[:9000], quiet[9000:]]), RATE_HZ, min_silence_ms=400) == ()
    assert engine.speech(iter([]), RATE_HZ, min_silence_ms=400) == ()
    blocks = [quiet, voice_like(1.2), quiet, voice_like(0.9), quiet]
    spans = engine.speech(iter(blocks), RATE_HZ, min_silence_ms=400)
    assert all(before.end_ms <= after.start_ms for before, after in zip(spans, spans[1:], strict=False))
    assert all(span.end_ms <= 8150 for span in spans)


@pytest.mark.parametrize("engine", of_task("voice activity"))
def test_the_size_of_the_blocks_changes_nothing(engine: Engine) -> None:
    ready(engine)
    sound = np.concatenate([np.zeros(RATE_HZ, np.float32), voice_like(1.3), np.zeros(RATE_HZ, np.float32)])
    whole = engine.speech(iter([sound]), RATE_HZ, min_silence_ms=300)
    assert engine.speech(iter(np.array_split(sound, 37)), RATE_HZ, min_silence_ms=300) == whole


@pytest.mark.parametrize("engine", of_task("transcriber"))
def test_nothing_is_invented_for_silence(engine: Engine) -> None:
    ready(engine)
    words = engine.transcribe(Audio(np.zeros(RATE_HZ, np.float32), RATE_HZ), "en")
    assert words.text == ""
    assert words.confidence is None or 0 <= words.confidence <= 1


@pytest.mark.parametrize("engine", of_task("speaker encoder"))
def test_a_voice_is_a_unit_vector_and_the_same_sound_is_the_same_voice(engine: Engine) -> None:
    ready(engine)
    low, high = voice_like(2.0, 110), voice_like(2.0, 240)
    first, again, other = (engine.embed(Audio(sound, RATE_HZ)) for sound in (low, low, high))
    assert first.dtype == np.float32
    assert first.ndim == 1
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-3)
    assert first @ again == pytest.approx(1, abs=1e-3)
    assert first @ other < first @ again


@pytest.mark.parametrize("engine", of_task("translator"))
def test_wordings_come_in_the_order_asked_distinct_and_not_too_many(engine: Engine) -> None:
    ready(engine)
    if not engine.supports("en", "zh").is_available:
        assert engine.supports("en", "zh").why
        return
    settings = TranslationSettings(candidate_count=2, draw_count=3, seed=5)
    texts = {"b": "Where is the ferry?", "a": "It was here.", "empty": " "}
    requests = [TranslationRequest(key, text, "en", "zh", 2000, settings=settings) for key, text in texts.items()]
    answers = list(engine.propose(requests))
    assert [key for key, _ in answers] == list(texts)
    for key, wordings in answers:
        found = [wording.text for wording in wordings]
        assert len(found) <= 3
        assert len(set(found)) == len(found)
        assert all(text.strip() == text and text for text in found)
        assert all(isinstance(wording.score, float) for wording in wordings)
        assert key != "empty" or not found, "an empty line got an invented wording"
    assert list(engine.propose(requests)) == answers, "the same seed must give the same proposals"


@pytest.mark.parametrize("engine", of_task("translator"))
def test_a_translator_says_whether_it_takes_wishes_and_translates_back_line_by_line(engine: Engine) -> None:
    ready(engine)
    assert isinstance(engine.follows_instructions, bool)
    if not isinstance(engine, TranslatesBack) or not engine.supports("en", "zh").is_available:
        return
    assert engine.lines_at_once >= 1
    texts = ["这是一个测试", "", "你好"]
    meanings = engine.translate_back(texts, "en", "zh")
    assert len(meanings) == len(texts)
    assert all(meaning is None or meaning.strip() == meaning for meaning in meanings)
    assert not meanings[1], "nothing was said, so nothing can be meant"
    assert meanings == engine.translate_back(texts, "en", "zh")


@pytest.mark.parametrize("engine", of_task("translator"))
def test_a_language_is_not_translated_to_itself(engine: Engine) -> None:
    ready(engine)
    verdict = engine.supports("en", "en")
    assert not verdict.is_available
    assert verdict.why


@pytest.mark.parametrize("engine", of_task("estimator"))
def test_longer_texts_take_longer_and_commas_are_pauses(engine: Engine) -> None:
    ready(engine)
    empty, short, long = (engine.estimate(text, "en") for text in ("", "The ferry left.", "The ferry left the harbour an hour ago without you."))
    assert (empty.speech_ms, empty.pause_ms) == (0, 0)
    assert 200 < short.speech_ms < long.speech_ms < 10_000
    assert short.engine == engine.name
    with_pause = engine.estimate("Six, well, that is a birthday.", "en")
    assert with_pause.pause_ms > short.pause_ms
    assert engine.supports("en").is_available


def in_the_ear(engine: Engine) -> Engine:
    """The engine, with a second of the original's sound where it speaks from that."""
    return engine.hearing(SourceLine(Audio(voice_like(1.0), RATE_HZ), "zh", 1000)) if isinstance(engine, HearsSource) else engine


@pytest.mark.parametrize("engine", of_task("speaker"))
def test_speech_is_mono_float_with_marks_inside_it(engine: Engine) -> None:
    ready(engine)
    offers = engine.voices("en")
    assert offers
    assert len({offer.ref for offer in offers}) == len(offers)
    assert all(offer.ref.engine == engine.name and offer.label and offer.gender in ("female", "male", "") for offer in offers)
    speech = in_the_ear(engine).speak("Then you hold the cake.", "en", offers[0].ref)
    samples = speech.audio.samples
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert 0.01 < float(np.abs(samples).max()) <= 1.0
    assert 300 < speech.audio.length_ms < 6000
    assert all(0 <= mark.start_ms <= mark.end_ms <= speech.audio.length_ms + 1 for mark in speech.phones)
    assert list(speech.phones) == sorted(speech.phones, key=lambda mark: mark.start_ms)


@pytest.mark.parametrize("engine", of_task("speaker"))
def test_a_faster_rate_is_shorter_speech(engine: Engine) -> None:
    ready(engine)
    if isinstance(engine, HearsSource):
        pytest.skip("it fills the line it hears")
    ref = engine.voices("en")[0].ref
    text = "The sea is rough tonight and my boat is small."
    natural = engine.speak(text, "en", ref).audio.length_ms
    fast = engine.speak(text, "en", VoiceRef(ref.engine, ref.voice, rate_ratio=1.4)).audio.length_ms
    assert fast < 0.85 * natural


@pytest.mark.parametrize("engine", of_task("speaker"))
def test_a_language_nobody_speaks_has_no_voices(engine: Engine) -> None:
    ready(engine)
    if engine is FAKES["speaker"]:
        pytest.skip("the fake sings every language")
    assert engine.voices("tlh") == ()
