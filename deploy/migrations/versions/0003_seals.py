"""Everything recorded is sealed: policies, deliveries, evaluations and payout dates too.

A revision is sealed with its amounts and its snapshot, an evaluation with its input and its
decisions, at the commit that records them. So the head of the chain stands for all of it, and a
value changed behind the triggers' back no longer matches its seal.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

_SEAL = """
CREATE FUNCTION growth_points.seal_{table}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM growth_points.add_seal('{table}', {key}, {content}, (0, 0, 0, 0));
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON growth_points.{table}
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION growth_points.seal_{table}();
ALTER TABLE growth_points.{table} ENABLE ALWAYS TRIGGER sealed;
"""

# Every column by name, free text with its length before it: no two contents read the same.
_POLICY = """jsonb_build_array(
    NEW.policy_hash, NEW.name, NEW.content, extract(epoch FROM NEW.recorded_at))::text"""

_PAYOUT_DATE = """jsonb_build_array(
    NEW.settlement_month, NEW.plan_no, NEW.due_on, NEW.passed_over, NEW.calendar,
    NEW.extra_holidays, NEW.policy_hash, extract(epoch FROM NEW.planned_at))::text"""

_REVISION = """concat_ws(E'\\n', jsonb_build_array(
    NEW.revision_id, NEW.settlement_month, NEW.revision_no, NEW.content_hash, NEW.source,
    NEW.lines, NEW.amount_krw, NEW.sellers, NEW.profile, NEW.findings, NEW.actor,
    extract(epoch FROM NEW.accepted_at), NEW.recorded_in),
    (SELECT string_agg(concat_ws('|', lines, amount_krw, length(line_type), line_type,
       length(seller_id), seller_id), E'\\n' ORDER BY seller_id, line_type)
     FROM growth_points.seller_amount WHERE revision_id = NEW.revision_id),
    (SELECT string_agg(concat_ws('|', approved_on - date '2000-01-01', length(status), status,
       runs_department_store_window, runs_outlet_window, uses_fulfilment, uses_api,
       length(seller_id), seller_id), E'\\n' ORDER BY seller_id)
     FROM growth_points.seller_snapshot WHERE revision_id = NEW.revision_id))"""

_EVALUATION = """concat_ws(E'\\n', jsonb_build_array(
    NEW.evaluation_id, NEW.settlement_month, NEW.evaluation_no, NEW.input_hash, NEW.policy_hash,
    NEW.actor, NEW.reason, extract(epoch FROM NEW.evaluated_at), NEW.recorded_in),
    (SELECT jsonb_agg(revision_id ORDER BY revision_id)
     FROM growth_points.evaluation_input WHERE evaluation_id = NEW.evaluation_id),
    (SELECT string_agg(concat_ws('|', outcome, coalesce(tier, 0), points, window_amount_krw,
       array_to_string(reasons, ','), length(seller_id), seller_id), E'\\n' ORDER BY seller_id)
     FROM growth_points.decision WHERE evaluation_id = NEW.evaluation_id))"""

_SEALED = (
    ("policy", "NEW.policy_hash", _POLICY),
    ("revision", "NEW.revision_id::text", _REVISION),
    ("evaluation", "NEW.evaluation_id::text", _EVALUATION),
    ("payout_date", "concat_ws('/', NEW.settlement_month, NEW.plan_no)", _PAYOUT_DATE),
)


def upgrade() -> None:
    """Seal from now on what a month's closing records."""
    for table, key, content in _SEALED:
        op.execute(_SEAL.format(table=table, key=key, content=content))


def downgrade() -> None:
    """Refuse: unsealed records could be changed unseen."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
