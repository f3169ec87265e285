"""What texts take: estimates of lines as far as they are known at once, and the pace learnt from takes. Reads engines, keeps nothing.

`at_once`: texts nobody has timed yet are named, not waited for, unless they are few; so that a page never waits for a film to be timed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from studio.domain.line import Estimate, Line, Prediction, Take, VoiceRef
from studio.engines.protocols import DurationEstimator, KeepsEstimates, LearnsPace
from studio.review import SILENCE

MEASURED_AT_ONCE = 8  # unknown texts that a look waits for: an edit or two, never a film


@dataclass(frozen=True, slots=True)
class Asked:
    """In which language, and whether to wait. `given_up`: texts the engine failed on, with its sentence; nobody waits for them."""

    language: str
    at_once: bool
    given_up: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Timing:
    """What texts take. `unmeasured`: lines (by id) and takes (by id) whose texts nobody has timed yet and nobody waited for; `paced` knows
    the pace of the voices heard, None where no engine speaks the language."""

    paced: DurationEstimator | None
    estimates: Mapping[str, Estimate]
    predictions: Mapping[str, Prediction]
    unmeasured: frozenset[str] = frozenset()
    untimed_takes: frozenset[str] = frozenset()

    @property
    def is_settled(self) -> bool:
        return not self.unmeasured and not self.untimed_takes


def paced_by(
    asked: Asked, estimator: DurationEstimator | None, takes: Sequence[Take]
) -> tuple[DurationEstimator | None, frozenset[str]]:
    """The estimator grown wiser by the takes there are, and the takes whose texts it would have to measure first."""
    language, at_once = asked.language, asked.at_once
    if not isinstance(estimator, LearnsPace) or not takes:
        return estimator, frozenset()
    untimed: set[str] = set()
    if at_once and isinstance(estimator, KeepsEstimates):
        for voice in dict.fromkeys(take.voice for take in takes):
            own = [take for take in takes if take.voice == voice]
            answers = estimator.known([take.text for take in own], language, voice)
            untimed |= {take.id for take, answer in zip(own, answers, strict=True) if answer is None}
        if len(untimed) <= MEASURED_AT_ONCE and not asked.given_up:
            untimed = set()
    known = [take for take in takes if take.id not in untimed]
    waited = frozenset(take.id for take in takes if take.id in untimed and take.text not in asked.given_up)
    return (estimator.paced_by(known, language) if known else estimator), waited


def estimated(
    asked: Asked, lines: Sequence[Line], voices: Mapping[str, VoiceRef], estimator: DurationEstimator | None
) -> tuple[dict[str, Estimate], set[str]]:
    """The time of each line's translation, asked voice by voice in one go, and the lines that were not waited for."""
    language, at_once = asked.language, asked.at_once
    found = {line.id: SILENCE for line in lines if not line.target_text.strip()}
    by_voice: dict[VoiceRef | None, list[Line]] = {}
    for line in lines if estimator is not None else ():
        if line.id not in found:
            by_voice.setdefault(voices.get(line.id), []).append(line)
    unknown: dict[VoiceRef | None, list[Line]] = by_voice
    if at_once and isinstance(estimator, KeepsEstimates):
        unknown = {}
        for voice, own in by_voice.items():
            answers = estimator.known([line.target_text for line in own], language, voice)
            found |= {line.id: answer for line, answer in zip(own, answers, strict=True) if answer is not None}
            unknown[voice] = [line for line, answer in zip(own, answers, strict=True) if answer is None and line.target_text not in asked.given_up]
        if sum(map(len, unknown.values())) > MEASURED_AT_ONCE:
            return found, {line.id for own in unknown.values() for line in own}
    for voice, own in unknown.items():
        if own and estimator is not None:
            answers = estimator.estimate_many([line.target_text for line in own], language, voice)
            found |= {line.id: answer for line, answer in zip(own, answers, strict=True)}
    return found, set()
