"""`python -m studio train voice`: from a folder of videos to a voice, and what is refused before anybody looks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from models.checkpoint import read_tensors
from models.speech.bundle import open_voice
from studio import bootstrap
from studio.bootstrap import VOICES_FOLDER
from studio.cli import app
from studio.domain.errors import BadSetting, NotReady
from studio.engines.syncvoice_places import Whereabouts, voice_places
from studio.engines.transcribe_manual import ManualTranscriber
from tests.fakes import FakeFaceTracker
from tests.studio_fixtures import fake_rack
from tests.talking_film import talk, talking_film
from tests.tiny_voices import make_lip_encoder, make_voice, make_voiceprint

TEXT = "Bin blue at six now and again."
GRID_TEXTS = {"bbaf5a": "Bin blue at F five again.", "bbal6n": "Bin blue at L six now."}


@pytest.fixture
def nets(tmp_path: Path) -> list[str]:
    voice = make_voice(tmp_path / "base", [TEXT, *GRID_TEXTS.values()])
    return ["--from", str(voice), "--voiceprint", str(make_voiceprint(tmp_path / "print.safetensors")), "--lip-encoder", str(make_lip_encoder(tmp_path / "lips"))]


@pytest.fixture
def videos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Two films of the square that talks, and eyes that see it."""
    monkeypatch.setattr(bootstrap, "build_engines", lambda: fake_rack(face_tracker=FakeFaceTracker(), transcriber=ManualTranscriber()))
    folder = tmp_path / "My films"
    folder.mkdir()
    for number in range(2):
        talking_film(folder / f"{number}.mkv", loud=talk(number, 60)).with_suffix(".txt").write_text(TEXT)
        (folder / f"{number}.wav").unlink()
    yield folder


def train(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["train", "voice", *map(str, words)])


def test_a_dry_run_says_what_each_video_gives_and_stops(videos: Path, nets: list[str], tmp_path: Path) -> None:
    answer = train("--videos", videos, *nets, "--home", tmp_path / "home", "--dry-run")
    assert answer.exit_code == 0, answer.output
    assert "2 of 2: 1.mkv" in answer.stdout
    assert "of speech with a face in 1 line of 2.4 s, words from 1.txt." in answer.stdout
    assert "Nothing was trained." in answer.stdout
    assert not (tmp_path / "home" / "models").exists()
    assert not (tmp_path / "home" / "training" / "My-films" / "utterances").exists()


@pytest.mark.slow
def test_preparing_stops_before_training(videos: Path, nets: list[str], tmp_path: Path) -> None:
    answer = train("--videos", videos, *nets, "--home", tmp_path / "home", "--prepare-only")
    assert answer.exit_code == 0, answer.output
    assert "2 of 2 lines to learn from" in answer.stdout
    assert (tmp_path / "home" / "training" / "My-films" / "utterances" / "utterances.csv").is_file()
    assert not (tmp_path / "home" / "models").exists()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_one_command_makes_a_voice_among_the_models(videos: Path, nets: list[str], tmp_path: Path) -> None:
    answer = train("--videos", videos, *nets, "--home", tmp_path / "home", "--minutes", "0.001", "--learn", "adapters")
    assert answer.exit_code == 0, answer.output
    assert "2 of 2 lines to learn from" in answer.stdout
    out = tmp_path / "home" / "models" / "My-films"
    assert "from step 0" in answer.stdout
    assert f"The voice is in {out}." in answer.stdout
    before, after = read_tensors(tmp_path / "base" / "model.safetensors"), read_tensors(out / "model.safetensors")
    assert all(bool((before[name] == after[name]).all()) for name in before if name.startswith("backbone."))
    assert open_voice(out).has_sight
    (place,) = voice_places(Whereabouts(shelf=tmp_path / "home" / VOICES_FOLDER, with_installed=False))
    assert (place.key, place.label, {voice.label for voice in place.voices}) == ("My-films", "My-films", {"0", "1"})
    assert place.lips == out / "lips"


def test_what_cannot_work_is_refused_before_anybody_looks(videos: Path, tmp_path: Path) -> None:
    for words, reason in (
        (("--videos", tmp_path / "nowhere", "--from", tmp_path), "There is no folder"),
        (("--videos", videos, "--from", tmp_path), "is no voice"),
        (("--videos", videos, "--from", tmp_path, "--learn", "half"), "adapters or all"),
    ):
        answer = train(*words, "--home", tmp_path / "home")
        assert isinstance(answer.exception, BadSetting)
        assert reason in str(answer.exception)
        assert answer.stdout == ""


def test_a_folder_without_words_is_refused_after_telling_why(videos: Path, nets: list[str], tmp_path: Path) -> None:
    for text in videos.glob("*.txt"):
        text.unlink()
    answer = train("--videos", videos, *nets, "--home", tmp_path / "home")
    assert isinstance(answer.exception, NotReady)
    assert answer.stdout.count("No words are known of it: put NAME.srt") == 2


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_real_clips_become_a_voice(corpus_dir: Path, nets: list[str], tmp_path: Path) -> None:
    videos = tmp_path / "grid"
    videos.mkdir()
    for name, text in GRID_TEXTS.items():
        shutil.copy(corpus_dir / "grid_s1" / f"{name}.mp4", videos)
        (videos / f"{name}.txt").write_text(text)
    answer = train("--videos", videos, *nets, "--home", tmp_path / "home", "--minutes", "0.001")
    assert answer.exit_code == 0, answer.output
    assert "2 of 2 lines to learn from" in answer.stdout
    assert (tmp_path / "home" / "models" / "grid" / "model.safetensors").is_file()
