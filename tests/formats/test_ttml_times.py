"""Time expressions of TTML under the rates a document declares."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest

from studio.formats.ttml_times import TtmlClock

FILM = {"ttp:frameRate": "24", "ttp:frameRateMultiplier": "1000 1001"}


@pytest.mark.parametrize(
    ("text", "attributes", "ms"),
    [
        ("00:00:01.5", {}, 1500),
        ("1:02:03", {}, 3_723_000),
        ("19.764", {}, 19_764),
        ("3:58.640", {}, 238_640),
        ("1.5h", {}, 5_400_000),
        ("2m", {}, 120_000),
        ("250ms", {}, 250),
        ("12.5s", {}, 12_500),
        ("00:00:01:15", {}, 1500),
        ("00:00:01:15", {"ttp:frameRate": "25"}, 1600),
        ("00:00:01:12", FILM, 1501),
        ("48f", FILM, 2002),
        ("00:00:00:01.1", {"ttp:frameRate": "25", "ttp:subFrameRate": "2"}, 60),
        ("90000t", {"ttp:tickRate": "90000"}, 1000),
        ("10000000t", {"ttp:tickRate": "10000000"}, 1000),
        ("50t", {"ttp:frameRate": "25", "ttp:subFrameRate": "2"}, 1000),
        ("3t", {}, 3000),
        (
            "00:01:00:02",
            {"ttp:frameRate": "30", "ttp:frameRateMultiplier": "1000 1001", "ttp:timeBase": "smpte", "ttp:dropMode": "dropNTSC"},
            60_060,
        ),
        ("soon", {}, None),
        ("", {}, None),
        (None, {}, None),
    ],
)
def test_every_kind_of_time_expression(text: str | None, attributes: dict[str, str], ms: int | None) -> None:
    assert TtmlClock.of(Element("tt", attributes)).read_ms(text) == ms


def test_senseless_rates_take_the_defaults() -> None:
    clock = TtmlClock.of(Element("tt", {"ttp:frameRate": "0", "ttp:frameRateMultiplier": "x 0", "ttp:tickRate": "-3"}))
    assert clock.read_ms("30f") == 1000
