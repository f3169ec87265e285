"""The history alone rebuilds the lines: whatever is done to them, replaying every entry gives what is stored."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from studio.domain.history import EditRecord
from studio.domain.line import Line, LineStatus, VoiceRef
from studio.domain.plain import from_plain, to_plain
from studio.domain.project import Cast, Project
from studio.domain.settings import Guidance
from studio.domain.timing import TimeSpan
from studio.store.lines import LineStore
from tests.store.samples import ANNA, BO, a_line, a_take


def replay(edits: tuple[EditRecord, ...]) -> dict[str, dict[str, Any]]:
    """Plain lines by id, from the entries alone; every entry must fit on what the ones before have left."""
    found: dict[str, dict[str, Any]] = {}
    for edit in sorted((edit for edit in edits if edit.subject == "line"), key=lambda edit: edit.seq):
        if edit.field == "line":
            before = None if edit.before is None else {name: value for name, value in edit.before.items() if name != "beside"}
            assert found.pop(edit.line_id, None) == before
            if edit.after is not None:
                found[edit.line_id] = dict(edit.after)
        else:
            assert found[edit.line_id][edit.field] == edit.before
            found[edit.line_id][edit.field] = edit.after
    return found


class Editor:
    """Does something at random to the lines of a project, and keeps in plain Python what should come of it."""

    def __init__(self, lines: LineStore, project_id: str, seed: int) -> None:
        self.lines, self.project_id, self.draw = lines, project_id, random.Random(seed)
        self.model: dict[str, Line] = {}

    def act(self) -> None:
        acts = (
            [self.add]
            if len(self.model) < 3
            else [self.add, self.revise, self.revise, self.delete, self.split, self.merge, self.give, self.reimport]
        )
        self.draw.choice(acts)()

    def pick(self) -> Line:
        return self.model[self.draw.choice(sorted(self.model))]

    def add(self) -> None:
        line = a_line(self.draw.randrange(90_000), speaker_id=self.draw.choice([ANNA.id, BO.id]))
        self.lines.add_lines(self.project_id, [line], by="ada")
        self.model[line.id] = line

    def revise(self) -> None:
        line = self.pick()
        options = {
            "target_text": self.draw.choice(["", "好", "“quoted”\n", "x" * 300]),
            "span": TimeSpan(line.span.start_ms, line.span.start_ms + self.draw.randrange(1, 3000)),
            "voice": self.draw.choice([None, VoiceRef("espeak", "en", 1.2)]),
            "guidance": self.draw.choice([None, Guidance(1.0, 2.0)]),
            "status": self.draw.choice(list(LineStatus)),
            "notes": self.draw.choice([(), ("sung",)]),
        }
        changes = {name: options[name] for name in self.draw.sample(sorted(options), 2)}
        self.model[line.id] = self.lines.edit(self.project_id, line.id, lambda now: replace(now, **changes), by="ada")
        assert self.model[line.id] == replace(line, **changes)

    def delete(self) -> None:
        self.lines.delete_lines(self.project_id, [self.model.pop(self.pick().id).id], by="ada")

    def split(self) -> None:
        line = self.pick()
        if line.span.length_ms < 2:
            return
        middle_ms = line.span.start_ms + line.span.length_ms // 2
        first, second = (
            replace(line, span=TimeSpan(line.span.start_ms, middle_ms)),
            replace(a_line(0), span=TimeSpan(middle_ms, line.span.end_ms)),
        )
        self.lines.split_line(self.project_id, first, second, by="ada")
        self.model |= {first.id: first, second.id: second}

    def merge(self) -> None:
        one, other = (self.model[key] for key in self.draw.sample(sorted(self.model), 2))
        span = TimeSpan(min(one.span.start_ms, other.span.start_ms), max(one.span.end_ms, other.span.end_ms))
        merged = replace(one, span=span, source_text=f"{one.source_text} {other.source_text}"[:200])
        self.lines.merge_lines(self.project_id, merged, [other.id], by="ada")
        del self.model[other.id]
        self.model[merged.id] = merged

    def give(self) -> None:
        line, speaker = self.pick(), self.draw.choice([ANNA.id, BO.id])
        self.lines.reassign(self.project_id, [line.id], speaker, by="ada")
        take = a_take(line.id)
        self.lines.add_take(take)
        self.model[line.id] = self.lines.circle_take(self.project_id, line.id, take.id, by="ada")
        assert self.model[line.id] == replace(line, speaker_id=speaker, take_id=take.id)

    def reimport(self) -> None:
        kept = [line for line in self.model.values() if self.draw.random() < 0.8]
        self.model = {line.id: line for line in [*kept, a_line(self.draw.randrange(90_000))]}
        self.lines.replace_cast(self.project_id, Cast((ANNA, BO), tuple(self.model.values())), by="ada")


@pytest.mark.parametrize("seed", range(3))
def test_replaying_the_history_gives_the_lines(lines: LineStore, project: Project, seed: int) -> None:
    lines.replace_cast(project.id, Cast((ANNA, BO), ()))
    editor = Editor(lines, project.id, seed)
    for _ in range(60):
        editor.act()
    stored = {line.id: line for line in lines.cast(project.id).lines}
    assert stored == editor.model
    replayed = replay(lines.history(project.id, limit=1_000_000))
    assert replayed == {key: to_plain(line) for key, line in stored.items()}
    assert {key: from_plain(Line, plain) for key, plain in replayed.items()} == stored
