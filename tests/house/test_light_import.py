"""Importing does nothing heavy: the command line answers at once, and the page's nets load on first use."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.house.tree import ROOT, sources

HEAVY = ("torch", "gradio", "librosa", "transformers", "peft", "onnxruntime", "moviepy", "av", "edge_tts")
LATE_ONLY = {"torch", "librosa", "transformers", "peft", "onnxruntime", "moviepy", "edge_tts", "silero_vad", "espeakng_loader"}


@pytest.mark.parametrize("module", ["studio.cli", "studio.service", "studio.bootstrap"])
def test_importing_a_module_loads_no_heavy_package(module: str) -> None:
    code = f"import sys, {module}; print(*[name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == [], f"importing {module} loads {result.stdout.strip()}; import it inside the function that needs it."


def test_heavy_packages_are_imported_inside_functions() -> None:
    found = [
        f"{source.name}:{item.line} imports {item.module} while it is imported; move it into load() or the function."
        for source in sources("studio")
        for item in source.imports()
        if not item.is_late and item.module.split(".")[0] in LATE_ONLY
    ]
    assert not found, "\n" + "\n".join(found)
