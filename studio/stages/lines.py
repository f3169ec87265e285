"""Lines from sound: where speech is, cut into lines of dialogue, recognised, and told apart by voice. Streams from disk.

Enters a mono 16 kHz WAV of any length; leaves a Script. How lines are cut is `cutting`'s, who speaks is `clustering`'s matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import soundfile

from studio.domain.errors import BadMedia, EngineFailed
from studio.domain.project import LineDraft, Script, Skipped
from studio.domain.settings import LineSettings
from studio.domain.timing import TimeSpan, clock, ms_to_samples
from studio.engines.protocols import Audio, SpeakerEncoder, Transcriber, VoiceActivityDetector
from studio.stages.clustering import VoiceSample, speakers_of
from studio.stages.speech_cuts import Levels, cut_speech, turn_moments

if TYPE_CHECKING:
    import numpy as np

LINES_VERSION = "2"
RATE_HZ = 16_000
BLOCK_SAMPLES = RATE_HZ * 4
PITCH_LINES = 8  # lines a speaker's pitch is taken from
MAX_VOICE_MS = 12_000
TURN_WINDOW_MS = 2_500
OTHER_VOICE_RATIO = 0.25
HEARD = "heard"
NO_WORDS = "No words were recognised; the times are there, the words have to be typed in or come from a recognition engine."
NO_SPEECH = "No speech was heard in it, so there are no lines; upload subtitles, or add lines by hand where someone speaks."


@dataclass(frozen=True, slots=True)
class Ears:
    """The engines that listen."""

    detector: VoiceActivityDetector
    transcriber: Transcriber
    encoder: SpeakerEncoder


def _ignore_progress(done: int, total: int) -> None: ...


def _ignore_stop() -> None: ...


@dataclass(frozen=True, slots=True)
class _Ties:
    """How the stage reports (`done`, `total` in thousandths and lines) and learns that it should stop."""

    progress: Callable[[int, int], None]
    check: Callable[[], None]


def hear_lines(
    speech_wav: Path,
    language: str,
    ears: Ears,
    settings: LineSettings,
    *,
    progress: Callable[[int, int], None] = _ignore_progress,
    check: Callable[[], None] = _ignore_stop,
) -> Script:
    """Lines heard in `speech_wav` (mono, 16 kHz), in order; without speech none, and a sentence that says so.

    `check` raises Cancelled to stop. Raises BadMedia for a file that is no such WAV, and what the engines raise.
    """
    ties = _Ties(progress, check)
    spans = _speech(speech_wav, ears, settings, ties)
    if not spans:
        return Script((), (Skipped("the whole sound track", NO_SPEECH),), format=HEARD)
    drafts: list[LineDraft] = []
    samples: list[VoiceSample] = []
    failures: list[tuple[TimeSpan, EngineFailed]] = []
    for number, span in enumerate(spans):
        check()
        audio = _read(speech_wav, span)
        samples.append(_voice(audio, span, ears.encoder))
        drafts.append(LineDraft(span.start_ms, span.end_ms, _words(audio, span, language, ears.transcriber, failures)))
        progress(len(spans) + number + 1, 2 * len(spans))
    if len(failures) == len(spans):
        raise failures[0][1]
    names = speakers_of(samples, max_speakers=settings.max_speakers)
    lines = tuple(replace(draft, speaker=name) for draft, name in zip(drafts, names, strict=True))
    return Script(lines, _unheard(drafts, failures), format=HEARD)


def _words(audio: Audio, span: TimeSpan, language: str, transcriber: Transcriber, failures: list[tuple[TimeSpan, EngineFailed]]) -> str:
    """What was recognised; one line the engine fails on stays empty and is listed, it does not cost the others."""
    try:
        return " ".join(transcriber.transcribe(audio, language).text.split())
    except EngineFailed as error:
        failures.append((span, error))
        return ""


def _unheard(drafts: list[LineDraft], failures: list[tuple[TimeSpan, EngineFailed]]) -> tuple[Skipped, ...]:
    failed = tuple(
        Skipped(f"line at {clock(span.start_ms)}", f"Its words could not be recognised: {error.reason}") for span, error in failures
    )
    silent = sum(not draft.text for draft in drafts) - len(failures)
    if silent == 0:
        return failed
    where = "all lines" if silent == len(drafts) else f"{silent} of {len(drafts)} lines"
    return (*failed, Skipped(where, NO_WORDS))


def assign_speakers(
    speech_wav: Path,
    script: Script,
    encoder: SpeakerEncoder,
    settings: LineSettings,
    *,
    progress: Callable[[int, int], None] = _ignore_progress,
    check: Callable[[], None] = _ignore_stop,
) -> Script:
    """`script` with speakers told apart by voice where a line names none; given names stay as they are.

    A line past the end of the sound joins the first speaker. Raises as `hear_lines`.
    """
    nameless = [at for at, line in enumerate(script.lines) if line.speaker is None]
    end_ms = _length_ms(speech_wav)
    samples = []
    for number, at in enumerate(nameless):
        check()
        line = script.lines[at]
        start_ms = min(line.start_ms, max(0, end_ms - 1))
        span = TimeSpan(start_ms, max(start_ms + 1, min(line.end_ms, end_ms)))
        samples.append(_voice(_read(speech_wav, span), span, encoder))
        progress(number + 1, len(nameless))
    names = dict(zip(nameless, speakers_of(samples, max_speakers=settings.max_speakers), strict=True))
    return replace(script, lines=tuple(replace(line, speaker=names.get(at, line.speaker)) for at, line in enumerate(script.lines)))


def speaker_pitch(speech_wav: Path, spans: Sequence[TimeSpan], encoder: SpeakerEncoder) -> float | None:
    """Median pitch of one speaker in Hz, over the longest few of their lines; None where nothing of them is voiced."""
    end_ms = _length_ms(speech_wav)
    heard = [span for span in sorted(spans, key=lambda span: -span.length_ms) if span.end_ms <= end_ms][:PITCH_LINES]
    found = [encoder.pitch_hz(_voice_part(_read(speech_wav, span))) for span in heard]
    voiced = [pitch for pitch in found if pitch is not None]
    return median(voiced) if voiced else None


def _speech(path: Path, ears: Ears, settings: LineSettings, ties: _Ties) -> tuple[TimeSpan, ...]:
    total_ms = _length_ms(path)
    if total_ms == 0:
        return ()
    levels = Levels(RATE_HZ)
    blocks = levels.listening(_blocks(path, total_ms, ties))
    heard = ears.detector.speech(blocks, RATE_HZ, min_silence_ms=settings.min_silence_ms)
    cut = cut_speech(heard, levels, settings)
    return tuple(piece for span in cut for piece in _turns(path, span, turn_moments(span, levels), ears.encoder))


def _turns(path: Path, span: TimeSpan, moments: list[int], encoder: SpeakerEncoder) -> list[TimeSpan]:
    """`span` cut where the voice after a dip is plainly not the one before it: people who leave each other no pause."""
    if not moments:
        return [span]
    audio = _read(path, span)
    pieces, start_ms = [], span.start_ms
    for at_ms in moments:
        before = _part(audio, max(start_ms, at_ms - TURN_WINDOW_MS) - span.start_ms, at_ms - span.start_ms)
        after = _part(audio, at_ms - span.start_ms, min(span.end_ms, at_ms + TURN_WINDOW_MS) - span.start_ms)
        if float(encoder.embed(before) @ encoder.embed(after)) < OTHER_VOICE_RATIO:
            pieces.append(TimeSpan(start_ms, at_ms))
            start_ms = at_ms
    return [*pieces, TimeSpan(start_ms, span.end_ms)]


def _part(audio: Audio, first_ms: int, last_ms: int) -> Audio:
    return Audio(audio.samples[ms_to_samples(first_ms, audio.rate_hz) : ms_to_samples(last_ms, audio.rate_hz)], audio.rate_hz)


def _blocks(path: Path, total_ms: int, ties: _Ties) -> Iterator[np.ndarray]:
    """The whole file in blocks of four seconds; listening is the first half of the progress."""
    total_blocks = max(1, -(-ms_to_samples(total_ms, RATE_HZ) // BLOCK_SAMPLES))
    with _open(path) as sound:
        for number, block in enumerate(sound.blocks(BLOCK_SAMPLES, dtype="float32")):
            ties.check()
            yield block
            ties.progress(min(number + 1, total_blocks), 2 * total_blocks)


def _voice(audio: Audio, span: TimeSpan, encoder: SpeakerEncoder) -> VoiceSample:
    part = _voice_part(audio)
    return VoiceSample(encoder.embed(part), min(span.length_ms, part.length_ms))


def _voice_part(audio: Audio) -> Audio:
    """The middle of a long line says enough about its voice, and keeps memory small."""
    excess = len(audio.samples) - ms_to_samples(MAX_VOICE_MS, audio.rate_hz)
    return Audio(audio.samples[excess // 2 : len(audio.samples) - (excess - excess // 2)], audio.rate_hz) if excess > 0 else audio


def _read(path: Path, span: TimeSpan) -> Audio:
    first, last = ms_to_samples(span.start_ms, RATE_HZ), ms_to_samples(span.end_ms, RATE_HZ)
    with _open(path) as sound:
        sound.seek(min(first, sound.frames))
        return Audio(sound.read(last - first, dtype="float32"), RATE_HZ)


def _length_ms(path: Path) -> int:
    with _open(path) as sound:
        return sound.frames * 1000 // RATE_HZ


def _open(path: Path) -> soundfile.SoundFile:
    try:
        sound = soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        raise BadMedia(path.name, f"its sound cannot be opened ({error.error_string}); upload the source again.") from error
    if sound.samplerate != RATE_HZ or sound.channels != 1:
        sound.close()
        raise BadMedia(path.name, f"speech is heard in mono at {RATE_HZ} Hz, not {sound.channels} channels at {sound.samplerate} Hz.")
    return sound
