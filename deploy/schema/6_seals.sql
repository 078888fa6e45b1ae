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
-- The balances of the program's accounts run along the chain: a seal covers those that its record
-- changed. So they are no rows that everybody waits for.

-- `changes` is what a posting changes in the program's accounts, {account: points}.
CREATE TABLE unsealed (
  note_no      bigint GENERATED ALWAYS AS IDENTITY,
  noted_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  subject      text COLLATE "C" NOT NULL,
  subject_key  text COLLATE "C" NOT NULL,
  content_hash bytea NOT NULL,
  changes      jsonb,
  CONSTRAINT unsealed_pk PRIMARY KEY (subject, subject_key)
);

CREATE TABLE seal (
  seal_no      bigint NOT NULL CONSTRAINT seal_pk PRIMARY KEY,
  subject      text COLLATE "C" NOT NULL,
  subject_key  text COLLATE "C" NOT NULL,
  content_hash bytea NOT NULL,
  sealed_at    timestamptz NOT NULL,
  hash         bytea NOT NULL,
  CONSTRAINT seal_seals_once UNIQUE (subject, subject_key)
);

-- What the program's accounts hold from a seal on. The fund's floor is the budget's, NULL without
-- one. Points are numeric: what was committed must never be too large to be sealed.
CREATE TABLE seal_balance (
  seal_no bigint NOT NULL,
  account text COLLATE "C" NOT NULL,
  points  numeric NOT NULL,
  floor   bigint,
  CONSTRAINT seal_balance_pk PRIMARY KEY (account, seal_no),
  CONSTRAINT seal_balance_not_below_its_floor CHECK (points >= floor)
);

-- What the program's accounts hold now: since the newest seal that changed them, and what waits.
CREATE VIEW program_balance AS
  SELECT account,
         coalesce(sealed.points, 0) + coalesce(waiting.points, 0) AS points,
         CASE account WHEN 'program_fund'
              THEN (SELECT floor FROM budget ORDER BY budget_no DESC LIMIT 1) ELSE 0 END AS floor
  FROM account
  LEFT JOIN LATERAL (
    SELECT points FROM seal_balance WHERE seal_balance.account = account.account
    ORDER BY seal_no DESC LIMIT 1
  ) sealed ON true
  LEFT JOIN LATERAL (
    SELECT sum((changes -> account)::bigint) AS points FROM unsealed
  ) waiting ON true
  WHERE holder = 'program';


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
  LOCK TABLE chain_lock IN SHARE UPDATE EXCLUSIVE MODE;
  SELECT * INTO last FROM seal ORDER BY seal_no DESC LIMIT 1;
  WITH taken AS (
    DELETE FROM unsealed RETURNING *
  ), next AS (
    SELECT coalesce(last.seal_no, 0) + row_number() OVER waiting AS seal_no,
           subject, subject_key, content_hash, changes,
           greatest(last.sealed_at, max(noted_at) OVER waiting) AS sealed_at,
           max(CASE subject WHEN 'budget' THEN subject_key::integer END) OVER waiting AS budget_no
    FROM taken WINDOW waiting AS (ORDER BY note_no)
  ), held AS (
    SELECT seal_no, account,
           coalesce(before.points, 0)
             + sum(change.points::numeric) OVER (PARTITION BY account ORDER BY seal_no) AS points,
           CASE WHEN account <> 'program_fund' THEN 0 WHEN budget_no IS NULL THEN before.floor
                ELSE budget.floor END AS floor
    FROM next CROSS JOIN LATERAL jsonb_each_text(changes) AS change (account, points)
    LEFT JOIN budget USING (budget_no)
    LEFT JOIN LATERAL (
      SELECT points, floor FROM seal_balance WHERE seal_balance.account = change.account
      ORDER BY seal_no DESC LIMIT 1
    ) before ON true
  ), kept AS (
    INSERT INTO seal_balance SELECT * FROM held
  )
  INSERT INTO seal
    SELECT seal_no, subject, subject_key, content_hash, sealed_at,
           chained(coalesce(last.hash, ''), jsonb_build_array(
             seal_no, subject, subject_key, encode(content_hash, 'hex'),
             extract(epoch FROM sealed_at), balances)::text) OVER (ORDER BY seal_no)
    FROM next LEFT JOIN (
      SELECT seal_no, jsonb_agg(jsonb_build_array(account, points, floor) ORDER BY account COLLATE "C")
               AS balances
      FROM held GROUP BY seal_no
    ) held USING (seal_no);
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

CREATE FUNCTION note(subject text, subject_key text, content text, changes jsonb DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SET search_path = growth_points, pg_temp AS $$
DECLARE
  number bigint;
BEGIN
  LOCK TABLE note_lock IN ROW EXCLUSIVE MODE;
  INSERT INTO unsealed (subject, subject_key, content_hash, changes)
    VALUES (subject, subject_key, sha256(convert_to(content, 'UTF8')), changes)
    RETURNING note_no INTO number;
  IF number % 64 = 0 THEN
    BEGIN
      LOCK TABLE chain_lock IN SHARE UPDATE EXCLUSIVE MODE NOWAIT;
    EXCEPTION WHEN lock_not_available THEN
      RETURN;
    END;
    PERFORM seal_waiting();
  END IF;
END $$;

-- Under a budget, postings that take from the fund follow each other: each must know what is left.
CREATE FUNCTION stay_within_the_budget(taken bigint) RETURNS void
LANGUAGE plpgsql SET search_path = growth_points, pg_temp SET enable_seqscan = off AS $$
DECLARE
  least bigint;
BEGIN
  LOCK TABLE note_lock IN ROW EXCLUSIVE MODE;
  SELECT floor INTO least FROM budget ORDER BY budget_no DESC LIMIT 1;
  IF least IS NOT NULL THEN
    LOCK TABLE chain_lock IN SHARE UPDATE EXCLUSIVE MODE;
    IF (SELECT points FROM program_balance WHERE account = 'program_fund') - taken < least THEN
      RAISE EXCEPTION 'the budget of % does not cover what is posted', -least
        USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_stays_within_the_budget';
    END IF;
  END IF;
END $$;

CREATE FUNCTION seal_policy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM require_table('policy', TG_RELID);
  PERFORM note('policy', NEW.policy_hash, jsonb_build_array(
    NEW.policy_hash, NEW.name, NEW.content, NEW.adjustment_limit,
    extract(epoch FROM NEW.recorded_at))::text);
  RETURN NULL;
END $$;

CREATE FUNCTION seal_revision() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM require_table('revision', TG_RELID);
  PERFORM note('revision', NEW.revision_id::text, jsonb_build_array(
    NEW.revision_id, NEW.settlement_month, NEW.revision_no, NEW.content_hash, NEW.source,
    NEW.lines, NEW.amount_krw, NEW.sellers, NEW.profile, NEW.findings, NEW.actor,
    extract(epoch FROM NEW.accepted_at), NEW.recorded_in, NEW.rows_hash)::text);
  RETURN NULL;
END $$;

CREATE FUNCTION seal_revision_signature() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM require_table('revision_signature', TG_RELID);
  PERFORM note('revision_signature', NEW.revision_id::text, jsonb_build_array(
    NEW.revision_id, NEW.sender, NEW.public_key, NEW.delivery_no,
    encode(sha256(NEW.manifest), 'hex'), NEW.signature)::text);
  RETURN NULL;
END $$;

-- The input of an evaluation are revisions of consecutive months, its own the last one. How many,
-- its policy says, which the database cannot read.
CREATE FUNCTION require_a_window(of evaluation) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  input record;
BEGIN
  SELECT count(*) AS months, min(settlement_month) AS first, max(settlement_month) AS last
    INTO input FROM evaluation_input JOIN revision USING (revision_id)
    WHERE evaluation_id = of.evaluation_id;
  IF input.last IS DISTINCT FROM of.settlement_month
    OR input.first <> (input.last - (input.months - 1) * interval '1 month')::date
  THEN
    RAISE EXCEPTION 'an evaluation of % rests on revisions of the months until then',
      to_char(of.settlement_month, 'YYYY-MM')
      USING ERRCODE = 'check_violation', CONSTRAINT = 'evaluation_has_a_window';
  END IF;
END $$;

-- An evaluation is sealed with its input and its decisions. Compiling takes longer than it saves.
CREATE FUNCTION seal_evaluation() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp SET jit = off AS $$
BEGIN
  PERFORM require_table('evaluation', TG_RELID);
  PERFORM require_a_window(NEW);
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
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET DateStyle = 'ISO' AS $$
BEGIN
  PERFORM require_table('payout_date', TG_RELID);
  PERFORM note('payout_date', concat_ws('/', NEW.settlement_month, NEW.plan_no), jsonb_build_array(
    NEW.settlement_month, NEW.plan_no, NEW.due_on, NEW.passed_over, NEW.calendar,
    NEW.extra_holidays, NEW.policy_hash, extract(epoch FROM NEW.planned_at))::text);
  RETURN NULL;
END $$;

CREATE FUNCTION seal_run() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM require_table('run', TG_RELID);
  PERFORM note('run', NEW.run_no::text, jsonb_build_array(
    NEW.run_no, NEW.settlement_month, NEW.action, NEW.caused_by, NEW.actor, NEW.origin, NEW.reason,
    NEW.revision_id, NEW.evaluation_id, NEW.changed, NEW.difference,
    extract(epoch FROM NEW.started_at), extract(epoch FROM NEW.recorded_at))::text);
  RETURN NULL;
END $$;

CREATE FUNCTION seal_approval_rule() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET DateStyle = 'ISO' AS $$
BEGIN
  PERFORM require_table('approval_rule', TG_RELID);
  PERFORM note('approval_rule', concat_ws('/', NEW.settlement_month, NEW.above_points),
    jsonb_build_array(
      NEW.settlement_month, NEW.above_points, extract(epoch FROM NEW.recorded_at))::text);
  RETURN NULL;
END $$;

CREATE FUNCTION seal_approval() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM require_table('approval', TG_RELID);
  PERFORM note('approval', NEW.evaluation_id::text, jsonb_build_array(
    NEW.evaluation_id, NEW.points, NEW.actor, NEW.reason,
    extract(epoch FROM NEW.approved_at))::text);
  RETURN NULL;
END $$;

CREATE FUNCTION seal_adjustment_approval() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM require_table('adjustment_approval', TG_RELID);
  PERFORM note('adjustment_approval', NEW.key, jsonb_build_array(
    NEW.key, NEW.seller_id, NEW.points, NEW.actor, NEW.reason,
    extract(epoch FROM NEW.approved_at))::text);
  RETURN NULL;
END $$;

-- A posting is sealed with its transfers, an adjustment with what it corrects, too. One without any
-- transfer is refused, and so is a payout's posting without its payout.
CREATE FUNCTION seal_posting() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off SET max_parallel_workers_per_gather = 0 SET jit = off AS $$
DECLARE
  moved record;
  titles bigint;
  sellers bigint;
  titled text;
BEGIN
  PERFORM require_table('posting', TG_RELID);
  -- All transfers of a posting move points between the same accounts: those of its kind, and an
  -- adjustment is one transfer.
  SELECT lines, times, (
           SELECT jsonb_object_agg(account, CASE account WHEN credit THEN points ELSE -points END)
           FROM account WHERE account IN (debit, credit) AND holder = 'program'
         ) AS changes, (
           SELECT jsonb_build_array(kind, settlement_month, seller_id, tier, correction.points, undoes)
           FROM correction WHERE posting_no = NEW.posting_no
         ) AS corrects
    INTO moved
    FROM (
      SELECT string_agg(concat_ws('|', entry_no, kind, debit_account, credit_account, points,
               coalesce(tier, 0), coalesce(award_no, 0), coalesce(finishes, 0),
               length(seller_id), seller_id), E'\n' ORDER BY entry_no) AS lines,
             count(*) AS times, min(debit_account) AS debit, min(credit_account) AS credit,
             sum(points) AS points
      FROM transfer WHERE posting_no = NEW.posting_no
    ) transfers;
  IF moved.lines IS NULL THEN
    RAISE EXCEPTION 'posting % has no transfers', NEW.key
      USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_has_transfers';
  END IF;
  IF NEW.kind = 'adjustment' THEN
    IF moved.times > 1 THEN
      RAISE EXCEPTION 'an adjustment moves its points in one transfer'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_is_one_adjustment';
    END IF;
  ELSE
    SELECT count(*), string_agg(content::text, E'\n' ORDER BY seller_id) INTO titles, titled
      FROM title WHERE posting_no = NEW.posting_no;
    IF titles > 0 THEN
      SELECT count(DISTINCT seller_id) INTO sellers FROM transfer WHERE posting_no = NEW.posting_no;
      IF titles <> moved.times OR titles <> sellers THEN
        RAISE EXCEPTION 'posting % moves other points than it is entitled to', NEW.key
          USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_moves_what_it_is_entitled_to';
      END IF;
    END IF;
  END IF;
  IF NEW.kind = 'payout' THEN
    IF NOT EXISTS (SELECT FROM payout WHERE posting_no = NEW.posting_no) THEN
      RAISE EXCEPTION 'posting % pays without a payout', NEW.key
        USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_of_a_payout';
    END IF;
  END IF;
  IF (moved.changes -> 'program_fund')::bigint < 0 THEN
    PERFORM stay_within_the_budget(-(moved.changes -> 'program_fund')::bigint);
  END IF;
  PERFORM note('posting', NEW.posting_no::text, concat_ws(E'\n', jsonb_build_array(
    NEW.posting_no, NEW.key, NEW.kind, NEW.settlement_month, NEW.evaluation_id,
    encode(NEW.request_hash, 'hex'), NEW.effective_on, NEW.actor, NEW.reason,
    extract(epoch FROM NEW.recorded_at)), moved.lines, moved.corrects, titled), moved.changes);
  RETURN NULL;
END $$;

CREATE FUNCTION seal_payout() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET DateStyle = 'ISO' AS $$
BEGIN
  PERFORM require_table('payout', TG_RELID);
  PERFORM note('payout', NEW.settlement_month::text, jsonb_build_array(
    NEW.settlement_month, NEW.posting_no, NEW.sellers, NEW.points, NEW.paid_on, NEW.actor,
    extract(epoch FROM NEW.paid_at))::text);
  RETURN NULL;
END $$;

CREATE FUNCTION seal_budget() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM require_table('budget', TG_RELID);
  PERFORM note('budget', NEW.budget_no::text, jsonb_build_array(
    NEW.budget_no, NEW.floor, NEW.actor, NEW.reason, extract(epoch FROM NEW.set_at))::text,
    '{"program_fund": 0}');
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON policy
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_policy();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON revision
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_revision();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON revision_signature
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_revision_signature();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON evaluation
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_evaluation();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON payout_date
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_payout_date();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON run
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_run();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON approval_rule
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_approval_rule();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON approval
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_approval();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON adjustment_approval
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_adjustment_approval();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON posting
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_posting();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON payout
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_payout();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON budget
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_budget();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seal
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seal_balance
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER made_by_the_database BEFORE INSERT ON seal
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_by_hand();
CREATE TRIGGER made_by_the_database BEFORE INSERT ON seal_balance
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_by_hand();
CREATE TRIGGER made_by_the_database BEFORE INSERT ON unsealed
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_by_hand();
CREATE TRIGGER leaves_by_its_seal BEFORE DELETE ON unsealed
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_by_hand();
CREATE TRIGGER stays_as_noted BEFORE UPDATE OR TRUNCATE ON unsealed
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
