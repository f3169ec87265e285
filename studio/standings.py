"""How projects stood when last looked at, kept in memory, and the texts nobody has timed yet, timed in the background.

Enter: the shop and a project. Leaves a `Stood` that is right for this moment (`standing.py` decides what may be taken over). Bounded by the
number of their lines; thread-safe; each process keeps its own.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from studio.domain.errors import StudioError
from studio.domain.line import VoiceRef
from studio.domain.project import Project
from studio.domain.recent import Recent
from studio.standing import NOTHING, Stood, look_again
from studio.workshop import Workshop

KEPT_LINES = 32_000  # of all projects: sixteen long films, or all the episodes that a large team has open
GLANCE_S = 1.0
TRY_AGAIN_S = 30.0  # after an engine failed on a text
FIRST_BATCH, BATCH = 40, 120  # texts; the first is what a page shows at once


@dataclass(slots=True)
class _Place:
    """What is kept of one project. `given_up`: texts whose timing failed, each with a sentence, until they are tried again."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    stood: Stood | None = None
    is_measuring: bool = False
    given_up: Mapping[str, str] = field(default_factory=dict)
    tried_s: float = 0.0
    looked_s: float = -GLANCE_S

    def glanced(self, shop: Workshop, project: Project) -> Stood | None:
        """How it stood a moment ago, where nothing was edited since; whether takes or recordings came in that moment is not asked."""
        stood = self.stood
        if stood is None or stood.project != project or time.monotonic() - self.looked_s > GLANCE_S:
            return None
        return stood if shop.lines.happened(project.id, None).seq == stood.mark.edit_seq else None


def _weight(place: _Place) -> int:
    """In lines, and one for itself."""
    return 1 + (len(place.stood.rows) if place.stood is not None else 0)


class Standings:
    def __init__(self, *, kept_lines: int = KEPT_LINES) -> None:
        self._places: Recent[str, _Place] = Recent(_weight, kept_lines)
        self._lock, self._closed = threading.Lock(), threading.Event()

    def look(self, shop: Workshop, project: Project, *, at_once: bool = False, is_glance: bool = False) -> Stood:
        """How the project stands now. `at_once`: texts nobody has timed yet are timed in the background, and their rows say so.
        `is_glance`: for a question about times alone, asked at every keystroke: a look of a moment ago will do if nothing was edited since."""
        place = self._place(project.id)
        with place.lock, shop.projects.moment():  # begun in here: a moment from before the wait could be older than what is kept
            if is_glance and (stood := place.glanced(shop, project)) is not None:
                return stood
            if not at_once or time.monotonic() - place.tried_s > TRY_AGAIN_S:
                place.given_up = NOTHING  # whoever waits hears of it
            place.stood = look_again(shop, project, place.stood, at_once=at_once, given_up=place.given_up, is_glance=is_glance)
            place.looked_s = time.monotonic()
            with self._lock:
                self._places.get(project.id)  # weighed as it is now
            self._measure(place, place.stood)
            return place.stood

    def close(self) -> None:
        """Begin no more batches; what is being timed is finished and kept, or lost and timed again."""
        self._closed.set()

    def _place(self, project_id: str) -> _Place:
        with self._lock:
            place = self._places.get(project_id)
            if place is None:
                place = _Place()
                self._places.put(project_id, place)
            return place

    def _measure(self, place: _Place, stood: Stood) -> None:
        """Have the missing texts timed by a thread of its own, one per project; its answers lie in the engine's memory for the next look."""
        if stood.timing.is_settled or place.is_measuring or self._closed.is_set():
            return
        place.is_measuring = True
        threading.Thread(target=self._timed, args=(place, stood), name="estimates", daemon=True).start()

    def _timed(self, place: _Place, stood: Stood) -> None:
        estimator, language = stood.offers.estimator, stood.project.target_language
        try:
            for voice, texts in _batches(stood):
                if estimator is None or self._closed.is_set():
                    return
                try:
                    estimator.estimate_many(texts, language, voice)
                except StudioError as error:
                    logging.getLogger(__name__).warning("texts could not be timed: %s", error)
                    place.given_up, place.tried_s = {**place.given_up, **dict.fromkeys(texts, str(error))}, time.monotonic()
        finally:
            place.is_measuring = False


def _batches(stood: Stood) -> Iterator[tuple[VoiceRef | None, list[str]]]:
    """The texts that are missing, in timeline order, a few at a time; those of takes last."""
    ground, timing = stood.ground, stood.timing
    wanted = [(ground.voices.get(line.id), line.target_text) for line in ground.cast.lines if line.id in timing.unmeasured]
    wanted += [(take.voice, take.text) for take in ground.takes.values() if take.id in timing.untimed_takes]
    size = FIRST_BATCH
    while wanted:
        by_voice: dict[VoiceRef | None, list[str]] = {}
        for voice, text in wanted[:size]:
            by_voice.setdefault(voice, []).append(text)
        yield from by_voice.items()
        wanted, size = wanted[size:], BATCH
