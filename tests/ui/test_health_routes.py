"""Health, readiness and figures over the whole application, and what a request leaves behind."""

from __future__ import annotations

import base64
import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from studio.domain.errors import BadSetting, Forbidden, StudioError
from studio.domain.project import JobKind, JobState
from studio.domain.workers import Gpu, HeldModel, WorkerState
from studio.logs import LogForm, open_log
from studio.metrics import Metrics
from studio.pipeline import STEPS
from studio.service import Studio, new_job
from studio.steps.run import Run
from studio.store.blobs import BlobStore
from studio.store.jobs import new_worker
from studio.ui import health_routes
from studio.ui.health_routes import metrics_token
from studio.ui.launch import ServeOptions, build_app
from tests.accounts import signed
from tests.studio_fixtures import clip_project, fake_studio, finish

TOKEN = "0123456789abcdef-metrics"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    opened = fake_studio(tmp_path_factory.mktemp("home"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def page(studio: Studio) -> Iterator[TestClient]:
    patch = pytest.MonkeyPatch()
    patch.setenv("LIPLINE_METRICS_TOKEN", TOKEN)
    with patch.context():
        yield TestClient(build_app(studio, ServeOptions(with_demo=False)), base_url="http://127.0.0.1:7860", follow_redirects=False)
    patch.undo()


def figures(page: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = page.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_a_database_that_never_answers_is_not_waited_for(page: TestClient, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(studio, "readiness", lambda: go_on.wait(20))
    monkeypatch.setattr(health_routes, "READY_WITHIN_S", 0.1)
    started = time.monotonic()
    try:
        assert page.get("/readyz").status_code == 503
        assert time.monotonic() - started < 15
    finally:
        go_on.set()


def test_a_living_server_says_so_and_a_ready_one_names_its_checks(page: TestClient) -> None:
    assert page.get("/healthz").text == "ok\n"
    ready = page.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "checks": {"database": True, "schema": True, "files": True, "disk": True, "queue": True}}


def test_a_database_that_does_not_answer_makes_it_unready_but_not_dead(page: TestClient, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise StudioError("The database /secret/place is busy.")

    monkeypatch.setattr(type(studio._shop.census), "take", refuse)
    answer = page.get("/readyz")
    assert answer.status_code == 503 and answer.json()["checks"]["database"] is False
    assert "secret" not in answer.text
    assert page.get("/healthz").status_code == 200


def test_a_full_disk_and_a_stuck_queue_make_it_unready(page: TestClient, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    project = studio.create_project("Stuck", "en", "de")
    studio._shop.jobs.submit(new_job(project, studio.user, JobKind.INGEST))
    monkeypatch.setattr("studio.operations_verbs.STUCK_S", -1.0)
    monkeypatch.setattr("studio.operations_verbs.RESERVE_BYTES", 2**80)
    assert page.get("/readyz").json()["checks"] == {"database": True, "schema": True, "files": True, "disk": False, "queue": False}
    sentences = [check.sentence for check in studio.readiness() if not check.is_ok]
    assert "gc --dry-run" in sentences[0] and "start a worker" in sentences[1]
    for job_id in studio._shop.jobs.open_ids(project.id):
        studio.cancel(job_id)


def test_the_disk_of_the_files_is_watched_where_it_is_another(page: TestClient, studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blobs, plain = BlobStore(tmp_path / "shared"), os.stat
    other = plain(tmp_path)

    def stat(path: Any, **options: Any) -> os.stat_result:
        found = plain(path, **options)
        return os.stat_result((*found[:2], other.st_dev + 1, *found[3:10])) if str(path) == str(blobs.folder) else found

    def usage(path: Path) -> Any:
        return SimpleNamespace(total=100, free=7 if path == blobs.folder else 10**12)

    monkeypatch.setattr(studio, "_shop", replace(studio._shop, blobs=blobs))
    monkeypatch.setattr(os, "stat", stat)
    monkeypatch.setattr(shutil, "disk_usage", usage)
    told = figures(page)
    assert told["lipline_disk_free_bytes", (("folder", "files"),)] == 7 and told["lipline_disk_free_bytes", (("folder", "home"),)] == 10**12
    assert page.get("/readyz").json()["checks"]["disk"] is False
    monkeypatch.setattr(os, "stat", plain)
    shutil.rmtree(blobs.folder)
    assert page.get("/readyz").json()["checks"]["files"] is False
    assert figures(page)["lipline_files_reachable", ()] == 0


def test_figures_tell_requests_by_route_and_work_by_stage(page: TestClient, studio: Studio, clip: Path) -> None:
    project = clip_project(studio, clip)
    finish(studio, studio.submit(project.id, JobKind.RENDER))
    page.get(signed(page, f"/media/export/{project.id}/srt"))
    page.get("/no/such/" + "x" * 40)
    page.get("/look/css/tokens.css")
    found = figures(page)
    routes = {dict(labels)["route"] for name, labels in found if name == "lipline_http_request_seconds_count"}
    assert any("{project_id}" in route for route in routes) and not any(project.id in route or "xxx" in route for route in routes)
    assert found["lipline_stage_seconds_count", (("stage", "render"),)] >= 1
    assert found["lipline_jobs_ended_total", (("kind", "render"), ("outcome", "done"))] == 1
    assert found["lipline_queue_jobs", (("priority", "desk"),)] == 0
    assert found["lipline_disk_free_bytes", (("folder", "home"),)] > 0
    assert found["lipline_files_reachable", ()] == 1


def test_figures_tell_what_workers_and_their_gpus_do(page: TestClient, studio: Studio) -> None:
    counted = Metrics()
    counted.stage("voice", 2.0)
    gpu, model = Gpu("cuda:0", "GPU-1", "Made of paper", 100, 40), HeldModel("net", "cuda:0", 7, False)
    workers, name = studio._shop.workers, new_worker()
    workers.arrive(name, "worker", (gpu,), WorkerState(models=(model,), metrics=counted.snapshot()))
    told = figures(page)
    workers.leave(name)
    assert told["lipline_workers", (("kind", "worker"),)] == 1
    assert (told["lipline_gpu_memory_bytes", (("device", "GPU-1"),)], told["lipline_gpu_memory_used_bytes", (("device", "GPU-1"),)]) == (100, 40)
    assert told["lipline_model_bytes", (("device", "cuda:0"), ("model", "net"), ("worker", name))] == 7
    assert told["lipline_worker_stage_seconds_sum", (("stage", "voice"), ("worker", name))] == 2


def test_figures_are_for_administrators_or_the_token(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Studio, "require", _nobody)
    monkeypatch.setenv("LIPLINE_METRICS_TOKEN", TOKEN)
    page = TestClient(build_app(studio, ServeOptions(with_demo=False)), base_url="http://127.0.0.1:7860")
    assert page.get("/metrics").status_code in (400, 403)
    assert page.get("/metrics", headers={"authorization": "Bearer wrong-wrong-wrong-wrong"}).status_code in (400, 403)
    assert page.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200


def _nobody(*_: object) -> None:
    raise Forbidden("This is for administrators; ask one of them.")


def test_a_short_token_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPLINE_METRICS_TOKEN", "short")
    with pytest.raises(BadSetting, match="16 characters"):
        metrics_token()


def test_every_answer_bears_a_request_id_and_the_log_names_it(page: TestClient, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(type(studio), "exposition", break_down)
    given = "0123456789abcdef"
    log = open_log(studio._shop.log_file.parent, LogForm.JSON, bytes(32))
    broken = TestClient(page.app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False)
    answer = broken.get("/metrics", headers={"authorization": f"Bearer {TOKEN}", "x-request-id": given})
    assert answer.status_code == 500
    assert not log.exists() or "secret detail" not in log.read_text("utf-8")
    assert page.get("/healthz", headers={"x-request-id": given}).headers["x-request-id"] == given
    assert page.get("/healthz", headers={"x-request-id": "../../etc"}).headers["x-request-id"] != "../../etc"


def test_a_failed_job_stands_in_the_log_with_its_ids_and_without_its_words(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(run: Run) -> None:
        raise RuntimeError(f"{run.project.name} broke")

    monkeypatch.setitem(STEPS, JobKind.INGEST, (break_down,))
    log = open_log(studio._shop.log_file.parent, LogForm.JSON, bytes(32))
    project = studio.create_project("Nightfall", "en", "de")
    job = studio._runner.run_now(new_job(project, studio.user, JobKind.INGEST))
    assert job.state is JobState.FAILED
    [line] = [line for line in map(json.loads, log.read_text("utf-8").splitlines()) if job.id in line["message"]]
    assert line["error"]["type"] == "RuntimeError"
    assert line["error"]["frames"][-1].startswith("tests/ui/test_health_routes.py:")
    assert "Nightfall" not in log.read_text("utf-8")


def test_logins_and_bytes_of_uploads_are_counted(page: TestClient) -> None:
    before = figures(page)
    assert page.post("/login", data={"name": "nobody", "password": "wrong"}).status_code == 401
    made = page.post("/uploads", headers={"tus-resumable": "1.0.0", "upload-length": "5", "upload-metadata": f"filename {b64('a.srt')},purpose {b64('script')}"})
    assert made.status_code == 201, made.text
    piece = {"tus-resumable": "1.0.0", "upload-offset": "0", "content-type": "application/offset+octet-stream"}
    assert page.patch(made.headers["location"], content=b"1\n00:", headers=piece).status_code == 204
    after = figures(page)
    refused, bytes_in = ("lipline_logins_total", (("outcome", "refused"),)), ("lipline_uploaded_bytes_total", ())
    assert after[refused] == before.get(refused, 0) + 1
    assert after[bytes_in] == before.get(bytes_in, 0) + 5


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
