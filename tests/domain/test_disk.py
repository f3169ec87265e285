"""A full disk is one sentence; every other error of the system stays what it is."""

from __future__ import annotations

import errno

import pytest

from studio.domain.disk import is_full, room_told
from studio.domain.errors import OutOfSpace


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_with_its_place(number: int) -> None:
    with pytest.raises(OutOfSpace, match="/srv/studio is full; nothing half-written was kept"), room_told("/srv/studio"):
        raise OSError(number, "full")


def test_other_errors_pass() -> None:
    with pytest.raises(PermissionError), room_told("/srv"):
        raise PermissionError(errno.EACCES, "no")
    assert not is_full(ValueError()) and not is_full(OSError(errno.EIO, "bad")) and is_full(OSError(errno.ENOSPC, "full"))
