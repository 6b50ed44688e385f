"""Runs migrations on the connection it is handed: there is no alembic.ini, the settings name the database."""

from alembic import context

from qa.db.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite cannot alter most things in place; batch mode copies the table.
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
