"""`python -m studio check parity DIR`: our nets against recorded numbers of the public implementations.

A folder of fixtures in; one line per output and, where asked for, JSON out. Exit 1 over tolerance, 2 for a folder that cannot be read.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.domain.errors import BadSetting

if TYPE_CHECKING:
    from models.parity import ParityRow

checks = typer.Typer(help="Hold the project against what is known from outside.", no_args_is_help=True)


@checks.callback()
def _group() -> None:
    """Hold the project against what is known from outside."""


@checks.command("parity")
def check_parity(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of fixtures: NAME.json (keys and shapes) beside NAME.npz (numbers).")],
    salt: Annotated[str, typer.Option("--salt", help="Salt of the rule that fills the weights.")] = "",
    out: Annotated[Path | None, typer.Option("--json", help="Also write the result as JSON here.")] = None,
) -> None:
    """Largest error of every output over its standard deviation; exit 1 where one is over tolerance."""
    from models.parity import BadFixture, check_folder

    rows: list[ParityRow] = []
    try:
        for row in check_folder(folder, salt=salt):
            rows.append(row)
            print(_line(row))
    except BadFixture as error:
        raise BadSetting(str(error)) from error
    is_ok = all(row.is_ok for row in rows)
    if out is not None:
        _write(out, {"folder": str(folder), "salt": salt, "is_ok": is_ok, "rows": [asdict(row) for row in rows]})
    if not is_ok:
        raise typer.Exit(1)


def _line(row: ParityRow) -> str:
    name = f"{row.fixture:24s} {row.form:13s} {row.output:18s}"
    if row.error is None:
        return f"{name} WRONG  {row.note}"
    return f"{name} {'ok' if row.is_ok else 'WRONG'}  {row.error:.2e} of at most {row.tolerance:.0e}"


def _write(path: Path, content: dict[str, object]) -> None:
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise BadSetting(f"{path} cannot be written: {error.strerror}.") from error
