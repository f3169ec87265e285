"""A whole studio on the fake engines, in a folder of its own; what the tests of service, pipeline and page start from."""

from __future__ import annotations

import time
from pathlib import Path

from studio.bootstrap import Place, open_studio
from studio.domain.project import Job, JobKind, JobState, Project
from studio.engines.rack import EngineRack
from studio.engines.translate_imported import ImportedTranslator
from studio.service import Studio
from tests.fakes import FakeEstimator, FakeSpeaker, FakeSpeakerEncoder, FakeTranscriber, FakeTranslator, FakeVad

SCRIPT = b"""1
00:00:00,400 --> 00:00:01,300
one two

2
00:00:01,700 --> 00:00:02,700
three four five
"""


def fake_rack(**engines: object) -> EngineRack:
    """The fakes, or other engines by task, one or several ("voice_activity" for "voice activity")."""
    tasks: dict[str, tuple] = {
        "voice activity": (FakeVad(),),
        "transcriber": (FakeTranscriber(),),
        "speaker encoder": (FakeSpeakerEncoder(),),
        "translator": (FakeTranslator(), ImportedTranslator()),
        "estimator": (FakeEstimator(),),
        "speaker": (FakeSpeaker(),),
    }
    return EngineRack(tasks | {task.replace("_", " "): engine if isinstance(engine, tuple) else (engine,) for task, engine in engines.items()})


def fake_studio(home: Path, **engines: object) -> Studio:
    return open_studio(Place(home), engines=fake_rack(**engines))


def clip_project(studio: Studio, clip: Path, *, script: bytes | None = SCRIPT) -> Project:
    project = studio.create_project("Pilot", "en", "de")
    project = studio.upload_media(project.id, clip, "clip.mp4")
    if script is not None:
        studio.import_script(project.id, script, "clip.srt")
    return project


def finish(studio: Studio, job: Job, *, within_s: float = 60.0) -> Job:
    """The job as it ended. A job that fails says so here, with its sentence."""
    deadline = time.monotonic() + within_s
    while not job.state.is_over:
        assert time.monotonic() < deadline, f"{job.kind} is still {job.state} at {job.stage}"
        time.sleep(0.02)
        job = studio.job(job.id)
    assert job.state is JobState.DONE, job.message
    return job


def render(studio: Studio, project: Project) -> Job:
    return finish(studio, studio.submit(project.id, JobKind.RENDER))
