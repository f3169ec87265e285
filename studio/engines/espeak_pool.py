"""The studio's side of espeak-ng: a few worker processes, started when first asked, replaced when they crash or hang.

Enters: plain text, a voice identifier, a rate in words per minute. Leaves: 16-bit speech with phones and words in ms.
Thread-safe; the workers end with this process. Share one pool between the speech engine and the duration estimator.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import studio
from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.domain.timing import samples_to_ms
from studio.engines.espeak_text import LONGEST_CHARS, speakable
from studio.engines.espeak_worker import read_frame, write_frame
from studio.engines.voice_protocols import Mark
from studio.media.niceness import group_as_nice

NAME = "espeak-ng"
VERSION = "1.52"
LICENCE = "GPL-3.0 (separate process)"
NATURAL_RATE_WPM, NATURAL_PITCH = 175, 50
MIN_RATE_WPM, MAX_RATE_WPM = 80, 449  # from 450 on the library stretches its own output, and lengths jump
LONGEST_DATA_PATH_BYTES = 159
WORKER = (sys.executable, "-m", "studio.engines.espeak_worker")
PHONE_SEPARATOR = "|"  # between the phones of a word
_BATCH_ITEMS = 64
_ROOT = Path(studio.__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class EspeakRequest:
    """One text to speak; `voice` is an identifier such as "gmw/en-US+f3"."""

    text: str
    voice: str
    rate_wpm: int = NATURAL_RATE_WPM
    pitch: int = NATURAL_PITCH


@dataclass(frozen=True, slots=True)
class EspeakSpeech:
    """`pcm`: signed 16-bit mono in native order, empty where only times were asked for; `words` carry their text."""

    pcm: bytes
    rate_hz: int
    phones: tuple[Mark, ...]
    words: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class EspeakVoice:
    """A voice of the library with its language tags, best match (lowest priority) first."""

    identifier: str
    name: str
    tags: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class EspeakClause:
    """`ipa` and the library's own `names` of the same phones (spaces between words, PHONE_SEPARATOR between phones), and the text read."""

    ipa: str
    names: str
    text: str


class _Worker:
    """One running process, started with `command`. `ask` answers, or raises EOFError when the process crashed or was killed for its delay."""

    def __init__(self, command: Sequence[str], timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self.process = subprocess.Popen(
            list(command),
            cwd=_ROOT,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        group_as_nice(self.process.pid)
        try:
            self._within(timeout_s, lambda: None)
        except EOFError:
            self.stop()
            raise

    def ask(self, request: dict[str, Any], *, timeout_s: float) -> tuple[dict[str, Any], bytes]:
        message = request | {"limit_s": int(timeout_s) + 5}
        return self._within(timeout_s, lambda: write_frame(self.process.stdin, message))

    def stop(self) -> None:
        stop_process(self.process)

    def _within(self, timeout_s: float, send: Any) -> tuple[dict[str, Any], bytes]:
        killer = threading.Timer(timeout_s, self.process.kill)
        killer.start()
        try:
            send()
            frame = read_frame(self.process.stdout)
        except (OSError, ValueError) as error:
            raise EOFError("the worker is gone") from error
        finally:
            killer.cancel()
        if frame is None:
            raise EOFError("the worker is gone")
        return frame


def stop_process(process: subprocess.Popen[bytes]) -> None:
    """End one worker at once and free its pipes."""
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            stream.close()


class EspeakPool:
    """At most `size` worker processes, each started as `command` with the data folder as its last argument. Raises
    EngineUnavailable where the package is missing or a worker cannot start."""

    def __init__(self, *, size: int = 2, timeout_s: float = 30.0, command: Sequence[str] = WORKER) -> None:
        self._timeout_s, self._command = timeout_s, tuple(command)
        self._seats: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        for _ in range(size):
            self._seats.put(None)
        self._size = size
        self._lock = threading.Lock()
        self._running: list[subprocess.Popen[bytes]] = []
        self._folders: list[Path] = []
        self._data_path: str | None = None
        self._voices: tuple[EspeakVoice, ...] | None = None
        self._closer = weakref.finalize(self, _close, self._running, self._folders)

    def is_installed(self) -> bool:
        return find_spec("espeakng_loader") is not None

    def close(self) -> None:
        """End all workers; the next request would fail."""
        self._closer()

    def voices(self) -> tuple[EspeakVoice, ...]:
        """Every voice of the library; asked once."""
        if self._voices is None:
            answer, _ = self._ask({"verb": "voices"}, timeout_s=self._timeout_s)
            rows = answer["voices"]
            self._voices = tuple(EspeakVoice(ident, name, tuple((rank, tag) for rank, tag in tags)) for ident, name, tags in rows)
        return self._voices

    def has_voice(self, voice: str) -> bool:
        """Whether `voice` is an identifier of the library, or one with a "+variant" (which need not exist)."""
        identifier, plus, variant = voice.partition("+")
        known = {known.identifier for known in self.voices()}
        return identifier in known and (not plus or re.fullmatch(r"\w+", variant) is not None)

    def speak(self, request: EspeakRequest) -> EspeakSpeech:
        """Speech of one text. Raises EngineFailed."""
        return self._speak_batch((request,), want_audio=True)[0]

    def time(self, requests: Sequence[EspeakRequest]) -> list[EspeakSpeech]:
        """Phone and word times of many texts, without the speech, in the order asked. Raises EngineFailed."""
        batches = [requests[start : start + _BATCH_ITEMS] for start in range(0, len(requests), _BATCH_ITEMS)]
        if len(batches) < 2:
            return [speech for batch in batches for speech in self._speak_batch(batch, want_audio=False)]
        with ThreadPoolExecutor(self._size) as executor:
            answers = executor.map(lambda batch: self._speak_batch(batch, want_audio=False), batches)
            return [speech for answer in answers for speech in answer]

    def phones(self, texts: Sequence[str], voice: str) -> list[tuple[EspeakClause, ...]]:
        """The clauses of each text as the library reads them aloud, in the order asked. Raises EngineFailed."""
        found: list[tuple[EspeakClause, ...]] = []
        for start in range(0, len(texts), _BATCH_ITEMS):
            items = [[self._checked(text, voice), voice] for text in texts[start : start + _BATCH_ITEMS]]
            answer, _ = self._ask({"verb": "phones", "items": items, "separator": PHONE_SEPARATOR}, timeout_s=self._timeout_s)
            found += [tuple(EspeakClause(*clause) for clause in clauses) for clauses in answer["items"]]
        return found

    def _checked(self, text: str, voice: str) -> str:
        """The text as the library may read it. Raises EngineFailed for one too long, or an unknown voice."""
        text = speakable(text)
        if len(text) > LONGEST_CHARS:
            raise EngineFailed(NAME, f"a line of {len(text)} characters is too long to speak; keep it under {LONGEST_CHARS}.")
        if not self.has_voice(voice):  # the library would look for a file of that name
            raise EngineFailed(NAME, f"there is no voice “{voice}”; choose one from the list.")
        return text

    def _speak_batch(self, requests: Sequence[EspeakRequest], *, want_audio: bool) -> list[EspeakSpeech]:
        texts = [self._checked(request.text, request.voice) for request in requests]
        items = [[text, item.voice, item.rate_wpm, item.pitch] for text, item in zip(texts, requests, strict=True)]
        request = {"verb": "speak", "items": items, "want_audio": want_audio}
        answer, pcm = self._ask(request, timeout_s=self._timeout_s + 0.05 * len(items))
        return _unpack(answer, pcm, texts, want_audio=want_audio)

    def _ask(self, request: dict[str, Any], *, timeout_s: float) -> tuple[dict[str, Any], bytes]:
        """One request to an idle worker; a crashed or hung one is replaced and asked once more."""
        worker, is_sound, crash = self._seats.get(), False, None
        try:
            for _ in range(2):
                worker = self._start() if worker is None else worker
                try:
                    answer, payload = worker.ask(request, timeout_s=timeout_s)
                except EOFError as error:
                    self._retire(worker)
                    worker, crash = None, error
                else:
                    is_sound = True
                    break
            else:
                raise EngineFailed(NAME, "its process crashed or took too long, twice; change the text and try again.") from crash
        finally:  # a worker left in the middle of an answer, by Ctrl-C say, would give it to the next question
            if worker is not None and not is_sound:
                self._retire(worker)
                worker = None
            self._seats.put(worker)
        if "error" in answer:
            raise EngineFailed(NAME, answer["error"])
        return answer, payload

    def _start(self) -> _Worker:
        if not self._closer.alive:
            raise EngineUnavailable(NAME, "it has been shut down; restart the studio.")
        try:
            worker = _Worker((*self._command, self._short_data_path()), self._timeout_s)
        except (EOFError, OSError) as error:
            raise EngineUnavailable(NAME, "its process does not start on this machine; reinstall espeakng-loader.") from error
        self._running.append(worker.process)
        return worker

    def _retire(self, worker: _Worker) -> None:
        worker.stop()
        self._running.remove(worker.process)

    def _short_data_path(self) -> str:
        """The library's data folder by a path it does not truncate: a deep one gets a short link."""
        with self._lock:
            if self._data_path is None:
                self._data_path = self._find_data()
            return self._data_path

    def _find_data(self) -> str:
        try:
            import espeakng_loader
        except ImportError as error:
            raise EngineUnavailable(NAME, "the package espeakng-loader is not installed; run `make studio` again.") from error
        data_path = str(espeakng_loader.get_data_path())
        if len(data_path.encode()) <= LONGEST_DATA_PATH_BYTES:
            return data_path
        folder = Path(tempfile.mkdtemp(prefix="espeak-"))
        self._folders.append(folder)
        short = link_data(Path(data_path), folder)
        if len(str(short).encode()) > LONGEST_DATA_PATH_BYTES:
            raise EngineUnavailable(NAME, "its data folder and the temporary folder both lie too deep; set TMPDIR to a short path.")
        return str(short)


def link_data(data_folder: Path, folder: Path) -> Path:
    """`data_folder` under a short name in `folder`: a link, or a copy where links are not allowed."""
    short = folder / "espeak-ng-data"
    try:
        short.symlink_to(data_folder, target_is_directory=True)
    except OSError:
        shutil.copytree(data_folder, short)
    return short


def _close(running: list[subprocess.Popen[bytes]], folders: list[Path]) -> None:
    for process in running:
        stop_process(process)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _unpack(answer: dict[str, Any], pcm: bytes, texts: Sequence[str], *, want_audio: bool) -> list[EspeakSpeech]:
    rate_hz, place, speeches = answer["rate_hz"], 0, []
    for item, text in zip(answer["items"], texts, strict=True):
        count = 2 * item["samples"] if want_audio else 0
        phones = _marks(item["phones"], item["samples"], rate_hz)
        words = [(start, text[first : first + length]) for start, first, length in item["words"]]
        speeches.append(EspeakSpeech(pcm[place : place + count], rate_hz, phones, _marks(words, item["samples"], rate_hz)))
        place += count
    return speeches


def _marks(starts: Sequence[tuple[int, str]], end_samples: int, rate_hz: int) -> tuple[Mark, ...]:
    """Events as spans: each lasts until the next; neighbouring pauses are one; events of no length are dropped."""
    marks: list[Mark] = []
    ends = [start for start, _ in starts[1:]] + [end_samples]
    for (start, symbol), end in zip(starts, ends, strict=False):  # no events: no spans
        if end <= start:
            continue
        mark = Mark(samples_to_ms(start, rate_hz), samples_to_ms(end, rate_hz), symbol)
        if marks and symbol == "" and marks[-1].symbol == "":
            mark = Mark(marks.pop().start_ms, mark.end_ms, "")
        marks.append(mark)
    return tuple(marks)
