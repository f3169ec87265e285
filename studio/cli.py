"""`python -m studio`: dub, serve, worker, lines, export, import, preferences, score, faces, s2s, speak, train, engines, models, eval, users. A thin shell over the service.

Exit 0: done. Exit 2: the user's input or settings, one sentence on stderr. Exit 1: our fault, with the log file named.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import studio.commands.voice_evaluation  # noqa: F401  adds `eval voice`
from studio.commands.backup import back_up_command, downgrade_command, restore_command
from studio.commands.batch import batch
from studio.commands.doctor import doctor_command
from studio.commands.evaluation import evaluations
from studio.commands.export import export
from studio.commands.imports import import_script
from studio.commands.lips import list_faces, score_clip
from studio.commands.parity import checks
from studio.commands.places import BlobsOption, DatabaseOption, HomeOption, RayOption, everywhere, place_of
from studio.commands.preferences import preferences
from studio.commands.project import projects
from studio.commands.s2s import speech_to_speech
from studio.commands.speak import speaking
from studio.commands.train import training
from studio.commands.upkeep import collect
from studio.commands.users import users
from studio.commands.weights import weights
from studio.commands.worker import work
from studio.domain.errors import BadSetting, EngineUnavailable, OutOfSpace, StudioError, UserError

if TYPE_CHECKING:
    from studio.domain.project import Job
    from studio.service import Studio

MAX_TOLD = 12  # notes of an import that are printed
app = typer.Typer(help="Lipline: an interactive dubbing studio.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.callback()(everywhere)
app.add_typer(checks, name="check")
app.add_typer(evaluations, name="eval")
app.add_typer(preferences, name="preferences")
app.add_typer(projects, name="project")
app.add_typer(training, name="train")
app.add_typer(weights, name="models")
app.command("doctor")(doctor_command)
app.command("backup")(back_up_command)
app.command("restore")(restore_command)
app.command("downgrade")(downgrade_command)
app.command("batch")(batch)
app.command("export")(export)
app.command("import")(import_script)
app.command("s2s")(speech_to_speech)
app.add_typer(speaking)
app.command("score")(score_clip)
app.command("faces")(list_faces)
app.command("worker")(work)
app.command("gc")(collect)
app.add_typer(users, name="users")

JsonOption = Annotated[Path | None, typer.Option("--json", help="Also write the result as JSON here.")]
FromOption = Annotated[str, typer.Option("--from", help="Language spoken in the file, such as en.")]
ToOption = Annotated[str, typer.Option("--to", help="Language to dub into, such as zh.")]


def main() -> None:
    """Run the command line; every failure leaves one sentence and the right exit code."""
    logging.getLogger("studio").addHandler(logging.NullHandler())  # before a log is open, nothing but that sentence reaches the screen
    try:
        app()
    except (UserError, EngineUnavailable, OutOfSpace) as error:
        _fail(str(error), code=2)
    except StudioError as error:
        logging.getLogger("studio").error("%s\n%s", error, traceback.format_exc())
        _fail(f"{error} The log is {_log_file(traceback.format_exc())}.", code=1)
    except KeyboardInterrupt:
        _fail("Stopped; finished lines are kept, and the same command goes on from there.", code=1)
    except Exception:
        logging.getLogger("studio").error("unexpected\n%s", traceback.format_exc())
        _fail(f"Something went wrong on our side. The log is {_log_file(traceback.format_exc())}.", code=1)


def _fail(sentence: str, *, code: int) -> None:
    print(sentence, file=sys.stderr)
    raise SystemExit(code)


def _log_file(details: str | None = None) -> str:
    """The studio's log, or, where none was opened yet, a new file with the details."""
    for handler in logging.getLogger("studio").handlers:
        if path := getattr(handler, "baseFilename", None):
            return str(path)
    with tempfile.NamedTemporaryFile("w", prefix="lipline-", suffix=".log", delete=False) as file:
        file.write(details or "")
    return file.name


@contextmanager
def opened(home: Path | None) -> Iterator[Studio]:
    from studio.bootstrap import default_place, open_studio

    studio = open_studio(default_place(home))
    try:
        yield studio
    finally:
        studio.close()


def _write_json(path: Path, content: Any) -> None:
    try:
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadSetting(f"{path} cannot be written: {error.strerror}.") from error


@app.command()
def dub(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Video or audio file.")],
    source_language: FromOption,
    target_language: ToOption,
    lines: Annotated[Path | None, typer.Option("--lines", help="Subtitles of the source (SRT, VTT, ASS, TTML, CSV).")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Where the dubbed MP4 goes (default: beside IN, named after the language).")] = None,
    translation: Annotated[Path | None, typer.Option("--translation", help="Subtitles in the target language.")] = None,
    speaker: Annotated[str, typer.Option("--speaker", help="Speech engine; see `engines`.")] = "auto",
    translator: Annotated[str, typer.Option("--translator", help="Translation engine; see `engines`.")] = "auto",
    transcriber: Annotated[str, typer.Option("--transcriber", help="Recognition engine; see `engines`.")] = "auto",
    report: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Dub a file: lines, translation, voices, fit, mix, one MP4. The same command again goes on where it stopped."""
    from studio.dubbing import DubRequest, dub_file

    request = DubRequest(source, source_language, target_language, out, lines, translation, speaker, translator, transcriber)
    with opened(home) as studio, progress_bar() as watch:
        content = dub_file(studio, request, watch)
    for item in content["skipped"][:MAX_TOLD]:
        print(f"{item['where']}: {item['reason']}", file=sys.stderr)
    if (more := len(content["skipped"]) - MAX_TOLD) > 0:
        print(f"… and {more} more; --json lists them all.", file=sys.stderr)
    for notice in content["notices"]:
        print(f"Note: {notice}", file=sys.stderr)
    print(f"{content['out']}: {content['counts']['voiced']} of {content['counts']['total']} lines voiced in {content['wall_seconds']:.1f} s.")
    if report is not None:
        _write_json(report, content)


@app.command("lines")
def list_lines(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A media or subtitle file.")],
    language: FromOption = "en",
    transcriber: Annotated[str, typer.Option("--transcriber", help="Recognition engine; see `engines`.")] = "auto",
    out: JsonOption = None,
) -> None:
    """The lines of a media or subtitle file, and what was skipped and why."""
    from studio.domain.plain import to_plain
    from studio.domain.timing import clock
    from studio.dubbing import lines_of_file

    with tempfile.TemporaryDirectory(prefix="lipline-") as home, opened(Path(home)) as studio, progress_bar() as watch:
        script = lines_of_file(studio, source, language, transcriber, watch)
    for number, line in enumerate(script.lines, start=1):
        print(f"{number:4d}  {clock(line.start_ms)} → {clock(line.end_ms)}  {line.speaker or '–'}: {line.text or '(no words yet)'}")
    for item in script.skipped:
        print(f"{item.where}: {item.reason}", file=sys.stderr)
    print(f"{len(script.lines)} lines, {len(script.skipped)} notes.", file=sys.stderr)
    if out is not None:
        _write_json(out, to_plain(script))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; any but 127.0.0.1 needs an account first (`users add`).")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 7860,
    demo: Annotated[bool, typer.Option(help="Put the demo project in the list.")] = True,
    workers: Annotated[int, typer.Option(help="Films at once that this process works on; 0 leaves all jobs to `worker` processes.", min=0, max=64)] = 1,
    trust_from: Annotated[str, typer.Option("--trust-from", metavar="ADDRESSES", help="Proxies that are believed about addresses and https: 127.0.0.1,10.0.0.0/8.")] = "",
    trust_header: Annotated[str, typer.Option("--trust-header", metavar="NAME", help="Single sign-on: the header in which those proxies name the person, such as X-Remote-User.")] = "",
    trust_role: Annotated[str, typer.Option("--trust-role", metavar="ROLE", help="Role of who comes in by that header for the first time.")] = "editor",
    log_format: Annotated[str | None, typer.Option("--log-format", metavar="json|text", help="Of the log's lines (default: LIPLINE_LOG, else json).")] = None,
    ray: RayOption = None,
    home: HomeOption = None,
    database: DatabaseOption = None,
    blobs: BlobsOption = None,
) -> None:
    """Open the studio's page. It asks for a login as soon as there is an account."""
    from studio.bootstrap import open_studio
    from studio.commands.cluster import cluster_beside
    from studio.ui.launch import ServeOptions, serve as serve_page
    from studio.ui.trust import Trust

    trust, place = Trust.read(trust_from, trust_header, trust_role), place_of(home, database, blobs)
    if log_format is not None:
        os.environ["LIPLINE_LOG"] = log_format  # read where the log is opened, and by workers begun from here
    with cluster_beside(place, ray):
        studio = open_studio(place, workers=workers if ray is None else 0)
        serve_page(studio, ServeOptions(host=host, port=port, trust=trust, with_demo=demo))


@app.command()
def engines(out: JsonOption = None, home: HomeOption = None) -> None:
    """Every engine: available or not, why, licence."""
    from studio.bootstrap import build_engines
    from studio.domain.plain import to_plain

    rows = build_engines().status()
    for row in rows:
        mark = "default  " if row.is_default else "available" if row.is_available else "missing  "
        print(f"{row.task:16s} {row.name:18s} {mark}  {row.licence}: {row.why}")
    if out is not None:
        _write_json(out, to_plain(rows))


@contextmanager
def progress_bar() -> Iterator[Callable[[Job], None]]:
    """A watch for jobs that paints one bar per stage on stderr where that is a terminal, else nothing."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<22}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        shown: dict[str, Any] = {}

        def watch(job: Job) -> None:
            if job.stage:
                if job.stage not in shown:
                    shown[job.stage] = bars.add_task(job.stage, total=None)
                bars.update(shown[job.stage], completed=job.done, total=max(1, job.total))

        yield watch
