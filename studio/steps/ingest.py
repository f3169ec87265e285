"""INGEST: the uploaded file, once through: 16 kHz speech for listening, peaks for the page."""

from __future__ import annotations

from studio.domain.plain import fingerprint
from studio.stages.ingest import INGEST_VERSION, Ingest, ingest
from studio.steps.run import Run


def ingested(run: Run) -> Ingest | None:
    """The ingest of the project's source, made if need be; None where there is no media or it has no sound."""
    source, track = run.project.source, run.project.settings.audio_track
    if source is None or not source.info.audio:
        return None
    track = min(track, len(source.info.audio) - 1)
    key = fingerprint("ingest", INGEST_VERSION, source.blob, track)
    blobs = run.shop.blobs

    def work() -> Ingest:
        return ingest(blobs.path(source.blob), source.info, track, blobs.create, run.reported("Reading the sound"))

    return run.once("ingest", key, Ingest, work, is_whole=lambda kept: blobs.exists(kept.speech_wav) and blobs.exists(kept.peaks))


def run(run: Run) -> None:
    ingested(run)
