import csv

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from models.recipes.syncvoice_data import read_spoken
from models.recipes.voice_alignment import TimedTokens
from models.recipes.voice_footage import fitted_to_voiced, main, shared_words
from tests.tiny_voices import make_lip_encoder, make_voice, make_voiceprint

TEXT = "Bin blue at six now."


def tokens_of(text: str, letter_s: float = 0.1) -> TimedTokens:
    """Letters of a tenth of a second, spaces and marks of none."""
    edges = np.cumsum([0.0] + [letter_s * token.isalpha() for token in text])
    return TimedTokens(tuple(text), edges[:-1], edges[1:])


def test_words_are_shared_out_so_that_all_are_said_at_one_pace():
    assert shared_words(np.array([0.5, 0.5, 1.0, 0.4]), np.zeros(4, bool), np.array([1.0, 1.4])) == [2, 2]
    assert shared_words(np.array([0.4, 0.4, 0.4]), np.zeros(3, bool), np.array([0.2, 0.2, 0.8])) == [1, 1, 1]


def test_a_pause_is_rather_put_behind_a_comma():
    words, spans = np.array([0.4, 0.4, 0.4, 0.4]), np.array([1.0, 0.6])
    assert shared_words(words, np.array([False, True, False, True]), spans) == [2, 2]
    assert shared_words(words, np.array([False, False, True, True]), spans) == [3, 1]


def test_tokens_fill_what_is_voiced_and_nothing_else():
    timed = fitted_to_voiced(tokens_of("ab cd, efgh"), np.array([[0.2, 0.6], [1.0, 1.5]]))
    sounded = [place for place, token in enumerate(timed.tokens) if token.isalpha()]
    assert timed.start_s[0] == pytest.approx(0.2) and timed.end_s[-1] == pytest.approx(1.5)
    assert timed.end_s[4] == pytest.approx(0.6) and timed.start_s[7] == pytest.approx(1.0)
    assert all(0.2 <= timed.start_s[p] < timed.end_s[p] <= 0.6 + 1e-9 or 1.0 - 1e-9 <= timed.start_s[p] < timed.end_s[p] <= 1.5 + 1e-9 for p in sounded)
    assert (timed.start_s[5], timed.end_s[5]) == pytest.approx((0.6, 1.0))  # the comma is the pause


def test_more_pauses_than_words_close_the_narrowest():
    timed = fitted_to_voiced(tokens_of("ab cd"), np.array([[0.0, 0.2], [0.25, 0.5], [1.0, 1.5]]))
    assert timed.end_s[1] == pytest.approx(0.5) and timed.start_s[3] == pytest.approx(1.0)


def test_nothing_voiced_is_refused():
    with pytest.raises(ValueError, match="nothing to time"):
        fitted_to_voiced(tokens_of("ab"), np.zeros((0, 2)))


@pytest.fixture(scope="module")
def nets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nets")
    return ["--voice", str(make_voice(folder / "voice", [TEXT])), "--voiceprint", str(make_voiceprint(folder / "print.safetensors")), "--lip-encoder", str(make_lip_encoder(folder / "lips"))]


def footage(folder, texts):
    folder.mkdir(exist_ok=True)
    chance = np.random.default_rng(0)
    for name in texts:
        audio = chance.integers(-3000, 3000, 24_000 * 2, dtype=np.int16)
        points = chance.uniform(0, 200, (50, 45, 2)).astype(np.float32)
        face = {"crops": chance.integers(0, 255, (50, 64, 64), dtype=np.uint8), "points": points, "ok": np.arange(50) < 40}
        np.savez(folder / f"{name}.npz", audio=audio, voiced_s=np.array([[0.3, 1.7]], np.float32), **face)
    with (folder / "footage.csv").open("w", newline="") as file:
        columns = ("name", "speaker", "language", "text", "film", "start_ms")
        csv.writer(file).writerows([columns, *((name, "she", "en", text, "season 1/pilot.mp4", 400 * place) for place, (name, text) in enumerate(texts.items()))])
    return folder


def test_footage_becomes_utterances_that_training_reads(tmp_path, nets, capsys):
    asked = ["--footage", str(footage(tmp_path / "footage", {"one": TEXT, "two": "Where is the church?"})), *nets, "--out", str(tmp_path / "out"), "--lips", str(tmp_path / "lips")]
    assert main(asked) == 0
    told = capsys.readouterr().out
    assert "Left out: two “Where is the church?”: the voice has no token for" in told and "1 of 2 lines" in told
    (spoken,) = read_spoken(tmp_path / "out", ("train",), lips=tmp_path / "lips")
    assert (spoken.name, spoken.speaker, spoken.group, spoken.text, spoken.is_aligned) == ("one", "she", "footage", TEXT, False)
    assert spoken.mel.shape == (188, 100) and spoken.face.shape == (50, 24) and spoken.lips.shape == (50, 64)
    assert spoken.is_seen.tolist() == [True] * 40 + [False] * 10
    assert spoken.starts_s[0] == pytest.approx(0.3, abs=1e-6) and spoken.ends_s[-1] == pytest.approx(1.7, abs=1e-6)


def test_what_is_there_is_not_made_again_and_what_is_gone_is_let_go(tmp_path, nets):
    folder = footage(tmp_path / "footage", {"one": TEXT, "two": TEXT})
    asked = ["--footage", str(folder), *nets, "--out", str(tmp_path / "out"), "--lips", str(tmp_path / "lips")]
    main(asked)
    kept = [tmp_path / "out/one.npz", tmp_path / "lips/one.npy"]
    made = [path.stat().st_mtime_ns for path in kept]
    footage(folder, {"one": TEXT})
    main(asked)
    assert [path.stat().st_mtime_ns for path in kept] == made
    assert not (tmp_path / "out/two.npz").exists() and not (tmp_path / "lips/two.npy").exists()
    main([*asked[:-4], "--voiceprint", str(changed_print(tmp_path / "print.safetensors")), *asked[-4:]])
    assert kept[0].stat().st_mtime_ns != made[0]


def changed_print(path):
    tensors = load_file(make_voiceprint(path))
    save_file({key: value + 0.01 for key, value in tensors.items()}, path)
    return path


def test_footage_without_a_usable_line_ends_with_a_sentence(tmp_path, nets):
    folder = footage(tmp_path / "footage", {"one": "Where is the church?"})
    with pytest.raises(SystemExit, match="No line is left"):
        main(["--footage", str(folder), *nets, "--out", str(tmp_path / "out"), "--lips", str(tmp_path / "lips")])


def own_features(nets, folder, pictures):
    (folder / "season 1").mkdir(parents=True)
    np.savez(folder / "season 1" / "pilot.npz", features=np.arange(pictures, dtype=np.float32)[:, None] * np.ones(5, np.float32))
    return [*nets[:4], "--lip-features", str(folder)]


def test_features_of_the_users_own_are_cut_to_each_line(tmp_path, nets):
    lips = own_features(nets, tmp_path / "features", 60)
    made = footage(tmp_path / "footage", {"one": TEXT, "two": TEXT})
    assert main(["--footage", str(made), *lips, "--out", str(tmp_path / "out"), "--lips", str(tmp_path / "lips")]) == 0
    first, second = (one.lips for one in sorted(read_spoken(tmp_path / "out", ("train",), lips=tmp_path / "lips"), key=lambda one: one.name))
    assert first.shape == second.shape == (50, 5)
    assert first[:, 0].tolist() == list(range(50)) and second[:, 0].tolist() == list(range(10, 60))


def test_features_that_end_before_the_film_are_refused(tmp_path, nets):
    lips = own_features(nets, tmp_path / "features", 40)
    with pytest.raises(SystemExit, match="end after 40 pictures, and a line lasts until 50"):
        main(["--footage", str(footage(tmp_path / "footage", {"one": TEXT})), *lips, "--out", str(tmp_path / "out"), "--lips", str(tmp_path / "lips")])


def test_a_film_without_features_is_named(tmp_path, nets):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match="no visual features of season 1/pilot.mp4: put pilot.npz"):
        main(["--footage", str(footage(tmp_path / "footage", {"one": TEXT})), *nets[:4], "--lip-features", str(tmp_path / "empty"), "--out", str(tmp_path / "out"), "--lips", str(tmp_path / "lips")])
