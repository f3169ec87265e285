"""Whose turn it is: urgency, then shares, then one's own order; nobody waits for ever, and a wait is said as far as it is known."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from studio.domain.project import Job, JobKind, JobState
from studio.domain.queue import AtWork, Lane, Priority, Waiting, about, expected_waits, in_turn, moved
from studio.domain.settings import QueueSettings

RULES = QueueSettings()


def a_wait(number: int, owner: str = "ann", priority: int = Priority.FILM, **fields: object) -> Waiting:
    return replace(Waiting(f"job{number}", owner, f"project{number}", priority, float(number), number), **fields)


def ids(waiting: list[Waiting]) -> list[int]:
    return [int(one.id.removeprefix("job")) for one in waiting]


def asked(kind: JobKind, *line_ids: str, is_batch: bool = False) -> Priority:
    return Job("j", "p", "ann", kind, JobState.QUEUED, line_ids, is_batch=is_batch).priority


def test_a_few_lines_are_waited_for_at_the_desk_and_a_film_is_not() -> None:
    assert asked(JobKind.VOICE, "a", "b") is asked(JobKind.TRANSLATE, "a") is asked(JobKind.SWEEP, "a") is Priority.DESK
    assert asked(JobKind.VOICE) is asked(JobKind.RENDER) is asked(JobKind.VOICE, *map(str, range(RULES.desk_lines + 1))) is Priority.FILM
    assert asked(JobKind.VOICE, "a", is_batch=True) is Priority.BATCH


def test_the_urgent_come_first_whoever_asks() -> None:
    waiting = [a_wait(1, priority=Priority.BATCH), a_wait(2), a_wait(3, "bob", Priority.DESK)]
    assert ids(in_turn(waiting, {"bob": 9999.0}, RULES)) == [3, 2, 1]


def test_turns_go_to_who_had_least_of_the_machine_by_time_and_not_by_count() -> None:
    films = [a_wait(number, "ann", expected_s=3600.0) for number in (1, 2)]
    clips = [a_wait(number, "bob", expected_s=60.0) for number in (3, 4, 5)]
    assert ids(in_turn([*films, *clips], {}, RULES)) == [1, 3, 4, 5, 2], "after one film of Ann's, Bob's short clips are her turn's worth"
    assert ids(in_turn([*films, *clips], {"bob": 7000.0}, RULES)) == [1, 2, 3, 4, 5]


def test_one_persons_own_order_holds_among_their_own() -> None:
    waiting = [a_wait(1, order=3.0), a_wait(2, order=1.0), a_wait(3, order=2.0)]
    assert ids(in_turn(waiting, {}, RULES)) == [2, 3, 1]


def test_what_waits_long_grows_urgent_step_by_step() -> None:
    old = a_wait(1, "ann", Priority.BATCH, waited_s=2 * RULES.age_s)
    new = a_wait(2, "bob", Priority.DESK)
    assert old.level(RULES) == Priority.DESK and a_wait(1, priority=Priority.BATCH, waited_s=RULES.age_s).level(RULES) == Priority.FILM
    assert ids(in_turn([new, old], {"bob": 1.0}, RULES)) == [1, 2]


def test_nobody_starves_among_greedy_neighbours() -> None:
    """One lane; three people ask for something urgent all the time, a fourth for one batch."""
    dice, now, used = random.Random(7), 0.0, {}
    started = {"dan": None}
    batch = a_wait(0, "dan", Priority.BATCH, order=0.0)
    for number in range(1, 2000):
        desk = [a_wait(number * 10 + at, owner, Priority.DESK) for at, owner in enumerate(("ann", "bob", "cat"))]
        chosen = in_turn([*desk, replace(batch, waited_s=now)], used, RULES)[0]
        if chosen.owner == "dan":
            started["dan"] = now
            break
        seconds = dice.uniform(5, 60)
        now += seconds
        used[chosen.owner] = used.get(chosen.owner, 0.0) + seconds
    assert started["dan"] is not None and started["dan"] <= 2 * RULES.age_s + 60


def test_a_wait_is_the_time_of_what_comes_before() -> None:
    order = [a_wait(1, expected_s=100.0), a_wait(2, expected_s=50.0), a_wait(3, priority=Priority.DESK, expected_s=5.0)]
    running = [AtWork("other", Lane.WORK, 40.0)]
    assert expected_waits(order, running, [Lane.WORK, Lane.DESK]) == {"job1": 40.0, "job2": 140.0, "job3": 0.0}
    assert expected_waits(order, running, [Lane.WORK, Lane.WORK]) == {"job1": 0.0, "job2": 40.0, "job3": 90.0}


def test_a_project_at_work_makes_its_next_job_wait_though_a_lane_is_free() -> None:
    order = [a_wait(1, project_id="film", expected_s=10.0), a_wait(2, project_id="film", expected_s=10.0)]
    assert expected_waits(order, [AtWork("film", Lane.WORK, 30.0)], [Lane.WORK] * 3) == {"job1": 30.0, "job2": 40.0}


def test_a_wait_that_nobody_can_know_is_not_made_up() -> None:
    unknown, behind = a_wait(1), a_wait(2, expected_s=10.0)
    assert expected_waits([unknown, behind], [], [Lane.WORK]) == {"job1": 0.0, "job2": None}
    assert expected_waits([behind], [AtWork("p", Lane.WORK, None)], [Lane.WORK]) == {"job2": None}
    assert expected_waits([behind], [], []) == {"job2": None}, "nobody works here"
    assert expected_waits([replace(behind, is_beside=True)], [], [Lane.BESIDE]) == {"job2": 0.0}


@pytest.mark.parametrize(("before", "order"), [("a", "cab"), ("b", "acb"), (None, "abc")])
def test_one_job_is_put_before_another(before: str | None, order: str) -> None:
    assert "".join(moved("abc", "c", before)) == order


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(8, "less than a minute"), (65, "about 1 minute"), (410, "about 7 minutes"), (1400, "about 25 minutes"), (7000, "about 2 hours")],
)
def test_a_wait_in_words_promises_no_more_than_is_known(seconds: float, words: str) -> None:
    assert about(seconds) == words


def test_lanes_take_what_they_are_for() -> None:
    assert Lane.WORK.takes(Priority.BATCH, is_beside=False) and not Lane.WORK.takes(Priority.FILM, is_beside=True)
    assert Lane.DESK.takes(Priority.DESK, is_beside=False) and not Lane.DESK.takes(Priority.FILM, is_beside=False)
    assert Lane.BESIDE.takes(Priority.FILM, is_beside=True) and not Lane.BESIDE.takes(Priority.DESK, is_beside=False)
