"""The ladder: fewer at once, then others' models, then a wait, then a sentence; with errors as torch and the allocators raise them."""

from __future__ import annotations

from dataclasses import dataclass, field
from errno import ENOMEM

import pytest

from studio.engines.out_of_memory import NoRelief, OutOfMemory, is_out_of_memory, within_memory


class OutOfMemoryError(RuntimeError):
    """As `torch.cuda.OutOfMemoryError`: told by its name, for torch need not be here."""


@dataclass
class Device:
    """A device that holds `room` at once; each helper that is asked makes some more. `log`: what was done, in order."""

    room: int
    releases: list[int] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def work(self, count: int) -> str:
        self.log.append(f"try {count}")
        if count > self.room:
            raise OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
        return "x" * count

    def clear(self) -> None:
        self.log.append("clear")

    def release_others(self) -> bool:
        return self._helped("release", self.releases)

    def wait(self) -> bool:
        return self._helped("wait", self.waits)

    def _helped(self, what: str, helps: list[int]) -> bool:
        self.log.append(what)
        if not helps:
            return False
        self.room += helps.pop(0)
        return True


def test_fewer_at_once_come_first_and_nobody_else_is_troubled() -> None:
    device = Device(2, releases=[9])
    made = within_memory(device.work, 9, device)
    assert (made.result, made.batch, made.halvings) == ("xx", 2, 2)
    assert device.log == ["try 9", "clear", "try 4", "clear", "try 2"]


def test_then_others_let_go_then_others_are_waited_for() -> None:
    device = Device(0, releases=[0], waits=[0, 1])
    assert within_memory(device.work, 2, device).batch == 1
    assert [step for step in device.log if step != "clear"] == ["try 2", "try 1", "release", "try 1", "release", "wait", "try 1", "release", "wait", "try 1"]


def test_and_in_the_end_there_is_a_sentence() -> None:
    device = Device(0, releases=[0, 0], waits=[0])
    with pytest.raises(OutOfMemory, match="close other programs, or choose a smaller model"):
        within_memory(device.work, 4, device)
    assert device.log.count("try 1") == 4


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OutOfMemoryError("CUDA out of memory."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        OSError(ENOMEM, "Cannot allocate memory"),
    ],
)
def test_every_librarys_way_to_say_so_is_known(error: Exception) -> None:
    assert is_out_of_memory(error)

    def fail(_count: int) -> None:
        raise error

    with pytest.raises(OutOfMemory):
        within_memory(fail, 1, NoRelief())


def test_torchs_own_error_is_known() -> None:
    import torch

    assert is_out_of_memory(torch.cuda.OutOfMemoryError("CUDA out of memory."))


def test_another_fault_is_not_taken_for_it() -> None:
    def fail(_count: int) -> None:
        raise RuntimeError("shapes do not match")

    assert not is_out_of_memory(ValueError("out of memory")) and not is_out_of_memory(FileNotFoundError("out of memory"))
    with pytest.raises(RuntimeError, match="shapes"):
        within_memory(fail, 4, NoRelief())
