"""What an installation lacks is one sentence: which package, which system library, how to get it, and whether the studio runs without."""

from __future__ import annotations

import pytest

from scripts import check_libraries

NO_GL = ImportError("libGL.so.1: cannot open shared object file: No such file or directory")


def failing(error: Exception) -> object:
    def check() -> None:
        raise error

    return check


def test_a_missing_system_library_is_named_with_its_debian_package() -> None:
    words = check_libraries.complaint("opencv-contrib-python", NO_GL)
    assert "opencv-contrib-python needs the system library libGL.so.1" in words
    assert "apt-get install libgl1" in words


def test_a_library_nobody_listed_is_named_all_the_same() -> None:
    assert "apt-file search libodd.so.3" in check_libraries.complaint("av", OSError("libodd.so.3: cannot open shared object file"))


def test_without_the_face_tracker_the_studio_still_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(check_libraries, "CHECKS", {"mediapipe": failing(NO_GL)})
    assert check_libraries.main() == 0
    assert "does not look for faces" in capsys.readouterr().err


def test_without_a_decoder_it_does_not(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(check_libraries, "CHECKS", {"av": failing(ImportError("no such file"))})
    assert check_libraries.main() == 2
    assert "The package av does not load" in capsys.readouterr().err


def test_both_packages_of_the_face_tracker_are_looked_at() -> None:
    assert {"opencv-contrib-python", "mediapipe"} <= set(check_libraries.CHECKS)
    assert set(check_libraries.WITHOUT) <= set(check_libraries.CHECKS)
