"""`python -m studio doctor`: what this machine lacks to run the studio well, each with what next. Exit 0: nothing that matters; 2: a problem."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from studio.commands.places import BlobsOption, DatabaseOption, HomeOption, place_of
from studio.domain.errors import BadSetting, NotReady


def doctor_command(
    port: Annotated[int, typer.Option(help="Where the page shall be served.", min=1, max=65535)] = 7860,
    out: Annotated[Path | None, typer.Option("--json", help="Also write the findings as JSON here.")] = None,
    home: HomeOption = None,
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
) -> None:
    """What is missing on this machine, and what to do about it. Nothing is changed; where files are shared, one is put there and taken away."""
    from studio.bootstrap import build_engines
    from studio.doctor import Level, Patient, examine, is_well
    from studio.domain.plain import to_plain
    from studio.engines.hardware import this_machine

    place, machine = place_of(home, database, blobs), this_machine()
    findings = examine(Patient(place.home, place.database_url, build_engines(hardware=machine).status(), machine.gpus(), port, place.blobs))
    for finding in findings:
        print(f"{finding.level.value:8s} {finding.name}: {finding.sentence}")
        if finding.next_step:
            print(f"{'':8s} → {finding.next_step}")
    if out is not None:
        _write(out, to_plain(findings))
    problems = sum(finding.level is Level.PROBLEM for finding in findings)
    if not is_well(findings):
        raise NotReady(f"{problems} problem{'s' if problems > 1 else ''} found; mend {'them' if problems > 1 else 'it'} and look again.")
    notes = sum(finding.level is Level.NOTE for finding in findings)
    print(f"Ready to serve{f', with {notes} note' + 's' * (notes > 1) if notes else ''}.")


def _write(path: Path, content: object) -> None:
    try:
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadSetting(f"{path} cannot be written: {error.strerror}.") from error
