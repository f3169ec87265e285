"""`python -m studio s2s`: a clip in, a WAV of its own length out; what cannot be done is one sentence and exit code 2."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from studio import bootstrap
from studio.commands.s2s import speech_to_speech
from studio.domain.errors import BadMedia, BadSetting, EngineUnavailable
from studio.engines.protocols import Audio
from studio.engines.speech_units import UnitSpeech
from studio.media.wav import read_wav, write_wav
from tests.fakes import FakeSpeaker
from tests.studio_fixtures import fake_rack
from tests.tiny_units import make_unit_models, speech_like


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A second of speech between two half seconds of silence, and a rack whose units engine is tiny."""
    rack = fake_rack(speaker=(UnitSpeech(make_unit_models(tmp_path / "models")), FakeSpeaker()))
    monkeypatch.setattr(bootstrap, "build_engines", lambda: rack)
    silence = np.zeros(8000, np.float32)
    write_wav(tmp_path / "clip.wav", Audio(np.concatenate([silence, speech_like(1.0), silence]), 16_000))
    return tmp_path / "clip.wav"


def test_a_clip_is_said_on_its_own_timeline(clip: Path, tmp_path: Path) -> None:
    speech_to_speech(clip, "zh", tmp_path / "out.wav", "en", "units", tmp_path / "out.json")
    made, told = read_wav(tmp_path / "out.wav"), json.loads((tmp_path / "out.json").read_text())
    assert made.rate_hz == 16_000
    assert made.length_ms >= 2000
    assert told["from"] == "en"
    assert told["to"] == "zh"
    first = told["stretches"][0]
    assert abs(first["start_ms"] - 500) <= 60
    assert not made.samples[: 16 * (first["start_ms"] - 5)].any()
    assert made.samples[16 * first["start_ms"] :].any()
    assert not list(tmp_path.glob(".*"))


def test_a_missing_folder_is_said_before_anything_is_heard(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UnitSpeech, "convert", lambda *_: pytest.fail("the models were asked first"))
    for out, report in ((tmp_path / "gone" / "out.wav", None), (tmp_path / "out.wav", tmp_path / "gone" / "out.json")):
        with pytest.raises(BadSetting, match=r"there is no folder .*gone; make it first"):
            speech_to_speech(clip, "zh", out, "en", "units", report)
    with pytest.raises(BadSetting, match="is a folder"):
        speech_to_speech(clip, "zh", tmp_path, "en", "units", None)
    assert not (tmp_path / "out.wav").exists()


def test_what_cannot_be_done_is_a_sentence(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    with pytest.raises(EngineUnavailable, match="not en-de"):
        speech_to_speech(clip, "de", out, "en", "units", None)
    with pytest.raises(BadSetting, match="speaks from text; from the sound of the source speak: units"):
        speech_to_speech(clip, "zh", out, "en", "fake-speaker", None)
    with pytest.raises(BadMedia, match="no such file"):
        speech_to_speech(tmp_path / "gone.mp4", "zh", out, "en", "units", None)
    write_wav(tmp_path / "silent.wav", Audio(np.zeros(16_000, np.float32), 16_000))
    with pytest.raises(BadMedia, match="no speech is heard"):
        speech_to_speech(tmp_path / "silent.wav", "zh", out, "en", "units", None)
    assert not out.exists()
