"""What whole-scene translators are asked and answer, and what they promise. Records only; `scene_lm` is the one that keeps the promise.

Languages are two-letter codes, times are seconds. A new wish to a model is a field of `SceneAsk`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

TOO_LONG = "too_long"  # beside the parser's own faults: the model has no room for the line


@dataclass(frozen=True, slots=True)
class SceneAsk:
    """Consecutive lines of one document. Languages are codes. `given`: pairs that stand in the prompt as if answered before.
    `budgets_s`: how long each translation may take, told to models that follow instructions; None leaves time out of the prompt."""

    source_language: str
    target_language: str
    lines: tuple[str, ...]
    given: tuple[tuple[str, str], ...] = ()
    budgets_s: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class SceneAnswer:
    """One entry per line. `faults`: why the line's row of the free answer did not parse, None where it did; such a line's translation is
    from being asked again, "" where that gave nothing. `is_compliant`: the free answer was exactly the lines and nothing else."""

    translations: tuple[str, ...]
    faults: tuple[str | None, ...]
    is_compliant: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A candidate. `score`: mean log-probability per token, or what else its engine ranks by. `is_kept`: the quality filter lets it pass."""

    text: str
    score: float
    is_kept: bool = True


@dataclass(frozen=True, slots=True)
class SceneDraw:
    """How candidates are drawn, and which share of a line's is the worst by each judge and may not be chosen. `has_round_trip`: the translation
    back judges too, where the model knows that direction."""

    count: int
    temperature: float
    top_p: float
    seed: int
    dropped_share: float = 0.0
    has_round_trip: bool = False


@dataclass(frozen=True, slots=True)
class LineCandidates:
    """The distinct candidates of one line, at least one. `scene_index`: the ask's place in the call."""

    scene_index: int
    line_index: int
    candidates: tuple[Drawn, ...]


# lines drawn at the same time in; for each, the place of the candidate that stands in the context of its next line out
Choose = Callable[[Sequence[LineCandidates]], Sequence[int]]


class SceneTranslator(Protocol):
    """What `SceneLm` promises. `facts`: what is needed to have the same model again, by name."""

    name: str
    version: str

    @property
    def facts(self) -> dict[str, Any]: ...

    @property
    def follows_instructions(self) -> bool: ...

    def judges(self, draw: SceneDraw, source_language: str) -> tuple[str, ...]: ...

    def answer(self, asks: Sequence[SceneAsk]) -> Iterator[SceneAnswer]: ...

    def sample(self, asks: Sequence[SceneAsk], draw: SceneDraw, choose: Choose) -> list[tuple[tuple[Drawn, ...], ...]]: ...


class MeaningJudge(Protocol):
    """Scores how well outputs say what sources say; higher is better."""

    name: str

    def scores(self, sources: Sequence[str], outputs: Sequence[str], references: Sequence[str]) -> list[float]: ...


@dataclass(frozen=True, slots=True)
class Comet:
    """A judge that reads whole sentences, or None and a sentence that says why there is none."""

    judge: MeaningJudge | None
    why: str
