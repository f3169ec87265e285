"""Preference objectives as plain functions of tensors: no model, no text, no settings.

Log-probabilities of spans in, a scalar (or one number per token) out. A new objective is a new function here.
Letters: L pairs, M token positions, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, slots=True)
class PairLogps:
    """Log-probability of each span, summed over its tokens (papers §1.7): both (L,)."""

    preferred: Tensor
    dispreferred: Tensor


def margins(policy: PairLogps, reference: PairLogps) -> Tensor:
    """Δ of papers §1.7, shape (L,): how much more than the reference the policy prefers the preferred span, in nats."""
    return (policy.preferred - reference.preferred) - (policy.dispreferred - reference.dispreferred)


def dpo_terms(margin: Tensor, beta: float | Tensor, label_smoothing: float = 0.0) -> Tensor:
    """−log σ(β Δ) of every pair, shape (L,); log 2 at Δ = 0. `label_smoothing` is the chance that a pair is the wrong way round."""
    return -(1 - label_smoothing) * F.logsigmoid(beta * margin) - label_smoothing * F.logsigmoid(-beta * margin)


def sspo_loss(margin: Tensor, beta: float, label_smoothing: float = 0.0) -> Tensor:
    """L_SSPO: the terms of the lines, summed over a scene."""
    return dpo_terms(margin, beta, label_smoothing).sum()


def alpo_loss(margin: Tensor, weights: Tensor, betas: Tensor) -> Tensor:
    """Σ w_i (−log σ(β_i Δ_i)) / Σ w_i, with weights and betas (L,); 0 without lines."""
    return (weights * dpo_terms(margin, betas)).sum() / weights.sum() if len(margin) else margin.sum()


def token_kl(policy_logits: Tensor, reference_logits: Tensor) -> Tensor:
    """KL(π ‖ ref) over the whole vocabulary at every position: (M, V) twice to (M,), nats, in float32 or wider."""
    wide = torch.promote_types(policy_logits.dtype, torch.float32)
    policy, reference = policy_logits.to(wide).log_softmax(-1), reference_logits.to(wide).log_softmax(-1)
    return (policy.exp() * (policy - reference)).sum(-1)
