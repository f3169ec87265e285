"""Candidates (proposed wordings) and takes (voicings) of lines. `LineStore` is the class to use; this is one part of it.

Candidates of a line are replaced as a whole; takes are only ever added.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from studio.domain.errors import NotFound
from studio.domain.line import Candidate, Estimate, Fit, FitReport, Prediction, Take, VoiceRef
from studio.domain.plain import from_plain, to_plain
from studio.domain.reference_voice import TakeVoice
from studio.store.database import new_id, reading, utc_now, writing
from studio.store.schema import CANDIDATES, LINES, TAKES
from studio.store.text import storable


class TakeRecords:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put_candidates(self, line_id: str, candidates: tuple[Candidate, ...]) -> None:
        """Replace all candidates of a line. Raises NotFound when the line has been deleted meanwhile."""
        rows = [{**_candidate_columns(candidate), "line_id": line_id} for candidate in candidates]
        with writing(self._engine) as connection:
            _project_of(connection, line_id)
            connection.execute(delete(CANDIDATES).where(CANDIDATES.c.line_id == line_id))
            if rows:
                connection.execute(insert(CANDIDATES), rows)

    def keep_aside(self, connection: Connection, line_id: str, text: str, engine: str) -> None:
        """List a wording last, within the caller's transaction, where it is not listed yet: words that were typed and could not be written."""
        here = CANDIDATES.c.line_id == line_id
        if connection.execute(select(CANDIDATES.c.id).where(here, CANDIDATES.c.text == text)).first() is not None:
            return
        last = connection.execute(select(func.max(CANDIDATES.c.rank)).where(here)).scalar()
        wording = Candidate(new_id(), line_id, text, engine, 0.0, 0 if last is None else last + 1, None)
        connection.execute(insert(CANDIDATES).values(line_id=line_id, **_candidate_columns(wording)))

    def candidates(self, project_id: str, line_id: str) -> tuple[Candidate, ...]:
        """Candidates of a line, best rank first."""
        query = select(CANDIDATES).join(LINES).where(LINES.c.project_id == project_id, LINES.c.id == line_id)
        with reading(self._engine) as connection:
            return tuple(_candidate(row) for row in connection.execute(query.order_by(CANDIDATES.c.rank, CANDIDATES.c.id)))

    def candidate_counts(self, project_id: str) -> dict[str, int]:
        """Number of candidates by line id; lines without any are absent."""
        query = select(CANDIDATES.c.line_id, func.count().label("size")).join(LINES).where(LINES.c.project_id == project_id)
        with reading(self._engine) as connection:
            return {row.line_id: row.size for row in connection.execute(query.group_by(CANDIDATES.c.line_id))}

    def first_candidates(self, project_id: str) -> dict[str, Candidate]:
        """The best-ranked wording by line id; lines without any are absent."""
        query = select(CANDIDATES).join(LINES).where(LINES.c.project_id == project_id).order_by(CANDIDATES.c.rank.desc(), CANDIDATES.c.id.desc())
        with reading(self._engine) as connection:
            return {row.line_id: _candidate(row) for row in connection.execute(query)}

    def add_take(self, take: Take) -> None:
        """Keep a take, durable on return. Raises NotFound when its line has been deleted meanwhile."""
        with writing(self._engine) as connection:
            project_id = _project_of(connection, take.line_id)
            connection.execute(insert(TAKES).values(project_id=project_id, created_at=utc_now(), **_take_columns(take)))

    def take(self, project_id: str, take_id: str) -> Take:
        """Raises NotFound for a take that is not of this project."""
        with reading(self._engine) as connection:
            row = connection.execute(select(TAKES).where(TAKES.c.project_id == project_id, TAKES.c.id == take_id)).first()
        if row is None:
            raise NotFound("take", take_id)
        return _take(row)

    def takes(self, project_id: str, line_id: str) -> tuple[Take, ...]:
        """All takes of a line, newest first."""
        query = select(TAKES).where(TAKES.c.project_id == project_id, TAKES.c.line_id == line_id).order_by(TAKES.c.seq.desc())
        with reading(self._engine) as connection:
            return tuple(_take(row) for row in connection.execute(query))

    def take_times(self, project_id: str, line_id: str) -> dict[str, str]:
        """When each take of a line was made (UTC, ISO 8601), by take id."""
        query = select(TAKES.c.id, TAKES.c.created_at).where(TAKES.c.project_id == project_id, TAKES.c.line_id == line_id)
        with reading(self._engine) as connection:
            return {row.id: row.created_at for row in connection.execute(query)}

    def note_take(self, project_id: str, take_id: str, note: str) -> Take:
        """Write a note on a take, durable on return. Raises NotFound for a take that is not of this project."""
        with writing(self._engine) as connection:
            here = (TAKES.c.project_id == project_id, TAKES.c.id == take_id)
            connection.execute(update(TAKES).where(*here).values(note=storable(note, "A note on a take")))
        return self.take(project_id, take_id)

    def project_takes(self, project_id: str) -> tuple[Take, ...]:
        """Every take of a project, oldest first: what a voice's duration is calibrated on."""
        query = select(TAKES).where(TAKES.c.project_id == project_id).order_by(TAKES.c.seq)
        with reading(self._engine) as connection:
            return tuple(_take(row) for row in connection.execute(query))

    def circled_takes(self, project_id: str) -> tuple[Take, ...]:
        """The chosen take of every line that has one."""
        query = select(TAKES).join(LINES, (LINES.c.take_id == TAKES.c.id) & (LINES.c.id == TAKES.c.line_id))
        with reading(self._engine) as connection:
            rows = connection.execute(query.where(LINES.c.project_id == project_id, TAKES.c.project_id == project_id))
            return tuple(_take(row) for row in rows)

    def takes_by_fingerprint(self, project_id: str, fingerprints: Iterable[str]) -> dict[str, Take]:
        """The newest take made of exactly these inputs, by fingerprint; those never made are absent."""
        wanted, found = sorted(set(fingerprints)), {}
        with reading(self._engine) as connection:
            for start in range(0, len(wanted), 500):  # databases limit the parameters of one statement
                some = TAKES.c.fingerprint.in_(wanted[start : start + 500])
                query = select(TAKES).where(TAKES.c.project_id == project_id, some).order_by(TAKES.c.seq)
                found.update({row.fingerprint: _take(row) for row in connection.execute(query)})
        return found


def _project_of(connection: Connection, line_id: str) -> str:
    project_id = connection.execute(select(LINES.c.project_id).where(LINES.c.id == line_id)).scalar_one_or_none()
    if project_id is None:
        raise NotFound("line", line_id)
    return project_id


def _candidate_columns(candidate: Candidate) -> dict[str, Any]:
    return {
        "id": candidate.id,
        "text": storable(candidate.text, "A proposed wording"),
        "engine": candidate.engine,
        "score": candidate.score,
        "rank": candidate.rank,
        "prediction": to_plain(candidate.prediction),
        "likelihood": candidate.likelihood,
        "back_translation": None if candidate.back_translation is None else storable(candidate.back_translation, "A back-translation"),
        "missed_terms": list(candidate.missed_terms),
        "slot_penalty": candidate.slot_penalty,
    }


def _candidate(row: Row[Any]) -> Candidate:
    plain = row.prediction
    known = plain is not None  # no duration engine may speak the language
    prediction = Prediction(Estimate(**plain["estimate"]), plain["delta_ms"], plain["p"], Fit(plain["fit"])) if known else None
    return Candidate(
        row.id,
        row.line_id,
        row.text,
        row.engine,
        row.score,
        row.rank,
        prediction,
        row.likelihood,
        row.back_translation,
        tuple(row.missed_terms or ()),  # wordings of before the glossary have NULL
        row.slot_penalty,
    )


def _take_columns(take: Take) -> dict[str, Any]:
    return {**to_plain(take), "text": storable(take.text, "The text of a take")}


def _take(row: Row[Any]) -> Take:
    return Take(
        row.id,
        row.line_id,
        row.text,
        VoiceRef(**row.voice),
        row.engine_version,
        row.raw_blob,
        row.fitted_blob,
        FitReport(**row.report),
        row.fingerprint,
        row.note,
        from_plain(TakeVoice, row.made),
    )
