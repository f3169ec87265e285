"""WAV files through soundfile: short ones read whole, long ones written in blocks (RF64 where 4 GiB do not suffice)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from studio.domain.errors import MediaToolFailed, StudioError
from studio.domain.timing import TimeSpan, ms_to_samples

if TYPE_CHECKING:
    import numpy as np

    from studio.engines.protocols import Audio

_RIFF_LIMIT_BYTES = 4_000_000_000
_SAMPLE_BYTES = {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4}
_SPARE_BYTES = 1 << 20


def read_wav(path: Path) -> Audio:
    """A sound file as mono float32; several channels are averaged. Raises MediaToolFailed."""
    import soundfile

    from studio.engines.protocols import Audio

    try:
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise MediaToolFailed(f"Reading the sound file {path.name}", str(error)) from error
    return Audio(samples.mean(axis=1, dtype="float32"), int(rate_hz))


def wav_blocks(path: Path, block_samples: int) -> Iterator[np.ndarray]:
    """A mono sound file as float32 blocks of shape (n,), the last one shorter. Raises MediaToolFailed."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            yield from file.blocks(blocksize=block_samples, dtype="float32")
    except (soundfile.SoundFileError, OSError) as error:
        raise MediaToolFailed(f"Reading the sound file {path.name}", str(error)) from error


def read_wav_span(path: Path, span: TimeSpan) -> Audio:
    """One stretch of a mono sound file, exactly as long as `span`; what lies past its end is silence. Raises MediaToolFailed."""
    import numpy as np
    import soundfile

    from studio.engines.protocols import Audio

    try:
        with soundfile.SoundFile(path) as file:
            first, last = ms_to_samples(span.start_ms, file.samplerate), ms_to_samples(span.end_ms, file.samplerate)
            samples = np.zeros(last - first, np.float32)
            if first < file.frames:
                file.seek(first)
                read = file.read(min(last, file.frames) - first, dtype="float32")
                samples[: len(read)] = read
            return Audio(samples, int(file.samplerate))
    except (soundfile.SoundFileError, OSError) as error:
        raise MediaToolFailed(f"Reading the sound file {path.name}", str(error)) from error


def wav_samples(path: Path, rate_hz: int) -> int:
    """Length of a sound file once it is brought to `rate_hz`, from its header alone. Raises MediaToolFailed."""
    import soundfile

    try:
        info = soundfile.info(path)
    except (soundfile.SoundFileError, OSError) as error:
        raise MediaToolFailed(f"Reading the sound file {path.name}", str(error)) from error
    return (2 * info.frames * rate_hz + info.samplerate) // (2 * info.samplerate)


def write_wav(path: Path, audio: Audio, *, subtype: str = "PCM_16") -> None:
    """Write mono speech. Raises OutOfSpace or MediaToolFailed."""
    with WavWriter(path, rate_hz=audio.rate_hz, channels=1, subtype=subtype, expected_samples=len(audio.samples)) as wav:
        wav.write(audio.samples.reshape(-1, 1))


class WavWriter:
    """Writes blocks of shape (n_samples, channels). `expected_samples` decides between WAV and RF64."""

    def __init__(self, path: Path, *, rate_hz: int, channels: int, subtype: str = "PCM_16", expected_samples: int = 0) -> None:
        import soundfile

        self._path, self.samples_written = path, 0
        is_large = expected_samples * channels * _SAMPLE_BYTES[subtype] > _RIFF_LIMIT_BYTES
        try:
            self._file = soundfile.SoundFile(path, "w", rate_hz, channels, subtype, format="RF64" if is_large else "WAV")
        except (soundfile.SoundFileError, OSError) as error:
            raise _why(path, error) from error

    def write(self, block: np.ndarray) -> None:
        import soundfile

        try:
            self._file.write(block)
        except (soundfile.SoundFileError, AssertionError, OSError) as error:  # soundfile asserts that a write was not short
            raise _why(self._path, error) from error
        self.samples_written += len(block)

    def __enter__(self) -> WavWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close, and see that all was kept: buffered bytes may meet a full disk only now."""
        import soundfile

        try:
            self._file.close()
            kept = soundfile.info(self._path).frames if kind is None else self.samples_written
        except (soundfile.SoundFileError, OSError) as problem:
            if kind is None:
                raise _why(self._path, problem) from problem
            return
        if kept != self.samples_written:
            raise _why(self._path, EOFError(f"{kept} of {self.samples_written} samples were kept"))


def _why(path: Path, error: BaseException) -> StudioError:
    """libsndfile does not say why a write was short; another write in the same place does."""
    import tempfile

    from studio.media.ffmpeg import storage_error

    if not path.parent.is_dir():
        return MediaToolFailed(f"Writing {path.name}", f"there is no folder {path.parent}.")
    try:
        with tempfile.TemporaryFile(dir=path.parent) as file:
            file.write(bytes(_SPARE_BYTES))
    except OSError as met:
        return storage_error(met, path)
    return MediaToolFailed("Writing a sound file", str(error) or "the write was cut short.")
