"""Preference records: candidates of every line of a scene, which was chosen, which rejected, and their durations.

The layout is that of segment-wise sampling (SSPO, arXiv 2508.08550; papers §1.6): one JSON object per scene, one scene per line of the
file. `same_flag` marks a line without a lesson (too few candidates, or all alike): it gives no loss but stays in the context. A line that
an editor decided at the desk is the same record with `who` and `when`. Add a field to `LineRecord`; unknown fields are refused.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LineRecord:
    """One line. Durations are seconds. `chosen` and `rejected` are texts of `tar`, at `chosen_index` and `rejected_index`."""

    prompt_index: int
    temp_prompt: str
    src: str
    src_lang: str
    tar: tuple[str, ...]
    tar_lang: str
    chosen: str
    chosen_index: int
    rejected: str
    rejected_index: int
    src_duration: float
    tar_duration: tuple[float, ...]
    same_flag: bool
    who: str | None = None
    when: str | None = None


@dataclass(frozen=True, slots=True)
class SceneRecord:
    """One scene. `single`: the whole answers with every line chosen ("accept") and every line rejected ("reject").

    `scene_id` names the scene in its table, so that an interrupted run knows what it has; `terms` are the glossary's pairs."""

    scene_id: str
    src_prompt: str
    sampling_records: tuple[LineRecord, ...]
    num: int
    single: dict[str, str]
    form: str
    terms: tuple[tuple[str, str], ...] = ()
