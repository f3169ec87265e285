"""`score`, `faces` and `eval sync` on films whose face and voice are known to the frame, judged by the fakes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from studio.cli import app
from studio.domain.errors import BadMedia, BadSetting, EngineUnavailable
from studio.engines.sync_syncnet import SyncNetScorer
from tests.fakes import FakeFaceTracker, FakeLipScorer
from tests.studio_fixtures import fake_rack
from tests.talking_film import talk, talking_film


@pytest.fixture(autouse=True)
def rack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.bootstrap.build_engines", lambda: fake_rack(face_tracker=FakeFaceTracker(), sync_scorer=FakeLipScorer()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An original, the same picture with another's voice, one too short, one without a face, one without sound, and a table of them."""
    place = tmp_path_factory.mktemp("clips")
    talking_film(place / "original.mkv")
    talking_film(place / "late.mkv", late_ms=120)
    _dub(place)
    talking_film(place / "short.mkv", loud=talk(3, 40))
    talking_film(place / "bare.mkv", has_face=False)
    talking_film(place / "mute.mkv", has_sound=False)
    rows = [
        ("original.mkv", "dubset", "a", "original"), ("dub.mkv", "dubset", "a", "robot"), ("short.mkv", "single", "", ""),
        ("bare.mkv", "single", "", ""), ("mute.mkv", "no_audio", "", ""), ("nowhere.mkv", "single", "", ""),
        ("late.mkv", "single", "", ""), ("dub.mkv", "dubset", "b", "robot"),
    ]  # fmt: skip
    with (place / "index.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "category", "set_id", "system", "duration_s", "offset_frames"])
        table.writerows([*row, "4.0", "-3" if row[0] == "late.mkv" else ""] for row in rows)
    return place


def _dub(place: Path) -> None:
    """The original's picture under a voice of its own time."""
    import subprocess

    import imageio_ffmpeg

    talking_film(place / "other.mkv", loud=talk(9))
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(place / "original.mkv"), "-i", str(place / "other.mkv")]
    subprocess.run([*argv, "-map", "0:v", "-map", "1:a", "-c", "copy", str(place / "dub.mkv")], check=True, stdin=subprocess.DEVNULL)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=True)


def test_a_clip_is_scored_face_by_face_with_the_scorers_name(folder: Path, tmp_path: Path) -> None:
    result = call("score", folder / "late.mkv", "--json", tmp_path / "out.json")
    assert result.exit_code == 0, result.output
    content = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert content == json.loads(result.stdout)
    assert (content["scorer"], content["crop"], content["offset_frames"], content["windows"]) == ("fake-lips", "mouth", -3, 100)
    assert content["lse_c"] > 0 and content["lse_d"] >= 0 and content["why"] == ""
    (track,) = content["tracks"]
    assert track["id"] == content["track"] and track["lse_d"] == content["lse_d"] and track["end_ms"] == 4000


@pytest.mark.parametrize(("name", "why"), [("bare.mkv", "No face"), ("mute.mkv", "no sound"), ("late.wav", "no moving picture")])
def test_what_cannot_be_measured_is_an_answer(folder: Path, name: str, why: str) -> None:
    result = call("score", folder / name)
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    assert (content["lse_c"], content["lse_d"], content["offset_frames"], content["windows"]) == (None, None, None, 0)
    assert why in content["why"]


def test_only_what_cannot_be_read_is_an_error(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("this is no film")
    for path in (tmp_path / "text.mp4", tmp_path / "nowhere.mp4"):
        for command in ("score", "faces"):
            assert isinstance(call(command, path).exception, BadMedia)
    assert isinstance(call("score", folder / "late.mkv", "--crop", "nose").exception, BadSetting)
    assert isinstance(call("score", folder / "late.mkv", "--scorer", "nobody").exception, BadSetting)


def test_junk_for_weights_is_refused_before_the_film_is_looked_at(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "syncnet_v2.model").write_bytes(b"<html>not found</html>")
    eyes = FakeFaceTracker()
    monkeypatch.setattr("studio.bootstrap.build_engines", lambda: fake_rack(face_tracker=eyes, sync_scorer=SyncNetScorer(tmp_path)))
    for arguments in (("score", folder / "late.mkv"), ("score", folder / "late.mkv", "--crop", "face"), ("eval", "sync", folder / "index.csv")):
        refused = call(*arguments).exception
        assert isinstance(refused, EngineUnavailable) and "syncnet_v2.model is damaged" in str(refused)
    assert eyes.looks == 0


def test_faces_lists_tracks_and_how_fast_they_were_found(folder: Path) -> None:
    content = json.loads(call("faces", folder / "original.mkv").stdout)
    (track,) = content["tracks"]
    assert (track["start_ms"], track["end_ms"], track["shot"], track["profile_share"], track["found_share"]) == (0, 4000, 0, 0.0, 1.0)
    assert track["face_px"] == pytest.approx(100, abs=4) and track["speaking_share"] > 0.5
    assert content["frames"] == 100 and content["frames_per_second"] > 0
    assert "No face" in json.loads(call("faces", folder / "bare.mkv").stdout)["why"]


def test_a_scorer_is_measured_on_shifted_originals_and_on_dubs(folder: Path, tmp_path: Path) -> None:
    result = call("eval", "sync", folder / "index.csv", "--seed", 3, "--json", tmp_path / "out.json")
    assert result.exit_code == 0, result.output
    content = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert (content["within_1_frame"], content["exact"], content["original_over_dub"]) == (1.0, 1.0, 1.0)
    assert (content["clips"], content["trials"], content["pairs"], content["unmeasurable"], content["not_judged"]) == (2, 10, 1, 2, 2)
    assert content["within_1_frame_of_own"] == 1.0 and "upper bound" in content["how"]["within_1_frame_of_own"]
    assert "no_audio" in content["how"]["excluded_categories"]["nobody seen speaks"]
    assert (content["scorer"], content["how"]["seed"]) == ("fake-lips", 3)
    rows = {(row["file"], row["set_id"]): row for row in content["rows"]}
    assert all(trial["found_frames"] == trial["injected_frames"] for trial in rows["original.mkv", "a"]["trials"])
    assert all(trial["found_frames"] == trial["injected_frames"] - 3 for trial in rows["late.mkv", ""]["trials"])
    assert "under 2 s" in rows["short.mkv", ""]["why"] and rows["short.mkv", ""]["offset_frames"] == 0
    assert "No face" in rows["bare.mkv", ""]["why"] and "no_audio" in rows["mute.mkv", ""]["why"]
    assert "cannot be used" in rows["nowhere.mkv", ""]["why"] and "a dub by robot" in rows["dub.mkv", "b"]["why"]
    assert content["ranked"] == [{"set_id": "a", "original": "original.mkv", "dub": "dub.mkv", "system": "robot", "original_wins": True}]
    assert "rows" not in json.loads(result.stdout)


def test_the_same_seed_injects_the_same_shifts_whatever_else_is_in_the_table(folder: Path, tmp_path: Path) -> None:
    found = []
    for flags in (("--limit", 1), ("--limit", 2), ("--limit", 1, "--seed", 5)):
        call("eval", "sync", folder / "index.csv", "--shifts", 4, *flags, "--json", tmp_path / "out.json")
        rows = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["rows"]
        found.append([trial["injected_frames"] for trial in rows[0]["trials"]])
    assert found[0] == found[1] != found[2]
    assert all(-15 <= frames <= 15 for frames in found[0]) and len(set(found[0])) == 4


def test_a_table_that_is_none_is_a_sentence(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("name,system\na.mp4,original\n")
    (tmp_path / "latin.csv").write_bytes("file,système\n".encode("latin-1"))
    for path, sentence in ((tmp_path / "bad.csv", "no column “file”"), (tmp_path / "nowhere.csv", "there is no such file."), (tmp_path, "it is a folder"), (tmp_path / "latin.csv", "no text in UTF-8")):
        result = call("eval", "sync", path)
        assert isinstance(result.exception, BadSetting) and sentence in str(result.exception) and "Errno" not in str(result.exception)
