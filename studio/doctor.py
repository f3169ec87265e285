"""What a machine lacks to run the studio well. Enter: the place of the studio, what its engines say, a port. Leave: findings with what next.

Nothing is changed, made or migrated: files tried out are taken away again. A further look is a function in `_LOOKS` that gives findings.
"""

from __future__ import annotations

import os
import platform
import resource
import secrets
import shutil
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from studio.domain.errors import StudioError
from studio.domain.views import EngineStatus
from studio.domain.workers import Gpu
from studio.media.child import holds
from studio.media.ffmpeg import tool_path
from studio.store.blobs import RESERVE_BYTES
from studio.store.database_checks import DatabaseSeen, look_at_database
from studio.store.shared_blobs import shared_folder, try_store
from studio.weights import damaged_weights, known_weights

PYTHONS = ((3, 11), (3, 12))
ROOM_BYTES = 20 * 10**9
MEMORY_BYTES = 4 * 10**9
OPEN_FILES = 1024
SKEW_S = 5.0
FENCES = {
    "limits": "children that decode are not bounded in time and memory",
    "privileges": "a child could gain rights by another program",
    "files": "a child can read more files than those named to it (Landlock needs Linux 5.13 or later)",
    "network": "a child could reach the network",
}
ESSENTIAL_TASKS = ("voice activity", "transcriber", "translator", "estimator", "speaker")
NETWORK_FILE_SYSTEMS = ("nfs", "nfs4", "cifs", "smb3", "fuse.sshfs")
REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements.txt"


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"  # works, with less than could be
    PROBLEM = "problem"  # does not work, or not safely


@dataclass(frozen=True, slots=True)
class Finding:
    """`next_step` "" where all is well."""

    name: str
    level: Level
    sentence: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at. `engines` as they stand on this machine, `gpus` those that torch sees; `port` where the page shall be served; `blobs` where
    the projects' files are, None: in the home."""

    home: Path
    database_url: str
    engines: tuple[EngineStatus, ...]
    gpus: tuple[Gpu, ...]
    port: int
    blobs: str | None = None


def examine(patient: Patient) -> tuple[Finding, ...]:
    """Every look, in the order in which one would mend things."""
    return tuple(finding for look in _LOOKS for finding in look(patient))


def is_well(findings: Sequence[Finding]) -> bool:
    return not any(finding.level is Level.PROBLEM for finding in findings)


def _ok(name: str, sentence: str) -> Finding:
    return Finding(name, Level.OK, sentence)


def _note(name: str, sentence: str, next_step: str) -> Finding:
    return Finding(name, Level.NOTE, sentence, next_step)


def _problem(name: str, sentence: str, next_step: str) -> Finding:
    return Finding(name, Level.PROBLEM, sentence, next_step)


def _python(_patient: Patient) -> Iterator[Finding]:
    told = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info[:2] in PYTHONS:
        yield _ok("python", f"{told}.")
    else:
        yield _problem("python", f"{told} is not what the packages are pinned for.", "Make a virtual environment with Python 3.11 or 3.12.")


def _packages(_patient: Patient) -> Iterator[Finding]:
    wrong = []
    for name, wanted in _pins(REQUIREMENTS):
        try:
            found = version(name)
        except PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if found.split("+")[0] != wanted:
            wrong.append(f"{name} is {found}, not {wanted}")
    if wrong:
        yield _problem("packages", f"{len(wrong)} packages are not as pinned: {', '.join(wrong[:4])}.", "pip install -r requirements.txt")
    else:
        yield _ok("packages", "Every package of requirements.txt is here in its version.")


def _pins(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        name, equal, rest = line.partition("==")
        if equal and not line.startswith("#"):
            yield name.strip().partition("[")[0], rest.split()[0]


def _ffmpeg(_patient: Patient) -> Iterator[Finding]:
    try:
        tool = tool_path()
    except (OSError, RuntimeError):
        yield _problem("ffmpeg", "There is no ffmpeg.", "pip install -r requirements.txt brings one (imageio-ffmpeg); no system package is needed.")
        return
    if os.access(tool, os.X_OK):
        yield _ok("ffmpeg", f"ffmpeg is {tool.name}.")
    else:
        yield _problem("ffmpeg", f"{tool} may not be run.", "Reinstall imageio-ffmpeg, on a file system that is not mounted noexec.")


def _engines(patient: Patient) -> Iterator[Finding]:
    for task in dict.fromkeys(engine.task for engine in patient.engines):
        able = [engine.name for engine in patient.engines if engine.task == task and engine.is_available]
        name = f"engine: {task}"
        if able:
            yield _ok(name, f"{', '.join(able)}.")
            continue
        why = next((engine.why for engine in patient.engines if engine.task == task), "none is known")
        finding = _problem if task in ESSENTIAL_TASKS else _note
        yield finding(name, f"None can run here: {why}.", "`python -m studio engines` says of each what it needs.")


def _weights(_patient: Patient) -> Iterator[Finding]:
    bundled = [one for one in known_weights() if one.is_bundled]
    if damaged := damaged_weights():
        yield _problem("weights", f"{len(damaged)} bundled weights are missing or not what they should be: {', '.join(damaged)}.", "Get the release anew; with git: git lfs pull, then git status.")
    else:
        yield _ok("weights", f"All {len(bundled)} bundled weights are here, their sha256 as they should be.")


def _home(patient: Patient) -> Iterator[Finding]:
    home = patient.home
    if not home.exists():
        parent = next(folder for folder in home.parents if folder.exists())
        if os.access(parent, os.W_OK):
            yield _ok("home", f"{home} is not there yet; the first start makes it.")
        else:
            yield _problem("home", f"{home} is not there and cannot be made.", f"mkdir -p {home}, and give it to the account that runs the studio.")
        return
    mode = home.stat().st_mode & 0o777
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        yield _problem("home", f"{home} cannot be written by this account.", f"chown -R {os.getuid()} {home}")
    elif mode & 0o077:
        yield _note("home", f"Other accounts of this machine may look into {home} (mode {mode:o}).", f"chmod 700 {home}")
    else:
        yield _ok("home", f"{home} belongs to this account alone.")
    kind = _file_system(home)
    if kind in NETWORK_FILE_SYSTEMS and patient.database_url.startswith("sqlite"):
        yield _problem("home: database file", f"{home} is on {kind}, where SQLite loses locks.", "Put the home on a local disk, or use PostgreSQL (--database).")


def _file_system(folder: Path) -> str:
    """The kind of the file system below a folder, "" where nobody knows."""
    found = ("", "")
    with suppress(OSError):
        for line in Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines():
            _, place, kind, *_ = line.split(" ")
            if str(folder.resolve()).startswith(place) and len(place) >= len(found[0]):
                found = (place, kind)
    return found[1]


def _disk(patient: Patient) -> Iterator[Finding]:
    folder = next(folder for folder in (patient.home, *patient.home.parents) if folder.exists())
    free = shutil.disk_usage(folder).free
    told = f"{free / 1e9:.0f} GB are free at {folder}"
    if free < 2 * RESERVE_BYTES:
        yield _problem("disk", f"{told}: uploads are refused.", "Free some; `python -m studio gc --dry-run` says what the studio itself could give back.")
    elif free < ROOM_BYTES:
        yield _note("disk", f"{told}, which is little for film.", "Plan for about three times the size of the films that are worked on at once.")
    else:
        yield _ok("disk", f"{told}.")
    scratch = Path(tempfile.gettempdir())
    if shutil.disk_usage(scratch).free < RESERVE_BYTES:
        yield _problem("disk: temporary files", f"{scratch} is full.", "Free it, or set TMPDIR to a folder with room.")


def _database(patient: Patient) -> Iterator[Finding]:
    try:
        seen = look_at_database(patient.database_url)
    except StudioError as error:
        yield _problem("database", str(error), "See docs/hosting.md, “When something is wrong”.")
        return
    yield _schema(seen)
    if abs(seen.skew_s) > SKEW_S:
        yield _problem("clock", f"The database's clock and this machine's differ by {abs(seen.skew_s):.0f} s, so leases and signs of life are misread.", "Set both by NTP: timedatectl set-ntp true")


def _schema(seen: DatabaseSeen) -> Finding:
    if seen.schema is None:
        return _ok("database", f"The {seen.kind} database is empty or not there yet; the first start fills it.")
    if seen.schema == seen.needed:
        return _ok("database", f"The {seen.kind} database answers, with schema {seen.schema}.")
    if seen.is_known:
        return _note("database", f"The schema is {seen.schema}; the next start brings it to {seen.needed}.", "Make a backup first: python -m studio backup DEST")
    return _problem("database", f"The database was used by a newer Lipline (schema {seen.schema}; this one knows {seen.needed}).", "Install that version, or restore the backup made before it.")


def _clock(_patient: Patient) -> Iterator[Finding]:
    now = datetime.now(UTC)
    newest = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    zone = time.strftime("%Z (%z)")
    if (newest - now).total_seconds() > 24 * 3600:
        yield _problem("clock", f"It is {now:%Y-%m-%d %H:%M} UTC here, before this program was installed.", "Set the clock: timedatectl set-ntp true")
    else:
        yield _ok("clock", f"It is {now:%Y-%m-%d %H:%M} UTC; time zone {zone}. The studio keeps UTC, the page shows each reader's own.")


def _machine(_patient: Patient) -> Iterator[Finding]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    told = f"{os.cpu_count()} processors, {memory / 1e9:.0f} GB of memory"
    if memory < MEMORY_BYTES:
        yield _note("machine", f"{told}, which is little.", "Give it 8 GB or more; a voice that sees takes about 2 GB.")
    else:
        yield _ok("machine", f"{told}.")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < OPEN_FILES:
        yield _problem("open files", f"A process may open {soft} files.", f"ulimit -n {max(OPEN_FILES, min(hard, 4096))}, or LimitNOFILE= in the unit.")


def _gpu(patient: Patient) -> Iterator[Finding]:
    has_card = any(Path(hint).exists() for hint in ("/dev/nvidia0", "/proc/driver/nvidia/gpus", "/dev/kfd"))
    if patient.gpus:
        for gpu in patient.gpus:
            memory = f", {gpu.total_bytes / 1e9:.0f} GB" if gpu.total_bytes is not None else ""
            yield _ok(f"gpu: {gpu.name}", f"{gpu.label}{memory}.")
    elif has_card:
        yield _problem("gpu", "There is a GPU, and torch does not see it.", "Install the driver (nvidia-smi must answer), then the CUDA build of torch; in a container pass the device (--gpus all).")
    else:
        yield _note("gpu", "There is none; everything runs on the processors.", "Drafts, edits and mixes are as fast; voices that see and large translators want a GPU.")


def _fences(_patient: Patient) -> Iterator[Finding]:
    held = holds()
    lacking = [why for name, why in FENCES.items() if name not in held]
    if "limits" not in held:
        yield _problem("fences", f"Not every fence holds: {'; '.join(lacking)}.", "Run on Linux, and do not forbid setrlimit and prctl to the service.")
    elif lacking:
        yield _note("fences", f"Not every fence holds: {'; '.join(lacking)}.", "See docs/security.md; in a container allow the Landlock calls and user namespaces.")
    else:
        yield _ok("fences", "Strangers' files are read behind every fence: limits, privileges, files, network.")


def _port(patient: Patient) -> Iterator[Finding]:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", patient.port))
        except OSError as error:
            yield _note("port", f"Port {patient.port} cannot be taken: {error.strerror}.", "If it is not the studio itself that runs there, choose another with --port.")
            return
    yield _ok("port", f"Port {patient.port} is free.")


def _locks(patient: Patient) -> Iterator[Finding]:
    """Whether a database in the home would work: a file of its own, tried and taken away."""
    if not patient.home.is_dir() or not os.access(patient.home, os.W_OK) or not patient.database_url.startswith("sqlite"):
        return
    trial = patient.home / f".doctor-{secrets.token_hex(4)}.db"
    try:
        with closing(sqlite3.connect(trial)) as connection:
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            connection.execute("CREATE TABLE trial (x)")
        if mode != "wal":
            yield _problem("home: locks", "SQLite cannot keep a write-ahead log there.", "Put the home on a local disk.")
    except sqlite3.Error as error:
        yield _problem("home: locks", f"SQLite cannot write there ({error}).", "Put the home on a local disk with room.")
    finally:
        for left in (trial, *(trial.with_name(trial.name + end) for end in ("-wal", "-shm"))):
            left.unlink(missing_ok=True)


def _files(patient: Patient) -> Iterator[Finding]:
    """Whether files can be kept where several machines share them: one is put there and taken away."""
    where = patient.blobs
    if where is None:
        return
    folder = shared_folder(where)
    try:
        if folder is None:
            try_store(where)
        elif not folder.is_dir():
            yield _note("files", f"{folder} is not there yet; the first start makes it.", "If it is to be shared, mount it on every machine first.")
            return
        else:
            with tempfile.TemporaryFile(dir=folder) as trial:
                trial.write(b"tried")
    except (OSError, StudioError) as error:
        why = f"{where} cannot be written ({error.strerror})." if isinstance(error, OSError) else str(error)
        yield _problem("files", why, "Name the place with --blobs or LIPLINE_BLOBS, the same on every machine; see docs/hosting.md.")
    else:
        yield _ok("files", f"Files can be kept at {where}.")


_LOOKS: tuple[Callable[[Patient], Iterator[Finding]], ...] = (
    _python, _packages, _machine, _clock, _ffmpeg, _engines, _weights, _gpu, _fences, _home, _locks, _disk, _files, _database, _port,
)  # fmt: skip
