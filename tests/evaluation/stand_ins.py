"""Scene translators that answer by rule, and a table they are asked about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.engines.scene_asks import Choose, Drawn, LineCandidates, SceneAnswer, SceneAsk, SceneDraw
from studio.evaluation.systems import without_worst

COLUMNS = ("document", "line", "source", "target")
ROWS = "a\t0\tabcde\tABCDE\na\t1\tabcdefghij\tABCDEFGHIJ\nb\t0\tabc\tABC\nb\t1\tabcd\tABCD\n"


def write_table(folder: Path, rows: str = ROWS) -> Path:
    path = folder / "table.tsv"
    path.write_text(rows, encoding="utf-8")
    return path


class RuleScenes:
    """Greedily every line has `greedy_letters` letters more than its source; its candidates have -1, 0, 1, … more, the likeliest the
    longest. Lines in `broken` do not parse. Remembers what it was asked."""

    def __init__(self, name: str = "rule", greedy_letters: int = 3, broken: Sequence[str] = (), follows_instructions: bool = False) -> None:
        self.name, self.version = name, f"{name}-1"
        self.greedy_letters, self.broken, self.follows_instructions = greedy_letters, broken, follows_instructions
        self.asked: list[SceneAsk] = []
        self.drawn: list[SceneDraw] = []

    @property
    def facts(self) -> dict[str, Any]:
        return {"model": self.name, "weights": self.name}

    def judges(self, draw: SceneDraw, source_language: str) -> tuple[str, ...]:
        return ("rule",)

    def answer(self, asks: Sequence[SceneAsk]) -> Iterator[SceneAnswer]:
        for ask in asks:
            self.asked.append(ask)
            faults = tuple("unclosed" if line in self.broken else None for line in ask.lines)
            texts = tuple(line.upper() + "X" * self.greedy_letters for line in ask.lines)
            yield SceneAnswer(texts, faults, not any(faults))

    def sample(self, asks: Sequence[SceneAsk], draw: SceneDraw, choose: Choose) -> list[tuple[tuple[Drawn, ...], ...]]:
        self.drawn.append(draw)
        found = []
        for scene, ask in enumerate(asks):
            lines = [without_worst(self._candidates(text, draw.count), draw.dropped_share) for text in ask.lines]
            for line, candidates in enumerate(lines):
                chosen = choose([LineCandidates(scene, line, candidates)])
                assert len(chosen) == 1
                assert 0 <= chosen[0] < len(candidates)
            found.append(tuple(lines))
        return found

    @staticmethod
    def _candidates(text: str, count: int) -> tuple[Drawn, ...]:
        longest = Drawn(text.upper()[:-1], -9.0)
        return (longest, *(Drawn(text.upper() + "X" * more, -1.0 / (1 + more)) for more in range(count - 1)))


class SilentScenes(RuleScenes):
    """No candidate of a line in `broken` ever ends."""

    def sample(self, asks: Sequence[SceneAsk], draw: SceneDraw, choose: Choose) -> list[tuple[tuple[Drawn, ...], ...]]:
        kept = [replace(ask, lines=tuple(line for line in ask.lines if line not in self.broken)) for ask in asks]
        found = []
        for ask, of_scene in zip(asks, super().sample(kept, draw, lambda lines: [0] * len(lines)), strict=True):
            left = iter(of_scene)
            found.append(tuple(() if line in self.broken else next(left) for line in ask.lines))
        return found
