"""Links to media: each bears a pass, signed, expiring, for one person and one project. Made here, checked here.

Enter: who, which project. Leaves: "<expiry>.<signature>", to stand in an address as `pass`. A pass alone opens nothing: the session and the right
to the project are asked as well, so a link that was copied out of a page serves nobody else. All servers of a studio share the key.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
import time
from collections.abc import Callable

WINDOW_S = 2 * 3600  # passes made within one window are the same, so that a browser's copies of takes stay good
PARAMETER = "pass"


class Standing(enum.Enum):
    """What a pass is worth."""

    GOOD = "good"
    EXPIRED = "expired"
    NONE = "none"


class MediaLinks:
    """`key`: a secret of the studio; `now_s`: seconds since 1970."""

    def __init__(self, key: bytes, now_s: Callable[[], float] = time.time) -> None:
        self._key, self._now_s = key, now_s

    def sign(self, user: str, project_id: str) -> str:
        """A pass for this person and project, good for one to two windows."""
        until_s = (int(self._now_s()) // WINDOW_S + 2) * WINDOW_S
        return f"{until_s}.{self._signature(user, project_id, until_s)}"

    def check(self, given: str, user: str, project_id: str) -> Standing:
        """Whether a pass was made here for this person and project, and whether its time has come; in constant time."""
        until, _, signature = given.partition(".")
        until_s = int(until) if until.isascii() and until.isdigit() and len(until) <= 12 else 0
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._signature(user, project_id, until_s).encode()):
            return Standing.NONE
        return Standing.GOOD if self._now_s() < until_s else Standing.EXPIRED

    def _signature(self, user: str, project_id: str, until_s: int) -> str:
        said = "\0".join(("media", user, project_id, str(until_s))).encode("utf-8", "surrogatepass")
        return base64.urlsafe_b64encode(hmac.new(self._key, said, hashlib.sha256).digest()).decode().rstrip("=")
