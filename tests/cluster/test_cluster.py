"""A Ray cluster of two machines on loopback, one of them lost in mid-dub: the dub finishes, its sound byte for byte that of one machine."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from studio.bootstrap import Place, open_studio
from studio.cluster.pool import ClusterPlan, connected
from studio.commands.cluster import ClusterWorker, _Keeper, cluster_worker
from studio.domain.errors import BadSetting, EngineUnavailable
from studio.domain.project import Job, JobKind, Project
from studio.service import Studio
from tests.cluster import slow_rack
from tests.e2e.commandline import environment
from tests.studio_fixtures import clip_project, fake_studio, finish

ROOT = Path(__file__).resolve().parents[2]
LINES = 24
LOOPBACK = "127.0.0.2"  # ray takes 127.0.0.1 for "the address that others know", and would listen on the network
SCRIPT = "".join(f"{number + 1}\n00:00:{0.1 * number:06.3f} --> 00:00:{0.1 * number + 0.09:06.3f}\nword {number}\n\n" for number in range(LINES)).replace(".", ",")


def clock(seconds: float, done: Callable[[], Any], what: str) -> Any:
    """What `done` answers as soon as that is something."""
    until = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < until, f"{what} took longer than {seconds} s"
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that only directs, and two machines with a processor each."""
    pytest.importorskip("ray", reason="ray is not installed: see requirements-cluster.txt")
    patch = pytest.MonkeyPatch()
    patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    patch.setenv("RAY_health_check_period_ms", "500")
    from ray.cluster_utils import Cluster

    share = {"object_store_memory": 80 * 2**20, "node_ip_address": LOOPBACK, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args={**share, "num_cpus": 0})
    try:
        for _ in range(2):
            made.add_node(num_cpus=1, object_store_memory=share["object_store_memory"], node_ip_address=LOOPBACK)
        yield made
    finally:
        made.shutdown()
        patch.undo()


@contextmanager
def keeper(address: str, home: Path, database: str) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-m", "tests.cluster.keep", address, str(home), database]
    process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.stdin.close()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def job_row(database: str, job: Job) -> Any:
    engine = create_engine(database)
    with engine.connect() as connection:
        row = connection.execute(text("SELECT state, worker, interruptions FROM jobs WHERE id = :id"), {"id": job.id}).one()
    engine.dispose()
    return row


def machine_of(cluster: Any, pid: int) -> Any:
    """The node on which a worker process runs."""
    parent = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    return next(node for node in cluster.worker_nodes if any(one.process.pid == parent for one in node.all_processes["raylet"]))


def take_count(studio: Studio, project: Project) -> int:
    return sum(row.take is not None for row in studio.rows(project.id))


def sound(studio: Studio, project: Project) -> tuple[list[str], bytes]:
    """The files of every take, in the order of the lines, and the bytes of the whole mix."""
    takes = [row.take.fitted_blob for row in studio.rows(project.id)]
    return takes, studio.export(project.id, "dub_wav").read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_machine_lost_in_mid_dub_is_taken_over_once_and_the_sound_is_that_of_one_machine(cluster: Any, postgres_url: str, clip: Path, tmp_path: Path) -> None:
    alone = fake_studio(tmp_path / "alone")
    ours = clip_project(alone, clip, script=SCRIPT.encode())
    finish(alone, alone.submit(ours.id, JobKind.RENDER))
    expected = sound(alone, ours)
    alone.close()

    place = Place(tmp_path / "shared", postgres_url)
    studio = open_studio(place, engines=slow_rack.slow_rack(), workers=0)
    project = clip_project(studio, clip, script=SCRIPT.encode())
    with keeper(cluster.address, place.home, postgres_url) as kept:
        clock(60, lambda: kept.stdout.readline().strip() == "2", "the first workers")
        job = studio.submit(project.id, JobKind.RENDER)
        clock(60, lambda: 3 <= take_count(studio, project) < LINES - 6, "the first takes")
        before = job_row(postgres_url, job)
        cluster.remove_node(machine_of(cluster, int(before.worker.split(":")[1])), allow_graceful=False)
        struck_at = take_count(studio, project)
        clock(60, lambda: (row := job_row(postgres_url, job)).worker not in (None, before.worker) or row.state == "done", "the other machine")
        finish(studio, job, within_s=90)
        assert job_row(postgres_url, job).interruptions == 1
    assert struck_at < LINES - 3, "the machine was lost too late to show anything"
    takes = studio._shop.lines.project_takes(project.id)
    assert len(takes) <= LINES + 1, "finished lines were done again"
    assert sound(studio, project) == expected
    studio.close()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_catalogue_is_dubbed_on_the_cluster_by_one_command(cluster: Any, postgres_url: str, tmp_path: Path) -> None:
    for name in ("demo.mp4", "demo.en.vtt", "demo.zh.vtt"):
        (tmp_path / name).symlink_to(ROOT / "assets" / "demo" / name)
    (tmp_path / "list.csv").write_text("path,from,lines,translation\ndemo.mp4,en,demo.en.vtt,demo.{to}.vtt\nnone.mp4,en,,\n")
    words = ["batch", tmp_path / "list.csv", "--to", "zh", "--root", "/", "--ray", cluster.address, "--home", tmp_path / "home", "--database", postgres_url]
    ran = subprocess.run([sys.executable, "-m", "studio", *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=200, stdin=subprocess.DEVNULL, env=environment())
    assert ran.returncode == 2 and "1 dubbed, 0 were done before, 0 lack some voices, 1 failed" in ran.stdout, ran.stdout + ran.stderr
    assert "“none.mp4” is not there" in ran.stderr and "Traceback" not in ran.stderr
    assert (tmp_path / "dubs" / "demo.zh.mp4").stat().st_size > 100_000


def test_a_studio_on_a_database_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="cannot share a database file"):
        cluster_worker(Place(tmp_path))


def test_a_machine_that_does_not_see_the_files_says_so(postgres_url: str, tmp_path: Path) -> None:
    worker = cluster_worker(Place(tmp_path / "head", postgres_url), slow_rack.slow_rack)
    elsewhere = ClusterWorker(Place(tmp_path / "elsewhere", postgres_url), worker.probe, slow_rack.slow_rack)
    with pytest.raises(BadSetting, match=r"does not see the studio's files at .*elsewhere/blobs; name a folder that all share"):
        elsewhere()


@pytest.mark.parametrize(("address", "part"), [(f"{LOOPBACK}:9", "No Ray cluster answers"), ("nonsense", "is no address"), ("h:99999", "No Ray cluster answers")])
def test_a_cluster_that_does_not_answer_is_a_sentence_at_once(address: str, part: str) -> None:
    pytest.importorskip("ray", reason="ray is not installed: see requirements-cluster.txt")
    started = time.monotonic()
    with pytest.raises(BadSetting, match=part), connected(ClusterPlan(address)):
        pass
    assert time.monotonic() - started < 20


def test_without_ray_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineUnavailable, match=r"requirements-cluster\.txt"), connected(ClusterPlan("auto")):
        pass


def test_a_page_is_served_while_no_machine_has_joined_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "import sys; print('0 workers on the cluster.', flush=True); sys.stdin.read()"
    keeper = _Keeper(Place(tmp_path), "127.0.0.1:6379")
    monkeypatch.setattr(keeper, "_argv", [sys.executable, "-c", said])
    keeper.begin()
    keeper.end()
