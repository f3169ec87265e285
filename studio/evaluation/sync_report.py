"""A sync evaluation as JSON: its numbers, how they came about, and every clip."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from studio.evaluation.provenance import Provenance
from studio.evaluation.sync import MOST_SHIFT_FRAMES, NO_RECORDING, NOBODY_SPEAKS, OWN_RULE, RANKING_RULE, SHIFT_RULE, ClipResult, SyncPlan, SyncResult, ranked


def as_json(result: SyncResult, plan: SyncPlan, origin: Provenance, command: str) -> dict[str, Any]:
    return {
        "command": command,
        "scorer": result.scorer,
        "scorer_version": result.scorer_version,
        "crop": result.crop,
        "within_1_frame": _short(result.within_1_frame),
        "within_1_frame_of_own": _short(result.within_1_frame_of_own),
        "exact": _short(result.exact),
        "original_over_dub": _short(result.original_over_dub),
        "clips": result.clips,
        "trials": result.trials,
        "pairs": result.pairs,
        "unmeasurable": result.unmeasurable,
        "not_judged": result.not_judged,
        "how": {
            "seed": plan.seed,
            "shifts_per_clip": plan.shifts_per_clip,
            "most_shift_frames": MOST_SHIFT_FRAMES,
            "least_s": plan.least_s,
            "shift": SHIFT_RULE,
            "ranking": RANKING_RULE,
            "within_1_frame_of_own": OWN_RULE,
            "unmeasurable": "clips that were looked at and gave no answer; each row says why",
            "not_judged": "clips that were not looked at: dubs and excluded categories whose picture has no original in the table",
            "excluded_categories": {"no single recording of one face": list(NO_RECORDING), "nobody seen speaks": list(NOBODY_SPEAKS)},
            "sign": "frames at 25 fps, positive: the sound is early",
        },
        **asdict(origin),
        "rows": [_clip(one) for one in result.results],
        "ranked": [
            {"set_id": original.row.set_id, "original": original.row.file, "dub": dub.row.file, "system": dub.row.system, "original_wins": is_won}
            for original, dub, is_won in ranked(result.results)
        ],
    }


def without_clips(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name not in ("rows", "ranked")}


def _clip(one: ClipResult) -> dict[str, Any]:
    row = one.row
    return {
        "file": row.file,
        "category": row.category,
        "set_id": row.set_id,
        "system": row.system,
        "offset_frames": one.offset_frames,
        "lse_c": _short(one.lse_c),
        "lse_d": _short(one.lse_d),
        "windows": one.windows,
        "near_distance": _short(one.near_distance),
        "trials": [asdict(trial) for trial in one.trials],
        "why": one.why,
    }


def _short(number: float | None) -> float | None:
    return None if number is None else round(number, 5)
