"""What a person may set up for themselves, and what is refused in a sentence."""

from __future__ import annotations

import pytest

from studio.domain.errors import BadSetting
from studio.domain.person import MAX_COMMANDS, MAX_KEYS, KeyChoice, PersonSettings
from studio.domain.plain import from_plain, to_plain


def test_settings_survive_being_written_down() -> None:
    settings = PersonSettings("zh", (KeyChoice("next-unfit", ("Shift+N", "Ctrl+ArrowDown")), KeyChoice("approve", ())))

    assert from_plain(PersonSettings, to_plain(settings)) == settings


@pytest.mark.parametrize("key", ["", "two words", "Hyper+A", "x" * 40, "\x00", "\ud800"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(BadSetting, match="play"):
        KeyChoice("play", (key,))


@pytest.mark.parametrize("command", ["", "Play it", "../play", "x" * 65])
def test_what_is_no_command_is_refused(command: str) -> None:
    with pytest.raises(BadSetting):
        KeyChoice(command, ("A",))


def test_there_is_an_end_to_keys_and_commands() -> None:
    with pytest.raises(BadSetting, match="take some away"):
        KeyChoice("play", tuple("ABCDEFGHIJ"[: MAX_KEYS + 1]))
    with pytest.raises(BadSetting, match="far too many"):
        PersonSettings(keys=tuple(KeyChoice(f"c{number}", ()) for number in range(MAX_COMMANDS + 1)))
    with pytest.raises(BadSetting, match="twice"):
        PersonSettings(keys=(KeyChoice("play", ()), KeyChoice("play", ("A",))))


def test_a_language_the_page_does_not_speak_is_refused_by_name() -> None:
    with pytest.raises(BadSetting, match="tlh"):
        PersonSettings("tlh")
