"""`python -m studio models`: which weights the studio knows; `models pull NAME …` fetches public ones into the hub's cache of this machine."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from studio.domain.errors import BadSetting

weights = typer.Typer(help="The weights the studio knows: bundled ones, and public ones that can be fetched.", invoke_without_command=True)


@weights.callback()
def list_weights(
    context: typer.Context,
    fetch: Annotated[str | None, typer.Option("--fetch", help="The same as `models pull NAME`.")] = None,
    out: Annotated[Path | None, typer.Option("--json", help="Also write the result as JSON here.")] = None,
) -> None:
    """The weights the studio knows: bundled ones, and public ones that can be fetched."""
    from studio.weights import known_weights

    if context.invoked_subcommand is not None:
        return
    if fetch is not None:
        pull_weights([fetch])
        return
    from studio.domain.plain import to_plain

    rows = known_weights()
    for row in rows:
        print(f"{row.name:24s} {'here    ' if row.is_here else 'to fetch'}  {row.task}, {row.licence}: {row.place}")
    if out is not None:
        _write(out, to_plain(rows))


@weights.command("pull")
def pull_weights(names: Annotated[list[str], typer.Argument(metavar="NAME…", help="As `python -m studio models` lists them.")]) -> None:
    """Download public weights and print the folder of each; what is here already is not fetched again."""
    from studio.weights import fetch_weights

    for name in names:
        print(fetch_weights(name))


def _write(path: Path, content: object) -> None:
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise BadSetting(f"{path} cannot be written: {error.strerror}.") from error
