"""A whole project out of one studio and into another: records as JSON, media by their hashes, in the ZIP of `formats/project_zip.py`.

What goes along: settings, source and bed, speakers, lines, wordings, takes, recordings voices are made of (with their consent) and notes. What
stays: history, jobs, links, members and choices kept for training, which belong to the people of one studio, and whatever follows from the
rest. Of an archive nothing is believed: types, sizes and hashes are checked before a row is written, media are looked at again, every id is
made anew, and the project is the importer's. A further kind of record is a field of `ProjectDocument`, renewed in `_renewed`.
"""

from __future__ import annotations

import re
import struct
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.domain.errors import BadArchive, BadMedia, BadSetting, StudioError
from studio.domain.language import NAMES
from studio.domain.line import Candidate, Line, SpeakerProfile, Take, VoiceRef
from studio.domain.notes import MAX_NOTE_CHARS, MAX_NOTES, MAX_WRITER_CHARS, Note
from studio.domain.plain import to_plain
from studio.domain.project import Cast, Project, Source
from studio.domain.reference_voice import ReferenceVoice
from studio.domain.settings import Limits, Settings
from studio.domain.strict import Unfit, read
from studio.formats.project_zip import ProjectZip, open_project_zip, write_project_zip
from studio.line_verbs import MAX_NAME_CHARS, clean_name
from studio.media.probe import probe
from studio.store.blobs import SUFFIXES
from studio.store.text import storable
from studio.workshop import Workshop

IMPORTED_MARK = " (imported)"
MAX_SPEAKERS = 2_000
MAX_PER_LINE = 500
MAX_VOICE_FRAMES = 600 * 192_000
_MENTION = re.compile(r"#(\d{1,6})\{([0-9a-f]{32})\}")


@dataclass(frozen=True, slots=True)
class ProjectDocument:
    """A project as it travels. Takes, wordings and notes are in their own order, oldest first."""

    name: str
    source_language: str
    target_language: str
    settings: Settings
    source: Source | None = None
    bed_blob: str | None = None
    speakers: tuple[SpeakerProfile, ...] = ()
    lines: tuple[Line, ...] = ()
    references: tuple[ReferenceVoice, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    takes: tuple[Take, ...] = ()
    notes: tuple[Note, ...] = ()

    def sounds(self) -> set[str]:
        """Keys of the blobs that were made here: mono WAV."""
        return {key for take in self.takes for key in (take.raw_blob, take.fitted_blob)} | {voice.blob for voice in self.references}

    def blobs(self) -> set[str]:
        films = {self.source.blob} if self.source is not None else set()
        return films | ({self.bed_blob} if self.bed_blob is not None else set()) | self.sounds()


def document_of(shop: Workshop, project: Project) -> ProjectDocument:
    """The project as it stands. A take whose sound is gone from the store stays behind."""
    cast = shop.lines.cast(project.id)
    there = shop.blobs.exists
    takes = tuple(take for take in shop.lines.project_takes(project.id) if there(take.raw_blob) and there(take.fitted_blob))
    known = {take.id for take in takes}
    return ProjectDocument(
        name=project.name,
        source_language=project.source_language,
        target_language=project.target_language,
        settings=project.settings,
        source=project.source,
        bed_blob=project.bed_blob,
        speakers=cast.speakers,
        lines=tuple(line if line.take_id in known else replace(line, take_id=None) for line in cast.lines),
        references=tuple(voice for voice in cast.references if there(voice.blob)),
        candidates=tuple(one for line in cast.lines for one in shop.lines.candidates(project.id, line.id)),
        takes=tuple(take for take in takes if take.line_id in {line.id for line in cast.lines}),
        notes=shop.notes.notes(project.id),
    )


def write_project(shop: Workshop, project: Project, out: Path) -> None:
    """The project as a ZIP at `out`, which is written anew. Raises NotFound where its film is gone."""
    document = document_of(shop, project)
    write_project_zip(out, to_plain(document), {key: shop.blobs.path(key) for key in document.blobs()})


def take_in(shop: Workshop, user: str, path: Path, name: str) -> Project:
    """The project in the ZIP at `path`, as `user`'s own. Raises BadArchive, BadMedia, QuotaSpent, OutOfSpace; then nothing is kept."""
    with open_project_zip(path, name) as archive:
        document = _read(archive, name)
        needed = sum(archive.sizes.values())
        shop.quotas.room(user).require(needed, name)
        shop.blobs.require_space(needed)
        with ExitStack() as held:  # every file is checked before the first becomes a blob
            for key in sorted(document.blobs()):
                draft = held.enter_context(shop.blobs.create("." + key.rpartition(".")[2]))
                with draft.path.open("wb") as target:
                    archive.copy(key, target)
                document = _looked_at(document, key, draft.path, name, shop)
    return _kept(shop, user, _renewed(_with_engines_of_here(document, shop)))


def _with_engines_of_here(document: ProjectDocument, shop: Workshop) -> ProjectDocument:
    """An engine that this studio does not have is left to it to choose."""
    chosen = document.settings.engines
    known = {task: {engine.name for engine in shop.engines.all(task)} for task in ("transcriber", "translator", "estimator", "speaker")}
    strange = {task: "auto" for task, names in known.items() if getattr(chosen, task) not in names}
    return replace(document, settings=replace(document.settings, engines=replace(chosen, **strange)))


def _read(archive: ProjectZip, name: str) -> ProjectDocument:
    try:
        plain = archive.document()
        for text in _texts(plain):
            storable(text, "A text in it")
        document: ProjectDocument = read(ProjectDocument, plain)
        _check(document)
    except (Unfit, BadSetting) as error:
        raise BadArchive(name, f"{str(error).rstrip('.')}. Export the project anew.") from error
    except RecursionError as error:
        raise BadArchive(name, "its project.json is nested without an end; export the project anew.") from error
    if any(key.rpartition(".")[2] not in SUFFIXES for key in document.blobs()) or any(not key.endswith(".wav") for key in document.sounds()):
        raise BadArchive(name, "it names files of a kind that no project has; choose a ZIP that a studio exported.")
    if missing := document.blobs() - archive.sizes.keys():
        raise BadArchive(name, f"it lacks {len(missing)} of the files it names; export the project anew.")
    if archive.sizes.keys() - document.blobs():
        raise BadArchive(name, "it holds files that the project does not name; choose a ZIP that a studio exported.")
    return document


def _texts(plain: Any) -> Iterator[str]:
    if isinstance(plain, str):
        yield plain
    elif isinstance(plain, list | dict):
        for item in plain if isinstance(plain, list) else (*plain, *plain.values()):
            yield from _texts(item)


def _check(document: ProjectDocument) -> None:
    """What the records themselves cannot know: that names lead somewhere, and that nothing is beyond what a project holds."""
    for where, language in (("source_language", document.source_language), ("target_language", document.target_language)):
        if language not in NAMES:
            raise Unfit(where, "is no language the studio knows")
    lines, speakers, takes = ({one.id: one for one in some} for some in (document.lines, document.speakers, document.takes))
    for where, some, most in (
        ("speakers", document.speakers, MAX_SPEAKERS), ("lines", document.lines, 20_000), ("notes", document.notes, MAX_NOTES),
        ("takes", document.takes, MAX_PER_LINE * max(1, len(lines))), ("references", document.references, MAX_SPEAKERS),
    ):  # fmt: skip
        if len(some) > most or len({one.id for one in some}) != len(some):  # type: ignore[attr-defined]
            raise Unfit(where, f"are more than {most:,}, or two of them share an id")
    if any(len(text) > Limits().max_text_chars for line in document.lines for text in (line.source_text, line.target_text, *line.notes)):
        raise Unfit("lines", f"have more than {Limits().max_text_chars:,} characters in one")
    if any(not name.isprintable() or not 0 < len(name) <= MAX_NAME_CHARS for name in (*(one.name for one in document.speakers), *(one.name for one in document.references))):
        raise Unfit("speakers", f"or voices have names that are not 1 to {MAX_NAME_CHARS} visible characters")
    if any(line.speaker_id not in speakers or (line.take_id is not None and takes.get(line.take_id) is None) for line in document.lines):
        raise Unfit("lines", "name a speaker or take that is not there")
    if any(one.line_id not in lines for one in (*document.candidates, *document.takes)):
        raise Unfit("takes", "or wordings belong to a line that is not there")
    if any(line.take_id is not None and takes[line.take_id].line_id != line.id for line in document.lines):
        raise Unfit("lines", "hold a take of another line")
    if len(document.candidates) > MAX_PER_LINE * max(1, len(lines)) or len({(one.line_id, one.id) for one in document.candidates}) != len(document.candidates):
        raise Unfit("candidates", "are too many, or two of them share an id")
    opened = {note.id for note in document.notes if note.reply_to is None}
    if any(len(note.text) > MAX_NOTE_CHARS or (note.reply_to is not None and note.reply_to not in opened) for note in document.notes):
        raise Unfit("notes", "are too long, or answer one that is not there")


def _looked_at(document: ProjectDocument, key: str, path: Path, name: str, shop: Workshop) -> ProjectDocument:
    """The document with what the studio itself finds in the file; sounds must be of the plain kind that it writes."""
    if key in document.sounds():
        _check_wav(path, name, key)
    source = document.source
    if source is not None and key == source.blob:
        title = " ".join(source.name.split())[:MAX_NAME_CHARS] or "film"
        document = replace(document, source=replace(source, name=title, info=probe(path, name=title, limits=shop.limits)))
    if key == document.bed_blob and not probe(path, name="the bed", limits=shop.limits).audio:
        raise BadMedia(name, "its music-and-effects bed has no sound.")
    return document


def _check_wav(path: Path, name: str, key: str) -> None:
    """A mono WAV as `media/wav.py` writes it, so that no other reader ever sees what a stranger put in its place."""
    with path.open("rb") as data:
        size = data.seek(0, 2)
        data.seek(0)
        head = data.read(4096)
    fits = head[:4] == b"RIFF" and head[8:16] == b"WAVEfmt " and len(head) >= 44
    if fits:
        kind, channels, rate_hz, _, frame_bytes, bits = struct.unpack_from("<HHIIHH", head, 20)
        at = 20 + struct.unpack_from("<I", head, 16)[0]
        while fits and head[at : at + 4] in (b"fact", b"PEAK", b"LIST") and at + 8 <= len(head):
            at += 8 + struct.unpack_from("<I", head, at + 4)[0]
        fits = kind in (1, 3, 0xFFFE) and channels == 1 and 8_000 <= rate_hz <= 192_000 and bits in (16, 24, 32) and frame_bytes == bits // 8
        fits = fits and head[at : at + 4] == b"data" and at + 8 + struct.unpack_from("<I", head, at + 4)[0] <= size and size <= MAX_VOICE_FRAMES * 4
    if not fits:
        raise BadArchive(name, f"its sound {key[:12]}… is no plain WAV as the studio writes it; export the project anew.")


def _renewed(document: ProjectDocument) -> ProjectDocument:
    """The same with ids nobody chose; what only names other records follows."""
    ids = {one.id: uuid.uuid4().hex for some in (document.speakers, document.lines, document.takes, document.references, document.notes) for one in some}  # type: ignore[attr-defined]

    def voice(ref: VoiceRef | None) -> VoiceRef | None:
        if ref is None or "@" not in ref.voice:
            return ref
        head, _, key = ref.voice.rpartition("@")
        return replace(ref, voice=f"{head}@{ids.get(key, key)}")

    return replace(
        document,
        speakers=tuple(
            replace(one, id=ids[one.id], voice=voice(one.voice), sheet=None if one.sheet is None else replace(one.sheet, voice=voice(one.sheet.voice)))
            for one in document.speakers
        ),
        lines=tuple(
            replace(one, id=ids[one.id], speaker_id=ids[one.speaker_id], take_id=_new(ids, one.take_id), voice=voice(one.voice)) for one in document.lines
        ),
        references=tuple(replace(one, id=ids[one.id], speaker_id=_new(ids, one.speaker_id)) for one in document.references),
        candidates=tuple(replace(one, id=uuid.uuid4().hex, line_id=ids[one.line_id]) for one in document.candidates),
        takes=tuple(replace(one, id=ids[one.id], line_id=ids[one.line_id], voice=voice(one.voice) or one.voice, made=_made(one, ids)) for one in document.takes),
        notes=tuple(_note(one, ids) for one in document.notes),
    )


def _new(ids: Mapping[str, str], old: str | None) -> str | None:
    return None if old is None else ids.get(old)


def _made(take: Take, ids: Mapping[str, str]) -> Any:
    return None if take.made is None else replace(take.made, reference_id=_new(ids, take.made.reference_id))


def _note(note: Note, ids: Mapping[str, str]) -> Note:
    """Names in an archive are only words: whoever wrote a note there bears a mark here, and no one of this studio is taken for them."""
    text = _MENTION.sub(lambda found: f"#{found[1]}{{{ids[found[2]]}}}" if found[2] in ids else f"#{found[1]}", note.text)
    by, resolved_by = (_marked(writer) if writer is not None else None for writer in (note.by, note.resolved_by))
    return replace(
        note, id=ids[note.id], text=text, by=by or IMPORTED_MARK.strip(), resolved_by=resolved_by, is_guest=False, line_id=_new(ids, note.line_id),
        reply_to=_new(ids, note.reply_to), mentions=(),
    )  # fmt: skip


def _marked(writer: str) -> str:
    return writer if writer.endswith(IMPORTED_MARK) else writer[: MAX_WRITER_CHARS - len(IMPORTED_MARK)] + IMPORTED_MARK


def _kept(shop: Workshop, user: str, document: ProjectDocument) -> Project:
    """Write it down; a project that could not be written as a whole is taken away again."""
    title = clean_name(document.name[:MAX_NAME_CHARS], "project")
    project = Project(
        uuid.uuid4().hex, user, title, document.source_language, document.target_language, document.settings, document.source, document.bed_blob
    )
    kept = shop.projects.create(project)
    try:
        shop.lines.replace_cast(kept.id, Cast(document.speakers, document.lines), by=user)
        for reference in document.references:
            shop.lines.add_reference_voice(kept.id, reference, by=user)
        for line_id, some in _by_line(document.candidates).items():
            shop.lines.put_candidates(line_id, some)
        for take in document.takes:
            shop.lines.add_take(take)
        for note in sorted(document.notes, key=lambda one: one.reply_to is not None):
            shop.notes.add(kept.id, note)
    except StudioError:
        shop.projects.delete(kept.id, user)
        shop.bin.erase(user, kept.id)
        raise
    return kept


def _by_line(candidates: Iterable[Candidate]) -> dict[str, tuple[Candidate, ...]]:
    found: dict[str, list[Candidate]] = {}
    for one in candidates:
        found.setdefault(one.line_id, []).append(one)
    return {line_id: tuple(some) for line_id, some in found.items()}
