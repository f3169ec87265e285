"""The fuzzer finds what is there to find, keeps the input that shows it, and says so."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from bench import fuzz_run
from bench.fuzz import fuzz
from bench.fuzz_run import Watch, mutated
from bench.fuzz_targets import TARGETS
from studio.domain.errors import BadSetting


def told(out: Path) -> dict[str, str]:
    import json

    return json.loads((out / "told.json").read_text())["findings"]


def test_an_error_is_kept_once_for_each_place_with_the_input_that_shows_it(tmp_path: Path) -> None:
    def work(data: bytes) -> None:
        if b"!" in data:
            raise KeyError(data.decode())

    watch = Watch(work, tmp_path, guided=False)
    for data in (b"fine", b"bad!", b"worse!"):
        watch(data)
    watch.tell()
    ((place, path),) = told(tmp_path).items()
    assert place.startswith("KeyError at test_fuzz.py") and Path(path).read_bytes() == b"bad!"


def test_an_input_that_never_ends_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz_run, "HANG_S", 0.2)

    def work(_data: bytes) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                sum(range(1000))
            except Exception:
                continue

    watch = Watch(work, tmp_path, guided=False)
    started = time.monotonic()
    watch(b"x")
    assert time.monotonic() - started < 10
    assert next(iter(told(tmp_path))).startswith("Hang at")


def test_the_same_seed_gives_the_same_inputs() -> None:
    one, other = ([mutated(random.Random(seed), [b"hello world", b"second"], (b"<x>",)) for _ in range(50)] for seed in (1, 1))
    assert one == other
    draw = random.Random(1)
    assert len({mutated(draw, [b"hello world"], (b"<x>",)) for _ in range(50)}) > 20


@pytest.mark.parametrize("name", [name for name in TARGETS if name not in ("film", "calls", "projects")])
def test_every_seed_is_taken_or_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    work, seeds = TARGETS[name].load(tmp_path), TARGETS[name].seeds()
    assert len(seeds) > 3
    for data in seeds:
        work(data)


def test_a_sentence_is_no_finding(tmp_path: Path) -> None:
    with pytest.raises(BadSetting):
        raise BadSetting("a sentence")
    outcome = fuzz("users", 1, 3, tmp_path, blind=True)
    assert outcome.runs > 50 and not outcome.guided and outcome.findings == {}, outcome.sentence()
