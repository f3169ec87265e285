"""TRANSLATE: wordings for the lines that have none, kept window by window; a forced job renews the lines it names."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from studio.domain.errors import EngineUnavailable, NotFound
from studio.domain.line import Candidate, Line, LineStatus, Prediction
from studio.domain.plain import fingerprint
from studio.domain.settings import TranslationSettings
from studio.engines.protocols import Translator
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
    report = run.reported("Translating")
    report(0, len(wanted))
    started_at = 0
    with run.timed("translate"):
        while started_at < len(wanted):
            _translate_window(run, translator, wanted[started_at : started_at + WINDOW_LINES])
            started_at += WINDOW_LINES
            report(min(started_at, len(wanted)), len(wanted))


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


def _translate_window(run: Run, translator: Translator, window: list[Line]) -> None:
    """Read the cast anew, so that wordings chosen a moment ago are context and an editor's typing is never undone."""
    cast = run.shop.lines.cast(run.project.id)
    standing = stand(run.project, cast, run.shop.engines, run.shop.lines.circled_takes(run.project.id))
    direction = Direction(run.project.source_language, run.project.target_language)
    by_id = {line.id: line for line in cast.lines}
    asked = [by_id[line.id] for line in window if line.id in by_id]
    requests = requests_for(cast.lines, asked, standing.slots, direction, _settings(run))
    for line_id, fresh in propose(requests, by_id, translator, standing.predict_text):
        before = by_id[line_id]
        with suppress(NotFound):  # the editor deleted the line meanwhile
            known = run.shop.lines.candidates(run.project.id, line_id) if run.job.is_forced else ()
            run.shop.lines.put_candidates(line_id, combined(fresh, known))
            choice = _choice(run, before, fresh, standing.predictions.get(line_id))
            if choice is not None:
                _choose(run, before, choice)


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
