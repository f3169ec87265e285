import numpy as np
import pytest
import torch

from models.checkpoint import BadWeights
from models.speech.recogniser import GridRecogniser, RecogniserConfig, as_spoken, as_written, greedy, levelled, open_recogniser, save_recogniser, word_errors

SMALL = RecogniserConfig(("bin", "blue", "now"), ("b", "n"), 16, (1, 2), 5, 40)


def net() -> GridRecogniser:
    torch.manual_seed(0)
    return GridRecogniser(SMALL).eval()


def test_words_and_phones_are_scored_fifty_times_a_second():
    words, phones = net()(torch.randn(2, 101, 40))
    assert words.shape == (2, 51, 4) and phones.shape == (2, 51, 3)


def test_loudness_does_not_change_what_is_heard():
    mel = torch.randn(1, 50, 40)
    assert torch.allclose(levelled(mel), levelled(mel + 2.0), atol=1e-5)


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [("a b c", "a b c", 0), ("a b c", "a c", 1), ("a b c", "a b b c", 1), ("a b c", "a x c", 1), ("a b c", "", 3), ("", "a", 1), ("a b c d", "b c d e", 2)],
)
def test_word_errors_count_changes_additions_and_losses(said, heard, errors):
    assert word_errors(said.split(), heard.split()) == errors


def test_letters_are_spelled_to_be_said_and_counted_as_they_are_written():
    command = ["place", "red", "in", "a", "zero", "now"]
    assert as_spoken(command) == "place red in eh zero now" and as_written(as_spoken(command).split()) == command
    assert word_errors(["by", "zed", "two"], ["by", "z", "two"]) == 0


def test_a_path_joins_repeats_and_leaves_out_blanks():
    assert greedy([0, 1, 1, 0, 1, 2, 2, 0]) == [1, 1, 2]


def test_sound_at_24_khz_is_heard_as_the_same_sound_at_16_khz():
    listener, heard = net(), []
    listener.mel.register_forward_pre_hook(lambda _, given: heard.append(given[0]))
    for rate_hz in (16_000, 24_000):
        listener.transcribe(np.sin(2 * np.pi * 440 * np.arange(rate_hz) / rate_hz).astype(np.float32), rate_hz)
    assert heard[0].shape == heard[1].shape == (1, 16_000)
    assert float((heard[0] - heard[1])[:, 200:-200].abs().max()) < 0.01


def test_sound_that_is_too_short_or_not_mono_is_refused():
    for samples in (np.zeros(100, np.float32), np.zeros((2, 16_000), np.float32)):
        with pytest.raises(ValueError, match="mono"):
            net().transcribe(samples, 16_000)


def test_a_saved_recogniser_comes_back_equal_and_another_is_refused(tmp_path):
    listener, mel = net(), torch.randn(1, 30, 40)
    save_recogniser(listener, tmp_path)
    assert torch.equal(open_recogniser(tmp_path)(mel)[0], listener(mel)[0])
    (tmp_path / "config.json").write_text('{"words": ["one"]}')
    with pytest.raises(BadWeights):
        open_recogniser(tmp_path)
