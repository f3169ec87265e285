"""Broadcast-WAV written forward only: other readers agree, the stamp is where EBU Tech 3285 puts it, and long files become RF64."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile

from studio.media.broadcast_wav import Stamp, WavShape, pcm24, wav_header, wav_size

STAMP = Stamp("Line 7, Zoë", 172_800_000, reference="abc", date="2026-01-02", clock="03:04:05")


@pytest.mark.parametrize(("samples", "channels"), [(0, 1), (1, 1), (480, 1), (481, 2), (333, 1)])
def test_another_reader_finds_the_same_samples(samples: int, channels: int) -> None:
    shape = WavShape(samples, 48_000, channels)
    sound = np.random.default_rng(1).uniform(-1, 1, (samples, channels))
    data = wav_header(shape, STAMP) + pcm24(sound) + shape.pad
    assert len(data) == wav_size(shape, STAMP)
    assert len(data) % 2 == 0
    read, rate_hz = soundfile.read(io.BytesIO(data), dtype="float64", always_2d=True)
    assert rate_hz == 48_000
    np.testing.assert_allclose(read, sound, atol=0.51 / 2**23)


def test_24_bit_samples_pass_through_unchanged_and_louder_ones_are_held_at_full_scale() -> None:
    numbers = np.array([-(2**23), -1, 0, 1, 2**23 - 1])
    assert pcm24(numbers / 2**23) == b"".join(int(number).to_bytes(3, "little", signed=True) for number in numbers)
    assert pcm24(np.array([1.0, 2.0, -2.0])) == b"\xff\xff\x7f\xff\xff\x7f\x00\x00\x80"


def test_the_stamp_lies_where_the_standard_puts_it() -> None:
    header = wav_header(WavShape(10, 48_000), STAMP)
    at = header.index(b"bext")
    assert at == 12
    assert struct.unpack_from("<I", header, at + 4)[0] == 602
    body = header[at + 8 :]
    assert body[:256].rstrip(b"\0") == b"Line 7, Zo?"
    assert body[256:288].rstrip(b"\0") == b"Lipline"
    assert body[288:320].rstrip(b"\0") == b"abc"
    assert body[320:338] == b"2026-01-0203:04:05"
    assert struct.unpack_from("<QH", body, 338) == (172_800_000, 1)


def test_a_file_beyond_four_gigabytes_says_so_in_64_bits() -> None:
    shape = WavShape(1_500_000_000, 48_000)
    header = wav_header(shape, STAMP)
    assert header[:4] == b"RF64"
    assert header[12:16] == b"ds64"
    riff, data, count = struct.unpack_from("<QQQ", header, 20)
    assert data == shape.data_bytes == 4_500_000_000
    assert riff == wav_size(shape, STAMP) - 8
    assert count == shape.samples
