"""Stage: lines and their slots in, ranked candidates per line out, each with predicted time, Δ and P (papers §1.2).

Every translator's wordings are re-ranked here, also those of one that was never tuned: what is in another script goes last, the least
likely are set aside (papers §1.6; the paper drops a fifth, judged by quality models of ten billion weights; a translator's own likelihood
judges less well, so it is more here), those that keep the glossary go before those that do not, then the penalty against the real slot
decides, then meaning.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from studio.domain.glossary import missed_terms, terms_in
from studio.domain.line import Candidate, Line, Prediction, Slot
from studio.domain.settings import TranslationSettings
from studio.domain.timing import slot_penalty
from studio.domain.writing import looks_foreign
from studio.engines.protocols import TranslatesBack, TranslationRequest, Translator, Wording

WINDOW_LINES = 16  # lines that see the same state of the script; each is kept as soon as the engine has answered it
DROPPED_SHARE = 0.4
UNLIKELY_NATS = 0.9  # so far below the best a wording is set aside whatever its share: neither time nor a term saves it

Predict = Callable[[Line, str], Prediction | None]


@dataclass(frozen=True, slots=True)
class Direction:
    source_language: str
    target_language: str


def requests_for(
    lines: Sequence[Line], wanted: Sequence[Line], slots: Mapping[str, Slot], direction: Direction, settings: TranslationSettings
) -> list[TranslationRequest]:
    """One request per wanted line, with the earlier lines of the programme as context and the terms the line holds."""
    position = {line.id: index for index, line in enumerate(lines)}
    requests = []
    for line in wanted:
        index = position[line.id]
        before = tuple((earlier.source_text, earlier.target_text) for earlier in lines[max(0, index - settings.context_lines) : index] if earlier.source_text.strip())
        terms = terms_in(line.source_text, settings.terms)
        languages = (direction.source_language, direction.target_language)
        requests.append(TranslationRequest(line.id, line.source_text, *languages, slots[line.id].length_ms, before, settings, terms))
    return requests


def rank(line: Line, request: TranslationRequest, wordings: Sequence[Wording], engine: str, predict_text: Predict) -> tuple[Candidate, ...]:
    """The best `candidate_count` of distinct wordings, as candidates. Without a duration engine meaning alone decides."""
    distinct = {wording.text.strip(): wording for wording in reversed(wordings) if wording.text.strip()}
    missed = {text: missed_terms(request.text, text, request.terms) for text in distinct}
    foreign = {text for text in distinct if looks_foreign(text, request.target_language)}
    aside = _set_aside({text: wording for text, wording in distinct.items() if text not in foreign}, missed)
    judged = []
    for text, wording in distinct.items():
        prediction = predict_text(line, text)
        penalty = None if prediction is None else penalty_of(prediction, request.budget_ms)
        one = Candidate(
            uuid.uuid4().hex, line.id, text, engine, wording.score, 0, prediction,
            likelihood=wording.likelihood, missed_terms=missed[text], slot_penalty=penalty,
        )  # fmt: skip
        judged.append(one)
    judged.sort(key=lambda one: (one.text in foreign, one.text in aside, len(one.missed_terms), one.slot_penalty or 0.0, -one.score))
    listed = judged[: request.settings.candidate_count]
    return tuple(replace(one, rank=place) for place, one in enumerate(listed))


def penalty_of(prediction: Prediction, slot_ms: int) -> float:
    """P of a prediction against the whole slot of its line."""
    total_ms = prediction.estimate.total_ms
    return slot_penalty(total_ms, total_ms - prediction.delta_ms, slot_ms)


def combined(fresh: Sequence[Candidate], known: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """New candidates before those known already, each text once, ranked anew in that order."""
    by_text: dict[str, Candidate] = {}
    for one in (*fresh, *known):
        by_text.setdefault(one.text, one)
    return tuple(replace(one, rank=place) for place, one in enumerate(by_text.values()))


def propose(
    requests: Sequence[TranslationRequest], lines: Mapping[str, Line], translator: Translator, predict_text: Predict
) -> Iterator[tuple[str, tuple[Candidate, ...]]]:
    """Ask the engine and rank its answers; what is listed is translated back where the engine can. A line without an answer
    yields an empty tuple."""
    by_id = {request.line_id: request for request in requests}
    answers = translator.propose(requests)
    lines_at_once = translator.lines_at_once if isinstance(translator, TranslatesBack) else 1
    while batch := list(islice(answers, lines_at_once)):
        ranked = {line_id: rank(lines[line_id], by_id[line_id], wordings, translator.name, predict_text) for line_id, wordings in batch}
        yield from _with_meanings(ranked, by_id, translator).items()


def _with_meanings(
    ranked: Mapping[str, tuple[Candidate, ...]], requests: Mapping[str, TranslationRequest], translator: Translator
) -> Mapping[str, tuple[Candidate, ...]]:
    """All lines of a batch are of one pair of languages, so they are translated back together."""
    every = [one for candidates in ranked.values() for one in candidates]
    if not every or not isinstance(translator, TranslatesBack):
        return ranked
    asked = requests[every[0].line_id]
    meanings = iter(translator.translate_back([one.text for one in every], asked.source_language, asked.target_language))
    return {line_id: tuple(replace(one, back_translation=next(meanings)) for one in candidates) for line_id, candidates in ranked.items()}


def _set_aside(distinct: Mapping[str, Wording], missed: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """The least likely texts. Their share is taken among those that keep equally many terms, so that a rare keeper can stay."""
    best = max((wording.score for wording in distinct.values()), default=0.0)
    aside = {text for text, wording in distinct.items() if wording.score < best - UNLIKELY_NATS}
    by_count: dict[int, list[str]] = {}
    for text in sorted(distinct, key=lambda text: -distinct[text].score):
        by_count.setdefault(len(missed[text]), []).append(text)
    for pool in by_count.values():
        aside.update(pool[len(pool) - int(DROPPED_SHARE * len(pool)) :])
    return frozenset(aside)
