"""Whole scenes through any causal language model, with or without an adapter, in the line format `source(translation)`.

Greedy: one free answer per scene, read row by row; a row that does not parse is asked again by itself, its opening written for the model.
Candidates: k per line, each line after the chosen translations of those before it (Algorithm 1, papers §1.6). Scenes in, texts out. Used by
the evaluation; the studio's own translator is `translate_lm`. Another model is another `SceneSource`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.domain.language import NAMES
from studio.engines.translate_lm import BUNDLED
from studio.engines.scene_asks import TOO_LONG, Choose, Drawn, LineCandidates, SceneAnswer, SceneAsk, SceneDraw

if TYPE_CHECKING:
    from models.checkpoint import LanguageModelPlace
    from models.translation.layout import SceneLayout
    from models.translation.sampling import LineDraws

_VERSION = "1"
_SYLLABLES_PER_S = 5.0  # what a budget means to a model that can count syllables and not seconds
_SCENES_AT_ONCE = 16
_SPARE_TOKENS = 8  # beside twice its source, what a translation is given room for when scenes are cut


@dataclass(frozen=True, slots=True)
class SceneSource:
    """One model to ask. `model`: folder or hub id; `adapter`: folder or hub id of PEFT weights; the sha256 of either, where known, is checked.
    `languages`: codes it knows, empty for "whatever it learnt". `threads`: torch threads on the CPU; None leaves them as they are."""

    name: str
    model: str
    adapter: str | None = None
    sha256: str | None = None
    adapter_sha256: str | None = None
    languages: tuple[str, ...] = ()
    may_download: bool = False
    device: str = "cpu"
    threads: int | None = None

    @property
    def place(self) -> LanguageModelPlace:
        from models.checkpoint import LanguageModelPlace

        return LanguageModelPlace(self.model, self.adapter, self.sha256, self.may_download, adapter_sha256=self.adapter_sha256)


class SceneLm:
    """SceneTranslator over one model, read on first use. The same scenes, settings and seed give the same texts."""

    def __init__(self, source: SceneSource) -> None:
        self.source, self.name = source, source.name
        self._model: Any = None
        self._tokenizer: Any = None

    @property
    def version(self) -> str:
        """Changes with the weights: theirs are named by sha256."""
        return hashlib.sha256(f"{_VERSION}\n{self.facts['weights']}\n{self.facts['adapter_weights']}".encode()).hexdigest()[:12]

    @property
    def facts(self) -> dict[str, Any]:
        from models.checkpoint import ADAPTER_FILE

        source = self.source
        return {
            "engine": _VERSION and f"scene-lm {_VERSION}",
            "model": _shown(source.model),
            "weights": source.sha256 or _sha256(source.model),
            "adapter": None if source.adapter is None else _shown(source.adapter),
            "adapter_weights": source.adapter_sha256 or (None if source.adapter is None else _sha256(source.adapter, ADAPTER_FILE)),
        }

    @property
    def follows_instructions(self) -> bool:
        self.load()
        return self._form.value == "instruction"

    def load(self) -> None:
        """Read the model. Raises EngineUnavailable, a sentence, for absent or damaged weights and for an adapter of another base."""
        if self._model is not None:
            return
        from models.checkpoint import BadWeights, open_language_model
        from models.translation.forms import Form, natural_form

        try:
            self._model, self._tokenizer = open_language_model(self.source.place, self.source.device)
        except (BadWeights, OSError, ValueError) as error:
            raise EngineUnavailable(self.name, str(error)) from error
        self._form = Form.COMPACT if natural_form(self._tokenizer) is Form.TAGGED else Form.INSTRUCTION

    def answer(self, asks: Sequence[SceneAsk]) -> Iterator[SceneAnswer]:
        """Greedy answers, in order. A scene the model has no room for is asked in parts, and a line it has no room for is `TOO_LONG`."""
        self.load()
        for start in range(0, len(asks), _SCENES_AT_ONCE):
            by_ask = [self._parts(ask) for ask in asks[start : start + _SCENES_AT_ONCE]]
            with self._at_work():
                answers = iter(self._answers([part for parts in by_ask for part in parts]))
            for parts in by_ask:
                yield _joined([next(answers) for _ in parts])

    def sample(self, asks: Sequence[SceneAsk], draw: SceneDraw, choose: Choose) -> list[tuple[tuple[Drawn, ...], ...]]:
        """Candidates of every line of every scene, the greedy one first; none for a line whose draws never end or that finds no room."""
        self.load()
        found: list[tuple[tuple[Drawn, ...], ...]] = []
        for start in range(0, len(asks), _SCENES_AT_ONCE):
            parts = [replace(part, scene_index=at) for at, ask in enumerate(asks[start : start + _SCENES_AT_ONCE], start) for part in self._parts(ask)]
            drawn: dict[tuple[int, int], tuple[Drawn, ...]] = {}

            def choose_words(lines: Sequence[LineCandidates], drawn: dict[tuple[int, int], tuple[Drawn, ...]] = drawn) -> list[str]:
                drawn.update({(line.scene_index, line.line_index): line.candidates for line in lines})
                full = [line for line in lines if line.candidates]
                taken = iter(choose(full) if full else ())
                return [line.candidates[next(taken)].text if line.candidates else "" for line in lines]

            with self._at_work():
                self._draw(parts, draw, choose_words)
            found += [tuple(drawn.get((at, line), ()) for line in range(len(ask.lines))) for at, ask in enumerate(asks[start : start + _SCENES_AT_ONCE], start)]
        return found

    def _answers(self, parts: Sequence[_Part]) -> list[SceneAnswer]:
        """One per part: free answers, read, and what they lack asked line by line."""
        from models.translation.generate import free_answers
        from models.translation.parse import parse_answer
        from models.translation.prompt import one_line

        asked = [part for part in parts if part.layout is not None]
        texts = iter(free_answers(self._model, self._tokenizer, [part.layout for part in asked]))
        read = [None if part.layout is None else parse_answer(next(texts), [one_line(line) for line in part.ask.lines]) for part in parts]
        words = [[""] * len(part.ask.lines) if answer is None else [line.translation for line in answer.lines] for part, answer in zip(parts, read, strict=True)]
        self._complete(parts, words)
        return [
            SceneAnswer(tuple(text or "" for text in texts), (TOO_LONG,) * len(texts), False)
            if answer is None
            else SceneAnswer(tuple(text or "" for text in texts), tuple(line.fault and line.fault.value for line in answer.lines), answer.is_compliant)
            for texts, answer in zip(words, read, strict=True)
        ]

    def _complete(self, parts: Sequence[_Part], words: list[list[str | None]]) -> None:
        """Fill in what is None: the line's opening is written for the model, after the answers of the lines before it; greedily."""
        from models.translation.generate import written_lines
        from models.translation.layout import translation_ids

        lacking = [at for at in range(len(parts)) if None in words[at]]
        known = [[None if text is None else translation_ids(text, self._tokenizer) for text in words[at]] for at in lacking]
        written = written_lines(self._model, self._tokenizer, [parts[at].layout for at in lacking], known) if lacking else []
        for at, lines in zip(lacking, written, strict=True):
            words[at] = [line.text if text is None else text for text, line in zip(words[at], lines, strict=True)]

    def _draw(self, parts: Sequence[_Part], draw: SceneDraw, choose_words: Callable[[Sequence[LineCandidates]], list[str]]) -> None:
        """Draw every line of the parts, side by side; `choose_words` says what stands in the context of the next line."""
        from models.translation.forms import translation_of
        from models.translation.layout import translation_ids
        from models.translation.sampling import SamplingSettings, SceneAsk as SampledScene, SceneSampler, candidates_of

        roomy = [part for part in parts if part.layout is not None]
        longest = max((len(opening) for part in roomy for opening in part.layout.openings), default=0)
        settings = SamplingSettings(draw.count, draw.temperature, draw.top_p, max_new_tokens=max(64, 2 * longest + 16), seed=draw.seed)

        def text_of(one: Any) -> str:
            return translation_of(self._form, one.ids, one.ending_id, self._tokenizer)

        def choose(lines: Sequence[LineDraws]) -> list[tuple[int, ...]]:
            seen = []
            for line in lines:
                part = roomy[line.scene_index]
                candidates = tuple(Drawn(one.text, one.mean_log_probability) for one in candidates_of(line.draws, text_of))
                seen.append(LineCandidates(part.scene_index, part.first_line + line.line_index, candidates))
            return [translation_ids(text, self._tokenizer) for text in choose_words(seen)]

        asks = [SampledScene(_scene_id(part.ask), part.layout) for part in roomy]
        SceneSampler(self._model, settings).sample(asks, choose)

    def _parts(self, ask: SceneAsk) -> list[_Part]:
        """The scene, cut in halves until each part with its answer fits the model's context."""
        from models.translation.forms import NoSuchTag
        from models.translation.layout import layout_of

        try:
            layout = layout_of(self._scene(ask), self._form, self._tokenizer)
        except NoSuchTag as error:
            raise EngineUnavailable(self.name, str(error)) from error
        return self._fitting(ask, layout, 0)

    def _fitting(self, ask: SceneAsk, layout: SceneLayout, first_line: int) -> list[_Part]:
        from models.translation.layout import layout_of

        room = getattr(self._model.config, "max_position_embeddings", 1 << 30)
        needed = len(layout.prompt) + sum(3 * len(opening) + _SPARE_TOKENS for opening in layout.openings)
        if needed <= room:
            return [_Part(ask, layout, first_line)]
        if len(ask.lines) == 1:
            is_hopeless = len(layout.prompt) + len(layout.openings[0]) + _SPARE_TOKENS >= room
            return [_Part(ask, None if is_hopeless else layout, first_line)]
        half = len(ask.lines) // 2
        parts: list[_Part] = []
        for start, end in ((0, half), (half, len(ask.lines))):
            budgets = None if ask.budgets_s is None else ask.budgets_s[start:end]
            shorter = replace(ask, lines=ask.lines[start:end], budgets_s=budgets)
            parts += self._fitting(shorter, layout_of(self._scene(shorter), self._form, self._tokenizer), first_line + start)
        return parts

    def _scene(self, ask: SceneAsk) -> Any:
        from models.translation.forms import Form
        from models.translation.prompt import Scene

        languages = (ask.source_language, ask.target_language)
        if self._form is not Form.INSTRUCTION:
            return Scene(*languages, ask.lines, ask.given)
        wishes = () if ask.budgets_s is None else (_budget_wish(ask.budgets_s),)
        return Scene(*(NAMES.get(code, code) for code in languages), ask.lines, (), wishes)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """With the source's number of threads; what the model fails on is said in a sentence."""
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(before if self.source.threads is None else self.source.threads)
        try:
            yield
        except (ValueError, RuntimeError, MemoryError, IndexError) as error:
            raise EngineFailed(self.name, str(error)) from error
        finally:
            torch.set_num_threads(before)


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of a scene as the model reads it. `layout` None: a line it has no room for. `first_line`: its place in the whole scene."""

    ask: SceneAsk
    layout: SceneLayout | None
    first_line: int
    scene_index: int = 0


def bundled_scene_lm(adapter: str | None = None) -> SceneLm:
    """The bundled small model, bare or under an adapter (a folder). Raises EngineUnavailable where the manifest lacks it."""
    from models.checkpoint import BadWeights, read_manifest

    try:
        base = read_manifest().find_bundled(BUNDLED)
    except BadWeights as error:
        raise EngineUnavailable(BUNDLED, str(error)) from error
    return SceneLm(SceneSource(BUNDLED, str(base.path.parent), adapter, base.sha256, None, base.languages, threads=1))


def bundled_adapted_lm(kind: str = "sspo") -> SceneLm:
    """The bundled model under the bundled adapter whose name or task holds `kind`. Raises EngineUnavailable where there is none."""
    from models.checkpoint import read_manifest

    for entry in read_manifest().bundled:
        if entry.base == BUNDLED and kind in f"{entry.name} {entry.task}".lower():
            base = read_manifest().find_bundled(BUNDLED)
            return SceneLm(
                SceneSource(entry.name, str(base.path.parent), str(entry.path.parent), base.sha256, entry.sha256, base.languages, threads=1)
            )
    raise EngineUnavailable(kind, f"no {kind} adapter of {BUNDLED} is bundled; name a folder, such as --system {kind}={BUNDLED}+FOLDER.")


def _joined(answers: Sequence[SceneAnswer]) -> SceneAnswer:
    """The answers to the parts of a scene as one."""
    translations = tuple(text for answer in answers for text in answer.translations)
    faults = tuple(fault for answer in answers for fault in answer.faults)
    notes = (f"Scenes were asked in up to {len(answers)} parts: the model has no room for whole ones.",) if len(answers) > 1 else ()
    return SceneAnswer(translations, faults, all(answer.is_compliant for answer in answers), notes)


def _budget_wish(budgets_s: Sequence[float]) -> str:
    budgets = "; ".join(f"{number}: {seconds:.1f} s, about {max(1, round(_SYLLABLES_PER_S * seconds))} syllables" for number, seconds in enumerate(budgets_s, 1))
    return f"Keep each translation within the time of its line: {budgets}."


def _scene_id(ask: SceneAsk) -> str:
    """From its words, so that a scene's draws depend on nothing that is asked beside it."""
    words = "\n".join((ask.source_language, ask.target_language, *ask.lines))
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _shown(model: str) -> str:
    """A bundled folder by its name, anything else as it was given."""
    from models.checkpoint import WEIGHTS_FOLDER

    return Path(model).name if Path(model).is_relative_to(WEIGHTS_FOLDER) else model


def _sha256(model: str, file: str | None = None) -> str | None:
    """Of a folder's weights; None for a hub id."""
    from models.checkpoint import BadWeights, sha256_of, weights_sha256

    folder = Path(model)
    if not folder.is_dir():
        return None
    try:
        return weights_sha256(folder) if file is None else sha256_of(folder / file)
    except (BadWeights, OSError) as error:
        raise EngineUnavailable(model, str(error)) from error
