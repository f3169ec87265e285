"""How durations stand to the mouth, line by line and in a table: LSE-D and LSE-C of one scorer, evenness of rate, nearness to the person.

Enters: `Seen` lines and whole durations by system. Leaves: rows of means. All systems fill the same slot to the unit and are heard in
the same way: each frame of the voice's own take moved to where the durations put it. The take stands in room tone, so that the sound
of all 31 offsets is there: the protocol's zero padding would be nearer to unit-length embeddings than any wrong sound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch

from models.duration.optimum import OptimumLimits, optimal_durations, sounds_at
from models.duration.predictor import PhoneDurations, fitted, soft_durations
from models.duration.rounding import isochronous
from models.recipes.duration_batches import batch_of, rendered_exactly
from models.recipes.duration_lines import SpokenLine
from models.recipes.duration_scenery import MEL_PER_FRAME, Seen, heard, heard_around, with_room_tone
from models.recipes.duration_takes import mel_of
from models.sync.lip_scorer import SAMPLES_PER_FRAME, LipScorer
from models.sync.scoring import OffsetDistances, distances_of

UNIT_MS = 20


@dataclass(frozen=True, slots=True)
class LineNumbers:
    """`lse_d`, `lse_c`: papers §5.1. `distance`: mean distance with the sound left in place. `rate_voice`, `rate_human`: standard
    deviation over phones of log(duration / the voice's own or the person's); `onset_ms`: mean error of the phones' starts against the
    person's. The last two NaN where the person says other words."""

    lse_d: float
    lse_c: float
    distance: float
    rate_voice: float
    rate_human: float
    onset_ms: float


def measured(seen: Seen, whole: np.ndarray, scorer: LipScorer) -> LineNumbers:
    """One take at `whole` durations (units, sum = slot) against its mouth."""
    found = _distances(seen, rendered_exactly(seen, whole), seen.tone, scorer)
    line, spoken = seen.line, ~seen.line.is_pause
    human, error = float("nan"), float("nan")
    if line.human is not None:
        own = line.human * (line.slot_units / line.human.sum())
        human = _unsteadiness(whole, own, spoken)
        error = UNIT_MS * float(np.abs(_starts(whole) - _starts(own))[spoken].mean())
    in_place = found.mean_distances[found.shift]
    return LineNumbers(found.lse_d, found.lse_c, in_place, _unsteadiness(whole, line.natural, spoken), human, error)


def _distances(seen: Seen, mel: torch.Tensor, tone: float, scorer: LipScorer) -> OffsetDistances:
    with torch.inference_mode():
        sound = heard_around(scorer, mel, torch.tensor([tone]))[0]
    far = distances_of(seen.lips.numpy(), sound.numpy())
    return OffsetDistances(tuple(float(value) for value in far.mean(0)), len(far))


def _starts(durations: np.ndarray) -> np.ndarray:
    return np.cumsum(durations) - durations


def _unsteadiness(whole: np.ndarray, other: np.ndarray, spoken: np.ndarray) -> float:
    return float(np.std(np.log(whole[spoken] / np.maximum(other[spoken], 0.25))))


def shortest_of(line: SpokenLine) -> np.ndarray:
    return np.where(line.is_pause, 0, 1)


def voice_durations(line: SpokenLine) -> np.ndarray:
    """The voice's own timing, one rate for the whole line: what a studio without a predictor does."""
    return isochronous(line.natural, line.slot_units, shortest_of(line))


def person_durations(line: SpokenLine) -> np.ndarray | None:
    return None if line.human is None else isochronous(line.human, line.slot_units, shortest_of(line))


@torch.inference_mode()
def best_durations(seen: Seen, scorer: LipScorer, steadiness: float, rounds: int = 3) -> np.ndarray:
    """The optimal monotone segmentation (papers §2.8) under the scorer's distances; after each round the take is heard anew as it is now.

    `steadiness` draws to the voice's own durations, and phones stay within half to twice of them."""
    line, sounds, limits = seen.line, seen.sounds, OptimumLimits(steadiness)
    for number in range(rounds):
        whole = optimal_durations(line.natural, line.is_pause, sounds, seen.lips, limits)
        if number + 1 < rounds:
            sounds = sounds_at(heard(scorer, rendered_exactly(seen, whole), torch.tensor([seen.tone]))[0], whole, seen.sounds)
    return whole


@torch.inference_mode()
def predicted_durations(net: PhoneDurations, seen: Sequence[Seen], optima: Sequence[np.ndarray]) -> list[np.ndarray]:
    """A predictor's durations, fitted and rounded to the slots; one that was made with lips sees them, and `optima` as its hint."""
    net.eval()
    made = []
    for item, optimum in zip(seen, optima, strict=True):
        batch = batch_of([item], net.config, [optimum])
        logs = net(batch.tokens, batch.view if net.config.has_lips else None)
        real = fitted(soft_durations(logs), batch.view.slot_units, batch.tokens.keep)[0].double().numpy()
        made.append(isochronous(real, item.line.slot_units, shortest_of(item.line)))
    return made


def table(seen: Sequence[Seen], systems: Mapping[str, Sequence[np.ndarray | None]], scorer: LipScorer, trained: frozenset[str]) -> list[dict[str, float | str]]:
    """One row per kind of line and system, with the number of lines and the mean of every number over those where it is known.

    `trained`: groups that lines were trained on."""
    rows = []
    for kind, is_own in kinds_of(seen, trained).items():
        for name, durations in systems.items():
            numbers = [measured(item, whole, scorer) for item, whole, own in zip(seen, durations, is_own, strict=True) if own and whole is not None]
            if numbers:
                rows.append({"lines": kind, "system": name, "n": len(numbers)} | _means(numbers))
    return rows


def kinds_of(seen: Sequence[Seen], trained: frozenset[str]) -> dict[str, list[bool]]:
    """Same words as the mouth or others, of a speaker whose other clips were trained on or of one never seen."""
    kinds: dict[str, list[bool]] = {}
    for number, item in enumerate(seen):
        facts = item.line.facts
        who = "known speaker" if facts.group in trained else "unseen speakers"
        name = f"{who}, {'same words' if facts.is_same_words else 'other words'}"
        kinds.setdefault(name, [False] * len(seen))[number] = True
    return dict(sorted(kinds.items()))


def original_rows(seen: Sequence[Seen], features: Path, scorer: LipScorer, trained: frozenset[str]) -> list[dict[str, float | str]]:
    """How far the clips' own sound is from their mouths, heard in the same room tone: what no dub is expected to reach."""
    rows = []
    for kind, is_own in kinds_of(seen, trained).items():
        pairs = [_own_sound(item, features, scorer) for item, own in zip(seen, is_own, strict=True) if own and item.line.facts.is_same_words]
        if pairs:
            rows.append({"lines": kind, "system": "the original sound", "n": len(pairs)} | _means(pairs))
    return rows


def _own_sound(seen: Seen, features: Path, scorer: LipScorer) -> LineNumbers:
    facts, unknown = seen.line.facts, float("nan")
    with np.load(features / f"{facts.clip}.npz", allow_pickle=False) as arrays:
        samples = arrays["audio"].astype(np.float32) / 32768
    first = facts.slot_start_frame * SAMPLES_PER_FRAME
    mel, tone = with_room_tone(mel_of(samples[first : first + facts.slot_frames * SAMPLES_PER_FRAME])[: MEL_PER_FRAME * facts.slot_frames])
    found = _distances(seen, torch.from_numpy(mel)[None], tone, scorer)
    return LineNumbers(found.lse_d, found.lse_c, found.mean_distances[found.shift], unknown, unknown, unknown)


def _means(numbers: Sequence[LineNumbers]) -> dict[str, float]:
    columns = {field.name: np.array([asdict(number)[field.name] for number in numbers]) for field in fields(LineNumbers)}
    return {name: float(np.nanmean(values)) if np.isfinite(values).any() else float("nan") for name, values in columns.items()}


def printed(rows: Sequence[Mapping[str, float | str]]) -> str:
    """The rows as a Markdown table; the change of LSE-D against the row named “without lip synchrony” of the same lines beside it."""
    base = {row["lines"]: row["lse_d"] for row in rows if row["system"] == "without lip synchrony"}
    lines = ["| lines | system | n | LSE-D | change | LSE-C | in place | rate to voice | rate to person | starts, ms |", "|---|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        against = base.get(row["lines"])
        change = "" if against is None else f"{100 * (row['lse_d'] / against - 1):+.1f} %"
        cells = [f"{row[name]:.3f}" for name in ("lse_c", "distance", "rate_voice", "rate_human")]
        lines.append(f"| {row['lines']} | {row['system']} | {row['n']} | {row['lse_d']:.3f} | {change} | {' | '.join(cells)} | {row['onset_ms']:.0f} |".replace("nan", "–"))
    return "\n".join(lines)
