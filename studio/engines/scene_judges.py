"""Which candidates of a line pass for quality: those that no judge counts among its lowest share (papers §1.6).

Judges are the model's own: how likely a candidate is after the lines before it, known from drawing it, and, for a model that knows both
directions, how likely the source is as its translation back. Candidates in, the same with `is_kept` out. Another judge is another row of
scores in `judged`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from studio.engines.scene_asks import Drawn

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from models.translation.quality import QualityJudge

LIKELIHOOD, ROUND_TRIP = "likelihood", "round trip"


def round_trip_judge(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, source_language: str, target_language: str) -> QualityJudge:
    """By the model itself in its tagged form."""
    from models.translation.forms import Form
    from models.translation.quality import JudgingModel, RoundTripJudge

    return RoundTripJudge(JudgingModel(model, tokenizer, Form.TAGGED, source_language, target_language))


def judged(source: str, drawn: Sequence[Drawn], dropped_share: float, judge: QualityJudge | None) -> tuple[Drawn, ...]:
    """The candidates in their order; of one or more, at least one is kept."""
    from models.translation.quality import keep_best

    rows = [[one.score for one in drawn]]
    if judge is not None and len(drawn) > 1:
        rows.append(judge.scores(source, [one.text for one in drawn]))
    kept = set(keep_best(rows, dropped_share))
    return tuple(replace(one, is_kept=place in kept) for place, one in enumerate(drawn))
