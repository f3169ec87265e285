"""A default is written once: what the settings hold is valid, explained, and what the page and the command line start from."""

from __future__ import annotations

import ast
import re
from dataclasses import fields, is_dataclass

from studio.domain.settings import Settings
from tests.house.tree import sources

GROUPS = [item for item in fields(Settings) if is_dataclass(getattr(Settings(), item.name))]


def test_every_setting_with_a_range_says_what_it_does_and_starts_inside_it() -> None:
    for group in GROUPS:
        for item in fields(getattr(Settings(), group.name)):
            if item.metadata:
                assert item.metadata["help"].endswith("."), f"{group.name}.{item.name} has no sentence for its slider."
            if "low" in item.metadata:
                assert item.metadata["low"] <= item.default <= item.metadata["high"]


def test_no_shell_writes_a_default_of_a_setting_again() -> None:
    names = {item.name for group in GROUPS for item in fields(getattr(Settings(), group.name)) if "low" in item.metadata}
    found = []
    for source in sources("studio/ui"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.keyword) and node.arg in names and isinstance(node.value, ast.Constant) and isinstance(node.value.value, int | float):
                found.append(f"{source.name}:{node.value.lineno} gives {node.arg} a number of its own; read it from Settings.")
    assert not found, "\n" + "\n".join(found)


def test_no_stage_gives_a_setting_a_second_default() -> None:
    names = {item.name for group in GROUPS for item in fields(getattr(Settings(), group.name)) if "low" in item.metadata}
    found = []
    for source in sources("studio/stages", "studio/steps"):
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.FunctionDef):
                continue
            arguments = [*node.args.kwonlyargs, *node.args.args[::-1]]
            defaults = [*node.args.kw_defaults, *node.args.defaults[::-1]]
            for argument, default in zip(arguments, defaults, strict=False):
                if argument.arg in names and isinstance(default, ast.Constant) and re.fullmatch(r"-?[\d._e]+", ast.unparse(default)):
                    found.append(f"{source.name}:{node.lineno} {node.name} gives {argument.arg} a default of its own.")
    assert not found, "\n" + "\n".join(found)
