"""Whole runs for the command line, in service verbs: a file in, a dub out; a file in, its lines out."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from studio.domain.errors import BadMedia, BadSetting, Hiccup, OutOfSpace, StudioError, UserError
from studio.domain.language import language_code
from studio.domain.plain import fingerprint
from studio.domain.project import Job, JobKind, JobState, Project, Script, Skipped
from studio.report import project_report
from studio.service import Studio

POLL_S = 0.1
AGAIN_S, PATIENCE_S = 2.0, 120.0  # a server that is begun anew is back by then
UNFINISHED_LIFE_S = 24 * 3600.0  # no film takes longer to be put into its project
SCRIPT_SUFFIXES = frozenset({".srt", ".vtt", ".ass", ".ssa", ".ttml", ".dfxp", ".xml", ".csv", ".tsv", ".txt", ".stl", ".sup", ".sub", ".sbv"})

Watch = Callable[[Job], None]
T = TypeVar("T")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DubRequest:
    source: Path
    source_language: str
    target_language: str
    out: Path | None = None
    lines: Path | None = None
    translation: Path | None = None
    speaker: str = "auto"
    translator: str = "auto"
    transcriber: str = "auto"
    is_batch: bool = False  # one of a catalogue: whatever else waits comes first


class JobFailed(StudioError):
    """A job ended badly for a fault of ours; the sentence is the job's own."""


class JobRefused(UserError):
    """A job ended badly for the person's input or settings; the sentence is the job's own."""


class Unreached(StudioError):
    """A fault that passes did not pass in time. What was begun stays in the queue and is gone on with."""


def patiently(ask: Callable[[], T], pause: Callable[[float], object] = time.sleep) -> T:
    """What `ask` returns; where a fault that passes meets it, it is asked again for PATIENCE_S. Raises Unreached after that. `pause` waits so many
    seconds, and may raise where nobody wants the answer any more."""
    since_s = None
    while True:
        begun_s = time.monotonic()
        try:
            return ask()
        except Hiccup as error:
            now_s = time.monotonic()
            if since_s is None or now_s - begun_s > PATIENCE_S:  # it went well for long in between: another fault
                since_s = now_s
            if now_s - since_s >= PATIENCE_S:
                raise Unreached(f"{error} It was tried again for {PATIENCE_S:.0f} s; what has begun goes on in the queue, and the same command takes it up.") from error
            _LOG.warning("a fault that may pass, trying again: %s", error)
            pause(AGAIN_S)


def dub_file(studio: Studio, request: DubRequest, watch: Watch) -> dict[str, Any]:
    """Dub `request.source` into `request.out` and return the report. The same request again reuses what is done."""
    started = time.monotonic()
    out = _out(request)
    project = _project_for(studio, request, watch)
    wait(studio, studio.submit(project.id, JobKind.RENDER, is_batch=request.is_batch), watch)
    copy_beside(studio.export(project.id, "video"), out)
    seconds = time.monotonic() - started
    view = studio.project(project.id)
    content = project_report(view, studio.rows(project.id), studio.costs(project.id))
    duration_ms = view.project.source.info.duration_ms if view.project.source else 0
    return content | {"out": str(out), "wall_seconds": round(seconds, 3), "realtime_factor": round(1000 * seconds / max(1, duration_ms), 4)}


def _out(request: DubRequest) -> Path:
    """Where the dub goes. Raises BadSetting for a folder that is not there, and for the source itself."""
    out = request.out if request.out is not None else request.source.with_name(f"{request.source.stem}.{language_code(request.target_language)}.mp4")
    if not out.parent.is_dir():
        raise BadSetting(f"The folder {out.parent} does not exist; make it, or choose another --out.")
    if out.is_dir() or out.resolve() in {path.resolve() for path in (request.source, request.lines, request.translation) if path is not None}:
        raise BadSetting(f"{out} is {'a folder' if out.is_dir() else 'one of the files you gave'}; choose another --out.")
    return out


def wait(studio: Studio, job: Job, watch: Watch) -> Job:
    """Look after a job until it is over. Raises JobFailed with its sentence, Unreached where nobody can say how it stands."""

    def pause(seconds: float) -> None:
        watch(job)  # who looks on may let go
        time.sleep(seconds)

    try:
        while not job.state.is_over:
            pause(POLL_S)
            job = patiently(partial(studio.job, job.id), pause)
    except KeyboardInterrupt:
        studio.cancel(job.id)
        raise
    watch(job)
    if job.state is not JobState.DONE:
        raise (JobRefused if patiently(partial(studio.is_user_error, job.id), pause) else JobFailed)(job.message)
    return job


def _project_for(studio: Studio, request: DubRequest, watch: Watch) -> Project:
    """The project of an earlier run of the same request, or a new one. Its name says how far it came: unfinished, and never gone on with, while
    files go in; listening while its lines are waited for; its own name once it holds all that was given."""
    scripts = [(read_bytes(path), path.name) if path is not None else None for path in (request.lines, request.translation)]
    content = fingerprint(_identity(request.source), [script and (fingerprint(script[0].hex()), script[1]) for script in scripts])
    engines = (request.source_language, request.target_language, request.speaker, request.translator, request.transcriber)
    name = f"{request.source.stem[:60]} · {request.source_language} → {request.target_language} · {fingerprint(content, engines)[:8]}"
    unfinished, listening = f"{name} (unfinished)", f"{name} (listening)"
    known = studio.projects_named((name, unfinished, listening))
    _drop_left(studio, [one for one in known if one.name == unfinished])
    found = {one.name: one for one in reversed(known)}
    lines, translation = scripts
    is_heard_first = translation is not None and lines is None
    project = found.get(name) or found.get(listening) or _filled(studio, request, scripts, (unfinished, listening if is_heard_first else name))
    if project.name == name or translation is None:
        return project
    wait(studio, studio.submit(project.id, JobKind.LINES, is_batch=request.is_batch), watch)  # of what is heard already, this is done at once
    studio.import_script(project.id, *translation, as_target=True, anyway=True)
    return studio.rename_project(project.id, name)


def _drop_left(studio: Studio, unfinished: Iterable[Project]) -> None:
    """Delete what a killed run left half filled; a younger one may be another run's, which fills it at this moment."""
    before = (datetime.now(UTC) - timedelta(seconds=UNFINISHED_LIFE_S)).isoformat(timespec="microseconds")
    for project in unfinished:
        if project.created_at < before:
            studio.delete_project(project.id)


def _filled(studio: Studio, request: DubRequest, scripts: Sequence[tuple[bytes, str] | None], names: tuple[str, str]) -> Project:
    """A new project with all that goes in before anything is listened to. `names`: until then, and from then on."""
    project = studio.create_project(names[0], request.source_language, request.target_language)
    try:
        _fill(studio, project, request, scripts)
        return studio.rename_project(project.id, names[1])
    except BaseException:
        studio.delete_project(project.id)
        raise


def _fill(studio: Studio, project: Project, request: DubRequest, scripts: Sequence[tuple[bytes, str] | None]) -> None:
    engines = replace(project.settings.engines, speaker=request.speaker, translator=request.translator, transcriber=request.transcriber)
    studio.check_engines(project.id, engines)
    studio.update_settings(project.id, replace(project.settings, engines=engines))
    studio.upload_media(project.id, request.source, request.source.name)
    lines, translation = scripts
    if lines is not None:
        studio.import_script(project.id, *lines, anyway=True)
    if translation is not None and lines is not None:
        studio.import_script(project.id, *translation, as_target=True, anyway=True)
    elif translation is not None:
        studio.read_script(*translation)  # one that nobody can read is told before hours of listening


def _identity(path: Path) -> tuple[str, int, int]:
    """Which file this is, without reading it: full path, size, time of last change."""
    try:
        status = path.stat()
    except OSError as error:
        raise BadMedia(path.name, f"it cannot be read ({error.strerror})") from error
    if not path.is_file():
        raise BadMedia(path.name, "it is a folder, not a file")
    return str(path.resolve()), status.st_size, status.st_mtime_ns


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadSetting(f"{path} cannot be read: {error.strerror}.") from error


def lines_of_file(studio: Studio, path: Path, language: str, transcriber: str, watch: Watch) -> Script:
    """The lines of a subtitle file, or those heard in a media file (in a project that is deleted again)."""
    if path.suffix.lower() in SCRIPT_SUFFIXES:
        return studio.read_script(read_bytes(path), path.name)
    _identity(path)
    project = studio.create_project(f"lines of {path.name[:60]} {uuid.uuid4().hex[:6]}", language, language)
    try:
        engines = replace(project.settings.engines, transcriber=transcriber)
        studio.check_engines(project.id, engines)
        studio.update_settings(project.id, replace(project.settings, engines=engines))
        studio.upload_media(project.id, path, path.name)
        wait(studio, studio.submit(project.id, JobKind.LINES), watch)
        script = studio.script(project.id)
        told = () if script.lines else tuple(Skipped("the whole file", notice) for notice in studio.project(project.id).notices)
        return replace(script, skipped=script.skipped + told)
    finally:
        studio.delete_project(project.id)


def copy_beside(source: Path, out: Path) -> None:
    """`out` appears whole or not at all."""
    draft = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        shutil.copyfile(source, draft)
        os.replace(draft, out)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise OutOfSpace(str(out.parent)) from error
        raise BadSetting(f"{out} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
