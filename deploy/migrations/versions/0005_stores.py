"""What stores and the marketplace's systems may do by themselves: a role of its own."""

from deploy.migrations.schema import load

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the role, what it reads and records, and which postings it may make."""
    load("7_privileges.sql", "11_stores.sql")


def downgrade() -> None:
    """Refuse: it would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
