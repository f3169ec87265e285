"""What the house tests read: every source file of the project with its syntax tree and its imports."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {".venv", "build", ".git", "__pycache__"}


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module. `is_late`: inside a function, so that importing the file does not import it."""

    module: str
    line: int
    is_late: bool


@dataclass(frozen=True, slots=True)
class Source:
    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Path from the root, with slashes."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def module(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def imports(self) -> tuple[Import, ...]:
        found: list[Import] = []
        _collect(self.tree, is_late=False, found=found)
        return tuple(found)


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file below the folders, in order of path."""
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")) if not SKIPPED & set(path.parts)]
    return tuple(Source(path, text := path.read_text(encoding="utf-8"), ast.parse(text)) for path in files)


def _collect(node: ast.AST, *, is_late: bool, found: list[Import]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            found += [Import(alias.name, child.lineno, is_late) for alias in child.names]
        elif isinstance(child, ast.ImportFrom) and child.module is not None:
            found += [Import(f"{child.module}.{alias.name}", child.lineno, is_late) for alias in child.names]
        elif isinstance(child, ast.ImportFrom):
            found.append(Import("." * child.level, child.lineno, is_late))
        inside = is_late or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        _collect(child, is_late=inside, found=found)
