"""The systems an evaluation compares, each a way to turn the lines of a table into translations.

`RackSystem` asks any translator of the studio line by line; `SceneSystem` asks a language model scene by scene in the line format, greedily
or for k candidates of which the one of least P is kept (Algorithm 1, papers §1.6). A `Material` in, an `Output` out.
Another system is another class with `name`, `facts`, `is_prompted` and `translate`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from studio.domain.errors import EngineUnavailable
from studio.domain.settings import TranslationSettings
from studio.domain.timing import duration_penalty
from studio.engines.protocols import TranslationRequest, Translator
from studio.engines.scene_asks import Drawn, LineCandidates, SceneAsk, SceneDraw, SceneTranslator
from studio.evaluation.durations import Clock, SourceTimes
from studio.evaluation.naming import BEST_OF_K, GREEDY
from studio.evaluation.options import EvaluationSettings
from studio.evaluation.tables import Table, scenes_of

BLOCK_LINES = 64  # lines a rack translator is asked at once
Watch = Callable[[str, int, int], None]  # what is being done, done, of how many


@dataclass(frozen=True, slots=True)
class Material:
    """A table with its times: what every system of one evaluation is given. `draws` keeps candidates of a model for those who share it."""

    table: Table
    source_language: str
    target_language: str
    times: SourceTimes
    clock: Clock
    settings: EvaluationSettings
    watch: Watch
    demonstrations: tuple[tuple[str, str], ...] = ()
    draws: dict[str, tuple[tuple[Drawn, ...], ...]] = field(default_factory=dict)

    @property
    def scenes(self) -> list[range]:
        return scenes_of(self.table.lines, self.settings.lines_per_scene)

    def asks(self) -> list[SceneAsk]:
        lines = self.table.lines
        return [
            SceneAsk(self.source_language, self.target_language, tuple(lines[place].source for place in scene), self.demonstrations)
            for scene in self.scenes
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Output:
    """One entry per line of the table. `translations`: "" where there is none. `faults`: why a line of the free answer did not parse, None
    where it did; `scene_compliance`: share of scenes whose free answer is exactly its lines; both None for systems that give no free
    answer. `candidates`: all distinct texts drawn for each line, before any filter, or None."""

    translations: tuple[str, ...]
    faults: tuple[str | None, ...] | None = None
    scene_compliance: float | None = None
    candidates: tuple[tuple[str, ...], ...] | None = None
    notes: tuple[str, ...] = ()


class System(Protocol):
    """`is_prompted`: it may want demonstrations. `facts` name what is needed to have it again."""

    name: str
    is_prompted: bool

    @property
    def facts(self) -> dict[str, Any]: ...

    def translate(self, material: Material, *, with_candidates: bool) -> Output:
        """Every line of the table; `with_candidates` asks for k candidates also where the system itself needs none."""
        ...


class SceneSystem:
    """A language model with or without an adapter, in the line format. `is_prompted`: length is asked for in the prompt."""

    def __init__(self, name: str, translator: SceneTranslator, decode: str = GREEDY, *, is_prompted: bool = False) -> None:
        self.name, self._translator, self._decode, self.is_prompted = name, translator, decode, is_prompted

    @property
    def facts(self) -> dict[str, Any]:
        return {**self._translator.facts, "decode": self._decode, "is_prompted": self.is_prompted}

    def translate(self, material: Material, *, with_candidates: bool) -> Output:
        asks = self._asks(material)
        answers = []
        for scene in self._translator.answer(asks):
            answers.append(scene)
            material.watch(f"{self.name}: answers", len(answers), len(asks))
        faults = tuple(fault for answer in answers for fault in answer.faults)
        greedy = tuple(text for answer in answers for text in answer.translations)
        compliance = sum(answer.is_compliant for answer in answers) / len(answers)
        notes = tuple(dict.fromkeys(note for answer in answers for note in answer.notes))
        output = Output(greedy, faults, compliance, notes=notes)
        if self._decode == GREEDY and not with_candidates:
            return output
        drawn = self._drawn(material, asks)
        notes = (*notes, f"Candidates are judged by {' and '.join(self._translator.judges(_draw(material.settings), material.source_language))}.")
        silent = sum(not of_line for of_line in drawn)
        texts = tuple(tuple(one.text for one in of_line) or (greedy[place],) for place, of_line in enumerate(drawn))
        notes = (*notes, f"{silent} lines had no candidate that ended; their greedy answer stands in.") if silent else notes
        if self._decode == GREEDY:
            return replace(output, candidates=texts, notes=notes)
        chosen = best_of(material, range(len(drawn)), drawn)
        kept = tuple(texts[place][at] for place, at in enumerate(chosen))
        return replace(output, translations=kept, candidates=texts, notes=notes)

    def _asks(self, material: Material) -> list[SceneAsk]:
        if not self.is_prompted:
            return [replace(ask, given=()) for ask in material.asks()]
        if self._translator.follows_instructions:
            seconds = material.times.seconds
            scenes = zip(material.asks(), material.scenes, strict=True)
            return [replace(ask, given=(), budgets_s=tuple(seconds[place] for place in scene)) for ask, scene in scenes]
        if not material.demonstrations:
            raise EngineUnavailable(
                self.name, "a model that follows no instructions needs pairs of equal length to see: name a table with --demonstrations."
            )
        return material.asks()

    def _drawn(self, material: Material, asks: Sequence[SceneAsk]) -> tuple[tuple[Drawn, ...], ...]:
        """Candidates of every line of the table; drawn once per model and prompt, by whoever asks first."""
        key = f"{self._translator.version}\n{self.is_prompted}"
        if key not in material.draws:
            settings, scenes, done = material.settings, material.scenes, 0
            draw = _draw(settings)

            def choose(lines: Sequence[LineCandidates]) -> list[int]:
                nonlocal done
                done += len(lines)
                material.watch(f"{self.name}: candidates", done, len(material.table.lines))
                places = [scenes[line.scene_index][line.line_index] for line in lines]
                return best_of(material, places, [line.candidates for line in lines])

            material.draws[key] = tuple(of_line for of_scene in self._translator.sample(asks, draw, choose) for of_line in of_scene)
        return material.draws[key]


class RackSystem:
    """A translator of the studio, asked line by line, each with its own earlier wordings of the document as context."""

    is_prompted = False

    def __init__(self, translator: Translator, decode: str = GREEDY) -> None:
        self.name = translator.name if decode == GREEDY else f"{translator.name}:{decode}"
        self._translator, self._decode = translator, decode

    @property
    def facts(self) -> dict[str, Any]:
        translator, decode = self._translator, self._decode
        return {"engine": translator.name, "engine_version": translator.version, "licence": translator.licence, "decode": decode}

    def translate(self, material: Material, *, with_candidates: bool) -> Output:
        self._translator.load()
        if self._decode == GREEDY:
            first = tuple(texts[0] if texts else "" for texts in self._wordings(material, candidate_count=1))
            if not with_candidates:
                return Output(first)
            every = self._wordings(material, candidate_count=material.settings.candidate_count)
            return Output(first, candidates=tuple(texts or (own,) for texts, own in zip(every, first, strict=True)))
        every = tuple(texts or ("",) for texts in self._wordings(material, candidate_count=material.settings.candidate_count))
        return Output(tuple(texts[0] for texts in every), candidates=every)

    def _wordings(self, material: Material, candidate_count: int) -> list[tuple[str, ...]]:
        """Texts of every line, the one that is taken first."""
        lines = material.table.lines
        most = TranslationSettings.__dataclass_fields__["candidate_count"].metadata["high"]
        settings = TranslationSettings(candidate_count=min(candidate_count, most), draw_count=candidate_count, seed=material.settings.seed)
        taken: list[tuple[str, ...]] = []
        for start in range(0, len(lines), BLOCK_LINES):
            block = range(start, min(start + BLOCK_LINES, len(lines)))
            requests = [
                TranslationRequest(
                    str(place), lines[place].source, material.source_language, material.target_language,
                    round(1000 * material.times.seconds[place]), _earlier(material, taken, place, settings.context_lines), settings=settings,
                )
                for place in block
            ]  # fmt: skip
            drawn = []
            for _, wordings in self._translator.propose(requests):
                drawn.append(without_worst([Drawn(wording.text, wording.score) for wording in wordings], material.settings.dropped_share))
                material.watch(f"{self.name}: lines", start + len(drawn), len(lines))
            best = best_of(material, block, drawn) if self._decode == BEST_OF_K else [0] * len(drawn)
            taken += [tuple(one.text for one in (*of_line[at : at + 1], *of_line[:at], *of_line[at + 1 :])) for of_line, at in zip(drawn, best, strict=True)]
        return taken


def _earlier(material: Material, taken: Sequence[tuple[str, ...]], place: int, count: int) -> tuple[tuple[str, str], ...]:
    """The `count` lines before `place` in its document; those of the same block have no translation yet."""
    lines = material.table.lines
    near = [at for at in range(max(0, place - count), place) if lines[at].document == lines[place].document]
    return tuple((lines[at].source, taken[at][0] if at < len(taken) and taken[at] else "") for at in near)


def best_of(material: Material, places: Sequence[int], candidates: Sequence[Sequence[Drawn]]) -> list[int]:
    """For each line, by its place in the table, which of its candidates is kept: the least P among those the quality filter let pass, of
    equals the likelier; 0 where there is none."""
    left = [[at for at, one in enumerate(of_line) if one.is_kept] for of_line in candidates]
    seconds = iter(material.clock.seconds([of_line[at].text for of_line, kept in zip(candidates, left, strict=True) for at in kept]))
    chosen = []
    for place, of_line, kept in zip(places, candidates, left, strict=True):
        source_s = material.times.seconds[place]
        ranked = [(duration_penalty(next(seconds) - source_s), -of_line[at].score, at) for at in kept]
        chosen.append(min(ranked)[2] if ranked else 0)
    return chosen


def without_worst(drawn: Sequence[Drawn], dropped_share: float) -> tuple[Drawn, ...]:
    """The quality filter for engines that give one score: the worst share may not be chosen; of one or more, at least one may."""
    ranked = sorted(range(len(drawn)), key=lambda place: -drawn[place].score)
    kept = set(ranked[: max(1, len(ranked) - int(dropped_share * len(ranked)))])
    return tuple(replace(one, is_kept=place in kept) for place, one in enumerate(drawn))


def _draw(settings: EvaluationSettings) -> SceneDraw:
    return SceneDraw(
        settings.candidate_count, settings.temperature, settings.top_p, settings.seed, settings.dropped_share, settings.has_round_trip
    )
