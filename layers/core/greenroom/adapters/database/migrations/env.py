"""Runs migrations on the connection that `greenroom.adapters.database.migrate` hands over."""

from alembic import context

from greenroom.adapters.database.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
# The caller's transaction holds it all.
context.run_migrations()
