"""The mix: as long as the programme, takes in place, the original down only under them, at the loudness asked for."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from studio.domain.errors import BadMedia, Cancelled
from studio.domain.settings import MixSettings
from studio.domain.timing import TimeSpan
from studio.media.loudness import LoudnessMeter, measure
from studio.media.probe import probe
from studio.stages.mix import AAC_MARGIN_DB, MixRequest, PlacedTake, mix
from tests.media.samples import ffmpeg, tone

RATE_HZ = 48_000
SOURCE_HZ, DUB_HZ = 220, 900


@pytest.fixture(scope="module")
def hum(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """6 s of a steady hum at 220 Hz, where any change of level is the mixer's."""
    path = tmp_path_factory.mktemp("hum") / "hum.flac"
    ffmpeg("-f", "lavfi", "-i", f"sine=frequency={SOURCE_HZ}:sample_rate=44100:duration=6,volume=-6dB", "-ac", "2", str(path))
    return path


def asked(path: Path, takes: tuple[PlacedTake, ...], **changes: object) -> MixRequest:
    wanted = {"source": path, "info": probe(path, name=path.name), "track": 0, "takes": takes, "settings": MixSettings(), **changes}
    return MixRequest(**wanted)  # type: ignore[arg-type]


def take(folder: Path, start_ms: int, *, seconds: float = 1.0) -> PlacedTake:
    end_ms = start_ms + round(seconds * 1000)
    return PlacedTake(tone(folder / f"{start_ms}.wav", seconds=seconds, hz=DUB_HZ), start_ms, TimeSpan(start_ms, end_ms))


def level_db(samples: np.ndarray, hz: int, span: TimeSpan) -> float:
    """Level of one frequency within a span."""
    part = samples[span.start_ms * 48 : span.end_ms * 48, 0]
    angle = np.exp(-2j * np.pi * hz * np.arange(len(part)) / RATE_HZ)
    return float(20 * np.log10(2 * abs(np.mean(part * angle * np.hanning(len(part)) * 2)) + 1e-12))


def mixed(request: MixRequest, folder: Path) -> np.ndarray:
    mix(request, folder / "mix.wav")
    return soundfile.read(folder / "mix.wav")[0]


def test_the_original_is_down_under_the_line_and_untouched_elsewhere(hum: Path, tmp_path: Path) -> None:
    out = mixed(asked(hum, (take(tmp_path, 2000),)), tmp_path)
    assert len(out) == 6 * RATE_HZ
    before, under, after = (level_db(out, SOURCE_HZ, TimeSpan(start, start + 500)) for start in (500, 2250, 4500))
    assert under - before == pytest.approx(-18, abs=0.3)
    assert after == pytest.approx(before, abs=0.05)
    assert level_db(out, SOURCE_HZ, TimeSpan(1200, 1850)) == pytest.approx(before, abs=0.2)


def test_a_line_without_a_take_keeps_its_voice(hum: Path, tmp_path: Path) -> None:
    request = asked(hum, (take(tmp_path, 1000),), dialogue=(TimeSpan(1000, 2000), TimeSpan(4000, 5000)))
    out = mixed(request, tmp_path)
    assert level_db(out, SOURCE_HZ, TimeSpan(4200, 4800)) == pytest.approx(level_db(out, SOURCE_HZ, TimeSpan(3000, 3600)), abs=0.05)


def test_the_take_begins_at_its_very_sample(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-t", "3", str(tmp_path / "silence.wav"))
    soundfile.write(tmp_path / "step.wav", np.full(4800, 0.5), RATE_HZ, subtype="FLOAT")
    out = mixed(asked(tmp_path / "silence.wav", (PlacedTake(tmp_path / "step.wav", 1234),)), tmp_path)
    sounding = np.flatnonzero(np.abs(out[:, 0]) > 1e-5)
    assert sounding[0] in (1234 * 48 + 1, 1234 * 48 + 2)
    assert sounding[-1] in range(1234 * 48 + 4795, 1234 * 48 + 4800)
    assert np.array_equal(out[:, 0], out[:, 1])


def test_the_take_takes_over_the_level_of_the_voice_it_replaces(hum: Path, tmp_path: Path) -> None:
    """Heard through the meter: the original's line before, the dub alone after, gain set aside."""
    report = mix(asked(hum, (take(tmp_path, 2000),)), tmp_path / "mix.wav", voices_out=tmp_path / "voices.wav")
    source = LoudnessMeter()
    ffmpeg("-i", str(hum), "-ar", "48000", str(tmp_path / "hum.wav"))
    source.add(soundfile.read(tmp_path / "hum.wav")[0])
    voices = LoudnessMeter()
    voices.add(soundfile.read(tmp_path / "voices.wav")[0])
    span = TimeSpan(2100, 2900)
    assert voices.dialogue_lufs([span]) == pytest.approx(source.dialogue_lufs([span]) + report.gain_db, abs=0.7)


def test_more_dub_gain_lifts_the_dub_over_the_bed(hum: Path, tmp_path: Path) -> None:
    ratios = []
    for gain_db in (0.0, 6.0):
        out = mixed(asked(hum, (take(tmp_path, 2000),), settings=MixSettings(dub_gain_db=gain_db)), tmp_path)
        span = TimeSpan(2250, 2750)
        ratios.append(level_db(out, DUB_HZ, span) - level_db(out, SOURCE_HZ, span))
    assert ratios[1] - ratios[0] == pytest.approx(6.0, abs=0.2)


@pytest.mark.parametrize("profile", ["ebu_r128", "dialogue_-27"])
def test_the_programme_meets_its_profile(hum: Path, tmp_path: Path, profile: str) -> None:
    settings = MixSettings(loudness_profile=profile)
    report = mix(asked(hum, (take(tmp_path, 2000),), settings=settings), tmp_path / "mix.wav")
    if profile == "ebu_r128":
        assert measure(tmp_path / "mix.wav").integrated_lufs == pytest.approx(-23.0, abs=0.2)
        assert report.loudness.integrated_lufs == pytest.approx(-23.0, abs=0.2)
    else:
        assert report.dialogue_lufs == pytest.approx(-27.0, abs=0.2)


def test_a_lone_shout_is_held_under_the_peak_limit_after_encoding_too(tmp_path: Path) -> None:
    quiet = "aevalsrc='0.06*(random(0)-0.5)+0.9*between(t,3,3.002)*sin(2*PI*3000*t)':s=48000:d=12"
    ffmpeg("-f", "lavfi", "-i", quiet, "-ac", "2", str(tmp_path / "shout.flac"))
    report = mix(asked(tmp_path / "shout.flac", ()), tmp_path / "mix.wav")
    ffmpeg("-i", str(tmp_path / "mix.wav"), "-c:a", "aac", "-b:a", "192k", str(tmp_path / "mix.m4a"))
    assert report.limited_ms > 0
    assert report.loudness.true_peak_dbtp <= -1.0 - AAC_MARGIN_DB + 0.1
    assert measure(tmp_path / "mix.m4a").true_peak_dbtp <= -1.0


def test_a_stem_is_the_bed_as_it_is_and_the_original_is_not_heard(hum: Path, tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "sine=frequency=500:duration=6", "-ac", "2", str(tmp_path / "stem.wav"))
    out = mixed(asked(hum, (take(tmp_path, 2000),), bed=tmp_path / "stem.wav"), tmp_path)
    assert level_db(out, 500, TimeSpan(2250, 2750)) == pytest.approx(level_db(out, 500, TimeSpan(500, 1000)), abs=0.1)
    assert level_db(out, SOURCE_HZ, TimeSpan(500, 1000)) < -60


def test_a_short_stem_is_told_and_one_without_sound_refused(hum: Path, clip: Path, tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "sine=duration=2", str(tmp_path / "stem.wav"))
    ffmpeg("-i", str(clip), "-an", "-c", "copy", str(tmp_path / "mute.mp4"))
    report = mix(asked(hum, (), bed=tmp_path / "stem.wav"), tmp_path / "mix.wav")
    assert any("4.0 s shorter than the programme" in notice for notice in report.notices)
    with pytest.raises(BadMedia, match="no sound"):
        mix(asked(hum, (), bed=tmp_path / "mute.mp4"), tmp_path / "mix.wav")


def test_a_film_without_sound_is_dubbed_over_silence(tmp_path: Path, clip: Path) -> None:
    ffmpeg("-i", str(clip), "-an", "-c", "copy", str(tmp_path / "mute.mp4"))
    report = mix(asked(tmp_path / "mute.mp4", (take(tmp_path, 1000),)), tmp_path / "mix.wav")
    out = soundfile.read(tmp_path / "mix.wav")[0]
    assert len(out) == 3 * RATE_HZ
    assert not out[: 48 * 990].any()
    assert report.loudness.integrated_lufs == pytest.approx(-23, abs=0.3)
    assert any("no sound" in notice for notice in report.notices)


def test_silence_stays_silence(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-t", "1", str(tmp_path / "silence.wav"))
    report = mix(asked(tmp_path / "silence.wav", ()), tmp_path / "mix.wav")
    assert report.loudness.integrated_lufs is None
    assert not soundfile.read(tmp_path / "mix.wav")[0].any()


def test_a_take_past_the_end_is_told(hum: Path, tmp_path: Path) -> None:
    report = mix(asked(hum, (take(tmp_path, 5500),)), tmp_path / "mix.wav")
    assert any("runs past the end" in notice for notice in report.notices)
    assert soundfile.info(tmp_path / "mix.wav").frames == 6 * RATE_HZ


def test_progress_never_goes_back_and_ends_full(hum: Path, tmp_path: Path) -> None:
    told: list[int] = []
    mix(asked(hum, (take(tmp_path, 2000),)), tmp_path / "mix.wav", progress=lambda done, total: told.append(done))
    assert told == sorted(told)
    assert 5800 <= told[-1] <= 6000


def test_a_stop_leaves_the_old_mix(hum: Path, tmp_path: Path) -> None:
    (tmp_path / "mix.wav").write_bytes(b"old")
    with pytest.raises(Cancelled):
        mix(asked(hum, ()), tmp_path / "mix.wav", cancel=lambda: True)
    assert (tmp_path / "mix.wav").read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [tmp_path / "mix.wav"]


def test_memory_does_not_grow_with_the_programme(tmp_path: Path) -> None:
    """A minute more of the mix would be 23 MB as floats, several times over; what is held at once hardly changes."""

    def peak_bytes(seconds: int) -> int:
        ffmpeg("-f", "lavfi", "-i", f"sine=duration={seconds}:sample_rate=8000", str(tmp_path / "long.flac"))
        request = asked(tmp_path / "long.flac", tuple(take(tmp_path, start) for start in range(1000, seconds * 1000 - 2000, 5000)))
        tracemalloc.start()
        mix(request, tmp_path / "mix.wav")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    mix(asked(tone(tmp_path / "warm.wav"), ()), tmp_path / "mix.wav")  # what is imported once does not count
    assert peak_bytes(75) < peak_bytes(15) + 3_000_000
