"""One programme's sound from bed and takes: streamed three times (listen, measure, write), never held in memory.

The bed is an uploaded music-and-effects stem, or the original lowered under each dubbed line. Every take is brought to
the level the original line had, the whole to the loudness profile, and no true peak passes the ceiling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.errors import BadMedia
from studio.domain.media import MediaInfo
from studio.domain.settings import MixSettings
from studio.domain.timing import TimeSpan, clock, ms_to_samples, samples_to_ms
from studio.media.decode import SoundQuery, audio_blocks
from studio.media.ducking import Ducking
from studio.media.ffmpeg import CancelCheck, ToolCall, write_beside
from studio.media.limiter import Limiter
from studio.media.loudness import Loudness, LoudnessMeter
from studio.media.probe import probe
from studio.media.voices import PlacedTake, Voices
from studio.media.wav import WavWriter

if TYPE_CHECKING:
    import numpy as np

__all__ = ["FADE_MS", "MIX_RATE_HZ", "MixReport", "MixRequest", "PlacedTake", "excerpt", "mix", "take_levels"]

MIX_RATE_HZ = 48_000
AAC_MARGIN_DB = 1.0
"""Kept below the true-peak limit, because the lossy encoder that follows moves peaks up."""
FADE_MS = 3  # at both ends of every take
_MAX_GAIN_DB = 24.0
_FALLBACK_DIALOGUE_LUFS = -23.0
_DIALOGUE_RANGE_LUFS = (-36.0, -14.0)
_LINE_SWING_DB = 4.0
_CLOSE_ENOUGH_LU = 0.2
_CORRECTIONS = 2
_BLOCK_SAMPLES = 1 << 16
_BED_NAME = "music-and-effects stem"
_BED_SLACK_MS = 1000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class MixRequest:
    """What to mix. `track` is the original's `AudioTrack.index`, heard `shift_ms` later than the file has it; `bed` a
    music-and-effects file, or None to duck the original.

    `dialogue` names every line, dubbed or not, for the dialogue-gated profile; dubbed ones are known from `takes`.
    `start_ms` is where in source and bed the mix begins, for an `excerpt`; all other times count from there.
    """

    source: Path
    info: MediaInfo
    track: int
    takes: tuple[PlacedTake, ...]
    settings: MixSettings
    bed: Path | None = None
    dialogue: tuple[TimeSpan, ...] = ()
    shift_ms: int = 0
    start_ms: int = 0

    @property
    def samples(self) -> int:
        return ms_to_samples(self.info.duration_ms, MIX_RATE_HZ)


@dataclass(frozen=True, slots=True)
class MixReport:
    """What was measured on the finished mix. `gain_db` brought it to the profile; `limited_ms` is how long peaks were held down."""

    loudness: Loudness
    dialogue_lufs: float | None
    gain_db: float
    limited_ms: int
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Watch:
    """Progress over several passes, and the person's wish to stop."""

    request: MixRequest
    progress: Progress | None
    cancel: CancelCheck | None
    passes: int = 3

    def tell(self, number: int, samples: int) -> None:
        ToolCall("Mixing", cancel=self.cancel).check_cancel()
        if self.progress is not None:
            total_ms = self.request.info.duration_ms
            done = number * total_ms + samples_to_ms(samples, MIX_RATE_HZ)
            self.progress(min(total_ms, done // self.passes), total_ms)


@dataclass(frozen=True, slots=True)
class _Target:
    out: Path
    voices_out: Path | None
    gain_db: float
    is_correction: bool


@dataclass(frozen=True, slots=True)
class _Outcome:
    meter: LoudnessMeter
    limited_samples: int


def mix(
    request: MixRequest, out: Path, *, voices_out: Path | None = None, progress: Progress | None = None, cancel: CancelCheck | None = None
) -> MixReport:
    """Write the mix as 24-bit stereo WAV at 48 kHz, exactly as long as the programme; `voices_out` gets the dub alone.

    Raises MediaToolFailed, OutOfSpace, Cancelled; `out` is complete or untouched.
    """
    _check_bed(request)
    watch = _Watch(request, progress, cancel)
    voices = Voices(request.takes, MIX_RATE_HZ, fade_ms=FADE_MS, levels_lufs=_levels(request, watch))
    measured = _measure(request, voices, watch)
    gain_db = min(_MAX_GAIN_DB, _miss_db(request, voices, measured))
    for correction in range(_CORRECTIONS + 1):
        outcome = _write(request, voices, watch, _Target(out, voices_out, gain_db, is_correction=correction > 0))
        miss_db = _miss_db(request, voices, outcome.meter)
        if not outcome.limited_samples or abs(miss_db) < _CLOSE_ENOUGH_LU or correction == _CORRECTIONS or gain_db + miss_db > _MAX_GAIN_DB:
            break
        gain_db += miss_db
    return MixReport(
        loudness=outcome.meter.loudness(),
        dialogue_lufs=outcome.meter.dialogue_lufs(_dialogue(request, voices)),
        gain_db=gain_db,
        limited_ms=samples_to_ms(outcome.limited_samples, MIX_RATE_HZ),
        notices=tuple(_notices(request, voices, _miss_db(request, voices, outcome.meter))),
    )


def take_levels(request: MixRequest, cancel: CancelCheck | None = None) -> list[float]:
    """The loudness the mix gives each of `request.takes`, in LUFS, before the whole is brought to its profile; for stems."""
    return _levels(request, _Watch(request, None, cancel))


def excerpt(request: MixRequest, out: Path, *, cancel: CancelCheck | None = None) -> None:
    """Write a short stretch of the mix, for hearing a line in its context: bed and voices at their levels, but without the programme's
    loudness, which only the whole programme has. Raises as `mix`."""
    watch = _Watch(request, None, cancel)
    voices = Voices(request.takes, MIX_RATE_HZ, fade_ms=FADE_MS, levels_lufs=_levels(request, watch))
    _write(request, voices, watch, _Target(out, None, 0.0, is_correction=False))


def _bed_blocks(request: MixRequest, cancel: CancelCheck | None) -> Iterator[np.ndarray]:
    """The bed before ducking, stereo, exactly the programme's length."""
    if request.bed is not None:
        query = SoundQuery(request.bed, rate_hz=MIX_RATE_HZ, start_ms=request.start_ms, length_ms=request.info.duration_ms)
        return audio_blocks(query, cancel=cancel)
    return _original_blocks(request, cancel)


def _original_blocks(request: MixRequest, cancel: CancelCheck | None) -> Iterator[np.ndarray]:
    if not request.info.audio:
        return _silence(request.samples)
    query = SoundQuery(request.source, request.track, MIX_RATE_HZ, start_ms=request.start_ms, length_ms=request.info.duration_ms)
    return audio_blocks(replace(query, shift_ms=request.shift_ms), cancel=cancel)


def _silence(samples: int) -> Iterator[np.ndarray]:
    import numpy as np

    for start in range(0, samples, _BLOCK_SAMPLES):
        yield np.zeros((min(_BLOCK_SAMPLES, samples - start), 2), dtype=np.float32)


def _levels(request: MixRequest, watch: _Watch) -> list[float]:
    """The loudness each take should have: that of the line it replaces, kept near the average of all lines."""
    spans = [take.source_span for take in request.takes if take.source_span is not None]
    original = LoudnessMeter(keeps_peak=False)
    position = 0
    for block in _original_blocks(request, watch.cancel) if spans else ():
        original.add(block)
        position += len(block)
        watch.tell(0, position)
    average = original.dialogue_lufs(spans)
    low, high = _DIALOGUE_RANGE_LUFS
    average = _FALLBACK_DIALOGUE_LUFS if average is None else min(high, max(low, average))
    return [_level(original, take, average) + request.settings.dub_gain_db for take in request.takes]


def _level(original: LoudnessMeter, take: PlacedTake, average_lufs: float) -> float:
    lufs = None if take.source_span is None else original.dialogue_lufs([take.source_span])
    return average_lufs if lufs is None else min(average_lufs + _LINE_SWING_DB, max(average_lufs - _LINE_SWING_DB, lufs))


def _mixed(request: MixRequest, voices: Voices, cancel: CancelCheck | None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of (mix, voices alone), before loudness; both stereo float32."""
    import numpy as np

    spans = [] if request.bed is not None else _ducked_spans(request, voices)
    fade_samples = ms_to_samples(request.settings.duck_fade_ms, MIX_RATE_HZ)
    ducking = Ducking(spans, duck_db=request.settings.duck_db, fade_samples=fade_samples)
    voices.rewind()
    position = 0
    for bed in _bed_blocks(request, cancel):
        dub = np.repeat(voices.read(position, len(bed))[:, None], 2, axis=1)
        yield ducking.apply(bed, position) + dub, dub
        position += len(bed)


def _ducked_spans(request: MixRequest, voices: Voices) -> list[tuple[int, int]]:
    lines = [take.source_span for take in request.takes if take.source_span is not None]
    replaced = [(ms_to_samples(span.start_ms, MIX_RATE_HZ), ms_to_samples(span.end_ms, MIX_RATE_HZ)) for span in lines]
    return replaced + [(start, end) for start, end in voices.spans if end > start]


def _dialogue(request: MixRequest, voices: Voices) -> list[TimeSpan]:
    return [*request.dialogue, *voices.sounding_spans()]


def _measure(request: MixRequest, voices: Voices, watch: _Watch) -> LoudnessMeter:
    meter = LoudnessMeter(keeps_peak=False)
    position = 0
    for block, _ in _mixed(request, voices, watch.cancel):
        meter.add(block)
        position += len(block)
        watch.tell(1, position)
    return meter


def _miss_db(request: MixRequest, voices: Voices, meter: LoudnessMeter) -> float:
    """How far what was measured lies under the profile's target; 0 for silence, which no gain helps."""
    is_gated = request.settings.loudness_profile == "dialogue_-27"
    lufs = meter.dialogue_lufs(_dialogue(request, voices)) if is_gated else None
    if lufs is None:
        lufs = meter.loudness().integrated_lufs
    return 0.0 if lufs is None else request.settings.target_lufs - lufs


def _write(request: MixRequest, voices: Voices, watch: _Watch, target: _Target) -> _Outcome:
    """Gain, limiter, file; the finished sound is measured on its way out."""
    import numpy as np

    ceiling_db = request.settings.true_peak_dbtp - AAC_MARGIN_DB
    meter, limiter, dub_limiter = LoudnessMeter(), Limiter(ceiling_db), Limiter(ceiling_db)
    ratio = np.float32(10 ** (target.gain_db / 20))
    with ExitStack() as stack:
        main = _open(stack, target.out, request.samples)
        dub = None if target.voices_out is None else _open(stack, target.voices_out, request.samples)
        for block, voice in _mixed(request, voices, watch.cancel):
            _keep(main, limiter.feed(block * ratio), meter)
            if dub is not None:
                dub.write(dub_limiter.feed(voice * ratio))
            watch.tell(3 if target.is_correction else 2, main.samples_written)
        _keep(main, limiter.finish(), meter)
        if dub is not None:
            dub.write(dub_limiter.finish())
    return _Outcome(meter, limiter.limited_samples)


def _open(stack: ExitStack, out: Path, samples: int) -> WavWriter:
    draft = stack.enter_context(write_beside(out))
    return stack.enter_context(WavWriter(draft, rate_hz=MIX_RATE_HZ, channels=2, subtype="PCM_24", expected_samples=samples))


def _keep(wav: WavWriter, block: np.ndarray, meter: LoudnessMeter) -> None:
    if len(block):
        meter.add(block)
        wav.write(block)


def _check_bed(request: MixRequest) -> int:
    """How many ms the stem falls short of the programme. Raises BadMedia when it is no sound."""
    if request.bed is None:
        return 0
    info = probe(request.bed, name=_BED_NAME)
    if not info.audio:
        raise BadMedia(_BED_NAME, "it has no sound.")
    return request.info.duration_ms - info.duration_ms


def _notices(request: MixRequest, voices: Voices, miss_db: float) -> Iterator[str]:
    """Sentences on what a listener would stumble over."""
    short_ms = _check_bed(request)
    if short_ms > _BED_SLACK_MS:
        yield f"The {_BED_NAME} is {short_ms / 1000:.1f} s shorter than the programme; the rest has no bed."
    late = [take for take, (_, end) in zip(voices.takes, voices.spans, strict=True) if end > request.samples]
    for take in late:
        yield f"The dubbed line at {clock(take.start_ms)} runs past the end of the programme; what lies beyond it is not heard."
    if miss_db > 1.0:
        yield f"The mix stays {miss_db:.1f} LU under its loudness target: it is very quiet, or its peaks leave no room for more."
    if request.bed is None and not request.info.audio:
        yield "The source has no sound, so the dub is heard over silence."
