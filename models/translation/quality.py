"""Judges of candidate translations without a reference, and the cut that keeps what all of them let pass (SSPO, papers §1.6).

A source line, its candidates and the lines before in, one score per candidate out, higher is better. The paper asks two quality models of
ten billion weights (`CometJudge`, where they are there); bundled are what the project's own model can say: how likely a candidate
is, and how likely the source is as its translation back. Another judge is another class with `name` and `scores`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch

from models.translation.decode import Sampling, draw_continuations, mean_log_probabilities
from models.translation.forms import Ask, Form, ending_ids, ending_of, fitting_ask, text_ids, translation_of
from models.translation.prompt import one_line

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Before = Sequence[tuple[str, str]]


class QualityJudge(Protocol):
    """`scores`: one number per candidate, higher is better, comparable among the candidates of one line only. `before`: the lines before
    with their translations, for judges that look at them. No candidates, no scores."""

    name: str

    def scores(self, source: str, candidates: Sequence[str], before: Before = ()) -> list[float]: ...


@dataclass(frozen=True, slots=True)
class JudgingModel:
    """A model that judges one direction. Languages as its form wants them (codes, or names for the instruction). `max_prefix_tokens`: earlier
    lines are left out beyond it. `batch_rows`: candidates weighed together."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    form: Form
    source_language: str
    target_language: str
    max_prefix_tokens: int = 512
    batch_rows: int = 32

    def mean_nats(self, asks: Sequence[Ask], texts: Sequence[str]) -> list[float]:
        """Nats per token that the model gives each text, its ending counted, as the answer to the ask of the same place."""
        prefixes = [fitting_ask(self.form, ask, self.tokenizer, self.max_prefix_tokens)[1] for ask in asks]
        end = ending_of(self.form, self.tokenizer)
        ids = [[*text_ids(one_line(text), self.tokenizer), end] for text in texts]
        found: list[float] = []
        for start in range(0, len(ids), self.batch_rows):
            rows = slice(start, start + self.batch_rows)
            found += mean_log_probabilities(self.model, prefixes[rows], ids[rows], 0)
        return found


class LikelihoodJudge:
    """Length-normalised log-likelihood of a candidate after its source and the lines before, in nats per token."""

    name = "likelihood"

    def __init__(self, judging: JudgingModel) -> None:
        self._judging = judging

    def scores(self, source: str, candidates: Sequence[str], before: Before = ()) -> list[float]:
        own = self._judging
        ask = Ask(own.source_language, own.target_language, source, tuple(before))
        return own.mean_nats([ask] * len(candidates), candidates)


class RoundTripJudge:
    """Length-normalised log-likelihood of the source as the translation of a candidate, by a model that knows the way back: a candidate that
    sounds well and says something else scores low. Each candidate stands alone: the lines before would tell the model the source."""

    name = "round trip"

    def __init__(self, judging: JudgingModel) -> None:
        self._judging = judging

    def scores(self, source: str, candidates: Sequence[str], before: Before = ()) -> list[float]:
        return self._judging.mean_nats(self._asks(candidates), [source] * len(candidates))

    def back_translations(self, candidates: Sequence[str], *, max_new_tokens: int = 96) -> list[str]:
        """The likeliest translation back of each candidate, for a reviewer who cannot read the target language; "" for a blank candidate."""
        own = self._judging
        padding = own.tokenizer.pad_token_id if own.tokenizer.pad_token_id is not None else own.tokenizer.eos_token_id
        sampling = Sampling(1.0, 1.0, max_new_tokens, ending_ids(own.form, own.tokenizer), padding or 0)
        places = [place for place, candidate in enumerate(candidates) if one_line(candidate)]
        texts = [""] * len(candidates)
        for start in range(0, len(places), own.batch_rows):
            batch = places[start : start + own.batch_rows]
            asks = self._asks([candidates[place] for place in batch])
            prefixes = [fitting_ask(own.form, ask, own.tokenizer, own.max_prefix_tokens)[1] for ask in asks]
            draws = draw_continuations(own.model, prefixes, torch.zeros(len(batch), 1, max_new_tokens), sampling)
            for place, (draw,) in zip(batch, draws, strict=True):
                end = draw.ending_id if draw.ending_id is not None else ending_of(own.form, own.tokenizer)
                texts[place] = translation_of(own.form, draw.ids, end, own.tokenizer)
        return texts

    def _asks(self, candidates: Sequence[str]) -> list[Ask]:
        return [Ask(self._judging.target_language, self._judging.source_language, candidate) for candidate in candidates]


class CannotJudge(Exception):
    """A judge that cannot be had on this machine. The sentence says what is missing and what to do."""


class CometJudge:
    """A COMETKiwi or XCOMET model through the package unbabel-comet, from a folder with `hparams.yaml` and `checkpoints/model.ckpt`.

    Nothing is downloaded: the folder, and the encoder its hparams name, must be here. The package unpickles the checkpoint: name only one
    that you trust. COMETKiwi and XCOMET weights are for non-commercial use. Raises CannotJudge.
    """

    name = "comet"

    def __init__(self, folder: Path, *, batch_rows: int = 8, n_gpus: int = 0) -> None:
        if find_spec("comet") is None:
            raise CannotJudge("The package unbabel-comet is not installed; install it, or judge by likelihood and round trip.")
        for needed in ("hparams.yaml", "checkpoints/model.ckpt"):
            if not (folder / needed).is_file():
                raise CannotJudge(f"{folder} holds no {needed}; fetch a COMETKiwi or XCOMET model there, or name its folder.")
        self._batch_rows, self._n_gpus = batch_rows, n_gpus
        self._model = _comet_model(folder)

    def scores(self, source: str, candidates: Sequence[str], before: Before = ()) -> list[float]:
        return self.pair_scores([(source, candidate) for candidate in candidates])

    def pair_scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Of (source, translation) pairs of any lines; each is judged alone."""
        if not pairs:
            return []
        rows = [{"src": one_line(source), "mt": one_line(text)} for source, text in pairs]
        said = self._model.predict(rows, batch_size=self._batch_rows, gpus=self._n_gpus, progress_bar=False)
        return [float(score) for score in said["scores"]]


def _comet_model(folder: Path) -> Any:
    from comet import load_from_checkpoint

    try:
        model = load_from_checkpoint(str(folder / "checkpoints" / "model.ckpt"), local_files_only=True)
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise CannotJudge(f"The COMET model in {folder} cannot be opened ({error}); its encoder must have been fetched too.") from error
    if model.requires_references():
        raise CannotJudge(f"The COMET model in {folder} needs reference translations, which new lines have not; name a COMETKiwi or XCOMET model.")
    return model


def keep_best(scores_of_each_judge: Sequence[Sequence[float]], dropped_share: float = 0.2) -> tuple[int, ...]:
    """The candidates that no judge counts among its lowest `dropped_share`, in their order: cut on each, keep the intersection.

    A share of fewer than one candidate drops none; of equal scores the later goes first. Where nothing would be left, the candidate with the
    best mean rank stays, so of one candidate or more at least one does. Raises ValueError for a score that is no number, for judges
    with different numbers of candidates, and for a share outside 0..1.

    >>> keep_best([[-1.0, -3.0, -2.0, -2.5, -1.5], [0.9, 0.8, 0.1, 0.7, 0.6]])
    (0, 3, 4)
    """
    n_candidates = len(scores_of_each_judge[0]) if scores_of_each_judge else 0
    if any(len(scores) != n_candidates for scores in scores_of_each_judge):
        raise ValueError(f"The judges scored different numbers of candidates: {[len(scores) for scores in scores_of_each_judge]}.")
    if any(math.isnan(score) for scores in scores_of_each_judge for score in scores):
        raise ValueError("A judge gave a score that is no number; look at its model's precision.")
    if not 0 <= dropped_share < 1:
        raise ValueError(f"A share of {dropped_share} cannot be dropped; give one from 0 up to, not with, 1.")
    n_kept = n_candidates - math.floor(dropped_share * n_candidates + 1e-9)
    orders = [sorted(range(n_candidates), key=lambda place: (-scores[place], place)) for scores in scores_of_each_judge]
    kept = set(range(n_candidates)).intersection(*(order[:n_kept] for order in orders))
    if n_candidates and not kept:
        kept = {min(range(n_candidates), key=lambda place: sum(order.index(place) for order in orders))}
    return tuple(sorted(kept))
