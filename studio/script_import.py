"""A script into a project: what it would change is worked out first, then done as one action that can be taken back.

Enter: a project and a script as read. Leave: a ScriptPlan, and, when asked, the changed lines in the store. Locked lines stay as they are.
"""

from __future__ import annotations

import uuid
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate

from studio.domain.errors import BadSetting, BadSubtitles, DoubtfulScript, NotReady
from studio.domain.line import Line, LineStatus, SpeakerProfile
from studio.domain.plain import fingerprint, to_plain
from studio.domain.project import Cast, LineDraft, Project, Script, Skipped
from studio.domain.script_plan import FieldChange, ImportMode, LineChanges, ScriptPlan
from studio.domain.timebase import Timebase, timebase_of
from studio.domain.timing import TimeSpan, clock
from studio.formats.read import within
from studio.script import UNNAMED_SPEAKER, speaker_at
from studio.script_doubts import Held, doubts
from studio.stages.script_match import likeness, match_script, shared_share
from studio.store.changes import Action
from studio.store.database import new_id
from studio.store.lines import Imported, LineChange
from studio.workshop import Workshop

TWO_SIDED = frozenset({"dapt", "csv", "tsv", "xlsx"})  # formats that hold the original and the translation apart
SAMPLED = 200  # lines by which it is told which side a script of one language is about
TOLD_LOCKED = 20
NOTHING_CHANGED = "Nothing was changed."
_SHOWN = {"span": "times", "speaker_id": "speaker", "source_text": "source", "target_text": "translation", "status": "status", "notes": "notes"}


@dataclass(frozen=True, slots=True)
class Update:
    """An update worked out: the plan to show, and the records it comes to."""

    plan: ScriptPlan
    change: LineChange
    speakers: tuple[SpeakerProfile, ...]


@dataclass(slots=True)
class _Roles:
    """Speakers by name; a name nobody bears yet gets a speaker, once."""

    by_name: dict[str, SpeakerProfile]
    names: dict[str, str]
    new: list[SpeakerProfile] = field(default_factory=list)

    def of(self, name: str) -> str:
        if name not in self.by_name:
            self.by_name[name] = SpeakerProfile(uuid.uuid4().hex, name)
            self.new.append(self.by_name[name])
        return self.by_name[name].id


@dataclass(frozen=True, slots=True)
class _Sides:
    """Which texts the script speaks about; a side it has nothing of is left alone."""

    has_source: bool
    has_target: bool


def check_belongs(project: Project, cast: Cast, script: Script, name: str, mode: ImportMode) -> None:
    """Raises DoubtfulScript with every reason why the script may be another video's."""
    met = _overlapping(cast, script) if mode is ImportMode.TRANSLATION else None  # words of two languages are never alike: places decide
    refuse_doubtful(name, doubts(Held(project, cast.lines, script, met)))


def _overlapping(cast: Cast, script: Script) -> int:
    """How many lines of the script lie over a line of the project."""
    spans = sorted((line.span.start_ms, line.span.end_ms) for line in cast.lines)
    starts = [start for start, _ in spans]
    latest = list(accumulate((end for _, end in spans), max))
    before = ((bisect_left(starts, one.end_ms), one) for one in script.lines)
    return sum(count > 0 and latest[count - 1] > one.start_ms for count, one in before)


def refuse_doubtful(name: str, found: tuple[str, ...]) -> None:
    if found:
        raise DoubtfulScript(name, found)


def update_of(shop: Workshop, project: Project, script: Script, name: str) -> Update:
    """What updating the project by the script comes to. Raises NotReady without lines, BadSubtitles where nothing lies in the programme."""
    cast = shop.lines.cast(project.id)
    if not cast.lines:
        raise NotReady("There are no lines yet that a script could update; import it as the lines first.")
    script = _sided(cast, script)
    held = within(script, project.source.info.duration_ms) if project.source is not None else script
    if not held.lines:
        raise BadSubtitles(name, f"all of its lines lie after the programme ends; it is for another video. {NOTHING_CHANGED}")
    matching = match_script(cast.lines, held.lines)
    base = timebase_of(project.source.info if project.source is not None else None)
    roles = _Roles({speaker.name: speaker for speaker in reversed(cast.speakers)}, {speaker.id: speaker.name for speaker in cast.speakers})
    sides = _Sides(any(one.text.strip() for one in script.lines), any(one.target_text.strip() for one in script.lines))
    numbers = {line.id: number for number, line in enumerate(cast.lines, start=1)}
    revised, changed, locked = [], [], []
    for pair in matching.pairs:
        after = _revised(pair.line, pair.draft, sides, roles)
        if after == pair.line:
            continue
        if pair.line.status is LineStatus.LOCKED:
            locked.append(f"Line {numbers[pair.line.id]} is locked and stays as it is: “{_short(pair.line.target_text or pair.line.source_text)}”")
            continue
        revised.append(after)
        changed.append(LineChanges(pair.line.id, numbers[pair.line.id], _shown((pair.line, after), cast, roles, base), pair.is_by_id))
    added = tuple(_added(draft, cast, roles) for draft in matching.new)
    found = doubts(Held(project, cast.lines, script, len(matching.pairs)))
    plan = ScriptPlan(
        name=name,
        mode=ImportMode.UPDATE,
        changed=tuple(changed),
        added=tuple(f"{base.timecode_at(line.span.start_ms)} “{_short(line.source_text or line.target_text)}”" for line in added),
        missing=tuple(f"Line {numbers[line.id]} “{_short(line.source_text or line.target_text)}”" for line in matching.missing),
        locked=tuple(locked),
        same=len(matching.pairs) - len(changed) - len(locked),
        doubts=found,
        skipped=held.skipped,
        mark="",
    )
    mark = fingerprint("script plan", to_plain(plan))
    return Update(replace(plan, mark=mark), LineChange(revised=tuple(revised), added=added), tuple(_used(roles, revised, added)))


def apply_update(shop: Workshop, project: Project, update: Update, script: Script, *, by: str) -> None:
    """Do what was worked out, as one action."""
    action = Action(by, f"Update from “{update.plan.name}”", id=new_id())
    for speaker in update.speakers:
        shop.lines.add_speaker(project.id, speaker, by=action)
    if update.change.revised or update.change.added:
        shop.lines.change_lines(project.id, update.change, by=action)
    shop.lines.record_import(project.id, Imported(update.plan.name, replace(script, skipped=(*_summary(update.plan), *update.plan.skipped))))


def _summary(plan: ScriptPlan) -> Iterator[Skipped]:
    """What an update did, for those who did not see the plan."""
    kept = f"; {len(plan.missing)} that it does not have were kept" if plan.missing else ""
    yield Skipped("the update", f"Lines changed: {len(plan.changed)}; added: {len(plan.added)}; the same: {plan.same}{kept}. Undo takes it back as one.")
    yield from (Skipped("the update", sentence) for sentence in plan.locked[:TOLD_LOCKED])


def _sided(cast: Cast, script: Script) -> Script:
    """Subtitles hold one text: it is taken for the side that it is more like, in the lines it overlaps."""
    if script.format in TWO_SIDED or not any(line.target_text.strip() for line in cast.lines):
        return script
    alike = []
    for one in script.lines[:SAMPLED]:
        line = max(cast.lines, key=lambda line: shared_share(line, one))
        if shared_share(line, one) > 0:
            alike.append((likeness(line.source_text, one.text), likeness(line.target_text, one.text)))
    if sum(target for _, target in alike) <= sum(source for source, _ in alike):
        return script
    return replace(script, lines=tuple(replace(one, text="", target_text=one.text) for one in script.lines))


def _revised(line: Line, draft: LineDraft, sides: _Sides, roles: _Roles) -> Line:
    """The line as the script has it. A wording that was approved and is replaced is not approved any more, unless the script says so."""
    target = draft.target_text if sides.has_target else line.target_text
    after = replace(
        line,
        span=TimeSpan(draft.start_ms, draft.end_ms),
        speaker_id=roles.of(draft.speaker) if draft.speaker is not None and draft.speaker != roles.names[line.speaker_id] else line.speaker_id,
        source_text=draft.text if sides.has_source else line.source_text,
        target_text=target,
        notes=line.notes + tuple(note for note in draft.notes if note not in line.notes),
    )
    if draft.status is not None and draft.status is not LineStatus.LOCKED:
        return replace(after, status=draft.status)
    was_closed = line.status is LineStatus.APPROVED and target != line.target_text
    return replace(after, status=LineStatus.ADAPTED) if was_closed else after


def _added(draft: LineDraft, cast: Cast, roles: _Roles) -> Line:
    before = speaker_at(cast, draft.start_ms)
    speaker_id = roles.of(draft.speaker) if draft.speaker is not None else before.id if before is not None else roles.of(UNNAMED_SPEAKER)
    status = draft.status or LineStatus.DRAFT
    return Line(uuid.uuid4().hex, TimeSpan(draft.start_ms, draft.end_ms), speaker_id, draft.text, draft.target_text, status, notes=draft.notes)


def _used(roles: _Roles, revised: list[Line], added: tuple[Line, ...]) -> list[SpeakerProfile]:
    """New speakers that lines really have: a locked line brings none."""
    wanted = {line.speaker_id for line in (*revised, *added)}
    return [speaker for speaker in roles.new if speaker.id in wanted]


def _shown(sides: tuple[Line, Line], cast: Cast, roles: _Roles, base: Timebase) -> tuple[FieldChange, ...]:
    before, after = sides
    time = base.timecode_at if _frames(before, base) != _frames(after, base) else clock  # less than a frame is told in milliseconds
    names = {speaker.id: speaker.name for speaker in (*cast.speakers, *roles.new)}

    def said(line: Line, what: str) -> str:
        if what == "span":
            return f"{time(line.span.start_ms)} – {time(line.span.end_ms)}"
        if what == "speaker_id":
            return names[line.speaker_id]
        return "; ".join(line.notes) if what == "notes" else str(getattr(line, what))

    return tuple(FieldChange(word, said(before, what), said(after, what)) for what, word in _SHOWN.items() if getattr(before, what) != getattr(after, what))


def _frames(line: Line, base: Timebase) -> tuple[int, int]:
    return base.first_frame(line.span.start_ms), base.first_frame(line.span.end_ms)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"


def require_mark(update: Update, mark: str | None) -> None:
    """Raises BadSetting when the lines have changed since the plan was shown."""
    if mark is not None and mark != update.plan.mark:
        raise BadSetting("The lines have changed since this was shown; nothing was changed. Look at it again, then apply it.")
