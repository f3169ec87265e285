"""TRANSLATE: wordings for the lines that have none, kept window by window; a forced job renews the lines it names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from enum import Enum

from studio.domain.errors import EngineUnavailable, NotFound
from studio.domain.line import Candidate, Line, LineStatus, Prediction
from studio.domain.plain import fingerprint
from studio.domain.settings import TranslationSettings
from studio.engines.protocols import Translator
from studio.engines.translate_imported import ImportedTranslator
from studio.review import stand
from studio.stages.translate import WINDOW_LINES, Direction, combined, propose, requests_for
from studio.steps.run import Run


def run(run: Run) -> None:
    cast = run.shop.lines.cast(run.project.id)
    wanted = [line for line in cast.lines if _is_wanted(run, line)]
    run.notice("translate", None)
    if not wanted:
        return
    translator = _translator(run)
    if translator is None:
        return
    told = _stand_in(run, translator)
    run.notice("translate", told)
    report, done, kept = run.reported("Translating"), 0, 0
    report(0, len(wanted))
    with run.timed("translate"):
        for start in range(0, len(wanted), WINDOW_LINES):
            for outcome in _translate_window(run, translator, wanted[start : start + WINDOW_LINES]):
                done, kept = done + 1, kept + (outcome is Outcome.KEPT)
                report(done, len(wanted))
    if kept:
        lines = "1 line" if kept == 1 else f"{kept} lines"
        own = f"New wordings are listed for {lines} whose words a person wrote; those words were kept. Pick a wording to change them."
        run.notice("translate", f"{told} {own}" if told else own)


def _is_wanted(run: Run, line: Line) -> bool:
    if not run.wants(line) or not line.source_text.strip() or line.status is LineStatus.LOCKED:
        return False
    return run.job.is_forced or not line.target_text.strip()


def _translator(run: Run) -> Translator | None:
    """The engine to use; None where none speaks this pair: the lines then wait for words, and a notice says so."""
    source, target = run.project.source_language, run.project.target_language
    choice = run.project.settings.engines.translator
    try:
        return run.shop.engines.pick("translator", choice, accepts=lambda engine: engine.supports(source, target))
    except EngineUnavailable as error:
        if choice != "auto":
            raise
        run.notice("translate", f"Nothing here translates {source} to {target} ({error.reason}). Type the translations, or import them.")
        return None


def _stand_in(run: Run, translator: Translator) -> str | None:
    """A sentence when the translator that comes first here, such as one named by LIPLINE_TRANSLATOR, could not be taken."""
    first: Translator = run.shop.engines.all("translator")[0]
    if run.project.settings.engines.translator != "auto" or first.name == translator.name:
        return None
    verdict = first.available()
    if verdict.is_available:
        verdict = first.supports(run.project.source_language, run.project.target_language)
    return f"{first.name} cannot be used ({verdict.why.rstrip('.')}); {translator.name} translated instead."


class Outcome(Enum):
    """What became of a line: new words, the old ones because nothing better came, or a person's, which are never replaced."""

    CHOSEN = "chosen"
    UNCHANGED = "unchanged"
    KEPT = "kept"


def _translate_window(run: Run, translator: Translator, window: list[Line]) -> Iterator[Outcome]:
    """Read the cast anew, so that wordings chosen a moment ago are context and an editor's typing is never undone."""
    cast = run.shop.lines.cast(run.project.id)
    standing = stand(run.project, cast, run.shop.engines, run.shop.lines.circled_takes(run.project.id))
    direction = Direction(run.project.source_language, run.project.target_language)
    by_id = {line.id: line for line in cast.lines}
    asked = [by_id[line.id] for line in window if line.id in by_id]
    requests = requests_for(cast.lines, asked, standing.slots, direction, _settings(run))
    for line_id, fresh in propose(requests, by_id, translator, standing.predict_text):
        with suppress(NotFound):  # the editor deleted the line meanwhile
            yield _keep(run, by_id[line_id], fresh, standing.predictions.get(line_id))


def _keep(run: Run, line: Line, fresh: tuple[Candidate, ...], now: Prediction | None) -> Outcome:
    """List the wordings, and take one where the line has no words yet or only a machine's."""
    known = run.shop.lines.candidates(run.project.id, line.id)
    run.shop.lines.put_candidates(line.id, combined(fresh, known))
    if line.target_text.strip() and _is_own(line, known):
        return Outcome.KEPT if fresh else Outcome.UNCHANGED
    choice = _choice(run, line, fresh, now)
    if choice is None:
        return Outcome.UNCHANGED
    _choose(run, line, choice)
    return Outcome.CHOSEN


def _is_own(line: Line, known: tuple[Candidate, ...]) -> bool:
    """Whether a person wrote the line's words: typed, or imported."""
    return not any(one.text == line.target_text.strip() and one.engine != ImportedTranslator.name for one in known)


def _settings(run: Run) -> TranslationSettings:
    """Regenerating draws anew: the seed then comes from the job, so that the same job draws the same."""
    settings = run.project.settings.translation
    return replace(settings, seed=int(fingerprint(run.job.id)[:7], 16)) if run.job.is_forced else settings


def _choice(run: Run, line: Line, fresh: tuple[Candidate, ...], now: Prediction | None) -> Candidate | None:
    """The wording to take: the first that is new. When many lines are regenerated at once, none that fits worse than the
    line does now; a single line is regenerated because its editor wants another."""
    new = next((one for one in fresh if one.text != line.target_text.strip()), None)
    is_worse = new is not None and new.prediction is not None and now is not None and new.prediction.p > now.p
    is_one = len(run.job.line_ids) == 1
    return None if is_worse and line.target_text.strip() and not is_one else new


def _choose(run: Run, before: Line, choice: Candidate) -> None:
    """Take a wording, unless the editor has changed the line while the engine was at work."""

    def choose(now: Line) -> Line:
        is_untouched = (now.source_text, now.target_text, now.status) == (before.source_text, before.target_text, before.status)
        return replace(now, target_text=choice.text, status=LineStatus.DRAFT) if is_untouched else now

    run.shop.lines.edit(run.project.id, before.id, choose, by=run.job.owner)
