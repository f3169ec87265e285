"""Whatever a stranger puts into a call of the page, it is done or refused in a sentence: no words of theirs are a fault of ours.

Made from the calls' own descriptions: each parameter is given what fits it, what was once true of the project, and what nobody would send.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import types
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.domain.project import JobKind, Project
from studio.domain.rights import Role
from studio.service import Studio
from studio.ui import admin_routes
from studio.ui.call_shapes import _shapes
from studio.ui.desk import Revision
from studio.ui.desk_calls import CALLS
from studio.ui.launch import ServeOptions, build_app
from studio.ui.list_desk import BulkChange
from studio.ui.shows_desk import SheetChange
from tests.accounts import add_people, client_of
from tests.studio_fixtures import clip_project, fake_studio, finish

RECORDS: dict[str, type] = {"revise": Revision, "revise_lines": BulkChange, "set_sheet": SheetChange}
WHOLE_NUMBERS = st.sampled_from((0, 1, -1, 2, 40, 999, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63)))
WORDS = st.sampled_from(("", "x", "target", "lines", "voice", "approved", "ada", "0" * 32, "\x00", "<b>", "=1+1", "(", "\\1", "𝔘" * 300, "../../x"))
ODD = st.recursive(
    st.none() | st.booleans() | WHOLE_NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(WORDS, inside, max_size=3),
    max_leaves=6,
)
often = settings(max_examples=25, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@dataclasses.dataclass(frozen=True)
class House:
    clients: dict[str, TestClient]
    studio: Studio
    project: Project
    known: tuple[str, ...]

    def sent(self, who: str, method: str, path: str, body: Any = None) -> None:
        given = {} if body is None else {"content": json.dumps(body), "headers": {"content-type": "application/json"}}
        answer = self.clients[who].request(method, path, **given)
        assert answer.status_code < 500, f"{method} {path} {body}: {answer.status_code} {answer.text[:300]}"
        assert answer.status_code < 400 or answer.json()["error"], "a refusal is a sentence"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[House]:
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    add_people(studio, ada=Role.EDITOR, max=Role.ADMIN)
    ada = studio.as_user("ada")
    project = clip_project(ada, clip)
    finish(ada, ada.submit(project.id, JobKind.RENDER))
    line = ada.rows(project.id)[0].line
    known = (line.id, line.speaker_id, line.take_id or "", ada.rows(project.id)[1].line.id)
    app = build_app(studio, ServeOptions())
    link = ada.add_review_link(project.id, "guest", 3)
    clients = {name: client_of(app, name, raise_server_exceptions=False) for name in ("ada", "max")}
    clients["guest"] = client_of(app, None, raise_server_exceptions=False)
    yield House(clients, ada, project, (*known, link.token))
    studio.close()


def fitting(shape: Any, known: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Values of a shape, as JSON has them; of what is not told, anything."""
    if isinstance(shape, types.UnionType):
        return st.one_of(*(st.none() if kind is type(None) else fitting(kind, known) for kind in get_args(shape)))
    inside = get_args(shape)
    if get_origin(shape) in (tuple, list, Sequence):
        if get_origin(shape) is tuple and Ellipsis not in inside:
            return st.tuples(*(fitting(one, known) for one in inside)).map(list)
        return st.lists(fitting(inside[0], known), max_size=3)
    if get_origin(shape) in (dict, Mapping):
        return st.dictionaries(st.sampled_from(known) | WORDS, fitting(inside[1], known), max_size=3)
    if dataclasses.is_dataclass(shape):
        hints = get_type_hints(shape)
        return st.fixed_dictionaries({}, optional={item.name: fitting(hints[item.name], known) for item in dataclasses.fields(shape)})
    if isinstance(shape, type) and issubclass(shape, Enum):
        return st.sampled_from([one.value for one in shape])
    plain = {str: st.sampled_from(known) | WORDS, int: WHOLE_NUMBERS, float: st.floats(-10, 10) | WHOLE_NUMBERS, bool: st.booleans()}
    return plain.get(shape, ODD)


def bodies(verb: str, known: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Mostly what the call takes, with something odd in a place or two, and what the page tells of itself."""
    shapes = get_type_hints(RECORDS[verb]) if verb in RECORDS else _shapes(CALLS[verb])[1]
    fits = {name: fitting(shape, known) for name, shape in shapes.items()}
    odd = st.dictionaries(st.sampled_from([*fits, "seen_also", "seen_revision", "more"]), ODD, max_size=2)
    seen = st.fixed_dictionaries({}, optional={"seen_also": st.lists(st.sampled_from(known)), "seen_revision": WORDS})
    return st.tuples(st.fixed_dictionaries(fits), seen, odd | st.just({})).map(lambda parts: {**parts[0], **parts[1], **parts[2]})


@pytest.mark.parametrize("verb", CALLS)
def test_no_call_of_the_desk_falls_over_what_it_is_sent(house: House, verb: str) -> None:
    @often
    @given(bodies(verb, house.known))
    def holds(body: dict[str, Any]) -> None:
        house.sent("ada", "POST", f"/desk/{house.project.id}/{verb}", body)

    holds()


@pytest.mark.parametrize("seen", [{"seen_also": 5}, {"seen_also": "ab"}, {"seen_also": [1]}, {"seen_also": None}, {"seen_revision": 5}, {"seen_revision": []}])
def test_what_a_page_says_it_has_seen_is_checked_too(house: House, seen: dict[str, Any]) -> None:
    answer = house.clients["ada"].post(f"/desk/{house.project.id}/house", json=seen)
    assert answer.status_code == 400 and "do not understand each other" in answer.json()["error"]


@often
@given(st.data())
def test_no_call_about_a_person_falls_over_what_it_is_sent(house: House, data: st.DataObject) -> None:
    names = {"/me/settings": ("language", "keys"), "/me/password": ("now", "new"), "/me/queue": ("cancel", "move", "before")}
    path = data.draw(st.sampled_from(sorted(names)))
    house.sent("ada", "POST", path, data.draw(st.dictionaries(st.sampled_from(names[path]), ODD) | ODD))


@often
@given(st.data())
def test_no_call_for_administrators_falls_over_what_it_is_sent(house: House, data: st.DataObject) -> None:
    call = data.draw(st.sampled_from(sorted(set(admin_routes.CALLS) - {"disable", "role", "password"})))  # those could lock the test out
    named = dict.fromkeys(list(inspect.signature(admin_routes.CALLS[call]).parameters)[1:], WORDS | WHOLE_NUMBERS | ODD)
    house.sent("max", "POST", f"/admin/api/{call}", data.draw(st.fixed_dictionaries(named) | ODD))
    asked = data.draw(st.dictionaries(st.sampled_from(("user", "action", "project", "since", "until", "before")), WORDS | st.just("0001-01-01T00:00+23:00")))
    answer = house.clients["max"].get("/admin/api/trail", params=asked)
    assert answer.status_code < 500, f"{asked}: {answer.text[:300]}"


@often
@given(st.dictionaries(st.sampled_from(("name", "text", "line_id", "at_ms", "reply_to")), ODD) | st.fixed_dictionaries({"name": WORDS, "text": WORDS, "at_ms": WHOLE_NUMBERS, "line_id": WORDS}))
def test_no_note_of_a_guest_is_a_fault(house: House, note: Any) -> None:
    answer = house.clients["guest"].post(f"/review/{house.known[-1]}/notes", json=note)
    assert answer.status_code < 500, f"{note}: {answer.text[:300]}"


@pytest.mark.parametrize("body", ['{"name": "\\ud800", "text": "x"}', '{"name": "a", "text": "x", "line_id": "\\ud800"}', "[" * 5000, '{"name": "a", "text": "x", "at_ms": 1' + "0" * 40 + "}"])
def test_a_note_that_is_no_proper_json_is_refused(house: House, body: str) -> None:
    answer = house.clients["guest"].post(f"/review/{house.known[-1]}/notes", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 404, 429), answer.text


@pytest.mark.parametrize("address", ["pulse?since=-1", "pulse?since=x", f"pulse?since={10**30}", f"rows?since={'x' * 2000}&also=%00,,%ED%A0%80", "%00/rows"])
def test_an_address_that_is_none_is_a_sentence(house: House, address: str) -> None:
    path = f"/desk/{address}" if "/" in address else f"/desk/{house.project.id}/{address}"
    house.sent("ada", "GET", path)


@pytest.mark.parametrize("headers", [{"origin": "http://["}, {"host": "["}, {"origin": "http://[", "host": "["}, {"cookie": "a\x01=;;="}])
def test_headers_that_are_none_are_refused(house: House, headers: dict[str, str]) -> None:
    for who in ("ada", "guest"):
        assert house.clients[who].get("/", headers=headers).status_code < 500
