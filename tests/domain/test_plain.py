from dataclasses import replace
from fractions import Fraction

import pytest

from studio.domain.errors import BadSetting
from studio.domain.line import Line, LineStatus, Slot, VoiceRef, Estimate, Fit, predict
from studio.domain.media import AudioTrack, MediaInfo, VideoTrack
from studio.domain.plain import fingerprint, from_plain, to_plain
from studio.domain.project import Project, Source
from studio.domain.settings import FitSettings, Guidance, Settings
from studio.domain.timing import TimeSpan


def a_project() -> Project:
    video = VideoTrack("h264", 640, 360, Fraction(30000, 1001), False, 90, 75)
    info = MediaInfo("mp4", 2503, 1000, video, (AudioTrack(0, "aac", 48000, 2, "eng", None, True),), notes=("odd",))
    return Project("p1", "ada", "Harbour", "en", "zh", Settings(guidance=Guidance(face_scale=1.5)), Source("a.mp4", "ab.mp4", info))


def test_a_project_survives_the_way_through_json() -> None:
    assert from_plain(Project, to_plain(a_project())) == a_project()


def test_a_line_with_optional_parts_survives_the_way_through_json() -> None:
    line = Line("l1", TimeSpan(0, 900), "s1", "hello", "你好", LineStatus.APPROVED, VoiceRef("espeak-ng", "cmn"), Guidance(1.0, 2.0), "t1", ("note",))
    assert from_plain(Line, to_plain(line)) == line
    bare = replace(line, voice=None, guidance=None, take_id=None)
    assert from_plain(Line, to_plain(bare)) == bare


def test_settings_of_an_older_version_take_todays_defaults_and_drop_what_is_gone() -> None:
    assert from_plain(Settings, {"fit": {"max_ratio": 1.1, "gone": 3}}) == Settings(fit=FitSettings(max_ratio=1.1))


def test_a_fingerprint_moves_with_every_input_and_with_nothing_else() -> None:
    settings = Settings()
    assert fingerprint("a", settings) == fingerprint("a", Settings())
    assert fingerprint("a", settings) != fingerprint("b", settings)
    assert fingerprint("a", settings) != fingerprint("a", replace(settings, audio_track=1))


@pytest.mark.parametrize("bad", [{"max_ratio": 2.5}, {"min_ratio": 0.1}, {"max_ratio": "fast"}])
def test_a_setting_outside_its_range_is_refused_with_a_sentence(bad: dict) -> None:
    with pytest.raises(BadSetting, match="must lie between"):
        FitSettings(**bad)


@pytest.mark.parametrize(
    ("total_ms", "fit", "delta_ms"), [(0, Fit.EMPTY, -2000), (2000, Fit.FITS, 0), (2300, Fit.FITS, 300), (2600, Fit.TIGHT, 600), (3000, Fit.OVER, 1000)]
)
def test_a_prediction_looks_at_the_slot_for_fit_and_at_the_span_for_delta(total_ms: int, fit: Fit, delta_ms: int) -> None:
    found = predict(Estimate(total_ms, 0, "test"), Slot(0, span_ms=2000, gap_ms=300), max_ratio=1.25)
    assert (found.fit, found.delta_ms) == (fit, delta_ms)
