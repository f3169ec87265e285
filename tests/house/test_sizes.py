"""Budgets on the longest, not on the average: what separates code people like to change from code they fear."""

from __future__ import annotations

import ast

from tests.house.tree import Source, sources

MAX_FUNCTION_LINES, MAX_FILE_LINES, MAX_PARAMETERS = 60, 400, 7
FOLDERS = ("studio", "models", "bench", "scripts")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def functions(source: Source) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def is_command_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A command line lists its options one by one, whether it is decorated as a command or handed over as one."""
    if any("command" in ast.unparse(item) for item in node.decorator_list):
        return True
    given = [arg.annotation for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    words = [ast.unparse(item) if item is not None else "" for item in given]
    return all("typer.Option(" in word or "typer.Argument(" in word or word.endswith(("Option", "Argument")) for word in words)


def test_no_function_is_longer_than_a_screen() -> None:
    found = [
        f"{source.name}:{node.lineno} {node.name} has {size} lines; {MAX_FUNCTION_LINES} are the limit, 40 the aim."
        for source in sources(*FOLDERS)
        for node in functions(source)
        if (size := node.end_lineno - node.lineno + 1) > MAX_FUNCTION_LINES
    ]
    assert not found, "\n" + "\n".join(found)


def test_no_file_is_longer_than_its_budget() -> None:
    found = [
        f"{source.name} has {size} lines; {MAX_FILE_LINES} are the limit, 300 the aim."
        for source in sources(*FOLDERS)
        if (size := source.text.count("\n")) > MAX_FILE_LINES
    ]
    assert not found, "\n" + "\n".join(found)


def test_no_function_takes_too_many_parameters() -> None:
    found = []
    for source in sources(*FOLDERS):
        for node in functions(source):
            names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs) if arg.arg not in ("self", "cls")]
            if len(names) > MAX_PARAMETERS and not is_command_line(node):
                found.append(f"{source.name}:{node.lineno} {node.name} takes {len(names)} parameters; give it a dataclass.")
    assert not found, "\n" + "\n".join(found)


def test_every_function_says_what_it_returns() -> None:
    found = [
        f"{source.name}:{node.lineno} {node.name} does not say what it returns."
        for source in sources("studio", "models")
        for node in functions(source)
        if node.returns is None
    ]
    assert not found, "\n" + "\n".join(found)


def test_every_module_opens_with_what_it_is_for() -> None:
    found = [f"{source.name} has no opening docstring." for source in sources("studio", "models", "bench", "scripts")
             if source.text.strip() and ast.get_docstring(source.tree) is None]  # fmt: skip
    assert not found, "\n" + "\n".join(found)


def test_files_are_named_for_what_they_hold() -> None:
    found = [f"{source.name}: name the thing." for source in sources(*FOLDERS) if source.path.stem in FORBIDDEN_NAMES]
    assert not found, "\n" + "\n".join(found)
