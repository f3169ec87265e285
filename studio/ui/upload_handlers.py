"""What the page's boxes for films and stems ask of the studio, once a file is here (or its first piece, for a film that opens a project).

Part of `Handlers`. Enter: an upload's id, sent by `upload_routes.py`. Leave: the page's view, with what the box shows: done, or why not.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from studio.domain.errors import NotFound, StudioError, UserError
from studio.domain.project import JobKind
from studio.service import Studio
from studio.ui.arrivals import Arrivals
from studio.ui.views import PageView


class UploadHandlers:
    """`_arrivals` joins files that were dropped on one page together."""

    _studio: Studio
    _arrivals: Arrivals
    _page_name: str
    _joined: Callable[[str], str]
    _stay: Callable[[str], PageView]

    def open_media(self, project_id: str, upload: str, source_language: str, target_language: str) -> PageView:
        """A film whose first piece is here, without a project: one with its name is there while the rest arrives."""
        return self._boxed(project_id, "", lambda: self._opened(project_id, upload, (source_language, target_language)))

    def take_media(self, project_id: str, upload: str, source_language: str, target_language: str) -> PageView:
        """A whole film becomes its project's source, and is read at once; without a project, it opens one."""

        def take() -> str:
            opened = self._opened(project_id, upload, (source_language, target_language))
            self._studio.take_upload(upload)
            self._studio.submit(opened, JobKind.INGEST)
            return opened

        return self._boxed(project_id, upload, take)

    def take_bed(self, project_id: str, upload: str) -> PageView:
        def take() -> str:
            joined = self._joined(project_id)
            self._studio.join_upload(upload, joined)
            return self._studio.take_upload(upload).id

        return self._boxed(project_id, upload, take)

    def remove_bed(self, project_id: str) -> PageView:
        self._studio.remove_bed(self._joined(project_id))
        return self._stay(project_id)

    def _opened(self, project_id: str, upload: str, pair: tuple[str, str]) -> str:
        """The project of a film: the one it was sent for, the one that is open, or a new one, for which scripts dropped beside it wait."""
        if project_id and self._studio.upload(upload).project_id is None:
            self._studio.join_upload(upload, project_id)
        if (known := self._studio.upload(upload).project_id) is not None:
            return known
        return self._arrivals.opening(self._page_name, lambda: self._studio.open_for_upload(upload, *pair).id)

    def _boxed(self, project_id: str, upload: str, take: Callable[[], str]) -> PageView:
        """The page after a file was taken, or as it is with the sentence why not; a file that was refused is not kept."""
        try:
            taken = take()
        except StudioError as error:
            if isinstance(error, UserError) and upload:  # of a fault of ours, the file is kept to try again
                with suppress(NotFound):
                    self._studio.drop_upload(upload)
            page = self._stay(project_id)
            return replace(page, box=replace(page.box, done=upload, trouble=str(error)))
        page = self._stay(project_id or taken)  # who went on to another project meanwhile stays there
        return replace(page, box=replace(page.box, done=upload))
