"""WAV files keep every sample, and grow past 4 GiB in another coat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from studio.domain.errors import MediaToolFailed
from studio.engines.protocols import Audio
from studio.domain.timing import TimeSpan
from studio.media.wav import WavWriter, read_wav, read_wav_span, wav_blocks, wav_samples, write_wav


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    samples = np.linspace(-0.9, 0.9, 1000, dtype=np.float32)
    write_wav(tmp_path / "a.wav", Audio(samples, 24_000), subtype="FLOAT")
    again = read_wav(tmp_path / "a.wav")
    assert again.rate_hz == 24_000
    assert np.array_equal(again.samples, samples)


def test_two_channels_are_read_as_their_mean(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([[0.5, 0.0], [0.25, 0.25]]), 8000)
    assert np.allclose(read_wav(tmp_path / "a.wav").samples, [0.25, 0.25], atol=1e-4)


def test_blocks_add_up(tmp_path: Path) -> None:
    with WavWriter(tmp_path / "a.wav", rate_hz=48_000, channels=2, subtype="PCM_24") as wav:
        for length in (1, 1000, 0, 77):
            wav.write(np.zeros((length, 2), dtype=np.float32))
    assert soundfile.info(tmp_path / "a.wav").frames == wav.samples_written == 1078


def test_a_programme_of_four_hours_is_announced_as_rf64(tmp_path: Path) -> None:
    with WavWriter(tmp_path / "a.wav", rate_hz=48_000, channels=2, subtype="FLOAT", expected_samples=4 * 3600 * 48_000) as wav:
        wav.write(np.zeros((10, 2), dtype=np.float32))
    assert (tmp_path / "a.wav").read_bytes()[:4] == b"RF64"
    assert len(soundfile.read(tmp_path / "a.wav")[0]) == 10


def test_length_at_another_rate_comes_from_the_header(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", Audio(np.zeros(22_050, dtype=np.float32), 22_050))
    assert wav_samples(tmp_path / "a.wav", 48_000) == 48_000


def test_a_missing_folder_is_not_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(MediaToolFailed, match=r"Writing a\.wav failed: there is no folder .*gone"):
        write_wav(tmp_path / "gone" / "a.wav", Audio(np.zeros(10, np.float32), 16_000))


def test_what_is_no_sound_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFFnothing")
    for read in (read_wav, lambda path: wav_samples(path, 48_000)):
        with pytest.raises(MediaToolFailed, match=r"Reading the sound file a\.wav"):
            read(tmp_path / "a.wav")


def test_a_span_is_cut_to_the_sample_and_silent_past_the_end(tmp_path: Path) -> None:
    samples = np.linspace(-0.9, 0.9, 16_000, dtype=np.float32)
    write_wav(tmp_path / "a.wav", Audio(samples, 16_000), subtype="FLOAT")
    assert np.array_equal(read_wav_span(tmp_path / "a.wav", TimeSpan(250, 500)).samples, samples[4000:8000])
    tail = read_wav_span(tmp_path / "a.wav", TimeSpan(900, 1100)).samples
    assert len(tail) == 3200 and np.array_equal(tail[:1600], samples[14_400:]) and not tail[1600:].any()
    assert not read_wav_span(tmp_path / "a.wav", TimeSpan(5000, 5100)).samples.any()
    with pytest.raises(MediaToolFailed):
        read_wav_span(tmp_path / "none.wav", TimeSpan(0, 10))


def test_blocks_of_a_file_join_to_the_whole(tmp_path: Path) -> None:
    samples = np.linspace(-0.9, 0.9, 10_001, dtype=np.float32)
    write_wav(tmp_path / "a.wav", Audio(samples, 16_000), subtype="FLOAT")
    blocks = list(wav_blocks(tmp_path / "a.wav", 4000))
    assert [len(block) for block in blocks] == [4000, 4000, 2001]
    assert np.array_equal(np.concatenate(blocks), samples)
    with pytest.raises(MediaToolFailed):
        list(wav_blocks(tmp_path / "none.wav", 4000))
