"""Runs the migrations on the connection that the caller opened, inside its transaction."""

from alembic import context
from sqlalchemy import text

connection = context.config.attributes["connection"]
connection.execute(text("CREATE SCHEMA IF NOT EXISTS growth_points"))
context.configure(connection=connection, version_table_schema="growth_points")
context.run_migrations()
