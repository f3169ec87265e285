"""A page's calls over one kept connection, as the browser sends them: login, desk calls, media with ranges, Gradio's events.

Enter: an address and a visitor's name. Leave: answers with their milliseconds; `Away` where there was none, `Refused` with the studio's
sentence. Nothing here decides what to call; that is `visitor.py`.
"""

from __future__ import annotations

import http.client
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

PATIENCE_S = 75.0  # longer than any answer may take, so that a slow one is told as slow
IDLE_S = 3.0  # uvicorn closes a connection after 5
PASS_HEADER = "lipline-pass"
JSON = {"content-type": "application/json"}


class Away(Exception):
    """No answer: the server is gone, or was killed before it could say how it went."""


class Refused(Exception):
    """An answer that is no success. `status`: of HTTP; the text is the studio's sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    took_ms: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def sentence(self) -> str:
        """What an answer that is no success says."""
        try:
            said = json.loads(self.body)
        except ValueError:
            return self.body[:200].decode(errors="replace")
        return str(said.get("error", said)) if isinstance(said, dict) else str(said)


@dataclass(slots=True)
class Caller:
    """One person's page. `address`: "http://127.0.0.1:7817"; it may be changed while the visitor goes on (another server of the same studio)."""

    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    session_hash: str = field(default_factory=lambda: secrets.token_hex(6))
    _connection: http.client.HTTPConnection | None = None
    _connected_to: str = ""
    _used_s: float = 0.0
    events: dict[str, list[int]] = field(default_factory=dict)
    passes: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Raises Away."""
        sent = {"accept": "*/*", **({"cookie": self._cookie()} if self.cookies else {}), **(headers or {})}
        if method != "GET":
            sent["origin"] = self.address
        started = time.perf_counter()
        try:
            response = self._send(method, path, body, sent)
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Away(f"{method} {path}: {error!r}") from error
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key.strip()] = rest.split(";")[0]
            elif name.lower() == PASS_HEADER:
                project_id, _, given = value.partition(" ")
                self.passes[project_id] = given
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, content, 1000 * (time.perf_counter() - started))

    def media(self, project_id: str, kind: str, item: str) -> str:
        """An address of a file, with the pass that the page was told for its project."""
        given = self.passes.get(project_id)
        return f"/media/{kind}/{project_id}/{item}" + ("" if given is None else f"?pass={quote(given)}")

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        """A connection that lay still is left, as servers close such; one that broke is tried once more where that does no harm."""
        if time.monotonic() - self._used_s > IDLE_S:
            self.close()
        is_fresh = self._connection is None or self._connected_to != self.address
        try:
            return self._sent(method, path, body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.close()
            if is_fresh or method != "GET":
                raise
            return self._sent(method, path, body, headers)

    def _sent(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        if self._connection is None or self._connected_to != self.address:
            self.close()
            place = urlsplit(self.address)
            self._connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE_S)
            self._connected_to = self.address
        self._used_s = time.monotonic()
        self._connection.request(method, path, body, dict(headers))
        return self._connection.getresponse()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items() if value)

    # what pages ask

    def log_in(self, name: str, password: str) -> None:
        """Raises Refused with what the login page says."""
        form = urlencode({"name": name, "password": password}).encode()
        answer = self.ask("POST", "/login", form, {"content-type": "application/x-www-form-urlencoded"})
        if answer.status != 303:
            raise Refused(answer.status, answer.sentence())

    def learn_events(self) -> None:
        """Which numbers Gradio gave which events of the page: "load", "tick", "upload", …; several of a name are in the page's order."""
        config = self.ask("GET", "/config").json
        self.events = {}
        for one in config["dependencies"]:
            for _, name in one["targets"]:
                self.events.setdefault(name, []).append(one["id"])

    def event(self, name: str, data: list[Any], told: Mapping[str, Any] | None = None, *, which: int = 0, query: str = "") -> Answer:
        """One event of Gradio's, of several of that name the one asked for: join the queue, then hear the stream to its end. `told`: what the
        event itself says. Raises Away, Refused."""
        joined = {"data": data, "event_data": told, "fn_index": self.events[name][which], "trigger_id": None, "session_hash": self.session_hash}
        first = self.ask("POST", f"/gradio_api/queue/join?{query}", json.dumps(joined).encode(), JSON)
        if first.status != 200:
            raise Refused(first.status, first.sentence())
        heard = self.ask("GET", f"/gradio_api/queue/data?session_hash={quote(self.session_hash)}", None, {"accept": "text/event-stream"})
        if heard.status != 200:
            raise Refused(heard.status, heard.sentence())
        return heard


@dataclass(frozen=True, slots=True)
class Ended:
    """How an event ended. `said`: the sentence of its toast, "" without one; `painted`: what its widgets shall show."""

    is_done: bool
    said: str = ""
    painted: tuple[Any, ...] = ()


def ended(stream: bytes) -> Ended:
    """What the stream of an event told."""
    found = Ended(False)
    for line in stream.decode(errors="replace").splitlines():
        message = json.loads(line[5:]) if line.startswith("data:") else {}
        if message.get("msg") == "log":
            found = replace(found, said=str(message.get("log", "")))
        if message.get("msg") == "process_completed":
            output = message.get("output") or {}
            said = found.said or str(output.get("error") or "")
            found = Ended(bool(message.get("success")), said, tuple(output.get("data") or ()))
    return found
