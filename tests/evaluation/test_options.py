"""Options out of their range are refused before anything is opened."""

from __future__ import annotations

import pytest

from studio.domain.errors import BadSetting
from studio.evaluation.options import EvaluationSettings


@pytest.mark.parametrize("wrong", [{"candidate_count": 0}, {"temperature": 0.0}, {"lines_per_scene": 0}, {"tolerance_s": -1.0}, {"durations": "spoken"}])
def test_an_option_out_of_its_range_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadSetting, match=next(iter(wrong))):
        EvaluationSettings(**wrong)
