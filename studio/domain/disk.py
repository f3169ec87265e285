"""A full disk, told in a sentence wherever it is met: an `OSError` that says so in, `OutOfSpace` out; any other error passes."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from studio.domain.errors import OutOfSpace

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_full(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in FULL


@contextmanager
def room_told(place: object) -> Iterator[None]:
    """Around whatever writes. `place`: the folder the sentence names.

    >>> with room_told("/tmp"): raise OSError(errno.ENOSPC, "No space left on device")
    Traceback (most recent call last):
    studio.domain.errors.OutOfSpace: The disk holding /tmp is full; nothing half-written was kept. Free some space and run the step again.
    """
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise OutOfSpace(str(place)) from error
        raise
