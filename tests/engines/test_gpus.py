"""GPUs are looked for only where there may be one, and only those that were named are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from studio.domain.workers import Gpu
from studio.engines import gpus
from studio.engines.gpus import Gpus
from tests.conftest import ROOT

TWO = (Gpu("cuda:0", "host/a", "Made of paper", 100), Gpu("cuda:1", "host/b", "Made of paper", 100))


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "may_have_gpu", lambda: True)
    monkeypatch.setattr(gpus, "_torch_gpus", lambda: TWO)
    monkeypatch.setattr(gpus, "free_bytes", lambda _device: 30)


@pytest.mark.usefixtures("two")
def test_all_are_used_unless_some_are_named() -> None:
    assert [gpu.name for gpu in Gpus({})()] == ["cuda:0", "cuda:1"]
    assert [gpu.name for gpu in Gpus({"LIPLINE_DEVICES": "cuda:1"})()] == ["cuda:1"]
    assert Gpus({"LIPLINE_DEVICES": "cuda:1"}).first() == "cuda:1" and Gpus({})()[0].used_bytes == 70


@pytest.mark.usefixtures("two")
def test_none_is_used_where_the_cpu_is_named() -> None:
    assert Gpus({"LIPLINE_DEVICES": "cpu"})() == () and Gpus({"LIPLINE_DEVICES": "cpu"}).first() == "cpu"


def test_a_machine_without_one_does_not_wake_torch() -> None:
    code = (
        "import sys; from studio.engines import gpus; gpus.may_have_gpu = lambda: False\n"
        "assert gpus.Gpus({})() == () and 'torch' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0
