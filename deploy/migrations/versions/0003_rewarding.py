"""Points in use: rewards to customers."""

from deploy.migrations.schema import load, replace_functions

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the tables of reward entries and what entitles them to be paid."""
    load("9_rewarding.sql")
    replace_functions(until=9)
    load("7_privileges.sql")


def downgrade() -> None:
    """Refuse: it would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
