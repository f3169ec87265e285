import csv
import json
import random

import numpy as np
import pytest
import torch

from models.recipes.grid_recogniser import (
    Lessons, Line, Plan, config_of, cut_up, disturbed, joined, main, masked, read_lines, without_word,
)  # fmt: skip
from models.recipes.voice_archive import COLUMNS
from models.speech.recogniser import GridRecogniser, RecogniserConfig


def line(words: tuple[str, ...] = ("bin", "blue", "now"), split: str = "train") -> Line:
    samples = np.concatenate([np.full(4000, 0.001)] + [np.full(3200, 0.1 * (place + 1)) for place in range(len(words))] + [np.zeros(800)])
    cuts = tuple((4000 + 3200 * place, 7200 + 3200 * place) for place in range(len(words)))
    return Line("one", split, samples.astype(np.float32), words, cuts, tuple(tuple(word) for word in words))


def test_a_line_without_a_word_is_shorter_by_it_and_lacks_it():
    one = line()
    short = without_word(one, 1)
    assert short.words == ("bin", "now") and short.phones == tuple("binnow")
    assert len(one.samples) - len(short.samples) == 3200 + 160
    assert not np.isclose(short.samples, 0.2).any()


def test_pieces_are_faded_into_each_other():
    found = joined([np.ones(1000, np.float32), np.ones(1000, np.float32)])
    assert len(found) == 1840 and np.allclose(found, 1.0)


def test_cut_up_lines_hold_the_sound_of_exactly_the_words_they_claim():
    levels = {"bin": 0.1, "blue": 0.2, "now": 0.3}
    chance = random.Random(0)
    for _ in range(20):
        heard = cut_up([line()], chance)
        for word, level in levels.items():
            full = np.isclose(heard.samples, level, atol=1e-4).sum() / 3200
            assert full == pytest.approx(heard.words.count(word), abs=0.35 * max(1, heard.words.count(word)) + 0.3)
        assert heard.phones == tuple(letter for word in heard.words for letter in word)


def test_disturbed_sound_changes_pace_level_and_noise_and_is_finite():
    sound = np.sin(np.arange(16_000) / 5).astype(np.float32)
    found = [disturbed(sound, np.random.default_rng(seed)) for seed in range(6)]
    assert len({len(one) for one in found}) > 2 and all(np.isfinite(one).all() and one.dtype == np.float32 for one in found)


def test_a_mask_leaves_most_of_most_spectra_as_they_are():
    mel = torch.randn(150, 64)
    shares = sorted(float((masked(mel, torch.Generator().manual_seed(seed)) != mel).float().mean()) for seed in range(21))
    assert shares[10] < 0.35 and shares[-1] == 1.0  # one in four is smoothed all over


def test_the_loss_of_a_lesson_is_finite_and_reaches_every_weight():
    torch.manual_seed(0)
    lines = [line(), line(("now", "bin", "blue"))]
    net = GridRecogniser(RecogniserConfig(("bin", "blue", "now"), tuple("beilnouw"), 16, (1, 2), 5, 40))
    loss = Lessons(lines, net, Plan(batch=4)).loss()
    loss.backward()
    assert torch.isfinite(loss) and all(weight.grad is not None for weight in net.parameters())


def test_lines_are_read_with_the_cuts_of_their_words(tmp_path):
    times = {"token_start_s": np.array([0.25, 0.4, 0.5, 0.5], np.float32), "token_end_s": np.array([0.4, 0.5, 0.5, 0.75], np.float32)}
    np.savez(tmp_path / "a.npz", audio=np.zeros(24_000, np.int16), tokens=np.array(["ˈ", "ɪ", " ", "b"]), **times)
    with (tmp_path / "utterances.csv").open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, ("a", "s1", "s1", "A", "CC", "test", "eh zed", "1.0", "0")])
    (found,) = read_lines(tmp_path, "s1")
    assert found.words == ("a", "z") and found.cuts == ((4000, 8000), (8000, 12_000)) and found.phones == (("ɪ",), ("b",))
    assert len(found.samples) == 16_000 and len(config_of([found]).words) == 51
    with pytest.raises(ValueError, match="“s2”"):
        read_lines(tmp_path, "s2")


def test_a_run_without_data_is_refused(capsys):
    with pytest.raises(SystemExit):
        main([])
    assert "--archive" in capsys.readouterr().err


@pytest.mark.slow
def test_the_rehearsal_learns_three_tones(capsys):
    main(["--smoke"])
    assert json.loads(capsys.readouterr().out.strip().splitlines()[-1])["word_error"] < 0.2
