"""Every table of the studio, as SQLAlchemy MetaData. What each column holds; no query lives here.

To change a table: edit it here (or in `schema_box.py`), add `migrations/versions/NNNN_what.py`, raise SCHEMA_VERSION, and keep an SQL dump of the
schema you leave behind in `tests/store/schemas/`. Ids are uuid4 hex; times are ISO 8601 UTC text; `seq` orders by arrival.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from studio.store.schema_base import METADATA, json_column, project_column
from studio.store.schema_box import AUDIT, BLOB_SIZES, GPU_LEASES, LOGIN_ATTEMPTS, SERVER_VALUES, SESSIONS, UPLOADS, USERS, WORKERS

__all__ = ["AUDIT", "BLOB_SIZES", "GPU_LEASES", "LOGIN_ATTEMPTS", "SERVER_VALUES", "SESSIONS", "UPLOADS", "USERS", "WORKERS"]  # all tables are asked for here
SCHEMA_VERSION = "0007"

PROJECTS = Table(
    "projects",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("owner", String(64), ForeignKey("users.name"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("source_language", String(8), nullable=False),
    Column("target_language", String(8), nullable=False),
    json_column("settings", nullable=False),
    json_column("source"),
    Column("bed_blob", String(80)),
    Column("created_at", String(32), nullable=False),
    Column("deleted_at", String(32)),
    Column("deleted_by", String(64)),
    Column("show_id", String(32), index=True),
)

# Who else may work on a project, beside its owner, and as what (`domain/rights.py`).
MEMBERS = Table(
    "project_members",
    METADATA,
    Column("project_id", String(32), ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(64), ForeignKey("users.name"), primary_key=True, index=True),
    Column("by", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Column("role", String(16), nullable=False, server_default="editor"),
)

# Series of episodes; `bible` is what all of them share (`domain/bible.py`). A show that is gone leaves its projects alone.
SHOWS = Table(
    "shows",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("owner", String(64), ForeignKey("users.name"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    json_column("bible", nullable=False),
    Column("created_at", String(32), nullable=False),
)

SPEAKERS = Table(
    "speakers",
    METADATA,
    Column("project_id", String(32), ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    json_column("voice"),
    Column("pitch_hz", Float),
    Column("ordinal", Integer, nullable=False),
    json_column("sheet"),
)

# `ordinal` only parts lines that start and end together; their place is their time.
LINES = Table(
    "lines",
    METADATA,
    Column("id", String(32), primary_key=True),
    project_column(),
    Column("start_ms", Integer, nullable=False),
    Column("end_ms", Integer, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("speaker_id", String(32), nullable=False),
    Column("source_text", Text, nullable=False),
    Column("target_text", Text, nullable=False),
    Column("status", String(16), nullable=False),
    json_column("voice"),
    json_column("guidance"),
    Column("take_id", String(32)),
    json_column("notes", nullable=False),
    Column("revision", Integer, nullable=False),
    json_column("pauses"),
    ForeignKeyConstraint(["project_id", "speaker_id"], ["speakers.project_id", "speakers.id"], name="fk_lines_speaker"),
    Index("ix_lines_place", "project_id", "start_ms", "end_ms", "ordinal"),
)

# One row per action of a person or a machine, the edits of which bear its id. `kind`: edit, job, undo, redo, restore; `undoes` is the action
# that an undo took back; `undone_by` the action that took this one back, NULL while it stands. `title` is a sentence for the history.
CHANGES = Table(
    "changes",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    project_column(),
    Column("by", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("undoes", String(32)),
    Column("undone_by", String(32)),
    Index("ix_changes_project", "project_id", "seq"),
)

# Append-only. `subject`: "line", "speaker" or "project"; `line_id` is the id of that subject. `field` is a field of its record, or the subject
# itself for a whole one that came (before NULL) or went (after NULL); one `change_id` joins the edits of one action. No key to `lines`:
# the history outlives the line.
LINE_EDITS = Table(
    "line_edits",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    project_column(),
    Column("line_id", String(32), nullable=False),
    Column("change_id", String(32), nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Column("field", String(32), nullable=False),
    json_column("before"),
    json_column("after"),
    Column("subject", String(8), nullable=False, server_default="line"),
    Index("ix_line_edits_line", "project_id", "line_id", "seq"),
    Index("ix_line_edits_change", "change_id"),
    Index("ix_line_edits_project", "project_id", "seq"),
)

# Notes on the timeline or on a line, and answers to them (`reply_to`). `line_id` has no key: a note outlives its line.
# `is_guest`: written through a review link, `by` is then the name the guest gave.
NOTES = Table(
    "notes",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    project_column(),
    Column("line_id", String(32)),
    Column("at_ms", Integer),
    Column("text", Text, nullable=False),
    Column("by", String(64), nullable=False),
    Column("is_guest", Boolean, nullable=False),
    Column("at", String(32), nullable=False),
    Column("reply_to", String(32)),
    Column("resolved_by", String(64)),
    Column("resolved_at", String(32)),
    Index("ix_notes_project", "project_id", "seq"),
)

# Links that show a project to somebody without an account: playback and notes, no edits. Only the hash of the token is kept.
REVIEW_LINKS = Table(
    "review_links",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    project_column(),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("label", Text, nullable=False),
    Column("by", String(64), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
    Column("revoked_at", String(32)),
    Index("ix_review_links_project", "project_id", "seq"),
)

# What a person set up for themselves, whatever the project: keys of the desk, language of the page.
USER_SETTINGS = Table(
    "user_settings",
    METADATA,
    Column("name", String(64), ForeignKey("users.name"), primary_key=True),
    json_column("settings", nullable=False),
)

# How long texts take, by fingerprint of engine, version, voice, language and text; anything here may be deleted at any time.
ESTIMATES = Table(
    "estimates",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("speech_ms", Integer, nullable=False),
    Column("pause_ms", Integer, nullable=False),
    Column("engine", String(128), nullable=False),
    Column("created_at", String(32), nullable=False, index=True),
)

CANDIDATES = Table(
    "candidates",
    METADATA,
    Column("line_id", String(32), ForeignKey("lines.id", ondelete="CASCADE"), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("text", Text, nullable=False),
    Column("engine", String(128), nullable=False),
    Column("score", Float, nullable=False),
    Column("rank", Integer, nullable=False),
    json_column("prediction"),
    Column("likelihood", Float),
    Column("back_translation", Text),
    json_column("missed_terms"),
    Column("slot_penalty", Float),
)

# Choices made at the desk, written only where the project's owner switched that on. `wordings`: [text, predicted ms or null] of what
# was on offer; `before`: [source, its ms, target] of earlier lines. No key to `lines`: a choice outlives its line, never its project.
PREFERENCES = Table(
    "preferences",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    project_column(),
    Column("line_id", String(32), nullable=False),
    Column("source_language", String(8), nullable=False),
    Column("target_language", String(8), nullable=False),
    Column("source_text", Text, nullable=False),
    Column("source_ms", Integer, nullable=False),
    Column("chosen", Text, nullable=False),
    Column("rejected", Text, nullable=False),
    json_column("wordings", nullable=False),
    json_column("before", nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Index("ix_preferences_line", "project_id", "line_id", "seq"),
)

# Takes belong to the project, not to the line's row: a line deleted and brought back finds its takes again.
TAKES = Table(
    "takes",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    project_column(),
    Column("line_id", String(32), nullable=False),
    Column("text", Text, nullable=False),
    json_column("voice", nullable=False),
    Column("engine_version", String(128), nullable=False),
    Column("raw_blob", String(80), nullable=False),
    Column("fitted_blob", String(80), nullable=False),
    json_column("report", nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("note", Text, nullable=False),
    json_column("made"),
    Column("created_at", String(32), nullable=False),
    Index("ix_takes_line", "project_id", "line_id", "seq"),
    Index("ix_takes_fingerprint", "project_id", "fingerprint"),
)

# Recordings that voices are made of; `whose` and `statement` are the consent, without which there is no row.
REFERENCE_VOICES = Table(
    "reference_voices",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    project_column(),
    Column("name", Text, nullable=False),
    Column("blob", String(80), nullable=False),
    Column("length_ms", Integer, nullable=False),
    Column("whose", Text, nullable=False),
    Column("statement", Text, nullable=False),
    Column("transcript", Text, nullable=False),
    Column("speaker_id", String(32)),
    Column("by", String(64), nullable=False),
    Column("created_at", String(32), nullable=False),
    Index("ix_reference_voices_project", "project_id", "seq"),
)

# Points of a line's grid of scales: asked for first, filled one by one. `fingerprint`: of the take that `result` is about.
SWEEP_POINTS = Table(
    "sweep_points",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    project_column(),
    Column("line_id", String(32), nullable=False),
    Column("face_scale", Float, nullable=False),
    Column("lip_scale", Float, nullable=False),
    Column("quality", String(16), nullable=False),
    Column("fingerprint", String(64)),
    json_column("result"),
    Column("created_at", String(32), nullable=False),
    UniqueConstraint("project_id", "line_id", "face_scale", "lip_scale", name="uq_sweep_points_place"),
)

STAGE_RESULTS = Table(
    "stage_results",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    project_column(),
    Column("stage", String(64), nullable=False),
    Column("unit", String(128), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    json_column("result"),
    Column("seconds", Float, nullable=False),
    Column("peak_memory_mb", Integer, nullable=False),
    Column("created_at", String(32), nullable=False),
    UniqueConstraint("project_id", "stage", "unit", name="uq_stage_results_unit"),
)

IMPORTS = Table(
    "imports",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    project_column(),
    Column("name", Text, nullable=False),
    Column("format", String(16)),
    Column("encoding", String(32)),
    json_column("skipped", nullable=False),
    Column("created_at", String(32), nullable=False),
    Index("ix_imports_project", "project_id", "seq"),
)

# `worker` is host:pid:uuid of the runner that holds the job; `heartbeat_s` is seconds since 1970 of its last sign of life. `priority`: the
# smaller, the sooner; `place` orders one person's jobs of the same priority, NULL: as they came. `waiting_for`: a sentence on what holds it up.
JOBS = Table(
    "jobs",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    project_column(),
    Column("owner", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    json_column("line_ids", nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("stage", String(64), nullable=False),
    Column("message", Text, nullable=False),
    Column("instruction", Text, nullable=False, server_default=""),
    Column("quality", String(16), nullable=False, server_default=""),
    Column("is_forced", Boolean, nullable=False),
    Column("is_cancel_asked", Boolean, nullable=False),
    Column("is_user_error", Boolean, nullable=False),
    Column("interruptions", Integer, nullable=False),
    Column("worker", String(320)),
    Column("heartbeat_s", Float),
    Column("created_at", String(32), nullable=False),
    Column("started_at", String(32)),
    Column("finished_at", String(32)),
    Column("priority", Integer, nullable=False, server_default="10"),
    Column("place", Float),
    Column("waiting_for", Text, nullable=False, server_default=""),
    Index("ix_jobs_state", "state", "seq"),
    Index("ix_jobs_project", "project_id", "seq"),
)

# The database itself refuses a second running job of one project, whatever two workers believe; looking for faces, which takes
# long and changes no line, may run beside another job, but not twice.
_AT_WORK = (JOBS.c.state == "running") & (JOBS.c.kind != "faces")
_LOOKING = (JOBS.c.state == "running") & (JOBS.c.kind == "faces")
Index("uq_jobs_running", JOBS.c.project_id, unique=True, sqlite_where=_AT_WORK, postgresql_where=_AT_WORK)
Index("uq_jobs_looking", JOBS.c.project_id, unique=True, sqlite_where=_LOOKING, postgresql_where=_LOOKING)
