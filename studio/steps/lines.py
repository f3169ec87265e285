"""LINES: who says what, when. From the audio where no script was imported; else only who speaks, if the script is silent on it."""

from __future__ import annotations

from studio.domain.plain import fingerprint
from studio.domain.project import Script
from studio.script import UNNAMED_SPEAKER, cast_from_script, keep_skipped, script_from_cast, with_speakers
from studio.stages.ingest import Ingest
from studio.stages.lines import LINES_VERSION, Ears, assign_speakers, hear_lines
from studio.steps.ingest import ingested
from studio.steps.run import Run


def run(run: Run) -> None:
    heard = ingested(run)
    cast = run.shop.lines.cast(run.project.id)
    if heard is None:
        return
    if not cast.lines:
        _hear(run, heard)
    elif [speaker.name for speaker in cast.speakers] == [UNNAMED_SPEAKER]:
        _tell_speakers_apart(run, heard)


def _ears(run: Run) -> Ears:
    rack, choice = run.shop.engines, run.project.settings.engines
    return Ears(rack.pick("voice activity"), rack.pick("transcriber", choice.transcriber), rack.pick("speaker encoder"))


def _hear(run: Run, heard: Ingest) -> None:
    ears = _ears(run)

    def work() -> Script:
        path = run.shop.blobs.path(heard.speech_wav)
        return hear_lines(path, run.project.source_language, ears, run.project.settings.lines, progress=run.reported("Listening for lines"), check=run.context.check)

    script = run.once("lines", _key(run, "lines", heard, ears), Script, work)
    run.shop.lines.replace_cast(run.project.id, cast_from_script(script))
    keep_skipped(run.shop, run.project.id, script.skipped)


def _tell_speakers_apart(run: Run, heard: Ingest) -> None:
    """For an imported script that names nobody. Runs once per script: names given since by hand are never undone."""
    ears = _ears(run)
    script = script_from_cast(run.shop.lines.cast(run.project.id))

    def work() -> Script:
        return assign_speakers(run.shop.blobs.path(heard.speech_wav), script, ears.encoder, run.project.settings.lines)

    found = run.once("speakers", _key(run, "speakers", heard, ears, script.lines), Script, work)
    run.shop.lines.replace_cast(run.project.id, with_speakers(run.shop.lines.cast(run.project.id), found))


def _key(run: Run, what: str, heard: Ingest, ears: Ears, *more: object) -> str:
    versions = [(engine.name, engine.version) for engine in (ears.detector, ears.transcriber, ears.encoder)]
    return fingerprint(what, LINES_VERSION, heard.speech_wav, versions, run.project.source_language, run.project.settings.lines, *more)
