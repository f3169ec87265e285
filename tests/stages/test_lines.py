"""Lines from sound: times, words, speakers; nothing invented, nothing lost on the way."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from studio.domain.errors import BadMedia, Cancelled, EngineFailed
from studio.domain.project import LineDraft, Script
from studio.domain.settings import LineSettings
from studio.engines.protocols import Audio, Words
from studio.engines.speaker_timbre import TimbreEncoder
from studio.engines.transcribe_manual import ManualTranscriber
from studio.engines.vad_silero import SileroDetector
from studio.stages.lines import NO_SPEECH, NO_WORDS, Ears, assign_speakers, hear_lines
from tests.fakes import FakeVad, FakeSpeakerEncoder, FakeTranscriber

RATE_HZ = 16_000
FAKES = Ears(FakeVad(), FakeTranscriber(), FakeSpeakerEncoder())


def tone(length_ms: int, pitch_hz: float) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * pitch_hz * np.arange(length_ms * 16) / RATE_HZ)).astype(np.float32)


def rest(length_ms: int) -> np.ndarray:
    return np.zeros(length_ms * 16, np.float32)


@pytest.fixture
def wav(tmp_path: Path) -> Callable[..., Path]:
    def write(*parts: np.ndarray) -> Path:
        path = tmp_path / "speech.wav"
        soundfile.write(path, np.concatenate(parts), RATE_HZ, subtype="PCM_16")
        return path

    return write


def test_each_stretch_of_speech_is_a_line_with_words_and_speaker(wav: Callable[..., Path]) -> None:
    path = wav(rest(1000), tone(2000, 200), rest(1500), tone(3000, 3000), rest(1000), tone(2000, 200), rest(500))
    script = hear_lines(path, "en", FAKES, LineSettings())
    assert [line.speaker for line in script.lines] == ["Speaker 1", "Speaker 2", "Speaker 1"]
    assert [line.text.split()[0] for line in script.lines] == ["word1"] * 3
    for line, (start_ms, end_ms) in zip(script.lines, [(1000, 3000), (4500, 7500), (8500, 10_500)], strict=True):
        assert abs(line.start_ms - start_ms) <= 100 and abs(line.end_ms - end_ms) <= 100
    assert (script.skipped, script.format) == ((), "heard")


def test_people_who_leave_each_other_no_pause_are_parted_by_their_voices(wav: Callable[..., Path]) -> None:
    script = hear_lines(
        wav(tone(2500, 200), rest(120), tone(2500, 3000), rest(120), tone(2500, 3000), rest(800)), "en", FAKES, LineSettings()
    )
    assert [line.speaker for line in script.lines] == ["Speaker 1", "Speaker 2"]
    assert abs(script.lines[0].end_ms - 2560) <= 60


def test_silence_gives_no_lines_and_a_sentence(wav: Callable[..., Path]) -> None:
    script = hear_lines(wav(rest(3000)), "en", FAKES, LineSettings())
    assert script.lines == () and script.skipped[0].reason == NO_SPEECH
    assert hear_lines(wav(rest(0)), "en", FAKES, LineSettings()).lines == ()


def test_without_recognition_the_lines_wait_to_be_typed_in(wav: Callable[..., Path]) -> None:
    script = hear_lines(wav(tone(2000, 200), rest(1000)), "en", Ears(FakeVad(), ManualTranscriber(), FakeSpeakerEncoder()), LineSettings())
    assert [line.text for line in script.lines] == [""]
    assert [(item.where, item.reason) for item in script.skipped] == [("all lines", NO_WORDS)]


class Stumbling(FakeTranscriber):
    """Fails on every stretch longer than `limit_ms`."""

    def __init__(self, limit_ms: int) -> None:
        super().__init__()
        self.limit_ms = limit_ms

    def transcribe(self, audio: Audio, language: str) -> Words:
        if audio.length_ms > self.limit_ms:
            raise EngineFailed(self.name, "it stumbled.")
        return super().transcribe(audio, language)


def test_a_line_the_engine_fails_on_is_empty_and_listed_and_a_failing_engine_is_an_error(wav: Callable[..., Path]) -> None:
    path = wav(tone(2000, 200), rest(1000), tone(4000, 200), rest(1000))
    script = hear_lines(path, "en", Ears(FakeVad(), Stumbling(3000), FakeSpeakerEncoder()), LineSettings())
    assert [bool(line.text) for line in script.lines] == [True, False]
    assert "it stumbled" in script.skipped[0].reason and len(script.skipped) == 1
    with pytest.raises(EngineFailed):
        hear_lines(path, "en", Ears(FakeVad(), Stumbling(0), FakeSpeakerEncoder()), LineSettings())


def test_progress_grows_to_its_total_and_a_stop_is_heeded(wav: Callable[..., Path]) -> None:
    path = wav(*[part for _ in range(4) for part in (tone(2000, 200), rest(1000))])
    seen: list[float] = []
    hear_lines(path, "en", FAKES, LineSettings(), progress=lambda done, total: seen.append(done / total))
    assert seen == sorted(seen) and seen[-1] == 1.0

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        hear_lines(path, "en", FAKES, LineSettings(), check=stop)


def test_a_file_that_is_no_such_sound_is_refused(tmp_path: Path) -> None:
    broken, wrong = tmp_path / "broken.wav", tmp_path / "wrong.wav"
    broken.write_bytes(b"RIFFnothing")
    soundfile.write(wrong, np.zeros(800, np.float32), 8000)
    for path in (broken, wrong):
        with pytest.raises(BadMedia, match=path.name):
            hear_lines(path, "en", FAKES, LineSettings())


def test_speakers_are_assigned_only_where_a_script_names_none(wav: Callable[..., Path]) -> None:
    path = wav(tone(3000, 200), tone(3000, 3000), tone(3000, 200))
    lines = (LineDraft(0, 3000, "a"), LineDraft(3000, 6000, "b"), LineDraft(6000, 9000, "c", "Ann"), LineDraft(99_000, 99_500, "late"))
    found = assign_speakers(path, Script(lines, encoding="utf-8"), FakeSpeakerEncoder(), LineSettings())
    assert [line.speaker for line in found.lines][:3] == ["Speaker 1", "Speaker 2", "Ann"]
    assert found.lines[3].speaker in ("Speaker 1", "Speaker 2")
    assert [line.text for line in found.lines] == ["a", "b", "c", "late"] and found.encoding == "utf-8"


@pytest.fixture(scope="module")
def conversation(corpus_dir: Path, ffmpeg_path: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import subprocess

    path = tmp_path_factory.mktemp("conversation") / "speech.wav"
    source = corpus_dir / "clips" / "composite" / "conversation_dev.mp4"
    argv = [ffmpeg_path, "-v", "error", "-i", str(source), "-ac", "1", "-ar", str(RATE_HZ), "-c:a", "pcm_s16le", str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return path


@pytest.mark.corpus
def test_a_real_conversation_is_covered_by_lines_of_bearable_length(corpus_dir: Path, conversation: Path) -> None:
    ears = Ears(SileroDetector(), ManualTranscriber(), TimbreEncoder())
    ears.encoder.load()
    started = time.process_time()
    script = hear_lines(conversation, "en", ears, LineSettings(max_speakers=32))
    assert 136 / (time.process_time() - started) > 60, "speech must run at 60 times real time or more on one core"
    heard = np.zeros(140_000, bool)
    for line in script.lines:
        heard[line.start_ms : line.end_ms] = True
    with (corpus_dir / "clips" / "composite" / "conversation_dev.tsv").open(encoding="utf-8", newline="") as rows:
        turns = [row for row in csv.DictReader(rows, delimiter="\t") if row["text"]]
    spoken = np.concatenate([heard[round(1000 * float(row["start"])) : round(1000 * float(row["end"]))] for row in turns])
    assert spoken.mean() > 0.9
    assert max(line.end_ms - line.start_ms for line in script.lines) <= 12_000
    assert 1_000 < np.median([line.end_ms - line.start_ms for line in script.lines]) < 7_000
    assert len({line.speaker for line in script.lines}) >= 4
