"""How much a studio holds: what one edit, one page, one line and one project cost, measured here, and a simulated day of up to 1,000 editors on it.

    python -m bench.capacity --out docs/results/capacity.json          # everything
    python -m bench.capacity --costs 5,20,0.2,0.5 --editors 1000       # only the simulation, with milliseconds and seconds of your own

Processor seconds are counted, not the clock, so that a busy machine does not spoil them. Seeds make projects and days the same each time.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench.capacity_cost import Database, LinePace, PageCost, database_sizes, line_paces, page_costs
from bench.capacity_day import Costs, Felt, Habits, Office, office_for, simulate
from bench.machine import as_plain, this_machine

EDITORS = (20, 100, 300, 1000)
VOICE_STAGE = "voice"


def parse_flags() -> argparse.Namespace:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--editors", type=int, nargs="+", default=EDITORS)
    flags.add_argument("--costs", help="ms for news, ms for an edit, seconds for a line at the desk, for one of a film; then nothing is measured")
    flags.add_argument("--lines", type=int, default=1000, help="of the measured project")
    flags.add_argument("--minutes", type=float, default=30.0, help="of the simulated day")
    flags.add_argument("--seed", type=int, default=7)
    flags.add_argument("--out", type=Path, help="write the result as JSON here")
    return flags.parse_args()


def main() -> None:
    flags = parse_flags()
    machine = this_machine()
    print(machine, end="\n\n")
    content: dict[str, object] = {"machine": as_plain(machine), "seed": flags.seed, "habits": asdict(Habits())}
    if flags.costs is not None:
        news_ms, edit_ms, line_s, film_line_s = (float(part) for part in flags.costs.split(","))
        costs = Costs(news_ms / 1000, edit_ms / 1000, line_s, film_line_s)
    else:
        costs = measured(flags, content)
    days = [day(editors, costs, flags) for editors in flags.editors]
    print("\n".join(day_table(days)))
    if flags.out is not None:
        part = flags.out.with_name(f"{flags.out.name}.part")
        part.write_text(json.dumps(content | {"costs": asdict(costs), "days": [asdict(one) for one in days]}, indent=1) + "\n", encoding="utf-8")
        os.replace(part, flags.out)


def measured(flags: argparse.Namespace, content: dict[str, object]) -> Costs:
    with tempfile.TemporaryDirectory(prefix="lipline-capacity-") as name:
        page = page_costs(Path(name), flags.lines, flags.seed)
        sizes = database_sizes(Path(name), flags.lines, flags.seed)
        paces = line_paces(Path(name))
    print("\n".join((*page_table(page), "", *size_table(sizes), "", *pace_table(paces), "")), flush=True)
    content |= {"page": asdict(page), "databases": [asdict(one) for one in sizes], "lines": [asdict(one) for one in paces]}
    voice = next(one for one in paces if one.stage == VOICE_STAGE)
    return Costs(page.news_ms / 1000, page.edit_ms / 1000, voice.seconds_a_line, sum(one.seconds_a_line for one in paces))


def day(editors: int, costs: Costs, flags: argparse.Namespace) -> Felt:
    office: Office = office_for(editors, costs, Habits())
    return simulate(office, costs, Habits(), length_s=60 * flags.minutes, seed=flags.seed)


def page_table(page: PageCost) -> list[str]:
    return [
        f"One page server, a project of {page.lines} lines, processor time:",
        f"  an answer to “is there news?”      {page.news_ms:7.2f} ms",
        f"  an edit, kept and told             {page.edit_ms:7.2f} ms",
        f"  memory of the server, nobody there {page.base_mb:7.0f} MB",
        f"  memory a project that is open      {page.project_mb:7.1f} MB",
        f"  memory a further page on it        {page.page_mb:7.2f} MB",
    ]


def size_table(sizes: list[Database]) -> list[str]:
    rows = ["Database          empty, MB   1,000 lines, MB   1,000 edits, MB"]
    return rows + [f"{one.name:16s} {one.empty_mb:9.2f} {one.lines_mb:17.2f} {one.edits_mb:17.2f}" for one in sizes]


def pace_table(paces: list[LinePace]) -> list[str]:
    rows = ["Stage (default engines, CPU)    s a line   lines an hour on one worker"]
    every = [*paces, LinePace("all", sum(one.seconds_a_line for one in paces))]
    return rows + [f"{one.stage:28s} {one.seconds_a_line:11.3f} {3600 / one.seconds_a_line:20.0f}" for one in every if one.seconds_a_line > 0]


def day_table(days: list[Felt]) -> list[str]:
    rows = ["editors servers workers     edits   edit p50    p95, ms   take p50    p95, s   films   servers busy   workers busy"]
    for one in days:
        office = one.office
        felt = f"{_of(one.edit_p50_ms):>10s} {_of(one.edit_p95_ms):>10s} {_of(one.take_p50_s, 1):>10s} {_of(one.take_p95_s, 1):>9s}"
        rows.append(f"{office.editors:7d} {office.servers:7d} {office.workers:7d} {one.edits:9d} {felt} {one.films:7d} {one.servers_busy:14.2f} {one.workers_busy:14.2f}")
    return rows


def _of(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


if __name__ == "__main__":
    sys.exit(main())
