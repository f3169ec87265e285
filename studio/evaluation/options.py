"""What an evaluation can be asked for, each default written once: tolerances, candidates, scenes, resampling."""

from __future__ import annotations

from dataclasses import dataclass

from studio.domain.settings import _Checked, chosen, limited

DURATIONS = ("auto", "estimated", "timed")


@dataclass(frozen=True, slots=True)
class EvaluationSettings(_Checked):
    """CR counts a line as consistent when |Δ| <= max(`tolerance_s`, `tolerance_ratio` * Dur(s)): our definition, not the paper's.

    `durations` says which Dur(s) P is against: "timed" is the line's span in the table, "estimated" the duration engine's time for the
    source text, "auto" the former where the table has spans. `has_round_trip`: how likely the source is as the translation back judges
    candidates too, where the model itself knows that direction; without it, only how likely they are."""

    candidate_count: int = limited(20, 1, 200, "Candidates drawn for each line (k).")
    temperature: float = limited(0.7, 0.05, 2.0, "Variety of the candidates.")
    top_p: float = limited(0.9, 0.1, 1.0, "Probability mass the candidates are drawn from.")
    dropped_share: float = limited(0.2, 0.0, 0.9, "Share of a line's candidates, the worst by each judge, that may not be chosen.")
    lines_per_scene: int = limited(35, 1, 200, "Lines translated together at most.")
    tolerance_s: float = limited(0.1, 0.0, 10.0, "A line this close to its duration is consistent, in seconds.")
    tolerance_ratio: float = limited(0.1, 0.0, 1.0, "A line this close to its duration is consistent, as a share of it.")
    resamples: int = limited(2000, 100, 100_000, "Draws of the paired bootstrap.")
    seed: int = limited(0, 0, 2**31 - 1, "Same seed, same candidates and intervals.")
    has_round_trip: bool = True
    durations: str = chosen("auto", DURATIONS, "Which source durations P is against.")
