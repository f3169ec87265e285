"""Which scenes a preference training sees, and when: records read, checked, split into trained and held out, and put into steps.

Files of `SceneRecord`s in, a `SceneSplit` and the scenes of any step out. The scenes of step s are a function of (seed, s) alone, so a
resumed run is the run that was never stopped. Another rule for what is usable belongs in `_with_lessons`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from models.translation.forms import Form, natural_form
from models.translation.preference_scene import PreferenceScene, line_tree, preference_scene
from models.translation.records import LineRecord, SceneRecord, read_records
from studio.domain.language import NAMES, language_code

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

FORMS_OF_TAGGED = (Form.TAGGED, Form.COMPACT)


class NothingToLearn(ValueError):
    """The records hold no preference that this model can be trained on. The sentence says which and what next."""


@dataclass(frozen=True, slots=True)
class TrainingScene:
    """A record and its ids; `record` has as many lines as `scene`."""

    record: SceneRecord
    scene: PreferenceScene


@dataclass(frozen=True, slots=True)
class SceneSplit:
    """`notes`: sentences about what was left out."""

    trained: tuple[TrainingScene, ...]
    held_out: tuple[TrainingScene, ...]
    notes: tuple[str, ...]

    @property
    def best_by(self) -> str:
        """P judges what was chosen by P; what an editor chose has other reasons, which only the preferences tell."""
        return "loss" if any(line.who for one in self.trained for line in one.record.sampling_records) else "penalty"


@dataclass(frozen=True, slots=True)
class StepPlan:
    """`scenes_per_step` of `n_scenes` at a time, every scene once per epoch in an order drawn anew for each."""

    n_scenes: int
    scenes_per_step: int
    epochs: int
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        return -(-self.n_scenes // self.scenes_per_step)

    @property
    def n_steps(self) -> int:
        return self.epochs * self.steps_per_epoch

    def epoch(self, step: int) -> int:
        return step // self.steps_per_epoch

    def places(self, step: int) -> list[int]:
        """Which scenes step `step` reads; the last step of an epoch may have fewer."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch(step))
        order = torch.randperm(self.n_scenes, generator=generator).tolist()
        first = step % self.steps_per_epoch * self.scenes_per_step
        return order[first : first + self.scenes_per_step]


def read_split(run: argparse.Namespace, tokenizer: PreTrainedTokenizerBase, max_tokens: int) -> SceneSplit:
    """The run's records as scenes. Raises NothingToLearn or ValueError (sentences); `max_tokens`: the longest trunk the model takes."""
    reader = _Reader(run, tokenizer, max_tokens)
    scenes = reader.scenes(run.records)
    if not scenes:
        raise NothingToLearn(
            f"None of the {reader.n_read} scenes in {', '.join(map(str, run.records))} has a line whose chosen and rejected wordings differ; "
            "sample more candidates, or choose among candidates at the desk, and train again."
        )
    scenes = _drawn(scenes, run.limit, run.seed)
    if _is_share(run.held_out):
        trained, held_out, note = _split(scenes, float(run.held_out), run.seed)
        reader.notes += note
    else:
        trained, held_out = scenes, reader.scenes([Path(run.held_out)])
    if not held_out:
        reader.notes.append("No scene is held out: the run is not evaluated, and ends with its last weights.")
    return SceneSplit(tuple(trained), tuple(held_out), tuple(reader.notes))


def _is_share(held_out: str) -> bool:
    try:
        share = float(held_out)
    except ValueError:
        return False
    if not 0 <= share < 1:
        raise ValueError(f"--held-out {held_out} is neither a share from 0 to below 1 nor a file of records.")
    return True


@dataclass
class _Reader:
    """Reads files of records into scenes with something to learn, shortened to what the model can read; `notes` say what was lost."""

    run: argparse.Namespace
    tokenizer: PreTrainedTokenizerBase
    max_tokens: int
    notes: list[str] = field(default_factory=list)
    n_read: int = 0

    def scenes(self, files: Sequence[Path]) -> list[TrainingScene]:
        records = [record for path in files for record in read_records(path)]
        read = [self._read(record) for record in records]
        cut = [len(record.sampling_records) - len(one.scene.lines) if one else len(record.sampling_records)
               for record, one in zip(records, read, strict=True)]  # fmt: skip
        found = [one for one in read if one is not None and one.scene.lessons]
        if any(cut):
            self.notes.append(f"{sum(map(bool, cut))} scenes are longer than the model's {self.max_tokens} tokens: their last {sum(cut)} lines are left out.")
        if len(found) < len(records):
            self.notes.append(f"{len(records) - len(found)} of {len(records)} scenes have no preference to learn from and are left out.")
        return found

    def _read(self, record: SceneRecord) -> TrainingScene | None:
        self.n_read += 1
        named = replace(record, scene_id=f"{record.scene_id}#{self.n_read}")  # the same scene may have been sampled twice
        asked = _in_form(named, self.run.form or record.form)
        _check_form(asked, self.run.model, self.tokenizer)
        flagged = replace(asked, sampling_records=tuple(map(_flagged, asked.sampling_records)))
        return _fitting(flagged, self.tokenizer, self.max_tokens)


def _in_form(record: SceneRecord, form: str) -> SceneRecord:
    """The record asking in this form, its languages as the form wants them: names in the instruction, codes in tags."""

    def told(language: str) -> str:
        code = language_code(language)
        return NAMES[code] if form == Form.INSTRUCTION else code

    lines = tuple(replace(line, src_lang=told(line.src_lang), tar_lang=told(line.tar_lang)) for line in record.sampling_records)
    return replace(record, form=form, sampling_records=lines)


def _flagged(line: LineRecord) -> LineRecord:
    """A line that cannot teach is flagged: the same words twice, or no words."""
    chosen, rejected = line.chosen.split(), line.rejected.split()
    return line if chosen and rejected and chosen != rejected else replace(line, same_flag=True)


def _check_form(record: SceneRecord, model: str, tokenizer: PreTrainedTokenizerBase) -> None:
    """Records must ask in a form the model was made for; its tokenizer tells."""
    known = FORMS_OF_TAGGED if natural_form(tokenizer) is Form.TAGGED else (Form.INSTRUCTION,)
    if record.form not in known:
        raise NothingToLearn(
            f"Scene “{record.scene_id}” asks in the form “{record.form}”, but {model} answers in {' or '.join(known)}: the records are "
            f"another model's. Pass that model with --model, or read them anew with --form {known[0]}."
        )


def _fitting(record: SceneRecord, tokenizer: PreTrainedTokenizerBase, max_tokens: int) -> TrainingScene | None:
    """The first lines of a scene that fit the model, all of them where they do; None when not even one does."""
    count = len(record.sampling_records)
    while count > 0:
        shorter = replace(record, sampling_records=record.sampling_records[:count], num=count)
        scene = preference_scene(shorter, tokenizer)
        over = _longest(scene) - max_tokens
        if over <= 0:
            return TrainingScene(shorter, scene)
        count -= max(1, count * over // (2 * _longest(scene)))
    return None


def _longest(scene: PreferenceScene) -> int:
    """Tokens of the longest path through the scene: its trunk, or the context of a line with its rejected wording."""
    tree = line_tree(scene, include_terminator=True)
    return max([len(tree.trunk), *(span.start + len(span.ids) for span in tree.spans)])


def _drawn(scenes: list[TrainingScene], limit: int | None, seed: int) -> list[TrainingScene]:
    if limit is None or limit >= len(scenes):
        return scenes
    order = torch.randperm(len(scenes), generator=torch.Generator().manual_seed(seed)).tolist()
    return [scenes[place] for place in sorted(order[:limit])]


def _split(scenes: list[TrainingScene], share: float, seed: int) -> tuple[list[TrainingScene], list[TrainingScene], list[str]]:
    """Whole documents are held out, and of the last one its end. A scene with two lines in a row that a held-out scene has too (windows
    overlap) is left out, unless none would stay. Third: sentences about that."""
    wanted = min(max(1, round(share * len(scenes))), len(scenes) - 1) if share > 0 else 0
    documents = list(dict.fromkeys(document_of(one.record.scene_id) for one in scenes))
    order = torch.randperm(len(documents), generator=torch.Generator().manual_seed(seed)).tolist()
    turn = dict(zip(documents, order, strict=True))
    places = sorted(range(len(scenes)), key=lambda place: (turn[document_of(scenes[place].record.scene_id)], -place))
    held = [scenes[place] for place in sorted(places[:wanted])]
    others = [scenes[place] for place in sorted(places[wanted:])]
    known = set().union(*map(_neighbours, held))
    apart = [one for one in others if not known & _neighbours(one)]
    if not apart:
        return others, held, ["Every scene shares lines with a held-out one: the evaluation is of lines that are trained on."]
    lost = len(others) - len(apart)
    return apart, held, [f"{lost} scenes share lines with a held-out one and are left out."] if lost else []


def _neighbours(one: TrainingScene) -> set[tuple[str, str]]:
    sources = [line.src for line in one.record.sampling_records]
    return set(zip(sources, sources[1:], strict=False))


def document_of(scene_id: str) -> str:
    """The document of a scene's name: what stands before its last colon.

    >>> document_of("tvsub:12:35"), document_of("alone")
    ('tvsub:12', 'alone')
    """
    return scene_id.rpartition(":")[0] or scene_id
