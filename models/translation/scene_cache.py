"""One key-value cache for several scenes side by side, each with its own length; what a line's candidates wrote is given up for nothing.

The caller names the column of every token before a forward pass (`place`); tokens of one scene may form a tree. Giving candidates
up (the crop after a line) is writing over them. Works with attention that takes a four-dimensional mask (sdpa, eager).
Letters: B scenes, R tokens per scene in one pass (padded), H key-value heads, C columns, D width of a head.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.cache_utils import Cache, DynamicLayer

_SPARE_COLUMNS = 64


class _Places:
    """Where the tokens of the next pass go: rows (B, 1), columns (B, R), and how many columns are in use."""

    def __init__(self) -> None:
        self.rows = self.columns = torch.zeros(0, 0, dtype=torch.long)
        self.width = 0


class _SceneLayer(DynamicLayer):
    """Keys and values of one layer in a buffer (B, H, C, D) that grows by half."""

    def __init__(self, places: _Places) -> None:
        super().__init__()
        self._places = places

    def update(self, key_states: Tensor, value_states: Tensor, *args: object, **kwargs: object) -> tuple[Tensor, Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self.keys = self.values = key_states[:, :, :0]
        self.keys = self._written(self.keys, key_states)
        self.values = self._written(self.values, value_states)
        return self.keys[:, :, : self._places.width], self.values[:, :, : self._places.width]

    def _written(self, buffer: Tensor, states: Tensor) -> Tensor:
        width = self._places.width
        if buffer.shape[2] < width:  # zeros, not garbage: a masked value still meets a weight of 0, and 0 * NaN is NaN
            grown = states.new_zeros(*states.shape[:2], width + width // 2 + _SPARE_COLUMNS, states.shape[3])
            grown[:, :, : buffer.shape[2]] = buffer
            buffer = grown
        buffer[self._places.rows, :, self._places.columns] = states.transpose(1, 2)
        return buffer

    def get_seq_length(self) -> int:
        return self._places.width


class SceneCache(Cache):
    """A cache for `model` (Qwen2 or Llama type, no sliding windows). Raises ValueError, a sentence, for any other."""

    def __init__(self, model: PreTrainedModel) -> None:
        config = model.config
        kinds = set(getattr(config, "layer_types", None) or ("full_attention",))
        if kinds != {"full_attention"} or config._attn_implementation not in ("sdpa", "eager"):
            kind = f"{', '.join(sorted(kinds))}; {config._attn_implementation}"
            raise ValueError(f"Candidates share a cache only under full attention by sdpa or eager, not under {kind}. Load the model otherwise.")
        self._places = _Places()
        super().__init__(layers=[_SceneLayer(self._places) for _ in range(config.num_hidden_layers)])

    def place(self, starts: Sequence[int], n_tokens: int, device: torch.device) -> int:
        """The next pass writes `n_tokens` per scene from column `starts[b]` on; returns how many columns its mask must have.

        Padding behind a scene's tokens lands behind them too; the scene's next pass writes over it.
        """
        self._places.rows = torch.arange(len(starts), device=device)[:, None]
        self._places.columns = torch.tensor(starts, device=device)[:, None] + torch.arange(n_tokens, device=device)
        self._places.width = max(starts) + n_tokens
        return self._places.width

    def keep_scenes(self, rows: Sequence[int]) -> None:
        """Give up all scenes but these."""
        for layer in self.layers:
            if layer.is_initialized:
                layer.batch_select_indices(torch.tensor(list(rows), device=layer.keys.device))
