"""The translate step: which wording becomes a line's text, what is told, and how soon a stop is heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from studio.domain.errors import Cancelled
from studio.domain.line import Candidate, Line, LineStatus, SpeakerProfile
from studio.domain.project import Cast, Job, JobKind, JobState, Project
from studio.domain.settings import Settings, TranslationSettings
from studio.domain.timing import TimeSpan
from studio.engines.protocols import TranslationRequest, Wording
from studio.steps import translate
from studio.steps.run import Run, notices
from studio.workshop import Workshop
from tests.fakes import FakeTranslator
from tests.studio_fixtures import fake_studio

LINE_MS = 1000  # room for sixteen letters of the fake estimator


class Ticker:
    """A job's context that counts, and asks to stop after `stop_after` progress reports."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.seen: list[tuple[int, int]] = []
        self._stop_after = stop_after

    def progress(self, done: int, total: int, *, stage: str, message: str = "") -> None:
        self.seen.append((done, total))

    def is_cancelled(self) -> bool:
        return self._stop_after is not None and len(self.seen) >= self._stop_after

    def check(self) -> None:
        if self.is_cancelled():
            raise Cancelled

    def make_way(self) -> None: ...

    def device(self) -> None: ...

    def let_go(self) -> None: ...


class OneWording(FakeTranslator):
    """Answers a single wording, always the same for a line, and cannot translate back."""

    name, translate_back = "one-wording", None

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def propose(self, requests: Sequence[TranslationRequest]) -> Iterator[tuple[str, tuple[Wording, ...]]]:
        yield from ((request.line_id, (Wording(self.text, 0.0),)) for request in requests)


class Bench:
    """A project of `count` lines with a translator, and the step run on it."""

    def __init__(self, home: Path, translator: FakeTranslator, count: int = 2) -> None:
        self.translator = translator
        self.shop: Workshop = fake_studio(home, translator=translator)._shop
        self.project = self.shop.projects.create(Project("p" * 32, "local", "Pilot", "en", "de", Settings()))
        speaker = SpeakerProfile("s" * 32, "Ann")
        spans = [TimeSpan(2 * n * LINE_MS, (2 * n + 1) * LINE_MS) for n in range(count)]
        lines = tuple(Line(f"{n:032d}", span, speaker.id, "Ann goes home") for n, span in enumerate(spans))
        self.shop.lines.replace_cast(self.project.id, Cast((speaker,), lines))

    def run(self, context: Ticker | None = None, **job: object) -> None:
        made = replace(Job("j" * 32, self.project.id, "local", JobKind.TRANSLATE, JobState.RUNNING), **job)
        translate.run(Run(self.shop, self.project, made, context or Ticker()))

    @property
    def lines(self) -> tuple[Line, ...]:
        return self.shop.lines.cast(self.project.id).lines

    def candidates(self, place: int = 0) -> tuple[Candidate, ...]:
        return self.shop.lines.candidates(self.project.id, self.lines[place].id)

    def write(self, text: str, *known: Candidate) -> None:
        """Make `text` every line's words, a machine's; `known` wordings are listed beside it."""
        for line in self.lines:
            own = Candidate("c" * 32, line.id, text, "fake-translator", 0.0, 0, None)
            self.shop.lines.put_candidates(line.id, (own, *(replace(one, line_id=line.id) for one in known)))
            self.shop.lines.edit(self.project.id, line.id, lambda now: replace(now, target_text=text, status=LineStatus.DRAFT), by="local")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, FakeTranslator())


def test_the_first_wording_becomes_the_text_and_all_that_is_known_of_it_is_kept(bench: Bench) -> None:
    bench.run()
    first = bench.candidates()[0]
    assert bench.lines[0].target_text == first.text
    assert first.back_translation == first.text.replace(".de", "")
    assert first.likelihood is not None
    assert first.slot_penalty == min(one.slot_penalty for one in bench.candidates())


def test_the_glossary_of_the_project_reaches_the_translator_and_its_wordings(bench: Bench) -> None:
    terms = (("Ann", "Anna"), ("Bo", "Boris"))
    bench.project = replace(bench.project, settings=Settings(translation=TranslationSettings(terms=terms)))
    bench.run()
    assert {request.terms for request in bench.translator.asked} == {(("Ann", "Anna"),)}
    assert all(one.missed_terms == ("Anna",) for one in bench.candidates())


def test_an_instruction_reaches_the_translator_and_one_that_follows_none_is_named(tmp_path: Path) -> None:
    for follows in (True, False):
        bench = Bench(tmp_path / str(follows), FakeTranslator(follows_instructions=follows))
        bench.run(is_forced=True, instruction="shorter")
        assert {request.instruction for request in bench.translator.asked} == {"shorter"}
        told = notices(bench.shop, bench.project.id)
        assert [("“shorter” changed nothing" in sentence) for sentence in told] == ([] if follows else [True])


def test_many_lines_take_nothing_that_fits_worse_than_what_they_have(bench: Bench) -> None:
    bench.write("exactly the time")
    bench.translator.propose = OneWording("much much much too long for the second and for the gap that it has").propose
    bench.run(is_forced=True)
    assert {line.target_text for line in bench.lines} == {"exactly the time"}
    assert len(bench.candidates()) == 2


def test_one_line_alone_takes_another_wording_whatever_it_takes(bench: Bench) -> None:
    bench.write("exactly the time")
    bench.translator.propose = OneWording("much much much too long for the second and for the gap that it has").propose
    bench.run(is_forced=True, line_ids=(bench.lines[0].id,))
    assert [line.target_text for line in bench.lines] == ["much much much too long for the second and for the gap that it has", "exactly the time"]


def test_a_translator_of_one_wording_leaves_an_older_one_that_fits_better_to_be_taken(tmp_path: Path) -> None:
    bench = Bench(tmp_path, OneWording("exactly the time"))
    bench.run()
    (fitting,) = bench.candidates()
    bench.write("very far too long a line for the second and the gap that it has", fitting)
    bench.translator.text = "even longer than all the others that were there before it in this list"
    bench.run(is_forced=True)
    assert {line.target_text for line in bench.lines} == {"exactly the time"}


def test_words_of_another_language_are_never_taken_for_their_length(tmp_path: Path) -> None:
    bench = Bench(tmp_path, OneWording("even longer than all the others that were there before it in this list"))
    bench.run()
    put_away = Candidate("e" * 32, "", "short", "earlier, French", 0.0, 1, None, slot_penalty=0.0)
    bench.write("very far too long a line for the second and the gap that it has", put_away)
    bench.run(is_forced=True)
    assert {line.target_text for line in bench.lines} == {"very far too long a line for the second and the gap that it has"}


def test_a_stop_is_heard_within_a_batch_and_finished_lines_stay(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeTranslator(), count=12)
    ticker = Ticker(stop_after=4)
    with pytest.raises(Cancelled):
        bench.run(ticker)
    assert len(bench.translator.asked) <= 4 + bench.translator.lines_at_once
    assert sum(bool(line.target_text) for line in bench.lines) == 4
    assert ticker.seen == [(n, 12) for n in range(4)]
