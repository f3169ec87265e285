from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import studio
from studio.engines.espeak_worker import read_frame, write_frame


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    import espeakng_loader

    process = subprocess.Popen(
        [sys.executable, "-m", "studio.engines.espeak_worker", espeakng_loader.get_data_path()],
        cwd=Path(studio.__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert read_frame(process.stdout) == ({"ready": True}, b"")
    yield process
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def ask(worker: subprocess.Popen[bytes], **request: object) -> tuple[dict, bytes]:
    write_frame(worker.stdin, {"limit_s": 20} | request)
    frame = read_frame(worker.stdout)
    assert frame is not None
    return frame


def test_a_frame_read_is_the_frame_written_and_a_cut_one_is_the_end() -> None:
    stream = io.BytesIO()
    write_frame(stream, {"text": "你好"}, b"\x00\x01")
    written = stream.getvalue()
    assert read_frame(io.BytesIO(written)) == ({"text": "你好"}, b"\x00\x01")
    assert all(read_frame(io.BytesIO(written[:length])) is None for length in range(len(written)))


def test_a_frame_that_claims_gigabytes_is_refused() -> None:
    with pytest.raises(ValueError, match="larger than the limit"):
        read_frame(io.BytesIO(struct.pack(">II", 2**31, 0)))


def test_speech_comes_with_as_many_samples_as_it_says_and_phones_inside_them(worker: subprocess.Popen[bytes]) -> None:
    answer, speech = ask(worker, verb="speak", items=[["Good morning.", "gmw/en", 175, 50]], want_audio=True)
    item = answer["items"][0]
    assert answer["rate_hz"] == 22_050
    assert len(speech) == 2 * item["samples"] > 2 * 0.4 * 22_050
    starts = [start for start, _ in item["phones"]]
    assert starts == sorted(starts) and starts[-1] <= item["samples"]
    assert "m" in {symbol for _, symbol in item["phones"]}


def test_times_alone_bring_no_speech(worker: subprocess.Popen[bytes]) -> None:
    answer, speech = ask(worker, verb="speak", items=[["one", "gmw/en", 175, 50], ["two", "gmw/de", 175, 50]], want_audio=False)
    assert speech == b"" and len(answer["items"]) == 2


def test_an_unknown_voice_is_answered_and_the_worker_lives_on(worker: subprocess.Popen[bytes]) -> None:
    assert "no voice" in ask(worker, verb="speak", items=[["hi", "xx/none", 175, 50]], want_audio=True)[0]["error"]
    assert ask(worker, verb="speak", items=[["hi", "gmw/en", 175, 50]], want_audio=True)[0]["items"]


def test_the_list_of_voices_names_mandarin_by_its_tags(worker: subprocess.Popen[bytes]) -> None:
    voices = {identifier: tags for identifier, _, tags in ask(worker, verb="voices")[0]["voices"]}
    assert [5, "zh"] in voices["sit/cmn"] and len(voices) > 100


def test_the_worker_ends_when_its_input_ends(worker: subprocess.Popen[bytes]) -> None:
    worker.stdin.close()
    assert worker.wait(timeout=10) == 0


def test_the_worker_ends_itself_when_a_request_outlives_its_limit(worker: subprocess.Popen[bytes]) -> None:
    long_text = "This sentence is here to keep the engine busy for some time. " * 400
    request = {"verb": "speak", "items": [[long_text, "gmw/en", 80, 50]] * 40, "want_audio": False, "limit_s": 1}
    write_frame(worker.stdin, json.loads(json.dumps(request)))
    started = time.monotonic()
    assert read_frame(worker.stdout) is None
    assert worker.wait(timeout=10) < 0 and time.monotonic() - started < 10


def test_phones_come_clause_by_clause_with_the_text_they_were_read_from(worker: subprocess.Popen[bytes]) -> None:
    answer, speech = ask(worker, verb="phones", items=[["Fine, four cats. Go on", "gmw/en-US"]], separator="|")
    clauses = answer["items"][0]
    assert speech == b""
    assert [read for _, _, read in clauses] == ["Fine, f", "our cats. G", "o on\0"]
    assert clauses[1][0] == "f|ˈɔːɹ k|ˈæ|t|s" and clauses[1][1] == "f|'o@ k|'a|t|s"
