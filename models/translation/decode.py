"""Several translations of each line from a causal language model: the likeliest by greedy search, the rest by sampling.

Prefixes of token ids in, draws out. The prefixes of a batch are read once; their key-value cache is then repeated for the
draws of each. Randomness comes in as numbers in 0..1, so a line's draws do not depend on the lines beside it.
Letters: P prefixes, K draws per prefix (the first is greedy), R = P * K rows, S steps, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

NUCLEUS_LIMIT = 64  # sampling looks at no more than this many likeliest tokens
COMPACT_BELOW = 0.75  # finished rows are taken out of the cache once the live share falls below this


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the draws after the first are made, and where each draw ends. `ending_ids` are not part of a draw."""

    temperature: float
    top_p: float
    max_new_tokens: int
    ending_ids: frozenset[int]
    padding_id: int


@dataclass(frozen=True, slots=True)
class Draw:
    """One continuation. `mean_log_probability`: nats per token at temperature 1, the ending counted.
    `is_finished`: it reached an ending (`ending_id`) before `max_new_tokens`."""

    ids: tuple[int, ...]
    mean_log_probability: float
    ending_id: int | None

    @property
    def is_finished(self) -> bool:
        return self.ending_id is not None


def uniform_noise(seed: int, n_draws: int, n_steps: int) -> Tensor:
    """Numbers in 0..1 for one prefix, shape (n_draws, n_steps). Row 0 belongs to the greedy draw and is not used."""
    return torch.rand(n_draws, n_steps, generator=torch.Generator().manual_seed(seed))


def pick_tokens(logits: Tensor, noise: Tensor, is_greedy: Tensor, sampling: Sampling) -> Tensor:
    """Next token of every row, shape (R,): the argmax, or an inverse-CDF sample of the nucleus.

    logits: (R, V) float32; noise: (R,) in 0..1; is_greedy: (R,), True where the argmax is taken.
    """
    if bool(is_greedy.all()):
        return logits.argmax(-1)
    top, ids = logits.topk(min(NUCLEUS_LIMIT, logits.shape[-1]), dim=-1)
    chances = (top / sampling.temperature).softmax(-1)
    before = chances.cumsum(-1) - chances
    chances = chances * (before < sampling.top_p)
    reached = chances.cumsum(-1)
    place = (reached < noise[:, None] * reached[:, -1:]).sum(-1).clamp(max=ids.shape[-1] - 1)
    place = torch.where(is_greedy, torch.zeros_like(place), place)
    return ids.gather(-1, place[:, None])[:, 0]


def _left_padded(prefixes: Sequence[Sequence[int]], padding_id: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """ids and keep_mask (1 where a token is real), both (P, longest prefix)."""
    width = max(map(len, prefixes))
    ids = torch.tensor([[padding_id] * (width - len(prefix)) + list(prefix) for prefix in prefixes], device=device)
    keep = torch.tensor([[0] * (width - len(prefix)) + [1] * len(prefix) for prefix in prefixes], device=device)
    return ids, keep


class _Rows:
    """The rows still being written: their cache, their masks, and which of the R rows they are."""

    def __init__(self, model: PreTrainedModel, prefixes: Sequence[Sequence[int]], n_draws: int, padding_id: int) -> None:
        self.model = model
        ids, keep = _left_padded(prefixes, padding_id, model.device)
        self.cache = DynamicCache(config=model.config)
        positions = (keep.cumsum(-1) - 1).clamp(min=0)
        out = model(input_ids=ids, attention_mask=keep, position_ids=positions, past_key_values=self.cache, use_cache=True, logits_to_keep=1)
        self.cache.batch_repeat_interleave(n_draws)
        self.keep = keep.repeat_interleave(n_draws, 0)
        self.index = torch.arange(len(prefixes) * n_draws, device=model.device)
        self.logits = out.logits[:, -1].float().repeat_interleave(n_draws, 0)

    def advance(self, tokens: Tensor) -> None:
        """Write `tokens`, shape (live rows,), and read the logits that follow them."""
        self.keep = torch.cat([self.keep, torch.ones_like(self.keep[:, :1])], 1)
        positions = self.keep.sum(1, keepdim=True) - 1
        out = self.model(
            input_ids=tokens[:, None], attention_mask=self.keep, position_ids=positions, past_key_values=self.cache, use_cache=True
        )
        self.logits = out.logits[:, -1].float()

    def retain(self, is_live: Tensor) -> None:
        """Drop the rows where `is_live`, shape (live rows,), is False."""
        places = is_live.nonzero()[:, 0]
        self.cache.batch_select_indices(places)
        self.keep, self.index, self.logits = self.keep[places], self.index[places], self.logits[places]


@torch.inference_mode()
def draw_continuations(model: PreTrainedModel, prefixes: Sequence[Sequence[int]], noise: Tensor, sampling: Sampling) -> list[list[Draw]]:
    """K draws for each prefix, the greedy one first. noise: (P, K, S) in 0..1 with S >= max_new_tokens."""
    n_draws = noise.shape[1]
    flat_noise = noise.flatten(0, 1).to(model.device)
    is_greedy = torch.arange(len(flat_noise), device=model.device) % n_draws == 0
    endings = torch.tensor(sorted(sampling.ending_ids), device=model.device)
    rows = _Rows(model, prefixes, n_draws, sampling.padding_id)
    written = torch.full((len(flat_noise), sampling.max_new_tokens), -1, device=model.device)
    gains = torch.zeros(len(flat_noise), sampling.max_new_tokens, device=model.device)
    is_open = torch.ones(len(flat_noise), dtype=torch.bool, device=model.device)
    for step in range(sampling.max_new_tokens):
        tokens = pick_tokens(rows.logits, flat_noise[rows.index, step], is_greedy[rows.index], sampling)
        still = is_open[rows.index]
        gain = rows.logits.log_softmax(-1).gather(-1, tokens[:, None])[:, 0]
        written[rows.index[still], step] = tokens[still]
        gains[rows.index[still], step] = gain[still]
        is_open[rows.index] = still & ~torch.isin(tokens, endings)
        still = is_open[rows.index]
        if not still.any():
            break
        rows.advance(tokens)
        if float(still.float().mean()) < COMPACT_BELOW:
            rows.retain(still)
    draws = [_draw(ids, gain, sampling) for ids, gain in zip(written.tolist(), gains, strict=True)]
    return [draws[start : start + n_draws] for start in range(0, len(draws), n_draws)]


@torch.inference_mode()
def mean_log_probabilities(model: PreTrainedModel, prefixes: Sequence[Sequence[int]], texts: Sequence[Sequence[int]], padding_id: int) -> list[float]:
    """Nats per token that the model gives each text, at temperature 1, after the prefix of the same place. No text is empty."""
    rows = [[*prefix, *text] for prefix, text in zip(prefixes, texts, strict=True)]
    width = max(map(len, rows))
    ids = torch.tensor([row + [padding_id] * (width - len(row)) for row in rows], device=model.device)
    hidden = model.get_decoder()(input_ids=ids, use_cache=False).last_hidden_state  # padding is behind the text: causal rows never see it
    places = [row * width + at for row, prefix in enumerate(prefixes) for at in range(len(prefix) - 1, len(rows[row]) - 1)]
    logits = model.get_output_embeddings()(hidden.flatten(0, 1)[places]).float()
    labels = torch.tensor([token for text in texts for token in text], device=model.device)
    gains = logits.log_softmax(-1).gather(-1, labels[:, None])[:, 0]
    return [float(gain.mean()) for gain in gains.split([len(text) for text in texts])]


def _draw(written: list[int], gains: Tensor, sampling: Sampling) -> Draw:
    ids = [token for token in written if token >= 0]
    mean = float(gains[: len(ids)].mean())
    if ids and ids[-1] in sampling.ending_ids:
        return Draw(tuple(ids[:-1]), mean, ids[-1])
    return Draw(tuple(ids), mean, None)
