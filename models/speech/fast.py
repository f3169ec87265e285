"""The vector field for inference on a CPU: the numbers of `Zipformer.stacks`, in float32 to rounding, in bfloat16 within 1e-2, in less time.

A trained net's decoder enters (`FastDecoder`, packed once, then good for all lines); `FastField` stands in for `GuidedField`. What makes the
difference: weights packed for oneDNN with gates and residual sums in the same pass; depthwise convolutions over channels where they lie;
constants of the swooshes folded into biases; position scores of a block of rows only where that block looks. Changes to the net's weights
afterwards are not seen. The frames' own sums, norms, attention scores and the first and last layer stay in float32 either way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.speech.fast_linear import FastLinear
from models.speech.guidance import Scales
from models.speech.syncvoice import Conditions, GuidedField, SyncVoice
from models.speech.zipformer import (
    MASKED_SCORE,
    AttentionWeights,
    Bypass,
    ConvolutionModule,
    DownsampledStack,
    FeedForward,
    NonlinearAttention,
    SelfAttention,
    Stack,
    Zipformer,
    ZipformerLayer,
    compact_positions,
)

_ROWS = 128  # of attention scores made at a time, so that they are still in the cache when they are normalised
_SLOPE = 0.08
_LEFT, _RIGHT = 4.0, 1.0  # the swooshes' shifts, and below the constants they leave behind once shifted
_LEFT_REST, _RIGHT_REST = 0.035 + _SLOPE * _LEFT, 0.313261687 + _SLOPE * _RIGHT

FarKeys = Sequence[Sequence[Tensor]]  # per stack and layer the position keys, (heads, pos_head_dim, 2·frames − 1)


def _unshifted_swoosh(x: Tensor) -> Tensor:
    """softplus(x) − 0.08 x, x not needed afterwards: what is left of either swoosh when its constants are in the biases before and after it."""
    from models.speech.fast_swoosh import WORTH_THREADS, swoosh_in_place  # numba takes its time to load

    if torch.get_num_threads() > WORTH_THREADS:
        return functional.softplus(x).add_(x, alpha=-_SLOPE)
    values = x.float().contiguous()
    swoosh_in_place(values.view(-1).numpy())
    return values.to(x.dtype)


def _after_swoosh(linear: nn.Linear, rest: float, dtype: torch.dtype) -> FastLinear:
    return FastLinear(linear.weight, linear.bias - rest * linear.weight.sum(dim=1), dtype)


def _parts(linear: nn.Linear, count: int, dtype: torch.dtype) -> list[FastLinear]:
    """One layer per `count`-th of the outputs."""
    return [FastLinear(weight, bias, dtype) for weight, bias in zip(linear.weight.chunk(count), linear.bias.chunk(count), strict=True)]


class _FeedForward:
    def __init__(self, net: FeedForward, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self.enter = FastLinear(net.in_proj.weight, net.in_proj.bias - _LEFT, dtype)
        self.leave = _after_swoosh(net.out_proj, _LEFT_REST, dtype)

    def onto(self, x: Tensor) -> Tensor:
        return self.leave.onto(x, _unshifted_swoosh(self.enter(x.to(self.dtype))))


class _Convolution:
    def __init__(self, net: ConvolutionModule, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self.carry, self.gate = _parts(net.in_proj, 2, dtype)
        self.weight = net.depthwise_conv.weight.detach()[:, :, None].to(dtype)
        self.bias = (net.depthwise_conv.bias.detach() - _RIGHT).to(dtype)
        self.leave = _after_swoosh(net.out_proj, _RIGHT_REST, dtype)

    def onto(self, x: Tensor, mask: Tensor | None) -> Tensor:
        given = x.to(self.dtype)
        gated = self.carry.times(given, self.gate(given, "sigmoid"))
        if mask is not None:
            gated.masked_fill_(mask[:, :, None], 0.0)
        image = gated.transpose(1, 2)[:, :, None]  # one row high, channels innermost: the order the fast kernels want, without a copy
        channels, kernel = self.weight.shape[0], self.weight.shape[-1]
        passed = functional.conv2d(image, self.weight, self.bias, padding=(0, kernel // 2), groups=channels)
        return self.leave.onto(x, _unshifted_swoosh(passed[:, :, 0].transpose(1, 2)))


class _Nonlinear:
    def __init__(self, net: NonlinearAttention, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self.gate, self.carry, self.out = _parts(net.in_proj, 3, dtype)
        self.leave = FastLinear(net.out_proj.weight, net.out_proj.bias, dtype)

    def onto(self, x: Tensor, first_head: Tensor) -> Tensor:
        given = x.to(self.dtype)
        carried = torch.bmm(first_head, self.carry.times(given, self.gate(given, "tanh")))
        return self.leave.onto(x, self.out.times(given, carried))


class _SelfAttention:
    def __init__(self, net: SelfAttention, dtype: torch.dtype) -> None:
        self.dtype, self.heads = dtype, net.heads
        self.enter = FastLinear(net.in_proj.weight, net.in_proj.bias, dtype)
        self.leave = FastLinear(net.out_proj.weight, net.out_proj.bias, dtype)

    def onto(self, x: Tensor, weights: Tensor) -> Tensor:
        batch, frames, _ = x.shape
        values = self.enter(x.to(self.dtype)).view(batch, frames, self.heads, -1)
        # values by frames: with so few values to a head the long side must be the columns
        gathered = values.permute(0, 2, 3, 1) @ weights.transpose(2, 3)
        return self.leave.onto(x, gathered.permute(0, 3, 1, 2).reshape(batch, frames, -1))


class _Weights:
    """Attention weights, scores in float32."""

    def __init__(self, net: AttentionWeights, dtype: torch.dtype) -> None:
        self.dtype, self.config = dtype, net.config
        self.enter = FastLinear(net.in_proj.weight, net.in_proj.bias, torch.float32)
        self.place = net.linear_pos.weight.detach()

    def far_keys(self, positions: Tensor) -> Tensor:
        keys = functional.linear(positions, self.place)
        return keys.view(len(positions), self.config.heads, -1).permute(1, 2, 0).contiguous()

    def __call__(self, x: Tensor, far: Tensor, mask: Tensor | None) -> Tensor:
        """x (batch, frames, dim) → (batch, heads, frames, frames)."""
        batch, frames, _ = x.shape
        heads, query, place = self.config.heads, self.config.query_head_dim, self.config.pos_head_dim
        weights = torch.empty((batch, heads, frames, frames), dtype=self.dtype)
        for index, made in enumerate(self.enter(x)):
            q, k, p = made.split((heads * query, heads * query, heads * place), dim=1)
            q, k, p = q.view(frames, heads, -1).transpose(0, 1), k.view(frames, heads, -1).permute(1, 2, 0), p.view(frames, heads, -1).transpose(0, 1)
            for start in range(0, frames, _ROWS):
                rows = slice(start, min(start + _ROWS, frames))
                scores = torch.baddbmm(_near_rows(p[:, rows], far, start), q[:, rows], k)
                if mask is not None:
                    scores.masked_fill_(mask[index], MASKED_SCORE)
                weights[index, :, rows].copy_(scores.softmax(dim=-1))
        return weights


def _near_rows(place: Tensor, far: Tensor, start: int) -> Tensor:
    """Position scores of the rows from `start` on, (heads, rows, frames): a view of their products with only the offsets they can reach."""
    heads, rows, _ = place.shape
    frames = (far.shape[2] + 1) // 2
    reach = rows + frames - 1
    first = frames - start - rows
    products = torch.bmm(place, far[:, :, first : first + reach])
    return products.as_strided((heads, rows, frames), (rows * reach, reach - 1, 1), rows - 1)


class _Layer:
    def __init__(self, net: ZipformerLayer, dtype: torch.dtype) -> None:
        self.weights = _Weights(net.self_attn_weights, dtype)
        self.forward = [_FeedForward(one, dtype) for one in (net.feed_forward1, net.feed_forward2, net.feed_forward3)]
        self.nonlinear = _Nonlinear(net.nonlin_attention, dtype)
        self.attention = [_SelfAttention(one, dtype) for one in (net.self_attn1, net.self_attn2)]
        self.convolution = [_Convolution(one, dtype) for one in (net.conv_module1, net.conv_module2)]
        self.middle, self.end = net.bypass_mid.bypass_scale.detach(), net.bypass.bypass_scale.detach()
        self.centre = net.norm.bias.detach()
        self.gain = float(net.norm.log_scale.detach().exp()) * math.sqrt(len(self.centre))

    def __call__(self, source: Tensor, far: Tensor, time: Tensor, mask: Tensor | None) -> Tensor:
        weights = self.weights(source, far, mask)
        x = self.forward[0].onto(source + time)
        x = self.nonlinear.onto(x, weights[:, 0])
        x = self.attention[0].onto(x, weights).add_(time)
        x = self.convolution[0].onto(x, mask)
        x = torch.lerp(source, self.forward[1].onto(x), self.middle)
        x = self.attention[1].onto(x, weights).add_(time)
        x = self.forward[2].onto(self.convolution[1].onto(x, mask))
        size = torch.linalg.vector_norm(x - self.centre, dim=-1, keepdim=True)
        return torch.lerp(source, x.mul_(self.gain / size), self.end)


class _Stack:
    def __init__(self, net: Stack | DownsampledStack, dtype: torch.dtype) -> None:
        is_coarse = isinstance(net, DownsampledStack)
        self.factor = net.factor if is_coarse else 1
        self.downsample = net.downsample if is_coarse else None
        self.combine: Bypass | None = net.out_combiner if is_coarse else None
        inner = net.encoder if is_coarse else net
        self.time_emb = inner.time_emb
        self.layers = [_Layer(layer, dtype) for layer in inner.layers]

    def __call__(self, x: Tensor, far: Sequence[Tensor], time: Tensor, mask: Tensor | None) -> Tensor:
        added = self.time_emb(time)[:, None]
        if self.downsample is None or self.combine is None:
            return self._through(x, far, added, mask)
        coarse_mask = None if mask is None else mask[:, :: self.factor]
        coarse = self._through(self.downsample(x).contiguous(), far, added, coarse_mask)
        return torch.lerp(x, coarse.repeat_interleave(self.factor, dim=1)[:, : x.shape[1]], self.combine.bypass_scale)

    def _through(self, x: Tensor, far: Sequence[Tensor], added: Tensor, mask: Tensor | None) -> Tensor:
        for layer, keys in zip(self.layers, far, strict=True):
            x = layer(x, keys, added, mask)
        return x


class FastDecoder:
    """Stands in for a flow decoder (a `Zipformer` with a time embedding), without gradients. `dtype`: float32 or bfloat16, of most products.

    Raises ValueError for a net on another device or of another kind; there the plain net is the fast one, or the right one."""

    def __init__(self, net: Zipformer, dtype: torch.dtype = torch.float32) -> None:
        weight = net.in_proj.weight
        if weight.device.type != "cpu" or weight.dtype != torch.float32 or not net.config.time_dim:
            raise ValueError("The fast form is made of a flow decoder in float32 on the CPU; use the net itself for any other.")
        if dtype not in (torch.float32, torch.bfloat16):
            raise ValueError(f"The fast form computes in float32 or bfloat16, not in {dtype}.")
        self.net, self.in_proj, self.embed_time = net, net.in_proj, net.embed_time
        with torch.inference_mode():
            self.stacked = [_Stack(encoder, dtype) for encoder in net.encoders]

    @torch.autocast("cpu", enabled=False)
    def positions(self, frames: int) -> FarKeys:
        """The position keys of every layer, the same at every step."""
        places = {
            factor: compact_positions(-(-frames // factor), self.net.config.pos_dim, self.in_proj.weight) for factor in self.net.config.downsampling
        }
        return [[layer.weights.far_keys(places[stack.factor]) for layer in stack.layers] for stack in self.stacked]

    @torch.inference_mode()
    @torch.autocast("cpu", enabled=False)  # what is computed in which kind of number is settled here
    def stacks(self, hidden: Tensor, time: Tensor, mask: Tensor | None = None, *, positions: FarKeys | None = None) -> Tensor:
        """As `Zipformer.stacks`: hidden (batch, frames, dim) float32 after `in_proj`, mask (batch, frames) True on padding."""
        far = self.positions(hidden.shape[1]) if positions is None else positions
        hides = None if mask is None or not bool(mask.any()) else mask
        hidden, time = hidden.float(), time.float()
        for stack, keys in zip(self.stacked, far, strict=True):
            hidden = stack(hidden, keys, time, hides)
        return self.net.out_proj(hidden)


class FastField(GuidedField):
    """`GuidedField` through a `FastDecoder` of the same voice."""

    @torch.inference_mode()
    def __init__(self, voice: SyncVoice, conditions: Conditions, scales: Scales | Sequence[Scales], decoder: FastDecoder) -> None:
        if decoder.net is not voice.backbone.fm_decoder:
            raise ValueError("This fast decoder was made of another voice; make one of the voice that speaks.")
        super().__init__(voice, _in_float32(conditions), scales)
        self.decoder = decoder
        self.positions = decoder.positions(conditions.text.shape[1])

    @torch.inference_mode()
    @torch.autocast("cpu", enabled=False)
    def __call__(self, time: float, x: Tensor) -> Tensor:
        return super().__call__(time, x.float())


def _in_float32(given: Conditions) -> Conditions:
    """What an autocast left in fewer bits would meet weights of more."""
    return replace(
        given, text=given.text.float(), speech=given.speech.float(), voice=None if given.voice is None else given.voice.float(),
        streams={stream: term.float() for stream, term in given.streams.items()},
    )  # fmt: skip
