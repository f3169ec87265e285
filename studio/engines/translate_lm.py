"""Translator over any causal language model of transformers: a folder or a hub id, with or without a PEFT adapter.

The bundled small model is this class with our weights (`bundled_translator`). Each request becomes one prefix (`models/translation/
forms.py`) with its earlier lines; all requests of a batch are decoded together, one greedy wording and sampled ones each. To
offer another model, make an `LmSource` in `studio/bootstrap.py`; nothing here changes.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.domain.language import NAMES
from studio.engines.protocols import Availability, TranslationRequest, Wording

if TYPE_CHECKING:
    from models.translation.decode import Draw
    from models.translation.forms import Ask, Form

BUNDLED = "translation-small"
_DECODER_VERSION = "1"
_MODULES = ("torch", "transformers", "safetensors")


@dataclass(frozen=True, slots=True)
class LmSource:
    """One model to translate with. `model`: folder or hub id. `languages`: codes it knows, empty for "whatever it learnt".
    `form`: "tagged", "compact", "instruction", or "auto": tagged where the model has language tags, else the instruction.
    `draws_per_wording`, `min_draws`: how often it is sampled; the best are kept.
    `reverse_weight`: above 0, for a model that knows both directions, a wording's score also counts how likely the source
    is as its translation back, which costs wordings that sound well and say something else their place.
    `batch_lines`: requests decoded together; 1 lets every line see the wordings of the lines just before it.
    `threads`: torch threads while decoding on the CPU; None leaves them as they are."""

    name: str
    model: str
    licence: str
    adapter: str | None = None
    sha256: str | None = None
    languages: tuple[str, ...] = ()
    form: str = "auto"
    max_prefix_tokens: int = 2048
    max_new_tokens: int = 160
    draws_per_wording: int = 1
    min_draws: int = 1
    reverse_weight: float = 0.0
    batch_lines: int = 1
    may_download: bool = False
    device: str = "cpu"
    threads: int | None = None


class LmTranslator:
    """Translator protocol. The model is read once, on first use; the same request and seed give the same wordings."""

    def __init__(self, source: LmSource) -> None:
        self._source = source
        self.name, self.licence = source.name, source.licence
        self.version = f"{_DECODER_VERSION}-{_stamp(source)}"
        self._loading = threading.Lock()
        self._model: Any = None
        self._tokenizer: Any = None
        self._form: Form | None = None
        self._ending_ids: frozenset[int] = frozenset()

    def available(self) -> Availability:
        if absent := [module for module in _MODULES if find_spec(module) is None]:
            return Availability(False, f"the package {absent[0]} is not installed; run `make studio` again.")
        if Path(self._source.model).is_dir():
            has_weights = any(Path(self._source.model).glob("*.safetensors"))
            return Availability(has_weights, "ready, on this machine" if has_weights else f"{self._source.model} holds no .safetensors file.")
        if _is_cached(self._source.model):
            return Availability(True, "ready, fetched before")
        if self._source.may_download:
            return Availability(True, f"{self._source.model} is fetched from its hub on first use")
        return Availability(False, f"{self._source.model} is neither a folder here nor fetched before; fetching was not allowed.")

    def supports(self, source_language: str, target_language: str) -> Availability:
        if source_language == target_language:
            return Availability(False, "a language is not translated into itself")
        known = self._source.languages
        if known and not {source_language, target_language} <= set(known):
            names = " and ".join(NAMES.get(code, code) for code in known)
            return Availability(False, f"{self.name} knows {names} only; name another model, or import a translation.")
        return Availability(True, "ready")

    def load(self) -> None:
        with self._loading:
            if self._model is None:
                self._read()

    def propose(self, requests: Sequence[TranslationRequest]) -> Iterator[tuple[str, tuple[Wording, ...]]]:
        """Earlier lines without a translation take the first wording this call has given them, or are left out."""
        self.load()
        given: dict[tuple[str, str, str], str] = {}
        for start in range(0, len(requests), self._source.batch_lines):
            batch = requests[start : start + self._source.batch_lines]
            with _threads(self._source.threads):
                answers = self._answer(batch, given)
            for request, wordings in zip(batch, answers, strict=True):
                if wordings:
                    given[request.source_language, request.target_language, request.text] = wordings[0].text
                yield request.line_id, wordings

    def _read(self) -> None:
        if not (verdict := self.available()).is_available:
            raise EngineUnavailable(self.name, verdict.why)
        from models.checkpoint import BadWeights, LanguageModelPlace, open_language_model
        from models.translation.forms import Form, ending_ids, natural_form

        source = self._source
        try:
            place = LanguageModelPlace(source.model, source.adapter, source.sha256, source.may_download)
            model, self._tokenizer = open_language_model(place, source.device)
        except (BadWeights, OSError, ValueError) as error:
            raise EngineUnavailable(self.name, str(error)) from error
        self._form = natural_form(self._tokenizer) if source.form == "auto" else Form(source.form)
        self._ending_ids = ending_ids(self._form, self._tokenizer)
        self._model = model

    def _answer(self, batch: Sequence[TranslationRequest], given: dict[tuple[str, str, str], str]) -> list[tuple[Wording, ...]]:
        """One tuple of wordings per request; settings that differ inside a batch are decoded apart."""
        prefixes = [self._prefix(request, given) for request in batch]
        groups: dict[Any, list[int]] = {}
        for index, request in enumerate(batch):
            if request.text.strip():  # nothing said, nothing to invent
                groups.setdefault(request.settings, []).append(index)
        answers: list[tuple[Wording, ...]] = [()] * len(batch)
        for settings, members in groups.items():
            draws = self._draw([batch[i] for i in members], [prefixes[i] for i in members])
            wordings = [self._wordings(of_line) for of_line in draws]
            if self._source.reverse_weight > 0:
                wordings = self._weighed([batch[i] for i in members], wordings)
            for index, of_line in zip(members, wordings, strict=True):
                answers[index] = of_line[: settings.candidate_count]
        return answers

    def _prefix(self, request: TranslationRequest, given: dict[tuple[str, str, str], str]) -> list[int]:
        from models.translation.forms import fitting_ask

        try:
            return fitting_ask(self._form, _ask(request, self._form, given), self._tokenizer, self._source.max_prefix_tokens)[1]
        except LookupError as error:
            raise EngineFailed(self.name, str(error)) from error

    def _draw(self, batch: Sequence[TranslationRequest], prefixes: list[list[int]]) -> list[list[Draw]]:
        import torch

        from models.translation.decode import Sampling, draw_continuations, uniform_noise

        settings = batch[0].settings
        lengths = [len(self._tokenizer(request.text).input_ids) for request in batch]
        n_steps = min(self._source.max_new_tokens, 2 * max(lengths) + 16)
        n_draws = max(self._source.min_draws, 1 + self._source.draws_per_wording * (settings.candidate_count - 1))
        noise = torch.stack([uniform_noise(_seed(request), n_draws, self._source.max_new_tokens) for request in batch])
        padding = self._tokenizer.pad_token_id if self._tokenizer.pad_token_id is not None else self._tokenizer.eos_token_id
        sampling = Sampling(settings.temperature, settings.top_p, n_steps, self._ending_ids, padding or 0)
        try:
            return draw_continuations(self._model, prefixes, noise, sampling)
        except (RuntimeError, IndexError) as error:
            raise EngineFailed(self.name, f"{error}; first line of the batch: “{batch[0].text}”") from error

    def _wordings(self, draws: Sequence[Draw]) -> tuple[Wording, ...]:
        """Distinct finished texts, the greedy one first, then by score. Draws that never ended are no wordings."""
        from models.translation.forms import translation_of

        best: dict[str, Wording] = {}
        greedy = ""
        for draw in draws:
            if draw.ending_id is None:
                continue
            text = translation_of(self._form, draw.ids, draw.ending_id, self._tokenizer)
            if draw is draws[0]:
                greedy = text
            if text and (text not in best or best[text].score < draw.mean_log_probability):
                best[text] = Wording(text, draw.mean_log_probability)
        return tuple(sorted(best.values(), key=lambda wording: (wording.text != greedy, -wording.score)))

    def _weighed(self, batch: Sequence[TranslationRequest], wordings: Sequence[tuple[Wording, ...]]) -> list[tuple[Wording, ...]]:
        """The same wordings scored both ways, best first: the mean of forward and backward nats per token, weighted."""
        from models.translation.decode import mean_log_probabilities
        from models.translation.forms import Ask, ending_of, prefix_ids
        from models.translation.prompt import one_line

        form, weight = self._form, self._source.reverse_weight
        prefixes, texts = [], []
        for request, of_line in zip(batch, wordings, strict=True):
            source_ids = self._tokenizer(one_line(request.text), add_special_tokens=False, split_special_tokens=True).input_ids
            for wording in of_line:
                prefixes.append(prefix_ids(form, Ask(request.target_language, request.source_language, wording.text), self._tokenizer))
                texts.append([*source_ids, ending_of(form, self._tokenizer)])
        backward = iter(mean_log_probabilities(self._model, prefixes, texts, 0) if texts else ())
        scored = [[replace(w, score=(w.score + weight * next(backward)) / (1 + weight)) for w in of_line] for of_line in wordings]
        return [tuple(sorted(of_line, key=lambda wording: -wording.score)) for of_line in scored]


def bundled_translator() -> LmTranslator:
    """The small model that travels with the project: Chinese and English, a draft to edit."""
    from models.checkpoint import read_manifest

    entry = read_manifest().find_bundled(BUNDLED)
    return LmTranslator(
        LmSource(
            name="lipline-small", model=str(entry.path.parent), licence=entry.licence, sha256=entry.sha256, languages=entry.languages,
            form=entry.form, max_prefix_tokens=144, max_new_tokens=96, min_draws=6,
            reverse_weight=1.0, batch_lines=16, threads=1,
        )
    )  # fmt: skip


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Decode with that many torch threads; the small matrices of a small net are sooner done by one."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(before if count is None else count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _ask(request: TranslationRequest, form: Form, given: dict[tuple[str, str, str], str]) -> Ask:
    from models.translation.forms import Ask, Form

    languages = (request.source_language, request.target_language)
    earlier = ((source, text or given.get((*languages, source), "")) for source, text in request.before)
    before = tuple((source, text) for source, text in earlier if source.strip() and text.strip())
    if form is Form.INSTRUCTION:
        languages = (NAMES.get(languages[0], languages[0]), NAMES.get(languages[1], languages[1]))
    return Ask(*languages, request.text, before)


def _seed(request: TranslationRequest) -> int:
    """From the setting and the words, so that a line's draws depend on nothing that was asked beside it."""
    text = f"{request.settings.seed}\n{request.source_language}\n{request.target_language}\n{request.text}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def _stamp(source: LmSource) -> str:
    """Changes when the weights may have: their sha256, or names, sizes and times of the files, and the adapter's."""
    digest = hashlib.sha256(f"{source.model}\n{source.adapter}\n{source.form}\n{source.sha256}".encode())
    if source.sha256 is None:
        for folder in filter(None, (source.model, source.adapter)):
            for path in sorted(Path(folder).glob("*")) if Path(folder).is_dir() else ():
                digest.update(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}\n".encode())
    return digest.hexdigest()[:12]


def _is_cached(hub_id: str) -> bool:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        return isinstance(try_to_load_from_cache(hub_id, "config.json"), str)
    except HFValidationError:
        return False
