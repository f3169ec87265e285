"""What the page says when something goes wrong: the studio's own sentence, or a reference number for the unexpected."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from starlette.responses import JSONResponse

from studio.domain.disk import is_full
from studio.domain.errors import Forbidden, NotFound, OutOfSpace, StudioError, UserError
from studio.logs import said

log = logging.getLogger(__name__)


def sentence(error: Exception) -> str:
    """A sentence fit to show. An unexpected error is logged in full under the reference the sentence gives."""
    if isinstance(error, StudioError):
        return str(error)
    if is_full(error):
        return str(OutOfSpace("the studio"))
    reference = secrets.token_hex(3)
    log.error("unexpected error, reference %s", said(reference), exc_info=error)
    return f"Something went wrong on our side; what you confirmed is kept. Try again, and quote reference {reference} if it happens twice."


def http_status(error: Exception) -> int:
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, Forbidden):
        return 403
    if isinstance(error, UserError):
        return 400
    return 503 if isinstance(error, StudioError) else 500


class Spoken:
    """ASGI middleware: what no route has answered for is a sentence too, as long as nothing was sent; else the answer breaks off."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        state = {"is_begun": scope["type"] != "http"}

        async def seen(message: dict[str, Any]) -> None:
            state["is_begun"] = True
            await send(message)

        try:
            await self._app(scope, receive, seen)
        except Exception as error:  # the rim of the page
            if state["is_begun"]:
                raise
            await JSONResponse({"error": sentence(error)}, http_status(error))(scope, receive, send)
