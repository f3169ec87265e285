"""Fuzz targets that need a studio: projects taken in, and the JSON calls of the page. A studio of its own in the scratch folder, nobody else's.

A call may be refused in any sentence; an answer of 500 means that somebody's words reached code that did not expect them.
"""

from __future__ import annotations

import json
import logging
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.fuzz_seeds import subtitles

SCRIPT = b"1\n00:00:00,400 --> 00:00:01,300\nANN: one two\n\n2\n00:00:01,700 --> 00:00:02,700\nBOB: three four five\n"
WORDS = (
    b'"line_id"', b'"line_ids"', b'"text"', b'"start_ms"', b'"end_ms"', b'"status"', b'"approved"', b'"name"', b'"speaker_id"', b'"take_id"', b'"seen"', b'"base"',
    b"null", b"true", b"[]", b"{}", b"-1", b"1e309", b"9007199254740993", b'"\\ud800"', b'"\\u0000"', b'"<img src=x onerror=1>"', b'"=1+1"', b'"../../etc/passwd"', b'"seen_also"',
)  # fmt: skip
ROUTES = (
    ("POST", "/me/settings"), ("POST", "/me/queue"), ("GET", "/desk/PROJECT/rows?since="), ("GET", "/desk/PROJECT/pulse?since="), ("GET", "/media/take/PROJECT/"),
    ("GET", "/media/export/PROJECT/"), ("GET", "/media/source/PROJECT/x?pass="), ("POST", "/uploads"), ("PATCH", "/uploads/"), ("HEAD", "/uploads/"), ("POST", "/voices/PROJECT"),
    ("GET", "/review/"), ("POST", "/review/x/notes"), ("POST", "/login"),
)  # fmt: skip


HEADERS = {"content-type": "application/json", "tus-resumable": "1.0.0", "upload-length": "5", "upload-offset": "0"}


def _opened(scratch: Path) -> Any:
    from studio.bootstrap import Place, open_studio

    return open_studio(Place(scratch / "home"))


def _with_lines(studio: Any) -> Any:
    project = studio.create_project("Fuzz", "en", "de")
    studio.import_script(project.id, SCRIPT, "a.srt")
    return project


# projects as files


@cache
def _documents() -> tuple[bytes, ...]:
    """Documents of a project as it is written, made in a folder that is gone again."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        studio = _opened(Path(folder))
        project = _with_lines(studio)
        studio.add_note(project.id, "see #2", line_id=studio.rows(project.id)[0].line.id)
        studio.write_project(project.id, Path(folder) / "a.zip")
        with zipfile.ZipFile(Path(folder) / "a.zip") as archive:
            document = archive.read("project.json")
        studio.close()
    return (document, json.dumps(json.loads(document), separators=(",", ":")).encode())


def project_documents() -> list[bytes]:
    return list(_documents())


def load_projects(scratch: Path) -> Callable[[bytes], None]:
    """The input is the document of an archive, or the whole archive where it begins like one."""
    from studio.domain.errors import StudioError

    studio, path = _opened(scratch), scratch / "a.zip"

    def work(data: bytes) -> None:
        if data.startswith(b"PK"):
            path.write_bytes(data)
        else:
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("project.json", data)
        try:
            made = studio.take_in_project(path, "a.zip")
        except StudioError:
            assert not studio.projects(), "something was kept of a project that was refused"
            return
        studio.rows(made.id)
        studio.write_project(made.id, scratch / "b.zip")
        studio.delete_project(made.id)

    return work


# calls


class _Heard(logging.Handler):
    """The error behind an answer of 500."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.error: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        self.error = record.exc_info[1] if record.exc_info else RuntimeError(record.getMessage())


def _bodies() -> dict[str, dict[str, Any]]:
    """A body for every call of the desk, of what its parameters are called and hold."""
    from studio.ui.call_shapes import _shapes
    from studio.ui.desk_calls import CALLS

    by_type: dict[Any, Any] = {str: "x", int: 5, float: 0.5, bool: True}
    found = {name: {key: by_type.get(shape, ["x"] if "Sequence" in str(shape) else None) for key, shape in _shapes(call)[1].items()} for name, call in CALLS.items()}
    found["revise"] = {"line_id": "LINE", "target": "words", "start_ms": 5, "end_ms": 900, "base": {"target": ""}, "change_id": "a"}
    found["revise_lines"] = {"line_ids": ["LINE"], "status": "adapted", "shift_ms": 40}
    found["set_sheet"] = {"speaker_id": "SPEAKER", "min_pace": 2, "forbidden": ["x"], "preferred": [["a", "b"]], "note": "n"}
    found["replace"] = {"wish": {"find": "o", "put": "0"}, "picks": [{"subject_id": "LINE", "field": "target", "before": "", "ranks": [0]}]}
    found["preview_replace"] = {"wish": {"find": "(o)", "put": "$1", "is_pattern": True}, "places": ["target"]}
    return found


def call_seeds() -> list[bytes]:
    bodies = _bodies()
    made = [bytes([number]) + json.dumps(bodies[name]).replace('"x"', '"LINE"').encode() for number, name in enumerate(sorted(bodies))]
    return [*made, *(bytes([200 + number]) + b"x?a=1\n{}" for number in range(len(ROUTES))), *(bytes([1]) + one[1:40] for one in subtitles()[:3])]


class House:
    """The page's routes over a studio with one project, which is there again however much of it a call takes away."""

    def __init__(self, scratch: Path) -> None:
        from fastapi import FastAPI
        from fastapi.testclient import TestClient

        from studio.ui.routes import add_routes
        from studio.ui.session import Gate
        from studio.ui.trust import Trust

        self.studio, self._heard = _opened(scratch), _Heard()
        self.project = _with_lines(self.studio)
        for name in ("studio", "uvicorn"):
            logging.getLogger(name).addHandler(self._heard)
        self.app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        add_routes(self.app, self.studio)
        self.app.add_middleware(Gate, door=self.studio.door, trust=Trust(), hosts=frozenset({"127.0.0.1"}))
        self._client = TestClient(self.app, base_url="http://127.0.0.1", raise_server_exceptions=True, follow_redirects=False)
        self._client.__enter__()

    def real(self, text: str) -> str:
        """`text` with the ids that PROJECT, LINE and SPEAKER stand for now."""
        rows = self.studio.rows(self.project.id)
        line, speaker = (rows[0].line.id, rows[0].line.speaker_id) if rows else ("none", "none")
        return text.replace("PROJECT", self.project.id).replace("LINE", line).replace("SPEAKER", speaker)

    def ask(self, method: str, path: str, **given: Any) -> Any:
        """The answer. Raises what is behind one that tells of a fault."""
        self._heard.error = None
        answer = self._client.request(method, path, **given)
        if answer.status_code >= 500 and answer.status_code != 503:
            raise self._heard.error or AssertionError(f"{path} answered {answer.status_code}")
        if not self.studio.rows(self.project.id):
            self.project = _with_lines(self.studio)
        return answer


def load_calls(scratch: Path) -> Callable[[bytes], None]:
    """The first byte names the call, or from 200 on a route with the first line put behind its address; the rest is the body."""
    from studio.ui.desk_calls import CALLS

    house, names = House(scratch), sorted(CALLS)

    def work(data: bytes) -> None:
        if not data:
            return
        method, path, body = "POST", f"/desk/PROJECT/{names[data[0] % len(names)]}", data[1:]
        if data[0] >= 200:
            method, path = ROUTES[(data[0] - 200) % len(ROUTES)]
            more, _, body = body.partition(b"\n")
            path += quote(more, safe="?=&%/")
        real = house.real(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        house.ask(method, house.real(path), content=real, headers=HEADERS)

    return work
