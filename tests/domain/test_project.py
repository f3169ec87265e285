"""A job's instruction is a short line, from birth."""

from __future__ import annotations

import pytest

from studio.domain.errors import BadSetting
from studio.domain.project import MAX_INSTRUCTION_CHARS, Job, JobKind, JobState


def job(instruction: str) -> Job:
    return Job("j", "p", "ada", JobKind.VOICE, JobState.QUEUED, instruction=instruction)


@pytest.mark.parametrize("instruction", ["", "shorter", "x" * MAX_INSTRUCTION_CHARS])
def test_an_instruction_of_one_line_is_kept(instruction: str) -> None:
    assert job(instruction).instruction == instruction


@pytest.mark.parametrize("instruction", ["x" * (MAX_INSTRUCTION_CHARS + 1), "shorter\nand formal"])
def test_a_longer_one_is_refused_in_a_sentence(instruction: str) -> None:
    with pytest.raises(BadSetting, match="at most 200 characters"):
        job(instruction)
