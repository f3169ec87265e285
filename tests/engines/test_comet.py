"""COMET is used where it is, and its absence is a sentence, not an error."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from studio.engines.comet import NOT_NAMED, FolderComet, find_comet


def test_without_a_folder_there_is_no_comet_and_a_sentence() -> None:
    found = find_comet(None)
    assert (found.judge, found.why) == (None, NOT_NAMED)


def test_a_folder_that_is_none_or_a_package_that_is_absent_is_said(tmp_path: Path) -> None:
    found = find_comet(tmp_path)
    assert found.judge is None
    assert ("not installed" in found.why) == (find_spec("comet") is None)


def test_every_line_is_judged_alone_and_silence_scores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Letters:
        def __init__(self, folder: Path) -> None:
            self.folder = folder

        def pair_scores(self, pairs: list[tuple[str, str]]) -> list[float]:
            return [len(text) / len(source) for source, text in pairs]

    monkeypatch.setattr("models.translation.quality.CometJudge", Letters)
    judge = FolderComet(Path("kiwi"))
    assert judge.scores(["ab", "abcd", "a"], ["x", "xx", ""], ["", "", ""]) == [0.5, 0.5, 0.0]
    assert judge.name == "COMET, kiwi"
