"""Seats of a cluster: one for each GPU, some on a machine without, none where nothing is offered."""

from __future__ import annotations

import pytest

from studio.cluster.seats import Node, Seat, seats


def test_every_gpu_is_a_seat_with_its_share_of_the_processors() -> None:
    assert seats([Node("a", 4, 32.0)]) == tuple(Seat("a", number, 1, 8.0) for number in range(4))


def test_a_machine_without_gpus_has_as_many_as_asked_for() -> None:
    assert [seat.number for seat in seats([Node("b", 0, 8.0)])] == [0]
    assert [(seat.number, seat.gpus, seat.cpus) for seat in seats([Node("b", 0, 8.0)], per_node=3)] == [(0, 0, 2.0), (1, 0, 2.0), (2, 0, 2.0)]


def test_a_head_that_only_directs_has_none() -> None:
    assert seats([Node("head", 0, 0.0)]) == ()


@pytest.mark.parametrize(("gpus", "cpus", "per_node"), [(3, 8.0, 1), (0, 7.0, 4), (0, 1.0, 4), (2, 1.0, 1)])
def test_seats_never_take_more_than_their_machine_offers(gpus: int, cpus: float, per_node: int) -> None:
    found = seats([Node("a", gpus, cpus)], per_node=per_node)
    assert sum(seat.cpus for seat in found) <= cpus and sum(seat.gpus for seat in found) == gpus
    assert all(seat.cpus < 1 or seat.cpus.is_integer() for seat in found), "ray lends whole processors above one"
