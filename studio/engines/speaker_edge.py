"""Online voices of Microsoft's service through edge-tts: text and a VoiceRef in, speech with word times out.

The voices below are always on offer while the service can be reached; add a language by adding its row to `VOICES`.
"""

from __future__ import annotations

import io

from studio.domain.errors import BadSetting, EngineFailed
from studio.domain.language import NAMES, language_code
from studio.domain.line import VoiceRef
from studio.engines import edge_service
from studio.engines.edge_service import EdgeService
from studio.engines.protocols import Audio, Availability
from studio.engines.voice_protocols import Speech, VoiceInfo

# language: (female voices, male voices), best first
VOICES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ar": (("ar-EG-SalmaNeural",), ("ar-EG-ShakirNeural",)),
    "de": (("de-DE-KatjaNeural", "de-DE-AmalaNeural"), ("de-DE-ConradNeural", "de-DE-KillianNeural")),
    "en": (("en-US-JennyNeural", "en-US-AriaNeural", "en-GB-SoniaNeural"), ("en-US-GuyNeural", "en-US-EricNeural", "en-GB-RyanNeural")),
    "es": (("es-ES-ElviraNeural", "es-MX-DaliaNeural"), ("es-ES-AlvaroNeural", "es-MX-JorgeNeural")),
    "fr": (("fr-FR-DeniseNeural", "fr-FR-EloiseNeural"), ("fr-FR-HenriNeural", "fr-CA-JeanNeural")),
    "hi": (("hi-IN-SwaraNeural",), ("hi-IN-MadhurNeural",)),
    "id": (("id-ID-GadisNeural",), ("id-ID-ArdiNeural",)),
    "it": (("it-IT-ElsaNeural", "it-IT-IsabellaNeural"), ("it-IT-DiegoNeural",)),
    "ja": (("ja-JP-NanamiNeural",), ("ja-JP-KeitaNeural",)),
    "ko": (("ko-KR-SunHiNeural",), ("ko-KR-InJoonNeural",)),
    "nl": (("nl-NL-ColetteNeural",), ("nl-NL-MaartenNeural",)),
    "pl": (("pl-PL-ZofiaNeural",), ("pl-PL-MarekNeural",)),
    "pt": (("pt-BR-FranciscaNeural", "pt-PT-RaquelNeural"), ("pt-BR-AntonioNeural", "pt-PT-DuarteNeural")),
    "ru": (("ru-RU-SvetlanaNeural",), ("ru-RU-DmitryNeural",)),
    "th": (("th-TH-PremwadeeNeural",), ("th-TH-NiwatNeural",)),
    "tr": (("tr-TR-EmelNeural",), ("tr-TR-AhmetNeural",)),
    "uk": (("uk-UA-PolinaNeural",), ("uk-UA-OstapNeural",)),
    "vi": (("vi-VN-HoaiMyNeural",), ("vi-VN-NamMinhNeural",)),
    "zh": (("zh-CN-XiaoxiaoNeural", "zh-CN-XiaoyiNeural"), ("zh-CN-YunxiNeural", "zh-CN-YunyangNeural", "zh-CN-YunjianNeural")),
}


class EdgeSpeaker:
    """Speaker protocol."""

    name = edge_service.NAME
    version = edge_service.VERSION
    licence = edge_service.LICENCE
    has_rate_control = True

    def __init__(self, service: EdgeService | None = None) -> None:
        self._service = EdgeService() if service is None else service

    def available(self) -> Availability:
        return self._service.availability()

    def load(self) -> None:
        """Nothing is kept in memory."""

    def voices(self, language: str) -> tuple[VoiceInfo, ...]:
        """Female and male voices in turn."""
        try:
            code = language_code(language)
        except BadSetting:
            return ()
        female, male = VOICES.get(code, ((), ()))
        ranked = sorted(
            [(rank, "female", voice) for rank, voice in enumerate(female)] + [(rank, "male", voice) for rank, voice in enumerate(male)]
        )
        return tuple(VoiceInfo(VoiceRef(self.name, voice), _label(voice, code), language, gender) for _, gender, voice in ranked)

    def speak(self, text: str, language: str, voice: VoiceRef) -> Speech:
        """Speech at the service's 24 kHz; `phones` holds its words. Raises EngineUnavailable, EngineFailed."""
        spoken = self._service.speak(text, voice)
        return Speech(decode_mp3(spoken.mp3), spoken.words, spoken.words)


def decode_mp3(data: bytes) -> Audio:
    """Mono float32 of an mp3 held in memory; nothing touches the disk. Raises EngineFailed for bytes that are none."""
    import soundfile

    try:
        samples, rate_hz = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise EngineFailed(edge_service.NAME, "its service sent sound that cannot be read; try again.") from error
    return Audio(samples.mean(axis=1), int(rate_hz))


def _label(voice: str, code: str) -> str:
    """ "zh-CN-XiaoxiaoNeural" as "Xiaoxiao, Chinese (CN), online"."""
    _, region, name = voice.split("-", 2)
    return f"{name.removesuffix('Neural')}, {NAMES[code]} ({region}), online"
