"""Settings of people: kept apart from each other, changed in one transaction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from studio.domain.person import KeyChoice, PersonSettings
from studio.store.database import open_database
from studio.store.user_settings import UserSettings


def test_each_person_has_their_own_and_a_newcomer_the_defaults(tmp_path: Path) -> None:
    people = UserSettings(open_database(f"sqlite:///{tmp_path / 'studio.db'}"))
    keys = (KeyChoice("approve", ("Ctrl+Enter",)),)

    people.change("mei", lambda before: replace(before, language="zh"))
    people.change("mei", lambda before: replace(before, keys=keys))
    people.change("lao", lambda before: replace(before, language="en"))

    assert people.get("mei") == PersonSettings("zh", keys)
    assert people.get("lao") == PersonSettings("en")
    assert people.get("nobody") == PersonSettings()


def test_they_are_there_after_the_database_is_opened_anew(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'studio.db'}"
    UserSettings(open_database(address)).change("mei", lambda before: replace(before, language="zh"))

    assert UserSettings(open_database(address)).get("mei").language == "zh"
