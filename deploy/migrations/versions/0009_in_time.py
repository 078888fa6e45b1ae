"""A transfer is refused once its month was paid or decided again, in the same transaction, too."""

from deploy.migrations.schema import replace_functions

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Give the functions their new bodies."""
    replace_functions(until=13)


def downgrade() -> None:
    """Refuse: it would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
