"""Values that all page servers share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine

from studio.store.database import open_database
from studio.store.server_values import SECRET_BYTES, ServerValues


def test_a_value_is_what_was_put_last_and_the_default_before_that(engine: Engine) -> None:
    values = ServerValues(engine)
    assert values.get("greeting", "none") == "none"
    values.put("greeting", {"text": "好"})
    values.put("greeting", {"text": "hello"})
    assert values.get("greeting") == {"text": "hello"}
    values.put("greeting", None)
    assert values.get("greeting") is None


def test_false_and_zero_are_values_and_not_absent(engine: Engine) -> None:
    values = ServerValues(engine)
    values.put("flag", False)
    values.put("count", 0)
    assert values.get("flag", True) is False and values.get("count", 7) == 0


def test_a_secret_is_made_once_however_many_servers_ask_for_it_first(engine: Engine, url: str) -> None:
    engines = [engine, *(open_database(url) for _ in range(3))]
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda number: ServerValues(engines[number % 4]).secret("media links"), range(16)))
    for other in engines[1:]:
        other.dispose()
    assert len(made) == 1 and len(made.pop()) == SECRET_BYTES


def test_two_names_have_two_secrets(engine: Engine) -> None:
    values = ServerValues(engine)
    assert values.secret("one") != values.secret("two")
