-- Months: policies, deliveries, evaluations with their decisions, payout dates, and the runs that
-- made them.
--
-- Everything is recorded once: a correction is a new revision, a new evaluation, a new payout date.
-- Amounts and decisions come in bulk (a million rows a month), so `belongs` checks once a statement
-- what a foreign key would check row by row.

CREATE TABLE policy (
  policy_hash text NOT NULL CONSTRAINT policy_pk PRIMARY KEY
              CONSTRAINT policy_hash_is_sha256 CHECK (policy_hash ~ '^[0-9a-f]{64}$'),
  name        text NOT NULL CONSTRAINT policy_has_a_name CHECK (name <> ''),
  content     text NOT NULL,
  -- An adjustment of more points needs an approval.
  adjustment_limit bigint NOT NULL CONSTRAINT policy_adjustment_limit_known
              CHECK (adjustment_limit BETWEEN 0 AND 1000000000000),
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- A delivery that was accepted. `rows_hash` is of its amounts and snapshot, as they were read.
CREATE TABLE revision (
  revision_id      integer GENERATED ALWAYS AS IDENTITY CONSTRAINT revision_pk PRIMARY KEY,
  settlement_month calendar_month NOT NULL,
  revision_no      integer NOT NULL CONSTRAINT revision_no_counts_from_1 CHECK (revision_no >= 1),
  content_hash     text    NOT NULL
                   CONSTRAINT revision_hash_is_sha256 CHECK (content_hash ~ '^[0-9a-f]{64}$'),
  rows_hash        text    NOT NULL
                   CONSTRAINT revision_rows_hash_is_sha256 CHECK (rows_hash ~ '^[0-9a-f]{64}$'),
  source           text    NOT NULL,
  lines            bigint  NOT NULL CONSTRAINT revision_lines_not_negative CHECK (lines >= 0),
  amount_krw       bigint  NOT NULL,
  sellers          integer NOT NULL CONSTRAINT revision_has_sellers CHECK (sellers > 0),
  profile          jsonb   NOT NULL CONSTRAINT revision_profile_is_readable CHECK (
                     CASE jsonb_typeof(profile) WHEN 'object' THEN
                       coalesce(jsonb_typeof(profile -> 'unknown_words'), 'array') = 'array'
                       AND coalesce(jsonb_typeof(profile -> 'files'), 'array') = 'array'
                     ELSE false END),
  findings         jsonb   NOT NULL CONSTRAINT revision_findings_are_readable CHECK (
                     CASE jsonb_typeof(findings) WHEN 'array' THEN
                       jsonb_array_length(findings) = jsonb_array_length(jsonb_path_query_array(
                         findings, 'strict $[*] ? (@.rule.type() == "string"
                           && (@.severity == "critical" || @.severity == "warning"
                               || @.severity == "info")
                           && @.sentence.type() == "string" && @.where.type() == "string"
                           && @.count.type() == "number" && @.examples.type() == "array")'))
                     ELSE false END),
  actor            text    NOT NULL CONSTRAINT revision_has_an_actor CHECK (actor <> ''),
  accepted_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_in      xid8    NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT revision_is_numbered_once UNIQUE (settlement_month, revision_no)
);

-- A delivery that its sender signed: the manifest as it was delivered, which has the hash of every
-- file, and the signature over it. By `delivery_no` an older delivery is known that is sent again.
CREATE TABLE revision_signature (
  revision_id integer NOT NULL CONSTRAINT revision_signature_pk PRIMARY KEY
              CONSTRAINT revision_signature_revision_fk REFERENCES revision,
  sender      text  NOT NULL CONSTRAINT revision_signature_has_a_sender CHECK (sender <> ''),
  public_key  text  NOT NULL CONSTRAINT revision_signature_key_is_ed25519
              CHECK (public_key ~ '^ssh-ed25519 [A-Za-z0-9+/]{68}$'),
  delivery_no integer NOT NULL
              CONSTRAINT revision_signature_no_counts_from_1 CHECK (delivery_no >= 1),
  manifest    bytea NOT NULL,
  signature   text  NOT NULL
);

CREATE TABLE seller_amount (
  revision_id integer NOT NULL,
  seller_id   text COLLATE "C" NOT NULL,
  line_type   text COLLATE "C" NOT NULL,
  lines       integer NOT NULL CONSTRAINT seller_amount_has_lines CHECK (lines > 0),
  amount_krw  bigint NOT NULL CONSTRAINT seller_amount_at_most
              CHECK (amount_krw BETWEEN -1000000000000 AND 1000000000000),
  CONSTRAINT seller_amount_pk PRIMARY KEY (revision_id, seller_id, line_type)
);

CREATE TABLE seller_snapshot (
  revision_id  integer NOT NULL,
  seller_id    text COLLATE "C" NOT NULL
               CONSTRAINT seller_snapshot_id_length CHECK (length(seller_id) BETWEEN 1 AND 64),
  approved_on  date    NOT NULL CONSTRAINT seller_snapshot_approval_is_plausible
               CHECK (approved_on BETWEEN make_date(1900, 1, 1) AND make_date(2999, 12, 31)),
  status       text    NOT NULL,
  runs_department_store_window boolean NOT NULL,
  runs_outlet_window           boolean NOT NULL,
  uses_fulfilment              boolean NOT NULL,
  uses_api                     boolean NOT NULL,
  CONSTRAINT seller_snapshot_pk PRIMARY KEY (revision_id, seller_id)
);

CREATE TABLE evaluation (
  evaluation_id    integer GENERATED ALWAYS AS IDENTITY CONSTRAINT evaluation_pk PRIMARY KEY,
  settlement_month calendar_month NOT NULL,
  evaluation_no    integer NOT NULL CONSTRAINT evaluation_no_counts_from_1 CHECK (evaluation_no >= 1),
  input_hash       text    NOT NULL
                   CONSTRAINT evaluation_hash_is_sha256 CHECK (input_hash ~ '^[0-9a-f]{64}$'),
  policy_hash      text    NOT NULL CONSTRAINT evaluation_policy_fk REFERENCES policy,
  actor            text    NOT NULL CONSTRAINT evaluation_has_an_actor CHECK (actor <> ''),
  reason           text    NOT NULL CONSTRAINT evaluation_has_a_reason CHECK (reason <> ''),
  evaluated_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_in      xid8    NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT evaluation_is_numbered_once UNIQUE (settlement_month, evaluation_no)
);

CREATE TABLE evaluation_input (
  evaluation_id integer NOT NULL CONSTRAINT evaluation_input_evaluation_fk REFERENCES evaluation,
  revision_id   integer NOT NULL CONSTRAINT evaluation_input_revision_fk REFERENCES revision,
  CONSTRAINT evaluation_input_pk PRIMARY KEY (evaluation_id, revision_id)
);

-- No index over what was awarded: the primary key finds an evaluation's decisions fast enough, and
-- an index makes every closing slower.
CREATE TABLE decision (
  evaluation_id     integer  NOT NULL,
  seller_id         text COLLATE "C" NOT NULL,
  outcome           text     NOT NULL
                    CONSTRAINT decision_outcome_known CHECK (outcome IN ('awarded', 'not_eligible')),
  tier              smallint,
  points            bigint   NOT NULL
                    CONSTRAINT decision_points_at_most CHECK (points <= 1000000000000),
  window_amount_krw bigint   NOT NULL,
  reasons           text[]   NOT NULL,
  CONSTRAINT decision_pk PRIMARY KEY (evaluation_id, seller_id),
  CONSTRAINT decision_awards_or_gives_reasons CHECK (
    CASE outcome WHEN 'awarded' THEN tier IS NOT NULL AND points > 0 AND cardinality(reasons) = 0
                 ELSE tier IS NULL AND points = 0 AND cardinality(reasons) > 0 END)
);

CREATE TABLE payout_date (
  settlement_month calendar_month NOT NULL,
  plan_no          integer NOT NULL CONSTRAINT payout_date_no_counts_from_1 CHECK (plan_no >= 1),
  due_on           calendar_day NOT NULL
                   CONSTRAINT payout_date_is_after_the_month
                   CHECK (due_on >= settlement_month + interval '1 month')
                   CONSTRAINT payout_date_is_soon
                   CHECK (due_on < settlement_month + interval '3 months'),
  -- [[day, name], ...]
  passed_over      jsonb   NOT NULL CONSTRAINT payout_date_passed_over_is_readable CHECK (
                     CASE jsonb_typeof(passed_over) WHEN 'array' THEN
                       jsonb_array_length(passed_over) = jsonb_array_length(jsonb_path_query_array(
                         passed_over, 'strict $[*] ? (@.size() == 2
                           && @[0].type() == "string" && @[1].type() == "string")'))
                     ELSE false END),
  calendar         text    NOT NULL,
  -- {day: name}
  extra_holidays   jsonb   NOT NULL CONSTRAINT payout_date_extra_holidays_are_readable CHECK (
                     CASE jsonb_typeof(extra_holidays) WHEN 'object' THEN
                       NOT jsonb_path_exists(extra_holidays, 'strict $.* ? (@.type() != "string")')
                     ELSE false END),
  policy_hash      text    NOT NULL CONSTRAINT payout_date_policy_fk REFERENCES policy,
  planned_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT payout_date_pk PRIMARY KEY (settlement_month, plan_no)
);

-- A run is recorded in the transaction of what it did, also when it changed nothing.
CREATE TABLE run (
  run_no           integer GENERATED ALWAYS AS IDENTITY CONSTRAINT run_pk PRIMARY KEY,
  settlement_month calendar_month NOT NULL,
  action           text NOT NULL CONSTRAINT run_action_known CHECK (action IN (
                     'ingest', 'close', 'evaluate again', 'approve', 'pay out', 'award correction',
                     'clawback', 'reinstatement', 'reschedule')),
  caused_by        calendar_month,
  actor            text NOT NULL CONSTRAINT run_has_an_actor CHECK (actor <> ''),
  origin           text NOT NULL CONSTRAINT run_has_an_origin CHECK (origin <> ''),
  reason           text NOT NULL CONSTRAINT run_has_a_reason CHECK (reason <> ''),
  revision_id      integer CONSTRAINT run_revision_fk REFERENCES revision,
  evaluation_id    integer CONSTRAINT run_evaluation_fk REFERENCES evaluation,
  changed          boolean NOT NULL,
  -- Whole numbers by name; a text for why a run was refused, for its input and its policy.
  difference       jsonb NOT NULL CONSTRAINT run_difference_is_readable CHECK (
                     CASE jsonb_typeof(difference) WHEN 'object' THEN
                       NOT jsonb_path_exists(difference, 'strict $.keyvalue() ? (
                         (@.key == "refused" || @.key == "input" || @.key == "policy")
                           && @.value.type() != "string"
                         || !(@.key == "refused" || @.key == "input" || @.key == "policy")
                           && (@.value.type() != "number" || @.value.floor() != @.value
                               || @.value.abs() > 1000000000000000000))')
                     ELSE false END),
  started_at       instant NOT NULL,
  recorded_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT run_names_its_cause CHECK ((action = 'evaluate again') = (caused_by IS NOT NULL)),
  CONSTRAINT run_approves_an_evaluation CHECK (
    action <> 'approve' OR difference ->> 'refused' IS NOT NULL OR evaluation_id IS NOT NULL),
  CONSTRAINT run_refused_changed_nothing CHECK (difference ->> 'refused' IS NULL OR NOT changed)
);
CREATE INDEX run_of_month ON run (settlement_month, run_no);

-- A closing records above how many points the payout of its month needs an approval; -1: any does.
-- The strictest rule of a month applies.
CREATE TABLE approval_rule (
  settlement_month calendar_month NOT NULL,
  above_points     bigint NOT NULL CONSTRAINT approval_rule_known CHECK (above_points >= -1),
  recorded_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT approval_rule_pk PRIMARY KEY (settlement_month, above_points)
);

-- An approval agrees to the points that an evaluation's awards pay in total. A restatement is another
-- evaluation, which needs an approval of its own.
CREATE TABLE approval (
  evaluation_id integer NOT NULL CONSTRAINT approval_pk PRIMARY KEY
                CONSTRAINT approval_evaluation_fk REFERENCES evaluation,
  points        bigint NOT NULL,
  actor         text   NOT NULL CONSTRAINT approval_has_an_actor CHECK (actor <> ''),
  reason        text   NOT NULL CONSTRAINT approval_has_a_reason CHECK (reason <> ''),
  approved_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Whoever may approve records the runs that approve, and whoever may pay all others.
CREATE FUNCTION run_is_of_its_login() RETURNS trigger
LANGUAGE plpgsql SET search_path = growth_points, pg_temp AS $$
BEGIN
  IF NOT has_any_column_privilege(
    CASE NEW.action WHEN 'approve' THEN 'approval' ELSE 'payout' END, 'INSERT'
  ) THEN
    RAISE EXCEPTION '% may not record that it did: %', current_user, NEW.action
      USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'run_is_of_its_login';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER is_of_its_login BEFORE INSERT ON run
  FOR EACH ROW EXECUTE FUNCTION run_is_of_its_login();
CREATE TRIGGER belongs AFTER INSERT ON revision_signature REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION rows_belong('revision');
-- Whether any snapshot has a store, looked up in each of them, newest first. Its callers, which work as
-- the owner, go by index.
CREATE FUNCTION seller_is_known(asked text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  RETURN (
    SELECT count(*) > 0 FROM (
      SELECT FROM revision WHERE EXISTS (
        SELECT FROM seller_snapshot store
        WHERE (store.revision_id, store.seller_id) = (revision.revision_id, asked)
        OFFSET 0)
      ORDER BY revision_id DESC LIMIT 1
    ) newest);
END $$;

-- Every decision is of a store in the snapshot, which is that of the newest month of the input.
-- There are no statistics yet of what was just inserted; both sides are in order.
CREATE FUNCTION decision_is_of_the_snapshot() RETURNS trigger
LANGUAGE plpgsql SET search_path = growth_points, pg_temp
SET enable_nestloop = off SET enable_hashjoin = off SET jit = off AS $$
DECLARE
  made integer;
  snapshot integer;
BEGIN
  FOR made IN SELECT DISTINCT evaluation_id FROM new_rows LOOP
    SELECT revision_id INTO snapshot FROM evaluation_input JOIN revision USING (revision_id)
      WHERE evaluation_id = made ORDER BY settlement_month DESC LIMIT 1;
    IF EXISTS (
      SELECT FROM new_rows WHERE evaluation_id = made AND NOT EXISTS (
        SELECT FROM seller_snapshot store
        WHERE store.revision_id = snapshot AND store.seller_id = new_rows.seller_id)
    ) THEN
      RAISE EXCEPTION 'a decision is of a store in the snapshot of its evaluation'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'decision_is_of_the_snapshot';
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

-- The input are the newest revisions of their months. Decisions rest on it, so it comes before them.
-- By itself the planner reads all decisions ever made to see that an evaluation has none.
CREATE FUNCTION input_is_the_newest() RETURNS trigger
LANGUAGE plpgsql SET search_path = growth_points, pg_temp SET enable_seqscan = off AS $$
BEGIN
  IF EXISTS (
    SELECT FROM new_rows JOIN revision used USING (revision_id)
    JOIN revision newer USING (settlement_month) WHERE newer.revision_no > used.revision_no
  ) THEN
    RAISE EXCEPTION 'an evaluation rests on the newest revision of each month'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'evaluation_input_is_the_newest';
  END IF;
  IF EXISTS (
    SELECT FROM new_rows CROSS JOIN LATERAL (
      SELECT FROM decision WHERE decision.evaluation_id = new_rows.evaluation_id LIMIT 1) made
  ) THEN
    RAISE EXCEPTION 'the input of an evaluation is recorded before its decisions'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'evaluation_input_comes_first';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER is_of_the_snapshot AFTER INSERT ON decision REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION decision_is_of_the_snapshot();
CREATE TRIGGER is_the_newest AFTER INSERT ON evaluation_input REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION input_is_the_newest();

CREATE TRIGGER counts_on AFTER INSERT ON revision
  FOR EACH ROW EXECUTE FUNCTION numbers_count_on('revision_no');
CREATE TRIGGER counts_on AFTER INSERT ON evaluation
  FOR EACH ROW EXECUTE FUNCTION numbers_count_on('evaluation_no');
CREATE TRIGGER counts_on AFTER INSERT ON payout_date
  FOR EACH ROW EXECUTE FUNCTION numbers_count_on('plan_no');

CREATE TRIGGER belongs AFTER INSERT ON seller_amount REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION rows_belong('revision');
CREATE TRIGGER belongs AFTER INSERT ON seller_snapshot REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION rows_belong('revision');
CREATE TRIGGER belongs AFTER INSERT ON evaluation_input REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION rows_belong('evaluation');
CREATE TRIGGER belongs AFTER INSERT ON decision REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION rows_belong('evaluation');

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON revision
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON revision_signature
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seller_amount
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seller_snapshot
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evaluation
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evaluation_input
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payout_date
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON run
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON approval_rule
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON approval
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
