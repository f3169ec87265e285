"""What monitors and load balancers ask: /healthz, /readyz, /metrics; and the middleware that times every request by its route.

/healthz and /readyz name nobody and need no login. /metrics is for administrators who are logged in, and for whoever sends the token of
LIPLINE_METRICS_TOKEN as `Authorization: Bearer …`. Coming from this machine opens nothing: behind a proxy everybody does.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import re
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from studio.domain.errors import BadSetting
from studio.domain.rights import Right
from studio.logs import about
from studio.metrics import CONTENT_TYPE, Metrics
from studio.service import Studio

HEALTH_PATHS = ("/healthz", "/readyz", "/metrics")  # the gate lets these pass; each decides for itself
TOKEN_VARIABLE, MIN_TOKEN_CHARS = "LIPLINE_METRICS_TOKEN", 16
READY_WITHIN_S = 5.0
READY_AT_ONCE = 2  # anybody may ask, and each asks the database
GONE = 499  # who asked left before an answer began
FOUND = "lipline.found"  # in a request's scope: what the router found
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_ID = re.compile(r"(?=[a-f]*[0-9])[0-9a-f]{16,32}", re.ASCII)


def add_health(router: APIRouter, studio: Studio, bound: Callable[[Request], Studio]) -> None:
    """`bound` gives the studio of whoever is logged in, and raises NotFound for nobody. Raises BadSetting for a token too short to keep."""
    token, turns = metrics_token(), anyio.CapacityLimiter(READY_AT_ONCE)

    @router.get("/healthz")
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok\n", headers={"cache-control": "no-store"})

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        try:
            asked = anyio.to_thread.run_sync(studio.readiness, abandon_on_cancel=True, limiter=turns)  # else it would be waited for after all
            checks = await asyncio.wait_for(asked, READY_WITHIN_S)
        except TimeoutError:
            return JSONResponse({"ready": False, "checks": {"database": False}}, 503, {"cache-control": "no-store"})
        is_ready = all(check.is_ok for check in checks)
        told = {"ready": is_ready, "checks": {check.name: check.is_ok for check in checks}}
        return JSONResponse(told, 200 if is_ready else 503, {"cache-control": "no-store"})

    @router.get("/metrics")
    def metrics(request: Request) -> Response:
        if not _has_token(request, token):
            bound(request).require(Right.ADMIN)
        return Response(studio.exposition(), headers={"content-type": CONTENT_TYPE, "cache-control": "no-store"})


def metrics_token() -> str | None:
    """The token that opens /metrics, None where there is none."""
    token = os.environ.get(TOKEN_VARIABLE) or None
    if token is not None and len(token) < MIN_TOKEN_CHARS:
        raise BadSetting(f"{TOKEN_VARIABLE} is too short to keep anybody out; give it {MIN_TOKEN_CHARS} characters or more.")
    return token


def _has_token(request: Request, token: str | None) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return token is not None and scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


class Measured:
    """ASGI middleware, the outermost: a request id, the time to answer by the template of the route, and what the log says about it."""

    def __init__(self, app: Any, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value.decode("latin-1") for key, value in scope["headers"] if key == b"x-request-id"), "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex[:16]
        started, status = time.perf_counter(), GONE

        async def noted(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id.encode())]}
            await send(message)

        scope = {**scope, FOUND: {}}
        with about(request=request_id):
            try:
                await self._app(scope, receive, noted)
            except BaseException:
                status = 500 if status == GONE else status
                raise
            finally:
                method = scope["method"] if scope["method"] in METHODS else "OTHER"
                self._metrics.request(method, template_of(scope), status, time.perf_counter() - started)


class Routed:
    """ASGI middleware, the innermost: tells `Measured` which route took the request. Those between the two hand on copies of the scope."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            if FOUND in scope:
                scope[FOUND]["route"] = scope.get("route")


def template_of(scope: dict[str, Any]) -> str:
    """The address as the code has it ("/media/{kind}/…"); folders by their name, and everything nobody serves as "(other)"."""
    route = scope[FOUND].get("route")
    path = getattr(route, "path_format", None) or getattr(route, "path", None)
    if path:
        return str(path)
    return "/look/…" if str(scope.get("path", "")).startswith("/look/") else "(other)"
