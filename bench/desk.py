"""The line desk in a real browser, on a server just started: what an editor waits for. `python -m bench.desk`.

Makes a project of many lines (seeded texts in two languages, a film of that length, some takes) in a home of its own, starts
`python -m studio serve` on it, and drives a headless Chromium. Aims: first paint of the desk within 1.5 s at 2,000 lines, keystroke to
budget bar p95 within 100 ms, selection to picture and sound p95 within 400 ms, another editor's edit on screen within 2 s.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from bench import desk_page
from bench.desk_project import Prepared, prepare
from bench.machine import ROOT, as_plain, this_machine

CHROMES = ("chromium", "chromium-browser", "google-chrome")
AIMS = {
    "open, nothing measured yet": 1500.0, "open after a restart": 1500.0, "open from the list": 1500.0, "reload": 1500.0,
    "keystroke to bar": 100.0, "select to playing": 400.0, "another's edit on screen": 2000.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of one measure. `aim_ms` None: none is set; the p95 (of a single value, the value) is held against it. `cpu_ms`: what one
    call cost the server's processor, which a busy machine disturbs less than the wall time; None where it was not counted."""

    name: str
    count: int
    p50_ms: float
    p95_ms: float
    worst_ms: float
    aim_ms: float | None = None
    cpu_ms: float | None = None

    @property
    def verdict(self) -> str:
        return "" if self.aim_ms is None else "met" if self.p95_ms <= self.aim_ms else "missed"


def parse_flags(argv: list[str] | None = None) -> argparse.Namespace:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--lines", type=int, default=2000)
    flags.add_argument("--takes", type=int, default=30)
    flags.add_argument("--keys", type=int, default=120)
    flags.add_argument("--selections", type=int, default=50)
    flags.add_argument("--edits", type=int, default=40, help="edits and predictions asked straight of the server")
    flags.add_argument("--scroll-ms", type=int, default=6000, help="time in which the whole list is scrolled through")
    flags.add_argument("--starts", type=int, default=5, help="starts of the server, with one first load each, for each way to begin")
    flags.add_argument("--opens", type=int, default=10, help="loads of the page after the first")
    flags.add_argument("--seed", type=int, default=1)
    flags.add_argument("--folder", type=Path, help="keep the project here, and take it up again (default: a temporary folder)")
    flags.add_argument("--only", nargs="+", default=(), help="measures to take: open keys select scroll server other")
    flags.add_argument("--json", type=Path, help="write the result here as well")
    return flags.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    flags, machine = parse_flags(argv), this_machine()
    print(machine, end="\n\n")
    with tempfile.TemporaryDirectory(prefix="lipline-bench-") as name:
        made = _prepared(flags, (flags.folder or Path(name)) / str(flags.lines))
        print(f"{made.lines} lines, {made.takes} takes, {made.film_s / 60:.0f} min of film, seed {flags.seed}; made in {made.made_in_s:.0f} s\n")
        rows = list(measure(made, flags))
    print("\n".join(table(rows)))
    if flags.json is not None:
        content = {"machine": as_plain(machine), "project": asdict(made) | {"home": "", "seed": flags.seed}, "rows": [asdict(row) for row in rows]}
        part = flags.json.with_name(flags.json.name + ".part")
        part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(part, flags.json)


def _prepared(flags: argparse.Namespace, folder: Path) -> Prepared:
    """The project of an earlier run with the same flags, or a new one."""
    note = folder / "prepared.json"
    asked = {"lines": flags.lines, "takes": flags.takes, "seed": flags.seed}
    if note.is_file():
        kept = json.loads(note.read_text(encoding="utf-8"))
        if kept.pop("asked") == asked:
            return Prepared(**{**kept, "home": folder / "home"})
    shutil.rmtree(folder, ignore_errors=True)
    made = prepare(folder, flags.lines, seed=flags.seed, takes=flags.takes)
    note.write_text(json.dumps({**asdict(made), "home": "", "asked": asked}), encoding="utf-8")
    return made


def measure(made: Prepared, flags: argparse.Namespace) -> Iterator[Measured]:
    """Every measure, or those named; each server is started for its measure and stopped after it."""
    wanted = set(flags.only) or {"open", "keys", "select", "scroll", "server", "other"}
    place = f"?project={made.project_id}&tab=lines"
    with browser() as chromium:
        if "open" in wanted:
            yield from _opened(chromium, made, flags, place)
        if not wanted - {"open"}:
            return
        with served(made.home) as address, _context(chromium) as context:
            _settled(address, made)
            order = _get(f"{address}desk/{made.project_id}/rows")["order"]
            if "server" in wanted:
                yield from _asked(address, made, order, flags)
            if not wanted - {"open", "server"}:
                return
            page, _ = desk_page.open_page(context, address + place)
            desk_page.whole(page)
            page.wait_for_timeout(1500)
            if "keys" in wanted:
                yield summed("keystroke to bar", desk_page.keystrokes(page, flags.keys, flags.seed))
            if "select" in wanted:
                yield summed("select to playing", desk_page.selections(page, order, made.takes, flags.selections, flags.seed))
            if "other" in wanted:
                yield summed("another's edit on screen", _others(page, address, made, order))
            if "scroll" in wanted:
                frames = desk_page.scrolled(page, flags.scroll_ms)["frames"]
                yield summed("frame while scrolling", frames)


def _opened(chromium: Any, made: Prepared, flags: argparse.Namespace, place: str) -> Iterator[Measured]:
    yield summed("open, nothing measured yet", [_first_open(chromium, made, place, is_unmeasured=True) for _ in range(flags.starts)])
    yield summed("open after a restart", [_first_open(chromium, made, place) for _ in range(flags.starts)])
    with served(made.home) as address, _context(chromium) as context:
        desk_page.open_page(context, address + place)[0].close()
        firsts, wholes = [], []
        for _ in range(flags.opens):
            page, first = desk_page.open_page(context, address + place)
            firsts.append(first)
            wholes.append(desk_page.whole(page))
            page.close()
        yield summed("reload", firsts)
        yield summed("reload: header and tabs too", wholes)
    with served(made.home) as address, _context(chromium) as context:
        yield summed("open from the list", [_closed(desk_page.open_from_list(context, address, made.project_id)) for _ in range(flags.opens)])


def _first_open(chromium: Any, made: Prepared, place: str, *, is_unmeasured: bool = False) -> float:
    """A server just started, a browser that has seen nothing of it."""
    if is_unmeasured:
        forget_estimates(made.home)
    with served(made.home) as address, _context(chromium) as context:
        first = _closed(desk_page.open_page(context, address + place))
        _settled(address, made)
    return first


def _settled(address: str, made: Prepared) -> None:
    """Wait until every line has its prediction."""
    while any(row["fit"] is None for row in _get(f"{address}desk/{made.project_id}/rows")["rows"]):
        time.sleep(0.5)


def _closed(opened: tuple[Any, float]) -> float:
    opened[0].close()
    return opened[1]


def _asked(address: str, made: Prepared, order: list[str], flags: argparse.Namespace) -> Iterator[Measured]:
    """The desk's calls, without a browser: what a person's wait is made of on this side."""
    for name, verb, key in (("server: predict", "predict", "text"), ("server: revise", "revise", "target")):
        texts = [f"Der Kapitän hat den Brief {number} gesehen, ohne ein Wort." for number in range(flags.edits)]
        asks = [{"line_id": order[number * 7 % len(order)], key: text} for number, text in enumerate(texts)]
        yield _timed(name, [lambda values=values, verb=verb: _post(f"{address}desk/{made.project_id}/{verb}", values) for values in asks])
    rows = f"{address}desk/{made.project_id}/rows"
    revision = _get(rows)["revision"]
    yield _timed("server: what is new", [lambda: _get(f"{rows}?since={revision}")] * max(3, flags.edits // 4))
    yield _timed("server: all rows", [lambda: _get(rows)] * max(3, flags.edits // 8))


def _timed(name: str, calls: list[Callable[[], Any]]) -> Measured:
    """The calls one after the other: how long each took, and what one cost the server's processor."""
    server = next(one for one in psutil.Process().children() if "serve" in one.cmdline())
    before, times = sum(server.cpu_times()[:2]), []
    for call in calls:
        started = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - started))
    return replace(summed(name, times), cpu_ms=round(1000 * (sum(server.cpu_times()[:2]) - before) / len(calls), 1))


def _others(page: Any, address: str, made: Prepared, order: list[str]) -> list[float]:
    """Edits of someone else, on lines in view; a page that never heard of one counts as its patience."""
    shown = page.locator(desk_page.ROW).evaluate_all("(rows) => rows.slice(2, 7).map((row) => row.dataset.id)")
    send = lambda values: _post(f"{address}desk/{made.project_id}/revise", values)  # noqa: E731
    found = [desk_page.others_edit(page, send, line_id, 15.0) for line_id in shown]
    return [15_000.0 if one is None else 1000 * one for one in found]


def summed(name: str, values: list[float]) -> Measured:
    ordered = sorted(values)
    if not ordered:
        raise SystemExit(f"{name}: nothing was measured.")
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return Measured(name, len(ordered), round(statistics.median(ordered), 1), round(p95, 1), round(ordered[-1], 1), AIMS.get(name))


def table(rows: list[Measured]) -> Iterator[str]:
    yield f"{'measure':28s} {'n':>4s} {'p50 ms':>9s} {'p95 ms':>9s} {'worst ms':>9s} {'cpu ms':>8s} {'aim ms':>8s}"
    for row in rows:
        aim = "" if row.aim_ms is None else f"{row.aim_ms:.0f}"
        cpu = "" if row.cpu_ms is None else f"{row.cpu_ms:.1f}"
        yield f"{row.name:28s} {row.count:4d} {row.p50_ms:9.1f} {row.p95_ms:9.1f} {row.worst_ms:9.1f} {cpu:>8s} {aim:>8s} {row.verdict}".rstrip()


# what it is done with


def forget_estimates(home: Path) -> None:
    """As if nobody had ever timed a text here."""
    with sqlite3.connect(home / "studio.db") as connection:
        connection.execute("DELETE FROM estimates")


@contextmanager
def served(home: Path) -> Iterator[str]:
    """A server in a process of its own on that home; its address."""
    argv = [sys.executable, "-m", "studio", "serve", "--no-demo", "--home", str(home), "--port", "0"]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as server:
        try:
            said = next((line for line in server.stdout or () if "http://" in line), None)
            if said is None:
                raise SystemExit("The server did not start.")
            address = next(word for word in said.split() if word.startswith("http")) + "/"
            _await(address)
            yield address
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def _await(address: str) -> None:
    """Until it answers at all: said is the address before the first request is taken."""
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{address}look/css/tokens.css", timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("The server does not answer.")


@contextmanager
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = next((found for name in CHROMES if (found := shutil.which(name))), None)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"])
        yield opened
        opened.close()


@contextmanager
def _context(chromium: Any) -> Iterator[Any]:
    """A browser as on the first visit: nothing of the page is kept."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield context
    context.close()


def _get(address: str) -> dict[str, Any]:
    with urllib.request.urlopen(address, timeout=120) as answer:
        return dict(json.load(answer))


def _post(address: str, values: dict[str, Any]) -> Any:
    request = urllib.request.Request(address, json.dumps(values).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


if __name__ == "__main__":
    main()
