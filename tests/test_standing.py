"""A standing taken over from the look before is the one made from nothing, whatever was edited; and nothing waits for a film to be timed."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from studio import standing
from studio.bootstrap import Place, open_studio
from studio.domain.errors import EngineFailed, StudioError
from studio.domain.line import Candidate, Estimate, FitReport, LineStatus, SpeakerProfile, Take, VoiceRef
from studio.domain.settings import Guidance
from studio.domain.timing import TimeSpan
from studio.service import LineEdit, Studio
from studio.standing import look_again
from studio.standings import Standings
from tests.fakes import FakeEstimator
from tests.studio_fixtures import fake_rack, fake_studio

WORDS = ("eins", "zwei drei", "vier, fünf", "", "ein sehr langer Satz, der nirgends hineinpasst und kein Ende nimmt", "快到山上", "sieben Wölfe")
VOICES = (VoiceRef("fake-speaker", "low"), VoiceRef("fake-speaker", "high"))


def film(studio: Studio, count: int = 9) -> str:
    project = studio.create_project("Pilot", "en", "de")
    cues = [f"{n + 1}\n00:00:{2 * n:02d},000 --> 00:00:{2 * n + 1:02d},{500 + 40 * n:03d}\nline number {n}\n" for n in range(count)]
    studio.import_script(project.id, "\n".join(cues).encode(), "film.srt")
    return project.id


class Editor:
    """Does one random thing to a project at a time, through the verbs and, as a job would, through the stores."""

    def __init__(self, studio: Studio, project_id: str, seed: int) -> None:
        self.studio, self.project_id, self.draw = studio, project_id, random.Random(seed)
        self.lines = studio._shop.lines
        self.deeds: tuple[Callable[[], object], ...] = (
            self.write, self.write, self.write, self.move, self.give_away, self.approve, self.voice, self.take, self.candidates, self.split, self.merge,
            self.add, self.delete, self.rename, self.speaker_voice, self.guide, self.rate, self.terms, self.undo, self.part_speaker,
        )  # fmt: skip

    def do(self) -> str:
        deed = self.draw.choice(self.deeds)
        try:
            deed()
        except StudioError:  # a locked line, nothing to undo: what is refused changes nothing
            return f"{deed.__name__} (refused)"
        return deed.__name__

    def some(self) -> str:
        return self.draw.choice([line.id for line in self.lines.cast(self.project_id).lines])

    def revise(self, edit: LineEdit) -> None:
        self.studio.revise_line(self.project_id, self.some(), edit)

    def write(self) -> None:
        self.revise(LineEdit(target_text=self.draw.choice(WORDS)))

    def move(self) -> None:
        start_ms = self.draw.randrange(0, 20_000)
        self.revise(LineEdit(span=TimeSpan(start_ms, start_ms + self.draw.randrange(100, 4000))))

    def give_away(self) -> None:
        self.revise(LineEdit(speaker_id=self.draw.choice(self.lines.speakers(self.project_id)).id))

    def approve(self) -> None:
        self.studio.set_status(self.project_id, [self.some()], self.draw.choice(list(LineStatus)))

    def voice(self) -> None:
        self.revise(LineEdit(voice=self.draw.choice(VOICES)) if self.draw.random() < 0.7 else LineEdit(clear=frozenset({"voice"})))

    def take(self) -> None:
        line_id, key = self.some(), f"take{self.draw.randrange(10**9)}"
        report = FitReport(900, 0, 0, 1.0, self.draw.randrange(300, 3000), self.draw.choice((0, 0, 120)))
        self.lines.add_take(Take(key, line_id, self.draw.choice(WORDS), VOICES[0], "1", "raw", "fitted", report, f"print {key}"))
        self.lines.circle_take(self.project_id, line_id, key)

    def candidates(self) -> None:
        line_id = self.some()
        self.lines.put_candidates(line_id, tuple(Candidate(f"c{rank}", line_id, f"so {rank}", "fake", 0.0, rank, None) for rank in range(self.draw.randrange(4))))

    def split(self) -> None:
        line = self.lines.line(self.project_id, self.some())
        self.studio.split_line(self.project_id, line.id, (line.span.start_ms + line.span.end_ms) // 2)

    def merge(self) -> None:
        ids = [line.id for line in self.lines.cast(self.project_id).lines]
        at = self.draw.randrange(len(ids) - 1)
        if len(ids) > 5:
            self.studio.merge_lines(self.project_id, ids[at : at + 2])

    def add(self) -> None:
        start_ms = self.draw.randrange(0, 30_000)
        self.studio.add_line(self.project_id, start_ms, start_ms + 700)

    def delete(self) -> None:
        if len(self.lines.cast(self.project_id).lines) > 5:
            self.studio.delete_lines(self.project_id, [self.some()])

    def rename(self) -> None:
        self.studio.rename_speaker(self.project_id, self.lines.speakers(self.project_id)[0].id, f"Name {self.draw.randrange(99)}")

    def speaker_voice(self) -> None:
        self.studio.set_speaker_voice(self.project_id, self.draw.choice(self.lines.speakers(self.project_id)).id, self.draw.choice((*VOICES, None)))

    def part_speaker(self) -> None:
        line = self.lines.line(self.project_id, self.some())
        self.lines.add_speaker(self.project_id, SpeakerProfile(f"s{self.draw.randrange(10**9)}", "Neu"))
        self.studio.split_speaker(self.project_id, line.speaker_id, [line.id], f"Kind {self.draw.randrange(99)}")

    def guide(self) -> None:
        self.revise(LineEdit(guidance=Guidance(face_scale=self.draw.choice((0.0, 1.0)))))

    def rate(self) -> None:
        settings = self.studio.project(self.project_id).project.settings
        self.studio.update_settings(self.project_id, replace(settings, fit=replace(settings.fit, max_ratio=self.draw.choice((1.1, 1.25, 1.4)))))

    def terms(self) -> None:
        self.studio.set_terms(self.project_id, self.draw.choice(([], [("number", "Nummer")])))

    def undo(self) -> None:
        self.studio.undo(self.project_id)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_edited_the_rows_are_those_made_from_nothing(tmp_path: Path, seed: int) -> None:
    studio = fake_studio(tmp_path)
    other = open_studio(Place(tmp_path), engines=fake_rack())  # another process on the same database
    project_id = film(studio)
    editor, stranger, done = Editor(studio, project_id, seed), Editor(other, project_id, seed + 100), []
    for step in range(60):
        done.append((stranger if step % 5 == 4 else editor).do())
        if step % 3 == 2:
            continue  # several edits between two looks
        anew = look_again(studio._shop, studio._own(project_id), None, at_once=False)
        assert studio.rows(project_id) == tuple(anew.rows.values()), done[-4:]
        assert other.rows(project_id) == tuple(anew.rows.values()), done[-4:]
        some = editor.some()
        assert studio.predict(project_id, some, "Probe, Probe") == anew.predict(some, "Probe, Probe")
    other.close()
    studio.close()


def test_a_key_pressed_right_after_an_edit_is_held_against_the_line_as_it_is(tmp_path: Path) -> None:
    studio = fake_studio(tmp_path)
    project_id = film(studio)
    line = studio.rows(project_id)[0].line
    before = studio.predict(project_id, line.id, "Probe, Probe")
    studio.revise_line(project_id, line.id, LineEdit(span=TimeSpan(line.span.start_ms, line.span.start_ms + 400)))
    after = studio.predict(project_id, line.id, "Probe, Probe")
    assert before is not None and after is not None and after.delta_ms != before.delta_ms
    added = studio.add_line(project_id, 60_000, 61_000).line
    assert studio.predict(project_id, added.id, "Probe, Probe") is not None
    studio.close()


def test_an_edit_of_a_text_makes_one_row_and_reads_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = fake_studio(tmp_path)
    project_id = film(studio, 20)
    before = studio.rows(project_id)
    made: list[str] = []
    row = standing.RowMaker.row
    monkeypatch.setattr(standing.RowMaker, "row", lambda maker, number, line, parts: made.append(line.id) or row(maker, number, line, parts))
    studio.revise_line(project_id, before[7].line.id, LineEdit(target_text="acht"))
    after = studio.rows(project_id)
    assert made == [before[7].line.id]
    assert [one is other for one, other in zip(before, after, strict=True)].count(False) == 1
    made.clear()
    studio.revise_line(project_id, before[7].line.id, LineEdit(span=TimeSpan(14_000, 14_700)))
    studio.rows(project_id)
    assert before[7].line.id in made and len(made) <= 3  # and the neighbours whose room it changes
    studio.close()


class SlowEstimator(FakeEstimator):
    """Times a text only when allowed to, and remembers what it timed."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.timed: dict[str, Estimate] = {}
        self.fails = False
        self.asked = 0

    def known(self, texts: Sequence[str], language: str, voice: VoiceRef | None = None) -> list[Estimate | None]:
        return [self.timed.get(text) for text in texts]

    def estimate_many(self, texts: Sequence[str], language: str, voice: VoiceRef | None = None) -> list[Estimate]:
        assert self.may.wait(20)
        self.asked += 1
        if self.fails:
            raise EngineFailed(self.name, "it is ill.")
        self.timed |= {text: self.estimate(text, language, voice) for text in texts}
        return [self.timed[text] for text in texts]


def filled(tmp_path: Path, estimator: SlowEstimator) -> tuple[Studio, str]:
    studio = fake_studio(tmp_path, estimator=estimator)
    project_id = film(studio, 28)
    for number, line in enumerate(studio._shop.lines.cast(project_id).lines):
        studio._shop.lines.revise(project_id, replace(line, target_text=f"Zeile {number}"), by="local")
    return studio, project_id


def test_texts_nobody_has_timed_come_later_and_nobody_waits(tmp_path: Path) -> None:
    estimator = SlowEstimator()
    studio, project_id = filled(tmp_path, estimator)
    at_once = studio.rows(project_id, at_once=True)
    assert all(row.is_being_measured and row.prediction is None for row in at_once)
    assert studio.project(project_id).counts.total == 28
    estimator.may.set()
    deadline = time.monotonic() + 20
    while any(row.is_being_measured for row in studio.rows(project_id, at_once=True)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert studio.rows(project_id, at_once=True) == studio.rows(project_id)
    assert all(row.prediction is not None for row in studio.rows(project_id))
    studio.close()


def test_who_needs_every_time_waits_for_it(tmp_path: Path) -> None:
    estimator = SlowEstimator()
    estimator.may.set()
    studio, project_id = filled(tmp_path, estimator)
    assert all(row.prediction is not None for row in studio.rows(project_id))
    studio.close()


def test_an_engine_that_fails_behind_the_page_is_named_on_the_lines_and_not_asked_at_every_look(tmp_path: Path) -> None:
    estimator = SlowEstimator()
    estimator.fails = True
    estimator.may.set()
    studio, project_id = filled(tmp_path, estimator)
    deadline = time.monotonic() + 20
    while any(row.is_being_measured for row in studio.rows(project_id, at_once=True)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    rows, asked = studio.rows(project_id, at_once=True), estimator.asked
    assert all(row.prediction is None and "it is ill" in row.flags[0] for row in rows)
    assert studio.rows(project_id, at_once=True) == rows and estimator.asked == asked
    with pytest.raises(EngineFailed, match="ill"):
        studio.rows(project_id)
    studio.close()


def test_what_is_kept_of_projects_is_bounded_by_their_lines_as_they_were_looked_at(tmp_path: Path) -> None:
    studio, standings = fake_studio(tmp_path), Standings(kept_lines=30)
    for project_id in [film(studio, 10) for _ in range(6)]:
        standings.look(studio._shop, studio._own(project_id))
    assert len(standings._places) == 2, "eleven each, of thirty"
    standings.close()
    studio.close()
