"""Sealing happens inside a trigger: what a statement says cannot stand for it.

Who may chain what waits was told from the context's text, which quotes the statement, comments
included. Now `seal_waiting` asks the view `sealing`, whose trigger chains; the tables refuse every
statement that comes from no trigger. And only the service seals.
"""

from alembic import op

revision = "0009"
down_revision = "0008"

_FROM_INSIDE = """
ALTER FUNCTION growth_points.seal_waiting() RENAME TO chain_waiting;
CREATE VIEW growth_points.sealing AS SELECT count(*) AS waiting FROM growth_points.unsealed;

CREATE FUNCTION growth_points.chain_what_waits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM growth_points.chain_waiting();
  RETURN NULL;
END $$;
CREATE TRIGGER chains INSTEAD OF INSERT ON growth_points.sealing
  FOR EACH ROW EXECUTE FUNCTION growth_points.chain_what_waits();

CREATE FUNCTION growth_points.seal_waiting() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO growth_points.sealing DEFAULT VALUES;
END $$;

DROP TRIGGER made_by_the_database ON growth_points.seal;
CREATE TRIGGER made_by_the_database BEFORE INSERT ON growth_points.seal
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
  EXECUTE FUNCTION growth_points.refuse_by_hand();
ALTER TABLE growth_points.seal ENABLE ALWAYS TRIGGER made_by_the_database;
DROP TRIGGER leaves_by_its_seal ON growth_points.unsealed;
CREATE TRIGGER leaves_by_its_seal BEFORE DELETE ON growth_points.unsealed
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
  EXECUTE FUNCTION growth_points.refuse_by_hand();
ALTER TABLE growth_points.unsealed ENABLE ALWAYS TRIGGER leaves_by_its_seal;
DROP FUNCTION growth_points.refuse_unless_sealing();

REVOKE EXECUTE ON FUNCTION growth_points.chain_waiting(), growth_points.seal_waiting() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION growth_points.seal_waiting() TO growth_points_service;
"""


def upgrade() -> None:
    """Tell sealing from anything else by where it comes from, not by its text."""
    op.execute(_FROM_INSIDE)


def downgrade() -> None:
    """Refuse: what waits could leave without a seal."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
