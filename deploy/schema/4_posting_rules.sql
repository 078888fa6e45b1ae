-- What may be posted, and what follows from it.
--
-- Where a foreign key would check row by row, a trigger checks once a statement. It runs as the
-- owner: the rows it looks at are never changed or deleted, so its answer cannot go stale.

CREATE FUNCTION posting_is_in_time() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
DECLARE
  current record;
BEGIN
  PERFORM require_table('posting', TG_RELID);
  IF EXISTS (SELECT FROM payout WHERE settlement_month = NEW.settlement_month) THEN
    RAISE EXCEPTION '% was paid out; what was paid stays', to_char(NEW.settlement_month, 'YYYY-MM')
      USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_month_is_not_paid';
  END IF;
  IF NEW.evaluation_id IS NOT NULL THEN
    SELECT evaluation_id, evaluation_no INTO current FROM evaluation
      WHERE settlement_month = NEW.settlement_month ORDER BY evaluation_no DESC LIMIT 1;
    IF NEW.evaluation_id IS DISTINCT FROM current.evaluation_id THEN
      RAISE EXCEPTION 'evaluation % is not the current one of %', NEW.evaluation_id,
        to_char(NEW.settlement_month, 'YYYY-MM')
        USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_evaluation_is_current';
    END IF;
    IF EXISTS (SELECT FROM approval WHERE evaluation_id = NEW.evaluation_id) THEN
      RAISE EXCEPTION 'evaluation % was approved with what it had posted', NEW.evaluation_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_evaluation_is_not_approved';
    END IF;
    IF NEW.key <> concat_ws(
      '/', NEW.kind, to_char(NEW.settlement_month, 'YYYY-MM'), current.evaluation_no)
    THEN
      RAISE EXCEPTION '% is not the key of evaluation %', NEW.key, current.evaluation_no
        USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_key_is_of_its_evaluation';
    END IF;
  END IF;
  RETURN NULL;
END $$;

-- A statement writes transfers of one posting, which this transaction opened and did not note yet.
-- All that a transfer must be is one function, since each trigger costs a single posting as much
-- as its rows. A session that begins with an empty ledger keeps its plans: they must go by index.
CREATE FUNCTION transfer_is_entitled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off AS $$
DECLARE
  added_to record;
  adjusted record;
BEGIN
  PERFORM require_table('transfer', TG_RELID);
  SELECT posting.*, moved.kind AS moves, moved.several, moved.allowed, EXISTS (
           SELECT FROM unsealed WHERE subject = 'posting' AND subject_key = moved.posting_no::text
         ) OR EXISTS (
           SELECT FROM seal WHERE subject = 'posting' AND subject_key = moved.posting_no::text
         ) AS is_noted
    INTO added_to
    FROM (
      SELECT min(posting_no) AS posting_no, min(kind) AS kind,
             min(posting_no) <> max(posting_no) OR min(kind) <> max(kind) AS several,
             bool_and(EXISTS (
               SELECT FROM flow
               WHERE (flow.kind, flow.debit_account, flow.credit_account)
                 = (added.kind, added.debit_account, added.credit_account))) AS allowed
      FROM added
    ) moved LEFT JOIN posting USING (posting_no);
  IF added_to.is_noted OR added_to.several OR added_to.moves IS DISTINCT FROM added_to.kind THEN
    RAISE EXCEPTION 'transfers are added to a posting of their kind, in the transaction that records it'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'transfer_belongs';
  END IF;
  IF NOT added_to.allowed THEN
    RAISE EXCEPTION 'no % moves points between these accounts', added_to.kind
      USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_flow_is_allowed';
  END IF;

  -- Conditions are nested, since a subquery costs its start even where it is not needed.
  -- The transaction may have paid or decided the month again since it opened the posting.
  IF added_to.settlement_month IS NOT NULL THEN
    IF EXISTS (SELECT FROM payout WHERE settlement_month = added_to.settlement_month) THEN
      RAISE EXCEPTION '% was paid out; what was paid stays',
        to_char(added_to.settlement_month, 'YYYY-MM')
        USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_month_is_not_paid';
    END IF;
    IF added_to.evaluation_id <> (
      SELECT evaluation_id FROM evaluation WHERE settlement_month = added_to.settlement_month
      ORDER BY evaluation_no DESC LIMIT 1)
    THEN
      RAISE EXCEPTION 'evaluation % is not the current one of %', added_to.evaluation_id,
        to_char(added_to.settlement_month, 'YYYY-MM')
        USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_evaluation_is_current';
    END IF;
  END IF;
  IF added_to.kind = 'award' THEN
    -- A lookup for each award. As a join it would read the whole evaluation for each of them, since
    -- statistics from before a new evaluation say that it has no rows.
    IF EXISTS (
      SELECT FROM added WHERE (
        SELECT (decision.tier, decision.points) = (added.tier, added.points)
        FROM decision
        WHERE decision.evaluation_id = added_to.evaluation_id
          AND decision.seller_id = added.seller_id
      ) IS NOT TRUE
    ) THEN
      RAISE EXCEPTION 'an award has no decision of its evaluation with its tier and points'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_was_decided';
    END IF;
    IF EXISTS (
      SELECT FROM added
      LEFT JOIN transfer earlier
        ON (earlier.seller_id, earlier.tier, earlier.award_no)
          = (added.seller_id, added.tier, (added.award_no - 1)::smallint)
      LEFT JOIN transfer finished ON finished.finishes = earlier.entry_no
      WHERE added.award_no > 1 AND finished.kind IS DISTINCT FROM 'reversal'
    ) THEN
      RAISE EXCEPTION 'a tier is awarded again only after its award was reversed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_awards_again';
    END IF;
    IF EXISTS (
      SELECT FROM added JOIN correction USING (seller_id, tier) WHERE correction.kind = 'award'
    ) THEN
      RAISE EXCEPTION 'a tier is given to a seller once, by an award or by an award correction'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_gives_a_tier_once';
    END IF;
  ELSIF added_to.kind IN ('payout', 'reversal') THEN
    IF EXISTS (
      SELECT FROM added
      LEFT JOIN transfer given ON given.entry_no = added.finishes
      WHERE (given.seller_id, given.points) IS DISTINCT FROM (added.seller_id, added.points)
        OR given.posting_no <> ALL (ARRAY(
          SELECT posting_no FROM posting
          WHERE settlement_month = added_to.settlement_month AND kind = 'award'))
    ) THEN
      RAISE EXCEPTION 'an award is finished for its seller, its points and its month'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_finishes_its_award';
    END IF;
  ELSIF added_to.kind = 'adjustment' THEN
    -- It is one transfer, as sealing demands. What is given is usable for a year from its date, so that
    -- is not chosen ahead. The limit is that of the newest closed month's policy, 0 before any month is
    -- closed.
    IF added_to.effective_on > today() THEN
      RAISE EXCEPTION 'an adjustment is dated %, ahead of today', added_to.effective_on
        USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_is_not_ahead';
    END IF;
    SELECT added.seller_id, added.points,
           CASE credit_account WHEN 'available' THEN 1 ELSE -1 END * added.points AS given,
           corrected.kind AS corrects, corrected.seller_id AS of_seller,
           CASE corrected.kind WHEN 'clawback' THEN -1 ELSE 1 END * corrected.points AS of_points,
           coalesce((SELECT adjustment_limit FROM evaluation JOIN policy USING (policy_hash)
                     ORDER BY settlement_month DESC, evaluation_no DESC LIMIT 1), 0) AS most
      INTO adjusted FROM added LEFT JOIN correction corrected USING (posting_no);
    IF adjusted.corrects IS NOT NULL THEN
      IF (adjusted.seller_id, adjusted.given) <> (adjusted.of_seller, adjusted.of_points) THEN
        RAISE EXCEPTION 'a correction moves its points, for its seller'
          USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_is_its_correction';
      END IF;
    ELSE
      IF NOT starts_with(added_to.key, 'adjustment/') THEN
        RAISE EXCEPTION '% is the key of a correction', added_to.key
          USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_key_is_an_adjustments';
      END IF;
      IF NOT seller_is_known(adjusted.seller_id) THEN
        RAISE EXCEPTION 'no snapshot has seller %', adjusted.seller_id
          USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_seller_is_known';
      END IF;
      IF adjusted.points > adjusted.most THEN
        IF NOT EXISTS (
          SELECT FROM adjustment_approval
          WHERE (key, seller_id, points) = (added_to.key, adjusted.seller_id, adjusted.given)
        ) THEN
          RAISE EXCEPTION 'an adjustment of more than % points needs an approval', adjusted.most
            USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_is_approved';
        END IF;
      END IF;
    END IF;
  ELSE
    IF EXISTS (
      SELECT seller_id, points FROM added
      EXCEPT SELECT seller_id, points FROM title WHERE posting_no = added_to.posting_no)
    THEN
      RAISE EXCEPTION 'nothing that was recorded entitles to this %', added_to.kind
        USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_has_a_title';
    END IF;
    IF added_to.kind = 'reward' THEN
      PERFORM require_rewards_in_order(added_to.posting_no);
    END IF;
  END IF;
  RETURN NULL;
END $$;

-- Only what is given may open an account. A grant makes all that a seller has usable for longer.
-- Updates lock FOR NO KEY UPDATE. A plan made for a whole month is kept for single transfers in the
-- same session, so it goes by index.
CREATE FUNCTION transfer_moves_points() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  own text[];
  are record;
  missing bigint;
  usable date;
BEGIN
  PERFORM require_table('transfer', TG_RELID);
  own := ARRAY(SELECT account FROM account WHERE holder = 'seller');
  SELECT min(seller_id) <> max(seller_id) AS several,
         bool_or(credit_account = ANY (own)) AS given,
         bool_or(debit_account = ANY (own)) AS taken,
         min(posting_no) AS posting_no
    INTO are FROM added;
  IF are.several THEN
    LOCK TABLE program_lock IN SHARE UPDATE EXCLUSIVE MODE;
  END IF;
  IF are.given THEN
    usable := usable_through(are.posting_no);
    INSERT INTO balance (seller_id, account, points, last_usable_on)
      SELECT seller_id, credit_account, sum(points), usable FROM added
      WHERE credit_account = ANY (own) GROUP BY seller_id, credit_account ORDER BY 1, 2
    ON CONFLICT (seller_id, account) DO UPDATE SET
      points = balance.points + excluded.points,
      last_usable_on = greatest(balance.last_usable_on, excluded.last_usable_on);
  END IF;
  IF are.taken THEN
    WITH taken AS (
      SELECT seller_id, debit_account AS account, sum(points) AS points FROM added
      WHERE debit_account = ANY (own) GROUP BY seller_id, debit_account ORDER BY 1, 2
    ), updated AS (
      UPDATE balance SET points = balance.points - taken.points FROM taken
      WHERE (balance.seller_id, balance.account) = (taken.seller_id, taken.account)
      RETURNING 1
    )
    SELECT (SELECT count(*) FROM taken) - (SELECT count(*) FROM updated) INTO missing;
    IF missing > 0 THEN
      RAISE EXCEPTION 'a seller without an account has nothing to take'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'balance_not_overdrawn';
    END IF;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION payout_is_due() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
DECLARE
  due date;
BEGIN
  PERFORM require_table('payout', TG_RELID);
  SELECT due_on INTO due FROM payout_date
    WHERE settlement_month = NEW.settlement_month ORDER BY plan_no DESC LIMIT 1;
  IF due IS NULL OR NEW.paid_on < due THEN
    RAISE EXCEPTION '% is due on %, not on %', to_char(NEW.settlement_month, 'YYYY-MM'),
      coalesce(due::text, 'no date yet'), NEW.paid_on
      USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_is_due';
  END IF;
  IF NEW.paid_on > greatest(due, (NEW.paid_at AT TIME ZONE 'Asia/Seoul')::date) + 1826 THEN
    RAISE EXCEPTION '% cannot be paid on %, more than five years ahead',
      to_char(NEW.settlement_month, 'YYYY-MM'), NEW.paid_on
      USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_is_not_far_ahead';
  END IF;
  RETURN NULL;
END $$;

-- What is approved is what would be paid: the pending awards of the month's current evaluation.
CREATE FUNCTION approval_is_of_the_open_total() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
DECLARE
  month date;
BEGIN
  PERFORM require_table('approval', TG_RELID);
  SELECT settlement_month INTO month FROM evaluation WHERE evaluation_id = NEW.evaluation_id;
  IF EXISTS (SELECT FROM payout WHERE settlement_month = month)
    OR NEW.evaluation_id IS DISTINCT FROM (
      SELECT evaluation_id FROM evaluation
      WHERE settlement_month = month ORDER BY evaluation_no DESC LIMIT 1)
    OR NEW.points <> (
      SELECT coalesce(sum(points), 0) FROM award
      WHERE settlement_month = month AND state = 'pending')
  THEN
    RAISE EXCEPTION 'an approval is of the points that its month would pay now'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'approval_is_of_the_open_total';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION payout_is_approved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM require_table('payout', TG_RELID);
  IF NEW.points > (
    SELECT min(above_points) FROM approval_rule WHERE settlement_month = NEW.settlement_month
  ) AND NOT EXISTS (
    SELECT FROM approval WHERE points = NEW.points AND evaluation_id = (
      SELECT evaluation_id FROM evaluation
      WHERE settlement_month = NEW.settlement_month ORDER BY evaluation_no DESC LIMIT 1)
  ) THEN
    RAISE EXCEPTION 'the payout of % lacks the approval that its closing demanded',
      to_char(NEW.settlement_month, 'YYYY-MM')
      USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_is_approved';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION payout_is_complete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
DECLARE
  paid record;
BEGIN
  PERFORM require_table('payout', TG_RELID);
  IF EXISTS (SELECT FROM award
             WHERE settlement_month = NEW.settlement_month AND state = 'pending') THEN
    RAISE EXCEPTION 'a payout pays every open award of its month'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_is_complete';
  END IF;
  SELECT count(DISTINCT seller_id) AS sellers, coalesce(sum(points), 0) AS points INTO paid
    FROM transfer WHERE posting_no = NEW.posting_no;
  IF NEW.sellers <> paid.sellers OR NEW.points <> paid.points
    OR NEW.posting_no IS NOT NULL AND NOT EXISTS (
      SELECT FROM posting WHERE posting_no = NEW.posting_no AND kind = 'payout'
        AND settlement_month = NEW.settlement_month AND effective_on = NEW.paid_on)
  THEN
    RAISE EXCEPTION 'a payout says what its posting paid'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_is_complete';
  END IF;
  RETURN NULL;
END $$;

-- A new budget waits for what is under way, and what follows waits for it.
CREATE FUNCTION budget_covers_what_is_out() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM require_table('budget', TG_RELID);
  LOCK TABLE note_lock IN EXCLUSIVE MODE;
  IF NEW.floor > (SELECT points FROM program_balance WHERE account = 'program_fund') THEN
    RAISE EXCEPTION 'more points are out than a budget of % allows', -NEW.floor
      USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_covers_what_is_out';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER sees_what_others_posted BEFORE INSERT ON posting
  FOR EACH ROW WHEN (current_setting('transaction_isolation') <> 'read committed')
  EXECUTE FUNCTION refuse_old_snapshot();
CREATE TRIGGER takes_turn BEFORE INSERT ON posting
  FOR EACH ROW WHEN (NEW.kind IN ('award', 'payout', 'reversal'))
  EXECUTE FUNCTION take_turn();
CREATE TRIGGER is_in_time AFTER INSERT ON posting
  FOR EACH ROW WHEN (NEW.settlement_month IS NOT NULL)
  EXECUTE FUNCTION posting_is_in_time();

CREATE TRIGGER is_entitled AFTER INSERT ON transfer REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION transfer_is_entitled();
CREATE TRIGGER moves_points AFTER INSERT ON transfer REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION transfer_moves_points();

CREATE TRIGGER sees_what_others_posted BEFORE INSERT ON payout
  FOR EACH ROW WHEN (current_setting('transaction_isolation') <> 'read committed')
  EXECUTE FUNCTION refuse_old_snapshot();
CREATE TRIGGER takes_turn BEFORE INSERT ON payout
  FOR EACH ROW EXECUTE FUNCTION take_turn();
CREATE TRIGGER is_due AFTER INSERT ON payout
  FOR EACH ROW EXECUTE FUNCTION payout_is_due();
CREATE TRIGGER is_approved AFTER INSERT ON payout
  FOR EACH ROW EXECUTE FUNCTION payout_is_approved();
CREATE TRIGGER is_complete AFTER INSERT ON payout
  FOR EACH ROW EXECUTE FUNCTION payout_is_complete();

CREATE TRIGGER takes_turn BEFORE INSERT ON approval_rule
  FOR EACH ROW EXECUTE FUNCTION take_turn();
CREATE TRIGGER takes_turn BEFORE INSERT ON approval
  FOR EACH ROW EXECUTE FUNCTION take_turn();
CREATE TRIGGER is_of_the_open_total AFTER INSERT ON approval
  FOR EACH ROW EXECUTE FUNCTION approval_is_of_the_open_total();

CREATE TRIGGER covers_what_is_out AFTER INSERT ON budget
  FOR EACH ROW EXECUTE FUNCTION budget_covers_what_is_out();
