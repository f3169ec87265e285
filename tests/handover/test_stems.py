"""Sound for the mixer, verified sample by sample: places, lengths, sums, the bed's bytes, and what happens when it cannot be written."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from studio.domain.errors import BadSetting, Cancelled, NotReady, OutOfSpace
from studio.domain.project import Project
from studio.domain.settings import HandoverSettings
from studio.handover.deliveries import DELIVERIES
from studio.handover.package import Watch, write_folder, zip_chunks, zip_size
from studio.media.limiter import Limiter
from studio.media.loudness import true_peak_ratio
from studio.media.wav import read_wav
from studio.service import Studio
from tests.handover_films import dubbed, noise_bed, order
from tests.studio_fixtures import clip_project, fake_studio

RATE = 48_000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("handover")


@pytest.fixture(scope="module")
def studio(place: Path) -> Iterator[Studio]:
    opened = fake_studio(place / "home")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def project(studio: Studio, place: Path, clip: Path) -> Project:
    return dubbed(studio, clip, bed=noise_bed(place / "bed.wav", 1.0))


@pytest.fixture(scope="module")
def folder(studio: Studio, project: Project, place: Path) -> Path:
    return write_folder(DELIVERIES["stems"](order(studio, project)), place / "out")


def details(folder: Path) -> dict:
    return json.loads((folder / "handover.json").read_text(encoding="utf-8"))


def samples(path: Path) -> np.ndarray:
    found, rate_hz = soundfile.read(path, dtype="float64")
    assert rate_hz == RATE
    return found


def bext_start(path: Path) -> int:
    data = path.read_bytes()
    at = data.index(b"bext") + 8
    return struct.unpack_from("<Q", data, at + 256 + 32 + 32 + 10 + 8)[0]


def test_every_line_has_a_24_bit_file_whose_name_holds_no_path(folder: Path) -> None:
    files = sorted(path.name for path in (folder / "lines").iterdir())
    assert len(files) == 2
    assert files[0].startswith("0001_ANN_00-00-00-10_")
    assert files[1].startswith("0002_BOB-O-NEIL_00-00-01-17_")
    info = soundfile.info(folder / "lines" / files[0])
    assert (info.samplerate, info.channels, info.subtype, info.format) == (RATE, 1, "PCM_24", "WAV")


def test_a_line_lies_in_its_file_to_the_sample_and_the_file_knows_its_place(studio: Studio, project: Project, folder: Path) -> None:
    for row, entry in zip(studio.rows(project.id), details(folder)["lines"], strict=True):
        found = samples(folder / entry["file"])
        assert len(found) == entry["file_length_samples"]
        assert bext_start(folder / entry["file"]) == entry["file_start_samples"]
        assert entry["file_start_samples"] % (RATE // 25) == 0, "files begin on frames"
        assert entry["take_start_samples"] == row.line.span.start_ms * RATE // 1000
        take = read_wav(studio.take_wav(project.id, row.take.id))
        at, count = entry["take_start_samples"] - entry["file_start_samples"], entry["take_length_samples"]
        assert at >= min(0.5 * RATE, entry["take_start_samples"]), "the handle"
        import soxr

        want = take.samples if take.rate_hz == RATE else soxr.resample(take.samples, take.rate_hz, RATE)
        np.testing.assert_allclose(found[at : at + count], want[:count], atol=1.01 / 2**23)


def test_stems_are_as_long_as_the_picture_and_add_up_to_the_premix(project: Project, folder: Path) -> None:
    wanted = details(folder)["picture_samples"]
    stems = [samples(path) for path in sorted((folder / "stems").iterdir())]
    premix = samples(folder / "dialogue_premix.wav")
    assert [len(stem) for stem in stems] == [wanted, wanted]
    assert len(premix) == wanted
    limiter = Limiter(project.settings.mix.true_peak_dbtp)
    added = sum(stems).astype(np.float32).reshape(-1, 1)
    limited = np.concatenate([limiter.feed(added), limiter.finish()]).ravel()
    np.testing.assert_allclose(premix, limited, atol=3 / 2**23)
    assert all(np.abs(stem).max() > 0.001 for stem in stems)


def test_no_true_peak_of_the_premix_passes_the_ceiling(project: Project, folder: Path) -> None:
    assert true_peak_ratio(samples(folder / "dialogue_premix.wav").reshape(-1, 1)) <= 10 ** (project.settings.mix.true_peak_dbtp / 20) * 1.001


def test_the_bed_is_the_uploaded_file_bit_for_bit(folder: Path, place: Path) -> None:
    assert (folder / "music_and_effects.wav").read_bytes() == (place / "bed.wav").read_bytes()
    assert "byte for byte" in (folder / "handover.txt").read_text(encoding="utf-8")


def test_the_mix_is_the_rendered_one_sample_for_sample(studio: Studio, project: Project, folder: Path) -> None:
    rendered = samples(studio.export(project.id, "dub_wav"))
    handed, wanted = samples(folder / "final_mix.wav"), details(folder)["picture_samples"]
    assert len(handed) == wanted
    both = min(len(rendered), wanted)
    assert np.array_equal(handed[:both], rendered[:both])
    assert not handed[both:].any()


def test_the_zip_is_the_folder_stored_and_as_long_as_was_told(studio: Studio, project: Project, folder: Path) -> None:
    delivery = DELIVERIES["stems"](order(studio, project))
    data = b"".join(zip_chunks(delivery))
    assert len(data) == zip_size(delivery)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        assert set(archive.namelist()) == names
        assert archive.read("dialogue_premix.wav") == (folder / "dialogue_premix.wav").read_bytes()


def test_handles_are_adjustable_and_never_reach_before_the_programme(studio: Studio, project: Project, tmp_path: Path) -> None:
    asked = order(studio, project)
    settings = replace(asked.project.settings, handover=HandoverSettings(handle_ms=1000, start_hour=1))
    out = write_folder(DELIVERIES["stems"](replace(asked, project=replace(asked.project, settings=settings))), tmp_path)
    first, second = details(out)["lines"]
    assert first["file_start_samples"] == 0
    assert second["file_start_samples"] == second["take_start_samples"] // 1920 * 1920 - RATE
    assert bext_start(out / second["file"]) == 3600 * RATE + second["file_start_samples"]
    assert second["timecode_in"] == "01:00:01:17"
    assert "_01-00-01-17_" in second["file"]


def test_a_newer_delivery_replaces_an_older_one_and_nothing_else(studio: Studio, project: Project, tmp_path: Path) -> None:
    delivery = DELIVERIES["premix"](order(studio, project))
    old = write_folder(delivery, tmp_path)
    (old / "left over.txt").write_text("old")
    write_folder(delivery, tmp_path)
    assert not (old / "left over.txt").exists()
    (old / "handover.txt").unlink()
    with pytest.raises(BadSetting, match="is no earlier delivery"):
        write_folder(delivery, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [old.name]


def test_stopping_and_a_full_disk_leave_nothing(studio: Studio, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = DELIVERIES["stems"](order(studio, project))
    with pytest.raises(Cancelled):
        write_folder(delivery, tmp_path, Watch(cancel=lambda: True))
    told: list[tuple[int, int]] = []
    write_folder(delivery, tmp_path, Watch(lambda done, total: told.append((done, total))))
    assert told[-1] == (delivery.size_bytes, delivery.size_bytes)
    if Path("/dev/full").exists():
        broken = replace(delivery, name="full")
        true_open = Path.open
        monkeypatch.setattr(Path, "open", lambda self, *args, **named: true_open(Path("/dev/full") if ".full." in str(self) else self, *args, **named))
        with pytest.raises(OutOfSpace, match="is full"):
            write_folder(broken, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [delivery.name]


def test_without_takes_there_is_nothing_to_hand_over(studio: Studio, clip: Path) -> None:
    silent = clip_project(studio, clip)
    with pytest.raises(NotReady, match="has no takes yet"):
        DELIVERIES["stems"](order(studio, silent))
