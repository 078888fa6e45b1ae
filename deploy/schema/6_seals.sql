-- Seals: everything recorded is noted at its commit and soon after chained, so the newest seal
-- stands for all of it. A value changed behind the triggers' back no longer matches its seal.
--
-- A commit only notes what it recorded, with its hash; a seal made at the commit itself would keep
-- all commits in a row, each waiting for the disk. Whoever needs the head of the chain seals what
-- waits (`seal_waiting`), and so does every 64th note, unless somebody does. A chain proves
-- something only below a head that somebody outside knows, and before a head is told, everything
-- that it stands for is sealed.
--
-- Notes are numbered after their transaction took all its locks, so a record that rests on another
-- one has the higher number. Only what is committed, or of the same transaction, is sealed. So seals
-- are in the order of commits, without a gap, and a late commit comes after what was sealed before.
--
-- The balances of the fund and of the places where points end run along the chain, one line a seal,
-- so they are no row that everybody waits for.

CREATE TABLE unsealed (
  note_no          bigint GENERATED ALWAYS AS IDENTITY,
  noted_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  subject          text COLLATE "C" NOT NULL,
  subject_key      text COLLATE "C" NOT NULL,
  content_hash     bytea NOT NULL,
  program_fund     bigint NOT NULL,
  search_ad_credit bigint NOT NULL,
  customer_reward  bigint NOT NULL,
  expired          bigint NOT NULL,
  CONSTRAINT unsealed_pk PRIMARY KEY (subject, subject_key)
);

-- Balances are numeric: what was committed must never be too large to be sealed.
CREATE TABLE seal (
  seal_no          bigint NOT NULL CONSTRAINT seal_pk PRIMARY KEY,
  subject          text COLLATE "C" NOT NULL,
  subject_key      text COLLATE "C" NOT NULL,
  content_hash     bytea NOT NULL,
  sealed_at        timestamptz NOT NULL,
  fund_floor       bigint,
  program_fund     numeric NOT NULL,
  search_ad_credit numeric NOT NULL,
  customer_reward  numeric NOT NULL,
  expired          numeric NOT NULL,
  hash             bytea NOT NULL,
  CONSTRAINT seal_program_fund_not_below_its_floor CHECK (program_fund >= fund_floor),
  CONSTRAINT seal_no_account_overdrawn
    CHECK (least(search_ad_credit, customer_reward, expired) >= 0),
  CONSTRAINT seal_seals_once UNIQUE (subject, subject_key)
);

-- The balances of the program's accounts as of now: of the newest seal, and what waits after it.
CREATE VIEW program_balance AS
  SELECT (SELECT floor FROM budget ORDER BY budget_no DESC LIMIT 1) AS fund_floor,
         coalesce(last.program_fund, 0) + waiting.program_fund AS program_fund,
         coalesce(last.search_ad_credit, 0) + waiting.search_ad_credit AS search_ad_credit,
         coalesce(last.customer_reward, 0) + waiting.customer_reward AS customer_reward,
         coalesce(last.expired, 0) + waiting.expired AS expired
  FROM (
    SELECT coalesce(sum(program_fund), 0) AS program_fund,
           coalesce(sum(search_ad_credit), 0) AS search_ad_credit,
           coalesce(sum(customer_reward), 0) AS customer_reward,
           coalesce(sum(expired), 0) AS expired
    FROM unsealed
  ) waiting
  LEFT JOIN (SELECT * FROM seal ORDER BY seal_no DESC LIMIT 1) last ON true;

-- What a record changes in the balances of the program's accounts.
CREATE TYPE program_balances AS (
  program_fund bigint, search_ad_credit bigint, customer_reward bigint, expired bigint
);


-- Chaining what waits.

CREATE FUNCTION next_link(last bytea, before_all bytea, content text) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(coalesce(last, before_all) || convert_to(content, 'UTF8'))
$$;
CREATE AGGREGATE chained(before_all bytea, content text) (SFUNC = next_link, STYPE = bytea);

CREATE FUNCTION chain_waiting() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
  last seal;
BEGIN
  PERFORM pg_advisory_xact_lock(7310020003);
  SELECT * INTO last FROM seal ORDER BY seal_no DESC LIMIT 1;
  WITH taken AS (
    DELETE FROM unsealed RETURNING *
  ), numbered AS (
    SELECT taken.*, row_number() OVER waiting AS number,
           greatest(last.sealed_at, max(noted_at) OVER waiting) AS at,
           max(CASE subject WHEN 'budget' THEN subject_key::integer END) OVER waiting AS budget_no,
           sum(program_fund) OVER waiting AS fund,
           sum(search_ad_credit) OVER waiting AS ads,
           sum(customer_reward) OVER waiting AS rewards,
           sum(taken.expired) OVER waiting AS gone
    FROM taken WINDOW waiting AS (ORDER BY note_no)
  ), next AS (
    SELECT coalesce(last.seal_no, 0) + number AS seal_no, subject, subject_key, content_hash,
           at AS sealed_at,
           CASE WHEN numbered.budget_no IS NULL THEN last.fund_floor ELSE floor END AS fund_floor,
           coalesce(last.program_fund, 0) + fund AS program_fund,
           coalesce(last.search_ad_credit, 0) + ads AS search_ad_credit,
           coalesce(last.customer_reward, 0) + rewards AS customer_reward,
           coalesce(last.expired, 0) + gone AS expired
    FROM numbered LEFT JOIN budget USING (budget_no)
  )
  INSERT INTO seal
    SELECT next.*, chained(coalesce(last.hash, ''), jsonb_build_array(
      seal_no, subject, subject_key, encode(content_hash, 'hex'), extract(epoch FROM sealed_at),
      fund_floor, program_fund, search_ad_credit, customer_reward, expired)::text
    ) OVER (ORDER BY seal_no)
    FROM next;
END $$;

-- Sealing happens inside a trigger, so the tables can refuse every statement that comes from none.
CREATE VIEW sealing AS SELECT count(*) AS waiting FROM unsealed;

CREATE FUNCTION chain_what_waits() RETURNS trigger
LANGUAGE plpgsql SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM chain_waiting();
  RETURN NULL;
END $$;
CREATE TRIGGER chains INSTEAD OF INSERT ON sealing
  FOR EACH ROW EXECUTE FUNCTION chain_what_waits();

CREATE FUNCTION seal_waiting() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  INSERT INTO sealing DEFAULT VALUES;
END $$;


-- Noting what a commit recorded. A content names every column, text with its length before it, in
-- no session's time zone or language: no two contents read the same.

CREATE FUNCTION note(
  subject text, subject_key text, content text, change program_balances DEFAULT ROW(0, 0, 0, 0)
) RETURNS void
LANGUAGE plpgsql SET search_path = growth_points, pg_temp SET enable_seqscan = off AS $$
DECLARE
  least_fund bigint;
  number bigint;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(7310020004);
  IF change.program_fund < 0 THEN
    SELECT floor INTO least_fund FROM budget ORDER BY budget_no DESC LIMIT 1;
    IF least_fund IS NOT NULL THEN
      PERFORM pg_advisory_xact_lock(7310020003);
      IF (SELECT program_fund FROM program_balance) + change.program_fund < least_fund THEN
        RAISE EXCEPTION 'the budget of % does not cover what is posted', -least_fund
          USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_stays_within_the_budget';
      END IF;
    END IF;
  END IF;
  INSERT INTO unsealed (subject, subject_key, content_hash,
      program_fund, search_ad_credit, customer_reward, expired)
    VALUES (subject, subject_key, sha256(convert_to(content, 'UTF8')), change.program_fund,
      change.search_ad_credit, change.customer_reward, change.expired)
    RETURNING note_no INTO number;
  IF number % 64 = 0 THEN
    IF pg_try_advisory_xact_lock(7310020003) THEN
      PERFORM seal_waiting();
    END IF;
  END IF;
END $$;

CREATE FUNCTION seal_policy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM note('policy', NEW.policy_hash, jsonb_build_array(
    NEW.policy_hash, NEW.name, NEW.content, extract(epoch FROM NEW.recorded_at))::text);
  RETURN NULL;
END $$;

CREATE FUNCTION seal_revision() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM note('revision', NEW.revision_id::text, jsonb_build_array(
    NEW.revision_id, NEW.settlement_month, NEW.revision_no, NEW.content_hash, NEW.source,
    NEW.lines, NEW.amount_krw, NEW.sellers, NEW.profile, NEW.findings, NEW.actor,
    extract(epoch FROM NEW.accepted_at), NEW.recorded_in, NEW.rows_hash)::text);
  RETURN NULL;
END $$;

-- An evaluation is sealed with its input and its decisions. Compiling takes longer than it saves.
CREATE FUNCTION seal_evaluation() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp SET jit = off AS $$
BEGIN
  PERFORM note('evaluation', NEW.evaluation_id::text, concat_ws(E'\n', jsonb_build_array(
    NEW.evaluation_id, NEW.settlement_month, NEW.evaluation_no, NEW.input_hash, NEW.policy_hash,
    NEW.actor, NEW.reason, extract(epoch FROM NEW.evaluated_at), NEW.recorded_in),
    (SELECT jsonb_agg(revision_id ORDER BY revision_id)
     FROM evaluation_input WHERE evaluation_id = NEW.evaluation_id),
    (SELECT string_agg(concat_ws('|', outcome, coalesce(tier, 0), points, window_amount_krw,
       array_to_string(reasons, ','), length(seller_id), seller_id), E'\n' ORDER BY seller_id)
     FROM decision WHERE evaluation_id = NEW.evaluation_id)));
  RETURN NULL;
END $$;

CREATE FUNCTION seal_payout_date() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM note('payout_date', concat_ws('/', NEW.settlement_month, NEW.plan_no), jsonb_build_array(
    NEW.settlement_month, NEW.plan_no, NEW.due_on, NEW.passed_over, NEW.calendar,
    NEW.extra_holidays, NEW.policy_hash, extract(epoch FROM NEW.planned_at))::text);
  RETURN NULL;
END $$;

CREATE FUNCTION seal_run() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM note('run', NEW.run_no::text, jsonb_build_array(
    NEW.run_no, NEW.settlement_month, NEW.action, NEW.caused_by, NEW.actor, NEW.origin, NEW.reason,
    NEW.revision_id, NEW.evaluation_id, NEW.changed, NEW.difference,
    extract(epoch FROM NEW.started_at), extract(epoch FROM NEW.recorded_at))::text);
  RETURN NULL;
END $$;

-- A posting is sealed with its transfers, an adjustment with what it corrects, too. One without any
-- transfer is refused, and so is a payout's posting without its payout.
CREATE FUNCTION seal_posting() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off SET max_parallel_workers_per_gather = 0 SET jit = off AS $$
DECLARE
  lines text;
  change program_balances;
BEGIN
  SELECT string_agg(concat_ws('|', entry_no, kind, debit_account, credit_account, points,
           coalesce(tier, 0), coalesce(award_no, 0), coalesce(finishes, 0),
           length(seller_id), seller_id), E'\n' ORDER BY entry_no),
         coalesce(sum(points) FILTER (WHERE credit_account = 'program_fund'), 0)
           - coalesce(sum(points) FILTER (WHERE debit_account = 'program_fund'), 0),
         coalesce(sum(points) FILTER (WHERE credit_account = 'search_ad_credit'), 0),
         coalesce(sum(points) FILTER (WHERE credit_account = 'customer_reward'), 0),
         coalesce(sum(points) FILTER (WHERE credit_account = 'expired'), 0)
    INTO lines, change.program_fund, change.search_ad_credit, change.customer_reward, change.expired
    FROM transfer WHERE posting_no = NEW.posting_no;
  IF lines IS NULL THEN
    RAISE EXCEPTION 'posting % has no transfers', NEW.key
      USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_has_transfers';
  END IF;
  IF NEW.kind = 'adjustment' THEN
    lines := concat_ws(E'\n', lines, (
      SELECT jsonb_build_array(kind, settlement_month, seller_id, tier, points, undoes)
      FROM correction WHERE posting_no = NEW.posting_no));
  END IF;
  IF NEW.kind = 'payout' THEN
    IF NOT EXISTS (SELECT FROM payout WHERE settlement_month = NEW.settlement_month
                   AND posting_no = NEW.posting_no) THEN
      RAISE EXCEPTION 'posting % pays without a payout', NEW.key
        USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_of_a_payout';
    END IF;
  END IF;
  PERFORM note('posting', NEW.posting_no::text, jsonb_build_array(
    NEW.posting_no, NEW.key, NEW.kind, NEW.settlement_month, NEW.evaluation_id,
    encode(NEW.request_hash, 'hex'), NEW.effective_on, NEW.actor, NEW.reason,
    extract(epoch FROM NEW.recorded_at))::text || E'\n' || lines, change);
  RETURN NULL;
END $$;

CREATE FUNCTION seal_payout() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM note('payout', NEW.settlement_month::text, jsonb_build_array(
    NEW.settlement_month, NEW.posting_no, NEW.sellers, NEW.points, NEW.paid_on, NEW.actor,
    extract(epoch FROM NEW.paid_at))::text);
  RETURN NULL;
END $$;

CREATE FUNCTION seal_budget() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM note('budget', NEW.budget_no::text, jsonb_build_array(
    NEW.budget_no, NEW.floor, NEW.actor, NEW.reason, extract(epoch FROM NEW.set_at))::text);
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON policy
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_policy();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON revision
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_revision();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON evaluation
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_evaluation();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON payout_date
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_payout_date();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON run
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_run();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON posting
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_posting();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON payout
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_payout();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON budget
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_budget();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seal
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER made_by_the_database BEFORE INSERT ON seal
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_by_hand();
CREATE TRIGGER made_by_the_database BEFORE INSERT ON unsealed
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_by_hand();
CREATE TRIGGER leaves_by_its_seal BEFORE DELETE ON unsealed
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_by_hand();
CREATE TRIGGER stays_as_noted BEFORE UPDATE OR TRUNCATE ON unsealed
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
