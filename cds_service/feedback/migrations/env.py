"""Runs the migrations on the connection, and in the transaction, that `schema.upgrade` holds."""

from alembic import context

from cds_service.feedback.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
