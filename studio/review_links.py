"""Review links: making and revoking them (part of `Studio`), and the room that a guest with a link is let into.

A `ReviewRoom` is all that a token can reach: one project's film, its lines as they read, its notes, and one more note. It holds no edit
and takes no project id, so there is none to change.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from studio import playback
from studio.domain.errors import BadSetting, Forbidden, NotFound
from studio.domain.language import NAMES
from studio.domain.line import Line
from studio.domain.notes import MAX_WRITER_CHARS, Note
from studio.domain.project import Project
from studio.domain.rights import Right
from studio.domain.review_link import DEFAULT_DAYS, OpenedReview, ReviewLink, expiry, new_token, token_hash
from studio.domain.timebase import timebase_of
from studio.line_verbs import MAX_NAME_CHARS, clean_name
from studio.lip_verbs import LipVerbs
from studio.note_verbs import PlacedNotes, keep_note, placed_notes
from studio.review import programme_ms
from studio.store.text import storable
from studio.workshop import Workshop

FILMS = ("dub", "source")


class NoReview(NotFound):
    """Unknown, expired, revoked, of a deleted project: the sentence is the same, and does not repeat the token."""

    def __init__(self) -> None:
        super().__init__("review link", "")
        self.args = ("This link does not open anything, or no longer. Ask whoever sent it to you for a new one.",)

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return type(self), ()


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A new link, with the one and only sight of its token."""

    link: ReviewLink
    token: str


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """A line as a guest reads it."""

    id: str
    number: int
    start_ms: int
    end_ms: int
    speaker: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class ReviewFilm:
    """A project as a guest sees it. `films`: which of FILMS can be played, the first of them first; `is_old`: lines changed since the
    dub was rendered. `start_hour`: the hour the first picture bears in timecode."""

    name: str
    source_language: str
    target_language: str
    languages: str
    fps: float
    length_ms: int
    has_picture: bool
    films: tuple[str, ...]
    is_old: bool
    expires_at: str
    lines: tuple[ReviewLine, ...]
    start_hour: int = 0


class ReviewLinkVerbs(LipVerbs):
    def add_review_link(self, project_id: str, label: str = "", days: int = DEFAULT_DAYS) -> MadeLink:
        """Make a link that shows this project. The token is in the answer and nowhere else. Raises BadSetting."""
        project = self._own(project_id)
        words = clean_name(label, "link") if label.strip() else ""
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        token = new_token()
        link = ReviewLink(uuid.uuid4().hex, words[:MAX_NAME_CHARS], self.user, now, expiry(now, days))
        return MadeLink(self._shop.review_links.add(project.id, link, token_hash(token)), token)

    def review_links(self, project_id: str) -> tuple[ReviewLink, ...]:
        """All links ever made of a project, newest first."""
        return self._shop.review_links.links(self._own(project_id).id)

    def revoke_review_link(self, project_id: str, link_id: str) -> None:
        """Close a link for good. Raises NotFound."""
        self._shop.review_links.revoke(self._own(project_id).id, link_id)

    def review_room(self, token: str) -> ReviewRoom:
        """What a token opens, whoever shows it. Raises NoReview."""
        opened = self._shop.review_links.opened(token_hash(token))
        if opened is None:
            raise NoReview
        return ReviewRoom(self._shop, opened)


class ReviewRoom:
    """All that a guest can do. The project is looked up again on every call, and as whoever made the link: a deleted one is gone at once, and
    no link outlives the right to make it."""

    def __init__(self, shop: Workshop, opened: OpenedReview) -> None:
        self._shop, self._opened = shop, opened

    def film(self) -> ReviewFilm:
        project = self._project()
        cast = self._shop.lines.cast(project.id)
        names = {speaker.id: speaker.name for speaker in cast.speakers}
        video = project.source.info.video if project.source is not None else None
        state = playback.render_state(self._shop, project)
        films = tuple(kind for kind, is_there in (("dub", state.is_rendered), ("source", project.source is not None)) if is_there)
        return ReviewFilm(
            name=project.name,
            source_language=project.source_language,
            target_language=project.target_language,
            languages=f"{NAMES[project.source_language]} → {NAMES[project.target_language]}",
            fps=float(timebase_of(project.source.info if project.source is not None else None).fps),
            length_ms=programme_ms(project, cast),
            has_picture=video is not None,
            films=films,
            is_old=state.is_rendered and state.is_stale,
            expires_at=self._opened.link.expires_at,
            lines=tuple(_as_read(number, line, names) for number, line in enumerate(cast.lines, start=1)),
            start_hour=project.settings.handover.start_hour,
        )

    def path(self, kind: str) -> Path:
        """The film to play. Raises NoReview for anything but FILMS, or for a dub that is not rendered."""
        project = self._project()
        if kind not in FILMS or project.source is None:
            raise NoReview
        path = playback.playable_dub(self._shop, project) if kind == "dub" else playback.playable_source(self._shop, project)
        if path is None:
            raise NoReview
        return path

    def notes(self) -> PlacedNotes:
        return placed_notes(self._shop, self._project())

    def notes_mark(self) -> str:
        return self._shop.notes.last_change(self._project().id)

    def add_note(self, name: str, text: str, line_id: str | None = None, at_ms: int | None = None, reply_to: str | None = None) -> Note:
        """A guest's note, marked as one. Raises BadSetting without a name or words, NotFound for a line or note that is not here."""
        words = clean_name(name, "reviewer")
        if len(words) > MAX_WRITER_CHARS:
            raise BadSetting(f"A reviewer’s name can have {MAX_WRITER_CHARS} characters; shorten it.")
        draft = Note("", text, storable(words, "The name"), "", is_guest=True, line_id=line_id, at_ms=at_ms, reply_to=reply_to)
        return keep_note(self._shop, self._project(), draft)

    def _project(self) -> Project:
        try:
            return self._shop.projects.get(self._opened.project_id, self._opened.link.by, Right.EXPORT)
        except (NotFound, Forbidden) as error:
            raise NoReview from error


def _as_read(number: int, line: Line, names: dict[str, str]) -> ReviewLine:
    return ReviewLine(line.id, number, line.span.start_ms, line.span.end_ms, names[line.speaker_id], line.source_text, line.target_text)
