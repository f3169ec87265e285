"""The simulated day: the same seed says the same, queues behave as queues must, and what is little used is fast."""

from __future__ import annotations

import pytest

from bench.capacity_day import Costs, Habits, Office, office_for, simulate

COSTS = Costs(news_s=0.004, edit_s=0.02, line_s=0.4, film_line_s=0.4)


def test_the_same_seed_says_the_same_and_another_does_not() -> None:
    office = Office(30, 1, 2)
    first = simulate(office, COSTS, Habits(), length_s=300, seed=1)
    assert first == simulate(office, COSTS, Habits(), length_s=300, seed=1)
    assert first != simulate(office, COSTS, Habits(), length_s=300, seed=2)


def test_an_edit_in_an_empty_office_takes_what_computing_it_takes() -> None:
    felt = simulate(Office(1, 1, 1), COSTS, Habits(films_per_hour=0.0), length_s=4000, seed=0)
    assert felt.edit_p50_ms == pytest.approx(20, rel=0.25)
    assert felt.take_p50_s == pytest.approx(0.4, rel=0.25)
    assert felt.servers_busy < 0.02


def test_a_server_is_as_busy_as_arithmetic_says() -> None:
    felt = simulate(Office(60, 1, 20), COSTS, Habits(films_per_hour=0.0), length_s=1000, seed=0)
    assert felt.servers_busy == pytest.approx(60 * (0.004 + 0.002), rel=0.05)
    assert felt.workers_busy == pytest.approx(60 * 0.03 * 0.4 / 20, rel=0.1)


def test_waiting_in_line_is_that_of_queueing_theory() -> None:
    """M/G/1 with gamma services of shape 4: the mean wait of Pollaczek and Khinchine, from edits alone."""
    edits = Habits(asks_every_s=1e9, edits_every_s=10.0, takes=0.0, films_per_hour=0.0)
    felt = simulate(Office(350, 1, 1), Costs(0.0, 0.02, 1.0, 1.0), edits, length_s=2500, seed=3)
    busy = 0.02 * 350 / 10.02
    wait_s = busy / (1 - busy) * 0.02 * (1 + 0.25) / 2
    assert felt.servers_busy == pytest.approx(busy, rel=0.03)
    assert 1000 * (wait_s + 0.02) * 0.5 < felt.edit_p50_ms < 1000 * (wait_s + 0.02) * 1.2


def test_a_film_holds_up_no_take() -> None:
    calm = simulate(Office(20, 1, 2), COSTS, Habits(films_per_hour=0.0), length_s=2000, seed=0)
    busy = simulate(Office(20, 1, 2), COSTS, Habits(films_per_hour=1.0), length_s=2000, seed=0)
    assert busy.films > 0 and busy.film_p50_s > 100
    assert busy.take_p95_s < calm.take_p95_s + 3 * COSTS.line_s, "takes wait for the line at hand, never for the film"


@pytest.mark.parametrize("editors", [5, 20, 1000])
def test_an_office_is_large_enough_for_its_editors(editors: int) -> None:
    office = office_for(editors, COSTS, Habits(), at_most=0.6)
    felt = simulate(office, COSTS, Habits(), length_s=100, seed=0)
    assert felt.servers_busy < 0.75 and felt.edits > 0
