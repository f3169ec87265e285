from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.domain.timing import TimeSpan, duration_penalty, frames_to_ms, ms_to_frames, ms_to_samples, samples_to_ms


@pytest.mark.parametrize(
    ("delta_s", "expected"), [(-1, 1.0), (-0.5, 0.5), (-0.2, 0.2), (0, 0.0), (0.1, 0.10517), (0.2, 0.22140), (0.5, 0.64872), (1, 1.71828)]
)
def test_the_penalty_is_the_papers_p(delta_s: float, expected: float) -> None:
    assert duration_penalty(delta_s) == pytest.approx(expected, abs=5e-6)


SSPO_ROWS = [  # source seconds, candidate seconds, chosen, rejected: numbers of the authors' demo records
    (0.74, (1.11, 0.64, 1.35, 1.34, 1.26, 0.94, 0.81), 6, 2),
    (1.87, (1.98, 2.21, 1.34, 1.64), 0, 2),
    (2.59, (1.06, 0.44, 1.52, 1.03, 0.92, 1.03), 2, 1),
    (0.91, (1.49, 1.41, 1.35, 1.53), 2, 3),
    (2.39, (2.3, 2.57, 1.88, 2.43, 2.39, 2.57, 2.13, 1.87), 4, 7),
    (0.94, (0.58, 0.92, 0.93, 1.18), 2, 0),
    (0.49, (0.98, 0.83, 0.44), 2, 0),
]


@pytest.mark.parametrize(("source_s", "candidates_s", "chosen", "rejected"), SSPO_ROWS)
def test_the_penalty_chooses_and_rejects_as_the_papers_records_do(source_s: float, candidates_s: tuple, chosen: int, rejected: int) -> None:
    penalties = [duration_penalty(seconds - source_s) for seconds in candidates_s]
    assert penalties.index(min(penalties)) == chosen
    assert penalties.index(max(penalties)) == rejected


@pytest.mark.parametrize(("start_ms", "end_ms"), [(-1, 10), (10, 10), (11, 10)])
def test_a_span_is_never_empty_or_negative(start_ms: int, end_ms: int) -> None:
    with pytest.raises(ValueError, match="span"):
        TimeSpan(start_ms, end_ms)


def test_spans_that_only_touch_do_not_overlap() -> None:
    assert not TimeSpan(0, 100).overlaps(TimeSpan(100, 200))
    assert TimeSpan(0, 101).overlaps(TimeSpan(100, 200))


@given(st.integers(0, 4 * 3600 * 1000), st.sampled_from([8000, 16000, 22050, 24000, 44100, 48000]))
def test_ms_survive_the_way_through_samples_at_any_length(ms: int, rate_hz: int) -> None:
    assert samples_to_ms(ms_to_samples(ms, rate_hz), rate_hz) == ms


@given(st.integers(0, 400_000), st.sampled_from([Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60)]))
def test_the_start_of_a_frame_lies_on_that_frame_or_rounds_into_its_neighbour(frame: int, fps: Fraction) -> None:
    assert abs(ms_to_frames(frames_to_ms(frame, fps), fps) - frame) <= 1
