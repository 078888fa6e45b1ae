"""The schema as it was first released: the files of `deploy/schema`, in reading order."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

_SCHEMA = Path(__file__).parents[2] / "schema"
_FILES = (
    "1_guards.sql",
    "2_months.sql",
    "3_ledger.sql",
    "4_posting_rules.sql",
    "5_corrections.sql",
    "6_seals.sql",
    "7_privileges.sql",
)


def upgrade() -> None:
    """Create everything; names without a schema are of `growth_points`."""
    connection = op.get_bind()
    connection.exec_driver_sql("SET LOCAL search_path = growth_points, pg_temp")
    for name in _FILES:
        statements = (_SCHEMA / name).read_text("utf-8")
        connection.exec_driver_sql(statements, execution_options={"no_parameters": True})


def downgrade() -> None:
    """Refuse: it would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
