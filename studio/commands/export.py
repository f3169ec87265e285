"""`python -m studio export`: a project's scripts and deliveries into a folder (--format), or one of the page's exports into a file (--kind).

Flags in; files out, and their paths on stdout. A new format is an entry of `_WRITERS` in `studio/exports.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.domain.delivery import ExportRefused
from studio.domain.errors import BadSetting
from studio.domain.project import Project
from studio.domain.timebase import timebase_of

if TYPE_CHECKING:
    from studio.handover.package import Watch
    from studio.service import Studio


def export(
    project: Annotated[str, typer.Argument(help="Project name or id; `export` without one lists them.")] = "",
    form: Annotated[str | None, typer.Option("--format", help="dapt, srt, vtt, ass, ttml, csv, xlsx, otio, edl, stems or qc; --out is then a folder.")] = None,
    kind: Annotated[str, typer.Option("--kind", help="One of the page's exports; `export` without a project lists them. --out is then a file.")] = "video",
    out: Annotated[Path | None, typer.Option("--out", help="Where it goes.")] = None,
    side: Annotated[str, typer.Option("--side", help="Subtitles of the source or of the target.")] = "target",
    script: Annotated[str | None, typer.Option("--script", help="With --format dapt: original, translated, pre-recording or as-recorded (default: what it has grown to).")] = None,
    profile: Annotated[str | None, typer.Option("--profile", help="Delivery profile that holds for the project from now on: draft, ebu_r128, streaming, atsc_a85 or web.")] = None,
    user: Annotated[str, typer.Option("--user", help="Whose project it is.")] = "local",
    home: Annotated[Path | None, typer.Option("--home", help="Folder of projects (default: LIPLINE_HOME, else your data folder).")] = None,
) -> None:
    """Write a project's script or delivery into a folder, or one of its exports into a file."""
    from studio.bootstrap import default_place, open_studio
    from studio.dubbing import copy_beside
    from studio.script_exports import ScriptWish

    with closing(open_studio(default_place(home))) as opened:
        studio = opened.as_user(user)
        if not project or out is None:
            _list(studio)
            if project:
                raise BadSetting("Say where it goes with --out.")
            return
        found = find_project(studio, project, "export")
        if profile is not None:
            found = studio.set_handover(found.id, replace(found.settings.handover, profile=profile))
        try:
            if form is not None:
                with _bar() as watch:
                    out = studio.export_into(found.id, form, ScriptWish(out, side, script, watch))
            else:
                copy_beside(studio.export(found.id, kind), out)
        except ExportRefused as refused:
            _tell(refused, found)
            raise
        print(out)


@contextmanager
def _bar() -> Iterator[Watch]:
    """A watch that paints how far the delivery is on stderr where that is a terminal; it shows itself with the first bytes."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from studio.handover.package import Watch

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        task = bars.add_task("Writing", total=None, visible=False)
        yield Watch(lambda done, total: bars.update(task, completed=done, total=max(1, total), visible=True))


def _tell(refused: ExportRefused, project: Project) -> None:
    """Every must that is broken, on stderr, one a line."""
    base = timebase_of(project.source.info if project.source is not None else None, start_hour=project.settings.handover.start_hour)
    for item in refused.findings:
        where = f"Line {item.number}, {base.timecode_at(item.at_ms or 0)}" if item.number is not None else "Programme"
        print(f"{where}: {item.sentence}", file=sys.stderr)


def find_project(studio: Studio, project: str, command: str) -> Project:
    """The user's project of this id or name. Raises BadSetting for none, or for several of one name."""
    every = [view.project for view in studio.projects()]
    found = [one for one in every if one.id == project] or [one for one in every if one.name == project]
    if not found:
        raise BadSetting(f"There is no project “{project}” here; `python -m studio export` lists them.")
    if len(found) > 1:
        raise BadSetting(f"{len(found)} projects are called “{project}”; say which one to {command} by the id that `python -m studio export` shows.")
    return found[0]


def _list(studio: Studio) -> None:
    from studio.exports import FORMATS, KINDS

    for view in studio.projects():
        print(f"{view.project.id}  {view.project.name}")
    for name, sentence in FORMATS.items():
        print(f"--format {name:15s} {sentence}")
    for name, sentence in KINDS.items():
        print(f"--kind {name:17s} {sentence}")
