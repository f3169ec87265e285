"""A result of the load as a page of the docs. `python -m bench.load.report build/load.json docs/results/hosting.md`.

Enter: the JSON that `python -m bench.load --json` wrote (several may be given; of a measure the last one counts). Leaves: Markdown, written beside
and renamed. Words that explain a measure stand here; numbers come from the JSON alone.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OPENING = """# The shared box under load

    make load ARGS="all --json build/load.json"              # everything below; --minutes, --people, --kills, --hours, --seed, --budget-s
    python -m bench.load.report build/load.json docs/results/hosting.md

Everything runs on loopback, against `python -m studio serve` in processes of its own, and is bounded in count and time. The program ends
with 1 when a target is missed. A machine that was busy before says so, and its milliseconds are no results; what was lost, crossed or
doubled is one all the same.
"""
HOW = {
    "people": "A page server and a worker beside it, as our deploy files set a box up. Each person is a page: it logs in, asks what the page asks (rows, a pulse each second, Gradio's ticks, a prediction with each key), types, "
    "drags, approves, takes back, writes notes, regenerates, voices, renders, plays takes and films by ranges, exports, and tries addresses that "
    "somebody else used a moment ago. Some of them are real Chromium pages. Whoever is told that an edit is stored has it in a ledger; at the end "
    "each must stand in the line's history under their name, and the edits of a line must make one chain that ends in the line as it is. Every "
    "project has a word of its own in its texts and a film like no other, and every answer is looked through for those of others.",
    "kills": "The same load; SIGKILL hits the page server or a worker at a random moment, also while it starts, and it is started again at once. Pages "
    "keep what nobody answered and send it again. A trigger beside the jobs counts how often each was ended.",
    "hostile": "Playlists, concat scripts, films whose samples lie elsewhere, entities, bombs, archives and names that climb, pickles that act, and the "
    "corpus of broken files. Beside the home lie a secret and a canary that listens; the tree around it and the program's own folders are "
    "compared before and after.",
    "two-servers": "Two page servers on one PostgreSQL and one folder of files; people are spread over both, one server is killed halfway, and its people "
    "come back at the other with the session they have.",
    "soak": "What a team does in a day, as fast as the machine can, by a server that keeps for a minute what it keeps for a day "
    "(`bench/load/compressed.py`). Growth is the fitted slope (Theil–Sen, after warming up) over the whole day.",
    "rights": "A test per route, generated from the list of routes (`tests/ui`).",
    "cluster": "Tests of the project (`tests/cluster`).",
}


def page(contents: list[dict[str, Any]]) -> str:
    """The whole page. Of each measure the last outcome counts."""
    found = {one["name"]: (one, content["machine"]) for content in contents for one in content["outcomes"]}
    parts = [OPENING, *(part for name in HOW if name in found for part in _measure(*found[name]))]
    return "\n".join(parts).rstrip() + "\n"


def _measure(outcome: dict[str, Any], machine: dict[str, Any]) -> Iterator[str]:
    yield f"## {outcome['name']}: {outcome['what']}\n\n{HOW[outcome['name']]}\n"
    yield (
        f"{machine['date']}, commit {machine['commit']}; {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"load {machine['load_before']} before, a loop of Python in {machine['loop_s']} s; Python {machine['python']}.\n"
    )
    yield "| measure | value | target | |\n|---|---|---|---|"
    for one in outcome["verdicts"]:
        yield f"| {_cell(one['measure'])} | {_number(one['value'])} {one['unit']} | {_number(one['aim'])} | {_word(one)} {_cell(one['note'])} |"
    yield ""
    yield from _calls(outcome["details"])


def _calls(details: dict[str, Any]) -> Iterator[str]:
    calls, busy = details.get("calls"), details.get("busy")
    if busy:
        yield (
            f"The studio's own processes took {busy['server_cores']} cores, this program {busy['load_cores']}; the machine was busy to "
            f"{100 * busy['machine_share']:.0f} %, load average {busy['load_average']}.\n"
        )
    if calls:
        yield "| call | n | p50 ms | p95 ms | p99 ms |\n|---|---|---|---|---|"
        yield from (f"| {name} | {one['count']} | {one['p50_ms']:.0f} | {one['p95_ms']:.0f} | {one['p99_ms']:.0f} |" for name, one in calls.items())
        yield ""


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _word(verdict: dict[str, Any]) -> str:
    if verdict["aim"] is None:
        return ""
    return "met" if verdict["value"] is not None and verdict["value"] <= verdict["aim"] else "**missed**"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    flags = argparse.ArgumentParser(prog="bench.load.report", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("results", nargs="+", type=Path)
    flags.add_argument("out", type=Path)
    given = flags.parse_args()
    content = page([json.loads(path.read_text(encoding="utf-8")) for path in given.results])
    part = given.out.with_name(f"{given.out.name}.part")
    part.write_text(content, encoding="utf-8")
    os.replace(part, given.out)


if __name__ == "__main__":
    main()
