"""Draft voices of espeak-ng: many languages, offline, with phone timings. Text and a VoiceRef in, speech and phones out.

A voice is an identifier of the library with an optional variant, such as "gmw/en-US+f3". To offer more voices per
language, extend `VARIANTS`; to offer more languages, nothing: the library's own list is read.
"""

from __future__ import annotations

from studio.domain.errors import BadSetting, EngineFailed
from studio.domain.language import language_code
from studio.domain.line import VoiceRef
from studio.engines import espeak_pool
from studio.engines.espeak_pool import EspeakPool, EspeakRequest, EspeakVoice
from studio.engines.espeak_text import has_speech
from studio.engines.protocols import Audio, Availability
from studio.engines.voice_protocols import Speech, VoiceInfo

VARIANTS = ("f2", "m3", "f3", "m7", "f4", "m1", "f1", "m2", "f5", "m4", "m5", "m6", "m8")  # the plain voice is male
_FAVOURITES = ("gmw/en-US",)
_LEFT_OUT = ("gmw/en-Shaw", "sit/cmn-Latn-pinyin", "sit/yue-Latn-jyutping", "ira/fa-Latn")  # read other scripts
_LIMITS = {"ja": "reads kana only", "th": "experimental"}


class EspeakSpeaker:
    """Speaker protocol. `rate_ratio` and `pitch_ratio` of a voice are clipped to what the library can do."""

    name = espeak_pool.NAME
    version = f"{espeak_pool.VERSION}-1"
    licence = espeak_pool.LICENCE
    has_rate_control = True

    def __init__(self, pool: EspeakPool | None = None) -> None:
        self._pool = EspeakPool() if pool is None else pool
        self._offers: dict[str, tuple[VoiceInfo, ...]] = {}

    def available(self) -> Availability:
        return espeak_availability(self._pool)

    def load(self) -> None:
        self._pool.voices()

    def voices(self, language: str) -> tuple[VoiceInfo, ...]:
        """The best voice of the language and its variants, female and male in turn, then its other accents."""
        if language not in self._offers:
            self._offers[language] = self._offer(language)
        return self._offers[language]

    def speak(self, text: str, language: str, voice: VoiceRef) -> Speech:
        """Speech at 22.05 kHz with the phones and words of the whole line. Raises EngineFailed for a text without words."""
        import numpy as np

        if not has_speech(text):
            raise EngineFailed(self.name, f"“{text.strip()}” has no words to say; type some, or leave the line empty.")
        spoken = self._pool.speak(espeak_request(text, voice))
        samples = np.frombuffer(spoken.pcm, np.int16).astype(np.float32) / 32768
        return Speech(Audio(samples, spoken.rate_hz), spoken.phones, spoken.words)

    def _offer(self, language: str) -> tuple[VoiceInfo, ...]:
        ranked = espeak_voices(self._pool, language)
        if not ranked:
            return ()
        code = language_code(language)
        note = f" ({_LIMITS[code]})" if code in _LIMITS else ""
        best, others = ranked[0], ranked[1:]
        offers = [self._info(best.identifier, f"{best.name}, male{note}", language, "male")]
        for variant in VARIANTS:
            gender = "female" if variant.startswith("f") else "male"
            label = f"{best.name}, {gender} {variant[1:]}{note}"
            offers.append(self._info(f"{best.identifier}+{variant}", label, language, gender))
        offers += [self._info(other.identifier, f"{other.name}, male{note}", language, "male") for other in others]
        return tuple(offers)

    def _info(self, identifier: str, label: str, language: str, gender: str) -> VoiceInfo:
        return VoiceInfo(VoiceRef(self.name, identifier), label, language, gender)


def espeak_availability(pool: EspeakPool) -> Availability:
    if pool.is_installed():
        return Availability(True, "ready; draft voices, offline")
    return Availability(False, "the package espeakng-loader is not installed; run `make studio` again.")


def espeak_voices(pool: EspeakPool, language: str) -> tuple[EspeakVoice, ...]:
    """The library's voices for a language, best first; empty where it has none. A region in the tag is preferred."""
    try:
        code = language_code(language)
    except BadSetting:
        return ()
    wanted = language.strip().lower().replace("_", "-")
    ranked = []
    for voice in pool.voices():
        ranks = [rank for rank, tag in voice.tags if tag == code or tag.startswith(f"{code}-")]
        if ranks and voice.identifier not in _LEFT_OUT:
            is_exact = wanted != code and any(tag == wanted for _, tag in voice.tags)
            plain = min((rank for rank, tag in voice.tags if tag == code), default=99)
            ranked.append((not is_exact, voice.identifier not in _FAVOURITES, plain, voice.identifier, voice))
    return tuple(row[-1] for row in sorted(ranked, key=lambda row: row[:-1]))


def espeak_request(text: str, voice: VoiceRef) -> EspeakRequest:
    """What to ask the pool for a text in a voice, with rate and pitch inside the library's range."""
    rate_wpm = round(espeak_pool.NATURAL_RATE_WPM * voice.rate_ratio)
    pitch = round(espeak_pool.NATURAL_PITCH * voice.pitch_ratio)
    rate_wpm = min(max(rate_wpm, espeak_pool.MIN_RATE_WPM), espeak_pool.MAX_RATE_WPM)
    return EspeakRequest(text, voice.voice, rate_wpm, min(max(pitch, 0), 99))
