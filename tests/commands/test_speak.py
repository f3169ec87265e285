"""`speak`: a WAV exactly as long as asked, and every refusal a sentence with exit code 2."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from studio import cli
from studio.engines.protocols import Audio
from studio.media.wav import read_wav, write_wav
from tests.tiny_models import make_voice


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_voice(tmp_path_factory.mktemp("voices") / "tiny")


@pytest.fixture
def say(voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Call `speak` with arguments; returns (exit code, stdout, stderr)."""
    monkeypatch.setenv("LIPLINE_VOICE", str(voice))
    monkeypatch.setenv("LIPLINE_HOME", str(tmp_path / "home"))

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["studio", "speak", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_a_text_becomes_a_wav_of_the_length_asked_for(say, tmp_path: Path) -> None:
    out = tmp_path / "said.wav"
    code, told, _ = say("we said so", "--lang", "en", "--duration-s", "2.5", "--steps", "2", "--s-face", "0", "--seed", "5", "--out", out)
    assert code == 0
    audio = read_wav(out)
    assert (audio.rate_hz, len(audio.samples)) == (24_000, 234 * 256)
    content = json.loads(told)
    assert (content["voice"], content["samples"], content["seed"], content["saw_face"]) == ("tiny", 234 * 256, 5, False)


def test_a_clip_gives_the_length_and_one_without_a_face_says_so(say, tmp_path: Path, clip: Path) -> None:
    out = tmp_path / "said.wav"
    code, told, notes = say("we said so", "--video", clip, "--steps", "1", "--out", out)
    assert code == 0
    assert json.loads(told)["saw_face"] is False
    assert "said by themselves" in notes
    assert len(read_wav(out).samples) == pytest.approx(3 * 24_000, abs=24_000 * 0.05)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("", "--out", "OUT"), "no text to say"),
        (("…", "--out", "OUT"), "words"),
        (("мы", "--out", "OUT"), "“м”"),
        (("word " * 60, "--duration-s", "1", "--out", "OUT"), r"needs at least"),
        (("hello", "--duration-s", "0", "--out", "OUT"), "between"),
        (("hello", "--lang", "fr", "--out", "OUT"), "no voice for fr"),
        (("hello", "--speaker", "nobody", "--out", "OUT"), "“nobody”"),
        (("hello", "--voice", "REF", "--consent", "Ada", "--out", "OUT"), "silent"),
        (("hello", "--voice", "MISSING", "--consent", "Ada", "--out", "OUT"), "no such file"),
        (("hello", "--out", "NOWHERE"), "no folder"),
        (("hello", "--s-face", "9", "--out", "OUT"), "between"),
    ],
)
def test_what_cannot_be_said_is_one_sentence(say, tmp_path: Path, arguments: tuple, told: str) -> None:
    write_wav(tmp_path / "ref.wav", Audio(np.zeros(48_000, np.float32), 16_000))
    places = {"OUT": tmp_path / "o.wav", "REF": tmp_path / "ref.wav", "MISSING": tmp_path / "m.wav", "NOWHERE": tmp_path / "no" / "o.wav"}
    code, _, sentence = say(*(places.get(one, one) for one in arguments))
    assert code == 2
    assert told in sentence
    assert "Traceback" not in sentence
    assert not (tmp_path / "o.wav").exists()


def test_without_a_voice_the_command_that_fetches_one_is_named(say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPLINE_VOICE", str(tmp_path))
    code, _, sentence = say("hello", "--out", tmp_path / "o.wav")
    assert code == 2
    assert "model.json" in sentence
