"""Calls made up from the API's own description, by schemathesis: `python -m bench.fuzz_api --seconds N --seed S`. Needs: pip install schemathesis==4.32.5

Of each operation of the OpenAPI document (api_document.py) calls that fit it and calls that do not, in turns until the time is over. A finding:
a fault of ours (5xx but 503); a refusal without a sentence; a call of the desk that fits its description and is not understood, or one that
does not fit and is done all the same. Exit code 1 when something was found.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.api_document import api_document
from bench.fuzz_server import House

CALLS_AT_ONCE = 15
NOT_UNDERSTOOD = "do not understand each other"


@dataclass
class Found:
    """What was seen: answers by status, and the first call that showed each finding."""

    calls: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    findings: dict[str, str] = field(default_factory=dict)


def records() -> dict[str, type]:
    """Calls of the desk that hand all they get to one record."""
    from studio.ui.desk import Revision
    from studio.ui.list_desk import BulkChange
    from studio.ui.shows_desk import SheetChange

    return {"revise": Revision, "revise_lines": BulkChange, "set_sheet": SheetChange}


def fuzz_api(scratch: Path, seconds: float, seed: int) -> Found:
    import schemathesis

    house, found = House(scratch), Found()
    schema = schemathesis.openapi.from_dict(api_document(house.app, records()))
    operations = [one.ok() for one in schema.get_all_operations()]
    ends_s = time.monotonic() + seconds
    for turn, operation, fits in ((turn, one, fits) for turn in itertools.count(seed) for one in operations for fits in (True, False)):
        if time.monotonic() > ends_s:
            break
        _some(house, operation, found, fits=fits, seed=turn)
    return found


def _some(house: House, operation: Any, found: Found, *, fits: bool, seed: int) -> None:
    """A few calls of one operation."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from schemathesis import GenerationMode

    @seeded(seed)
    @settings(max_examples=CALLS_AT_ONCE, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=GenerationMode.POSITIVE if fits else GenerationMode.NEGATIVE))
    def once(case: Any) -> None:
        _try(house, case, found, fits=fits)

    try:
        once()
    except Exception as error:
        if "NonSatisfiable" not in repr(error) and "Unsatisfiable" not in repr(error):  # nothing can be wrong about a call without parameters
            raise


def _try(house: House, case: Any, found: Found, *, fits: bool) -> None:
    told = case.as_transport_kwargs(base_url="http://127.0.0.1")
    body = json.dumps(told["json"]) if "json" in told else str(told.get("data") or "")
    call = f"{case.method} {told['url']} {told.get('params') or ''} {body}"
    try:
        headers = {"content-type": "application/json"} | {key: str(value) for key, value in (told.get("headers") or {}).items()}
        answer = house.ask(case.method, house.real(told["url"]), params=told.get("params"), content=house.real(body).encode(), headers=headers)
    except (UnicodeError, ValueError) as error:
        if "codec" in str(error) or "header" in str(error).lower():
            return  # nothing that could be sent
        found.findings.setdefault(f"{case.operation.label}: {error!r}"[:200], call)
        return
    except Exception as error:
        found.findings.setdefault(f"{case.operation.label}: {error!r}"[:200], call)
        return
    found.calls += 1
    found.answers[answer.status_code] += 1
    for what in _odd(case, answer, fits=fits):
        found.findings.setdefault(f"{case.operation.label}: {what}", call)


def _odd(case: Any, answer: Any, *, fits: bool) -> list[str]:
    """What is wrong with an answer."""
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    said = answer.json() if is_json and answer.content else {}
    odd = []
    is_nowhere = said == {"detail": "Not Found"}  # an address of no route, which only a made-up id with strokes leads to
    if answer.status_code >= 400 and is_json and case.method != "HEAD" and not is_nowhere and not (isinstance(said, dict) and isinstance(said.get("error"), str) and said["error"]):
        odd.append(f"{answer.status_code} without a sentence: {str(said)[:120]}")
    is_call = case.operation.path.startswith("/desk/{project_id}/") and case.method == "POST"
    if is_call and fits and answer.status_code == 400 and NOT_UNDERSTOOD in str(said):
        odd.append(f"fits, and is not understood: {said['error'][:160]}")
    if is_call and not fits and answer.status_code < 400:
        odd.append("does not fit, and is done")
    return odd


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz_api", description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        found = fuzz_api(Path(scratch), wish.seconds, wish.seed)
    answers = ", ".join(f"{status}: {count:,}" for status, count in sorted(found.answers.items()))
    print(f"api: {found.calls:,} calls in {wish.seconds} s, seed {wish.seed}: {len(found.findings) or 'no'} findings; answers {answers}")
    for what, call in found.findings.items():
        print(f"  {what}\n    {call[:600]}")
    sys.exit(bool(found.findings))


if __name__ == "__main__":
    main()
