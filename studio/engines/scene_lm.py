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
from studio.engines.out_of_memory import NoRelief, OutOfMemory, within_memory
from studio.engines.scene_asks import TOO_LONG, Choose, Drawn, LineCandidates, SceneAnswer, SceneAsk, SceneDraw
from studio.engines.scene_judges import LIKELIHOOD, ROUND_TRIP, judged, round_trip_judge
from studio.engines.scene_parts import SceneCutter, ScenePart, joined
from studio.engines.translate_lm import BUNDLED

if TYPE_CHECKING:
    from models.checkpoint import LanguageModelPlace
    from models.translation.decode import Draw
    from models.translation.parse import Answer
    from models.translation.quality import QualityJudge
    from models.translation.sampling import LineDraws
    from models.translation.writing import Written

_VERSION = "1"
_SCENES_AT_ONCE = 16


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
        self._notices: list[str] = []

    @property
    def version(self) -> str:
        """Changes with the weights: theirs are named by sha256."""
        return hashlib.sha256(f"{_VERSION}\n{self.facts['weights']}\n{self.facts['adapter_weights']}".encode()).hexdigest()[:12]

    @property
    def facts(self) -> dict[str, Any]:
        from models.checkpoint import ADAPTER_FILE

        source = self.source
        return {
            "engine": f"scene-lm {_VERSION}",
            "model": _shown(source.model),
            "weights": source.sha256 or _sha256(source.model),
            "adapter": None if source.adapter is None else _shown(source.adapter),
            "adapter_weights": source.adapter_sha256 or (None if source.adapter is None else _sha256(source.adapter, ADAPTER_FILE)),
        }

    @property
    def follows_instructions(self) -> bool:
        self.load()
        return self._cutter.form.value == "instruction"

    def load(self) -> None:
        """Read the model. Raises EngineUnavailable, a sentence, for absent or damaged weights and for an adapter of another base."""
        if self._model is not None:
            return
        from models.checkpoint import BadWeights, open_language_model
        from models.translation.forms import Form, natural_form

        try:
            opened = within_memory(lambda _: open_language_model(self.source.place, self.source.device), 1, NoRelief())
            self._model, self._tokenizer = opened.result
        except OutOfMemory as error:
            raise EngineUnavailable(self.name, f"the memory of {self.source.device} does not suffice to open it; close other programs, or choose a smaller model.") from error
        except (BadWeights, OSError, ValueError) as error:
            raise EngineUnavailable(self.name, str(error)) from error
        form = Form.COMPACT if natural_form(self._tokenizer) is Form.TAGGED else Form.INSTRUCTION
        self._cutter = SceneCutter(form, self._tokenizer, getattr(self._model.config, "max_position_embeddings", 1 << 30))

    def judges(self, draw: SceneDraw, source_language: str) -> tuple[str, ...]:
        """Who decides which candidates may be chosen, by name."""
        self.load()
        return (LIKELIHOOD, *((ROUND_TRIP,) if draw.has_round_trip and self._knows_back(source_language) else ()))

    def notices(self) -> tuple[str, ...]:
        """Sentences about what had to be done differently, such as for want of memory."""
        return tuple(dict.fromkeys(self._notices))

    def answer(self, asks: Sequence[SceneAsk]) -> Iterator[SceneAnswer]:
        """Greedy answers, in order. A scene the model has no room for is asked in parts; a line it has no room for is translated in pieces."""
        self.load()
        for start in range(0, len(asks), _SCENES_AT_ONCE):
            by_ask = [self._parts(ask) for ask in asks[start : start + _SCENES_AT_ONCE]]
            with self._at_work():
                answers = iter(self._answers([part for parts in by_ask for part in parts]))
            for parts in by_ask:
                yield joined([next(answers) for _ in parts])

    def sample(self, asks: Sequence[SceneAsk], draw: SceneDraw, choose: Choose) -> list[tuple[tuple[Drawn, ...], ...]]:
        """Candidates of every line of every scene, the greedy one first; none for a line whose draws never end or that finds no room."""
        self.load()
        drawn: dict[tuple[int, int], tuple[Drawn, ...]] = {}

        def choose_words(lines: Sequence[LineCandidates]) -> list[str]:
            drawn.update({(line.scene_index, line.line_index): line.candidates for line in lines})
            full = [line for line in lines if line.candidates]
            taken = iter(choose(full) if full else ())
            return [line.candidates[next(taken)].text if line.candidates else "" for line in lines]

        for start in range(0, len(asks), _SCENES_AT_ONCE):
            block = enumerate(asks[start : start + _SCENES_AT_ONCE], start)
            parts = [replace(part, scene_index=at) for at, ask in block for part in self._parts(ask)]
            with self._at_work():
                self._draw(parts, draw, choose_words)
        return [tuple(drawn.get((at, line), ()) for line in range(len(ask.lines))) for at, ask in enumerate(asks)]

    def _answers(self, parts: Sequence[ScenePart]) -> list[SceneAnswer]:
        """One per part: free answers, read, and what they lack asked line by line."""
        from models.translation.generate import free_answers, written_lines
        from models.translation.layout import translation_ids
        from models.translation.parse import parse_answer
        from models.translation.prompt import one_line

        roomy = [part for part in parts if part.layout is not None]
        texts = free_answers(self._model, self._tokenizer, [part.layout for part in roomy])
        read = [parse_answer(text, [one_line(line) for line in part.ask.lines]) for part, text in zip(roomy, texts, strict=True)]
        known = [[None if line.translation is None else translation_ids(line.translation, self._tokenizer) for line in answer.lines] for answer in read]
        written = iter(written_lines(self._model, self._tokenizer, [part.layout for part in roomy], known))
        answers = iter(read)
        return [self._in_pieces(part) if part.layout is None else _told(next(answers), next(written)) for part in parts]

    def _in_pieces(self, part: ScenePart) -> SceneAnswer:
        """A line too long for the model: sentence by sentence."""
        from models.translation.generate import AnswerSettings, answer_scene

        scene = replace(self._cutter.scene(part.ask), terms=())
        found = answer_scene(self._model, self._tokenizer, scene, self._cutter.form, AnswerSettings(is_free=False))
        return SceneAnswer(found.lines, (TOO_LONG,) * len(found.lines), False, ("Lines that the model has no room for were translated in pieces.",))

    def _draw(self, parts: Sequence[ScenePart], draw: SceneDraw, choose_words: Callable[[Sequence[LineCandidates]], list[str]]) -> None:
        """Draw every line of the parts, side by side; `choose_words` says what stands in the context of the next line."""
        from models.translation.forms import translation_of
        from models.translation.layout import translation_ids
        from models.translation.sampling import SamplingSettings, SceneAsk as SampledScene, SceneSampler, candidates_of

        roomy = [part for part in parts if part.layout is not None]
        if not roomy:
            return
        longest = max(len(opening) for part in roomy for opening in part.layout.openings)
        settings = SamplingSettings(draw.count, draw.temperature, draw.top_p, max_new_tokens=max(64, 2 * longest + 16), seed=draw.seed)
        judge = self._round_trip(draw, roomy[0].ask)

        def text_of(one: Draw) -> str:
            return translation_of(self._cutter.form, one.ids, one.ending_id, self._tokenizer)

        def choose(lines: Sequence[LineDraws]) -> list[tuple[int, ...]]:
            seen = []
            for line in lines:
                part = roomy[line.scene_index]
                found = [Drawn(one.text, one.mean_log_probability) for one in candidates_of(line.draws, text_of)]
                found = judged(part.ask.lines[line.line_index], found, draw.dropped_share, judge)
                seen.append(LineCandidates(part.scene_index, part.first_line + line.line_index, found))
            return [translation_ids(text, self._tokenizer) for text in choose_words(seen)]

        asks = [SampledScene(_scene_id(part.ask), part.layout) for part in roomy]
        SceneSampler(self._model, settings, self._notices.append).sample(asks, choose)

    def _round_trip(self, draw: SceneDraw, ask: SceneAsk) -> QualityJudge | None:
        if ROUND_TRIP not in self.judges(draw, ask.source_language):
            return None
        return round_trip_judge(self._model, self._tokenizer, ask.source_language, ask.target_language)

    def _knows_back(self, source_language: str) -> bool:
        """Whether it is asked by tags and has one for the way back."""
        from models.translation.prompt import tag

        return not self.follows_instructions and tag(source_language) in self._tokenizer.get_vocab()

    def _parts(self, ask: SceneAsk) -> list[ScenePart]:
        from models.translation.forms import NoSuchTag

        try:
            return self._cutter.parts(ask)
        except NoSuchTag as error:
            raise EngineUnavailable(self.name, str(error)) from error

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


def _told(answer: Answer, written: Sequence[Written]) -> SceneAnswer:
    """What parsed as it was said, the rest as it was written line by line."""
    texts = tuple(one.text if line.translation is None else line.translation for line, one in zip(answer.lines, written, strict=True))
    return SceneAnswer(texts, tuple(None if line.fault is None else line.fault.value for line in answer.lines), answer.is_compliant)


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
