"""Where a film's words come from, and how a text without times finds its speech."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from studio.domain.errors import BadSubtitles
from studio.domain.project import LineDraft
from studio.engines.protocols import Audio
from studio.engines.transcribe_manual import ManualTranscriber
from studio.media.wav import write_wav
from studio.stages.lines import Ears
from studio.voice_training_texts import HeardWords, SubtitleWords, WholeText, beside, shared_out
from tests.fakes import FakeEstimator, FakeSpeakerEncoder, FakeTranscriber, FakeVad

EARS = Ears(FakeVad(), ManualTranscriber(), FakeSpeakerEncoder())


def spans(*edges_ms: tuple[int, int]) -> list[LineDraft]:
    return [LineDraft(start_ms, end_ms, "") for start_ms, end_ms in edges_ms]


def sound(path: Path, *edges_ms: tuple[int, int], length_ms: int = 6000) -> Path:
    """A tone where somebody speaks."""
    samples = np.zeros(16 * length_ms, np.float32)
    for start_ms, end_ms in edges_ms:
        samples[16 * start_ms : 16 * end_ms] = 0.3 * np.sin(np.arange(16 * (end_ms - start_ms)) / 5)
    write_wav(path, Audio(samples, 16_000))
    return path


def test_subtitles_win_over_a_text_and_a_language_may_be_named(tmp_path: Path) -> None:
    film = tmp_path / "a film.mp4"
    assert beside(film, "en") is None
    for name in ("a film.txt", "a film.en.srt", "a film.srt"):
        (tmp_path / name).write_text("x")
        assert beside(film, "en") == tmp_path / name
    assert beside(tmp_path / "other.mp4", "en") is None


def test_sentences_are_shared_out_at_one_pace() -> None:
    sentences = [("One.", 500), ("Two two.", 1000), ("Three.", 500)]
    found = shared_out(sentences, spans((0, 1000), (2000, 4000), (5000, 6000)))
    assert [(line.start_ms, line.end_ms, line.text) for line in found] == [(0, 1000, "One."), (2000, 4000, "Two two."), (5000, 6000, "Three.")]


def test_a_sentence_with_a_pause_takes_two_stretches_and_two_quick_ones_share_one() -> None:
    paused = shared_out([("Long one.", 2000), ("Short.", 500)], spans((0, 1000), (1500, 2500), (4000, 4500)))
    assert [(line.start_ms, line.end_ms) for line in paused] == [(0, 2500), (4000, 4500)]
    quick = shared_out([("One.", 500), ("Two.", 500), ("Three.", 1000)], spans((0, 1000), (3000, 4000)))
    assert [line.text for line in quick] == ["One. Two.", "Three."]


def test_a_text_far_too_long_or_short_for_the_speech_gives_nothing() -> None:
    assert shared_out([("A whole chapter.", 60_000)], spans((0, 1000))) == []
    assert shared_out([("Yes.", 300)], spans((0, 9000))) == []


def test_half_an_hour_of_sentences_finds_its_places() -> None:
    chance = np.random.default_rng(0)
    lengths = chance.integers(800, 4000, 600)
    starts = np.cumsum(lengths + 600) - lengths
    heard = spans(*((int(start), int(start + length)) for start, length in zip(starts, lengths, strict=True)))
    said = [(f"Sentence {number}.", int(length * chance.uniform(0.85, 1.15))) for number, length in enumerate(lengths)]
    found = shared_out(said, heard)
    exact = {(line.start_ms, line.text) for line in found} & {(int(start), f"Sentence {number}.") for number, start in enumerate(starts)}
    assert len(exact) > 500


def test_a_whole_text_is_cut_into_sentences_and_placed_where_speech_is_heard(tmp_path: Path) -> None:
    (tmp_path / "film.txt").write_text("\ufeffAbcde fghij klmno.\nPqrst uvwxy abcde fghij klmno!", encoding="utf-8")
    words = WholeText(tmp_path / "film.txt", FakeEstimator())
    lines = words.lines(sound(tmp_path / "s.wav", (500, 1400), (3000, 4500)), 6000, EARS, "en")
    assert [line.text for line in lines] == ["Abcde fghij klmno.", "Pqrst uvwxy abcde fghij klmno!"]
    assert abs(lines[0].start_ms - 500) <= 100
    assert abs(lines[1].start_ms - 3000) <= 100


def test_a_text_that_fits_nothing_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "film.txt"
    words = WholeText(path, FakeEstimator())
    heard = sound(tmp_path / "s.wav", (500, 1400))
    for content, reason in ((b"word " * 500, "do not fit"), (b" ... ", "no words"), (b"\xff\xfe\xfa", "UTF-8")):
        path.write_bytes(content)
        with pytest.raises(BadSubtitles, match=reason):
            words.lines(heard, 6000, EARS, "en")
    path.write_text("Abc.")
    with pytest.raises(BadSubtitles, match="no speech is heard"):
        words.lines(sound(tmp_path / "silent.wav"), 6000, EARS, "en")


def test_subtitles_are_held_to_the_film_and_their_key_changes_with_them(tmp_path: Path) -> None:
    path = tmp_path / "film.srt"
    path.write_text("1\n00:00:00,500 --> 00:00:01,500\nOne.\n\n2\n00:10:00,500 --> 00:10:01,500\nLate.\n")
    words = SubtitleWords(path)
    assert [line.text for line in words.lines(tmp_path / "s.wav", 6000, EARS, "en")] == ["One."]
    before = words.key
    os.utime(path, ns=(1, 1))
    assert words.key != before


def test_a_recogniser_says_what_it_hears(tmp_path: Path) -> None:
    words = HeardWords(FakeTranscriber())
    (line,) = words.lines(sound(tmp_path / "s.wav", (500, 2500)), 6000, EARS, "en")
    assert line.text
    assert words.origin == "heard by fake-transcriber"
