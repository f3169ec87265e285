"""Which GPUs this process may use, without waking torch on a machine that has none. Nothing in, devices out.

LIPLINE_DEVICES names them ("cuda:1", "cuda:0,cuda:1"), or "cpu" for none; without it, all there are.
"""

from __future__ import annotations

import os
import platform
import socket
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from studio.domain.workers import Gpu

VARIABLE = "LIPLINE_DEVICES"
_HINTS = ("/proc/driver/nvidia/gpus", "/dev/nvidia0", "/dev/kfd", "/dev/dxg")  # NVIDIA, AMD, and either below Windows


class Gpus:
    """Asked once, at first need; after that it is known."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self._found: tuple[Gpu, ...] | None = None
        self._lock = threading.Lock()

    def __call__(self) -> tuple[Gpu, ...]:
        with self._lock:
            if self._found is None:
                self._found = self._look()
            return tuple(map(_measured, self._found))

    def first(self) -> str:
        """The device that models run on where no job says otherwise."""
        found = self()
        return found[0].name if found else "cpu"

    def _look(self) -> tuple[Gpu, ...]:
        named = [name.strip() for name in self._environment.get(VARIABLE, "").split(",") if name.strip()]
        if named == ["cpu"] or not (named or may_have_gpu()):
            return ()
        found = _torch_gpus()
        return tuple(gpu for gpu in found if not named or gpu.name in named)


def may_have_gpu() -> bool:
    """Cheap, and wrong at most in that it says yes."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    return sys.platform == "win32" or any(Path(hint).exists() for hint in _HINTS)


def free_bytes(device: str) -> int | None:
    """Memory of a device that no process has taken; None where nobody can tell."""
    if not device.startswith("cuda") or "torch" not in sys.modules:
        return None
    import torch

    return torch.cuda.mem_get_info(device)[0] if torch.cuda.is_available() else None


def clear(device: str) -> None:
    """Hand what torch keeps of a device for later back to it."""
    if device.startswith("cuda") and "torch" in sys.modules:
        import torch

        torch.cuda.empty_cache()


def _measured(gpu: Gpu) -> Gpu:
    free = free_bytes(gpu.name)
    return gpu if free is None or gpu.total_bytes is None else replace(gpu, used_bytes=gpu.total_bytes - free)


def _torch_gpus() -> tuple[Gpu, ...]:
    import torch

    host = socket.gethostname()
    if torch.cuda.is_available():
        found = []
        for number in range(torch.cuda.device_count()):
            about = torch.cuda.get_device_properties(number)
            unique = str(getattr(about, "uuid", ""))  # a process may be shown some devices only, and count from 0; containers have hosts' names of their own
            found.append(Gpu(f"cuda:{number}", (unique or f"{host}/cuda:{number}")[:128], about.name, about.total_memory))
        return tuple(found)
    if torch.backends.mps.is_available():
        return (Gpu("mps", f"{host}/mps"[:128], "Apple GPU", None),)
    return ()
