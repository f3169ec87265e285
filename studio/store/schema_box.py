"""The tables of a shared studio: people and logins, the audit trail, files on their way in, processes and GPUs. No query lives here.

`schema.py` has the rest, and hands these on; how to change a table is said there.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from studio.store.schema_base import METADATA, json_column

# `role`: what of the studio a person may do (`domain/rights.py`). `password_hash` NULL: no login by password. `quota_bytes` NULL: the
# studio's own measure.
USERS = Table(
    "users",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("created_at", String(32), nullable=False),
    Column("role", String(16), nullable=False, server_default="editor"),
    Column("password_hash", Text),
    Column("disabled_at", String(32)),
    Column("quota_bytes", BigInteger),
)

# Open logins. Only the hash of the token is kept, so that a copy of the database opens nobody's page.
SESSIONS = Table(
    "sessions",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("user", String(64), ForeignKey("users.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", String(32), nullable=False),
    Column("seen_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False, index=True),
    Column("address", String(64), nullable=False),
)

# Logins that failed, by what they were tried with (`key`: a hash of the name, or of the address they came from); times in seconds since 1970.
LOGIN_ATTEMPTS = Table(
    "login_attempts",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("since_s", Float, nullable=False),
    Column("blocked_until_s", Float, nullable=False),
)

# What all page servers of one studio share: the key that signs links, settings of the administrator.
SERVER_VALUES = Table(
    "server_values",
    METADATA,
    Column("name", String(64), primary_key=True),
    json_column("value", nullable=False),
)

# Who changed, shared, exported or administered what; append-only, and without texts. No keys: it outlives people and projects.
AUDIT = Table(
    "audit",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False, index=True),
    Column("user", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("project_id", String(32)),
    Column("subject", String(128), nullable=False),
    json_column("detail"),
    Index("ix_audit_project", "project_id", "seq"),
    Index("ix_audit_user", "user", "seq"),
)

# Files on their way in, chunk by chunk. `purpose`: media, bed, script, …; `project_id` NULL: the file opens a project of its own.
# `received_bytes` is what is on disk and synced; `blob` stands once it is whole.
UPLOADS = Table(
    "uploads",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("owner", String(64), ForeignKey("users.name"), nullable=False, index=True),
    Column("project_id", String(32)),
    Column("purpose", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("received_bytes", BigInteger, nullable=False),
    Column("blob", String(80)),
    Column("created_at", String(32), nullable=False),
    Column("touched_at", String(32), nullable=False),
)

# How large stored files are, for quotas; a key that is missing here is measured when it is asked for.
BLOB_SIZES = Table(
    "blob_sizes",
    METADATA,
    Column("key", String(80), primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
)

# Processes that do jobs or serve the page, each with a sign of life. `kind`: server or worker; `devices`: names and memory of its GPUs;
# `state`: what it holds just now, for the administrator.
WORKERS = Table(
    "workers",
    METADATA,
    Column("id", String(320), primary_key=True),
    Column("kind", String(16), nullable=False),
    json_column("devices", nullable=False),
    json_column("state", nullable=False),
    Column("started_at", String(32), nullable=False),
    Column("heartbeat_s", Float, nullable=False),
)

# Who holds which GPU; one row a device ("host/cuda:0"). A lease without a heartbeat is nobody's.
GPU_LEASES = Table(
    "gpu_leases",
    METADATA,
    Column("device", String(128), primary_key=True),
    Column("worker", String(320)),
    Column("job_id", String(32)),
    Column("since_s", Float),
    Column("heartbeat_s", Float),
)
