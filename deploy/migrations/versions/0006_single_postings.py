"""Guards of postings ask in fewer queries."""

from deploy.migrations.schema import replace_functions

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Give the functions their new bodies."""
    replace_functions(until=11)


def downgrade() -> None:
    """Refuse: it would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
