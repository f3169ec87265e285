"""Schema steps, oldest first in `versions`; alembic runs them inside the transaction that `studio.store.migrate` opens."""
