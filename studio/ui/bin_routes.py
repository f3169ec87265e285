"""The bin over HTTP: what a person deleted, how long it stays, and the three things to do with it. Every call answers with the bin as it is then.

Enter: the request's user, a project's id. Leaves: a `BinView` as JSON, or a sentence. Changes are JSON posts, which no form elsewhere can send.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from studio.domain.errors import BadSetting
from studio.domain.plain import to_plain
from studio.domain.upload import in_words
from studio.service import Studio


@dataclass(frozen=True, slots=True)
class BinnedView:
    """`days_left`: until it goes for good."""

    id: str
    name: str
    days_left: int


@dataclass(frozen=True, slots=True)
class BinView:
    """`size`: what emptying it gives back, in words."""

    projects: tuple[BinnedView, ...]
    size: str


def add_bin(router: APIRouter, mine: Callable[[Request], Studio]) -> None:
    """`mine`: the studio that speaks for a request's user."""

    def as_it_is(studio: Studio) -> JSONResponse:
        return JSONResponse(to_plain(bin_view(studio, datetime.now(UTC))), headers={"cache-control": "no-store"})

    @router.get("/bin")
    def look(request: Request) -> JSONResponse:
        return as_it_is(mine(request))

    @router.post("/bin/empty")
    def empty(request: Request) -> JSONResponse:
        studio = _json_only(request, mine)
        studio.empty_bin()
        return as_it_is(studio)

    @router.post("/bin/{project_id}/restore")
    def restore(request: Request, project_id: str) -> JSONResponse:
        studio = _json_only(request, mine)
        studio.restore_project(project_id)
        return as_it_is(studio)

    @router.post("/bin/{project_id}/erase")
    def erase(request: Request, project_id: str) -> JSONResponse:
        studio = _json_only(request, mine)
        studio.erase_project(project_id)
        return as_it_is(studio)


def bin_view(studio: Studio, now: datetime) -> BinView:
    binned = studio.binned()
    kept_days = studio.keeping().bin_days
    shown = tuple(BinnedView(one.id, one.name, max(0, kept_days - (now - datetime.fromisoformat(one.deleted_at)).days)) for one in binned)
    return BinView(shown, in_words(studio.room().binned_bytes) if binned else "")


def _json_only(request: Request, mine: Callable[[Request], Studio]) -> Studio:
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        raise BadSetting("The bin is changed by JSON calls only.")
    return mine(request)
