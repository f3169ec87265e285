"""Choices from changes of a line's text: typing collapses to one, going back leaves none."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from studio.domain.preference import Change, Choice, Earlier, TimedText, after_change

MACHINE = (TimedText("Come over here!", 900), TimedText("Come here!", 600), TimedText("Come!", 300))
KEYS = count()


def fresh(chosen: str, **fields: object) -> Choice:
    choice = Choice(str(next(KEYS)), "line", "zh", "en", "过来", 700, chosen, "", (), (Earlier("你好", 500, "Hello"),), "ada", "2026-01-01T00:00:00+00:00")
    return replace(choice, **fields)


def edited(known: tuple[Choice, ...], *texts: str, is_pick: bool = False, **fields: object) -> tuple[Choice, ...]:
    """The choices after the line's text went through `texts`, from the first to the last."""
    for old, new in zip(texts, texts[1:], strict=False):
        known = after_change(known, Change(old, fresh(new, **fields), MACHINE, is_pick))
    return known


def pairs(choices: tuple[Choice, ...]) -> list[tuple[str, str]]:
    return [(one.chosen, one.rejected) for one in choices]


def test_an_edit_of_a_machines_wording_prefers_the_new_text_and_keeps_what_was_on_offer() -> None:
    (choice,) = edited((), "Come over here!", "Over here!")
    assert (choice.chosen, choice.rejected) == ("Over here!", "Come over here!")
    assert choice.wordings == (*MACHINE, TimedText("Over here!", None))
    assert choice.timed("Over here!", 550).ms_of("Over here!") == 550
    assert choice.ms_of("Come over here!") == 900


def test_typing_letter_by_letter_is_one_choice_and_the_last_text_wins() -> None:
    known = edited((), "Come over here!", "Come over her", "Come over", "", "O", "Over", "Over here!")
    assert pairs(known) == [("Over here!", "Come over here!")]


def test_a_line_emptied_to_be_typed_anew_teaches_nothing_meanwhile() -> None:
    (choice,) = edited((), "Come over here!", "")
    assert not choice.is_lesson


def test_going_back_to_the_machines_wording_leaves_no_choice() -> None:
    assert edited((), "Come over here!", "Over here!", " Come  over here! ") == ()


def test_white_space_alone_is_no_choice() -> None:
    assert edited((), "Come over here!", "Come over here!\n") == ()


def test_a_pick_prefers_the_picked_wording_to_the_one_it_replaced() -> None:
    known = edited((), "Come over here!", "Come!", is_pick=True)
    assert pairs(known) == [("Come!", "Come over here!")]
    assert pairs(edited(known, "Come!", "Come here!", is_pick=True)) == [("Come here!", "Come over here!")], "still one decision"


def test_a_pick_over_a_persons_own_words_is_preferred_to_the_first_other_wording() -> None:
    assert pairs(edited((), "Mine", "Come here!", is_pick=True)) == [("Come here!", "Come over here!")]
    assert pairs(edited((), "Mine", "Come over here!", is_pick=True)) == [("Come over here!", "Come here!")]


def test_a_persons_words_over_a_persons_words_are_no_choice() -> None:
    assert edited((), "Mine", "Mine, better") == ()
    assert edited((), "", "Mine") == ()


def test_wordings_replaced_at_different_times_are_different_choices_and_the_same_one_again_is_one() -> None:
    known = edited((), "Come over here!", "Over here!")
    known = edited(known, "Come here!", "Here!")  # the machine had put another wording there meanwhile
    assert pairs(known) == [("Over here!", "Come over here!"), ("Here!", "Come here!")]
    known = edited(known, "Come over here!", "This way!")
    assert pairs(known) == [("Here!", "Come here!"), ("This way!", "Come over here!")]


def test_the_same_text_in_another_language_or_of_another_source_is_another_line() -> None:
    known = edited((), "Come over here!", "Over here!")
    other = edited(known, "Come over here!", "Par ici !", target_language="fr")
    assert len(other) == 2
    assert len(edited(known, "Over here!", "Over there!", source_text="过去")) == 1, "no machine's wording was replaced"
