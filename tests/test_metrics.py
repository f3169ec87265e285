from __future__ import annotations

import json

from prometheus_client.parser import text_string_to_metric_families

from studio.domain.errors import OutOfSpace
from studio.metrics import Metrics, gauge, of_workers


def samples(exposition: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(exposition.decode())
        for sample in family.samples
    }


def test_what_happened_is_counted_under_its_template_and_kind() -> None:
    metrics = Metrics()
    metrics.request("GET", "/media/{kind}/{project_id}/{item}", 206, 0.02)
    metrics.stage("voice", 2.0)
    metrics.job_ended("voice", "done")
    metrics.failure(OutOfSpace("/secret/folder"))
    metrics.received(1000)
    text = metrics.exposition([gauge("lipline_queue_jobs", "Waiting", {("desk",): 3}, ("priority",))])
    found = samples(text)
    assert found["lipline_http_request_seconds_count", (("method", "GET"), ("route", "/media/{kind}/{project_id}/{item}"), ("status", "2xx"))] == 1
    assert found["lipline_stage_seconds_sum", (("stage", "voice"),)] == 2.0
    assert found["lipline_jobs_ended_total", (("kind", "voice"), ("outcome", "done"))] == 1
    assert found["lipline_failures_total", (("kind", "OutOfSpace"),)] == 1 and b"secret" not in text
    assert found["lipline_uploaded_bytes_total", ()] == 1000
    assert found["lipline_queue_jobs", (("priority", "desk"),)] == 3
    assert found["process_open_fds", ()] > 0


def test_two_studios_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.job_ended("voice", "done")
    assert "lipline_jobs_ended_total" in {name for name, _ in samples(one.exposition())}
    assert ("lipline_jobs_ended_total", (("kind", "voice"), ("outcome", "done"))) not in samples(other.exposition())


def test_a_worker_is_told_under_its_name_after_a_trip_through_the_database() -> None:
    worker = Metrics()
    worker.stage("voice", 5.0)
    worker.job_began("desk", 2.5)
    worker.job_ended("voice", "broke")
    kept = json.loads(json.dumps(worker.snapshot()))
    found = samples(Metrics().exposition(of_workers({"box:1:ab": kept, "box:2:cd": {}})))
    assert found["lipline_worker_stage_seconds_bucket", (("le", "10.0"), ("stage", "voice"), ("worker", "box:1:ab"))] == 1
    assert found["lipline_worker_stage_seconds_bucket", (("le", "3.0"), ("stage", "voice"), ("worker", "box:1:ab"))] == 0
    assert found["lipline_worker_jobs_ended_total", (("kind", "voice"), ("outcome", "broke"), ("worker", "box:1:ab"))] == 1
    assert found["lipline_worker_job_wait_seconds_sum", (("priority", "desk"), ("worker", "box:1:ab"))] == 2.5
