-- Points in use: search-ad accounts, conversions to search-ad credit, and expiry.
--
-- A conversion holds its points, and ends once: delivered to the ad system, or refused by it, and
-- then they return. What is left a year after a store's last grant expires. Each of these moves
-- points by a posting, whose title is recorded here before the points move.

-- What day it is, which decides what may be used: the database's clock says so, and no request.
CREATE FUNCTION today() RETURNS date LANGUAGE plpgsql AS $$
BEGIN
  RETURN (clock_timestamp() AT TIME ZONE 'Asia/Seoul')::date;
END $$;

INSERT INTO account VALUES ('held', 'seller');
INSERT INTO flow VALUES
  ('conversion', 'available', 'held'),
  ('delivery', 'held', 'search_ad_credit'),
  ('return', 'held', 'available'),
  ('expiry', 'available', 'expired');

-- The last day on which a store's available points may be used; it follows from its grants, and is
-- NULL in other accounts.
ALTER TABLE balance ADD COLUMN last_usable_on date;

-- A store's search-ad account is that of its newest link; NULL unlinks.
CREATE TABLE ad_account_link (
  link_no    bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT ad_account_link_pk PRIMARY KEY,
  seller_id  text COLLATE "C" NOT NULL,
  account_id text COLLATE "C"
             CONSTRAINT ad_account_link_account_length CHECK (length(account_id) BETWEEN 1 AND 64),
  actor      text NOT NULL CONSTRAINT ad_account_link_has_an_actor CHECK (actor <> ''),
  linked_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ad_account_link_of_seller ON ad_account_link (seller_id, link_no);

-- `posting_no` holds the points. A request of a store is one conversion, however often it is sent.
CREATE TABLE conversion (
  posting_no   bigint NOT NULL CONSTRAINT conversion_pk PRIMARY KEY,
  seller_id    text COLLATE "C" NOT NULL,
  request_id   text COLLATE "C" NOT NULL
               CONSTRAINT conversion_request_length CHECK (length(request_id) BETWEEN 1 AND 64),
  points       bigint NOT NULL,
  account_id   text COLLATE "C" NOT NULL,
  requested_on date NOT NULL DEFAULT today(),
  CONSTRAINT conversion_is_requested_once UNIQUE (seller_id, request_id)
);

-- `posting_no` moves the held points on: to the ad system, or back.
CREATE TABLE conversion_end (
  posting_no    bigint NOT NULL CONSTRAINT conversion_end_pk PRIMARY KEY,
  conversion_no bigint NOT NULL
                CONSTRAINT conversion_ends_once UNIQUE
                CONSTRAINT conversion_end_of_a_conversion REFERENCES conversion,
  outcome       text COLLATE "C" NOT NULL CONSTRAINT conversion_end_outcome_known
                CHECK (outcome IN ('delivered', 'refused')),
  answer        text NOT NULL
                CONSTRAINT conversion_end_answer_length CHECK (length(answer) BETWEEN 1 AND 500)
);

-- What the ad system answered so far, or why there was no answer.
CREATE TABLE conversion_attempt (
  attempt_no    bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT conversion_attempt_pk PRIMARY KEY,
  conversion_no bigint NOT NULL
                CONSTRAINT conversion_attempt_of_a_conversion REFERENCES conversion,
  answer        text NOT NULL
                CONSTRAINT conversion_attempt_answer_length CHECK (length(answer) BETWEEN 1 AND 500),
  asked_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX conversion_attempt_of_conversion ON conversion_attempt (conversion_no);

-- The whole balance of a store, when its last usable day is over.
CREATE TABLE expiry (
  posting_no     bigint NOT NULL,
  seller_id      text COLLATE "C" NOT NULL,
  points         bigint NOT NULL,
  last_usable_on date NOT NULL,
  expired_on     date NOT NULL DEFAULT today(),
  CONSTRAINT expiry_pk PRIMARY KEY (posting_no, seller_id),
  CONSTRAINT expiry_comes_after_the_last_usable_day CHECK (expired_on > last_usable_on)
);
CREATE INDEX expiry_of_seller ON expiry (seller_id, last_usable_on);

-- What entitles the postings of these kinds to move points: one row for each transfer.
CREATE VIEW title AS
  SELECT posting_no, seller_id, points, jsonb_build_array(
           seller_id, request_id, points, account_id, requested_on) AS content
  FROM conversion
  UNION ALL
  SELECT ended.posting_no, seller_id, points, jsonb_build_array(
           conversion_no, outcome, answer)
  FROM conversion_end ended JOIN conversion ON conversion.posting_no = conversion_no
  UNION ALL
  SELECT posting_no, seller_id, points, jsonb_build_array(
           seller_id, points, last_usable_on, expired_on)
  FROM expiry;

-- Stores with an award to be paid, and when that is due.
CREATE VIEW unpaid AS
  SELECT seller_id, (
           SELECT due_on FROM payout_date WHERE payout_date.settlement_month = award.settlement_month
           ORDER BY plan_no DESC LIMIT 1) AS due_on
  FROM award WHERE state = 'pending';

-- Balances that expire once their last usable day is over. A store is not to lose older points
-- because its payout is late.
CREATE VIEW expiring AS
  SELECT seller_id, points, last_usable_on FROM balance
  WHERE account = 'available' AND points > 0 AND NOT EXISTS (
    SELECT FROM unpaid WHERE unpaid.seller_id = balance.seller_id AND due_on <= last_usable_on);

-- Until when a posting makes a store's points usable; NULL if it is no grant. A payout counts from
-- the day on which it was due.
CREATE FUNCTION usable_through(granted_by bigint) RETURNS date LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT CASE kind WHEN 'adjustment' THEN effective_on WHEN 'payout' THEN (
      SELECT due_on FROM payout_date WHERE payout_date.settlement_month = posting.settlement_month
      ORDER BY plan_no DESC LIMIT 1) END + interval '1 year'
    FROM posting WHERE posting_no = granted_by)::date;
END $$;

-- What a payout makes usable counts from its due date, so that is planned before it.
CREATE FUNCTION payout_date_comes_before_the_payout() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off AS $$
BEGIN
  PERFORM require_table('payout_date', TG_RELID);
  IF EXISTS (
    SELECT FROM posting WHERE settlement_month = NEW.settlement_month AND kind = 'payout')
  THEN
    RAISE EXCEPTION '% was paid out; its date is planned before',
      to_char(NEW.settlement_month, 'YYYY-MM')
      USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_date_comes_before_the_payout';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION ad_account_link_is_of_a_store() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off AS $$
BEGIN
  PERFORM require_table('ad_account_link', TG_RELID);
  PERFORM lock_balances(ARRAY[NEW.seller_id]);  -- a conversion that is under way keeps its account
  IF NOT seller_is_known(NEW.seller_id) THEN
    RAISE EXCEPTION 'no snapshot has seller %', NEW.seller_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ad_account_link_is_of_a_store';
  END IF;
  RETURN NULL;
END $$;

-- A title is recorded with the posting that it names, today, before the points move.
CREATE FUNCTION require_open_posting(number bigint, of_kind text, under_key text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT (kind, key, effective_on) = (of_kind, under_key, today())
      FROM posting WHERE posting_no = number) IS NOT TRUE
    OR EXISTS (SELECT FROM transfer WHERE posting_no = number)
  THEN
    RAISE EXCEPTION 'what entitles to a % is recorded with its posting, before the points move', of_kind
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'title_belongs';
  END IF;
END $$;

CREATE FUNCTION conversion_is_entitled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off AS $$
BEGIN
  PERFORM require_table('conversion', TG_RELID);
  PERFORM require_open_posting(NEW.posting_no, 'conversion', concat_ws(
    '/', 'conversion', length(NEW.seller_id), NEW.seller_id, NEW.request_id));
  PERFORM lock_balances(ARRAY[NEW.seller_id]);
  IF NEW.account_id IS DISTINCT FROM (
    SELECT account_id FROM ad_account_link WHERE seller_id = NEW.seller_id
    ORDER BY link_no DESC LIMIT 1)
  THEN
    RAISE EXCEPTION 'seller % has not linked this search-ad account', NEW.seller_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'conversion_has_its_ad_account';
  END IF;
  IF NEW.requested_on > (
    SELECT last_usable_on FROM balance
    WHERE (seller_id, account) = (NEW.seller_id, 'available'))
  THEN
    RAISE EXCEPTION 'the points of seller % were usable before', NEW.seller_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'conversion_is_in_time';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION conversion_end_is_entitled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off AS $$
DECLARE
  moved_by text := CASE NEW.outcome WHEN 'delivered' THEN 'delivery' ELSE 'return' END;
BEGIN
  PERFORM require_table('conversion_end', TG_RELID);
  PERFORM require_open_posting(
    NEW.posting_no, moved_by, concat_ws('/', moved_by, NEW.conversion_no));
  RETURN NULL;
END $$;

-- Balances are locked before they are compared: none changes until its points have moved.
CREATE FUNCTION expiry_is_due() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off AS $$
BEGIN
  PERFORM require_table('expiry', TG_RELID);
  PERFORM require_open_posting(posting_no, 'expiry', key)
    FROM (SELECT DISTINCT posting_no FROM added) one LEFT JOIN posting USING (posting_no);
  PERFORM FROM balance JOIN added USING (seller_id) WHERE account = 'available'
    ORDER BY seller_id FOR NO KEY UPDATE OF balance;
  IF EXISTS (
    SELECT FROM added LEFT JOIN expiring USING (seller_id, points, last_usable_on)
    WHERE expiring.points IS NULL)
  THEN
    RAISE EXCEPTION 'a store''s whole balance expires, after its last usable day'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'expiry_is_due';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION seal_ad_account_link() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM require_table('ad_account_link', TG_RELID);
  PERFORM note('ad_account_link', NEW.link_no::text, jsonb_build_array(
    NEW.link_no, NEW.seller_id, NEW.account_id, NEW.actor,
    extract(epoch FROM NEW.linked_at))::text);
  RETURN NULL;
END $$;

CREATE FUNCTION seal_conversion_attempt() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM require_table('conversion_attempt', TG_RELID);
  PERFORM note('conversion_attempt', NEW.attempt_no::text, jsonb_build_array(
    NEW.attempt_no, NEW.conversion_no, NEW.answer, extract(epoch FROM NEW.asked_at))::text);
  RETURN NULL;
END $$;

CREATE TRIGGER takes_turn BEFORE INSERT ON payout_date
  FOR EACH ROW EXECUTE FUNCTION take_turn();
CREATE TRIGGER comes_before_the_payout AFTER INSERT ON payout_date
  FOR EACH ROW EXECUTE FUNCTION payout_date_comes_before_the_payout();
CREATE TRIGGER sees_what_others_posted BEFORE INSERT ON ad_account_link
  FOR EACH ROW WHEN (current_setting('transaction_isolation') <> 'read committed')
  EXECUTE FUNCTION refuse_old_snapshot();
CREATE TRIGGER is_of_a_store AFTER INSERT ON ad_account_link
  FOR EACH ROW EXECUTE FUNCTION ad_account_link_is_of_a_store();
CREATE TRIGGER is_entitled AFTER INSERT ON conversion
  FOR EACH ROW EXECUTE FUNCTION conversion_is_entitled();
CREATE TRIGGER is_entitled AFTER INSERT ON conversion_end
  FOR EACH ROW EXECUTE FUNCTION conversion_end_is_entitled();
CREATE TRIGGER is_due AFTER INSERT ON expiry REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION expiry_is_due();

CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON ad_account_link
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_ad_account_link();
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON conversion_attempt
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_conversion_attempt();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ad_account_link
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON conversion
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON conversion_end
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON conversion_attempt
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON expiry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT INSERT (seller_id, account_id, actor) ON ad_account_link TO growth_points_service;
GRANT INSERT (posting_no, seller_id, request_id, points, account_id)
  ON conversion TO growth_points_service;
GRANT INSERT (posting_no, conversion_no, outcome, answer) ON conversion_end TO growth_points_service;
GRANT INSERT (conversion_no, answer) ON conversion_attempt TO growth_points_service;
GRANT INSERT (posting_no, seller_id, points, last_usable_on) ON expiry TO growth_points_service;
GRANT EXECUTE ON FUNCTION today() TO growth_points_service;
