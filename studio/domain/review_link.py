"""Review links: what is known of one, how long one may open, and the token it is told by. Pure, but for the chance in a new token."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from studio.domain.errors import BadSetting

MAX_LINKS = 50  # open at once, of one project
DEFAULT_DAYS = 14
MAX_DAYS = 365
TOKEN_BYTES = 32  # 256 bits: nobody guesses it
TOKEN_CHARS = 43  # of TOKEN_BYTES in URL-safe base64, without padding


@dataclass(frozen=True, slots=True)
class ReviewLink:
    """`label`: for whom, as its maker wrote. Times are ISO 8601, UTC; `revoked_at` None: nobody took it back."""

    id: str
    label: str
    by: str
    created_at: str
    expires_at: str
    revoked_at: str | None = None


@dataclass(frozen=True, slots=True)
class OpenedReview:
    """A link whose token was shown, and the one project it opens."""

    link: ReviewLink
    project_id: str


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """All that is kept of a token: sha256, in hex. A token has 256 bits of chance, so no slow hash is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def expiry(created_at: str, days: int) -> str:
    """When a link made then stops opening. Raises BadSetting for a span that is none."""
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MAX_DAYS:
        raise BadSetting(f"A review link opens for 1 to {MAX_DAYS} days; choose a number of days.")
    return (datetime.fromisoformat(created_at) + timedelta(days=days)).isoformat(timespec="microseconds")
