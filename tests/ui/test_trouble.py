"""What goes wrong is told in a sentence; the unexpected is logged under the reference it gives."""

from __future__ import annotations

import logging
import re

import pytest

from studio.domain.errors import BadSetting, EngineUnavailable, NotFound
from studio.ui.trouble import http_status, sentence


def test_the_studios_own_errors_speak_for_themselves() -> None:
    assert sentence(BadSetting("The lamp is off.")) == "The lamp is off."


def test_the_unexpected_is_logged_in_full_and_told_without_its_inside(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("studio").propagate = True
    with caplog.at_level(logging.ERROR, logger="studio.ui.trouble"):
        told = sentence(ValueError("/secret/path"))
    assert "/secret/path" not in told
    reference = re.search(r"reference ([0-9a-f]{6})", told)
    assert reference is not None and reference[1] in caplog.text and "/secret/path" in caplog.text


def test_statuses_say_whose_fault_it_is() -> None:
    cases = {NotFound("line", "x"): 404, BadSetting("x"): 400, EngineUnavailable("e", "r"): 503, ValueError("x"): 500}
    assert [http_status(error) for error in cases] == list(cases.values())
