from __future__ import annotations

import pytest

from studio.domain.faces import Presence
from studio.domain.lip_guide import LipGuide
from studio.domain.settings import Guidance
from studio.domain.timing import TimeSpan

SPEECH = (TimeSpan(100, 900),)


@pytest.mark.parametrize("scales", [Guidance(0.0, 1.0), Guidance(0.5, 0.0)])
@pytest.mark.parametrize("presence", [Presence.ON_SCREEN, Presence.PARTLY, Presence.UNKNOWN])
def test_a_scale_and_a_cue_make_a_guide(presence: Presence, scales: Guidance) -> None:
    assert LipGuide(presence, scales, speech=SPEECH).is_active
    assert LipGuide(presence, scales, opening=(None, 0.2)).is_active


@pytest.mark.parametrize(
    "guide",
    [
        LipGuide(Presence.ON_SCREEN, Guidance(0.0, 0.0), (0.1, 0.9), SPEECH),
        LipGuide(Presence.OFF_SCREEN, Guidance(3.0, 3.0), (0.1, 0.9), SPEECH),
        LipGuide(Presence.ON_SCREEN, Guidance(3.0, 3.0), (None, None)),
    ],
    ids=["nobody asked", "off screen", "nothing known"],
)
def test_a_line_is_left_free(guide: LipGuide) -> None:
    assert not guide.is_active
