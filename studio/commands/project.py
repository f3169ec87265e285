"""`python -m studio project export|import`: a whole project as one ZIP, out of one studio and into another."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from studio.commands.export import find_project

projects = typer.Typer(help="Whole projects as one file.", no_args_is_help=True)
UserOption = Annotated[str, typer.Option("--user", help="Whose project it is, or shall be.")]
HomeOption = Annotated[Path | None, typer.Option("--home", help="Folder of projects (default: LIPLINE_HOME, else your data folder).")]


@projects.command("export")
def export_project(
    project: Annotated[str, typer.Argument(help="Name or id.")],
    out: Annotated[Path, typer.Option("--out", help="The ZIP to write.")],
    user: UserOption = "local",
    home: HomeOption = None,
) -> None:
    """Write film, lines, wordings, takes, voices, notes and settings into one ZIP. History, members and links stay."""
    from studio.bootstrap import default_place, open_studio

    with closing(open_studio(default_place(home))) as opened:
        studio = opened.as_user(user)
        found = find_project(studio, project, "export")
        studio.write_project(found.id, out)
        print(f"“{found.name}” is in {out}.")


@projects.command("import")
def import_project(
    file: Annotated[Path, typer.Argument(help="A ZIP that a studio exported.", exists=True, dir_okay=False, readable=True)],
    user: UserOption = "local",
    home: HomeOption = None,
) -> None:
    """Take in a project as one of your own. Nothing in the file is believed: it is checked first, and refused as a whole or kept as a whole."""
    from studio.bootstrap import default_place, open_studio

    with closing(open_studio(default_place(home))) as opened:
        made = opened.as_user(user).take_in_project(file, file.name)
        print(f"“{made.name}” is here now: {made.id}.")
