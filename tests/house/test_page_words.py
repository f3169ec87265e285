"""The page speaks every language of `assets/lang` wholly: every text of our sources is in the catalogue, and nothing there is broken."""

from __future__ import annotations

import json
import re

import pytest

from studio.domain.person import PAGE_LANGUAGES
from tests.house import words_tree

HOLE = re.compile(r"\{[*#]\d+\}")
CODES = [code for code in PAGE_LANGUAGES if code != "en"]


@pytest.mark.parametrize("code", CODES)
def test_every_text_of_the_page_is_in_the_catalogue(code: str) -> None:
    lacking = [f"{one.where}: {one.text}" for one in words_tree.missing(code)]

    assert not lacking, f"assets/lang/{code}.json lacks these; python -m tests.house.words_tree {code} lists them:\n" + "\n".join(lacking)


@pytest.mark.parametrize("code", CODES)
def test_a_translation_fills_in_what_its_text_has_and_nothing_else(code: str) -> None:
    entries = json.loads((words_tree.CATALOGUES / f"{code}.json").read_text(encoding="utf-8"))

    numbers = {key: ({hole[2:-1] for hole in HOLE.findall(key)}, {hole[2:-1] for hole in HOLE.findall(said)}) for key, said in entries.items()}
    assert not {key for key, (given, used) in numbers.items() if not used <= given}
    assert not {key for key, said in entries.items() if not said.strip() or "  " in said}


@pytest.mark.parametrize("code", CODES)
def test_the_catalogue_is_in_order_so_that_two_people_can_add_to_it(code: str) -> None:
    text = (words_tree.CATALOGUES / f"{code}.json").read_text(encoding="utf-8")
    entries = json.loads(text)

    assert text == json.dumps(dict(sorted(entries.items())), ensure_ascii=False, indent=1) + "\n"


def test_the_reader_of_modules_finds_what_is_shown_and_leaves_what_is_code() -> None:
    source = """
    import { h } from "./dom.js";
    const found = h("button.chip", { title: "Press it", "data-x": "not shown", onclick: () => go("desk/row") }, `${count(many, "line")} of ${all}`, isOn ? "on" : "off");
    if (event.key === "Enter") return document.querySelector("[role=tab]");
    // "a comment" is none
    const pattern = /"[^"]*"/;
    toast("Two words, " + "one sentence.");
    """

    said = [text for _, text in words_tree._Reader(source).literals()]

    assert said == ["Press it", "{*0} line", "{*0} lines", "{*0} of {*1}", "on", "off", "Two words, one sentence."]
