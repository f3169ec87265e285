"""Every error the studio raises on purpose. The sentence says what, which one, and what next.

    StudioError
    ├── UserError            the person's input or settings (exit code 2)
    │   ├── BadMedia         a file that is no usable media
    │   ├── BadSubtitles     a file that is no usable script (DoubtfulScript: it seems to be for another video)
    │   ├── BadArchive       a ZIP that is no usable project
    │   ├── BadSetting       a value outside its range, an unknown language, an unknown name
    │   ├── NotFound         no such project, line, take or candidate for this user
    │   ├── Forbidden        it is there and may be seen, but this is not for this person to do
    │   ├── NotReady         the step before this one has not been done
    │   └── QueueFull        this person has as much work waiting as one may have
    ├── EngineUnavailable    an engine cannot run here, and why
    ├── EngineFailed         an engine ran and failed on one input
    ├── MediaToolFailed      ffmpeg or the decoder gave up
    ├── Hiccup               a fault that passes: a database that is busy, or is being started again
    ├── OutOfSpace           the disk is full; nothing half-written was kept
    └── Cancelled            the person asked for a stop (SteppedAside: back to the queue, for more urgent work)
"""

from __future__ import annotations


class StudioError(Exception):
    """Base of all. `str(error)` is a sentence fit to show to a dubbing editor."""


class UserError(StudioError):
    """The person's input or settings; the shell exits with 2."""


class BadMedia(UserError):
    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"“{name}” cannot be used as media: {reason}")

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.name, self.reason)


class BadSubtitles(UserError):
    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"“{name}” cannot be read as subtitles: {reason}")

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.name, self.reason)


class DoubtfulScript(BadSubtitles):
    """A script that reads well and seems to be for another video. `doubts`: the reasons, a sentence each."""

    def __init__(self, name: str, doubts: tuple[str, ...]) -> None:
        self.doubts = doubts
        super().__init__(name, f"it seems to be for another video. {' '.join(doubts)} Nothing was changed. If it is the right file, import it all the same.")

    def __reduce__(self) -> tuple[type, tuple[str, tuple[str, ...]]]:  # type: ignore[override]
        return type(self), (self.name, self.doubts)


class BadArchive(UserError):
    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"“{name}” cannot be taken in as a project: {reason}")

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.name, self.reason)


class BadSetting(UserError):
    """A value outside its range, or a name nobody knows."""


class NotFound(UserError):
    def __init__(self, kind: str, key: str) -> None:
        self.kind, self.key = kind, key
        super().__init__(f"There is no {kind} “{key}” here; it may have been deleted, or it belongs to someone else.")

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.kind, self.key)


class Forbidden(UserError):
    """What was asked may be seen by this person, but is not theirs to do. The sentence says who can."""


class NotReady(UserError):
    """The step before this one has not been done; the sentence names it."""


class QueueFull(UserError):
    """This person has as much work waiting as one may have; the sentence says how much."""


class EngineUnavailable(StudioError):
    def __init__(self, engine: str, reason: str) -> None:
        self.engine, self.reason = engine, reason
        super().__init__(f"The engine “{engine}” is not available: {reason}")

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.engine, self.reason)


class EngineFailed(StudioError):
    def __init__(self, engine: str, reason: str) -> None:
        self.engine, self.reason = engine, reason
        super().__init__(f"The engine “{engine}” failed: {reason}")

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.engine, self.reason)


class MediaToolFailed(StudioError):
    def __init__(self, action: str, detail: str) -> None:
        self.action, self.detail = action, detail
        super().__init__(f"{action} failed: {detail}")

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.action, self.detail)


class OutOfSpace(StudioError):
    def __init__(self, place: str) -> None:
        self.place = place
        super().__init__(f"The disk holding {place} is full; nothing half-written was kept. Free some space and run the step again.")

    def __reduce__(self) -> tuple[type, tuple[str]]:
        return type(self), (self.place,)


class Hiccup(StudioError):
    """A fault that passes by itself, such as a database that is being started again; the same once more may do."""


class NotMeasurable(UserError):
    """There is nothing to score: no face, too few frames, no sound. The sentence is the answer, not a fault."""


class Cancelled(StudioError):
    def __init__(self) -> None:
        super().__init__("Stopped as asked; finished lines are kept.")


class SteppedAside(Cancelled):
    """No end: the job goes back to the queue, finished lines kept, for more urgent work of its project."""
