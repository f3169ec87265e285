"""The flags that say where a studio is, written once: its folder, its database, its files, and the cluster that does its work.

Each has a variable (LIPLINE_HOME, LIPLINE_DATABASE, LIPLINE_BLOBS). `--database` and `--blobs` stand before any command
(`python -m studio --database URL users list`), and behind those that run for long.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from studio.bootstrap import Place

HomeOption = Annotated[Path | None, typer.Option("--home", help="Folder of projects (default: LIPLINE_HOME, else your data folder).")]
DatabaseOption = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="postgresql://user@host/name (default: LIPLINE_DATABASE, else a file in the home). A password is best left to PGPASSWORD or ~/.pgpass."),
]
BlobsOption = Annotated[
    str | None,
    typer.Option("--blobs", metavar="PLACE", help="Files of the projects: a folder that all machines see, or s3://bucket/prefix with the AWS variables (default: LIPLINE_BLOBS, else the home)."),
]
RayOption = Annotated[str | None, typer.Option("--ray", metavar="ADDRESS", help="Do the work on a Ray cluster: HOST:6379, ray://HOST:10001, or auto.")]


def place_of(home: Path | None, database: str | None = None, blobs: str | None = None) -> Place:
    from studio.bootstrap import default_place

    return default_place(home, database, blobs)


def everywhere(database: DatabaseOption = None, blobs: BlobsOption = None) -> None:
    """Lipline: an interactive dubbing studio."""
    for name, given in (("LIPLINE_DATABASE", database), ("LIPLINE_BLOBS", blobs)):
        if given is not None:  # this process and those it starts
            os.environ[name] = given
