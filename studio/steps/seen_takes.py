"""Takes of voices that see: lines with their fingerprints in, takes kept out, as many at once as the engine can say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from studio.domain.errors import EngineFailed, MediaToolFailed
from studio.domain.line import Line, Slot, Take, VoiceRef
from studio.engines.voice_protocols import GuidedText, SeesFace, Speaker, SpeaksMany, Speech
from studio.stages.voice import as_spoken
from studio.steps.run import Run
from studio.steps.seeing import Asked, Sight, Told, told
from studio.steps.takes import Origin, keep_take


@dataclass(frozen=True, slots=True)
class Wish:
    """A line to say. `key`: the fingerprint its take will have."""

    line: Line
    slot: Slot
    voice: VoiceRef
    engine: Speaker
    asked: Asked
    key: str

    @property
    def text(self) -> str:
        return self.line.target_text.strip()


def say_together(run: Run, sight: Sight, wishes: Sequence[Wish]) -> Iterator[tuple[Wish, Take | EngineFailed]]:
    """Every wish with its take, or why there is none, in order; takes are kept as they come. Raises Cancelled, EngineUnavailable."""
    start = 0
    while start < len(wishes):
        engine = wishes[start].engine
        size = max(1, engine.lines_at_once) if isinstance(engine, SpeaksMany) else 1
        group = [wish for wish in wishes[start : start + size] if wish.engine is engine]
        run.context.check()
        yield from _said(run, sight, group)
        start += len(group)


def _said(run: Run, sight: Sight, wishes: Sequence[Wish]) -> Iterator[tuple[Wish, Take | EngineFailed]]:
    """Wishes of one engine, said in one go."""
    ready: list[tuple[Wish, Told]] = []
    for wish in wishes:
        try:
            ready.append((wish, told(run.shop, sight, wish.line, wish.slot, wish.voice, wish.asked)))
        except (EngineFailed, MediaToolFailed) as error:
            yield wish, error if isinstance(error, EngineFailed) else EngineFailed(wish.engine.name, str(error))
    for (wish, guide), speech in zip(ready, _spoken(run, sight, ready), strict=True):
        yield wish, _kept(run, wish, guide, speech)


def _spoken(run: Run, sight: Sight, ready: Sequence[tuple[Wish, Told]]) -> list[Speech | EngineFailed]:
    if not ready:
        return []
    engine, language = run.placed(ready[0][0].engine), sight.project.target_language
    if isinstance(engine, SpeaksMany):
        texts = [GuidedText(wish.text, language, wish.voice, guide.guide) for wish, guide in ready]
        return engine.speak_many(texts, run.context.is_cancelled)
    return [_alone(engine, wish, guide, language) for wish, guide in ready]


def _alone(engine: Speaker, wish: Wish, guide: Told, language: str) -> Speech | EngineFailed:
    assert isinstance(engine, SeesFace)
    try:
        return engine.seeing(guide.guide).speak(wish.text, language, wish.voice)
    except EngineFailed as error:
        return error


def _kept(run: Run, wish: Wish, guide: Told, speech: Speech | EngineFailed) -> Take | EngineFailed:
    if isinstance(speech, EngineFailed):
        return speech
    try:
        voiced = as_spoken(speech, wish.slot, guide.guide, wish.engine.name)
    except EngineFailed as error:
        return error
    return keep_take(run, voiced, Origin(wish.line.id, wish.text, wish.voice, wish.engine.version, wish.key, guide.made))
