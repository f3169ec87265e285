"""Preference records made of the tiny models' lines, in the layout that sampling writes."""

from __future__ import annotations

from collections.abc import Collection

from models.translation.records import LineRecord, SceneRecord
from tests.tiny_models import LINES


def line_record(place: int, *, is_skipped: bool = False) -> LineRecord:
    """Three candidates of growing length; the first is chosen, the last rejected."""
    source, target = LINES[place % len(LINES)]
    texts = (target, f"{target} Yes.", f"{LINES[(place + 3) % len(LINES)][1]} {target} friend")
    return LineRecord(
        prompt_index=place, temp_prompt="", src=source, src_lang="zh", tar=texts, tar_lang="en", chosen=texts[0], chosen_index=0,
        rejected=texts[2], rejected_index=2, src_duration=0.8, tar_duration=(0.9, 1.2, 1.5 + 0.1 * place), same_flag=is_skipped,
    )  # fmt: skip


def scene_record(n_lines: int, *, skipped: Collection[int] = (), form: str = "tagged", scene_id: str = "scene-1") -> SceneRecord:
    lines = tuple(line_record(place, is_skipped=place in skipped) for place in range(n_lines))
    whole = {"accept": "\n".join(line.chosen for line in lines), "reject": "\n".join(line.rejected for line in lines)}
    return SceneRecord(scene_id, "", lines, n_lines, whole, form)
