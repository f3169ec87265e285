"""The preference loss of a scene: SSPO's line terms, ALPO's weighted ones or DPO over whole answers, with or without TKLD.

Model, `PreferenceScene`, `LossSettings` and reference in, a `SceneLoss` out, whose `total` carries the gradient. The packed form and
the per-line form are the same function (`SceneForm`). Add an objective: a function in objectives.py and its entry in `_OBJECTIVES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor

from models.translation.objectives import PairLogps, alpo_loss, margins, sspo_loss
from models.translation.preference_scene import PreferenceScene, Tree, line_betas, line_tree, line_weights, response_tree
from models.translation.span_scores import LanguageModel, SpanScores, as_reference, packed_policy_scores, packed_scores, plain_scores


class Objective(StrEnum):
    SSPO = "sspo"
    ALPO = "alpo"
    DPO = "dpo"


class SceneForm(StrEnum):
    PACKED = "packed"
    PER_LINE = "per_line"


@dataclass(frozen=True, slots=True)
class LossSettings:
    """`beta`: strength of the preference (ALPO has its own per line). `kl_weight`: λ of TKLD, 1e-4 in the paper, 0 leaves it out;
    it runs over the answer as the scene has it written.

    `include_terminator`: also compare how the translation is closed (not in the paper). `logits_at_once` bounds memory, not the result."""

    objective: Objective = Objective.SSPO
    beta: float = 0.5
    kl_weight: float = 0.0
    label_smoothing: float = 0.0
    include_terminator: bool = False
    form: SceneForm = SceneForm.PACKED
    logits_at_once: int = 2**27


@dataclass(frozen=True, slots=True)
class ReferenceScores:
    """What the reference gave the spans of one scene, (S,), kept so that it need not be asked again; not enough for TKLD."""

    log_probabilities: Tensor


Reference = LanguageModel | ReferenceScores | None


@dataclass(frozen=True, slots=True)
class SceneLoss:
    """`total` carries the gradient; the rest is detached. `margins`, `preferred_gains`, `dispreferred_gains` (policy over reference, nats): (L,).

    `kl`: nats summed over the answer, None when not asked for. `n_lines`: L, the number of compared pairs (1 or 0 for DPO)."""

    total: Tensor
    preference: Tensor
    kl: Tensor | None
    margins: Tensor
    preferred_gains: Tensor
    dispreferred_gains: Tensor

    @property
    def n_lines(self) -> int:
        return len(self.margins)

    @property
    def accuracy(self) -> float | None:
        """Share of pairs that the policy tells apart better than the reference does; None without pairs."""
        return float((self.margins > 0).float().mean()) if self.n_lines else None


def scene_loss(model: LanguageModel, scene: PreferenceScene, settings: LossSettings, *, reference: Reference = None) -> SceneLoss:
    """`reference`: None (the same weights with the adapter off), a frozen model, or scores kept from `reference_scores`.

    Raises ValueError when the reference cannot serve, `CannotPack` when the model cannot be packed (both sentences)."""
    tree = scene_tree(scene, settings)
    if isinstance(reference, ReferenceScores):
        return _loss(scene, settings, _with_kept_scores(model, tree, settings, reference), model)
    return scene_losses(model, [scene], settings, reference=reference)[0]


def scene_losses(
    model: LanguageModel, scenes: Sequence[PreferenceScene], settings: LossSettings, *, reference: LanguageModel | None = None
) -> list[SceneLoss]:
    """Several scenes from one packed row, which pays when they are small. Their totals share one graph: add them before `backward`."""
    trees = [scene_tree(scene, settings) for scene in scenes]
    with_kl = settings.kl_weight > 0
    if settings.form is SceneForm.PACKED:
        scores = packed_scores(model, trees, reference, with_kl=with_kl, logits_at_once=settings.logits_at_once)
    else:
        scores = plain_scores(model, trees, reference, with_kl=with_kl)
    parts = _by_tree(scores, trees)
    return [_loss(scene, settings, part, model) for scene, part in zip(scenes, parts, strict=True)]


def reference_scores(
    model: LanguageModel, scene: PreferenceScene, settings: LossSettings, *, reference: LanguageModel | None = None
) -> ReferenceScores:
    """The reference's scores of this scene as it is written now (a prefix mixed anew needs new ones), for the packed form."""
    with as_reference(model, reference) as judge:
        scores = packed_policy_scores(judge, [scene_tree(scene, settings)], logits_at_once=settings.logits_at_once)
    return ReferenceScores(scores)


def scene_tree(scene: PreferenceScene, settings: LossSettings) -> Tree:
    """What the objective compares in this scene."""
    if settings.objective is Objective.DPO:
        return response_tree(scene)
    return line_tree(scene, include_terminator=settings.include_terminator)


def _with_kept_scores(model: LanguageModel, tree: Tree, settings: LossSettings, kept: ReferenceScores) -> SpanScores:
    if settings.kl_weight > 0:
        raise ValueError("TKLD compares whole vocabularies, which kept scores do not hold; give the reference model instead.")
    if len(kept.log_probabilities) != len(tree.spans):
        raise ValueError(f"the kept scores are of {len(kept.log_probabilities)} spans, the scene has {len(tree.spans)}; make them anew.")
    policy = packed_policy_scores(model, [tree], logits_at_once=settings.logits_at_once)
    return SpanScores(policy, kept.log_probabilities.to(policy), None)


def _by_tree(scores: SpanScores, trees: Sequence[Tree]) -> list[SpanScores]:
    sizes = [len(tree.spans) for tree in trees]
    kls = [None] * len(trees) if scores.kl is None else scores.kl.unbind()
    return [SpanScores(*part) for part in zip(scores.policy.split(sizes), scores.reference.split(sizes), kls, strict=True)]


def _loss(scene: PreferenceScene, settings: LossSettings, scores: SpanScores, model: LanguageModel) -> SceneLoss:
    policy, reference = _pairs(scores.policy), _pairs(scores.reference)
    margin = margins(policy, reference)
    preference = _OBJECTIVES[settings.objective](margin, scene, settings)
    total = preference if scores.kl is None else preference + settings.kl_weight * scores.kl
    return SceneLoss(
        total=total if total.requires_grad or not torch.is_grad_enabled() else total + _zero_of(model),
        preference=preference.detach(),
        kl=None if scores.kl is None else scores.kl.detach(),
        margins=margin.detach(),
        preferred_gains=(policy.preferred - reference.preferred).detach(),
        dispreferred_gains=(policy.dispreferred - reference.dispreferred).detach(),
    )


def _pairs(scores: Tensor) -> PairLogps:
    return PairLogps(*scores.chunk(2)) if len(scores) else PairLogps(scores, scores)


def _zero_of(model: LanguageModel) -> Tensor:
    """Zero with a graph: a scene without lessons still takes part in `backward`, so that data-parallel steps stay in step."""
    return sum((weight.sum() * 0.0 for weight in model.parameters() if weight.requires_grad), torch.zeros((), device=model.device))


def _sspo(margin: Tensor, scene: PreferenceScene, settings: LossSettings) -> Tensor:
    return sspo_loss(margin, settings.beta, settings.label_smoothing)


def _alpo(margin: Tensor, scene: PreferenceScene, settings: LossSettings) -> Tensor:
    return alpo_loss(margin, margin.new_tensor(line_weights(scene)), margin.new_tensor(line_betas(scene)))


_OBJECTIVES: dict[Objective, Callable[[Tensor, PreferenceScene, LossSettings], Tensor]] = {
    Objective.SSPO: _sspo,
    Objective.ALPO: _alpo,
    Objective.DPO: _sspo,  # one pair: the whole answers
}
