-- Rewards to customers: what was delivered, what became of each entry, and what each store paid.
--
-- A delivery of a day adds the entries that are not known yet. Each is paid or says why not, and one
-- that was refused may be paid later. An event is paid in order of position. A posting moves what a
-- store pays in one transfer, whose title is the sum of the entries that name it.

INSERT INTO flow VALUES
  ('reward', 'available', 'customer_reward'),
  ('cancellation', 'customer_reward', 'available');

-- With a delivery the refused entries that occurred since `tried_since` are tried again.
CREATE TABLE reward_delivery (
  reward_delivery_id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT reward_delivery_pk PRIMARY KEY,
  day          calendar_day NOT NULL,
  content_hash text    NOT NULL
               CONSTRAINT reward_delivery_hash_is_sha256 CHECK (content_hash ~ '^[0-9a-f]{64}$'),
  source       text    NOT NULL,
  entries      bigint  NOT NULL
               CONSTRAINT reward_delivery_entries_not_negative CHECK (entries >= 0),
  profile      jsonb   NOT NULL
               CONSTRAINT reward_delivery_profile_is_an_object CHECK (jsonb_typeof(profile) = 'object'),
  actor        text    NOT NULL CONSTRAINT reward_delivery_has_an_actor CHECK (actor <> ''),
  accepted_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  accepted_on  date    NOT NULL DEFAULT today(),
  tried_since  date    NOT NULL,
  recorded_in  xid8    NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT reward_delivery_is_of_the_past CHECK (day <= accepted_on),
  CONSTRAINT reward_delivery_is_recorded_once UNIQUE (day, content_hash)
);

-- `outcome` is what became of an entry when it came, `posting_no` what moved its points.
CREATE TABLE reward_entry (
  event_id     text COLLATE "C" NOT NULL
               CONSTRAINT reward_entry_event_length CHECK (length(event_id) BETWEEN 1 AND 64),
  position     integer NOT NULL CONSTRAINT reward_entry_position_counts_from_1 CHECK (position >= 1),
  reward_delivery_id integer NOT NULL,
  seller_id    text COLLATE "C" NOT NULL,
  kind         text COLLATE "C" NOT NULL CONSTRAINT reward_entry_kind_known CHECK (
                 kind IN ('purchase', 'repeat_purchase', 'review', 'best_review', 'cancellation')),
  points       bigint NOT NULL
               CONSTRAINT reward_entry_points_plausible CHECK (points BETWEEN 1 AND 1000000000000),
  customer_ref text COLLATE "C" NOT NULL
               CONSTRAINT reward_entry_customer_length CHECK (length(customer_ref) BETWEEN 1 AND 64),
  occurred_on  date NOT NULL,
  cancels_event_id text COLLATE "C",
  cancels_position integer,
  outcome      text COLLATE "C" NOT NULL,
  posting_no   bigint,
  CONSTRAINT reward_entry_pk PRIMARY KEY (event_id, position),
  CONSTRAINT reward_entry_names_what_it_cancels CHECK (
    (kind = 'cancellation') = (cancels_event_id IS NOT NULL)
    AND (kind = 'cancellation') = (cancels_position IS NOT NULL)),
  CONSTRAINT reward_entry_outcome_known CHECK (
    CASE kind WHEN 'cancellation' THEN outcome IN ('returned', 'not_paid')
    ELSE outcome IN
      ('paid', 'insufficient_points', 'after_refused_entry', 'points_expired', 'cancelled') END),
  CONSTRAINT reward_entry_moves_points_by_a_posting
    CHECK ((outcome IN ('paid', 'returned')) = (posting_no IS NOT NULL))
-- What was added since a vacuum is in no range of `reward_entry_of_delivery`, and read whenever that is.
) WITH (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000);
CREATE UNIQUE INDEX reward_entry_is_cancelled_once
  ON reward_entry (cancels_event_id, cancels_position) WHERE cancels_event_id IS NOT NULL;
CREATE INDEX reward_entry_of_delivery ON reward_entry USING brin (reward_delivery_id);
CREATE INDEX reward_entry_of_posting ON reward_entry (posting_no, seller_id)
  WHERE posting_no IS NOT NULL;
CREATE INDEX reward_entry_refused ON reward_entry (occurred_on, seller_id)
  WHERE posting_no IS NULL AND kind <> 'cancellation';

-- An entry that was refused and is paid after all.
CREATE TABLE reward_retry (
  event_id   text COLLATE "C" NOT NULL,
  position   integer NOT NULL,
  posting_no bigint NOT NULL,
  CONSTRAINT reward_retry_pk PRIMARY KEY (event_id, position),
  CONSTRAINT reward_retry_of_an_entry FOREIGN KEY (event_id, position) REFERENCES reward_entry
);
CREATE INDEX reward_retry_of_posting ON reward_retry (posting_no);

-- Entries as they stand now; `state` is what became of each.
CREATE VIEW reward AS
  SELECT entry.event_id, entry.position, entry.reward_delivery_id, entry.seller_id, entry.kind,
         entry.points, entry.customer_ref, entry.occurred_on, entry.cancels_event_id,
         entry.cancels_position, entry.outcome, CASE
           WHEN retry.posting_no IS NOT NULL THEN 'paid'
           WHEN entry.posting_no IS NULL AND cancelling.event_id IS NOT NULL THEN 'cancelled'
           ELSE entry.outcome END AS state,
         coalesce(entry.posting_no, retry.posting_no) AS posting_no,
         cancelling.event_id AS cancelled_by_event_id, cancelling.position AS cancelled_by_position
  FROM reward_entry entry
  LEFT JOIN reward_retry retry USING (event_id, position)
  LEFT JOIN reward_entry cancelling ON (cancelling.cancels_event_id, cancelling.cancels_position)
    = (entry.event_id, entry.position);

-- Entries that were refused, and neither paid later nor cancelled. It goes by `reward_entry_refused`.
CREATE VIEW open_reward AS
  SELECT event_id, position, seller_id, points, occurred_on FROM reward_entry entry
  WHERE posting_no IS NULL AND kind <> 'cancellation'
    AND NOT EXISTS (
      SELECT FROM reward_retry retry
      WHERE (retry.event_id, retry.position) = (entry.event_id, entry.position))
    AND NOT EXISTS (
      SELECT FROM reward_entry cancelling
      WHERE (cancelling.cancels_event_id, cancelling.cancels_position)
        = (entry.event_id, entry.position));

-- What each store pays, or gets back, by the entries that name a posting.
CREATE VIEW rewarded AS
  SELECT posting_no, seller_id, sum(points)::bigint AS points, count(*) AS entries
  FROM (
    SELECT posting_no, seller_id, points FROM reward_entry WHERE posting_no IS NOT NULL
    UNION ALL
    SELECT retry.posting_no, seller_id, points
    FROM reward_retry retry JOIN reward_entry USING (event_id, position)
  ) moved
  GROUP BY posting_no, seller_id;

CREATE OR REPLACE VIEW title AS
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
  FROM expiry
  UNION ALL
  SELECT posting_no, seller_id, points, jsonb_build_array(seller_id, points, entries)
  FROM rewarded;

-- No login may create tables, so this makes those in which a delivery is compared and decided, for
-- one transaction: what was delivered, what is known of its events, what is offered to the stores' points and what becomes of it,
-- and the turns in which stores pay that are short of points.
CREATE FUNCTION stage_rewards() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  CREATE TEMPORARY TABLE staged_reward (
    event_id text COLLATE "C", position integer, seller_id text COLLATE "C",
    kind text COLLATE "C", points bigint, customer_ref text COLLATE "C", occurred_on date,
    cancels_event_id text COLLATE "C", cancels_position integer
  ) ON COMMIT DROP;
  CREATE TEMPORARY TABLE known_reward (LIKE reward_entry) ON COMMIT DROP;
  CREATE TEMPORARY TABLE offered (
    event_id text COLLATE "C", position integer, seller_id text COLLATE "C",
    kind text COLLATE "C", points bigint, customer_ref text COLLATE "C", occurred_on date,
    is_known boolean, usable bigint, outcome text
  ) ON COMMIT DROP;
  CREATE TEMPORARY TABLE contested (
    event_id text COLLATE "C", position integer, seller_id text COLLATE "C", points bigint,
    usable bigint, of_event numeric, turn bigint
  ) ON COMMIT DROP;
  CREATE INDEX ON contested (seller_id, turn, of_event);
  GRANT SELECT, INSERT, DELETE ON staged_reward
    TO growth_points_service, growth_points_stores;
  GRANT SELECT, INSERT, UPDATE ON offered
    TO growth_points_service, growth_points_stores;
  GRANT SELECT, INSERT ON known_reward, contested
    TO growth_points_service, growth_points_stores;
END $$;

-- Whoever decides what a store's points pay keeps others from taking them meanwhile.
CREATE FUNCTION lock_balances(sellers text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM FROM balance WHERE account = 'available' AND seller_id = ANY (sellers)
    ORDER BY seller_id FOR NO KEY UPDATE;
END $$;

CREATE FUNCTION reward_entries_are_entitled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off AS $$
BEGIN
  PERFORM require_table('reward_entry', TG_RELID);
  PERFORM require_open_posting(
      posting_no, CASE outcome WHEN 'paid' THEN 'reward' ELSE 'cancellation' END, key)
    FROM (SELECT DISTINCT posting_no, outcome FROM added WHERE posting_no IS NOT NULL) named
    LEFT JOIN posting USING (posting_no);
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT reward_delivery_id, occurred_on FROM added) one
    LEFT JOIN reward_delivery USING (reward_delivery_id) WHERE day IS DISTINCT FROM occurred_on)
  THEN
    RAISE EXCEPTION 'an entry occurred on the day that its delivery is of'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'reward_entry_is_of_its_day';
  END IF;
  IF EXISTS (
    SELECT FROM added LEFT JOIN reward named
      ON (named.event_id, named.position) = (added.cancels_event_id, added.cancels_position)
    WHERE added.kind = 'cancellation' AND (
      (named.seller_id, named.points, named.posting_no IS NOT NULL)
        IS DISTINCT FROM (added.seller_id, added.points, added.outcome = 'returned')
      OR named.kind = 'cancellation'
      OR named.posting_no IS NOT NULL AND NOT EXISTS (
        SELECT FROM unsealed WHERE (subject, subject_key) = ('posting', named.posting_no::text)
      ) AND NOT EXISTS (
        SELECT FROM seal WHERE (subject, subject_key) = ('posting', named.posting_no::text))))
  THEN
    RAISE EXCEPTION 'a cancellation takes back an entry of its store, with its points if it was paid'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'reward_cancellation_is_of_an_entry';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION reward_retry_is_entitled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off AS $$
BEGIN
  PERFORM require_table('reward_retry', TG_RELID);
  PERFORM require_open_posting(posting_no, 'reward', key)
    FROM (SELECT DISTINCT posting_no FROM added) named LEFT JOIN posting USING (posting_no);
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT posting_no FROM added) named
    JOIN seal ON (subject, subject_key) = ('reward_retry', named.posting_no::text))
  THEN
    RAISE EXCEPTION 'what a posting pays at a later try is recorded at once, before it is sealed'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'reward_retry_is_recorded_at_once';
  END IF;
  IF EXISTS (
    SELECT FROM added JOIN reward USING (event_id, position)
    WHERE kind = 'cancellation' OR outcome = 'paid' OR cancelled_by_event_id IS NOT NULL)
  THEN
    RAISE EXCEPTION 'an entry is paid later if it was refused and not cancelled'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'reward_retry_is_of_a_refused_entry';
  END IF;
  RETURN NULL;
END $$;

-- When its points move, each event that a posting pays is in order, and each store's points have
-- been usable on the day of its entries and have not expired since. An event that is paid from its
-- start is in order; of any other, all that comes before is recorded by then, lest it be refused.
CREATE FUNCTION require_rewards_in_order(number bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  late boolean;
  overtaking boolean;
BEGIN
  WITH event AS MATERIALIZED (
    SELECT event_id, min(seller_id) AS seller_id, max(occurred_on) AS last_on,
           count(*) = max(position) AS from_its_start
    FROM (
      SELECT event_id, position, seller_id, occurred_on FROM reward_entry WHERE posting_no = number
      UNION ALL
      SELECT event_id, position, seller_id, occurred_on
      FROM reward_retry retry JOIN reward_entry USING (event_id, position)
      WHERE retry.posting_no = number
    ) paid GROUP BY event_id
  )
  SELECT EXISTS (
    SELECT FROM (SELECT seller_id, max(last_on) AS last_on FROM event GROUP BY seller_id) paying
    LEFT JOIN balance ON (balance.seller_id, account) = (paying.seller_id, 'available')
    WHERE (last_on <= last_usable_on) IS NOT TRUE OR EXISTS (
      SELECT FROM expiry WHERE (expiry.seller_id, expiry.last_usable_on)
        = (paying.seller_id, balance.last_usable_on))
  ), EXISTS (
    SELECT FROM event CROSS JOIN LATERAL (
      SELECT count(*) < max(position) OR max(position) FILTER (WHERE state = 'paid') > min(position)
          FILTER (WHERE state IN ('insufficient_points', 'after_refused_entry', 'points_expired'))
          AS is_overtaking
      FROM reward WHERE reward.event_id = event.event_id
    ) whole
    WHERE NOT from_its_start AND is_overtaking
  ) INTO late, overtaking;
  IF late THEN
    RAISE EXCEPTION 'an entry is paid if the points were usable on its day'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'reward_is_in_time';
  END IF;
  IF overtaking THEN
    RAISE EXCEPTION 'an event is paid in order: no entry before one that is refused'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'reward_event_is_paid_in_order';
  END IF;
END $$;

-- An event grows at its end: what a delivery adds to it follows its last entry. A delivery's entries
-- are a range of the table, so they are read by `reward_entry_of_delivery` and by no other index.
CREATE FUNCTION seal_reward_delivery() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off SET enable_indexscan = off SET enable_hashjoin = off
SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  events record;
BEGIN
  PERFORM require_table('reward_delivery', TG_RELID);
  IF EXISTS (
    SELECT FROM reward_entry entry LEFT JOIN reward_entry cancelling
      ON (cancelling.cancels_event_id, cancelling.cancels_position)
        = (entry.event_id, entry.position)
    WHERE entry.reward_delivery_id = NEW.reward_delivery_id AND entry.outcome = 'cancelled'
      AND cancelling.reward_delivery_id IS DISTINCT FROM entry.reward_delivery_id)
  THEN
    RAISE EXCEPTION 'an entry is recorded as cancelled with the cancellation that names it'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'reward_is_cancelled_by_an_entry';
  END IF;
  SELECT bool_or(count <> last - first + 1 OR first > 1 AND before.event_id IS NULL) AS any_gap,
         bool_or(one_seller <> other_seller OR one_seller <> before.seller_id
           OR day <> before.occurred_on) AS any_other,
         encode(sha256(string_agg(hash, '' ORDER BY event.event_id)), 'hex') AS hash
    INTO events FROM (
      SELECT event_id, count(*), min(position) AS first, max(position) AS last,
             min(seller_id) AS one_seller, max(seller_id) AS other_seller,
             min(occurred_on) AS day,
             sha256(convert_to(concat_ws('|', length(event_id), event_id, length(min(seller_id)),
               min(seller_id), string_agg(concat_ws('|', position, kind, points, outcome,
                 coalesce(posting_no, 0), coalesce(cancels_position, 0), length(cancels_event_id),
                 cancels_event_id, length(customer_ref), customer_ref), E'\n' ORDER BY position)),
               'UTF8')) AS hash
      FROM reward_entry WHERE reward_delivery_id = NEW.reward_delivery_id GROUP BY event_id
    ) event
    LEFT JOIN reward_entry before
      ON (before.event_id, before.position) = (event.event_id, nullif(first, 1) - 1);
  IF events.any_gap THEN
    RAISE EXCEPTION 'the positions of an event are 1, 2, 3 and so on'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'reward_event_has_no_gap';
  END IF;
  IF events.any_other THEN
    RAISE EXCEPTION 'an event is of one store and one day'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'reward_event_is_of_one_store';
  END IF;
  PERFORM note('reward_delivery', NEW.reward_delivery_id::text, concat_ws(E'\n', jsonb_build_array(
    NEW.reward_delivery_id, NEW.day, NEW.content_hash, NEW.source, NEW.entries, NEW.profile,
    NEW.actor, extract(epoch FROM NEW.accepted_at), NEW.accepted_on, NEW.tried_since,
    NEW.recorded_in), events.hash));
  RETURN NULL;
END $$;

CREATE FUNCTION seal_reward_retry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  PERFORM require_table('reward_retry', TG_RELID);
  PERFORM note('reward_retry', posting_no::text, string_agg(
      concat_ws('|', position, length(event_id), event_id), E'\n' ORDER BY event_id, position))
    FROM added GROUP BY posting_no;
  RETURN NULL;
END $$;

CREATE TRIGGER sees_what_others_posted BEFORE INSERT ON reward_delivery
  FOR EACH ROW WHEN (current_setting('transaction_isolation') <> 'read committed')
  EXECUTE FUNCTION refuse_old_snapshot();
CREATE TRIGGER takes_turn BEFORE INSERT ON reward_delivery
  FOR EACH STATEMENT EXECUTE FUNCTION take_turn();
CREATE TRIGGER takes_turn BEFORE INSERT ON reward_retry
  FOR EACH STATEMENT EXECUTE FUNCTION take_turn();
CREATE TRIGGER belongs AFTER INSERT ON reward_entry REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION rows_belong('reward_delivery');
CREATE TRIGGER is_entitled AFTER INSERT ON reward_entry REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION reward_entries_are_entitled();
CREATE TRIGGER is_entitled AFTER INSERT ON reward_retry REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION reward_retry_is_entitled();
CREATE TRIGGER sealed AFTER INSERT ON reward_retry REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION seal_reward_retry();

CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON reward_delivery
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_reward_delivery();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reward_delivery
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reward_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reward_retry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT EXECUTE ON FUNCTION stage_rewards(), lock_balances(text[]) TO growth_points_service;
GRANT INSERT (day, content_hash, source, entries, profile, actor, tried_since)
  ON reward_delivery TO growth_points_service;
GRANT INSERT (event_id, position, reward_delivery_id, seller_id, kind, points, customer_ref,
  occurred_on, cancels_event_id, cancels_position, outcome, posting_no)
  ON reward_entry TO growth_points_service;
GRANT INSERT (event_id, position, posting_no) ON reward_retry TO growth_points_service;
