"""ASGI middleware: our style sheets and modules stand in the page's HTML itself.

Gradio's `head` argument adds them only once Gradio runs, a second later; in the HTML they load beside it, and the desk is there first.
Enter: two pieces of HTML. Leaves: the page at "/" with one of them right behind its base address, the other at the end of its head; where
its address names a project, the project's lines are asked for by the HTML as well, before any module runs.
"""

from __future__ import annotations

import re
from typing import Any

BASE, HEAD_END = b'<base href="./" />', b"</head>"
_PROJECT = re.compile(rb"(?:^|&)project=([0-9a-f]{32})(?:&|$)")


class FirstScreen:
    """`scripts` go in front of Gradio's own, so that they begin first; `sheets` behind all of its style sheets, so that they win."""

    def __init__(self, app: Any, scripts: str, sheets: str) -> None:
        self._app, self._scripts, self._sheets = app, scripts.encode(), sheets.encode()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        is_page = scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == "/"
        await self._app(scope, receive, _Whole(self, scope["query_string"], send) if is_page else send)

    def dressed(self, page: bytes, query: bytes) -> bytes:
        named = _PROJECT.search(query)
        lines = b'<link rel="preload" as="fetch" crossorigin href="desk/%b/opening">' % named[1] if named is not None else b""
        with_scripts = page.replace(BASE, BASE + lines + self._scripts, 1)
        return with_scripts.replace(HEAD_END, self._sheets + HEAD_END, 1)


class _Whole:
    """Holds an HTML answer back until it is whole, and sends it on dressed; any other answer passes as it comes."""

    def __init__(self, screen: FirstScreen, query: bytes, send: Any) -> None:
        self._screen, self._query, self._send = screen, query, send
        self._start: dict[str, Any] | None = None
        self._parts: list[bytes] = []

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and _is_html(message):
            self._start = message
            return
        if self._start is None:
            await self._send(message)
            return
        self._parts.append(message.get("body", b""))
        if message.get("more_body", False):
            return
        body = self._screen.dressed(b"".join(self._parts), self._query)
        headers = [(key, value) for key, value in self._start["headers"] if key.lower() != b"content-length"]
        await self._send({**self._start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await self._send({"type": "http.response.body", "body": body})


def _is_html(message: dict[str, Any]) -> bool:
    return message["status"] == 200 and any(key.lower() == b"content-type" and value.startswith(b"text/html") for key, value in message["headers"])
