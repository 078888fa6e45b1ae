"""Months: deliveries taken in, policies, evaluations and their decisions, payout dates.

Everything here is recorded once and never changed: a correction is a new revision, a new
evaluation, a new payout date. The database refuses anything else, also to the tables' owner;
the service itself works as a role that may select and insert, nothing more.

Amounts and decisions arrive in bulk (a million rows a month), so what a foreign key would check
row by row is checked once a statement: rows come in the transaction that records what they
belong to, and never later.
"""

from alembic import op

revision = "0001"
down_revision = None

_TABLES = """
CREATE TABLE growth_points.policy (
  policy_hash text NOT NULL CONSTRAINT policy_pk PRIMARY KEY
              CONSTRAINT policy_hash_is_sha256 CHECK (policy_hash ~ '^[0-9a-f]{64}$'),
  name        text NOT NULL CONSTRAINT policy_has_a_name CHECK (name <> ''),
  content     text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE growth_points.revision (
  revision_id      integer GENERATED ALWAYS AS IDENTITY CONSTRAINT revision_pk PRIMARY KEY,
  settlement_month date    NOT NULL
                   CONSTRAINT revision_month_is_a_first CHECK (extract(day FROM settlement_month) = 1),
  revision_no      integer NOT NULL CONSTRAINT revision_no_counts_from_1 CHECK (revision_no >= 1),
  content_hash     text    NOT NULL
                   CONSTRAINT revision_hash_is_sha256 CHECK (content_hash ~ '^[0-9a-f]{64}$'),
  source           text    NOT NULL,
  lines            bigint  NOT NULL CONSTRAINT revision_lines_not_negative CHECK (lines >= 0),
  amount_krw       bigint  NOT NULL,
  sellers          integer NOT NULL CONSTRAINT revision_has_sellers CHECK (sellers > 0),
  profile          jsonb   NOT NULL,
  findings         jsonb   NOT NULL,
  actor            text    NOT NULL CONSTRAINT revision_has_an_actor CHECK (actor <> ''),
  accepted_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_in      xid8    NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT revision_is_numbered_once UNIQUE (settlement_month, revision_no)
);

CREATE TABLE growth_points.seller_amount (
  revision_id integer NOT NULL,
  seller_id   text COLLATE "C" NOT NULL,
  line_type   text COLLATE "C" NOT NULL,
  lines       integer NOT NULL CONSTRAINT seller_amount_has_lines CHECK (lines > 0),
  amount_krw  bigint NOT NULL,
  CONSTRAINT seller_amount_pk PRIMARY KEY (revision_id, seller_id, line_type)
);

CREATE TABLE growth_points.seller_snapshot (
  revision_id  integer NOT NULL,
  seller_id    text COLLATE "C" NOT NULL
               CONSTRAINT seller_snapshot_id_length CHECK (length(seller_id) BETWEEN 1 AND 64),
  approved_on  date    NOT NULL,
  status       text    NOT NULL,
  runs_department_store_window boolean NOT NULL,
  runs_outlet_window           boolean NOT NULL,
  uses_fulfilment              boolean NOT NULL,
  uses_api                     boolean NOT NULL,
  CONSTRAINT seller_snapshot_pk PRIMARY KEY (revision_id, seller_id)
);

CREATE TABLE growth_points.evaluation (
  evaluation_id    integer GENERATED ALWAYS AS IDENTITY CONSTRAINT evaluation_pk PRIMARY KEY,
  settlement_month date    NOT NULL
                   CONSTRAINT evaluation_month_is_a_first CHECK (extract(day FROM settlement_month) = 1),
  evaluation_no    integer NOT NULL CONSTRAINT evaluation_no_counts_from_1 CHECK (evaluation_no >= 1),
  input_hash       text    NOT NULL
                   CONSTRAINT evaluation_hash_is_sha256 CHECK (input_hash ~ '^[0-9a-f]{64}$'),
  policy_hash      text    NOT NULL
                   CONSTRAINT evaluation_policy_fk REFERENCES growth_points.policy,
  actor            text    NOT NULL CONSTRAINT evaluation_has_an_actor CHECK (actor <> ''),
  reason           text    NOT NULL CONSTRAINT evaluation_has_a_reason CHECK (reason <> ''),
  evaluated_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_in      xid8    NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT evaluation_is_numbered_once UNIQUE (settlement_month, evaluation_no)
);

CREATE TABLE growth_points.evaluation_input (
  evaluation_id integer NOT NULL
                CONSTRAINT evaluation_input_evaluation_fk REFERENCES growth_points.evaluation,
  revision_id   integer NOT NULL
                CONSTRAINT evaluation_input_revision_fk REFERENCES growth_points.revision,
  CONSTRAINT evaluation_input_pk PRIMARY KEY (evaluation_id, revision_id)
);

CREATE TABLE growth_points.decision (
  evaluation_id     integer  NOT NULL,
  seller_id         text COLLATE "C" NOT NULL,
  outcome           text     NOT NULL
                    CONSTRAINT decision_outcome_known CHECK (outcome IN ('awarded', 'not_eligible')),
  tier              smallint,
  points            bigint   NOT NULL,
  window_amount_krw bigint   NOT NULL,
  reasons           text[]   NOT NULL,
  CONSTRAINT decision_pk PRIMARY KEY (evaluation_id, seller_id),
  CONSTRAINT decision_awards_or_gives_reasons CHECK (
    CASE outcome WHEN 'awarded' THEN tier IS NOT NULL AND points > 0 AND cardinality(reasons) = 0
                 ELSE tier IS NULL AND points = 0 AND cardinality(reasons) > 0 END)
);
CREATE INDEX decision_awarded ON growth_points.decision (evaluation_id) WHERE outcome = 'awarded';

CREATE TABLE growth_points.payout_date (
  settlement_month date    NOT NULL,
  plan_no          integer NOT NULL CONSTRAINT payout_date_no_counts_from_1 CHECK (plan_no >= 1),
  due_on           date    NOT NULL
                   CONSTRAINT payout_date_is_after_the_month
                   CHECK (due_on >= settlement_month + interval '1 month'),
  passed_over      jsonb   NOT NULL,
  calendar         text    NOT NULL,
  extra_holidays   jsonb   NOT NULL,
  policy_hash      text    NOT NULL
                   CONSTRAINT payout_date_policy_fk REFERENCES growth_points.policy,
  planned_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT payout_date_pk PRIMARY KEY (settlement_month, plan_no)
);

CREATE FUNCTION growth_points.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: what was recorded stays; correct it by adding',
    TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""

_SERVICE_ROLE = """
DO $$ BEGIN
  IF to_regrole('growth_points_service') IS NULL THEN
    CREATE ROLE growth_points_service NOLOGIN;
  END IF;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL;  -- roles belong to the whole server
  WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'the role growth_points_service is missing and % may not create it', current_user
      USING ERRCODE = 'insufficient_privilege',
            HINT = 'Let an administrator run: CREATE ROLE growth_points_service NOLOGIN; '
                || format('GRANT growth_points_service TO %I', current_user);
END $$;
DO $$ BEGIN
  GRANT growth_points_service TO CURRENT_USER;
EXCEPTION WHEN insufficient_privilege THEN
  IF NOT pg_has_role(current_user, 'growth_points_service', 'MEMBER') THEN
    RAISE EXCEPTION '% may not work as the role growth_points_service', current_user
      USING ERRCODE = 'insufficient_privilege',
            HINT = format('Let an administrator run: GRANT growth_points_service TO %I', current_user);
  END IF;
END $$;
GRANT USAGE ON SCHEMA growth_points TO growth_points_service;
"""

_SERVICE_MAY = "GRANT SELECT, INSERT ON growth_points.{table} TO growth_points_service"

_APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON growth_points.{table}
  FOR EACH STATEMENT EXECUTE FUNCTION growth_points.refuse_change();
ALTER TABLE growth_points.{table} ENABLE ALWAYS TRIGGER append_only;
"""

_BELONGS = """
CREATE FUNCTION growth_points.{table}_belongs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT {parent}_id FROM new_rows) added
    LEFT JOIN growth_points.{parent} USING ({parent}_id)
    WHERE recorded_in IS DISTINCT FROM pg_current_xact_id()
  ) THEN
    RAISE EXCEPTION '{table}: rows are added in the transaction that records their {parent}, never later'
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER belongs AFTER INSERT ON growth_points.{table}
  REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION growth_points.{table}_belongs();
ALTER TABLE growth_points.{table} ENABLE ALWAYS TRIGGER belongs;
"""

_RECORDED = (
    "policy",
    "revision",
    "seller_amount",
    "seller_snapshot",
    "evaluation",
    "evaluation_input",
    "decision",
    "payout_date",
)
_BULK = (
    ("seller_amount", "revision"),
    ("seller_snapshot", "revision"),
    ("evaluation_input", "evaluation"),
    ("decision", "evaluation"),
)


def upgrade() -> None:
    """Create the tables and the triggers that keep what is recorded as it is."""
    op.execute(_TABLES)
    op.execute(_SERVICE_ROLE)
    op.execute("GRANT SELECT ON growth_points.alembic_version TO growth_points_service")
    for table in _RECORDED:
        op.execute(_APPEND_ONLY.format(table=table))
        op.execute(_SERVICE_MAY.format(table=table))
    for table, parent in _BULK:
        op.execute(_BELONGS.format(table=table, parent=parent))


def downgrade() -> None:
    """Refuse: taking the tables away would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
