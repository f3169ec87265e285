"""Groups of scenes over several processes: each opens the model once, takes the next group, and hands its records back in order.

One process works in place. A worker's error is raised here, as the sentence it was; a worker that vanishes is a `WorkerLost`.
"""

from __future__ import annotations

import multiprocessing
import queue
from collections.abc import Iterator, Sequence
from multiprocessing.process import BaseProcess

import torch

from models.recipes.sample_scenes import TableScene
from models.recipes.sample_work import GroupResult, SampleOrder, SceneWork

_LOOK_EVERY_S = 2.0
Group = tuple[TableScene, ...]


class WorkerLost(RuntimeError):
    """A process ended without a word, killed for its memory for instance, or failed. The sentence says so."""


def results_in_order(order: SampleOrder, groups: Sequence[Group], workers: int) -> Iterator[GroupResult]:
    """One result per group, in the order of the groups. Raises what `SceneWork` raises with one worker, WorkerLost with several."""
    if order.device == "cpu":
        torch.set_num_threads(1)
    if workers > 1 and len(groups) > 1:
        yield from _from_processes(order, groups, min(workers, len(groups)))
        return
    work = SceneWork(order)
    for group in groups:
        yield work.records(group)


def _from_processes(order: SampleOrder, groups: Sequence[Group], workers: int) -> Iterator[GroupResult]:
    context = multiprocessing.get_context("spawn")
    asked, done = context.Queue(), context.Queue()  # putting never waits, also where no worker lives to take what is put
    processes = [context.Process(target=_serve, args=(order, asked, done), daemon=True) for _ in range(workers)]
    for process in processes:
        process.start()
    try:
        waiting = iter(enumerate(groups))
        for item in _first(waiting, 2 * workers):
            asked.put(item)
        early: dict[int, GroupResult] = {}
        for number in range(len(groups)):
            while number not in early:
                found, result = _next_result(done, processes)
                early[found] = result
                asked.put(next(waiting, None))
            yield early.pop(number)
    finally:
        asked.cancel_join_thread()
        for process in processes:
            process.terminate()
            process.join()


def _first(items: Iterator[tuple[int, Group]], count: int) -> list[tuple[int, Group]]:
    return [item for _, item in zip(range(count), items, strict=False)]


def _next_result(done: multiprocessing.Queue, processes: Sequence[BaseProcess]) -> tuple[int, GroupResult]:
    while True:
        try:
            number, result = done.get(timeout=_LOOK_EVERY_S)
        except queue.Empty:
            lost = [process.exitcode for process in processes if process.exitcode not in (None, 0)]
            if lost:
                raise WorkerLost(f"A worker process ended with code {lost[0]}; take fewer --workers or scenes at once, and go on.") from None
            continue
        if isinstance(result, str):
            raise WorkerLost(result)
        return number, result


def _serve(order: SampleOrder, asked: multiprocessing.Queue, done: multiprocessing.Queue) -> None:
    """A worker's life: groups until there are none. Its error goes to the asker as a sentence, and then ends it aloud."""
    torch.set_num_threads(1)
    number = -1
    try:
        work = SceneWork(order)
        while (item := asked.get()) is not None:
            number, group = item
            done.put((number, work.records(group)))
    except BaseException as error:
        done.put((number, f"{type(error).__name__}: {error}"))
        raise
