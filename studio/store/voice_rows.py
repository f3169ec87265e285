"""Recordings that voices are made of, and the points of sweeps: `LineStore` is the class to use; this is one part of it.

Callers check who owns the project; each call names it, and a row of another project is as absent as none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from studio.domain.errors import NotFound
from studio.domain.plain import from_plain, to_plain
from studio.domain.reference_voice import Consent, ReferenceVoice
from studio.domain.sweep import SweepPoint
from studio.store.database import reading, utc_now, writing
from studio.store.line_rows import hold_project
from studio.store.schema import REFERENCE_VOICES, SWEEP_POINTS
from studio.store.text import storable


@dataclass(frozen=True, slots=True)
class SweepRow:
    """A point as stored: asked for (`point` None) or done, with the fingerprint of the take that was scored."""

    face_scale: float
    lip_scale: float
    quality: str
    fingerprint: str | None = None
    point: SweepPoint | None = None


class VoiceRecords:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reference_voices(self, project_id: str) -> tuple[ReferenceVoice, ...]:
        """All of a project, oldest first."""
        with reading(self._engine) as connection:
            return read_references(connection, project_id)

    def add_reference_voice(self, project_id: str, voice: ReferenceVoice, *, by: str) -> ReferenceVoice:
        """Keep a recording with its consent; durable on return."""
        kept = voice if voice.created_at else replace(voice, created_at=utc_now())
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            connection.execute(insert(REFERENCE_VOICES).values(project_id=project_id, by=by, **_columns(kept)))
        return kept

    def remove_reference_voice(self, project_id: str, reference_id: str) -> None:
        """Take a recording out of the project; takes made with it keep its consent. Raises NotFound."""
        here = (REFERENCE_VOICES.c.project_id == project_id) & (REFERENCE_VOICES.c.id == reference_id)
        with writing(self._engine) as connection:
            if connection.execute(delete(REFERENCE_VOICES).where(here)).rowcount == 0:
                raise NotFound("reference voice", reference_id)

    def ask_sweep(self, project_id: str, line_id: str, points: Iterable[tuple[float, float]], quality: str) -> None:
        """Put the points of a grid down as wanted. Points asked for before keep what is known of them; at another quality they are
        wanted anew, and so is what no take has been made for."""
        with writing(self._engine) as connection:
            hold_project(connection, project_id)
            known = {(row.face_scale, row.lip_scale): row.quality for row in connection.execute(_points(project_id, line_id))}
            for face, lip in points:
                if (face, lip) not in known:
                    values = {"face_scale": face, "lip_scale": lip, "quality": quality, "created_at": utc_now()}
                    connection.execute(insert(SWEEP_POINTS).values(project_id=project_id, line_id=line_id, **values))
                elif known[face, lip] != quality:
                    here = _at(project_id, line_id, face, lip)
                    connection.execute(update(SWEEP_POINTS).where(here).values(quality=quality, fingerprint=None, result=None))

    def put_sweep_point(self, project_id: str, line_id: str, fingerprint: str, point: SweepPoint) -> None:
        """What came of a point that is wanted; of one that is wanted no more, nothing is kept."""
        here = _at(project_id, line_id, point.face_scale, point.lip_scale)
        with writing(self._engine) as connection:
            connection.execute(update(SWEEP_POINTS).where(here).values(fingerprint=fingerprint, quality=point.quality, result=to_plain(point)))

    def sweep_rows(self, project_id: str, line_id: str) -> tuple[SweepRow, ...]:
        """All points of a line, wanted and done, by face and then lip scale."""
        query = _points(project_id, line_id).order_by(SWEEP_POINTS.c.face_scale, SWEEP_POINTS.c.lip_scale)
        with reading(self._engine) as connection:
            return tuple(
                SweepRow(row.face_scale, row.lip_scale, row.quality, row.fingerprint, from_plain(SweepPoint, row.result))
                for row in connection.execute(query)
            )

    def forget_sweep(self, project_id: str, line_id: str) -> None:
        """Drop a line's points; their takes stay."""
        here = (SWEEP_POINTS.c.project_id == project_id) & (SWEEP_POINTS.c.line_id == line_id)
        with writing(self._engine) as connection:
            connection.execute(delete(SWEEP_POINTS).where(here))


def read_references(connection: Connection, project_id: str) -> tuple[ReferenceVoice, ...]:
    query = select(REFERENCE_VOICES).where(REFERENCE_VOICES.c.project_id == project_id).order_by(REFERENCE_VOICES.c.seq)
    return tuple(_reference(row) for row in connection.execute(query))


def _points(project_id: str, line_id: str) -> Any:
    return select(SWEEP_POINTS).where(SWEEP_POINTS.c.project_id == project_id, SWEEP_POINTS.c.line_id == line_id)


def _at(project_id: str, line_id: str, face: float, lip: float) -> Any:
    columns = SWEEP_POINTS.c
    return (columns.project_id == project_id) & (columns.line_id == line_id) & (columns.face_scale == face) & (columns.lip_scale == lip)


def _columns(voice: ReferenceVoice) -> dict[str, Any]:
    return {
        "id": voice.id,
        "name": storable(voice.name, "The name of a voice"),
        "blob": voice.blob,
        "length_ms": voice.length_ms,
        "whose": storable(voice.consent.whose, "Whose voice it is"),
        "statement": storable(voice.consent.statement, "The consent"),
        "transcript": storable(voice.transcript, "The words of a recording"),
        "speaker_id": voice.speaker_id,
        "created_at": voice.created_at,
    }


def _reference(row: Row[Any]) -> ReferenceVoice:
    consent = Consent(row.whose, row.statement)
    return ReferenceVoice(row.id, row.name, row.blob, row.length_ms, consent, row.transcript, row.speaker_id, row.created_at)
