"""Plain values of strangers: of the right kind, or told where not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.domain.plain import to_plain
from studio.domain.settings import Settings
from studio.domain.strict import Unfit, read
from studio.domain.timing import TimeSpan


class Side(StrEnum):
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Box:
    name: str
    span: TimeSpan
    side: Side = Side.LEFT
    rate: Fraction | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    level: float = 0.0
    is_open: bool = False


BOX = Box("a", TimeSpan(1, 2), Side.LEFT, Fraction(24000, 1001), (("x", "y"),), 1.5, True)


def test_a_record_comes_back() -> None:
    assert read(Box, to_plain(BOX)) == BOX
    assert read(Settings, to_plain(Settings())) == Settings()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"name": 1}, "name"), ({"name": "a\0"}, "name"), ({"name": "\ud800"}, "name"), ({"name": None}, "name"), ({"name": "x" * 30_000}, "name"),
        ({"span": {"start_ms": 5, "end_ms": 1}}, "span"), ({"span": {"start_ms": True, "end_ms": 9}}, "span.start_ms"), ({"span": []}, "span"),
        ({"side": "up"}, "side"), ({"side": {}}, "side"), ({"rate": "1/0"}, "rate"), ({"rate": "9" * 30_000}, "rate"), ({"rate": 1.5}, "rate"),
        ({"pairs": [["x"]]}, "pairs"), ({"pairs": [["x", "y", "z"]]}, "pairs"), ({"pairs": {"x": "y"}}, "pairs"), ({"level": float("inf")}, "level"),
        ({"level": "1"}, "level"), ({"is_open": 1}, "is_open"), ({"more": 1}, "more"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_place(change: dict, where: str) -> None:
    with pytest.raises(Unfit, match=where.replace(".", r"\.")):
        read(Box, to_plain(BOX) | change)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda some: st.lists(some) | st.dictionaries(st.text(), some), max_leaves=20))
def test_anything_at_all_is_a_record_or_unfit(plain: object) -> None:
    try:
        assert isinstance(read(Box, plain), Box)
    except Unfit as error:
        assert str(error)
