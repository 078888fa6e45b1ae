"""What made a record true may not change any more: in its transaction, or by others meanwhile."""

from deploy.migrations.schema import load, replace_functions

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Give the functions their new bodies, and tables further triggers."""
    replace_functions(until=13)
    load("14_turns.sql")


def downgrade() -> None:
    """Refuse: it would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
