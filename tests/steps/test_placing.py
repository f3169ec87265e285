"""Steps ask for a GPU where the engine that runs needs one, run it on the device they were lent, and hold none before and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from studio.domain.project import JobKind
from studio.domain.workers import Gpu
from studio.engines import gpus
from studio.engines.protocols import TranslationRequest, UsesGpu, Wording
from studio.service import Studio
from studio.store.database import reading
from studio.store.schema import GPU_LEASES
from tests.fakes import FakeSpeaker, FakeTranslator
from tests.studio_fixtures import clip_project, fake_studio, finish, render

PAPER = (Gpu("cuda:0", "host/0", "Made of paper", 100), Gpu("cuda:1", "host/1", "Made of paper", 100))


class GpuTranslator(FakeTranslator):
    """Notes where it ran, and who held that device then. `studio`: set once there is one."""

    needs_gpu = True

    def __init__(self, device: str = "cuda", seen: list[tuple[str, int]] | None = None) -> None:
        super().__init__()
        self.device, self.seen = device, [] if seen is None else seen
        self.held_now = lambda: 0

    def on(self, device: str) -> GpuTranslator:
        made = GpuTranslator(device, self.seen)
        made.held_now = self.held_now
        return made

    def propose(self, requests: Sequence[TranslationRequest]) -> Iterator[tuple[str, tuple[Wording, ...]]]:
        for answer in super().propose(requests):
            self.seen.append((self.device, self.held_now()))
            yield answer


class Watching(FakeSpeaker):
    """A voice of the CPU, which notes how many GPUs are held while it speaks."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []
        self.held_now = lambda: 0

    def speak(self, *asked: object) -> object:
        self.seen.append(self.held_now())
        return super().speak(*asked)


def held(studio: Studio) -> int:
    with reading(studio._shop.leases._engine) as connection:
        return len(connection.execute(select(GPU_LEASES.c.device).where(GPU_LEASES.c.worker.is_not(None))).all())


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "may_have_gpu", lambda: True)
    monkeypatch.setattr(gpus, "_torch_gpus", lambda: PAPER)
    monkeypatch.delenv(gpus.VARIABLE, raising=False)


@pytest.mark.usefixtures("paper")
def test_translating_holds_a_gpu_and_voicing_and_mixing_on_the_cpu_do_not(home: Path, clip: Path) -> None:
    translator, voice = GpuTranslator(), Watching()
    assert isinstance(translator, UsesGpu) and not isinstance(voice, UsesGpu)
    studio = fake_studio(home, translator=translator, speaker=voice)
    translator.held_now = voice.held_now = lambda: held(studio)
    try:
        project = clip_project(studio, clip)
        render(studio, project)
        assert translator.seen == [("cuda:0", 1)] * 2, "the engine ran on the device that was lent, while it was"
        assert voice.seen and set(voice.seen) == {0} and held(studio) == 0
    finally:
        studio.close()


def test_a_machine_without_gpus_runs_the_engine_as_it_is(home: Path, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "may_have_gpu", lambda: False)
    monkeypatch.delenv(gpus.VARIABLE, raising=False)
    translator = GpuTranslator()
    studio = fake_studio(home, translator=translator)
    try:
        project = clip_project(studio, clip)
        finish(studio, studio.submit(project.id, JobKind.TRANSLATE))
        assert {device for device, _ in translator.seen} == {"cuda"} and held(studio) == 0
    finally:
        studio.close()
