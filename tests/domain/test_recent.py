"""Memory bounded by weight."""

from __future__ import annotations

from studio.domain.recent import Recent


def held(most: int) -> Recent[str, list[int]]:
    return Recent(len, most)


def test_many_light_values_stay_where_few_heavy_ones_would_not() -> None:
    kept = held(100)
    for number in range(50):
        kept.put(str(number), [0, 0])
    assert len(kept) == 50 and kept.get("0") == [0, 0]
    kept.put("heavy", [0] * 60)
    assert len(kept) == 21, "forty of a hundred are left for values of two"


def test_what_was_used_longest_ago_goes_first() -> None:
    kept = held(2)
    kept.put("a", [1])
    kept.put("b", [2])
    assert kept.get("a") == [1]
    kept.put("c", [3])
    assert kept.get("b") is None and kept.get("a") == [1] and kept.get("c") == [3]


def test_the_newest_stays_however_heavy_it_is() -> None:
    kept = held(2)
    kept.put("a", [1])
    kept.put("b", [0] * 9)
    assert kept.get("b") == [0] * 9 and kept.get("a") is None


def test_a_value_that_grew_is_weighed_anew_when_it_is_used() -> None:
    kept, growing = held(10), [0]
    kept.put("old", [0])
    kept.put("growing", growing)
    growing.extend([0] * 9)
    assert kept.get("growing") == growing
    assert kept.get("old") is None, "ten of ten are taken"
    kept.put("growing", [0])
    kept.put("new", [0] * 9)
    assert kept.get("growing") == [0], "what was put in its place is weighed in its place"
