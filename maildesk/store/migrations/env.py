"""Run by alembic: one connection of the engine handed in, each migration in a transaction of its own."""

from alembic import context

from maildesk.store.schema import metadata

with context.config.attributes["engine"].connect() as connection:
    context.configure(
        connection=connection, target_metadata=metadata, transaction_per_migration=True, render_as_batch=True
    )
    with context.begin_transaction():
        context.run_migrations()
