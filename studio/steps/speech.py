"""Where anyone speaks in the whole programme, heard once per sound: what faces, lip scores and overlaps are held against."""

from __future__ import annotations

from dataclasses import dataclass

from studio.domain.plain import fingerprint, from_plain
from studio.domain.project import Project
from studio.domain.timing import TimeSpan
from studio.media.wav import read_wav_span, wav_blocks
from studio.engines.protocols import Audio, VoiceActivityDetector
from studio.stages.ingest import SPEECH_RATE_HZ, Ingest
from studio.steps.ingest import ingested
from studio.steps.run import Run
from studio.workshop import Workshop

SPEECH_VERSION = "1"  # changes whenever the same sound may give other spans
MIN_SILENCE_MS = 100  # finer than what ends a line: a mouth shuts for a breath
_BLOCK_SAMPLES = 4 * SPEECH_RATE_HZ


@dataclass(frozen=True, slots=True)
class HeardSpeech:
    """The programme's 16 kHz sound as a blob, and where speech is heard in it, in order. Both empty without any sound."""

    wav: str | None
    spans: tuple[TimeSpan, ...]


NO_SPEECH = HeardSpeech(None, ())


def speech_of(run: Run) -> HeardSpeech:
    """Where speech is in the project's sound, listened for if need be. Raises EngineUnavailable without a voice-activity engine."""
    heard = ingested(run)
    if heard is None or heard.speech_wav is None:
        return NO_SPEECH
    detector: VoiceActivityDetector = run.shop.engines.pick("voice activity")
    path = run.shop.blobs.path(heard.speech_wav)

    def work() -> HeardSpeech:
        return HeardSpeech(heard.speech_wav, detector.speech(wav_blocks(path, _BLOCK_SAMPLES), SPEECH_RATE_HZ, min_silence_ms=MIN_SILENCE_MS))

    return run.once("speech", fingerprint("speech", SPEECH_VERSION, heard.speech_wav, detector.name, detector.version), HeardSpeech, work)


def kept_speech(shop: Workshop, project: Project) -> HeardSpeech:
    """What `speech_of` has found in the project's sound as it is heard now; empty where nobody has listened yet."""
    plain, ingest = shop.results.latest(project.id, "speech"), shop.results.latest(project.id, "ingest")
    if plain is None or ingest is None:
        return NO_SPEECH
    found: HeardSpeech = from_plain(HeardSpeech, plain)
    is_current = found.wav is not None and found.wav == from_plain(Ingest, ingest).speech_wav and shop.blobs.exists(found.wav)
    return found if is_current else NO_SPEECH


def source_speech(shop: Workshop, heard: HeardSpeech, span: TimeSpan) -> Audio | None:
    """The source's sound over `span`, 16 kHz; None where there is none."""
    return read_wav_span(shop.blobs.path(heard.wav), span) if heard.wav is not None and shop.blobs.exists(heard.wav) else None
