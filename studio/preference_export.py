"""Choices made at the desk as records to train on: the layout of segment-wise sampling (SSPO, arXiv 2508.08550; papers §1.6).

A project's rows and its choices in, scenes of at most 35 lines out, and as JSON, one scene per row. Lines nobody decided stand between as
context, flagged to teach nothing. The records are the trainer's (`models/translation/records.py`); a test holds the two together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from studio.domain.glossary import terms_in
from studio.domain.plain import to_plain
from studio.domain.preference import Choice, Earlier, plain
from studio.domain.project import Project
from studio.domain.views import LineRow
from studio.engines.scene_prompts import ScenePrompt, scene_prompt

SCENE_LINES = 35

Estimated = Callable[[str, str], int | None]  # predicted ms of a text in a language


@dataclass(frozen=True, slots=True)
class RecordedLine:
    """One line; names are the record's, durations seconds."""

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
    who: str | None
    when: str | None


@dataclass(frozen=True, slots=True)
class RecordedScene:
    """One scene. `scene_id` is "project/block:layer"; scenes of one block have lines in common."""

    scene_id: str
    src_prompt: str
    sampling_records: tuple[RecordedLine, ...]
    num: int
    single: dict[str, str]
    form: str
    terms: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Lessons:
    """`left_out`: choices without a predicted time, or between texts that are the same."""

    scenes: tuple[RecordedScene, ...]
    left_out: int

    @property
    def size(self) -> int:
        """Lines to learn from."""
        return sum(not line.same_flag for scene in self.scenes for line in scene.sampling_records)

    def text(self) -> str:
        """JSON lines."""
        return "".join(json.dumps(to_plain(scene), ensure_ascii=False) + "\n" for scene in self.scenes)


@dataclass(frozen=True, slots=True)
class _Segment:
    """A line within a scene; `wordings` are texts with their predicted ms. `who` None: nobody decided here, and `chosen` is context."""

    source: str
    source_ms: int
    wordings: tuple[tuple[str, int], ...]
    chosen: str
    rejected: str
    who: str | None = None
    when: str | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """A line of the project that may stand in a scene: its decisions, newest first, and its words as they stand (None: no words or no time)."""

    decisions: tuple[_Segment, ...]
    standing: _Segment | None


def lessons_of(project: Project, rows: Sequence[LineRow], choices: Sequence[Choice], estimated: Estimated, form: str) -> Lessons:
    """Choices about lines as they stand now go into scenes of neighbours; one whose line was cut, retyped, deleted or turned to another
    language goes with the lines that stood before it when it was made. `form` as in `scene_prompts.FORMS`."""
    by_line: dict[str, list[_Segment]] = {}
    alone: list[tuple[Choice, list[_Segment]]] = []
    left_out = 0
    now = {row.line.id: plain(row.line.source_text) for row in rows}
    pair = (project.source_language, project.target_language)
    for choice in (one for one in choices if one.is_lesson):
        segment = _decision(choice, estimated)
        if segment is None:
            left_out += 1
        elif (choice.source_language, choice.target_language) == pair and now.get(choice.line_id) == choice.source_text:
            by_line.setdefault(choice.line_id, []).insert(0, segment)
        else:
            before = [_context(earlier, estimated(earlier.target, choice.target_language)) for earlier in choice.before]
            alone.append((choice, [one for one in before if one is not None] + [segment]))
    scenes = _scenes_of_neighbours(project, _places(rows, by_line), form)
    for choice, segments in alone:
        scenes.append(_scene(project, (choice.source_language, choice.target_language), f"{project.id}/{choice.id}:0", segments, form))
    return Lessons(tuple(scenes), left_out)


def _decision(choice: Choice, estimated: Estimated) -> _Segment | None:
    """None where the chosen and the rejected text are the same, or one has no time."""
    timed = {one.text: one.total_ms if one.total_ms is not None else estimated(one.text, choice.target_language) for one in choice.wordings}
    known = tuple((text, total_ms) for text, total_ms in timed.items() if total_ms is not None)
    if choice.chosen == choice.rejected or not {choice.chosen, choice.rejected} <= dict(known).keys():
        return None
    return _Segment(choice.source_text, choice.source_ms, known, choice.chosen, choice.rejected, choice.who, choice.when)


def _context(earlier: Earlier, total_ms: int | None) -> _Segment | None:
    """A line nobody decided; None where its words, or their time, are not known."""
    if not earlier.source or not earlier.target or total_ms is None:
        return None
    return _Segment(earlier.source, earlier.source_ms, ((earlier.target, total_ms),), earlier.target, earlier.target)


def _places(rows: Sequence[LineRow], by_line: dict[str, list[_Segment]]) -> list[_Place]:
    """The lines that can stand in a scene, in timeline order."""
    places = []
    for row in rows:
        here = Earlier(plain(row.line.source_text), row.line.span.length_ms, plain(row.line.target_text))
        standing = _context(here, row.prediction.estimate.total_ms if row.prediction is not None else None)
        decisions = tuple(by_line.get(row.line.id, ()))
        if decisions or standing is not None:
            places.append(_Place(decisions, standing))
    return places


def _scenes_of_neighbours(project: Project, places: Sequence[_Place], form: str) -> list[RecordedScene]:
    """Blocks of decided lines with what stands before and between; a line decided more than once gives its block another layer."""
    scenes = []
    for number, (start, first_decided, end) in enumerate(_blocks(places, project.settings.translation.context_lines)):
        layers = max(len(place.decisions) for place in places[first_decided:end])
        for layer in range(layers):
            segments = [_at(place, layer if index >= first_decided else None) for index, place in enumerate(places[start:end], start)]
            scenes.append(_scene(project, (project.source_language, project.target_language), f"{project.id}/{number}:{layer}", segments, form))
    return scenes


def _blocks(places: Sequence[_Place], context_lines: int) -> list[tuple[int, int, int]]:
    """(start, first decided line, end) of each scene: decided lines with no more than `context_lines` between them stand together."""
    context_lines = min(context_lines, SCENE_LINES - 1)
    blocks: list[tuple[int, int, int]] = []
    for index in (index for index, place in enumerate(places) if place.decisions):
        first = max(0, index - context_lines)
        if blocks and first <= blocks[-1][2] and index + 1 - blocks[-1][0] <= SCENE_LINES:
            blocks[-1] = (*blocks[-1][:2], index + 1)
        else:
            blocks.append((first, index, index + 1))
    return blocks


def _at(place: _Place, layer: int | None) -> _Segment:
    """The line as it stands in a layer of its block: decided, or context with its words of now. `layer` None: context."""
    if layer is not None and layer < len(place.decisions):
        return place.decisions[layer]
    if place.standing is not None:
        return place.standing
    newest = place.decisions[0]
    return replace(newest, wordings=((newest.chosen, dict(newest.wordings)[newest.chosen]),), rejected=newest.chosen, who=None, when=None)


def _scene(project: Project, pair: tuple[str, str], scene_id: str, segments: Sequence[_Segment], form: str) -> RecordedScene:
    sources = [segment.source for segment in segments]
    terms = dict.fromkeys(term for source in sources for term in terms_in(source, project.settings.translation.terms))
    fixed = tuple(terms) if pair == (project.source_language, project.target_language) else ()
    prompt = scene_prompt(form, pair, sources, fixed)
    answered, records = prompt.words, []
    for index, segment in enumerate(segments):
        records.append(_record(index, answered, segment, prompt))
        answered += prompt.line(segment.source, segment.chosen)
    single = {
        "accept": "".join(prompt.line(segment.source, segment.chosen) for segment in segments),
        "reject": "".join(prompt.line(segment.source, segment.rejected) for segment in segments),
    }
    return RecordedScene(scene_id, prompt.words, tuple(records), len(records), single, form, fixed)


def _record(index: int, answered: str, segment: _Segment, prompt: ScenePrompt) -> RecordedLine:
    texts = tuple(text for text, _ in segment.wordings)
    return RecordedLine(
        prompt_index=index,
        temp_prompt=answered + prompt.opening(segment.source),
        src=segment.source,
        src_lang=prompt.source_language,
        tar=texts,
        tar_lang=prompt.target_language,
        chosen=segment.chosen,
        chosen_index=texts.index(segment.chosen),
        rejected=segment.rejected,
        rejected_index=texts.index(segment.rejected),
        src_duration=segment.source_ms / 1000,
        tar_duration=tuple(total_ms / 1000 for _, total_ms in segment.wordings),
        same_flag=segment.who is None,
        who=segment.who,
        when=segment.when,
    )
