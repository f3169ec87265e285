"""`python -m studio preferences count|export`: what was chosen at the desk, counted, and written for training.

Flags in; a number per project, or a file of records (JSON lines) out. `python -m models.recipes.translation_sspo --records FILE` trains on it.
"""

from __future__ import annotations

import os
import sys
import uuid
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.domain.errors import BadSetting, NotReady

if TYPE_CHECKING:
    from studio.domain.views import ProjectView
    from studio.service import Studio

preferences = typer.Typer(help="What was chosen at the desk, where a project keeps it.", no_args_is_help=True)

UserOption = Annotated[str, typer.Option("--user", help="Whose projects.")]
HomeOption = Annotated[Path | None, typer.Option("--home", help="Folder of projects (default: LIPLINE_HOME, else your data folder).")]


@preferences.command("count")
def count_choices(user: UserOption = "local", home: HomeOption = None) -> None:
    """How many choices each project has kept, and whether it keeps them."""
    with closing(_open(home)) as studio:
        for view in studio.as_user(user).projects():
            switch = "keeps choices" if view.project.settings.learning.keep_choices else "keeps none"
            print(f"{view.project.id}  {view.kept_choices:5d}  {switch:13s}  {view.project.name}")


@preferences.command("export")
def export_choices(
    out: Annotated[Path, typer.Option("--out", help="Where the records go (JSON lines); a file that is there is replaced.")],
    project: Annotated[str | None, typer.Option("--project", help="Project id or name; `preferences count` lists them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All projects of the user.")] = False,
    form: Annotated[str | None, typer.Option("--form", help="How the trained model is asked: tagged, compact or instruction (default: as the translator in use).")] = None,
    user: UserOption = "local",
    home: HomeOption = None,
) -> None:
    """Write what was chosen at the desk as preference records to train on."""
    if (project is None) == (not every):
        raise BadSetting("Say whose choices to export: one project with --project, or all with --all.")
    with closing(_open(home)) as opened:
        studio = opened.as_user(user)
        views = [view for view in studio.projects() if view.kept_choices] if project is None else [_found(studio, project)]
        parts = [studio.lessons(view.project.id, form) for view in views]
    n_lines, left_out = sum(part.size for part in parts), sum(part.left_out for part in parts)
    if not n_lines:
        raise NotReady("There are no choices to export yet; switch on learning in a project, then edit or pick wordings at its desk.")
    _write(out, "".join(part.text() for part in parts))
    n_scenes = sum(len(part.scenes) for part in parts)
    print(f"{out}: {_counted(n_lines, 'choice')} in {_counted(n_scenes, 'scene')} of {_counted(len(parts), 'project')}.")
    if left_out:
        print(f"{_counted(left_out, 'choice')} left out: no duration engine here could say how long their wordings take.", file=sys.stderr)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _open(home: Path | None) -> Studio:
    from studio.bootstrap import default_place, open_studio

    return open_studio(default_place(home))


def _found(studio: Studio, project: str) -> ProjectView:
    found = [view for view in studio.projects() if project in (view.project.id, view.project.name)]
    if not found:
        raise BadSetting(f"There is no project “{project}” here; `python -m studio preferences count` lists them.")
    if len(found) > 1:
        raise BadSetting(f"{len(found)} projects are called “{project}”; give the id that `python -m studio preferences count` shows.")
    return found[0]


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        draft.write_text(text, encoding="utf-8", newline="")
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise BadSetting(f"{path} cannot be written: {error.strerror}.") from error
