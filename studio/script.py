"""Between scripts and stored lines: drafts become lines with ids and speakers, imported translations find their lines."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from studio.domain.errors import BadSubtitles, NotReady
from studio.domain.language import NAMES
from studio.domain.line import Candidate, Line, LineStatus, SpeakerProfile
from studio.domain.project import Cast, LineDraft, Project, Script, Skipped
from studio.domain.timing import TimeSpan, clock
from studio.engines.translate_imported import ImportedTranslator
from studio.formats.read import within
from studio.review import stand
from studio.stages.translate import Direction, combined, propose, requests_for
from studio.store.changes import Action, By
from studio.store.lines import Imported, LineChange
from studio.workshop import Workshop

UNNAMED_SPEAKER = "Speaker 1"
_PUT_AWAY = "earlier, "


def cast_from_script(script: Script, known_ids: frozenset[str] = frozenset()) -> Cast:
    """New ids for everything; speakers in order of appearance, lines without one go to the first speaker. A line that names itself as one
    of `known_ids` keeps that id, once."""
    free = set(known_ids)

    def id_of(draft: LineDraft) -> str:
        if draft.key not in free:
            return uuid.uuid4().hex
        free.discard(draft.key)
        return draft.key

    names = list(dict.fromkeys(draft.speaker or UNNAMED_SPEAKER for draft in script.lines))
    speakers = {name: SpeakerProfile(uuid.uuid4().hex, name) for name in names}
    lines = tuple(
        Line(
            id=id_of(draft),
            span=TimeSpan(draft.start_ms, draft.end_ms),
            speaker_id=speakers[draft.speaker or UNNAMED_SPEAKER].id,
            source_text=draft.text,
            target_text=draft.target_text,
            notes=draft.notes,
            status=draft.status or LineStatus.DRAFT,
        )
        for draft in sorted(script.lines, key=lambda draft: (draft.start_ms, draft.end_ms))
    )
    return Cast(tuple(speakers.values()), lines)


def speaker_at(cast: Cast, at_ms: int) -> SpeakerProfile | None:
    """Who speaks the last line that starts before `at_ms`, else the first speaker; None where there is nobody."""
    before = [line for line in cast.lines if line.span.start_ms <= at_ms]
    speaker_id = before[-1].speaker_id if before else None
    return next((speaker for speaker in cast.speakers if speaker.id == speaker_id), cast.speakers[0] if cast.speakers else None)


def script_of(shop: Workshop, project: Project) -> Script:
    """The stored lines as drafts, and what their import left out."""
    cast = shop.lines.cast(project.id)
    names = {speaker.id: speaker.name for speaker in cast.speakers}
    drafts = (LineDraft(line.span.start_ms, line.span.end_ms, line.source_text, names[line.speaker_id], line.target_text, line.notes) for line in cast.lines)
    return Script(tuple(drafts), shop.lines.skipped(project.id))


def script_from_cast(cast: Cast) -> Script:
    """The lines as drafts, without speakers: what a fresh look at who speaks starts from."""
    return Script(tuple(LineDraft(line.span.start_ms, line.span.end_ms, line.source_text) for line in cast.lines))


def with_speakers(cast: Cast, script: Script) -> Cast:
    """`cast` with the speakers found for the same lines in `script`; ids of lines stay."""
    named = cast_from_script(script)
    by_span = {(line.span, line.source_text): line.speaker_id for line in named.lines}
    lines = tuple(replace(line, speaker_id=by_span.get((line.span, line.source_text), named.speakers[0].id)) for line in cast.lines)
    return Cast(named.speakers, lines)


def match_targets(lines: Sequence[Line], script: Script) -> tuple[dict[str, str], tuple[LineDraft, ...]]:
    """Texts of a translated script by the line each overlaps most, joined in order; and the cues that met no line."""
    texts: dict[str, list[str]] = {}
    lost = []
    for draft in script.lines:
        best = max(lines, key=lambda line: _shared_ms(line, draft), default=None)
        if best is None or _shared_ms(best, draft) <= 0:
            lost.append(draft)
        else:
            texts.setdefault(best.id, []).append(draft.target_text or draft.text)
    return {line_id: " ".join(parts) for line_id, parts in texts.items()}, tuple(lost)


def _shared_ms(line: Line, draft: LineDraft) -> int:
    return min(line.span.end_ms, draft.end_ms) - max(line.span.start_ms, draft.start_ms)


def in_programme(project: Project, script: Script) -> Script:
    """A script held to the picture, where there is one."""
    return within(script, project.source.info.duration_ms) if project.source is not None else script


def keep_as_lines(shop: Workshop, project: Project, script: Script, name: str, *, by: str) -> Script:
    """Make the script the project's lines. Target texts it brings become imported candidates, chosen at once."""
    cast = cast_from_script(script, frozenset(line.id for line in shop.lines.cast(project.id).lines))
    action = Action(by, f"Import of “{name}”", id=uuid.uuid4().hex)
    shop.lines.replace_cast(project.id, cast, by=action, imported=Imported(name, script))
    _offer(shop, project, {line.id: line.target_text for line in cast.lines if line.target_text.strip()}, by=action)
    return script


def keep_as_targets(shop: Workshop, project: Project, script: Script, name: str, *, by: str) -> Script:
    """Give the project's lines their translation; cues that meet no line are told. Raises NotReady without lines."""
    cast = shop.lines.cast(project.id)
    if not cast.lines:
        raise NotReady("There are no lines yet that a translation could belong to; import or find the source lines first.")
    texts, lost = match_targets(cast.lines, script)
    if not texts:
        raise BadSubtitles(name, "none of its cues overlaps a line of this project; is it for another programme?")
    told = tuple(Skipped(clock(draft.start_ms), f"“{draft.text[:40]}” overlaps no line and was left out.") for draft in lost)
    script = replace(script, skipped=script.skipped + told)
    shop.lines.record_import(project.id, Imported(name, script))
    _offer(shop, project, texts, by=Action(by, f"Translations from “{name}” for {{lines}}"))
    return script


def switch_target(shop: Workshop, before: Project, after: Project, *, by: By) -> None:
    """After a change of the target language: every line's translation moves among its wordings, marked with its language,
    and one that was put away so for the new language comes back. Nothing typed is lost by changing there and back."""
    changed = []
    for line in shop.lines.cast(after.id).lines:
        known = [replace(one, prediction=None, slot_penalty=None) for one in shop.lines.candidates(after.id, line.id) if one.engine != _put_away(before)]
        back = next((one for one in known if one.engine == _put_away(after)), None)
        if line.target_text.strip():
            known.append(Candidate(uuid.uuid4().hex, line.id, line.target_text, _put_away(before), 0.0, 0, None))
        shop.lines.put_candidates(line.id, tuple(replace(one, rank=rank) for rank, one in enumerate(known)))
        changed.append(replace(line, target_text=back.text if back else "", status=LineStatus.DRAFT))
    shop.lines.change_lines(after.id, LineChange(revised=tuple(changed)), by=by)


def is_put_away(candidate: Candidate) -> bool:
    """Whether it is a line's translation from before the project changed its language, whoever wrote it."""
    return candidate.engine.startswith(_PUT_AWAY)


def _put_away(project: Project) -> str:
    return f"{_PUT_AWAY}{NAMES[project.target_language]}"


def _offer(shop: Workshop, project: Project, texts: Mapping[str, str], *, by: By) -> None:
    """Imported texts go the way of every translation: an engine proposes them, they are ranked, the first is chosen."""
    if not texts:
        return
    cast = shop.lines.cast(project.id)
    standing = stand(project, cast, shop.engines)
    wanted = [line for line in cast.lines if line.id in texts and line.status is not LineStatus.LOCKED]
    by_id = {line.id: line for line in wanted}
    direction = Direction(project.source_language, project.target_language)
    requests = requests_for(cast.lines, wanted, standing.slots, direction, project.settings.translation)
    chosen = []
    for line_id, candidates in propose(requests, by_id, ImportedTranslator(texts), standing.predict_text):
        shop.lines.put_candidates(line_id, combined(candidates, shop.lines.candidates(project.id, line_id)))
        chosen.append(replace(by_id[line_id], target_text=texts[line_id].strip()))
    shop.lines.change_lines(project.id, LineChange(revised=tuple(chosen)), by=by)
