"""Long work has turns of its own: however much of it one person asks for, the desk answers, others come in between, and all of it is done."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient

from studio.domain.project import JobKind, Project
from studio.domain.rights import Role
from studio.handover_files import Streamed
from studio.service import Studio
from studio.ui import guidance_desk, handlers, handover_routes, media_routes, routes, upload_routes, wire
from studio.ui.launch import ServeOptions, build_app
from studio.ui.long_work import LongWork
from tests.accounts import add_people, client_of, signed
from tests.studio_fixtures import clip_project, fake_studio, finish

MANY = 45  # more than the threads that answer everybody


class Held:
    """Work that begins, says so, and waits to be let go."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Semaphore(0), threading.Event()

    def __call__(self, *_: Any, **__: Any) -> None:
        self.begun.release()
        assert self.go_on.wait(30)

    def begins(self, times: int) -> None:
        """So many have begun, and no more do."""
        assert all(self.begun.acquire(timeout=30) for _ in range(times))
        assert not self.begun.acquire(timeout=0.05)


def test_one_person_has_some_of_the_turns_and_another_comes_in_between() -> None:
    work, order, held = LongWork(at_once=3, each=2), [], Held()

    def one(who: str) -> str:
        held()
        order.append(who)
        return who

    async def all_of_them() -> list[str]:
        asked = [asyncio.create_task(work.run(who, one, who)) for who in ("ada", "ada", "ada", "ada", "bob")]
        await anyio.to_thread.run_sync(held.begins, 3)
        assert len(order) == 0
        held.go_on.set()
        return await asyncio.gather(*asked)

    assert asyncio.run(all_of_them()) == ["ada"] * 4 + ["bob"]
    assert "bob" in order[:3] and work._own == {}, "nobody is remembered"


def test_what_was_given_up_frees_its_turn_and_errors_come_through() -> None:
    work, held = LongWork(at_once=1, each=1), Held()

    async def given_up() -> None:
        first = asyncio.create_task(work.run("ada", held))
        await anyio.to_thread.run_sync(held.begins, 1)
        waiting = asyncio.create_task(work.run("ada", held))
        await asyncio.sleep(0)
        waiting.cancel()
        held.go_on.set()
        await first
        with pytest.raises(ZeroDivisionError):
            await work.run("ada", lambda: 1 // 0)
        assert [piece async for piece in work.pieces("ada", iter([b"a", b"b"]))] == [b"a", b"b"]

    asyncio.run(given_up())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[tuple[Any, Studio, Project]]:
    studio = fake_studio(tmp_path_factory.mktemp("home"))
    add_people(studio, ada=Role.EDITOR, bob=Role.EDITOR)
    ada = studio.as_user("ada")
    project = clip_project(ada, clip)
    finish(ada, ada.submit(project.id, JobKind.RENDER))
    ada.add_member(project.id, "bob")
    yield build_app(studio, ServeOptions()), ada, project
    studio.close()


@contextmanager
def asked_often(app: Any, ask: Callable[[TestClient], Any], often: int = MANY) -> Iterator[tuple[TestClient, list[Future[Any]]]]:
    """Ada's browser asks for the same thing many times at once, on one event loop."""
    with client_of(app, "ada") as ada, ThreadPoolExecutor(often) as pool:
        yield ada, [pool.submit(ask, ada) for _ in range(often)]


def check_desk(ada: TestClient, project: Project) -> None:
    assert ada.get(f"/desk/{project.id}/pulse").status_code == 200
    assert ada.post(f"/desk/{project.id}/house", json={}).status_code == 200


def upload_take(ada: TestClient) -> int:
    return ada.post(f"/uploads/{'0' * 32}/take", headers={"tus-resumable": "1.0.0"}).status_code


def test_however_many_films_are_taken_the_desk_answers(house: tuple[Any, Studio, Project], monkeypatch: pytest.MonkeyPatch) -> None:
    app, _, project = house
    held = Held()
    monkeypatch.setattr(upload_routes, "_taken", lambda *_: (held(), upload_routes._done(200))[1])
    with asked_often(app, upload_take) as (ada, asked):
        try:
            held.begins(upload_routes.TAKEN_OWN)
            check_desk(ada, project)
        finally:
            held.go_on.set()
        assert {one.result() for one in asked} == {200}


def test_however_many_recordings_are_listened_to_the_desk_answers(house: tuple[Any, Studio, Project], monkeypatch: pytest.MonkeyPatch) -> None:
    app, _, project = house
    held = Held()
    monkeypatch.setattr(guidance_desk.GuidanceDesk, "add_reference_voice", lambda *_: held())

    def send(ada: TestClient) -> int:
        headers = {"content-type": "application/octet-stream"}
        return ada.post(f"/voices/{project.id}", content=b"RIFF", headers=headers, params={"name": "x"}).status_code

    with asked_often(app, send) as (ada, asked):
        try:
            held.begins(routes.LONG_OWN)
            check_desk(ada, project)
        finally:
            held.go_on.set()
        assert {one.result() for one in asked} == {200}


def test_however_many_deliveries_are_fetched_the_desk_answers(house: tuple[Any, Studio, Project], monkeypatch: pytest.MonkeyPatch) -> None:
    app, _, project = house
    held = Held()

    def chunks() -> Iterator[bytes]:
        held()
        yield b"abc"

    monkeypatch.setattr(Studio, "download", lambda *_: Streamed("a.zip", "application/zip", 3, chunks()))
    link = signed(client_of(app, "ada"), f"/media/handover/{project.id}/stems")
    with asked_often(app, lambda ada: ada.get(link).content) as (ada, asked):
        try:
            held.begins(handover_routes.PIECES_OWN)
            check_desk(ada, project)
        finally:
            held.go_on.set()
        assert {one.result() for one in asked} == {b"abc"}


def test_however_many_films_are_made_ready_another_person_gets_theirs(house: tuple[Any, Studio, Project], monkeypatch: pytest.MonkeyPatch) -> None:
    app, ada, project = house
    held, is_free = Held(), threading.Event()

    def made(studio: Studio, *_: str) -> Path | None:
        if studio.user == "ada":
            held()
        else:
            is_free.set()
        return None

    monkeypatch.setitem(media_routes.MEDIA, "source", made)
    links = {name: signed(client_of(app, name), f"/media/source/{project.id}/video") for name in ("ada", "bob")}
    bob = client_of(app, "bob")
    with asked_often(app, lambda ada: ada.get(links["ada"]).status_code) as (ada_page, asked):
        try:
            held.begins(media_routes.MADE_OWN)
            check_desk(ada_page, project)
            ada_page.cookies = bob.cookies  # his browser, on the same server
            assert ada_page.get(links["bob"]).status_code == 404 and is_free.is_set()
        finally:
            held.go_on.set()
        assert {one.result() for one in asked} == {404}


def test_however_many_exports_are_made_the_desk_answers(house: tuple[Any, Studio, Project], monkeypatch: pytest.MonkeyPatch) -> None:
    app, _, project = house
    held, done = Held(), threading.Semaphore(0)
    monkeypatch.setattr(handlers.Handlers, "export", lambda *_, **__: (held(), done.release())[1])
    app = build_app(house[1], ServeOptions())
    (number,) = (number for number, fn in blocks_of(app).fns.items() if any(event == "wanted" for _, event in fn.targets))

    def join(page: int) -> int:
        body = {"session_hash": f"page{page}", "fn_index": number, "data": [project.id], "event_data": {"kind": "target_srt"}, "trigger_id": None}
        return ada.post("/gradio_api/queue/join", json=body).status_code

    with client_of(app, "ada") as ada:
        try:
            assert [join(page) for page in range(MANY)] == [200] * MANY
            held.begins(wire.LONG_OWN)
            check_desk(ada, project)
        finally:
            held.go_on.set()
        assert all(done.acquire(timeout=30) for _ in range(MANY))


def blocks_of(app: Any) -> Any:
    from gradio.routes import App

    framework = next(inside for route in app.routes if isinstance(inside := getattr(route, "app", None), App))
    return framework.get_blocks()
