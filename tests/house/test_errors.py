"""Failures are said, never swallowed: no bare except, no shell, no pickle, no eval, no unbounded catch outside the rims."""

from __future__ import annotations

import ast

from tests.house.tree import sources

# the job runner and the page's rim turn the unexpected into a sentence and a log entry, the housekeeper goes on; nobody else may catch everything
RIMS = {"studio/jobs.py", "studio/housekeeping.py", "studio/ui/trouble.py", "studio/ui/wire.py", "studio/ui/routes.py", "studio/ui/review_routes.py", "studio/cli.py", "studio/__main__.py"}


def test_only_the_rims_catch_everything() -> None:
    found = []
    for source in sources("studio", "models"):
        for node in ast.walk(source.tree):
            caught = ast.unparse(node.type) if isinstance(node, ast.ExceptHandler) and node.type is not None else ""
            if caught and isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None:
                continue  # tidies up and lets the error go on
            is_bare = isinstance(node, ast.ExceptHandler) and node.type is None
            if is_bare or (caught in ("Exception", "BaseException") and source.name not in RIMS):
                found.append(f"{source.name}:{node.lineno} catches everything; name the errors it can answer.")
    assert not found, "\n" + "\n".join(found)


def test_no_shell_no_pickle_no_eval() -> None:
    found = []
    for source in sources("studio", "models", "bench", "scripts"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.keyword) and node.arg == "shell":
                found.append(f"{source.name}:{node.value.lineno} passes shell=; give subprocess a list.")
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("eval", "exec", "os.system", "pickle.load", "pickle.loads"):
                found.append(f"{source.name}:{node.lineno} calls {ast.unparse(node.func)}.")
            if isinstance(node, ast.Raise) and node.exc is not None and "NotImplementedError" in ast.unparse(node.exc):
                found.append(f"{source.name}:{node.lineno} is a stub.")
    assert not found, "\n" + "\n".join(found)


def test_nothing_is_printed_below_the_command_line() -> None:
    found = [
        f"{source.name}:{node.lineno} prints; use a logger."
        for source in sources("studio")
        if not source.name.startswith(("studio/cli", "studio/commands", "studio/__main__"))
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
    ]
    assert not found, "\n" + "\n".join(found)
