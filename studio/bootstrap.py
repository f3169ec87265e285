"""The only place that picks engines, folders and the database. Enter: flags and environment. Leaves: a Studio.

Environment: LIPLINE_HOME (data folder), LIPLINE_DATABASE (SQLAlchemy url), LIPLINE_BLOBS (folder or s3:// url), LIPLINE_TRANSLATOR (folder or hub id of a
causal LM), LIPLINE_ADAPTER (a PEFT folder for it, or else for the bundled model), LIPLINE_WHISPER (folder or hub id of
faster-whisper weights), LIPLINE_SYNCNET (file or folder of syncnet_v2.model), LIPLINE_VOICE (folder of a voice that sees; others lie in
the folder `models` of the home), LIPLINE_VOICE_COMPILE (1: compile such a voice for the GPU on first use), LIPLINE_LOG (json or text).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.errors import BadSetting
from studio.domain.rights import LOCAL_USER
from studio.domain.settings import Limits
from studio.domain.workers import WorkerState
from studio.engines.hardware import Hardware, this_machine
from studio.engines.protocols import Engine
from studio.engines.rack import EngineRack
from studio.front_door import DoorStores, FrontDoor
from studio.housekeeping import Housekeeper
from studio.gpu_turns import Machine
from studio.jobs import JobRunner, Surroundings
from studio.metrics import Metrics
from studio.pipeline import run_job
from studio.service import Studio
from studio.light_pictures import LightPictures
from studio.logs import log_form, open_log
from studio.standings import Standings
from studio.store.audit import AuditStore
from studio.store.bin import BinStore
from studio.store.census import CensusStore
from studio.store.database import open_database
from studio.store.disk_use import DiskUse
from studio.store.estimates import EstimateStore
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
from studio.store.sessions import LoginAttempts, SessionStore
from studio.store.shared_blobs import open_blobs
from studio.store.shows import ShowStore
from studio.store.stage_results import StageResults
from studio.store.upkeep import Upkeep
from studio.store.uploads import UploadStore
from studio.store.user_settings import UserSettings
from studio.store.users import AccountStore
from studio.store.workers import WorkerStore
from studio.workshop import Workshop

if TYPE_CHECKING:
    from studio.engines.duration_espeak import EspeakDuration
    from studio.engines.espeak_pool import EspeakPool

VOICES_FOLDER = "models"
REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Place:
    """Where a studio keeps its data. `database` None is an SQLite file in the home folder; `blobs` None a folder in it, else a folder that several
    machines share, or an address such as s3://bucket/prefix."""

    home: Path
    database: str | None = None
    blobs: str | None = None

    @property
    def database_url(self) -> str:
        return self.database if self.database is not None else f"sqlite:///{self.home / 'studio.db'}"

    @property
    def blobs_place(self) -> str:
        return self.blobs if self.blobs is not None else str(self.home / "blobs")


def default_place(home: Path | None = None, database: str | None = None, blobs: str | None = None) -> Place:
    """The folder given, else LIPLINE_HOME, else the platform's data folder; likewise LIPLINE_DATABASE and LIPLINE_BLOBS."""
    from platformdirs import user_data_path

    named = home or (Path(os.environ["LIPLINE_HOME"]) if os.environ.get("LIPLINE_HOME") else None)
    folder = (named or user_data_path("lipline", appauthor=False)).expanduser().resolve()
    return Place(folder, database or os.environ.get("LIPLINE_DATABASE") or None, blobs or os.environ.get("LIPLINE_BLOBS") or None)


def build_engines(shelf: Path | None = None, estimates: EstimateStore | None = None, hardware: Hardware | None = None) -> EngineRack:
    """Every engine, the best default first. Nothing is loaded here. `shelf`: a folder of voices put there by hand; None: the home's.
    `estimates`: where measured times outlive the process."""
    machine = this_machine() if hardware is None else hardware
    from studio.engines.duration_edge import EdgeDuration
    from studio.engines.duration_espeak import EspeakDuration
    from studio.engines.edge_service import EdgeService
    from studio.engines.espeak_pool import EspeakPool
    from studio.engines.faces_mediapipe import MediapipeFaceTracker
    from studio.engines.speaker_edge import EdgeSpeaker
    from studio.engines.speaker_espeak import EspeakSpeaker
    from studio.engines.speaker_timbre import TimbreEncoder
    from studio.engines.speech_units import UnitSpeech
    from studio.engines.sync_lips import LipSyncScorer
    from studio.engines.sync_syncnet import SyncNetScorer
    from studio.engines.transcribe_manual import ManualTranscriber
    from studio.engines.transcribe_pocketsphinx import PocketsphinxTranscriber
    from studio.engines.transcribe_whisper import WhisperPlace, WhisperTranscriber
    from studio.engines.translate_imported import ImportedTranslator
    from studio.engines.vad_silero import SileroDetector

    espeak, edge = EspeakPool(), EdgeService()
    duration = EspeakDuration(espeak, shelf=estimates)
    whisper = WhisperTranscriber(WhisperPlace(os.environ.get("LIPLINE_WHISPER"), allow_download=True), budget=machine.budget)
    return EngineRack(
        {
            "voice activity": (SileroDetector(),),
            "transcriber": (whisper, ManualTranscriber(), PocketsphinxTranscriber()),
            "speaker encoder": (TimbreEncoder(),),
            "translator": (*_language_models(machine), ImportedTranslator()),
            "estimator": (duration, EdgeDuration(edge, shelf=estimates)),
            "speaker": (EspeakSpeaker(espeak), _voice_that_sees(espeak, duration, _Voices(machine, shelf)), UnitSpeech(), EdgeSpeaker(edge)),
            "face tracker": (MediapipeFaceTracker(),),
            "sync scorer": (LipSyncScorer(), SyncNetScorer()),
        }
    )


@dataclass(frozen=True, slots=True)
class _Voices:
    """Where voices that see run, and where they lie."""

    machine: Hardware
    shelf: Path | None


def _voice_that_sees(espeak: EspeakPool, duration: EspeakDuration, voices: _Voices) -> Engine:
    """After espeak-ng, whose words are clearer than those of the bundled draft: the person chooses it."""
    from studio.engines.espeak_phones import EspeakPhones
    from studio.engines.syncvoice import SyncVoiceSetup, SyncVoiceSpeaker
    from studio.engines.syncvoice_places import Whereabouts

    named = os.environ.get("LIPLINE_VOICE")
    where = Whereabouts(Path(named).expanduser() if named else None, default_place().home / VOICES_FOLDER if voices.shelf is None else voices.shelf)
    is_compiled = os.environ.get("LIPLINE_VOICE_COMPILE") == "1"
    return SyncVoiceSpeaker(SyncVoiceSetup(EspeakPhones(espeak), where, duration, voices.machine.gpus.first, is_compiled, budget=voices.machine.budget))


def _language_models(machine: Hardware) -> tuple[Engine, ...]:
    """The causal LM named in the environment, if any, then the bundled one."""
    from studio.engines.lm_source import LmSource
    from studio.engines.translate_lm import LmTranslator, bundled_translator

    named = os.environ.get("LIPLINE_TRANSLATOR")
    adapter = os.environ.get("LIPLINE_ADAPTER") or None
    if not named:
        return (bundled_translator(adapter, machine.budget),)
    source = LmSource(name="lm", model=named, licence="see the model", adapter=adapter, may_download=True, device=machine.gpus.first())
    return (LmTranslator(source, machine.budget), bundled_translator(budget=machine.budget))


def open_studio(place: Place, *, engines: EngineRack | None = None, user: str = LOCAL_USER, workers: int = 1, kind: str = "server") -> Studio:
    """Open (and if need be create) the studio at `place`. `Studio.start` takes up what an earlier process left undone. `workers`: threads for
    any job; 0: this process does none. `kind`: what it is in the list of processes, server or worker."""
    shop = open_shop(place, engines)
    return Studio(shop, job_runner(shop, workers=workers, kind=kind), user)


def job_runner(shop: Workshop, *, workers: int = 1, kind: str = "worker") -> JobRunner:
    """Who does the jobs of a workshop's database, in this process; any number of processes may."""

    def state() -> WorkerState:
        return WorkerState(models=shop.hardware.budget.held(), metrics=shop.metrics.snapshot())

    machine = Machine(shop.leases, shop.hardware.gpus, shop.queue.settings)
    return JobRunner(shop.jobs, lambda job, context: run_job(shop, job, context), workers=workers, around=Surroundings(kind, shop.workers, machine, state))


def make_home(place: Place) -> None:
    """The data folder, for this account alone. Raises BadSetting."""
    try:
        place.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise BadSetting(f"The data folder {place.home} cannot be made: {error.strerror}. Choose another with --home.") from error


def open_shop(place: Place, engines: EngineRack | None = None) -> Workshop:
    """Stores, engines and folders of a studio, without anybody to speak for or anything at work. `engines` None: all that are installed."""
    make_home(place)
    engine = open_database(place.database_url)
    log_file = open_log(place.home / "logs", log_form(os.environ.get("LIPLINE_LOG")), ServerValues(engine).secret("log"))
    blobs = open_blobs(place.blobs_place, place.home / "blobs")
    blobs.sweep()
    uploads, keeping = UploadStore(engine, blobs), KeepingStore(ServerValues(engine))
    upkeep = Upkeep(engine, blobs, uploads, place.home / "cache", keeping)
    accounts, audit = AccountStore(engine), AuditStore(engine)
    hardware = this_machine()
    return Workshop(
        projects=ProjectStore(engine),
        lines=LineStore(engine),
        preferences=PreferenceStore(engine),
        people=UserSettings(engine),
        accounts=accounts,
        door=FrontDoor(DoorStores(accounts, SessionStore(engine), LoginAttempts(engine), AuditStore(engine)), lambda: ServerValues(engine).secret("browser")),
        notes=NoteStore(engine),
        review_links=ReviewLinkStore(engine),
        shows=ShowStore(engine),
        results=StageResults(engine),
        jobs=JobStore(engine),
        queue=QueueStore(engine),
        leases=LeaseStore(engine),
        workers=WorkerStore(engine),
        hardware=hardware,
        audit=audit,
        metrics=Metrics(),
        census=CensusStore(engine),
        values=ServerValues(engine),
        disk_use=DiskUse(engine, blobs),
        blobs=blobs,
        engines=build_engines(place.home / VOICES_FOLDER, EstimateStore(engine), hardware) if engines is None else engines,
        standings=Standings(),
        pictures=LightPictures(),
        cache=place.home / "cache",
        demo=REPOSITORY / "assets" / "demo",
        log_file=log_file,
        limits=Limits(),
        uploads=uploads,
        quotas=QuotaStore(engine, blobs, keeping),
        keeping=keeping,
        bin=BinStore(engine),
        upkeep=upkeep,
        housekeeper=Housekeeper(lambda: (upkeep.sweep(), audit.tidy(keeping.get().audit_days)), lambda: keeping.get().sweep_every_s),
    )
