"""Run by Alembic, with the connection that `Database` hands over inside its own write transaction."""

from alembic import context

from rerender.studio.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter a column in place; Alembic then copies the table.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
