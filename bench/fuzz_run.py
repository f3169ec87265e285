"""One fuzzing run, in a process that may die of it: `python -m bench.fuzz_run TARGET SECONDS SEED OUT SCRATCH guided|blind`, started by bench/fuzz.py.

Writes `told.json` (runs, findings) into OUT as it goes, and every input that broke something beside it.
"""

from __future__ import annotations

import faulthandler
import hashlib
import importlib.util
import json
import mmap
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench.fuzz_targets import TARGETS, Target

HANG_S = 10.0
STUCK_S = 60
TELL_EVERY_S = 2.0
MAX_INPUT_BYTES = 64 * 1024
_MAX_FINDINGS = 40


class Hang(BaseException):
    """More than `HANG_S` for one input. No `Exception`, so that no code under test takes it for one of its own."""


class Watch:
    """Runs one input after another and keeps what broke."""

    def __init__(self, work: Callable[[bytes], None], out: Path, *, guided: bool) -> None:
        self._work, self._out, self._guided = work, out, guided
        self._runs, self._told_s = 0, 0.0
        self._findings: dict[str, str] = {}
        (out / "last.bin").write_bytes(bytes(8 + MAX_INPUT_BYTES))
        with (out / "last.bin").open("r+b") as last:
            self._last = mmap.mmap(last.fileno(), 0)  # length and bytes of the input at hand, for the day that the process does not come back
        signal.signal(signal.SIGALRM, self._too_long)

    def __call__(self, data: bytes) -> None:
        self._runs += 1
        self._last[: 8 + len(data)] = len(data).to_bytes(8, "little") + data
        signal.setitimer(signal.ITIMER_REAL, HANG_S)
        try:
            self._work(data)
        except (Exception, Hang, SystemExit) as error:  # whatever it is, it is what this program is for
            self._keep(error, data)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if time.monotonic() - self._told_s > TELL_EVERY_S:
            self.tell()

    def tell(self) -> None:
        self._told_s = time.monotonic()
        draft = self._out / "told.part"
        draft.write_text(json.dumps({"runs": self._runs, "guided": self._guided, "findings": self._findings}), encoding="utf-8")
        os.replace(draft, self._out / "told.json")

    def _keep(self, error: BaseException, data: bytes) -> None:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/studio/" in frame.filename] or traceback.extract_tb(error.__traceback__)
        where = frames[-1]
        place = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno} ({str(error)[:100]!r})"
        key = f"{type(error).__name__} {where.filename} {where.lineno}"
        name = hashlib.sha256(key.encode()).hexdigest()[:12]
        path = self._out / f"{name}.bin"
        if path.name in {Path(known).name for known in self._findings.values()} or len(self._findings) >= _MAX_FINDINGS:
            return
        path.write_bytes(data)
        (self._out / f"{name}.txt").write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        self._findings[place] = str(path)
        self.tell()

    @staticmethod
    def _too_long(*_: object) -> None:
        raise Hang(f"still at it after {HANG_S:g} s")


def mutated(draw: random.Random, seeds: list[bytes], words: tuple[bytes, ...]) -> bytes:
    """A seed, changed in a few places: bits, numbers, words of the format, pieces of other seeds, repeats and cuts."""
    data = bytearray(draw.choice(seeds))
    for _ in range(draw.choice((1, 1, 2, 3, 5, 9))):
        at, end = sorted(draw.randrange(len(data) + 1) for _ in range(2))
        end = min(end, at + draw.choice((1, 4, 32, 400)))
        change = draw.randrange(7)
        if change == 0 and data:
            data[min(at, len(data) - 1)] ^= 1 << draw.randrange(8)
        elif change == 1:
            data[at:end] = draw.choice(words)
        elif change == 2:
            data[at:at] = draw.choice(words)
        elif change == 3:
            other = draw.choice(seeds)
            start = draw.randrange(len(other) + 1)
            data[at:end] = other[start : start + draw.choice((4, 40, 400))]
        elif change == 4:
            del data[at:end]
        elif change == 5:
            data[at:end] = data[at:end] * draw.choice((2, 3, 50))
        else:
            data[at:end] = str(draw.choice((0, -1, 1, 255, 65536, 2**31, 2**63, 10**30))).encode()
    return bytes(data[:MAX_INPUT_BYTES])


def blind(watch: Watch, target: Target, seconds: int, seed: int) -> None:
    draw, seeds, until_s = random.Random(seed), target.seeds(), time.monotonic() + seconds
    for data in seeds:
        watch(data)
    while time.monotonic() < until_s:
        watch(mutated(draw, seeds, target.words))


def guided(watch: Watch, target: Target, seconds: int, seed: int, scratch: Path) -> None:
    """By atheris; does not return."""
    import atheris

    corpus = scratch / "corpus"
    corpus.mkdir()
    for number, data in enumerate(target.seeds()):
        (corpus / str(number)).write_bytes(data)
    dictionary = scratch / "words.txt"
    dictionary.write_text("".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in target.words if word), encoding="utf-8")
    options = [f"-max_total_time={seconds}", f"-seed={seed + 1}", f"-max_len={MAX_INPUT_BYTES}", "-timeout=60", "-rss_limit_mb=4096", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], str(corpus), f"-dict={dictionary}", f"-artifact_prefix={scratch}/", *options], watch)
    atheris.Fuzz()


def main() -> None:
    """Load the target, watched by atheris where that is there and wanted, and run it."""
    name, seconds, seed, out, scratch, way = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), Path(sys.argv[5]), sys.argv[6]
    target = TARGETS[name]
    is_guided = way == "guided" and importlib.util.find_spec("atheris") is not None
    with ExitStack() as stack:
        if is_guided:
            import atheris

            stack.enter_context(atheris.instrument_imports(include=list(target.modules)))
        work = target.load(scratch)
    watch = Watch(work, out, guided=is_guided)
    watch.tell()
    faulthandler.dump_traceback_later(seconds + STUCK_S, exit=True)  # where it hangs, into the log
    if is_guided:
        guided(watch, target, seconds, seed, scratch)
    blind(watch, target, seconds, seed)
    watch.tell()


if __name__ == "__main__":
    main()
