"""ZipVoice: tokens and a prompt in, the velocity of the mel frames out. Keys and shapes as published (papers.md §4.6 to §4.8).

`text_condition` is computed once per utterance; `velocity` once per solver step (`models/speech/solver.py`). Frames are mel frames of
93.75 Hz, features are log-mel times 0.1. Token durations are arguments, so a caller times words and pauses without touching weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from models.speech.zipformer import Zipformer, ZipformerConfig, padding_mask

BASE_GUIDANCE_SCALE = 1.0
DISTILLED_GUIDANCE_SCALE = 3.0
BASE_STEPS = 16
DISTILLED_STEPS = 8


@dataclass(frozen=True, slots=True)
class ZipVoiceConfig:
    """Sizes by the names of the public `model.json`; the defaults are those of the base model."""

    fm_decoder_downsampling_factor: tuple[int, ...] = (1, 2, 4, 2, 1)
    fm_decoder_num_layers: tuple[int, ...] = (2, 2, 4, 4, 4)
    fm_decoder_cnn_module_kernel: tuple[int, ...] = (31, 15, 7, 15, 31)
    fm_decoder_feedforward_dim: int = 1536
    fm_decoder_num_heads: int = 4
    fm_decoder_dim: int = 512
    text_encoder_num_layers: int = 4
    text_encoder_feedforward_dim: int = 512
    text_encoder_cnn_module_kernel: int = 9
    text_encoder_num_heads: int = 4
    text_encoder_dim: int = 192
    time_embed_dim: int = 192
    text_embed_dim: int = 192
    query_head_dim: int = 32
    value_head_dim: int = 12
    pos_head_dim: int = 4
    pos_dim: int = 48
    feat_dim: int = 100

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> ZipVoiceConfig:
        """Raises ValueError naming what is missing or of the wrong kind."""
        known, taken = cls.__dataclass_fields__, {}
        for name, field in known.items():
            if name not in values:
                raise ValueError(f"The model's sizes lack “{name}”; a ZipVoice model.json names it under “model”.")
            value = values[name]
            wants_many = isinstance(field.default, tuple)
            many = value if isinstance(value, list | tuple) else [value]
            if isinstance(value, list | tuple) != wants_many or not all(isinstance(one, int) and 0 < one <= 65_536 for one in many):
                raise ValueError(f"“{name}” of the model's sizes must be {'a list of whole numbers' if wants_many else 'a whole number'}, not {value!r}.")
            taken[name] = tuple(many) if wants_many else value
        return cls(**taken)

    def as_json(self) -> dict[str, object]:
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def decoder(self, *, is_distilled: bool) -> ZipformerConfig:
        return ZipformerConfig(
            in_dim=3 * self.feat_dim, out_dim=self.feat_dim, dim=self.fm_decoder_dim, downsampling=self.fm_decoder_downsampling_factor,
            layers=self.fm_decoder_num_layers, kernels=self.fm_decoder_cnn_module_kernel, feedforward_dim=self.fm_decoder_feedforward_dim,
            heads=self.fm_decoder_num_heads, query_head_dim=self.query_head_dim, value_head_dim=self.value_head_dim,
            pos_head_dim=self.pos_head_dim, pos_dim=self.pos_dim, time_dim=self.time_embed_dim, has_guidance_input=is_distilled,
        )  # fmt: skip

    def text(self) -> ZipformerConfig:
        return ZipformerConfig(
            in_dim=self.text_embed_dim, out_dim=self.feat_dim, dim=self.text_encoder_dim, downsampling=(1,),
            layers=(self.text_encoder_num_layers,), kernels=(self.text_encoder_cnn_module_kernel,),
            feedforward_dim=self.text_encoder_feedforward_dim, heads=self.text_encoder_num_heads, query_head_dim=self.query_head_dim,
            value_head_dim=self.value_head_dim, pos_head_dim=self.pos_head_dim, pos_dim=self.pos_dim,
        )  # fmt: skip


class ZipVoice(nn.Module):
    """The flow-matching backbone. `is_distilled`: guidance is an input and one branch is enough."""

    def __init__(self, config: ZipVoiceConfig, vocab_size: int, *, pad_id: int = 0, is_distilled: bool = False) -> None:
        super().__init__()
        self.config, self.pad_id, self.is_distilled = config, pad_id, is_distilled
        self.embed = nn.Embedding(vocab_size, config.text_embed_dim)
        self.text_encoder = Zipformer(config.text())
        self.fm_decoder = Zipformer(config.decoder(is_distilled=is_distilled))

    def text_states(self, tokens: Sequence[Sequence[int]]) -> Tensor:
        """(batch, longest + 1, feat_dim): one vector per token, then the pad's; every row ends in at least one pad."""
        longest = max(len(row) for row in tokens) + 1
        device = self.embed.weight.device
        padded = torch.tensor([[*row, *[self.pad_id] * (longest - len(row))] for row in tokens], device=device)
        mask = padding_mask([len(row) for row in tokens], longest).to(device)
        return self.text_encoder(self.embed(padded), mask=mask)

    def text_condition(self, tokens: Sequence[Sequence[int]], counts: Sequence[Sequence[int]], frames: int) -> Tensor:
        """(batch, frames, feat_dim): token i of a row for counts[i] frames, the rest of the row on the pad's vector.

        Raises ValueError where counts and tokens differ in number or exceed `frames`."""
        return self.placed_condition(tokens, torch.stack([frames_of_tokens(row, many, frames) for row, many in zip(tokens, counts, strict=True)]))

    def placed_condition(self, tokens: Sequence[Sequence[int]], index: Tensor) -> Tensor:
        """`text_condition` where every frame names its token: `index` (batch, frames), the number of tokens of a row standing for the pad."""
        states = self.text_states(tokens)
        return torch.gather(states, 1, index.to(states.device)[:, :, None].expand(-1, -1, states.shape[2]))

    def velocity(
        self, time: Tensor, x: Tensor, text: Tensor, speech: Tensor, mask: Tensor | None = None, *, guidance: Tensor | None = None,
        added_time: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """dx/dt at flow time `time` (batch,): x, text and speech conditions (batch, frames, feat_dim), mask True on padding.

        `guidance` (batch,) only for distilled nets. `added_time` (batch, time_embed_dim): a speaker embedding, added to the time embedding."""
        embedded = self.fm_decoder.embed_time(time, guidance)
        embedded = embedded if added_time is None else embedded + added_time
        return self.fm_decoder(torch.cat((x, text, speech), dim=2), embedded, mask)


def frames_of_tokens(tokens: Sequence[int], counts: Sequence[int], frames: int) -> Tensor:
    """For every frame the index of its token; left-over frames point behind the last token, at the pad."""
    if len(tokens) != len(counts):
        raise ValueError(f"{len(tokens)} tokens cannot share {len(counts)} durations; give one for each.")
    if min(counts, default=0) < 0 or sum(counts) > frames:
        raise ValueError(f"Token durations of {sum(counts)} frames do not fit into {frames}; shorten them, and let none be negative.")
    index = torch.full((frames,), len(tokens), dtype=torch.long)
    spoken = torch.repeat_interleave(torch.arange(len(tokens)), torch.tensor(counts, dtype=torch.long)) if len(tokens) else index[:0]
    index[: len(spoken)] = spoken
    return index
