"""How libraries say that memory ran out, in one place for nets and engines. Knows errors by their names and words, so it needs no torch."""

from __future__ import annotations

from errno import ENOMEM

_SAID = ("out of memory", "allocate memory", "alloc_failed", "not enough memory")  # CUDA's and the CPU allocator's own words


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error is some library's way to say that memory ran out.

    >>> is_out_of_memory(RuntimeError("CUDA failed with error out of memory"))
    True
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError):  # files are mapped into memory
        return error.errno == ENOMEM
    return isinstance(error, RuntimeError) and any(said in str(error).lower() for said in _SAID)
