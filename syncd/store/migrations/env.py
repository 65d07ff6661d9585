"""Runs migrations on the connection `syncd.store.engine` hands over; never opens one of its own."""

from alembic import context

from syncd.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
