from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from studio.domain.errors import EngineFailed
from studio.domain.language import NAMES
from studio.domain.line import VoiceRef
from studio.engines.espeak_pool import MAX_RATE_WPM, MIN_RATE_WPM, NATURAL_RATE_WPM, EspeakPool
from studio.engines.speaker_espeak import EspeakSpeaker, espeak_request


@pytest.fixture(scope="module")
def speaker() -> Iterator[EspeakSpeaker]:
    pool = EspeakPool()
    yield EspeakSpeaker(pool)
    pool.close()


def pitch_hz(samples: np.ndarray, rate_hz: int) -> float:
    """Median pitch of the louder 40 ms frames, by autocorrelation."""
    frame = int(0.04 * rate_hz)
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    power = (frames**2).mean(axis=1)
    found = []
    for one in frames[power > 0.3 * power.max()]:
        correlation = np.correlate(one, one, "full")[frame - 1 :]
        low, high = rate_hz // 400, rate_hz // 60
        found.append(rate_hz / (low + int(np.argmax(correlation[low:high]))))
    return float(np.median(found))


@pytest.mark.parametrize("language", sorted(NAMES))
def test_every_language_the_studio_knows_has_enough_distinct_voices(speaker: EspeakSpeaker, language: str) -> None:
    voices = speaker.voices(language)
    assert len({voice.ref for voice in voices}) == len(voices) >= 10
    assert {"female", "male"} == {voice.gender for voice in voices[:2]}
    assert all(voice.ref.engine == speaker.name and voice.language == language for voice in voices)


def test_a_language_that_is_none_has_no_voices(speaker: EspeakSpeaker) -> None:
    assert speaker.voices("tlh") == speaker.voices("") == ()


def test_a_region_in_the_tag_decides_the_accent(speaker: EspeakSpeaker) -> None:
    firsts = {tag: speaker.voices(tag)[0].ref.voice for tag in ("en", "en-GB", "pt", "pt-BR", "es-MX", "zh", "zh-CN", "no", "nb")}
    assert firsts["en-GB"] == "gmw/en" and firsts["pt-BR"] == "roa/pt-BR" and firsts["es-MX"] == "roa/es-419"
    assert firsts["zh"] == firsts["zh-CN"] == "sit/cmn" and firsts["no"] == firsts["nb"] == "gmq/nb"


def test_what_a_voice_cannot_do_is_in_its_label(speaker: EspeakSpeaker) -> None:
    assert "kana only" in speaker.voices("ja")[0].label
    assert "experimental" in speaker.voices("th")[0].label
    assert "(" not in speaker.voices("de")[0].label


def test_a_line_is_speech_in_range_with_phones_to_its_end(speaker: EspeakSpeaker) -> None:
    speech = speaker.speak("你好，世界。", "zh", speaker.voices("zh")[0].ref)
    assert speech.audio.samples.dtype == np.float32 and speech.audio.rate_hz == 22_050
    assert 0.05 < np.abs(speech.audio.samples).max() <= 1.0
    assert abs(speech.phones[-1].end_ms - speech.audio.length_ms) <= 1
    assert any(not phone.symbol and phone.end_ms - phone.start_ms > 100 for phone in speech.phones)


def test_a_female_variant_is_higher_than_the_plain_voice(speaker: EspeakSpeaker) -> None:
    plain, female = speaker.voices("en")[:2]
    pitches = [
        pitch_hz(audio.samples, audio.rate_hz)
        for audio in (speaker.speak("Where are you now?", "en", v.ref).audio for v in (plain, female))
    ]
    assert pitches[1] > 1.3 * pitches[0]


def test_the_pitch_ratio_moves_the_pitch(speaker: EspeakSpeaker) -> None:
    def pitch(ratio: float) -> float:
        audio = speaker.speak("Where are you now?", "en", VoiceRef(speaker.name, "gmw/en-US", pitch_ratio=ratio)).audio
        return pitch_hz(audio.samples, audio.rate_hz)

    assert pitch(0.5) < pitch(1.0) < pitch(1.5)


@pytest.mark.parametrize("rate_ratio", [0.85, 1.25])
def test_the_rate_ratio_is_met_within_a_tenth(speaker: EspeakSpeaker, rate_ratio: float) -> None:
    text = "This is a sentence of ordinary length, spoken at several rates."
    natural = speaker.speak(text, "en", VoiceRef(speaker.name, "gmw/en-US")).audio.length_ms
    asked = speaker.speak(text, "en", VoiceRef(speaker.name, "gmw/en-US", rate_ratio)).audio.length_ms
    assert natural / asked == pytest.approx(rate_ratio, rel=0.1)


def test_rates_stay_where_the_library_is_even() -> None:
    assert espeak_request("a", VoiceRef("espeak-ng", "gmw/en")).rate_wpm == NATURAL_RATE_WPM
    assert espeak_request("a", VoiceRef("espeak-ng", "gmw/en", 9.0)).rate_wpm == MAX_RATE_WPM
    assert espeak_request("a", VoiceRef("espeak-ng", "gmw/en", 0.01)).rate_wpm == MIN_RATE_WPM


@pytest.mark.parametrize("text", ["", " ", "?!", "♪ … ♪"])
def test_a_text_without_words_is_refused_and_not_spelled_out(speaker: EspeakSpeaker, text: str) -> None:
    with pytest.raises(EngineFailed, match="no words to say"):
        speaker.speak(text, "en", VoiceRef(speaker.name, "gmw/en"))


def test_it_is_available_where_the_package_is_and_names_its_licence(speaker: EspeakSpeaker) -> None:
    assert speaker.available().is_available
    assert "GPL-3.0" in speaker.licence
