"""Rows belong to what this very transaction recorded, in a restored database, too.

A server that a backup is restored into numbers its transactions anew, so a number that was
recorded may come again. Which transaction wrote a row into this database the row itself says
(`xmin`): this one, or one before it, which is of a greater age than 0.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

_BELONGS = """
CREATE OR REPLACE FUNCTION growth_points.{table}_belongs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT {parent}_id FROM new_rows) added
    LEFT JOIN growth_points.{parent} parent USING ({parent}_id)
    WHERE parent.recorded_in IS DISTINCT FROM pg_current_xact_id() OR age(parent.xmin) > 0
  ) THEN
    RAISE EXCEPTION '{table}: rows are added in the transaction that records their {parent}, never later'
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
"""

_BULK = (
    ("seller_amount", "revision"),
    ("seller_snapshot", "revision"),
    ("evaluation_input", "evaluation"),
    ("decision", "evaluation"),
)


def upgrade() -> None:
    """Let no row join what another transaction recorded under the same number."""
    for table, parent in _BULK:
        op.execute(_BELONGS.format(table=table, parent=parent))


def downgrade() -> None:
    """Refuse: rows could be added to what is recorded."""
    raise RuntimeError("growth-points keeps its guards; restore a backup instead")
