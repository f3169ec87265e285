"""The Zipformer stacks of ZipVoice, for the text encoder and for the vector field: frames in, frames out, keys and shapes as published.

Source: papers.md §4.7, §4.8. Batch first: (batch, frames, dim). Masks are True on padding. What depends only on the number of frames
(`RelativePositions`) is passed in, so that a solver computes it once for all its steps; a new layer part goes into `ZipformerLayer.forward`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

MASKED_SCORE = -1000.0  # as published: a key on padding, before the softmax
GUIDANCE_DIM = 192  # of the embedded guidance scale of distilled nets, whatever their size
_LONGEST_PERIOD = 10_000.0


@dataclass(frozen=True, slots=True)
class ZipformerConfig:
    """Sizes of one net of stacks; stack k runs at 1/downsampling[k] of the frame rate. `time_dim` 0: no time embedding (text side)."""

    in_dim: int
    out_dim: int
    dim: int
    downsampling: tuple[int, ...]
    layers: tuple[int, ...]
    kernels: tuple[int, ...]
    feedforward_dim: int
    heads: int
    query_head_dim: int = 32
    value_head_dim: int = 12
    pos_head_dim: int = 4
    pos_dim: int = 48
    time_dim: int = 0
    has_guidance_input: bool = False

    def __post_init__(self) -> None:
        if not len(self.downsampling) == len(self.layers) == len(self.kernels) > 0:
            raise ValueError("Every stack of a Zipformer needs a downsampling factor, a number of layers and a kernel; give as many of each.")


RelativePositions = Mapping[int, Tensor]


def swoosh_left(x: Tensor) -> Tensor:
    """log(1 + e^(x−4)) − 0.08 x − 0.035."""
    return functional.softplus(x - 4.0) - 0.08 * x - 0.035


def swoosh_right(x: Tensor) -> Tensor:
    """log(1 + e^(x−1)) − 0.08 x − 0.313261687, zero at zero."""
    return functional.softplus(x - 1.0) - 0.08 * x - 0.313261687


class SwooshRight(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return swoosh_right(x)


def compact_positions(frames: int, dim: int, like: Tensor) -> Tensor:
    """Embedding of the offsets −(frames−1) … frames−1, shape (2·frames − 1, dim): logarithmic far away, exact near by."""
    offsets = torch.arange(-(frames - 1), frames, dtype=torch.float32, device=like.device)
    root = math.sqrt(dim)
    compressed = root * offsets.sign() * ((offsets.abs() + root).log() - math.log(root))
    angle = torch.atan(compressed / (dim / (2.0 * math.pi)))[:, None] * torch.arange(1, dim // 2 + 1, device=like.device)
    embedded = torch.stack((angle.cos(), angle.sin()), dim=2).flatten(1)
    embedded[:, -1] = 1.0
    return embedded.to(like.dtype)


def sinusoids(values: Tensor, dim: int) -> Tensor:
    """cos ‖ sin of values at dim/2 geometric frequencies: (batch,) → (batch, dim)."""
    half = dim // 2
    rates = torch.exp(torch.arange(half, dtype=torch.float32, device=values.device) * (-math.log(_LONGEST_PERIOD) / half))
    angle = values.float()[:, None] * rates
    return torch.cat((angle.cos(), angle.sin()), dim=1)


def quiet_linear(in_dim: int, out_dim: int, scale: float) -> nn.Linear:
    """A linear layer that starts small, for the ends of residual branches: a deep stack then starts near the identity."""
    layer = nn.Linear(in_dim, out_dim)
    with torch.no_grad():
        layer.weight.mul_(scale)
        layer.bias.mul_(scale)
    return layer


class Bypass(nn.Module):
    """Channel by channel between what came in and what was made of it."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.bypass_scale = nn.Parameter(torch.full((dim,), 0.5))

    def forward(self, source: Tensor, made: Tensor) -> Tensor:
        return torch.addcmul(source, made - source, self.bypass_scale)


class BiasNorm(nn.Module):
    """x · e^log_scale / rms(x − bias)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(1.0))
        self.bias = nn.Parameter(torch.full((dim,), 1e-4))

    def forward(self, x: Tensor) -> Tensor:
        return x * ((x - self.bias).square().mean(dim=-1, keepdim=True).rsqrt() * self.log_scale.exp())


class AttentionWeights(nn.Module):
    """Who looks where, for all uses of attention in a layer: (batch, heads, frames, frames). Scores are not divided by √d."""

    def __init__(self, config: ZipformerConfig) -> None:
        super().__init__()
        self.config = config
        self.in_proj = nn.Linear(config.dim, config.heads * (2 * config.query_head_dim + config.pos_head_dim))
        self.linear_pos = nn.Linear(config.pos_dim, config.heads * config.pos_head_dim, bias=False)

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor | None) -> Tensor:
        """`positions`: (2·frames − 1, pos_dim). `mask`: (batch, frames), True on keys that are padding."""
        batch, frames, _ = x.shape
        heads, query, place = self.config.heads, self.config.query_head_dim, self.config.pos_head_dim
        q, k, p = self.in_proj(x).split((heads * query, heads * query, heads * place), dim=2)
        q, k, p = (part.view(batch, frames, heads, -1).transpose(1, 2) for part in (q, k, p))
        far = self.linear_pos(positions).view(-1, heads, place).permute(1, 2, 0)
        scores = q @ k.transpose(2, 3) + by_offset(p @ far)
        if mask is not None:
            scores = scores.masked_fill(mask[:, None, None, :], MASKED_SCORE)
        return scores.softmax(dim=-1)


def by_offset(scores: Tensor) -> Tensor:
    """(…, frames, 2·frames − 1) over offsets → (…, frames, frames): entry (i, j) is the score of offset j − i. A view, no copy."""
    scores = scores.contiguous()
    batch, heads, frames, _ = scores.shape
    first, second, row, column = scores.stride()
    return scores.as_strided((batch, heads, frames, frames), (first, second, row - column, column), scores.storage_offset() + (frames - 1) * column)


class SelfAttention(nn.Module):
    def __init__(self, config: ZipformerConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.in_proj = nn.Linear(config.dim, config.heads * config.value_head_dim)
        self.out_proj = quiet_linear(config.heads * config.value_head_dim, config.dim, 0.05)

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        batch, frames, _ = x.shape
        values = self.in_proj(x).view(batch, frames, self.heads, -1).transpose(1, 2)
        return self.out_proj((weights @ values).transpose(1, 2).reshape(batch, frames, -1))


class NonlinearAttention(nn.Module):
    """The first head's weights carry a gated product of the frames."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        hidden = 3 * dim // 4
        self.in_proj = nn.Linear(dim, 3 * hidden)
        self.out_proj = quiet_linear(hidden, dim, 0.05)

    def forward(self, x: Tensor, first_head: Tensor) -> Tensor:
        gate, carried, out = self.in_proj(x).chunk(3, dim=2)
        return self.out_proj((first_head @ (carried * gate.tanh())) * out)


class FeedForward(nn.Module):
    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.in_proj = nn.Linear(dim, hidden)
        self.out_proj = quiet_linear(hidden, dim, 0.1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out_proj(swoosh_left(self.in_proj(x)))


class ConvolutionModule(nn.Module):
    def __init__(self, dim: int, kernel: int) -> None:
        super().__init__()
        self.in_proj = nn.Linear(dim, 2 * dim)
        self.depthwise_conv = nn.Conv1d(dim, dim, kernel, padding=kernel // 2, groups=dim)
        self.out_proj = quiet_linear(dim, dim, 0.05)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        x = functional.glu(self.in_proj(x), dim=2)
        if mask is not None:
            x = x.masked_fill(mask[:, :, None], 0.0)
        return self.out_proj(swoosh_right(self._convolved(x)))

    def _convolved(self, x: Tensor) -> Tensor:
        """The depthwise convolution along the frames, through two dimensions, one of them 1: the faster way to the same numbers on a CPU."""
        conv = self.depthwise_conv
        wide = functional.conv2d(x.transpose(1, 2)[:, :, None], conv.weight[:, :, None], conv.bias, padding=(0, conv.padding[0]), groups=conv.groups)
        return wide[:, :, 0].transpose(1, 2)


class ZipformerLayer(nn.Module):
    """One layer; attention weights are found once, from what comes in, and used three times."""

    def __init__(self, config: ZipformerConfig, kernel: int) -> None:
        super().__init__()
        dim, hidden = config.dim, config.feedforward_dim
        self.bypass = Bypass(dim)
        self.bypass_mid = Bypass(dim)
        self.self_attn_weights = AttentionWeights(config)
        self.self_attn1 = SelfAttention(config)
        self.self_attn2 = SelfAttention(config)
        self.feed_forward1 = FeedForward(dim, hidden * 3 // 4)
        self.feed_forward2 = FeedForward(dim, hidden)
        self.feed_forward3 = FeedForward(dim, hidden * 5 // 4)
        self.nonlin_attention = NonlinearAttention(dim)
        self.conv_module1 = ConvolutionModule(dim, kernel)
        self.conv_module2 = ConvolutionModule(dim, kernel)
        self.norm = BiasNorm(dim)

    def forward(self, source: Tensor, positions: Tensor, time: Tensor | None, mask: Tensor | None) -> Tensor:
        """`time`: (batch, 1, dim), added three times; None on the text side."""
        weights = self.self_attn_weights(source, positions, mask)
        x = source if time is None else source + time
        x = x + self.feed_forward1(x)
        x = x + self.nonlin_attention(x, weights[:, 0])
        x = x + self.self_attn1(x, weights)
        x = x if time is None else x + time
        x = x + self.conv_module1(x, mask)
        x = x + self.feed_forward2(x)
        x = self.bypass_mid(source, x)
        x = x + self.self_attn2(x, weights)
        x = x if time is None else x + time
        x = x + self.conv_module2(x, mask)
        x = x + self.feed_forward3(x)
        return self.bypass(source, self.norm(x))


class Stack(nn.Module):
    """Layers at one frame rate."""

    def __init__(self, config: ZipformerConfig, layers: int, kernel: int) -> None:
        super().__init__()
        if config.time_dim:
            self.time_emb = nn.Sequential(SwooshRight(), nn.Linear(config.time_dim, config.dim))
        self.layers = nn.ModuleList(ZipformerLayer(config, kernel) for _ in range(layers))

    def forward(self, x: Tensor, positions: Tensor, time: Tensor | None, mask: Tensor | None) -> Tensor:
        added = None if time is None else self.time_emb(time)[:, None]
        for layer in self.layers:
            x = layer(x, positions, added, mask)
        return x


class Downsample(nn.Module):
    """Groups of `factor` frames as one, weighted by softmax(bias); the tail repeats the last frame."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(factor))

    def forward(self, x: Tensor) -> Tensor:
        batch, frames, dim = x.shape
        factor = len(self.bias)
        missing = -frames % factor
        if missing:
            x = torch.cat((x, x[:, -1:].expand(batch, missing, dim)), dim=1)
        return torch.einsum("bfgd,g->bfd", x.view(batch, -1, factor, dim), self.bias.softmax(dim=0))


class DownsampledStack(nn.Module):
    """A stack at a lower rate, brought back by repetition and mixed with what came in."""

    def __init__(self, config: ZipformerConfig, layers: int, kernel: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        self.downsample = Downsample(factor)
        self.encoder = Stack(config, layers, kernel)
        self.out_combiner = Bypass(config.dim)

    def forward(self, x: Tensor, positions: Tensor, time: Tensor | None, mask: Tensor | None) -> Tensor:
        coarse_mask = None if mask is None else mask[:, :: self.factor]
        coarse = self.encoder(self.downsample(x), positions, time, coarse_mask)
        return self.out_combiner(x, coarse.repeat_interleave(self.factor, dim=1)[:, : x.shape[1]])


class Zipformer(nn.Module):
    """(batch, frames, in_dim) → (batch, frames, out_dim)."""

    def __init__(self, config: ZipformerConfig) -> None:
        super().__init__()
        self.config = config
        self.in_proj = nn.Linear(config.in_dim, config.dim)
        self.out_proj = nn.Linear(config.dim, config.out_dim)
        self.encoders = nn.ModuleList(
            Stack(config, layers, kernel) if factor == 1 else DownsampledStack(config, layers, kernel, factor)
            for factor, layers, kernel in zip(config.downsampling, config.layers, config.kernels, strict=True)
        )
        if config.time_dim:
            self.time_embed = nn.Sequential(
                nn.Linear(config.time_dim, 2 * config.time_dim), SwooshRight(), nn.Linear(2 * config.time_dim, config.time_dim)
            )
        if config.has_guidance_input:
            self.guidance_scale_embed = nn.Linear(GUIDANCE_DIM, config.time_dim, bias=False)

    def embed_time(self, time: Tensor, guidance: Tensor | None = None) -> Tensor:
        """Flow time 0…1, and the guidance scale of a distilled net, each (batch,) → (batch, time_dim)."""
        embedded = sinusoids(time, self.config.time_dim).to(self.in_proj.weight.dtype)
        if guidance is not None:
            embedded = embedded + self.guidance_scale_embed(sinusoids(guidance, GUIDANCE_DIM).to(embedded.dtype))
        return self.time_embed(embedded)

    def positions(self, frames: int) -> RelativePositions:
        """Per downsampling factor, the embedded offsets for that many frames."""
        weight = self.in_proj.weight
        return {factor: compact_positions(-(-frames // factor), self.config.pos_dim, weight) for factor in set(self.config.downsampling)}

    def forward(
        self, x: Tensor, time: Tensor | None = None, mask: Tensor | None = None, *, positions: RelativePositions | None = None
    ) -> Tensor:
        """`time`: what `embed_time` gives, with anything to be added to it. `mask`: (batch, frames), True on padding."""
        return self.stacks(self.in_proj(x), time, mask, positions=positions)

    def stacks(
        self, hidden: Tensor, time: Tensor | None = None, mask: Tensor | None = None, *, positions: RelativePositions | None = None
    ) -> Tensor:
        """`forward` for a caller who has applied `in_proj` already, as a solver does for what does not change between steps."""
        places = self.positions(hidden.shape[1]) if positions is None else positions
        for factor, encoder in zip(self.config.downsampling, self.encoders, strict=True):
            hidden = encoder(hidden, places[factor], time, mask)
        return self.out_proj(hidden)


def padding_mask(lengths: Sequence[int], frames: int) -> Tensor:
    """(len(lengths), frames), True beyond each length."""
    return torch.arange(frames)[None] >= torch.tensor(lengths)[:, None]
