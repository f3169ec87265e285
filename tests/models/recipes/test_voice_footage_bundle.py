import json

import numpy as np
import pytest

from models.checkpoint import read_tensors
from models.recipes.syncvoice_smoke import made_up
from models.recipes.voice_footage_bundle import likeness, main, people
from models.speech.bundle import open_voice
from tests.models.recipes.test_voice_footage import TEXT, footage
from tests.models.recipes.test_voice_footage import main as make_utterances
from tests.tiny_voices import make_lip_encoder, make_voice, make_voiceprint


def test_a_likeness_is_the_mean_voice_and_the_line_most_like_it():
    spoken = made_up(0, 4, 0.6)
    made = likeness(spoken)
    assert np.linalg.norm(made["voice"].numpy()) == pytest.approx(1.0, abs=1e-5) and made["reference"].shape == (56, 100)
    long = made_up(1, 1, 3.0)
    assert np.array_equal(likeness([*spoken, *long])["reference"].numpy(), long[0].mel[46:234].astype(np.float32))


def test_those_who_speak_most_are_known():
    names = [name for name, _ in people(made_up(0, 3, 0.6))]
    assert names == ["nobody"]


def test_a_trained_voice_knows_the_people_of_the_footage_and_those_it_knew(tmp_path):
    base, lips = make_voice(tmp_path / "base", [TEXT]), make_lip_encoder(tmp_path / "lips")
    prints = make_voiceprint(tmp_path / "print.safetensors")
    asked = ["--footage", str(footage(tmp_path / "footage", {"one": TEXT})), "--voice", str(base), "--voiceprint", str(prints), "--lip-encoder", str(lips)]
    make_utterances([*asked, "--out", str(tmp_path / "data"), "--lips", str(tmp_path / "features")])
    first = ["--data", str(tmp_path / "data"), "--lip-encoder", str(lips)]
    assert main([*first, "--trained", str(base), "--from", str(base), "--label", "Ours", "--out", str(tmp_path / "out")]) == 0
    assert main([*first, "--trained", str(base), "--from", str(tmp_path / "out"), "--label", "Again", "--out", str(tmp_path / "again")]) == 0
    described = json.loads((tmp_path / "again/model.json").read_text())
    assert described["label"] == "Again" and [voice["name"] for voice in described["voices"]] == ["she", "she-2"]
    assert set(read_tensors(tmp_path / "again/voices.safetensors")) == {f"{name}.{key}" for name in ("she", "she-2") for key in ("voice", "reference")}
    assert open_voice(tmp_path / "again").table.tokens == open_voice(base).table.tokens
    assert (tmp_path / "again/lips/config.json").is_file()


def test_a_run_without_weights_is_refused_with_a_sentence(tmp_path):
    base, lips = make_voice(tmp_path / "base", [TEXT]), make_lip_encoder(tmp_path / "lips")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/utterances.csv").write_text("name,speaker,group,tier,licence,split,text,seconds,has_face\n")
    with pytest.raises(SystemExit, match="cannot be put together"):
        main(["--data", str(tmp_path / "data"), "--lip-encoder", str(lips), "--trained", str(tmp_path), "--from", str(base), "--label", "x", "--out", str(tmp_path / "out")])
