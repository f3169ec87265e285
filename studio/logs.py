"""The log: lines of JSON (or of text) that name projects, jobs and requests by id, and never hold a text, a file name or a secret.

Enter: records of `logging`. Leave: lines in a rotating file, and on stderr where a server asks for it. There is no line without the
filter: only the formatters here know how to write one, and they write of a record's values numbers, ids and enum members, and nothing else.
A word of ours that is to be read goes through `said("voice")`. Of an exception its type, its codes and the places in the code are kept; its
sentence is not, since sentences quote names. Records of other libraries keep their place in that library's code, which tells as much.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from enum import Enum, StrEnum
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from studio.domain.errors import BadSetting

MAX_FILE_BYTES, KEPT_FILES = 10_000_000, 5
MAX_FRAMES, MAX_CAUSES = 12, 4
OURS = ("studio", "models")
_ID = re.compile(r"(?=[a-f]*[0-9])[0-9a-f]{6,32}", re.ASCII)
_PLACE = re.compile(r"%%|%(?:\((\w+)\))?[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?[a-zA-Z]")
_ROOTS = tuple(f"{Path(root).resolve()}{os.sep}" for root in (Path(__file__).parent.parent, *sys.path) if root)


class LogForm(StrEnum):
    JSON = "json"
    TEXT = "text"


class Said(str):
    """A word of ours: a stage, an engine, a table. What a person or a machine wrote is none."""

    __slots__ = ()


def said(word: str) -> Said:
    return Said(word)


@dataclass(slots=True)
class About:
    """What is being done just now. One per request or job; what is learned on the way (who asks, about which project) is filled in."""

    request: str | None = None
    user: str | None = None
    project: str | None = None
    job: str | None = None


_ABOUT: ContextVar[About | None] = ContextVar("lipline_log_about", default=None)


@contextmanager
def about(**known: str | None) -> Iterator[About]:
    """Every line written in the block, also from threads that inherit its context, names these ids."""
    outer = _ABOUT.get()
    inner = About(**known) if outer is None else replace(outer, **known)
    token = _ABOUT.set(inner)
    try:
        yield inner
    finally:
        _ABOUT.reset(token)


def mention(**learned: str | None) -> None:
    """Add what has been learned to the request or job at hand; nothing happens outside of one."""
    at_hand = _ABOUT.get()
    if at_hand is not None:
        for name, value in learned.items():
            setattr(at_hand, name, value)


def mark_of(user: str, secret: bytes) -> str:
    """The name under which an account stands in the log: the same in every file of one studio, and nobody's outside of it."""
    return f"u-{hashlib.blake2b(user.encode('utf-8', 'replace'), key=secret, digest_size=5).hexdigest()}"


class PlainLines(logging.Formatter):
    """One line a record: JSON, or text for reading in a terminal."""

    def __init__(self, form: LogForm, secret: bytes) -> None:
        super().__init__()
        self._form, self._secret = form, secret

    def format(self, record: logging.LogRecord) -> str:
        told = self._told(record)
        return json.dumps(told, ensure_ascii=False) if self._form is LogForm.JSON else _as_text(told)

    def _told(self, record: logging.LogRecord) -> dict[str, Any]:
        is_ours = record.name.split(".", 1)[0] in OURS
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record) if is_ours else "(the words of another library are not kept)",
        }
        if not is_ours or record.levelno >= logging.WARNING:
            told["at"] = f"{_short(record.pathname)}:{record.lineno}"
        told |= self._ids()
        if record.exc_info and record.exc_info[1] is not None:
            told["error"] = _error(record.exc_info[1])
        return told

    def _ids(self) -> dict[str, str]:
        at_hand = _ABOUT.get()
        if at_hand is None:
            return {}
        ids = {item.name: value for item in fields(About) if (value := getattr(at_hand, item.name)) is not None}
        if "user" in ids:
            ids["user"] = mark_of(ids["user"], self._secret)
        return {name: value if name == "user" else _safe(value) for name, value in ids.items()}


class SharedFile(RotatingFileHandler):
    """A rotating file that several processes write: each sees when another has rotated it, and only one rotates at a time."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=MAX_FILE_BYTES, backupCount=KEPT_FILES, encoding="utf-8", delay=True)

    def emit(self, record: logging.LogRecord) -> None:
        self._follow()
        super().emit(record)

    def doRollover(self) -> None:  # noqa: N802  the library's name
        with open(f"{self.baseFilename}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if Path(self.baseFilename).exists() and os.path.getsize(self.baseFilename) < MAX_FILE_BYTES // 2:
                self._follow()  # another process was first
                return
            super().doRollover()

    def _follow(self) -> None:
        if self.stream is None:
            return
        try:
            there = os.stat(self.baseFilename).st_ino
        except FileNotFoundError:
            there = None
        if there != os.fstat(self.stream.fileno()).st_ino:
            self.stream.close()
            self.stream = self._open()


def log_form(name: str | None) -> LogForm:
    """The form of that name, JSON for None. Raises BadSetting."""
    try:
        return LogForm.JSON if name is None else LogForm(name)
    except ValueError as error:
        raise BadSetting(f"There is no log format “{name}”; choose json or text.") from error


def open_log(folder: Path, form: LogForm, secret: bytes) -> Path:
    """All log lines of this process into one rotating file in `folder`; a log opened before is closed. Returns the file."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "studio.log"
    _attach(SharedFile(path), PlainLines(form, secret), logging.INFO)
    return path


def also_to_stderr(form: LogForm, secret: bytes, level: int) -> None:
    """The same lines on stderr, for servers under systemd or in a container."""
    _attach(logging.StreamHandler(sys.stderr), PlainLines(form, secret), level)


def _attach(handler: logging.Handler, lines: PlainLines, level: int) -> None:
    handler.setFormatter(lines)
    handler.setLevel(level)
    for name in ("studio", ""):
        logger = logging.getLogger(name)
        for former in [one for one in logger.handlers if type(one) is type(handler) and isinstance(one.formatter, PlainLines)]:
            logger.removeHandler(former)
            former.close()
        if name == "studio":
            logger.setLevel(logging.INFO)
            logger.propagate = False
        logger.addHandler(handler)


def _message(record: logging.LogRecord) -> str:
    """The message with only those values filled in that tell nothing about anybody."""
    template = str(record.msg)
    if not record.args:
        return template
    values = iter(() if isinstance(record.args, Mapping) else record.args)

    def filled(place: re.Match[str]) -> str:
        if place[0] == "%%":
            return "%"
        return str(_safe(record.args.get(place[1] or "") if isinstance(record.args, Mapping) else next(values, None)))

    return _PLACE.sub(filled, template)


def _safe(value: object) -> object:
    if value is None or isinstance(value, bool | int | Said):
        return value
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, str):
        return value if _ID.fullmatch(value) else f"‹{len(value)} characters›"
    return f"‹{type(value).__name__}›"


def _error(error: BaseException) -> dict[str, Any]:
    """The chain of an exception, outermost first: types, codes, and where in the code."""
    told: dict[str, Any] = {}
    place, current, depth = told, error, 0
    while True:
        frames = traceback.extract_tb(current.__traceback__)[-MAX_FRAMES:]
        place["type"] = f"{type(current).__module__}.{type(current).__qualname__}".removeprefix("builtins.")
        place |= _codes(current)
        place["frames"] = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
        cause = current.__cause__ if current.__cause__ is not None else None if current.__suppress_context__ else current.__context__
        depth += 1
        if cause is None or depth == MAX_CAUSES:
            return told
        place["cause"] = {}
        place, current = place["cause"], cause


def _codes(error: BaseException) -> dict[str, str]:
    """What systems and databases say in codes, which quote nothing."""
    codes = {}
    if isinstance(error, OSError) and error.errno is not None:
        codes["code"] = errno.errorcode.get(error.errno, str(error.errno))
    for name in ("sqlite_errorname", "sqlstate"):
        value = getattr(error, name, None)
        if isinstance(value, str) and value.replace("_", "").isalnum() and value.isascii():
            codes["code"] = value
    return codes


def _short(path: str) -> str:
    """A source file without the folder it is installed in."""
    return next((path.removeprefix(root) for root in sorted(_ROOTS, key=len, reverse=True) if path.startswith(root)), Path(path).name)


def _as_text(told: dict[str, Any]) -> str:
    ids = "".join(f" {name}={told[name]}" for name in ("request", "user", "project", "job", "at") if name in told)
    lines = [f"{told['time']} {told['level']:<7} {told['logger']}: {told['message']}{ids}"]
    error = told.get("error")
    while error is not None:
        lines.append(f"  {error['type']}{' ' + error['code'] if 'code' in error else ''}")
        lines += [f"    {frame}" for frame in error["frames"]]
        error = error.get("cause")
    return "\n".join(lines)
