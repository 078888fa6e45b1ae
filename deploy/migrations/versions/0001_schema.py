"""The schema as it was first released: months, the ledger, corrections, seals."""

from deploy.migrations.schema import load

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    load(
        "1_guards.sql",
        "2_months.sql",
        "3_ledger.sql",
        "4_posting_rules.sql",
        "5_corrections.sql",
        "6_seals.sql",
        "7_privileges.sql",
    )


def downgrade() -> None:
    """Refuse: it would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
