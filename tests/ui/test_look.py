"""The look: every file named is there, and nothing in it points to another machine."""

from __future__ import annotations

import re
from pathlib import Path

import gradio as gr
import pytest

from studio.ui import look

FILES = sorted(path for path in look.ASSETS.rglob("*") if path.suffix in {".css", ".js", ".html"} and path.parent.name != "demo")


def test_every_style_sheet_linked_is_there() -> None:
    assert all((look.ASSETS / "css" / f"{name}.css").is_file() for name in look.SHEETS)
    assert look.sheets().count('rel="stylesheet"') == len(look.SHEETS)


def test_the_modules_of_the_first_screen_are_asked_for_at_once() -> None:
    preloaded = re.findall(r'rel="modulepreload" href="look/([^"]+)"', look.scripts())
    assert len(preloaded) == len(set(preloaded)) and all((look.ASSETS / name).is_file() for name in preloaded)
    for name in preloaded:  # nothing they import comes a level later
        for target in re.findall(r'(?:from|^import) "(\.[^"]+)";', (look.ASSETS / name).read_text(encoding="utf-8"), re.MULTILINE):
            assert ((look.ASSETS / name).parent / target).resolve().relative_to(look.ASSETS).as_posix() in preloaded, (name, target)


def test_the_theme_brings_no_font_from_the_web() -> None:
    theme = look.theme()
    assert isinstance(theme, gr.themes.Base) and not theme._stylesheets


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_points_to_another_machine(path: Path) -> None:
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", path.read_text(encoding="utf-8")))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}  # names of XML namespaces, which nothing fetches


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".js"], ids=lambda path: path.name)
def test_every_module_imported_is_there_and_exports_the_names_asked_for(path: Path) -> None:
    for names, target in re.findall(r'import \{([^}]+)\} from "([^"]+)"', path.read_text(encoding="utf-8")):
        module = (path.parent / target).resolve()
        text = module.read_text(encoding="utf-8")
        for name in (one.strip() for one in names.split(",")):
            assert re.search(rf"export (?:async )?(?:const|function|class) {name}\b", text), f"{module.name} exports no {name}"


def test_both_schemes_define_the_same_colours_where_they_differ() -> None:
    text = (look.ASSETS / "css" / "tokens.css").read_text(encoding="utf-8")
    light, dark = (set(re.findall(r"--([\w-]+):", part)) for part in text.split("\n.dark {", 1))
    assert light - dark == {"header-px", "bar-px", "tab-px", "footer-px", "radius", "brand-px", "chips-px", "checkpoint-px", "head-px"}
    assert dark - light == set()
