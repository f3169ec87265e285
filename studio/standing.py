"""How a project stands, looked at again: whatever has not changed since the look before is taken over from it. One place decides what that is.

Enter: the look before (None: none) and the stores. Leaves a new look; with none before, everything is made from nothing, so that both ways
must come to the same rows. A row depends on nothing but what `_rows` hands it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType

from studio.domain.consistency import Consistency
from studio.domain.errors import NotFound
from studio.domain.faces import LinePresence
from studio.domain.line import Estimate, Line, Prediction, Slot, SpeakerProfile, Take, VoiceRef, predict
from studio.domain.project import Cast, Project
from studio.domain.sync import LineSync
from studio.domain.views import LineRow
from studio.engines.voice_protocols import SeesFace
from studio.engines.rack import EngineRack
from studio.house_rules import rules_of
from studio.review import SILENCE, Offers, RowMaker, RowParts, offers_of, programme_ms, told_of, voices_of
from studio.stages.timing import Neighbours, flags_of, neighbours, slots
from studio.steps.faces import kept_presence
from studio.steps.lip_guide import LipCues, cues
from studio.steps.sync import kept_syncs, scorer_for
from studio.store.looks import Look, ProjectMark, StoredLine
from studio.text_times import Asked, Timing, estimated, paced_by
from studio.workshop import Workshop

NOTHING: Mapping[str, str] = MappingProxyType({})
FEW_TAKES = 20  # more new takes than this are read with all others


@dataclass(frozen=True, slots=True)
class Ground:
    """Lines, their room and their voices. `takes`: the lines' own, by line id."""

    stored: Mapping[str, StoredLine]
    cast: Cast
    end_ms: int
    slots: Mapping[str, Slot]
    voices: Mapping[str, VoiceRef]
    takes: Mapping[str, Take]
    around: Neighbours


@dataclass(frozen=True, slots=True)
class Sights:
    """What is known of picture and sound, and what takes owe to it."""

    known: LipCues
    versions: tuple[tuple[str, str], ...]
    told: Mapping[str, tuple[str | None, ...]]
    scorer: str
    presences: Mapping[str, LinePresence]
    syncs: Mapping[str, LineSync]


@dataclass(frozen=True, slots=True)
class Stood:
    """One look at a project; `rows` by line id in timeline order."""

    project: Project
    mark: ProjectMark
    offers: Offers
    counts: Mapping[str, int]
    given_up: Mapping[str, str]
    ground: Ground
    timing: Timing
    sights: Sights
    house: Consistency
    rows: Mapping[str, LineRow]

    def row(self, line_id: str) -> LineRow:
        """Raises NotFound."""
        found = self.rows.get(line_id)
        if found is None:
            raise NotFound("line", line_id)
        return found

    def predict(self, line_id: str, text: str) -> Prediction | None:
        """Any text against one of the lines; None where no duration engine speaks the language. Raises NotFound."""
        slot, max_ratio = self.row(line_id).slot, self.project.settings.fit.max_ratio
        if not text.strip():
            return predict(SILENCE, slot, max_ratio=max_ratio)
        if self.timing.paced is None:
            return None
        estimate = self.timing.paced.estimate(text, self.project.target_language, self.ground.voices.get(line_id))
        return predict(estimate, slot, max_ratio=max_ratio)


@dataclass(frozen=True, slots=True)
class _Change:
    """What differs from the look before. `lines`: ids of lines that are new or not as they were. The rest say whether anything like it
    changed: places (or who speaks them), voices, takes, guidance. Where project or offers changed, everything did."""

    lines: frozenset[str]
    is_anew: bool
    places: bool
    voices: bool
    takes: bool
    guidance: bool
    results: bool


def look_again(
    shop: Workshop, project: Project, before: Stood | None, *, at_once: bool, given_up: Mapping[str, str] = NOTHING, is_glance: bool = False
) -> Stood:
    """How the project stands now. `at_once`: texts nobody has timed yet are not waited for, but for a few; their rows say so.
    `given_up`: texts whose timing failed, with a sentence. `is_glance`: how many wordings the lines have may be as it was."""
    look = shop.lines.look(project.id, None if before is None else before.mark.edit_seq)
    offers = offers_of(project, shop.engines, look.mark.references)
    counts = before.counts if before is not None and is_glance else shop.lines.candidate_counts(project.id)
    stored, rules = _stored(before, look), rules_of(shop, project, look.mark.speakers)
    same = before if before is not None and (before.project, before.offers) == (project, offers) else None
    if same is not None and _is_settled(same, look.mark, counts, given_up) and same.house.rules == rules and _seen_versions(same.ground.voices, shop.engines) == same.sights.versions:
        return same
    change = _change(before, stored, look.mark, is_anew=same is None)
    ground = _ground(shop, project, offers, stored, look.mark, before, change)
    timing = _timing(Asked(project.target_language, at_once, given_up), project, offers, ground, before, change)
    sights = _sights(shop, project, ground, before, change)
    house = Consistency(rules, ground.cast.lines, before.house if before is not None else None)
    now = Stood(project, look.mark, offers, counts, given_up, ground, timing, sights, house, {})
    return replace(now, rows=_rows(now, None if same is None else before, change, shop.engines))


def _is_settled(same: Stood, mark: ProjectMark, counts: Mapping[str, int], given_up: Mapping[str, str]) -> bool:
    """Whether nothing is being timed, and the stores say nothing new."""
    return same.timing.is_settled and (same.mark, same.counts, same.given_up) == (mark, counts, given_up)


def _stored(before: Stood | None, look: Look) -> Mapping[str, StoredLine]:
    """All lines by id in timeline order."""
    fresh = {one.line.id: one for one in look.lines}
    if look.is_whole or before is None:
        return fresh
    old = before.ground.stored
    if not fresh:
        return old
    merged = {**old, **fresh}
    is_moved = any(old[line_id].place != one.place for line_id, one in fresh.items())
    return {one.line.id: one for one in sorted(merged.values(), key=lambda one: one.place)} if is_moved else merged


def _change(before: Stood | None, stored: Mapping[str, StoredLine], mark: ProjectMark, *, is_anew: bool) -> _Change:
    if before is None:
        return _Change(frozenset(stored), True, True, True, True, True, True)
    old = before.ground.stored
    pairs = [(old[line_id].line if line_id in old else None, one.line) for line_id, one in stored.items() if old.get(line_id) is not one]
    pairs = [(was, line) for was, line in pairs if was != line]
    came_or_went = old.keys() != stored.keys() or any(was is None for was, _ in pairs) or list(old) != list(stored)

    def differs(*names: str) -> bool:
        return is_anew or came_or_went or any(was is None or getattr(was, name) != getattr(line, name) for was, line in pairs for name in names)

    places = differs("span", "speaker_id")
    return _Change(
        lines=frozenset(line.id for _, line in pairs),
        is_anew=is_anew,
        places=places,
        voices=places or differs("voice") or before.mark.speakers != mark.speakers,
        takes=differs("take_id"),
        guidance=differs("guidance", "pauses"),
        results=is_anew or before.mark.results != mark.results,
    )


def _ground(shop: Workshop, project: Project, offers: Offers, stored: Mapping[str, StoredLine], mark: ProjectMark, before: Stood | None, change: _Change) -> Ground:
    old = before.ground if before is not None else None
    cast = Cast(mark.speakers, tuple(one.line for one in stored.values()), mark.references)
    end_ms = old.end_ms if old is not None and not change.places else programme_ms(project, cast)
    slots_by_line = old.slots if old is not None and not change.places else slots(cast.lines, project.settings.timing, end_ms)
    voices = old.voices if old is not None and not change.voices else voices_of(cast, offers)
    takes = old.takes if old is not None and not change.takes else _takes(shop, project, cast.lines, old)
    is_as_before = old is not None and not change.places and takes is old.takes
    around = old.around if old is not None and is_as_before else neighbours(cast.lines, takes, end_ms, max_ratio=project.settings.fit.max_ratio)
    return Ground(stored, cast, end_ms, slots_by_line, voices, takes, around)


def _takes(shop: Workshop, project: Project, lines: Sequence[Line], old: Ground | None) -> dict[str, Take]:
    """The lines' own takes by line id. A take never changes, so that only new ones are read."""
    known = {take.id: take for take in old.takes.values()} if old is not None else {}
    wanted = [line.take_id for line in lines if line.take_id is not None and line.take_id not in known]
    if len(wanted) > FEW_TAKES:
        known |= {take.id: take for take in shop.lines.circled_takes(project.id)}
    else:
        for take_id in wanted:
            with suppress(NotFound):
                known[take_id] = shop.lines.take(project.id, take_id)
    found = {line.id: known[line.take_id] for line in lines if line.take_id in known}
    return {line_id: take for line_id, take in found.items() if take.line_id == line_id}


def _timing(asked: Asked, project: Project, offers: Offers, ground: Ground, before: Stood | None, change: _Change) -> Timing:
    old = before.timing if before is not None and not change.is_anew else None
    if old is not None and not change.takes and not old.untimed_takes:
        paced, untimed = old.paced, old.untimed_takes
    else:
        paced, untimed = paced_by(asked, offers.estimator, tuple(ground.takes.values()))
    lines = {line.id: line for line in ground.cast.lines}
    if old is None or before is None or paced is not old.paced:
        todo: Iterable[str] = lines
        estimates: dict[str, Estimate] = {}
    else:
        was = before.ground.voices
        revoiced = {line_id for line_id in lines if ground.voices.get(line_id) != was.get(line_id)} if change.voices else set()
        todo = (change.lines | revoiced) & lines.keys() | (lines.keys() - old.estimates.keys())
        estimates = {line_id: one for line_id, one in old.estimates.items() if line_id in lines and line_id not in todo}
    fresh, unmeasured = estimated(asked, [lines[line_id] for line_id in todo], ground.voices, paced)
    estimates |= fresh
    max_ratio = project.settings.fit.max_ratio
    if old is not None and before is not None and ground.slots is before.ground.slots:
        kept = {line_id: one for line_id, one in old.predictions.items() if line_id in estimates and line_id not in fresh}
        foreseen = kept | {line_id: predict(one, ground.slots[line_id], max_ratio=max_ratio) for line_id, one in fresh.items()}
    else:
        foreseen = {line_id: predict(one, ground.slots[line_id], max_ratio=max_ratio) for line_id, one in estimates.items()}
    return Timing(paced, estimates, foreseen, frozenset(unmeasured), untimed)


def _sights(shop: Workshop, project: Project, ground: Ground, before: Stood | None, change: _Change) -> Sights:
    old = before.sights if before is not None and not change.is_anew else None
    lines, is_seen_anew = ground.cast.lines, old is None or change.results or change.places
    known = cues(shop, project, lines) if old is None or is_seen_anew or change.guidance else old.known
    versions = _seen_versions(ground.voices, shop.engines)
    is_told_anew = old is None or known is not old.known or change.voices or change.guidance or versions != old.versions
    told = told_of(project, ground.cast, ground.slots, ground.voices, shop.engines, known) if old is None or is_told_anew else old.told
    presences = kept_presence(shop, project, lines) if old is None or is_seen_anew else old.presences
    found = scorer_for(shop.engines) if presences else None
    scorer = f"{found.name} {found.version}" if found is not None else ""
    if old is not None and presences is old.presences and not change.takes and scorer == old.scorer:
        return Sights(known, versions, told, scorer, presences, old.syncs)
    takes = {take.id: take for take in ground.takes.values()}
    return Sights(known, versions, told, scorer, presences, kept_syncs(shop, project, lines, takes, presences) if presences else {})


def _seen_versions(voices: Mapping[str, VoiceRef], rack: EngineRack) -> tuple[tuple[str, str], ...]:
    """The voices in use that see, each with what its files are now."""
    engines = {engine.name: engine for engine in rack.all("speaker") if isinstance(engine, SeesFace)}
    seeing = {voice for voice in set(voices.values()) if voice.engine in engines}
    return tuple(sorted((f"{voice}", engines[voice.engine].voice_version(voice)) for voice in seeing))


def _rows(now: Stood, before: Stood | None, change: _Change, rack: EngineRack) -> dict[str, LineRow]:
    """A row for every line in timeline order; one whose line and parts are as they were is the row that it was."""
    maker = RowMaker(now.project, now.ground.cast, rack)
    changed = set(now.ground.stored) if before is None else change.lines | _differing(now, before)
    rows: dict[str, LineRow] = {}
    old = before.rows if before is not None else {}
    for number, line in enumerate(now.ground.cast.lines, start=1):
        kept = None if line.id in changed else old.get(line.id)
        rows[line.id] = kept if kept is not None and kept.number == number else maker.row(number, line, _parts(now, line))
    return rows


def _parts(now: Stood, line: Line) -> RowParts:
    ground, timing, sights, key = now.ground, now.timing, now.sights, line.id
    prediction, take = timing.predictions.get(key), ground.takes.get(key)
    return RowParts(
        slot=ground.slots[key],
        voice=ground.voices.get(key),
        prediction=prediction,
        is_being_measured=key in timing.unmeasured,
        take=take,
        told=sights.told.get(key, (None,)),
        candidate_count=now.counts.get(key, 0),
        timing_flags=(*flags_of(line, ground.slots[key], prediction, take, ground.around), *_untimed_flag(now, line)),
        presence=sights.presences.get(key),
        sync=sights.syncs.get(key),
        house_flags=now.house.sentences.get(key, ()),
    )


def _untimed_flag(now: Stood, line: Line) -> tuple[str, ...]:
    why = now.given_up.get(line.target_text)
    return (f"How long this line takes could not be told: {why}",) if why is not None and line.id not in now.timing.predictions else ()


def _differing(now: Stood, before: Stood) -> set[str]:
    """Lines of which any part of the row differs, whatever happened to the line itself."""
    new, old = now.ground, before.ground
    pairs: list[tuple[Mapping[str, object], Mapping[str, object]]] = [
        (new.slots, old.slots),
        (new.voices, old.voices),
        (now.timing.predictions, before.timing.predictions),
        (new.takes, old.takes),
        (now.sights.told, before.sights.told),
        (now.counts, before.counts),
        (new.around.placements, old.around.placements),
        (new.around.followers, old.around.followers),
        (now.sights.presences, before.sights.presences),
        (now.sights.syncs, before.sights.syncs),
        (now.house.sentences, before.house.sentences),
    ]
    if new.end_ms != old.end_ms:
        return set(new.stored)
    found = set(now.timing.unmeasured ^ before.timing.unmeasured)
    for ours, theirs in pairs:
        if ours is not theirs:
            found |= {key for key, value in ours.items() if theirs.get(key) != value} | (theirs.keys() - ours.keys())
    if now.given_up != before.given_up:
        found |= {line.id for line in new.cast.lines if line.target_text in now.given_up or line.target_text in before.given_up}
    if now.mark.speakers != before.mark.speakers:
        found |= _speaking(new.cast.lines, now.mark.speakers, before.mark.speakers)
    return found


def _speaking(lines: Sequence[Line], now: Sequence[SpeakerProfile], before: Sequence[SpeakerProfile]) -> set[str]:
    """Lines of speakers who are new or not as they were."""
    known = {speaker.id: speaker for speaker in before}
    changed = {speaker.id for speaker in now if known.get(speaker.id) != speaker}
    return {line.id for line in lines if line.speaker_id in changed}
