"""Runs: who or what did something to a month, when, and what came of it.

A run is recorded in the transaction of what it did, also when it changed nothing; a run that was
refused left nothing, not even this. Like everything recorded it is appended only, and sealed.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

_TABLE = """
CREATE TABLE growth_points.run (
  run_no           integer GENERATED ALWAYS AS IDENTITY CONSTRAINT run_pk PRIMARY KEY,
  settlement_month date NOT NULL
                   CONSTRAINT run_month_is_a_first CHECK (extract(day FROM settlement_month) = 1),
  action           text NOT NULL CONSTRAINT run_action_known CHECK (
                     action IN ('ingest', 'close', 'evaluate again', 'pay out', 'grant', 'reschedule')),
  caused_by        date,
  actor            text NOT NULL CONSTRAINT run_has_an_actor CHECK (actor <> ''),
  origin           text NOT NULL CONSTRAINT run_has_an_origin CHECK (origin <> ''),
  reason           text NOT NULL CONSTRAINT run_has_a_reason CHECK (reason <> ''),
  revision_id      integer CONSTRAINT run_revision_fk REFERENCES growth_points.revision,
  evaluation_id    integer CONSTRAINT run_evaluation_fk REFERENCES growth_points.evaluation,
  changed          boolean NOT NULL,
  difference       jsonb NOT NULL,
  started_at       timestamptz NOT NULL,
  recorded_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT run_names_its_cause CHECK ((action = 'evaluate again') = (caused_by IS NOT NULL))
);
CREATE INDEX run_of_month ON growth_points.run (settlement_month, run_no);
"""

_SEAL = """
CREATE FUNCTION growth_points.seal_run() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM growth_points.add_seal('run', NEW.run_no::text, jsonb_build_array(
    NEW.run_no, NEW.settlement_month, NEW.action, NEW.caused_by, NEW.actor, NEW.origin, NEW.reason,
    NEW.revision_id, NEW.evaluation_id, NEW.changed, NEW.difference,
    extract(epoch FROM NEW.started_at), extract(epoch FROM NEW.recorded_at))::text, (0, 0, 0, 0));
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON growth_points.run
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION growth_points.seal_run();
ALTER TABLE growth_points.run ENABLE ALWAYS TRIGGER sealed;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON growth_points.run
  FOR EACH STATEMENT EXECUTE FUNCTION growth_points.refuse_change();
ALTER TABLE growth_points.run ENABLE ALWAYS TRIGGER append_only;
"""

_SERVICE_MAY = """
GRANT SELECT ON growth_points.run TO growth_points_service;
GRANT INSERT (settlement_month, action, caused_by, actor, origin, reason, revision_id,
              evaluation_id, changed, difference, started_at)
  ON growth_points.run TO growth_points_service;
"""


def upgrade() -> None:
    """Create the table of runs, appended only and sealed."""
    for statements in (_TABLE, _SEAL, _SERVICE_MAY):
        op.execute(statements)


def downgrade() -> None:
    """Refuse: it would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
