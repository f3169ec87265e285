"""The face benchmark measures a real run and says with what; it needs a clip with a face, so a drawn one will do."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from bench.faces import looped, main
from tests.drawn_faces import Drawn, film, picture, talking


@pytest.fixture(scope="module")
def talker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film") / "a.mp4", [picture(Drawn(opening=talking(number))) for number in range(20)])


def test_a_short_clip_is_played_over_and_over(talker: Path) -> None:
    assert sum(1 for _ in looped(talker, 53)) == 53


@pytest.mark.skipif(find_spec("mediapipe") is None, reason="the package mediapipe is not installed")
def test_frames_memory_and_archive_are_told_with_machine_and_command(talker: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    assert main([str(talker), "--frames", "60", "--film-frames", "400", "--json", str(out)]) == 0
    report = json.loads(out.read_text(encoding="utf-8"))
    found = report["result"]
    assert found["frames"] == 60
    assert found["faces_per_frame"] == pytest.approx(1, abs=0.05)
    assert found["fps"] > 0
    assert found["worker_cpu_ms"] > 0
    assert len(found["memory_mib"]) == 20
    assert found["memory_mib"][-1][1] > 50
    assert report["film"]["tracks"] == 4
    assert {"processor", "date", "commit", "load_before", "load_after"} <= report["machine"].keys()
    assert "frames/s" in capsys.readouterr().out
