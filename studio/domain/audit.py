"""What the audit trail holds and how it is asked: who did what, when, to which project. Plain records, no texts and no secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

ACTION = re.compile(r"[a-z]+(?:\.[a-z_]+)+", re.ASCII)
MAX_ACTION_CHARS, MAX_USER_CHARS, MAX_SUBJECT_CHARS, MAX_DETAIL_CHARS = 64, 64, 128, 128
NEVER_KEPT = frozenset({"text", "texts", "source_text", "target_text", "password", "token", "secret", "cookie", "key", "link"})

Detail = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act. `seq` orders by arrival; `action` is a thing and a verb, such as "project.share"; `subject` an id or a name of an account."""

    seq: int
    at: str
    user: str
    action: str
    project_id: str | None
    subject: str
    detail: Mapping[str, Detail] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which acts; what is None does not matter. `action` "project." takes every act on projects. `since` and `until` are ISO 8601 UTC,
    `until` itself left out; `before` is the `seq` of the entry where the last page ended."""

    user: str | None = None
    action: str | None = None
    project_id: str | None = None
    since: str | None = None
    until: str | None = None
    before: int | None = None
    limit: int = 100
