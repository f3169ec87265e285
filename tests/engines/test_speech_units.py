"""The engine that speaks from the original's sound: it fills the line, says what it cannot do, and never reads text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.domain.line import VoiceRef
from studio.engines.protocols import Audio
from studio.engines.voice_protocols import HearsSource, SourceLine, SpeechToSpeech
from studio.engines.speech_units import UnitModels, UnitSpeech
from tests.tiny_units import make_unit_models, speech_like

HEARD = Audio(speech_like(0.8), 16_000)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> UnitModels:
    return make_unit_models(tmp_path_factory.mktemp("units"))


def test_it_says_the_line_in_the_other_language(models: UnitModels) -> None:
    engine = UnitSpeech(models)
    assert isinstance(engine, SpeechToSpeech)
    assert isinstance(engine, HearsSource)
    assert engine.available().is_available
    speech = engine.convert(HEARD, "en", "zh-CN", 800)
    assert speech.audio.rate_hz == 16_000
    assert speech.audio.samples.dtype == np.float32
    assert speech.phones[0].start_ms == 0
    assert speech.phones[-1].end_ms == speech.audio.length_ms
    assert all(one.end_ms == other.start_ms for one, other in zip(speech.phones, speech.phones[1:], strict=False))


def test_the_slot_is_filled_and_the_rate_it_is_heard_at_does_not_matter(models: UnitModels) -> None:
    engine = UnitSpeech(models)
    natural = engine.convert(HEARD, "en", "zh", 1).audio.length_ms
    slot_ms = natural + 20
    assert engine.convert(HEARD, "en", "zh", slot_ms).audio.length_ms == slot_ms
    wide = Audio(np.repeat(HEARD.samples, 3), 48_000)
    assert engine.convert(wide, "en", "zh", slot_ms).audio.length_ms > 0


def test_as_a_voice_it_hears_its_line(models: UnitModels) -> None:
    engine = UnitSpeech(models)
    offers = engine.voices("zh")
    assert [offer.ref for offer in offers] == [VoiceRef("units", "zh")]
    assert "English" in offers[0].label
    assert engine.voices("fr") == engine.voices("tlh") == ()
    said = engine.hearing(SourceLine(HEARD, "en", 700)).speak("whatever is written", "zh", offers[0].ref)
    assert np.array_equal(said.audio.samples, engine.convert(HEARD, "en", "zh", 700).audio.samples)
    with pytest.raises(EngineFailed, match="speaks from the original's sound"):
        engine.speak("some text", "zh", offers[0].ref)


def test_silence_and_other_languages_are_answered_with_a_sentence(models: UnitModels) -> None:
    engine = UnitSpeech(models)
    with pytest.raises(EngineFailed, match="no speech on this line"):
        engine.convert(Audio(np.zeros(16_000, np.float32), 16_000), "en", "zh", 1000)
    with pytest.raises(EngineFailed, match="was taught en-zh, zh-en, not de-zh"):
        engine.convert(HEARD, "de", "zh", 1000)
    assert "not de-zh" in engine.supports("de", "zh").why


def test_missing_and_foreign_weights_make_it_unavailable(models: UnitModels, tmp_path: Path) -> None:
    gone = UnitSpeech(UnitModels(models.encoder, tmp_path / "translator", models.vocoder, models.pairs))
    assert "translator are missing" in gone.available().why
    assert gone.voices("zh") == ()
    altered = UnitSpeech(UnitModels(models.encoder, models.translator, models.vocoder, models.pairs, ("0" * 64, None, None)))
    with pytest.raises(EngineUnavailable, match="sha256 differs"):
        altered.convert(HEARD, "en", "zh", 800)
