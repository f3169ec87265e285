"""Which scenes a preference training sees, and when: records read, checked, split into trained and held out, and put into steps.

Files of `SceneRecord`s in, a `SceneSplit` and the scenes of any step out. The scenes of step s are a function of (seed, s) alone, so a
resumed run is the run that was never stopped. Another rule for what is usable belongs in `_with_lessons`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    notes: list[str] = []
    records = [record for path in run.records for record in read_records(path)]
    scenes = _scenes(records, run, tokenizer, max_tokens, notes)
    if not scenes:
        files = ", ".join(map(str, run.records))
        raise NothingToLearn(
            f"None of the {len(records)} scenes in {files} has a line whose chosen and rejected wordings differ; sample more candidates, "
            "or choose among candidates at the desk, and train again."
        )
    scenes = _drawn(scenes, run.limit, run.seed)
    if _is_share(run.held_out):
        trained, held_out = _split(scenes, float(run.held_out), run.seed)
    else:
        held_records = list(read_records(Path(run.held_out)))
        trained, held_out = scenes, _scenes(held_records, run, tokenizer, max_tokens, notes)
    if not held_out:
        notes.append("No scene is held out: the run is not evaluated, and ends with its last weights.")
    return SceneSplit(tuple(trained), tuple(held_out), tuple(notes))


def _is_share(held_out: str) -> bool:
    try:
        share = float(held_out)
    except ValueError:
        return False
    if not 0 <= share < 1:
        raise ValueError(f"--held-out {held_out} is neither a share from 0 to below 1 nor a file of records.")
    return True


def _scenes(
    records: Sequence[SceneRecord], run: argparse.Namespace, tokenizer: PreTrainedTokenizerBase, max_tokens: int, notes: list[str]
) -> list[TrainingScene]:
    """Scenes with something to learn, shortened to what the model can read; what is lost goes into `notes`."""
    found, lost_lines, cut_scenes = [], 0, 0
    for number, record in enumerate(records):
        named = replace(record, scene_id=f"{record.scene_id}#{number}")  # the same scene may have been sampled twice
        usable = _with_lessons(_in_form(named, run.form or record.form))
        _check_form(usable, run, tokenizer)
        fitting = _fitting(usable, tokenizer, max_tokens)
        lost = len(record.sampling_records) - (0 if fitting is None else len(fitting.scene.lines))
        lost_lines, cut_scenes = lost_lines + lost, cut_scenes + (lost > 0)
        if fitting is not None and fitting.scene.lessons:
            found.append(fitting)
    if cut_scenes:
        notes.append(f"{cut_scenes} scenes are longer than the model's {max_tokens} tokens: their last {lost_lines} lines are left out.")
    if len(found) < len(records):
        notes.append(f"{len(records) - len(found)} of {len(records)} scenes have no preference to learn from and are left out.")
    return found


def _in_form(record: SceneRecord, form: str) -> SceneRecord:
    """The record asking in this form, its languages as the form wants them: names in the instruction, codes in tags."""

    def told(language: str) -> str:
        code = language_code(language)
        return NAMES[code] if form == Form.INSTRUCTION else code

    lines = tuple(replace(line, src_lang=told(line.src_lang), tar_lang=told(line.tar_lang)) for line in record.sampling_records)
    return replace(record, form=form, sampling_records=lines)


def _with_lessons(record: SceneRecord) -> SceneRecord:
    """The record with lines flagged that cannot teach: the same words twice, or no words."""
    return replace(record, sampling_records=tuple(map(_flagged, record.sampling_records)))


def _flagged(line: LineRecord) -> LineRecord:
    chosen, rejected = line.chosen.split(), line.rejected.split()
    return line if chosen and rejected and chosen != rejected else replace(line, same_flag=True)


def _check_form(record: SceneRecord, run: argparse.Namespace, tokenizer: PreTrainedTokenizerBase) -> None:
    """Records must ask in a form the model was made for; its tokenizer tells."""
    known = FORMS_OF_TAGGED if natural_form(tokenizer) is Form.TAGGED else (Form.INSTRUCTION,)
    if record.form not in known:
        raise NothingToLearn(
            f"Scene “{record.scene_id}” asks in the form “{record.form}”, but {run.model} answers in {' or '.join(known)}: the records are "
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


def _split(scenes: list[TrainingScene], share: float, seed: int) -> tuple[list[TrainingScene], list[TrainingScene]]:
    """Whole documents are held out, and of the last one its end. Scenes that share two lines in a row with a held-out scene (windows
    overlap) are neither trained on nor held out. At least one scene stays to train on."""
    wanted = min(max(1, round(share * len(scenes))), len(scenes) - 1) if share > 0 else 0
    documents = list(dict.fromkeys(document_of(one.record.scene_id) for one in scenes))
    order = torch.randperm(len(documents), generator=torch.Generator().manual_seed(seed)).tolist()
    rank = {documents[place]: number for number, place in enumerate(order)}
    places = sorted(range(len(scenes)), key=lambda place: (rank[document_of(scenes[place].record.scene_id)], -place))
    held = [scenes[place] for place in sorted(places[:wanted])]
    known = set().union(*(_neighbours(one) for one in held)) if held else set()
    trained = [scenes[place] for place in sorted(places[wanted:])]
    apart = [one for one in trained if not known & _neighbours(one)]
    return (apart, held) if apart else (trained, held)


def _neighbours(one: TrainingScene) -> set[tuple[str, str]]:
    sources = [line.src for line in one.record.sampling_records]
    return set(zip(sources, sources[1:], strict=False))


def document_of(scene_id: str) -> str:
    """The document of a scene's name: what stands before its last colon.

    >>> document_of("tvsub:12:35"), document_of("alone")
    ('tvsub:12', 'alone')
    """
    return scene_id.rpartition(":")[0] or scene_id
