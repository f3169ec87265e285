"""What a child that reads strangers' files may do: so much time, memory and room, the files named to it, and nothing else.

Run as a script it fences itself in and becomes the program after `--`; a Python child calls `enter` on its own words once it has
imported what it needs. Only the light half of the standard library is imported, for every run of ffmpeg passes through here.
A further fence is one function in `_FENCES`; what the system does not offer is left out, and `holds` (child.py) tells it.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys

TYPE_CHECKING = False  # what `typing` calls so; to load it costs more than all the fences
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LIMITS = {
    "cpu_s": resource.RLIMIT_CPU,
    "memory_bytes": resource.RLIMIT_AS,
    "output_bytes": resource.RLIMIT_FSIZE,
    "open_files": resource.RLIMIT_NOFILE,
    "core_bytes": resource.RLIMIT_CORE,
}
_PROGRAMS = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
_FACTS = ("/etc/ld.so.cache", "/etc/localtime", "/dev/zero", "/dev/urandom", "/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo")
_SIGKILL = 9
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
# Linux's numbers for x86-64 and for ARM64 of every call no decoder has a use for: the net, other processes, mounts, the kernel itself.
_DENIED = (
    (41, 198), (101, 117), (310, 270), (311, 271), (425, 425), (321, 280), (165, 40), (166, 39), (272, 97), (308, 268), (161, 51), (155, 41),
    (250, 219), (248, 217), (249, 218), (298, 241), (323, 282), (304, 265), (434, 434), (438, 438), (175, 105), (313, 273),
)  # fmt: skip
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
# Calls that are looked into: clone3 (its flags are out of a filter's sight; libraries then take clone), clone, prlimit64.
_LOOKED_INTO = ((435, 435), (56, 220), (302, 261))
_NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW… of clone: within one a child would have all rights of the kernel's rarer corners
# Landlock, linux/landlock.h: the calls, and what a rule may allow.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_FILE, _MAKE_FILE, _TRUNCATE = 1, 2, 4, 8, 32, 256, 1 << 14
_READ, _WRITE = _READ_FILE | _READ_DIR, _WRITE_FILE | _READ_FILE | _TRUNCATE
_O_PATH = getattr(os, "O_PATH", 0)

def enter(words: Sequence[str]) -> list[str]:
    """Put up every fence the system has; returns the names of those that hold. There is no way back out."""
    told: dict[str, list[str]] = {}
    for word in words:
        name, _, value = word.partition("=")
        told.setdefault(name, []).append(value)
    return [name for name, fence in _FENCES if fence(told)]


def end_with_parent() -> None:
    """For a child of ours that reads pictures, not files: no longer than the thread that started it, even where that is killed outright."""
    _tied({})


def _bound(told: dict[str, list[str]]) -> bool:
    for name, kind in _LIMITS.items():
        for value in told.get(name, ()):
            hard = resource.getrlimit(kind)[1]
            wanted = int(value) if hard == resource.RLIM_INFINITY else min(int(value), hard)
            try:
                resource.setrlimit(kind, (wanted, wanted))
            except (ValueError, OSError):
                return False
    return True


def _tied(told: dict[str, list[str]]) -> bool:
    """End with the parent, even one that is killed outright; and gain no rights by running another program."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None)
    is_tied = libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0) == 0
    if str(os.getppid()) not in told.get("parent", [str(os.getppid())]):
        os._exit(1)  # it has gone already
    return bool(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 and is_tied)


def _walled(told: dict[str, list[str]]) -> bool:
    """Only the files named, by Landlock: inputs and libraries to read, outputs to write, no other file of anyone."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None)
    version = libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    handled = (1 << min(15, 12 + version)) - 1 if version < 3 else (1 << 15) - 1
    scopes = 3 if version >= 6 else 0  # no abstract sockets, no signals to processes outside
    head = struct.pack("=QQQ", handled, 3 if version >= 4 else 0, scopes)[: 8 if version < 4 else 16 if version < 6 else 24]
    rules = libc.syscall(_CREATE_RULESET, head, len(head), 0)
    if rules < 0:
        return False
    granted = [*((path, _READ | _EXECUTE) for path in _PROGRAMS), *((path, _READ) for path in _FACTS)]
    granted += [("/dev/null", _WRITE), *((path, _READ | _EXECUTE) for path in told.get("run", ()))] + [(path, _READ) for path in told.get("read", ())]
    granted += [(path, _WRITE | _REMOVE_FILE | _MAKE_FILE | _READ_DIR) for path in told.get("write", ())]
    for path, rights in granted:
        _grant(libc, rules, path, rights & handled)
    holds = libc.syscall(_RESTRICT_SELF, rules, 0) == 0
    os.close(rules)
    return bool(holds)


def _grant(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, _O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there cannot be read; the program will say so in its own words
    if not os.path.isdir(path):
        rights &= _EXECUTE | _WRITE
    libc.syscall(_ADD_RULE, rules, 1, struct.pack("=Qi", rights, place), 0)
    os.close(place)


def _silenced(_told: dict[str, list[str]]) -> bool:
    """No sockets, no looking into other processes, by a seccomp filter; where there is none, a network of its own with nothing in it."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None)
    arch, column = _MACHINES.get(os.uname().machine, (0, 0))
    if arch and _filtered(libc, arch, [numbers[column] for numbers in _DENIED], [numbers[column] for numbers in _LOOKED_INTO]):
        return True
    return bool(libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


def _filtered(libc: ctypes.CDLL, arch: int, denied: list[int], looked_into: list[int]) -> bool:
    load, equal, at_least, any_of, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    refused, missing, allowed, killed = 0x00050001, 0x00050026, 0x7FFF0000, 0x80000000
    clone3, clone, prlimit = looked_into
    steps = [(load, 0, 0, 4), (equal, 1, 0, arch), (answer, 0, 0, killed), (load, 0, 0, 0), (at_least, len(denied) + 9, 0, 0x40000000)]
    steps += [(equal, len(denied) + 8 - place, 0, number) for place, number in enumerate(denied)]
    steps += [(equal, 9, 0, clone3), (equal, 2, 0, clone), (equal, 3, 0, prlimit), (answer, 0, 0, allowed)]
    steps += [(load, 0, 0, 16), (any_of, 3, 2, _NEW_NAMESPACES)]  # clone: its first argument, the flags
    steps += [(load, 0, 0, 16), (equal, 0, 1, 0)]  # prlimit64: its first argument, 0 for oneself
    steps += [(answer, 0, 0, allowed), (answer, 0, 0, refused), (answer, 0, 0, missing)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    head = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(program)))
    return bool(libc.prctl(_PR_SET_SECCOMP, 2, head, 0, 0) == 0)


_FENCES: tuple[tuple[str, Callable[[dict[str, list[str]]], bool]], ...] = (
    ("limits", _bound),
    ("privileges", _tied),
    ("files", _walled),
    ("network", _silenced),
)


def main() -> None:
    """`cage.py NAME=VALUE… -- PROGRAM ARGUMENT…`: fence in, then become the program; without one, print what holds."""
    end = sys.argv.index("--")
    holds, program = enter(sys.argv[1:end]), sys.argv[end + 1 :]
    if not program:
        sys.stdout.write(" ".join(holds))
        return
    ctypes.CDLL(None).signal(13, None)  # SIGPIPE and SIGXFSZ: Python ignores them, and programs inherit that
    ctypes.CDLL(None).signal(25, None)
    os.execv(program[0], program)


if __name__ == "__main__":
    main()
