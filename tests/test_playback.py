"""Files made for the page: kept by what they show, swept when nobody looks at them."""

from __future__ import annotations

import errno
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from studio import playback
from studio.domain.errors import NotFound, NotReady, OutOfSpace
from studio.domain.project import JobKind, JobState
from studio.domain.timing import TimeSpan
from studio.media.decode import read_audio
from studio.media.preview import is_quick_to_seek
from studio.media.probe import probe
from studio.playback import cached
from studio.service import LineEdit
from tests.studio_fixtures import clip_project, fake_studio, finish, render


def test_a_picture_no_browser_plays_gets_a_proxy_and_the_export_stays_as_it_is(home: Path, clip: Path, ffmpeg_path: str, tmp_path: Path) -> None:
    import subprocess

    film = tmp_path / "film.mpg"
    subprocess.run([ffmpeg_path, "-v", "error", "-i", str(clip), "-c:v", "mpeg2video", "-c:a", "mp2", str(film)], check=True, stdin=subprocess.DEVNULL)
    studio = fake_studio(home)
    project = studio.create_project("Old", "en", "de")
    studio.upload_media(project.id, film, "film.mpg")
    studio.add_line(project.id, 400, 1300)
    render(studio, project)
    for playable in (studio.playable_source(project.id), studio.playable_dub(project.id)):
        assert playable is not None
        shown = probe(playable, name=playable.name).video
        assert shown is not None and shown.codec == "h264"
    exported = probe(studio.export(project.id, "video"), name="dub.mp4").video
    assert exported is not None and exported.codec == "mpeg2video"
    studio.close()


def test_of_many_who_ask_for_a_file_at_once_one_makes_it(home: Path) -> None:
    studio, made = fake_studio(home), []

    def make(draft: Path) -> None:
        made.append(draft)
        time.sleep(0.2)  # long enough for all to be asking
        draft.write_bytes(b"film")

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: cached(studio._shop, "0" * 64, ".mp4", make), range(4)))
    assert len(found) == len(made) == 1
    assert [path.read_bytes() for path in studio._shop.cache.iterdir()] == [b"film"], "and nothing is left beside it"
    studio.close()


def test_a_dub_is_looked_through_once_however_many_ranges_are_fetched(home: Path, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = fake_studio(home)
    project = clip_project(studio, clip)
    render(studio, project)
    first = studio.playable_dub(project.id)
    monkeypatch.setattr(playback, "probe", lambda *_, **__: pytest.fail("looked through again"))
    assert studio.playable_dub(project.id) == first
    studio.close()


def test_a_clip_of_the_source_is_as_long_as_its_line(home: Path, clip: Path) -> None:
    studio = fake_studio(home)
    project = clip_project(studio, clip)
    row = studio.rows(project.id)[0]
    path = studio.source_clip(project.id, row.line.id)
    assert probe(path, name="clip.wav").duration_ms == pytest.approx(row.line.span.length_ms, abs=2)
    assert studio.source_clip(project.id, row.line.id) == path
    studio.close()


def test_a_line_in_context_is_mixed_without_the_whole_and_kept_by_what_is_heard(home: Path, clip: Path) -> None:
    studio = fake_studio(home)
    project = clip_project(studio, clip)
    first, second = (row.line.id for row in studio.rows(project.id))
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    mixed = studio.context_mix(project.id, first)
    info = probe(mixed.path, name="context.wav")
    length_ms = studio.project(project.id).project.source.info.duration_ms
    assert mixed.start_ms == 0 and info.duration_ms == pytest.approx(length_ms, abs=2), "both lines and their handles fill the clip"
    assert studio.context_mix(project.id, second).path == mixed.path, "neighbours share what they hear"
    span = TimeSpan(400, 1300)
    dubbed, original = (read_audio(path, track=0, rate_hz=16_000, span=span) for path in (mixed.path, studio.playable_source(project.id)))
    assert np.abs(np.corrcoef(dubbed, original)[0, 1]) < 0.5, "the take is heard there, the original lies under it"
    studio.revise_line(project.id, first, LineEdit(span=TimeSpan(500, 1400)))
    assert studio.context_mix(project.id, first).path != mixed.path
    studio.close()


def test_a_context_without_media_or_with_a_lost_take_says_so(home: Path, clip: Path) -> None:
    studio = fake_studio(home)
    bare = studio.create_project("Bare", "en", "de")
    line = studio.add_line(bare.id, 0, 900)
    with pytest.raises(NotReady, match="no media yet"):
        studio.context_mix(bare.id, line.line.id)
    project = clip_project(studio, clip)
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    row = studio.rows(project.id)[0]
    studio.take_wav(project.id, row.line.take_id or "").unlink()
    for ask in (lambda: studio.take_wav(project.id, row.line.take_id or ""), lambda: studio.context_mix(project.id, row.line.id)):
        with pytest.raises(NotReady, match="no longer on the disk; voice the line again"):
            ask()
    studio.close()


def test_a_preview_of_a_line_shows_it_with_handles_once_there_is_a_render(home: Path, clip: Path) -> None:
    studio = fake_studio(home)
    project = clip_project(studio, clip)
    line_id = studio.rows(project.id)[0].line.id
    assert studio.line_preview(project.id, line_id) is None
    render(studio, project)
    path = studio.line_preview(project.id, line_id)
    assert path is not None
    assert probe(path, name="line.mp4").duration_ms == pytest.approx(400 + 900 + 500, abs=60)
    studio.close()


def test_peaks_are_empty_before_the_source_is_read_and_there_afterwards(home: Path, clip: Path) -> None:
    studio = fake_studio(home)
    project = clip_project(studio, clip)
    assert studio.peaks(project.id) == b""
    finish(studio, studio.submit(project.id, JobKind.INGEST))
    assert len(studio.peaks(project.id)) > 100
    studio.close()


def test_a_source_whose_sound_was_moved_is_played_as_it_is_heard(home: Path, clip: Path) -> None:
    studio = fake_studio(home)
    project = clip_project(studio, clip)
    as_it_is = studio.playable_source(project.id)
    studio.shift_sound(project.id, 200)
    moved = studio.playable_source(project.id)
    assert moved != as_it_is
    onset = [int(np.flatnonzero(np.abs(read_audio(path, track=0, rate_hz=16_000, span=TimeSpan(0, 1500))) > 0.02)[0]) / 16 for path in (as_it_is, moved)]
    assert onset[1] - onset[0] == pytest.approx(200, abs=25)
    studio.shift_sound(project.id, 0)
    assert studio.playable_source(project.id) == as_it_is


def test_a_film_slow_to_seek_gets_a_light_picture_behind_the_desk_and_marks_keep_their_bytes(home: Path, clip: Path, ffmpeg_path: str, tmp_path: Path) -> None:
    import subprocess

    film = tmp_path / "film.mp4"
    subprocess.run(
        [ffmpeg_path, "-v", "error", "-i", str(clip), "-vf", "scale=1280:960", "-preset", "ultrafast", "-c:a", "copy", str(film)], check=True, stdin=subprocess.DEVNULL
    )
    studio = fake_studio(home)
    project = clip_project(studio, film)
    before = studio.desk_picture(project.id)
    assert before.is_coming and studio.picture(project.id, before.mark) == studio.playable_source(project.id), "the source is shown meanwhile"
    deadline = time.monotonic() + 60
    while (now := studio.desk_picture(project.id)).is_coming and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not now.is_coming and now.mark != before.mark
    light = probe(studio.picture(project.id, now.mark), name="light.mp4")
    assert light.video is not None and light.video.width_px == 640 and light.duration_ms == pytest.approx(3000, abs=60)
    assert studio.picture(project.id, before.mark) == studio.playable_source(project.id)
    with pytest.raises(NotFound):
        studio.picture(project.id, "another")
    studio.close()


def test_a_small_film_with_frequent_whole_pictures_is_shown_as_it_is(home: Path, demo_clip: Path, clip: Path) -> None:
    studio = fake_studio(home)
    project = clip_project(studio, clip)
    assert is_quick_to_seek(demo_clip, probe(demo_clip, name="demo.mp4")) == (not studio.desk_picture(clip_project(studio, demo_clip).id).is_coming)
    assert studio.desk_picture(project.id).is_coming, "three seconds with one whole picture only"
    studio.close()


def test_a_full_disk_leaves_no_half_of_a_cached_file_and_says_so(home: Path, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = fake_studio(home)
    project = clip_project(studio, clip)
    line_id = studio.rows(project.id)[0].line.id

    def full(path: Path, *_: object) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("studio.playback.write_wav", full)
    with pytest.raises(OutOfSpace):
        studio.source_clip(project.id, line_id)
    assert list(studio._shop.cache.iterdir()) == []
    monkeypatch.undo()
    assert studio.source_clip(project.id, line_id).stat().st_size > 1000
    studio.close()


def test_a_job_that_meets_a_full_disk_says_so_and_keeps_what_it_had(home: Path, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = fake_studio(home)
    project = clip_project(studio, clip)
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    takes = [row.line.take_id for row in studio.rows(project.id)]

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    job = studio.run_now(project.id, JobKind.RENDER)
    monkeypatch.undo()
    assert job.state is JobState.FAILED and "is full; nothing half-written was kept" in job.message
    assert [row.line.take_id for row in studio.rows(project.id)] == takes and None not in takes
    render(studio, project)
    studio.close()


def test_a_cached_file_is_reached_through_a_project_of_one_s_own_only(home: Path, clip: Path) -> None:
    """The cache is one folder for all, by content: the same film of two people is cut once, and each asks for it by their own project."""
    studio = fake_studio(home)
    ada, bob = studio.as_user("ada"), studio.as_user("bob")
    hers, his = clip_project(ada, clip), clip_project(bob, clip)
    first, second = ada.source_clip(hers.id, ada.rows(hers.id)[0].line.id), bob.source_clip(his.id, bob.rows(his.id)[0].line.id)
    assert first == second, "one film, one stretch: one file"
    for call in (bob.source_clip, bob.context_mix, bob.line_preview, bob.picture):
        with pytest.raises(NotFound):
            call(hers.id, ada.rows(hers.id)[0].line.id)
    with pytest.raises(NotFound):
        bob.source_clip(his.id, ada.rows(hers.id)[0].line.id)
    studio.close()


def test_a_cached_file_somebody_looks_at_is_new_to_the_sweep_and_the_same_to_the_browser(home: Path, clip: Path) -> None:
    studio = fake_studio(home)
    try:
        project = clip_project(studio, clip)
        line_id = studio.rows(project.id)[0].line.id
        path = studio.source_clip(project.id, line_id)
        os.utime(path, (1000, 1000))
        assert studio.source_clip(project.id, line_id) == path
        assert path.stat().st_atime > time.time() - 60, "a disk may be mounted without times of reading"
        assert path.stat().st_mtime == 1000
    finally:
        studio.close()
