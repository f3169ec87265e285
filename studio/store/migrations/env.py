"""What alembic runs to apply steps: takes the open connection from the caller, so that all steps share its transaction."""

from __future__ import annotations

from alembic import context

from studio.store.schema import METADATA


def run() -> None:
    connection = context.config.attributes["connection"]
    # SQLite too rolls schema changes back, now that the driver leaves BEGIN to us; alembic cannot know that.
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True, transactional_ddl=True)
    context.run_migrations()


if __name__ == "env_py":  # alembic's name for this file; imported under any other, it does nothing
    run()
