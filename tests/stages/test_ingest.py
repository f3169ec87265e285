"""Ingest reads the chosen track once and leaves speech and peaks of exactly the programme's length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from studio.domain.errors import BadSetting, Cancelled
from studio.media.peaks import read_peaks
from studio.media.probe import probe
from studio.stages.ingest import Ingest, IngestRequest, ingest
from studio.store.blobs import BlobStore
from tests.media.samples import ffmpeg, sound


def asked(path: Path, track: int = 0) -> IngestRequest:
    return IngestRequest(path, probe(path, name=path.name), track)


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


def test_speech_and_peaks_span_the_programme(clip: Path, blobs: BlobStore) -> None:
    told: list[tuple[int, int]] = []
    made = ingest(asked(clip), blobs, progress=lambda done, total: told.append((done, total)))
    speech, rate_hz = soundfile.read(blobs.path(made.speech_wav))
    assert (rate_hz, len(speech), made.duration_ms) == (16_000, 48_000, 3000)
    assert soundfile.info(blobs.path(made.speech_wav)).subtype == "PCM_16"
    peaks = read_peaks(blobs.path(made.peaks).read_bytes())
    assert len(peaks.high) == 150
    loud = peaks.high > 8
    assert loud[26:64].all()
    assert not loud[:24].any()
    assert told[-1] == (3000, 3000)


def test_the_same_file_gives_the_same_blobs(clip: Path, blobs: BlobStore) -> None:
    assert ingest(asked(clip), blobs) == ingest(asked(clip), blobs)


def test_the_chosen_track_is_read(tmp_path: Path, clip: Path, blobs: BlobStore) -> None:
    ffmpeg(
        "-i",
        str(clip),
        "-i",
        str(sound(tmp_path / "b.flac", seconds=3)),
        "-map",
        "0",
        "-map",
        "1:a",
        "-c",
        "copy",
        str(tmp_path / "two.mkv"),
    )
    first, second = (ingest(asked(tmp_path / "two.mkv", track), blobs) for track in (0, 1))
    heard = [soundfile.read(blobs.path(made.speech_wav))[0] for made in (first, second)]
    assert not np.any(np.abs(heard[0][:7000]) > 0.01)
    assert np.any(np.abs(heard[1][:7000]) > 0.5)


def test_a_film_without_sound_has_neither(tmp_path: Path, clip: Path, blobs: BlobStore) -> None:
    ffmpeg("-i", str(clip), "-an", "-c", "copy", str(tmp_path / "mute.mp4"))
    assert ingest(asked(tmp_path / "mute.mp4"), blobs) == Ingest(None, None, 3000)


def test_a_track_the_file_lacks_is_refused_with_those_it_has(clip: Path, blobs: BlobStore) -> None:
    with pytest.raises(BadSetting, match=r"no sound track 4; it has 0 \(aac\)"):
        ingest(asked(clip, track=4), blobs)


def test_a_stop_leaves_no_blob(clip: Path, blobs: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        ingest(asked(clip), blobs, cancel=lambda: True)
    assert not [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
