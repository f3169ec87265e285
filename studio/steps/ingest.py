"""INGEST: the uploaded file, once through: 16 kHz speech for listening, peaks for the page."""

from __future__ import annotations

from studio.domain.plain import fingerprint
from studio.stages.ingest import Ingest, IngestRequest, ingest
from studio.steps.run import Run

INGEST_VERSION = "1"  # changes whenever the same file may give another sound


def ingested(run: Run) -> Ingest | None:
    """The ingest of the project's source, made if need be; None where there is no media yet."""
    source, settings = run.project.source, run.project.settings
    if source is None:
        return None
    key = fingerprint("ingest", INGEST_VERSION, source.blob, settings.sound_key)
    blobs = run.shop.blobs

    def work() -> Ingest:
        request = IngestRequest(blobs.path(source.blob), source.info, settings.audio_track, settings.sound_shift_ms)
        return ingest(request, blobs, progress=run.reported("Reading the sound"), cancel=run.context.is_cancelled)

    def is_whole(kept: Ingest) -> bool:
        return all(blobs.exists(blob) for blob in (kept.speech_wav, kept.peaks) if blob is not None)

    return run.once("ingest", key, Ingest, work, is_whole=is_whole)


def run(run: Run) -> None:
    found = ingested(run)
    is_silent = found is not None and found.speech_wav is None
    run.notice("ingest", "The source has no sound: lines can come from a subtitle file only." if is_silent else None)
