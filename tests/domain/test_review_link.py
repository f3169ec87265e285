"""Tokens of review links: long, fresh, kept as a hash only; and how long a link may open."""

from __future__ import annotations

import pytest

from studio.domain.errors import BadSetting
from studio.domain.review_link import MAX_DAYS, TOKEN_CHARS, expiry, new_token, token_hash


def test_tokens_hold_256_bits_and_never_come_twice() -> None:
    tokens = {new_token() for _ in range(200)}
    assert len(tokens) == 200 and {len(token) for token in tokens} == {TOKEN_CHARS}
    assert len({token_hash(token) for token in tokens}) == 200


def test_a_hash_says_nothing_of_its_token_and_takes_any_text() -> None:
    token = new_token()
    assert token not in token_hash(token) and len(token_hash(token)) == 64
    assert token_hash("half \ud83d") != token_hash("half ")


def test_a_link_opens_for_whole_days_within_limits() -> None:
    assert expiry("2026-02-27T10:00:00.000000+00:00", 2) == "2026-03-01T10:00:00.000000+00:00"
    for days in (0, -1, MAX_DAYS + 1, True, "7", 1.5):
        with pytest.raises(BadSetting, match="days"):
            expiry("2026-02-27T10:00:00+00:00", days)  # type: ignore[arg-type]
