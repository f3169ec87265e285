"""`python -m studio import`: a script into a project, as its lines, as their translation, or as changes to the lines it knows.

Flags and a file in; a summary on stdout, what was left out or changed on stderr. An update is shown first and asked about.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.commands.export import find_project
from studio.domain.errors import BadSetting
from studio.domain.script_plan import ImportMode, ScriptPlan

if TYPE_CHECKING:
    from studio.domain.project import Skipped
    from studio.service import Studio

MAX_TOLD = 12  # of each kind of thing that is printed
MODES = tuple(mode.value for mode in ImportMode)


def import_script(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A script: SRT, WebVTT, ASS, TTML, DAPT, CSV or XLSX.")],
    project: Annotated[str, typer.Option("--project", help="Project name or id; `export` without one lists them.")],
    mode: Annotated[str | None, typer.Option("--as", help="lines, translation or update (default: lines where there are none, else update).")] = None,
    is_sure: Annotated[bool, typer.Option("--yes", help="Apply an update without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what an update would change.")] = False,
    anyway: Annotated[bool, typer.Option("--anyway", help="Import it even if it seems to be for another video.")] = False,
    user: Annotated[str, typer.Option("--user", help="Whose project it is.")] = "local",
    home: Annotated[Path | None, typer.Option("--home", help="Folder of projects (default: LIPLINE_HOME, else your data folder).")] = None,
) -> None:
    """Take a script into a project; an update is shown before it is applied, as one action that can be undone."""
    from studio.bootstrap import default_place, open_studio
    from studio.dubbing import read_bytes

    if mode is not None and mode not in MODES:
        raise BadSetting(f"A script is imported --as {', '.join(MODES[:-1])} or {MODES[-1]}, not “{mode}”.")
    data = read_bytes(file)
    with closing(open_studio(default_place(home))) as opened:
        studio = opened.as_user(user)
        found = find_project(studio, project, "import into")
        chosen = ImportMode(mode) if mode is not None else ImportMode.UPDATE if studio.speakers(found.id) else ImportMode.LINES
        if chosen is ImportMode.UPDATE:
            _update(studio, found.id, (data, file.name), _Answers(is_sure, dry_run, anyway))
            return
        if dry_run:
            raise BadSetting("--dry-run shows an update; add --as update, or leave it out.")
        script = studio.import_script(found.id, data, file.name, as_target=chosen is ImportMode.TRANSLATION, anyway=anyway)
        _tell(script.skipped)
        print(f"{found.name}: {_counted(len(script.lines), 'line')} from {file.name}{' as translation' if chosen is ImportMode.TRANSLATION else ''}.")


class _Answers:
    """What the person has answered before being asked."""

    def __init__(self, is_sure: bool, dry_run: bool, anyway: bool) -> None:
        self.is_sure, self.dry_run, self.anyway = is_sure, dry_run, anyway


def _update(studio: Studio, project_id: str, file: tuple[bytes, str], answers: _Answers) -> None:
    data, name = file
    plan = studio.plan_update(project_id, data, name)
    _show(plan)
    _tell(plan.skipped)
    if answers.dry_run or plan.is_empty:
        print("Nothing was changed." if answers.dry_run else "There is nothing to change.")
        return
    if not plan.doubts and not answers.is_sure and not _agrees():
        print("Nothing was changed.")
        return
    studio.update_from_script(project_id, data, name, anyway=answers.anyway, mark=plan.mark)
    print(f"{_counted(len(plan.changed), 'line')} changed, {len(plan.added)} added, as one action; undo takes it back.")


def _agrees() -> bool:
    if not sys.stdin.isatty():
        raise BadSetting("Nothing was changed: say --yes to apply this update, or --dry-run to only look at it.")
    return typer.confirm("Apply this?")


def _show(plan: ScriptPlan) -> None:
    for one in plan.changed[:MAX_TOLD]:
        print(f"Line {one.number}{'' if one.is_by_id else ' (found by place and words)'}")
        for change in one.changes:
            print(f"  {change.field}: {_quoted(change.before)} → {_quoted(change.after)}")
    _more(len(plan.changed), "changed lines")
    for title, items in (("New", plan.added), ("Not in the script, kept", plan.missing), ("Left alone", plan.locked)):
        for item in items[:MAX_TOLD]:
            print(f"{title}: {item}")
        _more(len(items), title.lower())
    print(f"{len(plan.changed)} changed, {len(plan.added)} new, {plan.same} the same, {len(plan.missing)} not in the script, {len(plan.locked)} locked.")
    for doubt in plan.doubts:
        print(f"Doubtful: {doubt}", file=sys.stderr)


def _more(count: int, what: str) -> None:
    if count > MAX_TOLD:
        print(f"… and {count - MAX_TOLD} more {what}.")


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return f"“{line if len(line) <= 100 else line[:99] + '…'}”"


def _tell(skipped: tuple[Skipped, ...]) -> None:
    for item in skipped[:MAX_TOLD]:
        print(f"{item.where}: {item.reason}", file=sys.stderr)
    if len(skipped) > MAX_TOLD:
        print(f"… and {len(skipped) - MAX_TOLD} more notes.", file=sys.stderr)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
