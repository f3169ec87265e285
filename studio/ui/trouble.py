"""What the page says when something goes wrong: the studio's own sentence, or a reference number for the unexpected."""

from __future__ import annotations

import logging
import secrets

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
