"""Models under a budget: sizes before loading, the one used longest ago goes first, one in use never, and a sentence where nothing helps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from studio.domain.errors import BadSetting, EngineUnavailable
from studio.engines.memory_budget import Devices, Held, MemoryBudget, ModelFacts, budgets, read_budgets
from studio.engines.out_of_memory import within_memory


class Bench:
    """Models of given sizes on devices of 10; `opened` and `cleared` tell what was done."""

    def __init__(self, *, size: int | None = 10, free: Callable[[str], int | None] = lambda _: None, wait_s: float = 0.05) -> None:
        self.opened: list[str] = []
        self.cleared: list[str] = []
        self.budget = MemoryBudget(Devices(lambda _device: size, free, self.cleared.append), wait_s=wait_s)

    def model(self, name: str, size: int | None, device: str = "cuda:0") -> Held[str]:
        def read() -> str:
            self.opened.append(name)
            return f"net {name}"

        return self.budget.place(lambda: ModelFacts(name, device, size), read)

    def names(self) -> list[str]:
        return [one.name for one in self.budget.held()]


def use(held: Held[Any]) -> Any:
    with held.use() as value:
        return value


def test_a_model_is_opened_once_and_stays() -> None:
    bench = Bench()
    model = bench.model("a", 4)
    assert model.now is None and use(model) == use(model) == "net a" == model.now
    assert bench.opened == ["a"] and bench.names() == ["a"]


def test_the_one_used_longest_ago_makes_room() -> None:
    bench = Bench()
    a, b, c = (bench.model(name, 4) for name in "abc")
    use(a), use(b), use(a), use(c)
    assert bench.names() == ["a", "c"] and b.now is None and "cuda:0" in bench.cleared
    assert use(b) == "net b" and bench.opened == ["a", "b", "c", "b"]


def test_devices_do_not_take_each_others_room() -> None:
    bench = Bench()
    here, there = bench.model("a", 8), bench.model("b", 8, "cuda:1")
    use(here), use(there)
    assert bench.names() == ["a", "b"]


def test_a_model_in_use_is_never_released() -> None:
    bench = Bench()
    a, b = bench.model("a", 6), bench.model("b", 6)
    with a.use() as net:
        with pytest.raises(EngineUnavailable, match=r"“b” is not available: it takes about 0\.0 GiB of cuda:0, which other models have in use"):
            use(b)
        assert not a.release() and a.now == net
    assert use(b) == "net b" and a.now is None


def test_who_waits_for_room_gets_it_when_the_other_is_done() -> None:
    bench = Bench(wait_s=10)
    a, b = bench.model("a", 6), bench.model("b", 6)
    began, done = threading.Event(), threading.Event()
    made: list[str] = []

    def other() -> None:
        began.set()
        made.append(use(b))
        done.set()

    with a.use():
        thread = threading.Thread(target=other)
        thread.start()
        assert began.wait(5) and not done.wait(0.1)
    thread.join(5)
    assert made == ["net b"] and bench.names() == ["b"]


def test_two_that_wait_for_room_for_the_same_model_share_it() -> None:
    bench = Bench(wait_s=10)
    a, b = bench.model("a", 6), bench.model("b", 6)
    both = threading.Barrier(2)

    def together(_number: int) -> str:
        with b.use() as net:
            both.wait(5)  # neither ends before the other has it too
            return net

    with ThreadPoolExecutor(2) as people:
        with a.use():
            asked = [people.submit(together, number) for number in range(2)]
            assert not wait(asked, 0.1).done
        assert [one.result(5) for one in asked] == ["net b", "net b"]
    assert bench.opened == ["a", "b"]


def test_a_model_larger_than_the_budget_is_refused_before_it_is_read() -> None:
    bench = Bench()
    with pytest.raises(EngineUnavailable, match="LIPLINE_MODEL_MEMORY"):
        use(bench.model("huge", 11))
    assert bench.opened == [] and bench.names() == []


def test_memory_that_other_programs_have_makes_idle_models_go_too() -> None:
    bench = Bench(size=None, free=lambda _device: 10 - sum(4 for _ in bench.budget.held()) - 5)
    a, b = bench.model("a", 4), bench.model("b", 4)
    use(a), use(b)
    assert bench.names() == ["b"]


def test_a_model_that_cannot_be_opened_takes_no_room() -> None:
    bench = Bench()

    def broken() -> str:
        raise EngineUnavailable("broken", "its file is damaged")

    held = bench.budget.place(lambda: ModelFacts("broken", "cuda:0", 9), broken)
    with pytest.raises(EngineUnavailable, match="damaged"):
        use(held)
    assert bench.names() == [] and use(bench.model("a", 9)) == "net a"


def test_a_model_is_opened_once_however_many_ask_for_it_at_once() -> None:
    bench = Bench()
    model, gate, got = bench.model("a", 4), threading.Barrier(8), []

    def ask() -> None:
        gate.wait()
        got.append(use(model))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["net a"] * 8 and bench.opened == ["a"] and not bench.budget.held()[0].is_in_use


def test_work_that_runs_out_of_memory_has_idle_models_released() -> None:
    bench = Bench(size=None)
    idle, busy = bench.model("idle", 4), bench.model("busy", 4)
    use(idle)

    def work(count: int) -> str:
        if idle.now is not None:
            raise MemoryError
        return f"{count} done"

    with busy.use():
        assert within_memory(work, 2, busy.relief()).result == "1 done"
    assert bench.names() == ["busy"]


def test_budgets_are_read_from_the_environment_and_else_follow_from_the_machine() -> None:
    read = budgets({"cpu": 100, "cuda:0": 1000}.get, {"LIPLINE_MODEL_MEMORY": "cuda:1=20GiB, cuda:2 = 1.5 G"})
    assert (read("cpu"), read("cuda:0"), read("cuda:1"), read("cuda:2"), read("mps")) == (50, 900, 20 * 2**30, 3 * 2**29, None)
    with pytest.raises(BadSetting, match="cuda:0=20GiB"):
        read_budgets("a lot")


def full(bench: Bench, name: str, room: Callable[[], bool]) -> Held[str]:
    """A model of unknown size whose opening runs out of memory as torch says it, until `room` says there is some."""

    def read() -> str:
        bench.opened.append(name)
        if not room():
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB.")
        return f"net {name}"

    return bench.budget.place(lambda: ModelFacts(name, "cuda:0", None), read)


def test_opening_that_runs_out_of_memory_has_idle_models_released() -> None:
    bench = Bench(size=None)
    idle = bench.model("idle", 4)
    use(idle)
    assert use(full(bench, "large", lambda: idle.now is None)) == "net large"
    assert bench.opened == ["idle", "large", "large"] and bench.names() == ["large"] and "cuda:0" in bench.cleared


def test_opening_that_runs_out_of_memory_waits_for_models_at_work() -> None:
    bench = Bench(size=None, wait_s=10)
    busy, tried = bench.model("busy", 4), threading.Event()

    def room() -> bool:
        tried.set()
        return busy.now is None

    with ThreadPoolExecutor(1) as people:
        with busy.use():
            asked = people.submit(use, full(bench, "large", room))
            assert tried.wait(5) and not wait([asked], 0.1).done
        assert asked.result(5) == "net large"


def test_opening_goes_on_when_the_model_it_waits_for_could_not_be_opened_either() -> None:
    bench = Bench(size=None, wait_s=10)
    began, go_on, is_there = threading.Event(), threading.Event(), threading.Event()

    def broken() -> str:
        began.set()
        go_on.wait(5)
        raise EngineUnavailable("broken", "its file is damaged")

    def room() -> bool:
        is_there.set()
        return go_on.is_set()

    with ThreadPoolExecutor(2) as people:
        other = people.submit(use, bench.budget.place(lambda: ModelFacts("broken", "cuda:0", 4), broken))
        assert began.wait(5)
        asked = people.submit(use, full(bench, "large", room))
        assert is_there.wait(5) and not wait([asked], 0.1).done
        go_on.set()
        assert asked.result(5) == "net large"
        assert isinstance(other.exception(5), EngineUnavailable)


def test_opening_that_nobody_can_make_room_for_is_said_and_takes_no_room() -> None:
    bench = Bench(size=None)
    with bench.model("busy", 4).use(), pytest.raises(EngineUnavailable, match=r"“large” is not available: the memory of cuda:0 does not suffice to open it; close"):
        use(full(bench, "large", lambda: False))
    assert bench.names() == ["busy"]


def unknown(bench: Bench, name: str, size: int | None) -> Held[str]:
    """A model whose size nobody knows before it is open."""
    return bench.budget.place(lambda: ModelFacts(name, "cuda:0", None), lambda: f"net {name}", lambda _net: size)


def test_a_size_nobody_knew_is_measured_once_the_model_is_open_and_counts_from_then_on() -> None:
    bench = Bench()
    hub, other = unknown(bench, "hub", 7), bench.model("other", 6)
    use(hub)
    assert [one.size_bytes for one in bench.budget.held()] == [7]
    use(other)
    assert bench.names() == ["other"] and hub.now is None


def test_a_model_that_turns_out_large_has_idle_ones_released_and_none_in_use() -> None:
    bench = Bench()
    idle, busy, far = bench.model("idle", 4), bench.model("busy", 4), bench.model("far", 4, "cuda:1")
    use(idle), use(far)
    with busy.use():
        use(unknown(bench, "hub", 9))
        assert bench.names() == ["far", "busy", "hub"]


def test_a_known_size_is_not_measured_and_one_that_cannot_be_measured_counts_nothing() -> None:
    bench = Bench()
    use(bench.budget.place(lambda: ModelFacts("known", "cuda:0", 3), lambda: "net", lambda _net: 5))
    use(unknown(bench, "odd", None))
    assert [one.size_bytes for one in bench.budget.held()] == [3, 0]
