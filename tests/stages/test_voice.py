from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.domain.errors import EngineFailed
from studio.domain.faces import Presence
from studio.domain.line import Slot, SpeakerProfile, VoiceRef
from studio.domain.lip_guide import LipGuide
from studio.domain.settings import FitSettings, Guidance
from studio.domain.sync import speech_overlap
from studio.domain.timing import TimeSpan
from studio.engines.espeak_pool import EspeakPool
from studio.engines.protocols import Audio, Availability
from studio.engines.voice_protocols import Mark, Speech, VoiceInfo
from studio.engines.speaker_espeak import EspeakSpeaker
from studio.stages.speech_activity import speech_spans
from studio.stages.voice import VoiceRequest, assign_voices, has_words, voice_line

RATE_HZ = 16_000
TEXT = "Hello there, my friend. How are you doing on this very fine day?"


class Hummer:
    """A speech engine of one hum per word, 200 ms each, obeying `rate_ratio` by the power `obedience`; keeps the rates asked."""

    name, version, licence = "hummer", "1", "Apache-2.0"

    def __init__(self, *, has_rate_control: bool = True, obedience: float = 1.0, level: float = 0.3) -> None:
        self.has_rate_control, self.obedience, self.level = has_rate_control, obedience, level
        self.rates: list[float] = []

    def available(self) -> Availability:
        return Availability(True, "made of sines")

    def load(self) -> None: ...

    def voices(self, language: str) -> tuple[VoiceInfo, ...]:
        return (VoiceInfo(VoiceRef(self.name, "hum"), "Hum", language),)

    def speak(self, text: str, language: str, voice: VoiceRef) -> Speech:
        self.rates.append(voice.rate_ratio)
        word_ms = round(200 / voice.rate_ratio**self.obedience)
        count = len(text.split())
        time_s = np.arange(count * word_ms * RATE_HZ // 1000) / RATE_HZ
        samples = (self.level * np.sin(2 * np.pi * 140 * time_s)).astype(np.float32)
        phones = tuple(Mark(index * word_ms, (index + 1) * word_ms, "m") for index in range(count))
        return Speech(Audio(samples, RATE_HZ), phones)


def request(
    span_ms: int, *, text: str = "one two three four five six seven eight nine ten", voice: VoiceRef | None = None, gap_ms: int = 0
) -> VoiceRequest:
    return VoiceRequest(text, "en", VoiceRef("hummer", "hum") if voice is None else voice, Slot(0, span_ms, gap_ms), FitSettings())


@pytest.fixture(scope="module")
def espeak() -> Iterator[EspeakSpeaker]:
    pool = EspeakPool(size=1)
    yield EspeakSpeaker(pool)
    pool.close()


def test_signs_alone_are_no_words_and_letters_of_any_script_are() -> None:
    assert not any(map(has_words, ("", " ", "♪ … ♪", "?!", "🎬")))
    assert all(map(has_words, ("a", "你好", "สวัสดี", "7", "♪ la")))


def test_a_line_that_fits_is_asked_for_once_and_left_alone() -> None:
    engine = Hummer()
    voiced = voice_line(request(2100), engine)
    assert engine.rates == [1.0] and voiced.asked_rate_ratio == voiced.report.rate_ratio == 1.0
    assert voiced.report.natural_ms == voiced.raw.length_ms == 2000


def test_a_long_line_is_asked_for_again_at_the_rate_it_needs_and_not_stretched() -> None:
    engine = Hummer()
    voiced = voice_line(request(1700), engine)
    assert engine.rates == [1.0, pytest.approx(2000 / 1700)]
    assert voiced.report.fitted_ms <= 1700 and voiced.report.remainder_ms == 0
    assert voiced.report.rate_ratio == pytest.approx(2000 / 1700, abs=0.03)
    assert voiced.report.natural_ms == 2000 and voiced.raw.length_ms < 1750


def test_the_limit_holds_for_engine_and_stretch_together() -> None:
    voiced = voice_line(request(1000), Hummer())
    assert voiced.report.rate_ratio == pytest.approx(1.25, abs=0.001)
    assert voiced.report.fitted_ms == pytest.approx(1600, abs=3) and voiced.report.remainder_ms == voiced.report.fitted_ms - 1000


def test_a_short_line_is_slowed_by_the_engine_within_the_limit() -> None:
    engine = Hummer()
    voiced = voice_line(request(4000), engine)
    assert engine.rates[1] == pytest.approx(0.85)
    assert voiced.report.rate_ratio == pytest.approx(0.85, abs=0.005) and voiced.report.fitted_ms < 4000


def test_an_engine_without_rate_control_is_asked_once_and_stretched() -> None:
    engine = Hummer(has_rate_control=False)
    voiced = voice_line(request(1700), engine)
    assert engine.rates == [1.0] and voiced.report.fitted_ms == 1700
    assert voiced.report.rate_ratio == pytest.approx(2000 / 1700, abs=0.01)


@pytest.mark.parametrize("obedience", [0.0, 0.4, 1.6])
def test_an_engine_that_obeys_badly_is_corrected_by_the_stretch(obedience: float) -> None:
    voiced = voice_line(request(1700), Hummer(obedience=obedience))
    assert voiced.report.fitted_ms <= 1700 and voiced.report.remainder_ms == 0
    assert 1.0 < voiced.report.rate_ratio <= 1.25 + 1e-9


def test_an_engine_that_runs_wild_is_not_believed() -> None:
    voiced = voice_line(request(1700), Hummer(obedience=8.0))
    assert voiced.asked_rate_ratio == 1.0 and voiced.raw.length_ms == 2000 and voiced.report.fitted_ms == 1700


def test_the_editors_own_rate_is_where_the_limits_start_from() -> None:
    engine = Hummer()
    voiced = voice_line(request(1000, voice=VoiceRef("hummer", "hum", 1.5)), engine)
    assert engine.rates == [1.5, pytest.approx(1.5 * 1.25)]
    assert voiced.report.rate_ratio == pytest.approx(1.25, abs=0.01)


def test_a_silent_take_is_a_failure_with_the_words_in_it() -> None:
    with pytest.raises(EngineFailed, match="only silence for “one two”"):
        voice_line(request(1000, text="one two"), Hummer(level=0.0))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 30), st.integers(100, 8000), st.integers(0, 1000), st.floats(0.0, 2.0), st.booleans())
def test_whatever_the_engine_does_the_take_is_inside_the_slot_or_says_by_how_much_not(
    words: int, span_ms: int, gap_ms: int, obedience: float, has_rate_control: bool
) -> None:
    engine = Hummer(has_rate_control=has_rate_control, obedience=obedience)
    voiced = voice_line(request(span_ms, text="hm " * words, gap_ms=gap_ms), engine)
    report = voiced.report
    assert len(engine.rates) <= 2
    assert 0.85 - 1e-9 <= report.rate_ratio <= 1.25 + 1e-9
    assert report.fitted_ms == voiced.fitted.length_ms
    assert report.remainder_ms == max(0, voiced.fitted.length_ms - span_ms - gap_ms)
    assert not report.remainder_ms or report.rate_ratio == pytest.approx(1.25)
    assert sum(phone.symbol == "m" for phone in voiced.phones) == words


@pytest.mark.parametrize("span_ms", [1500, 2800, 3100, 3400, 3700, 4600, 8000])
def test_espeak_lines_come_out_inside_their_limits(espeak: EspeakSpeaker, span_ms: int) -> None:
    voice = espeak.voices("en")[1].ref
    voiced = voice_line(VoiceRequest(TEXT, "en", voice, Slot(0, span_ms, 0), FitSettings()), espeak)
    assert 0.85 - 1e-9 <= voiced.report.rate_ratio <= 1.25 + 1e-9
    if span_ms >= 3100:
        assert voiced.report.fitted_ms <= span_ms and voiced.report.remainder_ms == 0
    if span_ms <= 2800:
        assert voiced.report.remainder_ms > 0


@pytest.mark.parametrize("language", ["zh", "de", "fr", "th"])
def test_the_draft_voice_speaks_and_fits_other_languages(espeak: EspeakSpeaker, language: str) -> None:
    text = {"zh": "你好，我的朋友。", "de": "Guten Tag, mein Freund.", "fr": "Bonjour, mon ami.", "th": "สวัสดีครับ"}[language]
    voiced = voice_line(VoiceRequest(text, language, espeak.voices(language)[0].ref, Slot(0, 1500, 300), FitSettings()), espeak)
    assert 300 < voiced.report.fitted_ms <= 1800 and voiced.phones


def offers(count: int) -> list[VoiceInfo]:
    return [VoiceInfo(VoiceRef("e", f"v{index}"), f"v{index}", "en") for index in range(count)]


def speakers(count: int, **own: VoiceRef) -> list[SpeakerProfile]:
    return [SpeakerProfile(f"s{index}", f"S{index}", own.get(f"s{index}")) for index in range(count)]


def test_speakers_get_the_voices_in_order() -> None:
    found = assign_voices(speakers(3), offers(5))
    assert {key: ref.voice for key, ref in found.items()} == {"s0": "v0", "s1": "v1", "s2": "v2"}


def test_choosing_a_voice_moves_only_the_one_who_held_it() -> None:
    before = assign_voices(speakers(4), offers(6))
    after = assign_voices(speakers(4, s0=VoiceRef("e", "v2")), offers(6))
    assert after["s0"].voice == "v2" and after["s2"] not in before.values()
    assert after["s1"] == before["s1"] and after["s3"] == before["s3"]


def test_when_the_voices_run_out_they_come_again_at_another_pitch() -> None:
    found = assign_voices(speakers(7), offers(2))
    assert len(set(found.values())) == 7
    assert {ref.voice for ref in found.values()} == {"v0", "v1"}
    assert all(0.5 <= ref.pitch_ratio <= 1.5 for ref in found.values())


def test_without_voices_only_the_chosen_ones_are_known() -> None:
    own = VoiceRef("net", "anna")
    assert assign_voices(speakers(2, s1=own), []) == {"s1": own}
    assert assign_voices([], offers(2)) == {}


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 12), st.integers(1, 6), st.dictionaries(st.integers(0, 11), st.integers(0, 5), max_size=4))
def test_every_speaker_has_a_voice_and_nobody_shares_one_that_was_handed_out(count: int, voices: int, chosen: dict[int, int]) -> None:
    own = {f"s{index}": VoiceRef("e", f"v{voice}") for index, voice in chosen.items()}
    cast = speakers(count, **own)
    found = assign_voices(cast, offers(voices))
    assert list(found) == [speaker.id for speaker in cast] and found == assign_voices(cast, offers(voices))
    handed_out = [ref for key, ref in found.items() if key not in own]
    assert len(set(handed_out)) == len(handed_out)
    assert not set(handed_out) & {ref for key, ref in own.items() if key in found}


def test_a_speaker_whose_pitch_was_heard_gets_a_voice_of_that_height() -> None:
    speakers = [SpeakerProfile("a", "Mara", pitch_hz=210.0), SpeakerProfile("b", "Tom", pitch_hz=110.0), SpeakerProfile("c", "Ida", pitch_hz=190.0)]
    voices = [VoiceInfo(VoiceRef("x", name), name, "en", gender) for name, gender in (("m1", "male"), ("f1", "female"), ("m2", "male"), ("f2", "female"))]
    assert {key: voice.voice for key, voice in assign_voices(speakers, voices).items()} == {"a": "f1", "b": "m1", "c": "f2"}


def test_with_no_voice_of_that_height_any_voice_will_do() -> None:
    speakers = [SpeakerProfile("a", "Mara", pitch_hz=210.0), SpeakerProfile("b", "Tom", pitch_hz=110.0)]
    voices = [VoiceInfo(VoiceRef("x", name), name, "en", "male") for name in ("m1", "m2")]
    assert {voice.voice for voice in assign_voices(speakers, voices).values()} == {"m1", "m2"}


def guided(asked: VoiceRequest, *speech: tuple[int, int], lips: float = 1.0) -> VoiceRequest:
    spans = tuple(TimeSpan(first, last) for first, last in speech)
    return replace(asked, lips=LipGuide(Presence.ON_SCREEN, Guidance(0.0, lips), speech=spans))


def test_an_engine_that_can_speaks_at_the_rate_the_lips_want_and_little_is_left_to_stretch() -> None:
    engine = Hummer()
    voiced = voice_line(guided(request(4000), (1000, 2700)), engine)
    assert engine.rates == [1.0, voiced.asked_rate_ratio] and 1.1 < voiced.asked_rate_ratio < 1.2
    assert voiced.report.rate_ratio == pytest.approx(voiced.asked_rate_ratio, rel=0.03)
    assert voiced.report.lead_ms == pytest.approx(1000, abs=30) and voiced.report.natural_ms == 2000


def test_an_engine_that_cannot_is_asked_once_and_stretched() -> None:
    engine = Hummer(has_rate_control=False)
    voiced = voice_line(guided(request(4000), (1000, 2700)), engine)
    assert engine.rates == [1.0] and 1.1 < voiced.report.rate_ratio < 1.25


class Replayer(Hummer):
    """Says again what another engine said; espeak-ng's own noise is never twice the same."""

    def __init__(self, engine: EspeakSpeaker) -> None:
        super().__init__()
        self._engine, self._said = engine, {}

    def speak(self, text: str, language: str, voice: VoiceRef) -> Speech:
        if (text, voice) not in self._said:
            self._said[text, voice] = self._engine.speak(text, language, voice)
        return self._said[text, voice]


@pytest.mark.parametrize("span_ms", [1500, 2100, 3400, 6000])
def test_with_no_scale_the_take_is_bit_for_bit_the_one_without_a_guide(span_ms: int, espeak: EspeakSpeaker) -> None:
    engine = Replayer(espeak)
    asked = VoiceRequest(TEXT, "en", espeak.voices("en")[0].ref, Slot(0, span_ms, 100), FitSettings())
    plain, free = voice_line(asked, engine), voice_line(guided(asked, (500, 1400), lips=0.0), engine)
    assert plain.fitted.samples.tobytes() == free.fitted.samples.tobytes() and plain.report == free.report


def test_espeak_follows_a_source_with_a_pause_inside_the_limits(espeak: EspeakSpeaker) -> None:
    source = ((700, 1900), (2600, 4600))
    asked = VoiceRequest(TEXT, "en", espeak.voices("en")[0].ref, Slot(0, 5200, 0), FitSettings())
    spans = [TimeSpan(first, last) for first, last in source]
    plain, followed = (speech_overlap(spans, speech_spans(voice_line(each, espeak).fitted)) for each in (asked, guided(asked, *source)))
    assert plain is not None and followed is not None and followed.jaccard > 0.85 > 0.75 > plain.jaccard
    report = voice_line(guided(asked, *source), espeak).report
    assert report.slowest_ratio is not None and report.fastest_ratio is not None
    assert report.slowest_ratio >= 0.85 - 0.01 and report.fastest_ratio <= 1.25 + 0.01
