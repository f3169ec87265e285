from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.overlap import Measured, Words, clips_of, numbers, summed_up, table
from studio.domain.faces import Presence
from studio.domain.line import Slot
from studio.domain.lip_guide import LipGuide
from studio.domain.settings import FitSettings, Guidance
from studio.domain.timing import TimeSpan
from studio.engines.protocols import Audio
from studio.engines.voice_protocols import Speech
from studio.stages.guided_fit import Room, fit_speech
from studio.stages.voice import Voiced
from tests.fakes import FakeVad

COLUMNS = "file,width,language,transcript,system,set_id"
ROW = Measured("a.mp4", "en", False, Presence.ON_SCREEN.value, "clip", 0.0, 0.6, 0.7, 1.0, 0.9, 1.1, 0, True)


def test_originals_are_said_in_their_own_words_and_in_their_translations(tmp_path: Path) -> None:
    index = tmp_path / "index.csv"
    index.write_text(
        f"{COLUMNS}\na.mp4,320,en,hello,original,s1\na_es.mp4,320,es,hola,dubber,s1\na_again.mp4,320,en,hello,other,s1\n"
        "b.mp4,320,de,guten Tag,,\nsilent.mp4,320,en,,original,\nsound.mp4,,en,hello,original,\n",
        encoding="utf-8",
    )
    assert clips_of(index) == {tmp_path / "a.mp4": [Words("hello", "en"), Words("hola", "es", True)], tmp_path / "b.mp4": [Words("guten Tag", "de")]}


def test_words_with_times_are_joined_clip_by_clip(tmp_path: Path) -> None:
    index = tmp_path / "words.tsv"
    index.write_text("clip\tstart_s\tend_s\tword\nx\t0\t.4\tsil\nx\t.4\t.6\tbin\nx\t.6\t.9\tblue\ny\t0\t1\tlay\n", encoding="utf-8")
    assert clips_of(index) == {tmp_path / "x.mp4": [Words("bin blue", "en")], tmp_path / "y.mp4": [Words("lay", "en")]}


def test_means_are_over_on_screen_lines_and_over_all_by_slot_and_scale() -> None:
    rows = [ROW, replace(ROW, overlap=0.9), replace(ROW, lip_scale=1.0, overlap=1.0, limits_held=False), replace(ROW, presence="off screen", overlap=0.3)]
    found = summed_up(rows)
    assert [(row["lines"], row["lip_scale"], row["count"], row["overlap"]) for row in found] == [
        ("on screen", 0.0, 2, 0.75), ("on screen", 1.0, 1, 1.0), ("all", 0.0, 3, 0.6), ("all", 1.0, 1, 1.0),
    ]  # fmt: skip
    assert found[0]["share_at_aim"] == 0.5 and found[1]["limits_held"] == 0.0
    lines = table(found)
    assert len(lines) == 5 and len({len(line) for line in lines}) == 1
    assert table([]) == ["no clip could be measured"]


def test_a_take_is_measured_by_both_definitions_and_against_its_limits() -> None:
    time_s = np.arange(16_000) / 16_000
    tone = Audio((0.3 * np.sin(2 * np.pi * 150 * time_s)).astype(np.float32), 16_000)
    source = [TimeSpan(2500, 3500)]
    guide = LipGuide(Presence.ON_SCREEN, Guidance(0.0, 1.0), speech=tuple(source))
    room = Room(Slot(2000, 3000, 0), FitSettings(), guide)
    fitted = fit_speech(Speech(tone), room)
    voiced = Voiced(tone, fitted.audio, fitted.phones, fitted.report, 1.0)
    overlap, by_engine, rate, slowest, fastest, remainder_ms, held = numbers(voiced, room, (source, source), FakeVad())
    assert overlap == pytest.approx(1.0, abs=0.04) and by_engine == pytest.approx(1.0, abs=0.1)
    assert (rate, slowest, fastest) == pytest.approx((1.0, 1.0, 1.0), abs=0.03) and remainder_ms == 0 and held
    hurried = replace(voiced, report=replace(fitted.report, fastest_ratio=1.3))
    assert not numbers(hurried, room, (source, source), FakeVad())[-1]
