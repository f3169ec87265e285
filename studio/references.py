"""Recordings that voices are made of: read from a file or cut from the source, judged, and listened to for their words.

Enters a path, or a project and one of its speakers; leaves mono speech at 16 kHz or more. Nothing is kept here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.domain.errors import BadMedia, EngineFailed, EngineUnavailable, MediaToolFailed, NotReady
from studio.domain.line import SpeakerProfile
from studio.domain.project import Cast, Project
from studio.domain.timing import TimeSpan
from studio.engines.protocols import Audio, Transcriber
from studio.engines.voice_protocols import SeesFace
from studio.engines.rack import EngineRack
from studio.engines.transcribe_manual import ManualTranscriber
from studio.media.decode import SoundQuery, audio_blocks
from studio.media.probe import probe
from studio.media.wav import read_wav_span
from studio.stages.ingest import SPEECH_RATE_HZ
from studio.stages.sync import at_speech_rate
from studio.steps.speech import kept_speech
from studio.workshop import Workshop

RATE_HZ = 24_000
LONGEST_MS = 20_000
"""More of a voice teaches nothing new, and what continues a recording gets slower by its length."""
FEWEST_MS = 700  # a stretch of the source shorter than this is a word at most


def read_recording(path: Path) -> Audio:
    """The first 20 s of a sound file or film, mono, 24 kHz. Raises BadMedia."""
    if not probe(path, name=path.name).audio:
        raise BadMedia(path.name, "it has no sound, so there is no voice in it.")
    try:
        blocks = list(audio_blocks(SoundQuery(path, rate_hz=RATE_HZ, channels=1)))
    except MediaToolFailed as error:
        raise BadMedia(path.name, f"its sound cannot be read ({error.detail})") from error
    samples = np.concatenate(blocks)[:, 0] if blocks else np.zeros(0, np.float32)
    return Audio(np.ascontiguousarray(samples[: LONGEST_MS * RATE_HZ // 1000], dtype=np.float32), RATE_HZ)


def heard_of_speaker(shop: Workshop, project: Project, cast: Cast, speaker: SpeakerProfile) -> tuple[Audio, str]:
    """What one speaker says in the source, their longest lines first until 20 s are full, in the order spoken; with the words of those
    lines. Raises NotReady where the sound has not been read, or nothing of them is in it."""
    wav = kept_speech(shop, project).wav or _ingested_wav(shop, project)
    if wav is None:
        raise NotReady("The source has not been listened to yet; find its lines or voice it first, then copy its speakers.")
    chosen, total_ms = [], 0
    for line in sorted((line for line in cast.lines if line.speaker_id == speaker.id), key=lambda line: -line.span.length_ms):
        if line.span.length_ms >= FEWEST_MS and total_ms + line.span.length_ms <= LONGEST_MS:
            chosen.append(line)
            total_ms += line.span.length_ms
    if not chosen:
        raise NotReady(f"{speaker.name} says no line of a usable length in the source; use a recording of theirs instead.")
    chosen.sort(key=lambda line: line.span.start_ms)
    pieces = [read_wav_span(shop.blobs.path(wav), TimeSpan(line.span.start_ms, line.span.end_ms)).samples for line in chosen]
    return Audio(np.concatenate(pieces), SPEECH_RATE_HZ), " ".join(line.source_text.strip() for line in chosen)


def why_no_voice(rack: EngineRack, audio: Audio) -> str:
    """Why no voice can be made of a recording; "" where one can. Raises NotReady where no voice here speaks like recordings."""
    seeing = [engine for engine in rack.all("speaker") if isinstance(engine, SeesFace) and engine.available().is_available]
    if not seeing:
        raise NotReady("No voice here can speak like a recording; `python -m studio engines` says what is missing.")
    reasons = [engine.why_unfit(audio) for engine in seeing]
    return "" if not all(reasons) else reasons[0]


def transcribed(rack: EngineRack, project: Project, audio: Audio) -> str:
    """The words of a recording in the project's source language, where a recogniser is here; else ""."""
    try:
        engine: Transcriber = rack.pick("transcriber", project.settings.engines.transcriber)
        if isinstance(engine, ManualTranscriber):
            return ""
        return engine.transcribe(at_speech_rate(audio), project.source_language).text
    except (EngineUnavailable, EngineFailed):  # a voice can be made without its words, only not continued
        return ""


def _ingested_wav(shop: Workshop, project: Project) -> str | None:
    plain = shop.results.latest(project.id, "ingest")
    return None if plain is None else plain["speech_wav"]
