"""Alembic's way in: it runs inside the connection that `hub.store.migrating` hands over."""

from alembic import context

from hub.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    transactional_ddl=False,  # the hub's own transaction is around it
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
