"""What regenerating would redo, in a sentence that says no more and no less than what is counted."""

from __future__ import annotations

import pytest

from studio.domain.redo import RedoPlan


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (RedoPlan(0), "No line is selected, so nothing would be redone."),
        (
            RedoPlan(1, wordings=1, takes=1, mix_ms=12_000),
            "New wordings are drawn for 1 line. 1 take is made. The next render mixes 12 s again. Nothing else is redone.",
        ),
        (
            RedoPlan(3, wordings=3, takes=2, kept_words=1),
            "New wordings are drawn for 3 lines. At most 2 takes are made. Nothing else is redone. 1 line keeps the words a person wrote.",
        ),
        (RedoPlan(1, kept=1), "Nothing would be redone. 1 take is up to date."),
        (RedoPlan(2, reused=1, unvoiced=1), "1 take made before is used again. Nothing else is redone. 1 line has no words, or no voice to say them."),
        (RedoPlan(2, locked=2), "Nothing would be redone. 2 lines are locked."),
    ],
)
def test_the_sentence_says_what_is_redone_and_what_is_left_alone(plan: RedoPlan, sentence: str) -> None:
    assert plan.sentence == sentence
    assert plan.is_nothing == sentence.startswith(("No line", "Nothing would"))
