"""Whisper: found on disk only, and doubtful hearing becomes no words."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.engines.memory_budget import MemoryBudget, ModelFacts
from studio.engines.protocols import Audio, Words
from studio.engines.transcribe_whisper import Doubts, WhisperPlace, WhisperTranscriber, trusted_words

HAS_PACKAGE = importlib.util.find_spec("faster_whisper") is not None


@dataclass(frozen=True)
class Segment:
    """What faster-whisper yields, as far as it is looked at."""

    text: str
    avg_logprob: float = -0.3
    no_speech_prob: float = 0.1
    compression_ratio: float = 1.4


def test_words_of_trusted_segments_are_joined_with_a_confidence() -> None:
    words = trusted_words([Segment(" Hello\n there,"), Segment(" friends. ")], Doubts())
    assert words.text == "Hello there, friends."
    assert words.confidence == pytest.approx(np.exp(-0.3))


@pytest.mark.parametrize(
    "segment",
    [
        Segment("Thanks for watching!", avg_logprob=-1.2, no_speech_prob=0.8),
        Segment("mumble", avg_logprob=-1.8),
        Segment("la la la la la la la", compression_ratio=4.0),
        Segment(" ... "),
        Segment(""),
    ],
)
def test_doubtful_hearing_becomes_no_words(segment: Segment) -> None:
    assert trusted_words([segment], Doubts()) == Words("")


def test_quiet_but_certain_speech_is_kept() -> None:
    assert trusted_words([Segment("Yes.", avg_logprob=-0.2, no_speech_prob=0.9)], Doubts()).text == "Yes."


def test_without_a_folder_it_says_how_to_get_one() -> None:
    verdict = WhisperTranscriber().available()
    assert not verdict.is_available and "LIPLINE_WHISPER" in verdict.why
    with pytest.raises(EngineUnavailable):
        WhisperTranscriber().load()


def test_a_folder_without_a_model_is_not_taken_for_one(tmp_path: Path) -> None:
    verdict = WhisperTranscriber(str(tmp_path)).available()
    assert not verdict.is_available
    if HAS_PACKAGE:
        assert "model.bin" in verdict.why
        assert WhisperTranscriber(WhisperPlace("tiny", allow_download=True)).available().is_available


def test_a_broken_model_is_unavailable_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"nothing")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EngineUnavailable):
        WhisperTranscriber(str(tmp_path)).load()


def test_the_version_names_the_model(tmp_path: Path) -> None:
    assert WhisperTranscriber(str(tmp_path / "small")).version != WhisperTranscriber(str(tmp_path / "large")).version


def test_another_rate_is_refused() -> None:
    with pytest.raises(EngineFailed, match="16000 Hz"):
        WhisperTranscriber().transcribe(Audio(np.zeros(10, np.float32), 8000), "en")


class Listening(WhisperTranscriber):
    """Over a stand-in for a model; `heard` is what it does with every stretch."""

    def __init__(self, heard: Callable[[], list[Segment]], budget: MemoryBudget | None = None) -> None:
        super().__init__(WhisperPlace("large", device="cpu"), budget=budget)
        self._hear = heard

    def _read(self) -> SimpleNamespace:
        return SimpleNamespace(model=SimpleNamespace(is_multilingual=True), transcribe=lambda *_args, **_options: ((one for one in self._hear()), None))


SECOND = Audio(np.zeros(16_000, np.float32), 16_000)


@pytest.mark.parametrize("error", [RuntimeError("CUDA failed with error out of memory"), MemoryError()])
def test_listening_that_runs_out_of_memory_has_idle_models_released_and_else_is_said(error: Exception) -> None:
    budget = MemoryBudget(wait_s=0.05)
    idle = budget.place(lambda: ModelFacts("idle", "cpu", 4), lambda: "net")

    def heard() -> list[Segment]:
        if idle.now is not None:
            raise error
        return [Segment("Hello.")]

    whisper = Listening(heard, budget)
    with idle.use(), pytest.raises(EngineFailed, match="memory does not suffice to listen to 1 s of speech; close other programs"):
        whisper.transcribe(SECOND, "en")
    assert whisper.transcribe(SECOND, "en").text == "Hello." and idle.now is None


def test_another_fault_of_listening_is_told_in_its_own_words() -> None:
    def heard() -> list[Segment]:
        raise RuntimeError("shapes do not match")

    with pytest.raises(EngineFailed, match="shapes do not match"):
        Listening(heard).transcribe(SECOND, "en")


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A package in the place of faster-whisper, to put its functions into."""
    package: Any = ModuleType("faster_whisper")
    package.__spec__ = ModuleSpec("faster_whisper", None)
    monkeypatch.setitem(sys.modules, "faster_whisper", package)
    return package


def test_a_model_that_memory_cannot_hold_is_said_and_its_files_are_not_blamed(tmp_path: Path, stand_in: SimpleNamespace) -> None:
    def full(*_args: object, **_options: object) -> None:
        raise RuntimeError("CUDA failed with error out of memory")

    stand_in.WhisperModel = full
    (tmp_path / "model.bin").write_bytes(b"x" * 100)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EngineUnavailable, match=r"the memory of cpu does not suffice to open it"):
        WhisperTranscriber(WhisperPlace(str(tmp_path), device="cpu")).load()


def test_a_model_named_by_the_hub_counts_with_the_size_it_has_there(tmp_path: Path, stand_in: SimpleNamespace) -> None:
    asked: list[tuple[str, bool]] = []

    def download_model(name: str, local_files_only: bool = False) -> str:
        asked.append((name, local_files_only))
        if not (tmp_path / "model.bin").is_file():
            raise FileNotFoundError(name)
        return str(tmp_path)

    def fetch(*_args: object, **_options: object) -> SimpleNamespace:
        (tmp_path / "model.bin").write_bytes(b"x" * 500)
        return SimpleNamespace()

    stand_in.download_model, stand_in.WhisperModel = download_model, fetch
    budget = MemoryBudget()
    whisper = WhisperTranscriber(WhisperPlace("large-v3", allow_download=True, device="cpu"), budget=budget)
    assert whisper._facts().size_bytes is None
    whisper.load()
    assert [(one.name, one.size_bytes) for one in budget.held()] == [("faster-whisper: large-v3", 500)]
    assert whisper._facts().size_bytes == 500 and set(asked) == {("large-v3", True)}
