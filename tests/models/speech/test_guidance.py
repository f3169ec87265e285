"""Promises of the guidance: which branches are evaluated, and that scales of zero leave no trace."""

from __future__ import annotations

import pytest

from models.speech.fusion import Stream
from models.speech.guidance import Branch, GuidanceForm, Scales, weighted_branches

BOTH = (Stream.FACE, Stream.LIP)
PLAIN = Branch(has_text=True, has_speech=True)
FACE = Branch(True, True, frozenset({Stream.FACE}))
LIP = Branch(True, True, frozenset({Stream.LIP}))
FULL = Branch(True, True, frozenset(BOTH))


def branches(scales: Scales, streams: tuple[Stream, ...] = BOTH, time: float = 0.7) -> dict[Branch, float]:
    return dict(weighted_branches(scales, streams, time))


@pytest.mark.parametrize("form", list(GuidanceForm))
@pytest.mark.parametrize("time", [0.0, 0.5, 0.51, 0.99])
@pytest.mark.parametrize("scales", [(1.0, 0.0, 0.0, 0.0), (0.5, 1.0, 2.0, 3.0), (2.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.5)])
def test_weights_always_sum_to_one(form: GuidanceForm, time: float, scales: tuple[float, float, float, float]) -> None:
    found = branches(Scales(*scales, form=form), tuple(Stream), time)
    assert sum(found.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("form", list(GuidanceForm))
def test_without_visual_scales_only_zipvoices_own_two_branches_are_left(form: GuidanceForm) -> None:
    assert branches(Scales(1.0, form=form)) == {PLAIN: 2.0, Branch(False, False): -1.0}


def test_until_the_middle_the_speech_context_stays_and_the_scale_is_doubled() -> None:
    assert branches(Scales(1.0), time=0.5) == {PLAIN: 3.0, Branch(False, True): -2.0}


def test_no_text_guidance_is_one_evaluation() -> None:
    assert branches(Scales(0.0)) == {PLAIN: 1.0}


def test_full_scales_without_text_guidance_are_the_net_under_all_conditions() -> None:
    assert branches(Scales(0.0, face=1.0, lip=1.0)) == {FULL: 1.0}


def test_the_nested_form_is_that_of_the_paper() -> None:
    found = branches(Scales(1.5, face=2.0, lip=3.0))
    assert found == pytest.approx({Branch(False, False): -1.5, PLAIN: 2.5 - 2.0, FACE: 2.0 - 3.0, FULL: 3.0})


def test_a_lip_scale_of_zero_makes_the_lips_irrelevant() -> None:
    assert not any(Stream.LIP in branch.streams for branch in branches(Scales(1.0, face=2.0)))


def test_the_independent_form_sets_each_stream_on_the_text_alone() -> None:
    assert branches(Scales(0.0, face=0.5, lip=2.0, form=GuidanceForm.INDEPENDENT)) == pytest.approx({PLAIN: -1.5, FACE: 0.5, LIP: 2.0})


def test_the_aligndit_form_goes_beyond_the_net_under_all_conditions() -> None:
    found = branches(Scales(5.0, face=2.0, lip=2.0, form=GuidanceForm.ALIGNDIT))
    assert found == pytest.approx({FULL: 3.0, PLAIN: 3.0, Branch(False, False): -5.0})


def test_streams_that_are_not_there_are_not_evaluated() -> None:
    assert branches(Scales(1.0, face=1.0, lip=1.0), ()) == branches(Scales(1.0))


def test_a_pause_nobody_drew_is_not_under_the_face() -> None:
    assert FACE in branches(Scales(0.0, face=1.0), tuple(Stream))


def test_a_distilled_net_needs_no_unguided_branch() -> None:
    assert dict(weighted_branches(Scales(3.0), (), 0.2, is_distilled=True)) == {PLAIN: 1.0}


def test_scales_out_of_range_are_named() -> None:
    with pytest.raises(ValueError, match="face"):
        Scales(face=-1.0)
