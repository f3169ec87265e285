"""Links that show one project to somebody without an account: `ReviewLinkStore` is the class to use.

Enter: hashes of tokens, never tokens. Leave: `ReviewLink` records, and for a guest's token the project it opens. A link that is revoked,
expired, unknown, or of a deleted project opens nothing, and nobody is told which of these it was.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, Row, func, insert, select, update

from studio.domain.errors import BadSetting, NotFound
from studio.domain.review_link import MAX_LINKS, OpenedReview, ReviewLink
from studio.store.database import reading, utc_now, writing
from studio.store.line_rows import hold_project
from studio.store.schema import PROJECTS, REVIEW_LINKS
from studio.store.text import storable


class ReviewLinkStore:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, project_id: str, link: ReviewLink, token_hash: str) -> ReviewLink:
        """Keep a link, durable on return. Raises BadSetting where too many links are open at once."""
        open_now = (REVIEW_LINKS.c.project_id == project_id) & _opens(utc_now())
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            if connection.execute(select(func.count()).select_from(REVIEW_LINKS).where(open_now)).scalar_one() >= MAX_LINKS:
                raise BadSetting(f"{MAX_LINKS} links open this project already; revoke those that are no longer needed.")
            values = {"id": link.id, "label": storable(link.label, "The label"), "by": link.by, "created_at": link.created_at}
            connection.execute(insert(REVIEW_LINKS).values(project_id=project_id, token_hash=token_hash, expires_at=link.expires_at, **values))
        return link

    def links(self, project_id: str) -> tuple[ReviewLink, ...]:
        """All links ever made of a project, newest first."""
        query = select(REVIEW_LINKS).where(REVIEW_LINKS.c.project_id == project_id).order_by(REVIEW_LINKS.c.seq.desc())
        with reading(self._engine) as connection:
            return tuple(_link(row) for row in connection.execute(query))

    def revoke(self, project_id: str, link_id: str) -> None:
        """Close a link for good; closed already, it stays as it is. Raises NotFound for a link that is not of this project."""
        here = (REVIEW_LINKS.c.project_id == project_id) & (REVIEW_LINKS.c.id == link_id)
        with writing(self._engine) as connection:
            if connection.execute(select(REVIEW_LINKS.c.id).where(here)).first() is None:
                raise NotFound("review link", link_id)
            connection.execute(update(REVIEW_LINKS).where(here, REVIEW_LINKS.c.revoked_at.is_(None)).values(revoked_at=utc_now()))

    def opened(self, token_hash: str) -> OpenedReview | None:
        """What a token opens now; None where it opens nothing."""
        joined = REVIEW_LINKS.join(PROJECTS, PROJECTS.c.id == REVIEW_LINKS.c.project_id)
        mine = (REVIEW_LINKS.c.token_hash == token_hash) & _opens(utc_now()) & PROJECTS.c.deleted_at.is_(None)
        with reading(self._engine) as connection:
            row = connection.execute(select(REVIEW_LINKS).select_from(joined).where(mine)).first()
        return None if row is None else OpenedReview(_link(row), row.project_id)


def _opens(now: str) -> Any:
    return REVIEW_LINKS.c.revoked_at.is_(None) & (REVIEW_LINKS.c.expires_at > now)


def _link(row: Row[Any]) -> ReviewLink:
    return ReviewLink(row.id, row.label, row.by, row.created_at, row.expires_at, row.revoked_at)
