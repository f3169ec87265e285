"""Dubbing a catalogue: items in, an outcome for each out. What was finished before is not done again, and one bad film stops no other.

A ledger beside the dubs (`lipline-batch.json`) says what is finished, of which file; a film half done goes on in its project. Items run several at
once, each as `dubbing.dub_file`; whoever does the jobs (threads here, other workers, a cluster) is not its business.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from studio.batch_list import Item
from studio.domain.errors import BadSetting, Cancelled, StudioError, UserError
from studio.domain.plain import fingerprint, from_plain, to_plain
from studio.domain.project import Job
from studio.dubbing import DubRequest, Unreached, dub_file, patiently
from studio.service import Studio

LEDGER, LOCK = "lipline-batch.json", ".lipline-batch.lock"
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS})  # a folder that knows no locks is used without one
_LOG = logging.getLogger(__name__)


class Fate(StrEnum):
    """`PARTLY`: a dub with lines that have no voice; `BAD`: none, for what was given; `BROKEN`: none, for a fault of ours; `LEFT`: none yet, and
    nothing is wrong with the film: the same command goes on with it."""

    DONE = "done"
    KEPT = "was done"
    PARTLY = "partly"
    BAD = "bad"
    BROKEN = "broken"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an item ended. `sentence`: what went wrong, or what to know."""

    item: Item
    fate: Fate
    seconds: float = 0.0
    voiced: int = 0
    lines: int = 0
    sentence: str = ""

    @property
    def is_good(self) -> bool:
        return self.fate in (Fate.DONE, Fate.KEPT)


@dataclass(frozen=True, slots=True)
class Engines:
    speaker: str = "auto"
    translator: str = "auto"
    transcriber: str = "auto"


@dataclass(frozen=True, slots=True)
class BatchWish:
    """`at_once`: films in the queue at the same time. `is_over`: set to let go; what is at work then goes on at the next run."""

    items: Sequence[Item]
    out: Path
    engines: Engines
    at_once: int
    is_over: threading.Event


@dataclass(frozen=True, slots=True)
class Finished:
    """A line of the ledger: what the finished dub was made of, and of what size it is."""

    made_of: str
    size_bytes: int
    voiced: int
    lines: int


def dub_catalogue(studio: Studio, wish: BatchWish) -> Iterator[Outcome]:
    """An outcome for each item, as they end. Raises BadSetting where the dubs cannot be written, or where another run writes them."""
    with _alone(wish.out):
        yield from _outcomes(studio, wish, Ledger(wish.out))


def _outcomes(studio: Studio, wish: BatchWish, ledger: Ledger) -> Iterator[Outcome]:
    todo: list[Item] = []
    for item in wish.items:
        told = _at_once(item, wish, ledger)
        if told is None:
            todo.append(item)
        else:
            yield told
    with ThreadPoolExecutor(wish.at_once, thread_name_prefix="batch") as threads:
        running = {threads.submit(_dubbed, studio, item, wish): item for item in todo}
        try:
            for one in as_completed(running):
                outcome = _outcome(one, running[one])
                yield _entered(ledger, outcome, wish.engines) if outcome.fate is Fate.DONE else outcome
        finally:  # Ctrl-C among others
            wish.is_over.set()
            threads.shutdown(cancel_futures=True)


class Ledger:
    """What is finished, by the names of the dubs in a folder that is there; written whole after each."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / LEDGER
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            self._finished = {str(name): from_plain(Finished, one) for name, one in kept.items()}
        except FileNotFoundError:
            self._finished = {}
        except OSError as error:
            raise BadSetting(f"The folder {folder} for the dubs cannot be used: {error.strerror}; choose another with --out.") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadSetting(f"{self._path} is not what a batch left there; move it away, and finished films are looked at anew.") from error

    def finished(self, item: Item, made_of: str) -> Finished | None:
        """What was finished of exactly this film, where its dub is still there."""
        kept = self._finished.get(item.file_name)
        if kept is None or kept.made_of != made_of:
            return None
        with suppress(OSError):
            if (self._folder / item.file_name).stat().st_size == kept.size_bytes:
                return kept
        return None

    def add(self, item: Item, made_of: str, outcome: Outcome) -> None:
        """Raises OSError where it cannot be written; the next entry then tries to write this one too."""
        size_bytes = (self._folder / item.file_name).stat().st_size
        self._finished[item.file_name] = Finished(made_of, size_bytes, outcome.voiced, outcome.lines)
        draft = self._path.with_suffix(".part")
        try:
            draft.write_text(json.dumps(to_plain(self._finished), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            os.replace(draft, self._path)
        finally:
            draft.unlink(missing_ok=True)


def counts(outcomes: Sequence[Outcome]) -> Mapping[Fate, int]:
    return {fate: sum(one.fate is fate for one in outcomes) for fate in Fate}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One batch at a time into a folder, which is made where it is not there: each would write the ledger without what the other finished."""
    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            fcntl.flock(held.enter_context((folder / LOCK).open("ab")), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadSetting(f"Another batch into {folder} is under way; wait until it is done, or choose another folder with --out.") from error
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise BadSetting(f"The folder {folder} for the dubs cannot be used: {error.strerror}; choose another with --out.") from error
        yield


def _entered(ledger: Ledger, outcome: Outcome, engines: Engines) -> Outcome:
    """A finished film, with a sentence where the ledger cannot keep that; no film ends for it."""
    try:
        ledger.add(outcome.item, _made_of(outcome.item, engines), outcome)
    except OSError as error:
        told = f"It is dubbed, but {LEDGER} could not keep that ({error.strerror}): make room or mend the folder, or the next run looks at this film anew."
        return replace(outcome, sentence=f"{outcome.sentence} {told}".strip())
    return outcome


def _at_once(item: Item, wish: BatchWish, ledger: Ledger) -> Outcome | None:
    """The outcome of what needs no work."""
    if item.trouble:
        return Outcome(item, Fate.BAD, sentence=item.trouble)
    kept = ledger.finished(item, _made_of(item, wish.engines))
    return None if kept is None else Outcome(item, Fate.KEPT, voiced=kept.voiced, lines=kept.lines)


def _dubbed(studio: Studio, item: Item, wish: BatchWish) -> Outcome:
    started = time.monotonic()
    engines = wish.engines
    request = DubRequest(
        item.source, item.source_language, item.target_language, wish.out / item.file_name, item.lines, item.translation,
        engines.speaker, engines.translator, engines.transcriber, is_batch=True,
    )  # fmt: skip
    try:
        content = patiently(lambda: dub_file(studio, request, _watch(wish.is_over)), _pause(wish.is_over))
    except (Unreached, Cancelled) as error:
        return Outcome(item, Fate.LEFT, time.monotonic() - started, sentence=str(error))
    except UserError as error:
        return Outcome(item, Fate.BAD, time.monotonic() - started, sentence=str(error))
    except StudioError as error:
        return Outcome(item, Fate.BROKEN, time.monotonic() - started, sentence=str(error))
    count = content["counts"]
    fate = Fate.DONE if count["voiced"] == count["total"] else Fate.PARTLY
    return Outcome(item, fate, time.monotonic() - started, count["voiced"], count["total"], " ".join(content["notices"]))


def _watch(is_over: threading.Event) -> Callable[[Job], None]:
    def watch(_job: Job) -> None:
        if is_over.is_set():
            raise Cancelled

    return watch


def _pause(is_over: threading.Event) -> Callable[[float], None]:
    def pause(seconds: float) -> None:
        if is_over.wait(seconds):
            raise Cancelled

    return pause


def _outcome(one: Future[Outcome], item: Item) -> Outcome:
    """What nobody foresaw ends one film, with its traceback in the log."""
    error = one.exception()
    if error is None:
        return one.result()
    _LOG.error("film %d of a batch broke", item.number, exc_info=error)
    return Outcome(item, Fate.BROKEN, sentence="Something went wrong on our side; the log has the details.")


def _made_of(item: Item, engines: Engines) -> str:
    """Changes when any of the files does."""
    files: list[Any] = []
    for path in (item.source, item.lines, item.translation):
        with suppress(OSError):
            files.append((str(path), path.stat().st_size, path.stat().st_mtime_ns) if path is not None else None)
    return fingerprint(files, item.source_language, item.target_language, to_plain(engines))[:32]
