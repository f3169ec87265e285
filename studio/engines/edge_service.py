"""Microsoft's online speech service through the package edge-tts: text and a voice in, mp3 and word times out.

Never hangs: connecting, receiving and the whole call have deadlines, and a failed connection is remembered for a minute.
The text leaves the machine; whoever offers this engine says so. Share one service between speaker and estimator.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.domain.line import VoiceRef
from studio.engines.protocols import Availability
from studio.engines.voice_protocols import Mark

NAME = "edge-tts"
VERSION = "7.3.1-1"
LICENCE = "LGPL-3.0; online service of Microsoft, the text leaves this machine"
HOST = ("speech.platform.bing.com", 443)
_OFFLINE = "its service is not reachable from this machine; check the network, or use an offline engine."
_TICKS_PER_MS = 10_000
_PROBE_S = 1.5
_PITCH_HZ = 150  # the service takes pitch as an offset in Hz; voices lie between 100 and 200


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds. `memory_s`: how long a finding about the network is believed."""

    connect_s: int = 5
    receive_s: int = 20
    whole_s: float = 60.0
    memory_s: float = 60.0


@dataclass(frozen=True, slots=True)
class EdgeSpeech:
    """`mp3`: 24 kHz mono; `words` with a mark of symbol "" between two that do not touch."""

    mp3: bytes
    words: tuple[Mark, ...]


class Communicate(Protocol):
    """What is used of `edge_tts.Communicate`."""

    def stream(self) -> AsyncIterator[Mapping[str, Any]]: ...


def _edge_communicate(text: str, voice: str, **settings: Any) -> Communicate:
    import edge_tts

    return edge_tts.Communicate(text, voice, **settings)


def _can_connect() -> bool:
    try:
        socket.create_connection(HOST, timeout=_PROBE_S).close()
    except OSError:
        return False
    return True


class EdgeService:
    """`communicate` makes one conversation, `probe` says whether the service can be reached; both can be replaced."""

    def __init__(
        self,
        communicate: Callable[..., Communicate] = _edge_communicate,
        probe: Callable[[], bool] = _can_connect,
        deadlines: Deadlines = Deadlines(),
    ) -> None:
        self._communicate, self._probe, self.deadlines = communicate, probe, deadlines
        self._lock = threading.Lock()
        self._is_reachable: bool | None = None
        self._asked_at_s = 0.0
        self._probing: threading.Thread | None = None

    def availability(self) -> Availability:
        """From memory where it knows; the first time it waits at most 1.5 s. An old finding is renewed in the background."""
        if find_spec("edge_tts") is None:
            return Availability(False, "the package edge-tts is not installed; run `make studio` again.")
        with self._lock:
            is_old = self._is_reachable is None or time.monotonic() - self._asked_at_s > self.deadlines.memory_s
            if is_old and (self._probing is None or not self._probing.is_alive()):
                self._probing = threading.Thread(target=self._look, name="edge-tts probe", daemon=True)
                self._probing.start()
            probing = self._probing if self._is_reachable is None else None
        if probing is not None:
            probing.join(_PROBE_S)
        return Availability(True, "ready; online, the text leaves this machine") if self._is_reachable else Availability(False, _OFFLINE)

    def speak(self, text: str, voice: VoiceRef) -> EdgeSpeech:
        """Raises EngineUnavailable when the service cannot be reached, EngineFailed for all else."""
        import aiohttp
        from edge_tts.exceptions import EdgeTTSException

        if self._is_reachable is False and time.monotonic() - self._asked_at_s < self.deadlines.memory_s:
            raise EngineUnavailable(NAME, _OFFLINE)
        conversation = self._open(text, voice)
        try:
            speech = asyncio.run(asyncio.wait_for(_gather(conversation), self.deadlines.whole_s))
        except (aiohttp.ClientConnectionError, ConnectionError, socket.gaierror) as error:
            self._remember(False)
            raise EngineUnavailable(NAME, _OFFLINE) from error
        except TimeoutError as error:
            self._remember(False)
            raise EngineUnavailable(NAME, "its service took too long to answer; try again, or use an offline engine.") from error
        except (EdgeTTSException, aiohttp.ClientError, OSError) as error:
            raise EngineFailed(NAME, f"its service refused the text ({type(error).__name__}); try again, or use another voice.") from error
        self._remember(True)
        if not speech.mp3:
            raise EngineFailed(NAME, f"its service gave no sound for “{text}”; change the text or the voice.")
        return speech

    def _open(self, text: str, voice: VoiceRef) -> Communicate:
        try:
            return self._communicate(
                text,
                voice.voice,
                rate=_percent(voice.rate_ratio),
                pitch=f"{round(_PITCH_HZ * (voice.pitch_ratio - 1)):+d}Hz",
                boundary="WordBoundary",
                connect_timeout=self.deadlines.connect_s,
                receive_timeout=self.deadlines.receive_s,
            )
        except ValueError as error:
            raise EngineFailed(NAME, f"it does not know the voice “{voice.voice}”; choose another.") from error

    def _look(self) -> None:
        self._remember(self._probe())

    def _remember(self, is_reachable: bool) -> None:
        with self._lock:
            self._is_reachable, self._asked_at_s = is_reachable, time.monotonic()


def _percent(ratio: float) -> str:
    return f"{round(100 * (ratio - 1)):+d}%"


async def _gather(conversation: Communicate) -> EdgeSpeech:
    sound, words = bytearray(), []
    async for message in conversation.stream():
        if message["type"] == "audio":
            sound += message["data"]
        elif message["type"] == "WordBoundary":
            start_ms = round(message["offset"] / _TICKS_PER_MS)
            words.append(Mark(start_ms, start_ms + round(message["duration"] / _TICKS_PER_MS), message["text"]))
    return EdgeSpeech(bytes(sound), _with_pauses(words))


def _with_pauses(words: list[Mark]) -> tuple[Mark, ...]:
    marks: list[Mark] = []
    for word in words:
        if marks and word.start_ms > marks[-1].end_ms:
            marks.append(Mark(marks[-1].end_ms, word.start_ms, ""))
        marks.append(word)
    return tuple(marks)
