-- A month pays what it decided. A correction that brings a paid month above the points that its closing
-- named needs an approval, as a payout does.

-- Where a month's awards differ from its decisions in effect: a store was awarded and nothing is
-- posted, or has an award that was not decided. A tier that another month paid, or a correction gave,
-- is not posted again. OFFSET 0 keeps the planner from reading the decisions and awards
-- of all months for one.
CREATE VIEW undecided_award AS
  SELECT closed.settlement_month, seller_id, standing IS NOT NULL AS is_posted
  FROM (
    SELECT DISTINCT ON (settlement_month) settlement_month, evaluation_id, evaluation_no
    FROM evaluation ORDER BY settlement_month, evaluation_no DESC
  ) closed CROSS JOIN LATERAL (
    SELECT seller_id, tier, decided, standing
    FROM (
      SELECT seller_id, tier, points, true AS decided
      FROM evaluation CROSS JOIN LATERAL (
        SELECT seller_id, tier, points FROM decision
        WHERE decision.evaluation_id = evaluation.evaluation_id AND outcome = 'awarded' OFFSET 0
      ) decision
      WHERE evaluation.settlement_month = closed.settlement_month AND (
        evaluation.evaluation_no = closed.evaluation_no
        OR NOT EXISTS (
          SELECT FROM evaluation later JOIN decision newer USING (evaluation_id)
          WHERE later.settlement_month = closed.settlement_month
            AND later.evaluation_no > evaluation.evaluation_no
            AND newer.seller_id = decision.seller_id)
        AND EXISTS (
          SELECT FROM evaluation_input JOIN revision USING (revision_id)
          JOIN seller_snapshot store USING (revision_id)
          WHERE evaluation_input.evaluation_id = closed.evaluation_id
            AND revision.settlement_month = closed.settlement_month
            AND store.seller_id = decision.seller_id))
    ) decided
    FULL JOIN (
      SELECT seller_id, tier, points, true AS standing FROM award
      WHERE settlement_month = closed.settlement_month AND state <> 'reversed'
    ) standing USING (seller_id, tier, points)
    WHERE decided IS NULL OR standing IS NULL
  ) different
  WHERE decided IS NULL OR NOT EXISTS (
    SELECT FROM award
    WHERE award.seller_id = different.seller_id AND award.tier = different.tier AND state = 'paid'
    OFFSET 0
  ) AND NOT EXISTS (
    SELECT FROM correction
    WHERE correction.seller_id = different.seller_id AND correction.tier = different.tier
      AND kind = 'award'
    OFFSET 0);

CREATE FUNCTION payout_is_what_was_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
  PERFORM require_table('payout', TG_RELID);
  IF NOT EXISTS (SELECT FROM evaluation WHERE settlement_month = NEW.settlement_month) THEN
    RAISE EXCEPTION '% was never closed', to_char(NEW.settlement_month, 'YYYY-MM')
      USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_is_of_a_closed_month';
  END IF;
  IF EXISTS (SELECT FROM undecided_award WHERE settlement_month = NEW.settlement_month) THEN
    RAISE EXCEPTION '% pays other awards than it decided', to_char(NEW.settlement_month, 'YYYY-MM')
      USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_is_what_was_decided';
  END IF;
  RETURN NULL;
END $$;

-- The approval is of the correction's key, its seller and its points.
CREATE FUNCTION correction_is_approved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off AS $$
DECLARE
  most bigint := (SELECT min(above_points) FROM approval_rule
                  WHERE settlement_month = NEW.settlement_month);
BEGIN
  PERFORM require_table('correction', TG_RELID);
  IF most < (SELECT points FROM payout WHERE settlement_month = NEW.settlement_month) + (
    SELECT sum(CASE kind WHEN 'clawback' THEN -points ELSE points END)
    FROM correction WHERE settlement_month = NEW.settlement_month
  ) AND NOT EXISTS (
    SELECT FROM posting JOIN adjustment_approval given USING (key)
    WHERE posting_no = NEW.posting_no AND (given.seller_id, given.points) = (NEW.seller_id, NEW.points)
  ) THEN
    RAISE EXCEPTION 'a correction that brings % above % points needs an approval',
      to_char(NEW.settlement_month, 'YYYY-MM'), most
      USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_is_approved';
  END IF;
  RETURN NULL;
END $$;

ALTER TABLE adjustment_approval DROP CONSTRAINT adjustment_approval_is_of_an_adjustment;
ALTER TABLE adjustment_approval ADD CONSTRAINT adjustment_approval_is_of_an_adjustment
  CHECK (key ~ '^(adjustment|award-correction|reinstatement)/');

CREATE TRIGGER is_what_was_decided AFTER INSERT ON payout
  FOR EACH ROW EXECUTE FUNCTION payout_is_what_was_decided();
CREATE TRIGGER is_approved AFTER INSERT ON correction
  FOR EACH ROW WHEN (NEW.kind <> 'clawback') EXECUTE FUNCTION correction_is_approved();
