from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import studio
from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.engines.espeak_pool import LONGEST_DATA_PATH_BYTES, EspeakPool, EspeakRequest, link_data

ROOT = Path(studio.__file__).parents[1]
TEXT = "Good morning, my dear friends."


@pytest.fixture(scope="module")
def pool() -> Iterator[EspeakPool]:
    pool = EspeakPool()
    yield pool
    pool.close()


def length_ms(pool: EspeakPool, text: str) -> int:
    return pool.time([EspeakRequest(text, "gmw/en")])[0].phones[-1].end_ms


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_phones_and_words_are_in_order_do_not_overlap_and_end_with_the_speech(pool: EspeakPool) -> None:
    speech = pool.speak(EspeakRequest(TEXT, "gmw/en"))
    for marks in (speech.phones, speech.words):
        assert all(mark.start_ms < mark.end_ms for mark in marks)
        assert all(before.end_ms <= after.start_ms for before, after in zip(marks, marks[1:], strict=False))
        assert abs(marks[-1].end_ms - 1000 * len(speech.pcm) / 2 / speech.rate_hz) <= 1
    assert [word.symbol for word in speech.words] == ["Good", "morning", "my", "dear", "friends"]


def test_a_comma_is_one_pause(pool: EspeakPool) -> None:
    phones = pool.time([EspeakRequest(TEXT, "gmw/en")])[0].phones
    pauses = [phone for phone in phones[:-1] if phone.symbol == "" and phone.end_ms - phone.start_ms > 60]
    assert len(pauses) == 1


def test_times_alone_agree_with_the_speech(pool: EspeakPool) -> None:
    spoken, timed = pool.speak(EspeakRequest(TEXT, "gmw/en")), pool.time([EspeakRequest(TEXT, "gmw/en")])[0]
    assert timed.pcm == b""
    assert timed.phones[-1].end_ms == pytest.approx(spoken.phones[-1].end_ms, rel=0.02)


@pytest.mark.parametrize(
    "text",
    ["a\0b", "\x01200s fast", "<speak><break time='9s'/>no</speak>", "[[h@l'oU]] [[", "\ud800 alone", "🎬🎤", "\u202eright to left", "a" * 2000,
     "!?" * 500, "١٢٣ مرحبا", "你好 hello สวัสดี", "-" * 300, "1" * 400, "\r\n\t x \x0b\x0c", "%s%n%x {} $(reboot)"],
)  # fmt: skip
def test_hostile_text_is_spoken_or_silent_and_harms_nothing(pool: EspeakPool, text: str) -> None:
    pids = {process.pid for process in pool._running}
    pool.time([EspeakRequest(text, "gmw/en"), EspeakRequest(text, "sit/cmn")])
    assert pool.time([EspeakRequest(TEXT, "gmw/en")])[0].phones
    assert pids <= {process.pid for process in pool._running}


def test_control_codes_do_not_command_the_engine(pool: EspeakPool) -> None:
    assert length_ms(pool, "\x0180sGood morning, my dear friends") < 1.6 * length_ms(pool, TEXT)


def test_markup_is_text_and_not_obeyed(pool: EspeakPool) -> None:
    assert length_ms(pool, "no <break time='9s'/> yes") < 6000


def test_a_text_over_the_limit_is_refused_in_a_sentence(pool: EspeakPool) -> None:
    with pytest.raises(EngineFailed, match="2001 characters is too long to speak; keep it under 2000"):
        pool.speak(EspeakRequest("a" * 2001, "gmw/en"))


@pytest.mark.parametrize("voice", ["xx/none", "", "../../etc/passwd", "gmw/en+../../secret", "gmw/en+", "gmw/en+f3/../m1", "+f3"])
def test_a_voice_that_is_none_is_refused_and_no_file_is_looked_for(pool: EspeakPool, voice: str) -> None:
    with pytest.raises(EngineFailed, match="there is no voice"):
        pool.speak(EspeakRequest(TEXT, voice))


def test_many_texts_come_back_in_the_order_asked(pool: EspeakPool) -> None:
    texts = [" ".join(["word"] * (1 + index % 3)) for index in range(150)]
    timed = pool.time([EspeakRequest(text, "gmw/en") for text in texts])
    assert [len(speech.words) for speech in timed] == [1 + index % 3 for index in range(150)]


def test_threads_get_their_own_answers(pool: EspeakPool) -> None:
    texts = [" ".join(["word"] * (1 + index % 5)) for index in range(40)]
    with ThreadPoolExecutor(8) as executor:
        counts = list(executor.map(lambda text: len(pool.speak(EspeakRequest(text, "gmw/en")).words), texts))
    assert counts == [1 + index % 5 for index in range(40)]


def test_a_killed_worker_is_replaced() -> None:
    pool = EspeakPool(size=1)
    pool.voices()
    old = pool._running[0].pid
    os.kill(old, signal.SIGKILL)
    assert pool.speak(EspeakRequest(TEXT, "gmw/en")).pcm
    assert [process.pid for process in pool._running] != [old]
    pool.close()


def test_a_hung_worker_is_killed_and_replaced() -> None:
    pool = EspeakPool(size=1, timeout_s=3)
    pool.voices()
    os.kill(pool._running[0].pid, signal.SIGSTOP)
    started = time.monotonic()
    assert pool.speak(EspeakRequest(TEXT, "gmw/en")).pcm
    assert time.monotonic() - started < 9
    pool.close()


STUMBLING = """
import os, sys
from studio.engines.espeak_worker import read_frame, write_frame
out = os.fdopen(os.dup(1), "wb")
write_frame(out, {"ready": True})
read_frame(sys.stdin.buffer)
os.abort()
"""


def test_a_text_that_crashes_two_workers_is_a_failure_and_the_next_one_is_not() -> None:
    pool = EspeakPool(size=1, command=(sys.executable, "-c", STUMBLING))
    with pytest.raises(EngineFailed, match="crashed or took too long, twice"):
        pool.speak(EspeakRequest(TEXT, "gmw/en"))
    assert pool._running == []
    with pytest.raises(EngineFailed):
        pool.speak(EspeakRequest(TEXT, "gmw/en"))


def test_a_worker_that_cannot_start_makes_the_engine_unavailable() -> None:
    with pytest.raises(EngineUnavailable, match="does not start"):
        EspeakPool(command=(sys.executable, "-c", "raise SystemExit(3)")).voices()


def test_a_closed_pool_leaves_no_process_and_says_so() -> None:
    pool = EspeakPool(size=1)
    pool.voices()
    pid = pool._running[0].pid
    pool.close()
    assert not is_running(pid)
    with pytest.raises(EngineUnavailable, match="shut down"):
        pool.speak(EspeakRequest(TEXT, "gmw/en"))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to see other processes")
def test_workers_end_with_a_parent_that_was_killed() -> None:
    script = "from studio.engines.espeak_pool import EspeakPool\nimport os, signal\np = EspeakPool(); p.voices()\n"
    script += "print(p._running[0].pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    pid, deadline = int(told.stdout), time.monotonic() + 10
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(pid)


@pytest.mark.skipif(not Path("/proc/self/maps").is_file(), reason="needs /proc to see mapped libraries")
def test_the_gpl_library_never_enters_this_process(pool: EspeakPool) -> None:
    pool.speak(EspeakRequest(TEXT, "gmw/en"))
    assert "libespeak" not in Path("/proc/self/maps").read_text()


def test_data_that_lies_too_deep_is_reached_by_a_short_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import espeakng_loader

    deep = tmp_path / ("d" * 80) / ("e" * 80) / "espeak-ng-data"
    deep.parent.mkdir(parents=True)
    deep.symlink_to(espeakng_loader.get_data_path(), target_is_directory=True)
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(deep))
    pool = EspeakPool(size=1)
    assert pool.speak(EspeakRequest("你好", "sit/cmn")).pcm
    short = pool._data_path
    assert len(short.encode()) <= LONGEST_DATA_PATH_BYTES and Path(short).is_dir()
    pool.close()
    assert not Path(short).parent.exists() and deep.is_dir()


def test_where_links_are_not_allowed_the_data_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "phontab").write_bytes(b"x")

    def refuse(*_: object, **__: object) -> None:
        raise OSError("links are not allowed here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    assert (link_data(data, tmp_path) / "phontab").read_bytes() == b"x"


def test_a_hundred_lines_are_timed_within_seconds(pool: EspeakPool) -> None:
    pool.voices()
    started = time.monotonic()
    pool.time([EspeakRequest(f"Line {index} says a few words.", "gmw/en") for index in range(100)])
    assert time.monotonic() - started < 4
