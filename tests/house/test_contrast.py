"""Colours of the page keep WCAG AA in both schemes: text 4.5 to 1 on whatever it stands on, what is drawn 3 to 1."""

from __future__ import annotations

import re

import pytest

from tests.house.tree import ROOT

GROUNDS = ("bg", "panel", "side", "field", "raised", "key", "row-sel", "row-hover")
TEXTS = ("ink", "dim", "faint", "ok-ink", "warn-ink", "bad-ink", "accent")
DRAWN = ("ok", "warn", "bad", "accent", "wave")
ON_FILLS = (("on-accent", "accent-fill"), ("on-accent", "accent-fill-hover"), ("accent-ink", "accent-soft"), ("ink", "accent-soft"), ("dim", "accent-soft"))


def colours(scheme: str) -> dict[str, str]:
    sheet = (ROOT / "assets" / "css" / "tokens.css").read_text(encoding="utf-8")
    blocks = {name: re.search(rf"^{re.escape(name)} \{{(.*?)^\}}", sheet, re.S | re.M) for name in (":root", ".dark")}
    found = {name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", block.group(1))) for name, block in blocks.items() if block is not None}
    return found[":root"] if scheme == "light" else found[":root"] | found[".dark"]


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_is_the_standards() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_on_every_ground(scheme: str) -> None:
    palette = colours(scheme)
    pairs = [(text, ground) for text in TEXTS for ground in GROUNDS] + list(ON_FILLS)

    poor = {pair: round(ratio, 2) for pair in pairs if (ratio := contrast(palette[pair[0]], palette[pair[1]])) < 4.5}

    assert not poor


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_drawn_stands_out_from_the_panel_and_from_the_slot_behind_it(scheme: str) -> None:
    palette = colours(scheme)

    poor = {(drawn, ground): round(ratio, 2) for drawn in DRAWN for ground in ("panel", "slot") if (ratio := contrast(palette[drawn], palette[ground])) < 3}

    assert not poor
