"""Stage: lines and their slots in, ranked candidates per line out, each with predicted time, Δ and P (papers §1.2).

Ranking follows SSPO's choice (papers §1.6): the least likely wordings are set aside first, the rest is ordered by P. The paper
drops a fifth, judged by quality models of ten billion weights; a translator's own likelihood judges less well, so it is more here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from studio.domain.line import Candidate, Line, Prediction, Slot
from studio.domain.settings import TranslationSettings
from studio.engines.protocols import TranslationRequest, Translator, Wording

WINDOW_LINES = 16  # lines asked at once: a batch for the engine, and what a kill may cost at most
DROPPED_SHARE = 0.4

Predict = Callable[[Line, str], Prediction | None]


@dataclass(frozen=True, slots=True)
class Direction:
    source_language: str
    target_language: str


def requests_for(
    lines: Sequence[Line], wanted: Sequence[Line], slots: Mapping[str, Slot], direction: Direction, settings: TranslationSettings
) -> list[TranslationRequest]:
    """One request per wanted line, with the earlier lines of the programme as context."""
    position = {line.id: index for index, line in enumerate(lines)}
    requests = []
    for line in wanted:
        index = position[line.id]
        before = tuple((earlier.source_text, earlier.target_text) for earlier in lines[max(0, index - settings.context_lines) : index] if earlier.source_text.strip())
        requests.append(
            TranslationRequest(
                line.id, line.source_text, direction.source_language, direction.target_language, slots[line.id].length_ms, before, settings
            )
        )
    return requests


def rank(line: Line, wordings: Sequence[Wording], engine: str, predict_text: Predict) -> tuple[Candidate, ...]:
    """Distinct wordings as candidates. Without a duration engine the translator's own order stays."""
    distinct = {wording.text.strip(): wording for wording in reversed(wordings) if wording.text.strip()}
    pool = sorted(distinct.values(), key=lambda wording: -wording.score)
    likely = pool[: len(pool) - int(DROPPED_SHARE * len(pool))]
    predicted = [(wording, predict_text(line, wording.text)) for wording in pool]
    ranked = sorted(predicted, key=lambda pair: _order(pair, likely))
    return tuple(
        Candidate(uuid.uuid4().hex, line.id, wording.text.strip(), engine, wording.score, place, prediction)
        for place, (wording, prediction) in enumerate(ranked)
    )


def combined(fresh: Sequence[Candidate], known: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """New candidates before those known already, each text once, ranked anew in that order."""
    by_text: dict[str, Candidate] = {}
    for one in (*fresh, *known):
        by_text.setdefault(one.text, one)
    return tuple(replace(one, rank=place) for place, one in enumerate(by_text.values()))


def _order(pair: tuple[Wording, Prediction | None], likely: Sequence[Wording]) -> tuple[bool, float, float]:
    wording, prediction = pair
    return wording not in likely, prediction.p if prediction else 0.0, -wording.score


def propose(
    requests: Sequence[TranslationRequest], lines: Mapping[str, Line], translator: Translator, predict_text: Predict
) -> Iterator[tuple[str, tuple[Candidate, ...]]]:
    """Ask the engine and rank its answers; a line without an answer yields an empty tuple."""
    for line_id, wordings in translator.propose(requests):
        yield line_id, rank(lines[line_id], wordings, translator.name, predict_text)


