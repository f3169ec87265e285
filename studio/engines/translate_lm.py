"""Translator over any causal language model of transformers: a folder or a hub id, with or without a PEFT adapter.

The bundled small model is this class with our weights (`bundled_translator`). Each request becomes one prefix (`models/translation/
forms.py`) with its earlier lines and terms; all requests of a batch are decoded together, one greedy wording and sampled ones each.
To offer another model, make an `LmSource` in `studio/bootstrap.py`; nothing here changes.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from models.out_of_memory import is_out_of_memory
from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.domain.glossary import terms_in, written_in
from studio.domain.language import NAMES
from studio.engines.lm_pieces import joined, joint, pieces
from studio.engines.lm_room import TEXTS_AT_ONCE, OutOfRoom, Room, room_for
from studio.engines.lm_source import LmSource
from studio.engines.memory_budget import Held, MemoryBudget, ModelFacts
from studio.engines.protocols import Availability, TranslationRequest, Wording
from studio.engines.weight_sizes import nets_bytes, weights_bytes, weights_folder

if TYPE_CHECKING:
    from models.checkpoint import WeightsManifest
    from models.translation.decode import Draw
    from models.translation.forms import Ask, Form

BUNDLED = "translation-small"
_DECODER_VERSION = "2"
_SPARE_TOKENS = 16  # a translation may be twice as long as its source, and this much longer
Given = Mapping[tuple[str, str, str], str]


@dataclass(frozen=True, slots=True)
class OpenLm:
    """A model in memory. `untuned`: the same without its adapter, where that was taught some directions only."""

    model: Any
    untuned: Any
    tokenizer: Any
    form: Form
    ending_ids: frozenset[int]

    @property
    def follows_instructions(self) -> bool:
        return self.form == "instruction" and bool(self.tokenizer.chat_template)

    def count(self, text: str) -> int:
        """Its tokens."""
        return len(self.tokenizer(text).input_ids)


class LmTranslator:
    """Translator, TranslatesBack, HasNotices and UsesGpu. The model is read on first use, under the budget; the same request and
    seed give the same wordings."""

    def __init__(self, source: LmSource, budget: MemoryBudget | None = None) -> None:
        self._source = source
        self._budget = MemoryBudget() if budget is None else budget
        self.name, self.licence = source.name, source.licence
        self.version = f"{_DECODER_VERSION}-{source.stamp()}"
        self._place: Held[OpenLm] = self._budget.place(self._facts, self._read, self._bytes_of)
        self._room: Room | None = None
        self._elsewhere: dict[str, LmTranslator] = {}

    @property
    def follows_instructions(self) -> bool:
        """A chat model does; one that was not read yet is judged by its files."""
        lm = self._place.now
        return self._source.has_chat_template() if lm is None else lm.follows_instructions

    @property
    def needs_gpu(self) -> bool:
        return self._source.device != "cpu"

    def on(self, device: str) -> LmTranslator:
        if device == self._source.device:
            return self
        return self._elsewhere.setdefault(device, LmTranslator(replace(self._source, device=device), self._budget))

    @property
    def lines_at_once(self) -> int:
        return self._source.batch_lines

    def available(self) -> Availability:
        return self._source.available()

    def supports(self, source_language: str, target_language: str) -> Availability:
        return self._source.supports(source_language, target_language)

    def notices(self) -> tuple[str, ...]:
        own = self._room.notices() if self._room is not None else ()
        return (*own, *(sentence for other in tuple(self._elsewhere.values()) for sentence in other.notices()))

    def load(self) -> None:
        with self._place.use():
            return

    def release(self) -> None:
        for one in (self, *self._elsewhere.values()):
            one._place.release()

    def propose(self, requests: Sequence[TranslationRequest]) -> Iterator[tuple[str, tuple[Wording, ...]]]:
        """Earlier lines without a translation take the first wording this call has given them, or are left out."""
        given: dict[tuple[str, str, str], str] = {}
        for start in range(0, len(requests), self._source.batch_lines):
            batch = requests[start : start + self._source.batch_lines]
            with self._place.use() as lm, _threads(self._source.threads):  # not over the yield: who waits for a turn must not hold the model
                answers = self._answer(lm, batch, given)
            for request, wordings in zip(batch, answers, strict=True):
                if wordings:
                    given[request.source_language, request.target_language, request.text] = wordings[0].text
                yield request.line_id, wordings

    def translate_back(self, texts: Sequence[str], source_language: str, target_language: str) -> list[str | None]:
        """The model's likeliest words; None also for a text it finds no end for."""
        if not self.supports(target_language, source_language).is_available:
            return [None] * len(texts)
        places = [index for index, text in enumerate(texts) if text.strip()]
        requests = [TranslationRequest("", texts[index], target_language, source_language, 0) for index in places]
        answers: list[str | None] = [None] * len(texts)
        with self._place.use() as lm, _threads(self._source.threads):
            for start in range(0, len(requests), TEXTS_AT_ONCE):
                said = self._said(lm, requests[start : start + TEXTS_AT_ONCE], {}, n_draws=1)
                for index, drawn in zip(places[start:], said, strict=False):
                    answers[index] = drawn[0].text if drawn else None
        return answers

    def _facts(self) -> ModelFacts:
        """What it will take: float32 on a CPU, the weights' own precision elsewhere, and its key-value cache."""
        source = self._source
        model, adapter = (None if one is None else weights_folder(one) for one in (source.model, source.adapter))
        float_bytes = 4 if source.device == "cpu" else None
        weights = 0 if model is None else weights_bytes([one for one in (model, adapter) if one is not None], float_bytes=float_bytes)
        if not weights:
            return ModelFacts(self.name, source.device, None)  # not fetched yet
        copies = 2 if source.adapter is not None and source.adapter_pairs else 1
        return ModelFacts(self.name, source.device, copies * weights + source.cache_mb * 2**20)

    def _bytes_of(self, lm: OpenLm) -> int:
        """What an open model takes, and its key-value cache."""
        return nets_bytes(net for net in (lm.model, lm.untuned) if net is not None) + self._source.cache_mb * 2**20

    def _read(self) -> OpenLm:
        if not (verdict := self.available()).is_available:
            raise EngineUnavailable(self.name, verdict.why)
        from models.checkpoint import BadWeights, LanguageModelPlace, open_language_model
        from models.translation.forms import Form, ending_ids, natural_form

        source, untuned = self._source, None
        try:
            place = LanguageModelPlace(source.model, source.adapter, source.sha256, source.may_download, source.adapter_sha256)
            model, tokenizer = open_language_model(place, source.device)
            if source.adapter is not None and source.adapter_pairs:
                untuned, _ = open_language_model(replace(place, adapter=None, adapter_sha256=None), source.device)
        except (BadWeights, OSError, ValueError) as error:
            if is_out_of_memory(error):  # the place makes room
                raise
            raise EngineUnavailable(self.name, str(error)) from error
        form = natural_form(tokenizer) if source.form == "auto" else Form(source.form)
        if self._room is None:  # one that has shrunk stays small
            self._room = room_for(model, source.cache_mb, self._place.relief)
        return OpenLm(model, untuned, tokenizer, form, ending_ids(form, tokenizer))

    def _model_for(self, lm: OpenLm, source_language: str, target_language: str) -> Any:
        is_taught = lm.untuned is None or f"{source_language}-{target_language}" in self._source.adapter_pairs
        return lm.model if is_taught else lm.untuned

    def _answer(self, lm: OpenLm, batch: Sequence[TranslationRequest], given: Given) -> list[tuple[Wording, ...]]:
        """One tuple of wordings per request; settings that differ inside a batch are decoded apart."""
        groups: dict[Any, list[int]] = {}
        for index, request in enumerate(batch):
            if request.text.strip():  # nothing said, nothing to invent
                groups.setdefault(request.settings, []).append(index)
        answers: list[tuple[Wording, ...]] = [()] * len(batch)
        for members in groups.values():
            asked = [batch[i] for i in members]
            settings = asked[0].settings
            said = self._said(lm, asked, given, n_draws=max(settings.draw_count, settings.candidate_count))
            wordings = [_distinct(of_line) for of_line in said]
            if self._source.reverse_weight > 0:
                wordings = self._weighed(lm, asked, wordings)
            for index, of_line in zip(members, wordings, strict=True):
                answers[index] = of_line
        return answers

    def _prefix(self, lm: OpenLm, request: TranslationRequest, given: Given) -> list[int]:
        from models.translation.forms import fitting_ask

        ask = _ask(request, lm.form, given)
        if lm.follows_instructions:
            ask = replace(ask, wishes=_wishes(request))
        try:
            return fitting_ask(lm.form, ask, lm.tokenizer, self._source.max_prefix_tokens)[1]
        except LookupError as error:
            raise EngineFailed(self.name, str(error)) from error

    def _said(self, lm: OpenLm, batch: Sequence[TranslationRequest], given: Given, n_draws: int) -> list[list[Wording]]:
        """What was drawn for each request, the greedy draw first; draws that never ended are left out, and long lines put together."""
        parts = [self._parts(lm, request) for request in batch]
        asked = [part for of_line in parts for part in of_line]
        draws = iter(self._draw(lm, asked, [self._prefix(lm, part, given) for part in asked], n_draws))
        said = []
        for request, of_line in zip(batch, parts, strict=True):
            drawn = [[_wording(lm, draw) for draw in next(draws)] for _ in of_line]
            said.append(joined(drawn, joint(request.target_language)))
        return said

    def _parts(self, lm: OpenLm, request: TranslationRequest) -> list[TranslationRequest]:
        """The request, or one for each piece of a line that the model could not answer within its `max_new_tokens`."""
        longest = max(_SPARE_TOKENS, (self._source.max_new_tokens - _SPARE_TOKENS) // 2)
        texts = pieces(request.text, lambda text: lm.count(text) <= longest)
        if len(texts) < 2:
            return [request]
        shares = [round(request.budget_ms * len(text) / len(request.text)) for text in texts]
        cut = [replace(request, text=text, budget_ms=share, terms=terms_in(text, request.terms)) for text, share in zip(texts, shares, strict=True)]
        return [cut[0], *(replace(part, before=()) for part in cut[1:])]

    def _draw(self, lm: OpenLm, batch: Sequence[TranslationRequest], prefixes: list[list[int]], n_draws: int) -> list[list[Draw]]:
        """Every line has noise of its own, so that what is drawn for it depends on nothing that was asked beside it."""
        import torch

        from models.translation.decode import Sampling, uniform_noise

        settings = batch[0].settings
        noise = torch.stack([uniform_noise(_seed(request), n_draws, self._source.max_new_tokens) for request in batch])
        lengths = [lm.count(request.text) for request in batch]
        n_steps = min(self._source.max_new_tokens, 2 * max(lengths) + _SPARE_TOKENS)
        padding = lm.tokenizer.pad_token_id if lm.tokenizer.pad_token_id is not None else lm.tokenizer.eos_token_id
        sampling = Sampling(settings.temperature, settings.top_p, n_steps, lm.ending_ids, padding or 0)
        try:
            return self._room.draw(self._model_for(lm, batch[0].source_language, batch[0].target_language), prefixes, noise, sampling)
        except (OutOfRoom, RuntimeError, IndexError) as error:
            raise EngineFailed(self.name, f"{error}; first line of the batch: “{batch[0].text[:80]}”") from error

    def _weighed(self, lm: OpenLm, batch: Sequence[TranslationRequest], wordings: Sequence[tuple[Wording, ...]]) -> list[tuple[Wording, ...]]:
        """The same wordings scored both ways, best first: the mean of forward and backward nats per token, weighted."""
        from models.translation.forms import Ask, ending_of, prefix_ids, text_ids
        from models.translation.prompt import one_line

        form, weight = lm.form, self._source.reverse_weight
        prefixes, texts, known = [], [], []
        for request, of_line in zip(batch, wordings, strict=True):
            is_whole = len(self._parts(lm, request)) == 1
            known.append(is_whole and self.supports(request.target_language, request.source_language).is_available)
            source_ids = text_ids(one_line(_line(request, form)), lm.tokenizer)
            for wording in of_line if known[-1] else ():
                prefixes.append(prefix_ids(form, Ask(request.target_language, request.source_language, wording.text), lm.tokenizer))
                texts.append([*source_ids, ending_of(form, lm.tokenizer)])
        try:
            backward = iter(self._room.score(self._model_for(lm, batch[0].target_language, batch[0].source_language), prefixes, texts))
        except OutOfRoom as error:
            raise EngineFailed(self.name, str(error)) from error
        weighed = []
        for of_line, is_known in zip(wordings, known, strict=True):
            both = [replace(w, score=(w.score + weight * next(backward)) / (1 + weight)) for w in of_line] if is_known else of_line
            weighed.append(tuple(sorted(both, key=lambda wording: -wording.score)) if is_known else tuple(both))
        return weighed


def _wording(lm: OpenLm, draw: Draw) -> Wording | None:
    """The words of a draw, without control characters; None for one that never ended or says nothing."""
    from models.translation.forms import translation_of

    if draw.ending_id is None:
        return None
    text = translation_of(lm.form, draw.ids, draw.ending_id, lm.tokenizer)
    text = "".join(char for char in text if unicodedata.category(char) not in ("Cc", "Cs")).strip()
    return Wording(text, draw.mean_log_probability, draw.mean_log_probability) if text else None


def bundled_translator(adapter: str | None = None, budget: MemoryBudget | None = None) -> LmTranslator:
    """The small model that travels with the project. `adapter`: a PEFT folder to take instead of its own, such as one trained on a
    show's own choices."""
    from models.checkpoint import read_manifest

    return LmTranslator(bundled_source(read_manifest(), adapter), budget)


def bundled_source(manifest: WeightsManifest, adapter: str | None = None) -> LmSource:
    """The bundled model with its adapter, where the manifest has one, for the pairs that the adapter was taught."""
    base = manifest.find_bundled(BUNDLED)
    tuned = next((entry for entry in manifest.bundled if entry.base == BUNDLED), base)
    place = manifest.place_of(tuned.name)
    source = LmSource(
        name="lipline-small", model=place.model, licence=base.licence, adapter=place.adapter, sha256=place.sha256,
        adapter_sha256=place.adapter_sha256, adapter_pairs=() if tuned is base else tuned.pairs, languages=base.languages,
        pairs=base.pairs, draft_pairs=base.draft_pairs, form=base.form, max_prefix_tokens=256, max_new_tokens=96,
        reverse_weight=1.0, batch_lines=8, threads=1,
    )  # fmt: skip
    return source if adapter is None else replace(source, adapter=adapter, adapter_sha256=None, adapter_pairs=())


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


def _ask(request: TranslationRequest, form: Form, given: Given) -> Ask:
    from models.translation.forms import Ask, Form

    languages = (request.source_language, request.target_language)
    earlier = ((source, text or given.get((*languages, source), "")) for source, text in request.before)
    before = tuple((source, text) for source, text in earlier if source.strip() and text.strip())
    if form is not Form.INSTRUCTION:
        return Ask(*languages, _line(request, form), before)
    return Ask(NAMES.get(languages[0], languages[0]), NAMES.get(languages[1], languages[1]), request.text, before, request.terms)


def _line(request: TranslationRequest, form: Form | None) -> str:
    """The source line as it is put to the model. A small one does not learn a term from an answered line before it (it mostly got worse
    when we tried), but carries over a word that already stands in the line in the other language."""
    return request.text if form == "instruction" else written_in(request.text, request.terms)


def _wishes(request: TranslationRequest) -> tuple[str, ...]:
    """What a chat model is told beyond the four rules: the time of the line that is asked for, and the editor's wish."""
    budget = f"The last line has {request.budget_ms / 1000:.1f} seconds: its translation must be said within them."
    wish = f"The editor's wish for the last line: {request.instruction}"
    return (budget,) * (request.budget_ms > 0) + (wish,) * bool(request.instruction.strip())


def _distinct(said: Sequence[Wording]) -> tuple[Wording, ...]:
    """Each text once with its best score, what the model likes most (the first) first, then by score."""
    best: dict[str, Wording] = {}
    for wording in said:
        if wording.text not in best or best[wording.text].score < wording.score:
            best[wording.text] = wording
    first = said[0].text if said else ""
    return tuple(sorted(best.values(), key=lambda wording: (wording.text != first, -wording.score)))


def _seed(request: TranslationRequest) -> int:
    """From the setting and the words, so that a line's draws depend on nothing that was asked beside it."""
    text = f"{request.settings.seed}\n{request.source_language}\n{request.target_language}\n{request.text}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")
