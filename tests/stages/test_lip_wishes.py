from __future__ import annotations

import numpy as np
import pytest

from studio.domain.faces import Presence
from studio.domain.line import Slot
from studio.domain.lip_guide import LipGuide
from studio.domain.settings import Guidance
from studio.domain.timing import TimeSpan
from studio.stages.lip_wishes import OVER_COST, SHUT_COST, UNSEEN_SHARE, frames_of, spoken_with_open_lips, wishes

SLOT = Slot(5000, 1000, 400)
SPEECH = (TimeSpan(5200, 5800),)


def guide(opening: tuple[float | None, ...] = (), *, lips: float = 1.0, face: float = 0.0, **cues: object) -> LipGuide:
    return LipGuide(Presence.ON_SCREEN, Guidance(face, lips), opening, **({"speech": SPEECH} | cues))


def mouth(*parts: tuple[int, float | None]) -> tuple[float | None, ...]:
    """So many pictures of each opening."""
    return tuple(value for count, value in parts for _ in range(count))


def test_speech_costs_where_the_source_is_silent_and_silence_where_it_speaks() -> None:
    wish = wishes(guide(), SLOT, 139)
    assert np.array_equal(wish.speech, [1.0] * 20 + [0.0] * 60 + [1.0] * 59)
    assert np.array_equal(wish.silence, [0.0] * 20 + [1.0] * 60 + [0.0] * 59)
    assert not wish.emphasis.any()


def test_after_the_slot_speech_costs_more_than_lips_can_ask_and_nothing_else_is_asked() -> None:
    wish = wishes(guide(lips=5.0), SLOT, 200)
    assert frames_of(SLOT) == 140 and (wish.speech[140:] == OVER_COST).all() and wish.speech[:140].max() == 5.0
    assert not wish.silence[140:].any() and (wish.closure[140:] == OVER_COST).all()
    assert np.array_equal(wish.closure[:140], wish.silence[:140])


def test_the_scale_weighs_and_zero_leaves_the_lips_out() -> None:
    one, three, none = (wishes(guide(lips=scale), SLOT, 139) for scale in (1.0, 3.0, 0.0))
    assert np.array_equal(three.speech, 3 * one.speech) and np.array_equal(three.silence, 3 * one.silence)
    assert not none.speech.any() and not none.silence.any()


def test_against_a_shut_mouth_speech_costs_a_little_and_silence_less_than_it_would() -> None:
    wish = wishes(guide(mouth((10, 0.6), (6, 0.02), (20, 0.6))), SLOT, 139)
    shut, open_ = slice(40, 64), slice(64, 80)
    assert (wish.speech[shut] == SHUT_COST).all() and (wish.silence[shut] == 1 - SHUT_COST).all()
    assert not wish.speech[open_].any() and (wish.silence[open_] == 1.0).all()


def test_lips_that_close_for_a_consonant_are_speaking() -> None:
    assert not wishes(guide(mouth((8, 0.6), (3, 0.02), (24, 0.6))), SLOT, 139).speech[20:80].any()


def test_a_mouth_that_hardly_moves_tells_nothing() -> None:
    still = mouth((18, 0.30), (17, 0.34))
    assert np.array_equal(wishes(guide(still), SLOT, 139).speech, wishes(guide(), SLOT, 139).speech)


def test_where_a_mouth_is_out_of_sight_for_a_while_less_is_asked() -> None:
    wish = wishes(guide(mouth((10, 0.5), (10, None), (15, 0.7))), SLOT, 139)
    assert (wish.silence[40:80] == UNSEEN_SHARE).all() and (wish.silence[20:40] == 1.0).all()


def test_without_any_source_speech_the_mouth_alone_says_when_to_speak() -> None:
    wish = wishes(guide(mouth((10, 0.0), (15, 0.8), (10, 0.0)), speech=()), SLOT, 139)
    assert np.array_equal(wish.silence > 0, [40 <= frame < 100 for frame in range(139)])


def test_emphasis_follows_level_and_mouth_inside_the_speech_only() -> None:
    level = tuple(0.8 + 0.2 * (frame % 10 < 5) for frame in range(35))
    wish = wishes(guide(face=1.0, lips=0.0, level=level), SLOT, 139)
    assert not wish.emphasis[:20].any() and not wish.emphasis[80:].any()
    assert wish.emphasis[24:40].max() < 0 < wish.emphasis[41:60].min()
    assert wish.emphasis.sum() == pytest.approx(0, abs=1e-9)
    assert np.array_equal(wishes(guide(face=2.0, lips=0.0, level=level), SLOT, 139).emphasis, 2 * wish.emphasis)


def test_lips_that_close_for_three_pictures_pause_and_for_two_speak() -> None:
    opening = mouth((10, 0.5), (3, 0.0), (10, 0.5), (2, 0.0), (5, 0.5))
    assert spoken_with_open_lips(opening, 1200) == ((0, 400), (520, 1200))


def test_lips_that_are_not_seen_or_hardly_move_pause_nowhere() -> None:
    assert spoken_with_open_lips(mouth((20, None)), 800) == () == spoken_with_open_lips((), 800)
    assert spoken_with_open_lips(mouth((20, 0.05)), 790) == ((0, 790),)
    assert spoken_with_open_lips(mouth((5, 0.5), (10, None), (5, 0.5)), 800) == ((0, 800),)
