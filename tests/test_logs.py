from __future__ import annotations

import ast
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from contextvars import copy_context

import pytest

from studio import logs
from studio.domain.errors import BadMedia, BadSetting
from studio.domain.project import JobKind
from studio.logs import LogForm, about, mention, open_log, said
from tests.house.tree import sources

SECRET = bytes(range(32))
HUSH = "tell nobody about Project Nightfall.mp4"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    before = {name: list(logging.getLogger(name).handlers) for name in ("", "studio")}
    yield open_log(tmp_path / "logs", LogForm.JSON, SECRET)
    for name, handlers in before.items():
        logger = logging.getLogger(name)
        for handler in [one for one in logger.handlers if one not in handlers]:
            logger.removeHandler(handler)
            handler.close()


def lines(log: Path) -> list[dict]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def test_a_line_names_time_level_project_job_and_request(log: Path) -> None:
    with about(request="1234567890abcdef", project="a1" * 16), about(job="b2" * 16):
        logging.getLogger("studio.jobs").info("job %s (%s) took %.1f s at %s", "b2" * 16, JobKind.VOICE, 1.23456, said("voice"))
    [line] = lines(log)
    assert line["message"] == f"job {'b2' * 16} (voice) took 1.235 s at voice"
    assert line["time"].endswith("Z") and line["level"] == "info" and line["logger"] == "studio.jobs"
    assert (line["request"], line["project"], line["job"]) == ("1234567890abcdef", "a1" * 16, "b2" * 16)


def test_texts_file_names_and_passwords_never_arrive(log: Path) -> None:
    logger = logging.getLogger("studio.anything")
    try:
        raise BadMedia(HUSH, HUSH) from ValueError(HUSH)
    except BadMedia as error:
        logger.exception("reading %s failed: %s", HUSH, error)
        logger.warning("%(what)s of %(n)d %%", {"what": HUSH, "n": 3})
        logger.error("a path %r, bytes %s, a list %s", Path(HUSH), HUSH.encode(), [HUSH])
    with about(user="ada.lovelace", project=HUSH):
        logger.info("hello")
    written = log.read_text("utf-8")
    assert "Nightfall" not in written and "nobody" not in written and "lovelace" not in written
    first = lines(log)[0]
    assert first["error"]["type"] == "studio.domain.errors.BadMedia" and first["error"]["cause"]["type"] == "ValueError"
    assert first["error"]["frames"][-1].startswith("tests/test_logs.py:")
    assert lines(log)[1]["message"] == f"‹{len(HUSH)} characters› of 3 %"
    assert lines(log)[3]["user"].startswith("u-")


def test_an_error_of_the_system_keeps_its_code(log: Path) -> None:
    try:
        Path("/no/such/Nightfall").read_bytes()
    except OSError:
        logging.getLogger("studio.x").exception("reading failed")
    assert lines(log)[0]["error"]["code"] == "ENOENT" and "Nightfall" not in log.read_text()


def test_another_library_is_told_by_its_place_alone(log: Path) -> None:
    logging.getLogger("somelib.inner").error(f"could not read {HUSH}")
    logging.getLogger("somelib.inner").debug("chatter")
    [line] = lines(log)
    assert line["logger"] == "somelib.inner" and "Nightfall" not in json.dumps(line) and line["at"].startswith("tests/test_logs.py:")


def test_what_is_learned_in_another_thread_stands_in_the_lines_after(log: Path) -> None:
    with about(request="1234567890abcdef"):
        thread = Thread(target=copy_context().run, args=(lambda: mention(project="a1" * 16, user="bob"),))
        thread.start()
        thread.join()
        logging.getLogger("studio.x").info("done")
    assert lines(log)[0]["project"] == "a1" * 16 and lines(log)[0]["user"] == logs.mark_of("bob", SECRET)


def test_a_log_opened_later_takes_the_place_of_the_one_before(log: Path, tmp_path: Path) -> None:
    second = open_log(tmp_path / "elsewhere", LogForm.TEXT, SECRET)
    logging.getLogger("studio.x").warning("three %d", 3)
    assert not log.exists()
    assert "warning studio.x: three 3 at=tests/test_logs.py:" in second.read_text()


def test_files_rotate_and_a_second_writer_follows(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_FILE_BYTES", 2000)
    handlers = [logs.SharedFile(log) for _ in range(2)]
    for handler in handlers:
        handler.setFormatter(logs.PlainLines(LogForm.JSON, SECRET))
    for number in range(80):
        record = logging.LogRecord("studio.x", logging.INFO, __file__, 1, "entry %d", (number,), None)
        handlers[number % 2].emit(record)
    for handler in handlers:
        handler.close()
    kept = sorted(log.parent.glob("studio.log.[0-9]"))
    assert 1 <= len(kept) <= logs.KEPT_FILES
    numbers = [json.loads(line)["message"] for file in (*reversed(kept), log) for line in file.read_text().splitlines()]
    assert numbers == [f"entry {number}" for number in range(80 - len(numbers), 80)], "lines keep their order, and the newest are all there"


def test_an_unknown_form_is_refused_in_a_sentence() -> None:
    with pytest.raises(BadSetting, match="json or text"):
        logs.log_form("xml")


def test_every_message_in_the_code_is_a_constant() -> None:
    """A value in the template itself would pass the filter unseen."""
    found = []
    for source in sources("studio"):
        for node in ast.walk(source.tree):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
            if is_call and node.func.attr in ("debug", "info", "warning", "error", "exception", "critical"):
                receiver = ast.unparse(node.func.value).lower()
                if "log" in receiver and not (isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)):
                    found.append(f"{source.name}:{node.lineno} puts a value into the template of a log line; give it as an argument.")
    assert not found, "\n" + "\n".join(found)
