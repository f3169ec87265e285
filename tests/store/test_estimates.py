"""Kept estimates: read and written in batches, bounded, and never in the way."""

from __future__ import annotations

from sqlalchemy import Engine

from studio.domain.line import Estimate
from studio.store.estimates import EstimateStore


def many(count: int, mark: str = "a") -> dict[str, Estimate]:
    return {f"{mark}{index:05d}": Estimate(100 + index, index % 7, "espeak-ng") for index in range(count)}


def test_estimates_come_back_by_key_and_unknown_ones_are_absent(engine: Engine) -> None:
    store, found = EstimateStore(engine), many(1200)
    store.put(found)
    assert EstimateStore(engine).get([*found, "unknown"]) == found
    assert store.get([]) == {}


def test_what_is_kept_already_is_not_written_twice(engine: Engine) -> None:
    store = EstimateStore(engine)
    store.put(many(3))
    store.put({**many(5), "a00000": Estimate(1, 1, "other")})
    assert store.get(many(5)) == many(5)


def test_the_oldest_go(engine: Engine) -> None:
    store = EstimateStore(engine, max_kept=50, trim_every=10)
    for mark in "abcd":
        store.put(many(30, mark))
    assert store.get(many(30, "a")) == {} and store.get(many(30, "d")) == many(30, "d")
    everything = [key for mark in "abcd" for key in many(30, mark)]
    assert len(store.get(everything)) <= 50
