"""LINES: who says what, when. From the audio where no script was imported; else only who speaks, if the script is silent on it."""

from __future__ import annotations

from dataclasses import replace

from studio.domain.plain import fingerprint
from studio.domain.project import Cast, Script
from studio.script import UNNAMED_SPEAKER, cast_from_script, script_from_cast, with_speakers
from studio.stages.lines import Ears, assign_speakers, hear_lines, speaker_pitch
from studio.steps.ingest import ingested
from studio.steps.run import Run
from studio.store.lines import Imported

LINES_VERSION = "1"  # changes whenever the same sound may give other lines


def run(run: Run) -> None:
    heard = ingested(run)
    cast = run.shop.lines.cast(run.project.id)
    if heard is not None and heard.speech_wav is not None:
        if not cast.lines:
            _hear(run, heard.speech_wav)
        elif [speaker.name for speaker in cast.speakers] == [UNNAMED_SPEAKER]:
            _tell_speakers_apart(run, heard.speech_wav)
        _hear_pitches(run, heard.speech_wav)
    run.notice("lines", _wordless(run.shop.lines.cast(run.project.id)))


def _wordless(cast: Cast) -> str | None:
    """A sentence for lines that were found but not understood."""
    count = sum(not line.source_text.strip() and not line.target_text.strip() for line in cast.lines)
    if not count:
        return None
    lines = "1 line has" if count == 1 else f"{count} lines have"
    return f"{lines} no words yet. Type them in, upload subtitles, or set up speech recognition (LIPLINE_WHISPER)."


def _ears(run: Run) -> Ears:
    rack, choice = run.shop.engines, run.project.settings.engines
    return Ears(rack.pick("voice activity"), rack.pick("transcriber", choice.transcriber), rack.pick("speaker encoder"))


def _hear(run: Run, speech_wav: str) -> None:
    ears = _ears(run)

    def work() -> Script:
        path, placed = run.shop.blobs.path(speech_wav), replace(ears, transcriber=run.placed(ears.transcriber))
        return hear_lines(path, run.project.source_language, placed, run.project.settings.lines, progress=run.reported("Listening for lines"), check=run.context.check)

    script = run.once("lines", _key(run, "lines", speech_wav, ears), Script, work)
    imported = Imported(f"heard by {ears.transcriber.name}", script)
    run.shop.lines.replace_cast(run.project.id, cast_from_script(script), by=run.action("Lines found by listening"), imported=imported)


def _tell_speakers_apart(run: Run, speech_wav: str) -> None:
    """For an imported script that names nobody. Runs once per script: names given since by hand are never undone."""
    ears = _ears(run)
    script = script_from_cast(run.shop.lines.cast(run.project.id))

    def work() -> Script:
        return assign_speakers(run.shop.blobs.path(speech_wav), script, ears.encoder, run.project.settings.lines)

    key = _key(run, "speakers", speech_wav, ears, script.lines)
    if run.shop.results.get(run.project.id, "speakers", "", key) is not None:
        return
    found = run.once("speakers", key, Script, work)
    run.shop.lines.replace_cast(run.project.id, with_speakers(run.shop.lines.cast(run.project.id), found), by=run.action("Speakers told apart"))


def _hear_pitches(run: Run, speech_wav: str) -> None:
    """How high each speaker speaks, so that the voice handed out to them is of that kind."""
    encoder, cast = run.shop.engines.pick("speaker encoder"), run.shop.lines.cast(run.project.id)
    for speaker in cast.speakers:
        spans = [line.span for line in cast.lines if line.speaker_id == speaker.id]
        if speaker.pitch_hz is None and spans:
            run.context.check()
            pitch_hz = speaker_pitch(run.shop.blobs.path(speech_wav), spans, encoder)
            if pitch_hz is not None:
                run.shop.lines.set_speaker_pitch(run.project.id, speaker.id, pitch_hz)


def _key(run: Run, what: str, speech_wav: str, ears: Ears, *more: object) -> str:
    versions = [(engine.name, engine.version) for engine in (ears.detector, ears.transcriber, ears.encoder)]
    return fingerprint(what, LINES_VERSION, speech_wav, versions, run.project.source_language, run.project.settings.lines, *more)
