"""Drawing and scoring within the memory there is: prefixes and noise in, draws out, in as many parts as fit.

Parts change nothing in the draws. Where memory still runs out, the part is halved, the room stays that small, and `notices` says so; where
the smallest does not fit, others' models are let go and waited for (`out_of_memory.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from models.out_of_memory import is_out_of_memory
from studio.engines.out_of_memory import Fitted, NoRelief, OutOfMemory, Relief, within_memory

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

    from models.translation.decode import Draw, Sampling

TEXTS_AT_ONCE = 64
Result = TypeVar("Result")


class OutOfRoom(Exception):
    """Not even the smallest part fits into memory. The sentence says what to do."""

    def __init__(self) -> None:
        super().__init__("memory does not suffice even for one line at a time; close other programs, or name a smaller model.")


class Room:
    """`max_tokens`: cached tokens, over all rows, that are decoded at once; it shrinks when memory runs out, and never grows.
    `tokens_per_row`: what the logits of a row take, in cached tokens. `relief`: who makes room on the model's device."""

    def __init__(self, max_tokens: int, tokens_per_row: int = 0, relief: Callable[[], Relief] = NoRelief) -> None:
        self.max_tokens, self._tokens_per_row, self._relief = max_tokens, tokens_per_row, relief
        self._texts_at_once = TEXTS_AT_ONCE
        self._halvings = 0

    def notices(self) -> tuple[str, ...]:
        if not self._halvings:
            return ()
        times = "once" if self._halvings == 1 else f"{self._halvings} times"
        return (f"Memory ran short while wordings were drawn, so the batch was halved {times}; nothing is missing, but it takes longer.",)

    def draw(self, model: PreTrainedModel, prefixes: Sequence[Sequence[int]], noise: Tensor, sampling: Sampling) -> list[list[Draw]]:
        """As `draw_continuations`: noise (P, K, S), one list of K draws per prefix. Raises OutOfRoom."""
        from models.translation.decode import draw_continuations

        n_draws = noise.shape[1]
        is_smallest = len(prefixes) == 1 and n_draws <= 2  # the greedy draw goes with every part
        cost = len(prefixes) * n_draws * (max(map(len, prefixes)) + sampling.max_new_tokens + self._tokens_per_row)
        if is_smallest:
            return self._fitted(lambda _: draw_continuations(model, prefixes, noise, sampling), 1).result
        if cost <= self.max_tokens:
            found = self._unless_full(lambda: draw_continuations(model, prefixes, noise, sampling))
            if found is not None:
                return found
            self.max_tokens, self._halvings = cost // 2, self._halvings + 1
        if len(prefixes) > 1:
            middle = len(prefixes) // 2
            first = self.draw(model, prefixes[:middle], noise[:middle], sampling)
            return first + self.draw(model, prefixes[middle:], noise[middle:], sampling)
        return self._draw_in_two(model, prefixes, noise, sampling)

    def _draw_in_two(self, model: PreTrainedModel, prefixes: Sequence[Sequence[int]], noise: Tensor, sampling: Sampling) -> list[list[Draw]]:
        """The draws of one prefix in two parts; the second makes the greedy draw once more, and it is left out there."""
        middle = (noise.shape[1] + 1) // 2
        (first,) = self.draw(model, prefixes, noise[:, :middle], sampling)
        (second,) = self.draw(model, prefixes, _with_greedy(noise, middle), sampling)
        return [first + second[1:]]

    def score(self, model: PreTrainedModel, prefixes: Sequence[Sequence[int]], texts: Sequence[Sequence[int]]) -> list[float]:
        """As `mean_log_probabilities`, one number per text. Raises OutOfRoom."""
        from models.translation.decode import mean_log_probabilities

        scores: list[float] = []
        while len(scores) < len(texts):
            first = len(scores)

            def scored(count: int, first: int = first) -> list[float]:
                part = slice(first, first + count)
                return mean_log_probabilities(model, prefixes[part], texts[part], 0)

            made = self._fitted(scored, self._texts_at_once)
            scores, self._texts_at_once = scores + made.result, made.batch
        return scores

    def _fitted(self, attempt: Callable[[int], Result], batch: int) -> Fitted[Result]:
        try:
            made = within_memory(attempt, batch, self._relief())
        except OutOfMemory as error:
            raise OutOfRoom from error
        self._halvings += made.halvings
        return made

    def _unless_full(self, work: Callable[[], Result]) -> Result | None:
        """What `work` returns, or None when memory ran out; what it held is let go before the next try."""
        try:
            return work()
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        self._relief().clear()
        return None


def room_for(model: PreTrainedModel, cache_mb: int, relief: Callable[[], Relief] = NoRelief) -> Room:
    """Room for a key-value cache of `cache_mb`, in tokens of this model."""
    config = model.config
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    head_width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    bytes_per_token = 2 * config.num_hidden_layers * heads * head_width * model.dtype.itemsize
    logit_bytes = 3 * 4 * config.vocab_size  # float32: as they come, sorted, and as log-probabilities
    return Room(cache_mb * 2**20 // bytes_per_token, logit_bytes // bytes_per_token, relief)


def _with_greedy(noise: Tensor, start: int) -> Tensor:
    import torch

    return torch.cat([noise[:, :1], noise[:, start:]], 1)
