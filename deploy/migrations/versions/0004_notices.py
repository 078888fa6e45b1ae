"""Notices before points expire; no adjustment is dated ahead."""

from deploy.migrations.schema import load, replace_functions

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the tables, and the guard of adjustments."""
    load("10_notices.sql")
    replace_functions(until=10)
    load("7_privileges.sql")


def downgrade() -> None:
    """Refuse: it would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
