"""A preference record as token ids: the scene that a loss reads, and the trees of texts whose likelihoods it compares.

A `SceneRecord` and a tokenizer in, a `PreferenceScene` out; `line_tree` (SSPO, ALPO) and `response_tree` (DPO over whole answers)
turn it into a `Tree`: one trunk and the spans that hang off it. Every piece is tokenised on its own and the ids are joined, so all forms
of a loss see the same ids. Another way to compare is another function that returns a tree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from models.translation.forms import Form
from models.translation.layout import SceneLayout, layout_of, translation_ids
from models.translation.prompt import Scene
from models.translation.records import LineRecord, SceneRecord

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PreferenceLine:
    """Translations of one line. `is_skipped`: it stands in the context and teaches nothing. `gap`: P of the rejected minus P of the chosen."""

    chosen: Ids
    rejected: Ids
    is_skipped: bool
    candidates: tuple[Ids, ...]
    gap: float


@dataclass(frozen=True, slots=True)
class PreferenceScene:
    """A scene's lines, and what its trunk has `written` for each: the chosen translation unless `mixed_prefix` drew another."""

    scene_id: str
    layout: SceneLayout
    lines: tuple[PreferenceLine, ...]
    written: tuple[Ids, ...]

    @property
    def lessons(self) -> tuple[int, ...]:
        """Places of the lines that have a chosen and a rejected translation to compare."""
        return tuple(place for place, line in enumerate(self.lines) if not line.is_skipped)

    def rejected(self, place: int) -> Ids | None:
        """None where the line is skipped."""
        line = self.lines[place]
        return None if line.is_skipped else line.rejected


@dataclass(frozen=True, slots=True)
class Span:
    """Ids that follow the first `start` ids of a trunk, whatever the trunk itself goes on with. `start` is at least 1."""

    start: int
    ids: Ids


@dataclass(frozen=True, slots=True)
class Tree:
    """A trunk and pairs of spans that hang off it. `answer_start`: where the model's own text begins in the trunk (at least 1)."""

    trunk: Ids
    preferred: tuple[Span, ...]
    dispreferred: tuple[Span, ...]
    answer_start: int

    @property
    def spans(self) -> tuple[Span, ...]:
        return self.preferred + self.dispreferred


def preference_scene(record: SceneRecord, tokenizer: PreTrainedTokenizerBase) -> PreferenceScene:
    """Raises ValueError (a sentence) for a scene without lines, of several languages or of an unknown form; `NoSuchTag` as `layout_of`."""
    lines = record.sampling_records
    if not lines:
        raise ValueError(f"Scene “{record.scene_id}” has no lines; leave it out of the preference file.")
    languages = {(line.src_lang, line.tar_lang) for line in lines}
    if len(languages) > 1:
        raise ValueError(f"Scene “{record.scene_id}” mixes languages ({sorted(languages)}); write one scene per direction.")
    if record.form not in tuple(Form):
        raise ValueError(f"Scene “{record.scene_id}” has the form “{record.form}”; this version knows {', '.join(Form)}.")
    scene = Scene(*languages.pop(), tuple(line.src for line in lines), record.terms)
    read = tuple(_line(line, tokenizer) for line in lines)
    return PreferenceScene(record.scene_id, layout_of(scene, Form(record.form), tokenizer), read, tuple(line.chosen for line in read))


def _line(line: LineRecord, tokenizer: PreTrainedTokenizerBase) -> PreferenceLine:
    return PreferenceLine(
        chosen=translation_ids(line.chosen, tokenizer),
        rejected=translation_ids(line.rejected, tokenizer),
        is_skipped=line.same_flag,
        candidates=tuple(translation_ids(text, tokenizer) for text in line.tar),
        gap=_penalty(line, line.rejected_index) - _penalty(line, line.chosen_index),
    )


def _penalty(line: LineRecord, place: int) -> float:
    """P (papers §1.2) from the record's seconds. The studio has the same formula in its domain, which models do not import."""
    delta_s = line.tar_duration[place] - line.src_duration
    return math.exp(min(max(0.0, delta_s), 50.0)) + max(0.0, -delta_s) - 1.0


def mixed_prefix(scene: PreferenceScene, chosen_share: float, generator: torch.Generator) -> PreferenceScene:
    """The scene with each line of its trunk kept as chosen with probability `chosen_share`, else any of its candidates (ALPO, papers §1.7)."""
    coins = torch.rand(len(scene.lines), 2, generator=generator).tolist()
    written = tuple(
        line.chosen if coin < chosen_share or not line.candidates else line.candidates[int(place * len(line.candidates))]
        for line, (coin, place) in zip(scene.lines, coins, strict=True)
    )
    return replace(scene, written=written)


def prefix_share(stage: int, n_stages: int = 5, first: float = 0.2, last: float = 0.6) -> float:
    """ALPO's `chosen_share` of a training stage, counted from 0: it rises linearly.

    >>> [round(prefix_share(stage), 2) for stage in range(5)]
    [0.2, 0.3, 0.4, 0.5, 0.6]
    """
    return last if n_stages == 1 else first + (last - first) * min(stage, n_stages - 1) / (n_stages - 1)


def line_weights(scene: PreferenceScene) -> list[float]:
    """ALPO's w: each lesson's share of the scene's candidates; skipped lines have none. They sum to 1 when there is a lesson."""
    counts = [max(1, len(scene.lines[place].candidates)) for place in scene.lessons]
    return [count / sum(counts) for count in counts]


def line_betas(scene: PreferenceScene) -> list[float]:
    """ALPO's beta: each lesson's gap over the largest of the scene; all 1 where no gap is above 0 (an editor's choices may have none)."""
    gaps = [max(0.0, scene.lines[place].gap) for place in scene.lessons]
    largest = max(gaps, default=0.0)
    return [gap / largest for gap in gaps] if largest > 0 else [1.0] * len(gaps)


def line_tree(scene: PreferenceScene, *, include_terminator: bool) -> Tree:
    """Per lesson the chosen and the rejected translation behind the prompt, the earlier lines as written, and the line's own opening."""
    layout, preferred, dispreferred = scene.layout, [], []
    end = layout.terminator if include_terminator else ()
    trunk = list(layout.prompt)
    for opening, line, words in zip(layout.openings, scene.lines, scene.written, strict=True):
        trunk += opening
        if not line.is_skipped:
            preferred.append(Span(len(trunk), line.chosen + end))
            dispreferred.append(Span(len(trunk), line.rejected + end))
        trunk += [*words, *layout.terminator, *layout.separator]
    return Tree(tuple(trunk), tuple(preferred), tuple(dispreferred), max(1, len(layout.prompt)))


def response_tree(scene: PreferenceScene) -> Tree:
    """The whole answer with every line chosen against the whole answer with every line rejected: DPO over responses, one pair a scene.

    Both answers open with the first source line, which changes no margin, so the spans start behind it; without any lesson there is no pair.
    """
    trunk = scene.layout.trunk([line.chosen for line in scene.lines])
    start = len(scene.layout.prompt) + len(scene.layout.openings[0])
    rejected = scene.layout.trunk([line.rejected for line in scene.lines])
    pairs = ((Span(start, tuple(trunk[start:])),), (Span(start, tuple(rejected[start:])),)) if scene.lessons else ((), ())
    return Tree(tuple(trunk), *pairs, max(1, len(scene.layout.prompt)))


def plain_tokens(trees: Sequence[Tree]) -> int:
    """Tokens that the per-line form reads: every span behind a copy of its context."""
    return sum(span.start + len(span.ids) for tree in trees for span in tree.spans)
