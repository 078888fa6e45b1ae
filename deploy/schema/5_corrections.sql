-- Corrections: what operators posted about a paid month whose data turned out otherwise.
--
-- A correction says what its adjustment is about, before the points move: an award that the month
-- lacked, the clawback of one that it paid and did not earn, or the reinstatement of what was clawed
-- back. `undoes` is the posting whose points are taken or given back. Each is undone once, so the
-- corrections of an award are one line in which clawbacks and reinstatements alternate.

CREATE TABLE correction (
  posting_no       bigint NOT NULL CONSTRAINT correction_pk PRIMARY KEY,
  kind             text COLLATE "C" NOT NULL
                   CONSTRAINT correction_kind_known
                   CHECK (kind IN ('award', 'clawback', 'reinstatement')),
  settlement_month calendar_month NOT NULL CONSTRAINT correction_of_a_paid_month REFERENCES payout,
  seller_id        text COLLATE "C" NOT NULL,
  tier             smallint NOT NULL,
  points           bigint NOT NULL,
  undoes           bigint,
  CONSTRAINT correction_names_what_it_undoes CHECK ((kind = 'award') = (undoes IS NULL)),
  CONSTRAINT correction_undoes_once UNIQUE (seller_id, undoes)
);
CREATE UNIQUE INDEX correction_awards_a_tier_once
  ON correction (seller_id, tier) WHERE kind = 'award';

-- An adjustment that corrects no month may move as many points as the policy of the newest closed
-- month allows. More need an approval of the same key, seller and points, below zero to take them.
CREATE TABLE adjustment_approval (
  key         text COLLATE "C" NOT NULL CONSTRAINT adjustment_approval_pk PRIMARY KEY
              CONSTRAINT adjustment_approval_key_length CHECK (length(key) <= 200)
              CONSTRAINT adjustment_approval_is_of_an_adjustment
              CHECK (starts_with(key, 'adjustment/')),
  seller_id   text COLLATE "C" NOT NULL
              CONSTRAINT adjustment_approval_seller_id_length
              CHECK (length(seller_id) BETWEEN 1 AND 64),
  points      bigint NOT NULL CONSTRAINT adjustment_approval_points_at_most
              CHECK (points BETWEEN -1000000000000 AND 1000000000000),
  actor       text NOT NULL CONSTRAINT adjustment_approval_has_an_actor CHECK (actor <> ''),
  reason      text NOT NULL CONSTRAINT adjustment_approval_has_a_reason CHECK (reason <> ''),
  approved_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- A tier is given to a store once, by an award or by an award correction, and only for a decision.
CREATE FUNCTION correction_is_entitled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off AS $$
BEGIN
  PERFORM require_table('correction', TG_RELID);
  IF NOT EXISTS (SELECT FROM posting WHERE posting_no = NEW.posting_no AND kind = 'adjustment')
    OR EXISTS (SELECT FROM transfer WHERE posting_no = NEW.posting_no)
  THEN
    RAISE EXCEPTION 'a correction is recorded with its adjustment, before the points move'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'correction_belongs';
  END IF;
  IF (SELECT key FROM posting WHERE posting_no = NEW.posting_no) <> concat_ws(
    '/', CASE NEW.kind WHEN 'award' THEN 'award-correction' ELSE NEW.kind END, NEW.undoes,
    to_char(NEW.settlement_month, 'YYYY-MM'), NEW.tier, NEW.seller_id)
  THEN
    RAISE EXCEPTION 'the key of a correction is made of what it corrects'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_has_its_key';
  END IF;
  IF NEW.kind = 'award' THEN
    IF EXISTS (
      SELECT FROM award
      WHERE (seller_id, tier) = (NEW.seller_id, NEW.tier) AND state <> 'reversed'
    ) THEN
      RAISE EXCEPTION 'a tier is given to a seller once, by an award or by an award correction'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_gives_a_tier_once';
    END IF;
    IF (
      SELECT (tier, points) = (NEW.tier, NEW.points)
      FROM decision JOIN evaluation USING (evaluation_id)
      WHERE settlement_month = NEW.settlement_month AND seller_id = NEW.seller_id
      ORDER BY evaluation_no DESC LIMIT 1
    ) IS NOT TRUE THEN
      RAISE EXCEPTION 'the month did not decide an award with this tier and these points'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_was_decided';
    END IF;
  ELSIF NOT EXISTS (
    SELECT FROM (
      SELECT posting_no, kind, settlement_month, seller_id, tier, points FROM correction
      UNION ALL
      SELECT posting_no, 'award', settlement_month, seller_id, tier, points FROM award
      WHERE state = 'paid'
    ) undone
    WHERE (posting_no, settlement_month, seller_id, tier, points)
        = (NEW.undoes, NEW.settlement_month, NEW.seller_id, NEW.tier, NEW.points)
      AND (undone.kind = 'clawback') = (NEW.kind = 'reinstatement')
  ) THEN
    RAISE EXCEPTION 'a clawback undoes what gave the award''s points, a reinstatement a clawback'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_alternates';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER takes_turn BEFORE INSERT ON correction
  FOR EACH ROW EXECUTE FUNCTION take_turn();
CREATE TRIGGER is_entitled AFTER INSERT ON correction
  FOR EACH ROW EXECUTE FUNCTION correction_is_entitled();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON correction
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON adjustment_approval
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
