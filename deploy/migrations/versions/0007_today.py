"""Whoever reads may ask which day it is."""

from deploy.migrations.schema import load

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Let every role call `today()`."""
    load("12_today.sql")


def downgrade() -> None:
    """Refuse: it would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
