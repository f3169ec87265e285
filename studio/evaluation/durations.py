"""How long sources and candidates take to say, for a whole table at once: texts in, seconds out.

Times come from a duration engine (silence at the ends left out), asked in large batches and each text once; source times may
instead be the spans of the table. Another clock is another class with `seconds`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from studio.domain.errors import BadSetting
from studio.engines.protocols import DurationEstimator
from studio.evaluation.tables import Table, TableLine

ESTIMATED, TIMED, AUTO = "estimated", "timed", "auto"
SHOWN_PAIRS, SHOWN_S = 6, (0.8, 2.5)  # demonstrations, and how long their sources last


class Clock:
    """Seconds of texts in one language. Every distinct text is timed once, whatever the engine's own cache holds."""

    def __init__(self, estimator: DurationEstimator, language: str) -> None:
        verdict = estimator.supports(language)
        if not verdict.is_available:
            raise BadSetting(f"{estimator.name} cannot time {language}: {verdict.why}")
        self._estimator, self._language = estimator, language
        self._known: dict[str, float] = {"": 0.0}

    def seconds(self, texts: Sequence[str]) -> list[float]:
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        if fresh:
            found = self._estimator.estimate_many(fresh, self._language)
            self._known.update((text, one.total_ms / 1000) for text, one in zip(fresh, found, strict=True))
        return [self._known[text] for text in texts]


@dataclass(frozen=True, slots=True)
class SourceTimes:
    """Seconds of every source line: `estimated_s` by the engine, `timed_s` by the table's spans or None. `kind` is the one P is against."""

    kind: str
    estimated_s: tuple[float, ...]
    timed_s: tuple[float, ...] | None

    @property
    def seconds(self) -> tuple[float, ...]:
        return self.timed_s if self.kind == TIMED and self.timed_s is not None else self.estimated_s


def source_times(table: Table, clock: Clock, kind: str) -> SourceTimes:
    """`kind`: "timed", "estimated", or "auto" for timed where the table has spans. Raises BadSetting for timed without spans."""
    if kind == TIMED and not table.is_timed:
        raise BadSetting(f"{table.name} has no spans to time by; name start_s and end_s in --columns, or use --durations estimated.")
    timed = tuple(line.span.length_ms / 1000 for line in table.lines if line.span is not None) if table.is_timed else None
    chosen = TIMED if timed is not None and kind != ESTIMATED else ESTIMATED
    return SourceTimes(chosen, tuple(clock.seconds([line.source for line in table.lines])), timed)


def demonstrations_of(lines: Sequence[TableLine], clocks: tuple[Clock, Clock]) -> tuple[tuple[str, str], ...]:
    """(source, translation) pairs that take equally long to say by both clocks, the closest of each length first."""
    sources_s, targets_s = clocks[0].seconds([line.source for line in lines]), clocks[1].seconds([line.target for line in lines])
    near = [
        (abs(target_s - source_s) / source_s, line.source, line.target)
        for line, source_s, target_s in zip(lines, sources_s, targets_s, strict=True)
        if SHOWN_S[0] <= source_s <= SHOWN_S[1]
    ]
    return tuple((source, target) for _, source, target in sorted(near)[:SHOWN_PAIRS])
