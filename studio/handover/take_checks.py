"""What a report finds by listening to each take: clipped samples, takes without sound, long silences where the line should speak."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from studio.domain.delivery import Check, Finding, Severity
from studio.domain.faces import Presence
from studio.domain.views import LineRow
from studio.engines.protocols import Audio
from studio.handover.line_checks import at_line
from studio.handover.material import HeardTake
from studio.media.wav import read_wav
from studio.stages.pauses import inner_pauses, speech_range

if TYPE_CHECKING:
    import numpy as np

FULL_SCALE_RATIO = 0.9995
MIN_CLIPPED_RUN = 3
"""So many samples in a row at full scale are a flattened peak; one or two may be its true top."""
SILENT_RATIO = 10 ** (-60 / 20)
LONG_SILENCE_MS = 1000
EARLY_END_MS = 1000
_QUIET_DB = -45.0

Heard = Callable[[int, int], None]


def take_findings(heard: Sequence[HeardTake], tell: Heard | None = None) -> Iterator[Finding]:
    """Findings of every take in turn; `tell` hears how many of how many are done, and may raise Cancelled."""
    for done, item in enumerate(heard, start=1):
        yield from sound_findings(item.row, read_wav(item.path))
        if tell is not None:
            tell(done, len(heard))


def sound_findings(row: LineRow, sound: Audio) -> Iterator[Finding]:
    """One take against its line. `sound`: as it goes into the mix."""
    import numpy as np

    loudest = float(np.abs(sound.samples).max()) if len(sound.samples) else 0.0
    if loudest < SILENT_RATIO:
        yield at_line(Check.NO_SOUND, row, "Its take holds no sound.")
        return
    runs = clipped_runs(sound.samples)
    if runs:
        yield at_line(Check.CLIPPED, row, f"Its take is clipped in {runs} place{'s' if runs != 1 else ''}.")
    yield from _silences(row, sound)


def clipped_runs(samples: np.ndarray) -> int:
    """How often a sound stays at full scale for `MIN_CLIPPED_RUN` samples or longer. `samples`: mono, −1..1."""
    import numpy as np

    is_full = np.concatenate([[False], np.abs(samples) >= FULL_SCALE_RATIO, [False]])
    edges = np.flatnonzero(is_full[1:] != is_full[:-1])
    lengths = edges[1::2] - edges[::2]
    return int((lengths >= MIN_CLIPPED_RUN).sum())


def _silences(row: LineRow, sound: Audio) -> Iterator[Finding]:
    for pause in inner_pauses(sound, (), _QUIET_DB, longer_than_ms=LONG_SILENCE_MS):
        length_s = pause.length_samples / sound.rate_hz
        yield at_line(Check.SILENCE, row, f"It is silent for {length_s:.1f} s, {pause.start_samples / sound.rate_hz:.1f} s after its start.")
    speech = speech_range(sound, _QUIET_DB)
    left_ms = row.line.span.length_ms - round(1000 * speech.end_samples / sound.rate_hz)
    if left_ms > EARLY_END_MS:
        is_seen = row.presence is not None and row.presence.presence in (Presence.ON_SCREEN, Presence.PARTLY)
        severity = Severity.SHOULD if is_seen else Severity.INFO
        yield at_line(Check.SILENCE, row, f"Its voice ends {left_ms / 1000:.1f} s before the line does.", severity)
