-- Notices: which stores were told, and when, that their points expire.
--
-- A list has the stores that were told together. A store is told once for each last usable day and
-- number of days before it. A grant gives it another last usable day: what it was told is void, and
-- it is told anew.

CREATE TABLE notice_list (
  notice_list_id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT notice_list_pk PRIMARY KEY,
  told_on        date NOT NULL DEFAULT today(),
  actor          text NOT NULL CONSTRAINT notice_list_has_an_actor CHECK (actor <> ''),
  told_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_in    xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE notice (
  notice_list_id bigint NOT NULL,
  seller_id      text COLLATE "C" NOT NULL,
  last_usable_on date NOT NULL,
  days_before    integer NOT NULL,
  points         bigint NOT NULL,
  CONSTRAINT notice_tells_once PRIMARY KEY (seller_id, last_usable_on, days_before)
);
CREATE INDEX notice_of_list ON notice (notice_list_id);

-- A notice is of a balance that expires, from so many days before until its last usable day. The
-- balances are locked until the notices are noted, so that what was told is what there was.
CREATE FUNCTION notice_is_due() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off AS $$
BEGIN
  PERFORM require_table('notice', TG_RELID);
  PERFORM FROM balance JOIN new_rows USING (seller_id) WHERE account = 'available'
    ORDER BY seller_id FOR NO KEY UPDATE OF balance;
  IF EXISTS (
    SELECT FROM new_rows JOIN notice_list USING (notice_list_id)
    LEFT JOIN expiring USING (seller_id, points, last_usable_on)
    WHERE expiring.points IS NULL
      OR told_on NOT BETWEEN last_usable_on - days_before AND last_usable_on)
  THEN
    RAISE EXCEPTION 'a store is told what it has and until when, not earlier than so many days before'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'notice_is_due';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION seal_notice_list() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
  lines text;
BEGIN
  PERFORM require_table('notice_list', TG_RELID);
  SELECT string_agg(
      jsonb_build_array(seller_id, last_usable_on, days_before, points)::text,
      E'\n' ORDER BY seller_id, last_usable_on, days_before)
    INTO lines FROM notice WHERE notice_list_id = NEW.notice_list_id;
  IF lines IS NULL THEN
    RAISE EXCEPTION 'a list of notices tells somebody'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'notice_list_tells_somebody';
  END IF;
  PERFORM note('notice_list', NEW.notice_list_id::text, concat_ws(E'\n', jsonb_build_array(
    NEW.notice_list_id, NEW.told_on, NEW.actor, extract(epoch FROM NEW.told_at),
    NEW.recorded_in), lines));
  RETURN NULL;
END $$;

CREATE TRIGGER sees_what_others_posted BEFORE INSERT ON notice_list
  FOR EACH ROW WHEN (current_setting('transaction_isolation') <> 'read committed')
  EXECUTE FUNCTION refuse_old_snapshot();
CREATE TRIGGER takes_turn BEFORE INSERT ON notice_list
  FOR EACH ROW EXECUTE FUNCTION take_turn();
CREATE TRIGGER belongs AFTER INSERT ON notice REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION rows_belong('notice_list');
CREATE TRIGGER is_due AFTER INSERT ON notice REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION notice_is_due();

CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON notice_list
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_notice_list();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notice_list
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notice
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT INSERT (actor) ON notice_list TO growth_points_service;
GRANT INSERT (notice_list_id, seller_id, last_usable_on, days_before, points)
  ON notice TO growth_points_service;
