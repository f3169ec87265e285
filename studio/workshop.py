"""What a running studio stands on: its stores, its engines, its folders. Made once by `bootstrap`, passed, never global."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.settings import Limits
from studio.engines.hardware import Hardware
from studio.engines.rack import EngineRack
from studio.front_door import FrontDoor
from studio.housekeeping import Housekeeper
from studio.store.audit import AuditStore
from studio.store.bin import BinStore
from studio.store.blobs import BlobStore
from studio.store.census import CensusStore
from studio.store.disk_use import DiskUse
from studio.store.jobs import JobStore
from studio.store.keeping import KeepingStore
from studio.store.leases import LeaseStore
from studio.store.lines import LineStore
from studio.store.notes import NoteStore
from studio.store.preferences import PreferenceStore
from studio.store.projects import ProjectStore
from studio.store.queue import QueueStore
from studio.store.quotas import QuotaStore
from studio.store.review_links import ReviewLinkStore
from studio.store.server_values import ServerValues
from studio.store.shows import ShowStore
from studio.store.stage_results import StageResults
from studio.store.upkeep import Upkeep
from studio.store.uploads import UploadStore
from studio.store.user_settings import UserSettings
from studio.store.users import AccountStore
from studio.store.workers import WorkerStore

if TYPE_CHECKING:
    from studio.light_pictures import LightPictures
    from studio.metrics import Metrics
    from studio.standings import Standings


@dataclass(frozen=True, slots=True)
class Workshop:
    """`standings`: how projects stood when last looked at. `cache` holds files made for the page (clips, proxies): all of it can be deleted
    and is made again on demand.

    `upkeep` frees what nobody needs any more; on a server the `housekeeper` has it done now and then.
    """

    projects: ProjectStore
    lines: LineStore
    preferences: PreferenceStore
    people: UserSettings
    accounts: AccountStore
    door: FrontDoor
    notes: NoteStore
    review_links: ReviewLinkStore
    shows: ShowStore
    results: StageResults
    jobs: JobStore
    queue: QueueStore
    leases: LeaseStore
    workers: WorkerStore
    hardware: Hardware
    audit: AuditStore
    metrics: Metrics
    census: CensusStore
    values: ServerValues
    disk_use: DiskUse
    blobs: BlobStore
    engines: EngineRack
    standings: Standings
    pictures: LightPictures
    cache: Path
    demo: Path
    log_file: Path
    limits: Limits
    uploads: UploadStore
    quotas: QuotaStore
    keeping: KeepingStore
    bin: BinStore
    upkeep: Upkeep
    housekeeper: Housekeeper
