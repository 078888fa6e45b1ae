"""A closing no longer reads all decisions and transfers ever recorded."""

from deploy.migrations.schema import load, replace_functions, replace_view

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Give functions and the view of awards their new bodies, and awards an index."""
    replace_functions(until=12)
    replace_view("award", of="3_ledger.sql")
    load("13_awards.sql")


def downgrade() -> None:
    """Refuse: it would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
