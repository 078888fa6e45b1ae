"""Points in use: search-ad accounts, conversions, expiry."""

from alembic import op

from deploy.migrations.schema import load, replace_functions

revision = "0002"
down_revision = "0001"

_LAST_USABLE_DAYS = """
  ALTER TABLE balance DISABLE TRIGGER moved_by_transfers;
  UPDATE balance SET last_usable_on = granted.last_usable_on FROM (
    SELECT seller_id, max(usable_through(posting_no)) AS last_usable_on
    FROM transfer WHERE credit_account = 'available' GROUP BY seller_id
  ) granted
  WHERE (balance.seller_id, balance.account) = (granted.seller_id, 'available');
  ALTER TABLE balance ENABLE ALWAYS TRIGGER moved_by_transfers;
"""


def upgrade() -> None:
    """Add the tables, and the last usable day of what stores have."""
    load("8_using.sql")
    replace_functions(until=8)
    op.get_bind().exec_driver_sql(_LAST_USABLE_DAYS)
    load("7_privileges.sql")


def downgrade() -> None:
    """Refuse: it would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
