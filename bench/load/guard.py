"""Whether anything outside a folder was touched, and whether anybody called. Enter: folders, a mark. Leave: sentences.

`Fence` compares a tree before and after, by name, size, time and inode; `CanaryServer` counts every connection that is made to it on loopback.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fence:
    """`roots`: looked at whole, but for what lies under `inside`."""

    roots: tuple[Path, ...]
    inside: tuple[Path, ...]

    def picture(self) -> dict[str, tuple[int, int, int]]:
        """(inode, size, time of change in ns) of every file and folder by its path; a folder has no size."""
        return {path: mark for root in self.roots for path, mark in self._walk(root)}

    def _walk(self, root: Path) -> Iterator[tuple[str, tuple[int, int, int]]]:
        hidden = {str(one) for one in self.inside}
        waiting = [str(root)]
        while waiting:
            folder = waiting.pop()
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.path in hidden:
                        continue
                    found = entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                        yield entry.path, (found.st_ino, 0, 0)
                    else:
                        yield entry.path, (found.st_ino, found.st_size, found.st_mtime_ns)


def touched(before: dict[str, tuple[int, int, int]], after: dict[str, tuple[int, int, int]]) -> list[str]:
    """A sentence for each path that came, went or changed."""
    found = [f"{path} was made" for path in sorted(after.keys() - before.keys())]
    found += [f"{path} is gone" for path in sorted(before.keys() - after.keys())]
    return found + [f"{path} was changed" for path in sorted(before.keys() & after.keys()) if before[path] != after[path]]


def marked_files(folders: Sequence[Path], mark: str) -> list[str]:
    """Files anywhere below those folders whose name bears the mark."""
    return [f"{path} was made" for folder in folders if folder.is_dir() for path in sorted(folder.rglob(f"*{mark}*"))]


def holding(folders: Sequence[Path], secret: bytes) -> list[str]:
    """Files below those folders that hold the secret's words."""
    return [f"{path} holds what must not be read" for folder in folders for path in sorted(folder.rglob("*")) if path.is_file() and secret in path.read_bytes()]


class CanaryServer:
    """Listens on loopback and answers nobody; `calls` says who came."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.calls: list[str] = []
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    def _hear(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed
            with connection:
                connection.settimeout(2)
                try:
                    said = connection.recv(200)
                except OSError:
                    said = b""
                self.calls.append(f"the canary was called: {said[:80].decode(errors='replace')!r}")

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def __enter__(self) -> CanaryServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
