"""What a running studio stands on: its stores, its engines, its folders. Made once by `bootstrap`, passed, never global."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.settings import Limits
from studio.engines.rack import EngineRack
from studio.store.audit import AuditStore
from studio.store.blobs import BlobStore
from studio.store.jobs import JobStore
from studio.store.lines import LineStore
from studio.store.notes import NoteStore
from studio.store.preferences import PreferenceStore
from studio.store.projects import ProjectStore
from studio.store.review_links import ReviewLinkStore
from studio.store.shows import ShowStore
from studio.store.stage_results import StageResults
from studio.store.user_settings import UserSettings

if TYPE_CHECKING:
    from studio.light_pictures import LightPictures
    from studio.metrics import Metrics
    from studio.standings import Standings


@dataclass(frozen=True, slots=True)
class Workshop:
    """`standings`: how projects stood when last looked at. `cache` holds files made for the page (clips, proxies): all of it can be deleted
    and is made again on demand.

    `tidy` frees what deleted projects held, a while after they were deleted.
    """

    projects: ProjectStore
    lines: LineStore
    preferences: PreferenceStore
    people: UserSettings
    notes: NoteStore
    review_links: ReviewLinkStore
    shows: ShowStore
    results: StageResults
    jobs: JobStore
    audit: AuditStore
    metrics: Metrics
    blobs: BlobStore
    engines: EngineRack
    standings: Standings
    pictures: LightPictures
    cache: Path
    demo: Path
    log_file: Path
    limits: Limits
    tidy: Callable[[], None]
