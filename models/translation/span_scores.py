"""How likely a model and its reference find the spans of trees, and how far apart they are: one text at a time, or packed.

Model, trees and reference in, `SpanScores` out. `plain_scores` is the definition: one forward pass per span. `packed_scores` is the
same numbers and gradients from one row (packing.py), with logits made only where they are read, a bounded number at a time.
The reference is another model, or the same weights with the adapter off (`reference=None`). It runs without gradient and dropout.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from peft import PeftModel
from peft.tuners.tuners_utils import BaseTunerLayer
from peft.utils import ModulesToSaveWrapper
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel

from models.translation.objectives import token_kl
from models.translation.packing import PackedRow, pack
from models.translation.preference_scene import Span, Tree

LanguageModel = PreTrainedModel | PeftModel
_MASKED_ATTENTION = ("sdpa", "eager")
_HEAD_EXTRAS = ("final_logit_softcapping", "logit_scale", "logits_scaling")


class CannotPack(ValueError):
    """This model's shape does not allow the packed form. The sentence says why; the per-line form serves every model."""


@dataclass(frozen=True, slots=True)
class SpanScores:
    """Summed log-probabilities of all spans, (S,), by the policy (with gradient) and the reference; `kl`: nats per tree, or None.

    `reference` is None when nobody asked for it."""

    policy: Tensor
    reference: Tensor | None
    kl: Tensor | None


@contextmanager
def as_reference(model: LanguageModel, reference: LanguageModel | None) -> Iterator[LanguageModel]:
    """The model to ask for reference scores, without gradient and dropout; afterwards everything is as it was."""
    if reference is None and not isinstance(model, PeftModel):
        raise ValueError("a model without an adapter is no reference for itself; train an adapter, or give a frozen reference model.")
    asked = model if reference is None else reference
    in_training = [module for module in asked.modules() if module.training]
    asked.eval()
    try:
        with torch.no_grad():
            if reference is None:
                with model.disable_adapter():
                    yield model
            else:
                yield reference
    finally:
        for module in in_training:
            module.training = True


def plain_scores(model: LanguageModel, trees: Sequence[Tree], reference: LanguageModel | None, *, with_kl: bool) -> SpanScores:
    """The definition: every span behind its own copy of the context, one forward pass each, policy and reference."""
    texts = [(tree, span) for tree in trees for span in tree.spans]
    with as_reference(model, reference) as judge:
        reference_scores = [_plain_score(judge, tree, span) for tree, span in texts]
        reference_logits = [_answer_logits(judge, tree) for tree in trees] if with_kl else []
    policy = [_plain_score(model, tree, span) for tree, span in texts]
    kl = [token_kl(_answer_logits(model, tree), logits).sum() for tree, logits in zip(trees, reference_logits, strict=False)]
    return SpanScores(_stacked(policy, model), _stacked(reference_scores, model), torch.stack(kl) if with_kl else None)


def _plain_score(model: LanguageModel, tree: Tree, span: Span) -> Tensor:
    ids = torch.tensor([[*tree.trunk[: span.start], *span.ids]], device=model.device)
    logits = model(input_ids=ids, use_cache=False, logits_to_keep=len(span.ids) + 1).logits[0, :-1]
    chances = _wide(logits).log_softmax(-1)
    return chances.gather(-1, ids[0, span.start :, None]).sum()


def _answer_logits(model: LanguageModel, tree: Tree) -> Tensor:
    """Logits that predict the trunk's tokens from `answer_start` on."""
    ids = torch.tensor([tree.trunk], device=model.device)
    return model(input_ids=ids, use_cache=False, logits_to_keep=len(tree.trunk) - tree.answer_start + 1).logits[0, :-1]


def _stacked(values: list[Tensor], model: LanguageModel) -> Tensor:
    return torch.stack(values) if values else torch.zeros(0, device=model.device)


def packed_scores(
    model: LanguageModel, trees: Sequence[Tree], reference: LanguageModel | None, *, with_kl: bool, logits_at_once: int
) -> SpanScores:
    """As `plain_scores`, from one row per model. No more than about `logits_at_once` logits of each model exist at any time."""
    row = pack(trees, with_kl=with_kl, device=model.device)
    if row is None:
        nothing = torch.zeros(sum(len(tree.spans) for tree in trees), device=model.device)
        return SpanScores(nothing, nothing, nothing.new_zeros(len(trees)) if with_kl else None)
    with as_reference(model, reference) as judge:
        reference_hidden = _hidden(judge, row)
    reader = _Reader(_head(model), _original(_head(model)) if reference is None else _head(reference), row)
    return reader.read(_hidden(model, row), reference_hidden, _places_at_once(model, logits_at_once))


def packed_policy_scores(model: LanguageModel, trees: Sequence[Tree], *, logits_at_once: int) -> Tensor:
    """Only the policy's scores of all spans, (S,): where the reference's are known already, or are what is being asked."""
    row = pack(trees, with_kl=False, device=model.device)
    if row is None:
        return torch.zeros(sum(len(tree.spans) for tree in trees), device=model.device)
    return _Reader(_head(model), None, row).read(_hidden(model, row), None, _places_at_once(model, logits_at_once)).policy


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns hidden states into scores, chunk by chunk of the row's places. Without a reference head it reads the policy alone."""

    head: nn.Module
    reference_head: nn.Module | None
    row: PackedRow

    def read(self, hidden: Tensor, reference_hidden: Tensor | None, size: int) -> SpanScores:
        """hidden, reference_hidden: (M, H). `size`: places per chunk."""
        starts = range(0, len(hidden), size)
        parts = []
        for start in starts:
            inputs = (hidden[start : start + size], None if reference_hidden is None else reference_hidden[start : start + size], start)
            # with several chunks each makes its logits again in the backward pass, instead of all of them being kept until then
            parts.append(self._chunk(*inputs) if len(starts) == 1 else checkpoint(self._chunk, *inputs, use_reentrant=False))
        policy, reference, kl = (None if column[0] is None else torch.stack(column).sum(0) for column in zip(*parts, strict=True))
        return SpanScores(policy, reference, kl)

    def _chunk(self, hidden: Tensor, reference_hidden: Tensor | None, start: int) -> tuple[Tensor, Tensor | None, Tensor | None]:
        logits = _wide(self.head(hidden))
        policy = self._span_sums(logits, start)
        if self.reference_head is None or reference_hidden is None:
            return policy, None, None
        with torch.no_grad():
            reference_logits = _wide(self.reference_head(reference_hidden))
            reference = self._span_sums(reference_logits, start)
        if not len(self.row.kl_rows):
            return policy, reference, None
        here = _within(self.row.kl_rows, start, len(hidden))
        rows = self.row.kl_rows[here] - start
        per_token = token_kl(logits[rows], reference_logits[rows])
        return policy, reference, logits.new_zeros(self.row.n_trees).index_add(0, self.row.kl_trees[here], per_token)

    def _span_sums(self, logits: Tensor, start: int) -> Tensor:
        """(chunk, V) to (S,): what the questions asked in this chunk add to their spans."""
        here = _within(self.row.question_rows, start, len(logits))
        rows = self.row.question_rows[here] - start
        gains = logits[rows, self.row.targets[here]] - logits.logsumexp(-1)[rows]
        return logits.new_zeros(self.row.n_spans).index_add(0, self.row.question_spans[here], gains)


def _within(rows: Tensor, start: int, size: int) -> Tensor:
    return (rows >= start) & (rows < start + size)


def _places_at_once(model: LanguageModel, logits_at_once: int) -> int:
    return max(1, logits_at_once // _bare(model).config.vocab_size)


def _wide(logits: Tensor) -> Tensor:
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def _hidden(model: LanguageModel, row: PackedRow) -> Tensor:
    """Last hidden states at the row's places, (M, H)."""
    bare = _bare(model)
    mask = row.keep_mask[None, None]
    if bare.config._attn_implementation == "eager":  # eager attention adds its mask to the scores
        mask = torch.zeros(mask.shape, dtype=bare.dtype, device=mask.device).masked_fill(~mask, torch.finfo(bare.dtype).min)
    decoder = bare.get_decoder()
    output = decoder(input_ids=row.ids[None], attention_mask=mask, position_ids=row.positions[None], use_cache=False)
    return output.last_hidden_state[0, row.places]


def _bare(model: LanguageModel) -> PreTrainedModel:
    """The transformers model inside, after a look at whether it can be packed."""
    bare = model.get_base_model() if isinstance(model, PeftModel) else model
    config = bare.config
    if config._attn_implementation not in _MASKED_ATTENTION:
        raise CannotPack(f"attention “{config._attn_implementation}” takes no tree mask; load the model with attn_implementation='sdpa'.")
    if "position_ids" not in inspect.signature(bare.get_decoder().forward).parameters or getattr(config, "alibi", False):
        raise CannotPack(f"{type(bare).__name__} takes its positions from the order of its row, which branches break; use the per-line form.")
    kinds = set(getattr(config, "layer_types", None) or ()) - {"full_attention"}
    if kinds:
        raise CannotPack(f"{type(bare).__name__} has layers of {', '.join(sorted(kinds))}, which a tree mask cannot serve; use the per-line form.")
    extras = [name for name in _HEAD_EXTRAS if getattr(config, name, None) not in (None, 1, 1.0)]
    if extras:
        raise CannotPack(f"{type(bare).__name__} changes its logits after the head ({', '.join(extras)}); use the per-line form.")
    return bare


def _head(model: LanguageModel) -> nn.Module:
    return _bare(model).get_output_embeddings()


def _original(head: nn.Module) -> nn.Module:
    """The head as it is with the adapter off."""
    if isinstance(head, ModulesToSaveWrapper):
        return head.original_module
    return head.get_base_layer() if isinstance(head, BaseTunerLayer) else head
