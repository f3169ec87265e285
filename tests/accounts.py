"""Accounts for tests: people with passwords that cost next to nothing to check, and clients of the page that are logged in."""

from __future__ import annotations

import re
from typing import Any

from fastapi.testclient import TestClient

from studio.domain.rights import Role
from studio.service import Studio
from studio.store.passwords import PasswordHash, ScryptCost

CHEAP = ScryptCost(n=2**4, r=1, p=1)
ADDRESS = "http://127.0.0.1:7860"


def password_of(name: str) -> str:
    return f"{name}'s password"


def add_people(studio: Studio, **roles: Role) -> None:
    """Accounts by name; who has none yet of that name gets one."""
    accounts = studio._shop.accounts
    accounts._cost = CHEAP
    for name, role in roles.items():
        accounts.add(name, role, PasswordHash.of(password_of(name), CHEAP))


def client_of(app: Any, name: str | None, **options: Any) -> TestClient:
    """A browser's worth of cookies; `name` None: nobody is logged in."""
    opened = TestClient(app, base_url=ADDRESS, follow_redirects=False, **options)
    if name is not None:
        assert opened.post("/login", data={"name": name, "password": password_of(name)}).status_code == 303
    return opened


def signed(client: TestClient, address: str) -> str:
    """A medium's address with the pass that this client's page would have, or with none where the project is not theirs."""
    found = re.search(r"/([0-9a-f]{32})(?:/|$|\?)", address)
    assert found is not None, f"{address} names no project"
    _, _, given = client.get(f"/desk/{found[1]}/pulse").headers.get("lipline-pass", "").partition(" ")
    return f"{address}{'&' if '?' in address else '?'}pass={given}"
