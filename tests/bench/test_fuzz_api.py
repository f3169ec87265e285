"""The API's description speaks of every call and what it takes; an answer that breaks a promise is a finding."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from bench.api_document import api_document
from bench.fuzz_api import _odd, records
from bench.fuzz_server import House
from studio.ui.desk_calls import CALLS

REFUSED = {"error": "The page and the studio do not understand each other (x); reload the page."}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    house = House(tmp_path_factory.mktemp("house"))
    made = api_document(house.app, records())
    house.studio.close()
    return made


def body(document: dict[str, Any], call: str) -> dict[str, Any]:
    return document["paths"][f"/desk/{{project_id}}/{call}"]["post"]["requestBody"]["content"]["application/json"]["schema"]


def test_every_call_of_the_desk_is_described_with_what_it_takes(document: dict[str, Any]) -> None:
    assert {path.rpartition("/")[2] for path, item in document["paths"].items() if path.startswith("/desk/") and "post" in item} == set(CALLS)
    assert set(body(document, "split")["required"]) <= body(document, "split")["properties"].keys()
    assert body(document, "revise")["required"] == ["line_id"]
    assert all(body(document, call)["additionalProperties"] is False for call in CALLS)


def test_an_id_may_be_one_that_is_there_and_whole_numbers_stay_whole(document: dict[str, Any]) -> None:
    fields = body(document, "revise")["properties"]
    assert {"const": "LINE"} in fields["line_id"]["anyOf"]
    assert {"type": "null"} in body(document, "history")["properties"]["line_id"]["anyOf"], "or none at all, where that is allowed"
    assert {"type": "integer", "minimum": -(2**53), "maximum": 2**53} in fields["start_ms"]["anyOf"]
    assert body(document, "set_status")["properties"]["line_ids"]["anyOf"][0]["items"]["anyOf"][0] == {"const": "LINE"}


@pytest.mark.parametrize(
    ("status", "said", "fits", "found"),
    [
        (200, {}, True, []),
        (400, {"error": "A line ends after it begins."}, True, []),
        (400, REFUSED, False, []),
        (400, REFUSED, True, ["fits, and is not understood"]),
        (200, {}, False, ["does not fit, and is done"]),
        (422, {"detail": []}, True, ["422 without a sentence"]),
    ],
)
def test_an_answer_that_breaks_a_promise_is_a_finding(status: int, said: dict[str, Any], fits: bool, found: list[str]) -> None:
    case = SimpleNamespace(method="POST", operation=SimpleNamespace(path="/desk/{project_id}/revise"))
    assert [what.split(":")[0] for what in _odd(case, httpx.Response(status, json=said), fits=fits)] == found


def test_ids_of_the_day_are_put_where_they_are_spoken_of(tmp_path: Path) -> None:
    house = House(tmp_path)
    row = house.studio.rows(house.project.id)[0]
    assert house.real("/desk/PROJECT/LINE SPEAKER") == f"/desk/{house.project.id}/{row.line.id} {row.line.speaker_id}"
    answer = house.ask("POST", house.real("/desk/PROJECT/delete"), json={"line_ids": [one.line.id for one in house.studio.rows(house.project.id)]})
    assert answer.status_code < 500 and house.studio.rows(house.project.id), "there are lines again"
    house.studio.close()
