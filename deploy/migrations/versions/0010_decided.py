"""A month pays what it decided, and a correction beyond its approval rule needs an approval."""

from deploy.migrations.schema import load, replace_functions

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Give payouts and corrections another guard each, and links their turn with conversions.

    These guards and those of 0009 hold in every session.
    """
    replace_functions(until=14)
    load("15_decided.sql", "7_privileges.sql", "12_today.sql")


def downgrade() -> None:
    """Refuse: it would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
