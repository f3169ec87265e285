"""TRANSLATE: wordings for the lines that have none, kept window by window; a forced job renews the lines it names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from enum import Enum

from studio.domain.errors import EngineUnavailable, NotFound
from studio.domain.line import Candidate, Line, LineStatus
from studio.domain.plain import fingerprint
from studio.domain.revising import TYPED_BY
from studio.domain.settings import TranslationSettings
from studio.engines.protocols import HasNotices, Translator
from studio.engines.translate_imported import ImportedTranslator
from studio.review import stand
from studio.stages.translate import WINDOW_LINES, Direction, combined, penalty_of, propose, requests_for
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
    told = _told_before(run, translator)
    run.notice("translate", " ".join(told) or None)
    report, done, kept = run.reported("Translating", by_line=True), 0, 0
    report(0, len(wanted))
    translator = run.placed(translator)
    with run.timed("translate"):
        for start in range(0, len(wanted), WINDOW_LINES):
            for outcome in _translate_window(run, translator, wanted[start : start + WINDOW_LINES]):
                done, kept = done + 1, kept + (outcome is Outcome.KEPT)
                report(done, len(wanted))
    told += _told_after(run, translator, kept)
    run.notice("translate", " ".join(told) or None)


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


def _told_before(run: Run, translator: Translator) -> list[str]:
    """What the person should know while the work goes on."""
    verdict = translator.supports(run.project.source_language, run.project.target_language)
    return [sentence for sentence in (_stand_in(run, translator), verdict.caution) if sentence]


def _told_after(run: Run, translator: Translator, kept: int) -> list[str]:
    told = list(translator.notices()) if isinstance(translator, HasNotices) else []
    if run.job.instruction.strip() and not translator.follows_instructions:
        told.append(f"{translator.name} follows no instructions, so “{run.job.instruction.strip()}” changed nothing; a chat model does.")
    if kept:
        lines = "1 line" if kept == 1 else f"{kept} lines"
        told.append(f"New wordings are listed for {lines} whose words a person wrote; those words were kept. Pick a wording to change them.")
    return told


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
    bare = requests_for(cast.lines, asked, standing.slots, direction, _settings(run))
    requests = [replace(request, instruction=run.job.instruction) for request in bare]
    for line_id, fresh in propose(requests, by_id, translator, standing.predict_text):
        now = standing.predictions.get(line_id)
        penalty = None if now is None else penalty_of(now, standing.slots[line_id].length_ms)
        with suppress(NotFound):  # the editor deleted the line meanwhile
            yield _keep(run, by_id[line_id], fresh, penalty)


def _keep(run: Run, line: Line, fresh: tuple[Candidate, ...], now: float | None) -> Outcome:
    """List the wordings, and take one where the line has no words yet or only a machine's."""
    known = run.shop.lines.candidates(run.project.id, line.id)
    run.shop.lines.put_candidates(line.id, combined(fresh, known))
    if line.target_text.strip() and is_own(line, known):
        return Outcome.KEPT if fresh else Outcome.UNCHANGED
    choice = next(_choices(run, line, (fresh, known), now), None)
    if choice is None:
        return Outcome.UNCHANGED
    _choose(run, line, choice)
    return Outcome.CHOSEN


def is_own(line: Line, known: tuple[Candidate, ...]) -> bool:
    """Whether a person wrote the line's words: typed, or imported."""
    return not any(one.text == line.target_text.strip() and one.engine != ImportedTranslator.name and not one.engine.startswith(TYPED_BY) for one in known)


def _settings(run: Run) -> TranslationSettings:
    """Regenerating draws anew: the seed then comes from the job, so that the same job draws the same."""
    settings = run.project.settings.translation
    return replace(settings, seed=int(fingerprint(run.job.id)[:7], 16)) if run.job.is_forced else settings


def _choices(run: Run, line: Line, listed: tuple[tuple[Candidate, ...], tuple[Candidate, ...]], now: float | None) -> Iterator[Candidate]:
    """The wordings that may be taken, best first; `listed`: fresh ones, and those known before. `now`: the slot penalty of the line's words.

    An empty line, or a single one whose editor wants another, takes the first that is new. Where many lines are regenerated at
    once, none is taken that fits worse than the line does now, and where no fresh one fits as well, an older one that fits better.
    """
    fresh, known = ([one for one in some if one.text != line.target_text.strip()] for some in listed)
    if now is None or not line.target_text.strip() or len(run.job.line_ids) == 1:
        yield from fresh
        return
    yield from (one for one in fresh if one.slot_penalty is not None and one.slot_penalty <= now)
    held = [one for one in known if one.prediction is not None and one.slot_penalty is not None]  # others are of another language
    yield from sorted((one for one in held if one.slot_penalty < now), key=lambda one: (one.slot_penalty, one.rank))


def _choose(run: Run, before: Line, choice: Candidate) -> None:
    """Take a wording, unless the editor has changed the line while the engine was at work."""

    def choose(now: Line) -> Line:
        is_untouched = (now.source_text, now.target_text, now.status) == (before.source_text, before.target_text, before.status)
        return replace(now, target_text=choice.text, status=LineStatus.DRAFT) if is_untouched else now

    run.shop.lines.edit(run.project.id, before.id, choose, by=run.action())
