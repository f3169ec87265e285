"""What a call may carry: what fits passes as it came, the rest is told in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from studio.domain.errors import BadSetting
from studio.ui.call_shapes import fitted, record
from studio.ui.desk_calls import CALLS
from studio.ui.list_desk import BulkChange, SearchWish


class Some:
    def call(self, line_ids: Sequence[str], at_ms: int, seen: Mapping[str, str] | None = None, quality: str = "") -> None: ...

    def free(self, **values: Any) -> None: ...


GOOD = {"line_ids": ["a"], "at_ms": 5}


def test_what_fits_passes_as_it_came() -> None:
    assert fitted(Some.call, GOOD) == GOOD
    assert fitted(Some.call, GOOD | {"seen": {"a": "b"}, "at_ms": 5.0}) == GOOD | {"seen": {"a": "b"}}
    assert fitted(Some.free, {"x": [1, {"y": None}]}) == {"x": [1, {"y": None}]}


@pytest.mark.parametrize(
    "change",
    [{"line_ids": "ab"}, {"line_ids": [1]}, {"line_ids": None}, {"at_ms": "5"}, {"at_ms": 5.5}, {"at_ms": True}, {"at_ms": 1e300}, {"seen": {"a": 1}}, {"more": 1}],
)
def test_what_does_not_fit_is_told(change: dict[str, Any]) -> None:
    with pytest.raises(BadSetting, match="do not understand each other"):
        fitted(Some.call, GOOD | change)


def test_what_is_left_out_is_told() -> None:
    with pytest.raises(BadSetting, match="left out “at_ms”"):
        fitted(Some.call, {"line_ids": []})


def test_a_records_own_sentence_is_kept() -> None:
    with pytest.raises(BadSetting, match=r"^Type what to look for\.$"):
        record(SearchWish, {"find": ""})
    with pytest.raises(BadSetting, match="line_ids"):
        record(BulkChange, {})


def test_every_call_of_the_desk_says_what_it_carries() -> None:
    for name, call in CALLS.items():
        with pytest.raises(BadSetting):
            fitted(call, {"line_id": object()} if name not in ("revise", "revise_lines", "set_sheet") else {"line_id": object()})
