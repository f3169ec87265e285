"""From coarse to subtle: which rule and how severe, at every step of a preference training (papers §3.3).

Enters the step and how often the net was right so far; leaves a rule and a severity. A further pace is a member of `Pace` and a line
in `most_severe`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import torch

from models.sync.temporal_rules import Rule

COARSE_RULES = (Rule.SHIFT, Rule.REPLACE, Rule.SHUFFLE)
SUBTLE_RULES = (Rule.SCALE, Rule.WARP, Rule.REPLACE)


class Pace(StrEnum):
    NONE = "none"  # every severity and every rule at all times
    LINEAR = "linear"
    COSINE = "cosine"
    GATED = "gated"  # by competence


@dataclass(frozen=True, slots=True)
class CurriculumSettings:
    """`steps`: over which the severity falls. `width`: of the range severities are drawn from; never under `least`. A gated pace lowers the
    severity by `gate_step` whenever the smoothed accuracy is above `gate_accuracy`; `memory` is what of it is kept a step.
    `rules`: only these, evenly; () follows the pace."""

    pace: Pace = Pace.LINEAR
    steps: int = 1000
    width: float = 0.3
    least: float = 0.05
    gate_accuracy: float = 0.8
    gate_step: float = 0.02
    memory: float = 0.9
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class CurriculumState:
    """`ceiling`: highest severity of a gated pace; `accuracy`: smoothed share of pairs the net orders rightly."""

    ceiling: float = 1.0
    accuracy: float = 0.5


@dataclass(frozen=True, slots=True)
class Challenge:
    rule: Rule
    severity: float


def most_severe(step: int, state: CurriculumState, settings: CurriculumSettings) -> float:
    """δ_max: 1 − s/S, a half cosine, the gate's ceiling, or 1."""
    done = min(1.0, step / max(1, settings.steps))
    return {
        Pace.NONE: 1.0,
        Pace.LINEAR: 1 - done,
        Pace.COSINE: 0.5 * (1 + math.cos(math.pi * done)),
        Pace.GATED: state.ceiling,
    }[settings.pace]


def rule_mix(step: int, state: CurriculumState, settings: CurriculumSettings) -> Mapping[Rule, float]:
    """The share of each rule; they sum to 1. From shift, replace, shuffle to scale, warp, replace as the severity falls."""
    if settings.rules or settings.pace is Pace.NONE:
        among = settings.rules or tuple(Rule)
        return {rule: 1 / len(among) for rule in among}
    coarse = most_severe(step, state, settings)
    mix = dict.fromkeys((*COARSE_RULES, *SUBTLE_RULES), 0.0)
    for rule in COARSE_RULES:
        mix[rule] += coarse / len(COARSE_RULES)
    for rule in SUBTLE_RULES:
        mix[rule] += (1 - coarse) / len(SUBTLE_RULES)
    return mix


def draw_challenge(step: int, state: CurriculumState, settings: CurriculumSettings, generator: torch.Generator) -> Challenge:
    """δ ~ U(δ_max − width, δ_max) within [least, 1]; without a pace from all of [least, 1]."""
    mix = rule_mix(step, state, settings)
    place = int(torch.multinomial(torch.tensor(list(mix.values()), dtype=torch.float64), 1, generator=generator))
    high = most_severe(step, state, settings)
    low = settings.least if settings.pace is Pace.NONE else high - settings.width
    drawn = low + (high - low) * float(torch.rand((), generator=generator, dtype=torch.float64))
    return Challenge(list(mix)[place], min(1.0, max(settings.least, drawn)))


def after_step(state: CurriculumState, accuracy: float, settings: CurriculumSettings) -> CurriculumState:
    """What the gate learns from the pairs of one step: it lowers the ceiling when they were easy, and waits to be convinced again."""
    smoothed = settings.memory * state.accuracy + (1 - settings.memory) * accuracy
    if smoothed > settings.gate_accuracy:
        return CurriculumState(max(settings.least, state.ceiling - settings.gate_step), settings.gate_accuracy)
    return CurriculumState(state.ceiling, smoothed)
