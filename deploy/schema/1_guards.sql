-- What every recorded table shares: what was recorded stays, and whoever writes takes a turn.
--
-- Guards are triggers, so they hold for the tables' owner too. They are enabled always
-- (7_privileges.sql), so no setting of a session turns them off.
--
-- Locks are those of empty tables: to lock a table in any mode that matters takes more than reading
-- it, while anybody could take an advisory lock. Whoever takes several takes them in this order, so
-- nobody waits in a circle:
--   program_lock  taken by whatever touches several sellers
--                 sellers' balances, as their rows are updated
--   note_lock     shared by every record from its note to its commit (ROW EXCLUSIVE), exclusive for a
--                 new budget and for the end of a day
--   chain_lock    taken while sealing, and by whatever a budget limits
-- SHARE UPDATE EXCLUSIVE excludes itself, and is taken without a look at other sessions' locks.

CREATE TABLE program_lock ();
CREATE TABLE note_lock ();
CREATE TABLE chain_lock ();

CREATE FUNCTION lock_program() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  LOCK TABLE program_lock IN SHARE UPDATE EXCLUSIVE MODE;
END $$;

-- Held to the end of the transaction or savepoint, it keeps everybody from committing a record.
CREATE FUNCTION wait_for_notes() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = growth_points, pg_temp AS $$
BEGIN
  LOCK TABLE note_lock IN EXCLUSIVE MODE;
END $$;

-- A trigger function that works as the owner names its table: a trigger of somebody's own table must
-- not put that work to another use.
CREATE FUNCTION require_table(meant regclass, called_by oid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF called_by IS DISTINCT FROM meant THEN
    RAISE EXCEPTION 'a trigger of % is called by a trigger of %', meant, called_by::regclass
      USING ERRCODE = 'insufficient_privilege';
  END IF;
END $$;

-- The days and instants that a record may name. Programs cannot read dates before Christ or at
-- infinity, and a day that is out of reach leaves no later one.
CREATE DOMAIN calendar_day AS date
  CONSTRAINT calendar_day_in_range
  CHECK (VALUE BETWEEN make_date(2000, 1, 1) AND make_date(2199, 12, 31));
CREATE DOMAIN calendar_month AS calendar_day
  CONSTRAINT calendar_month_is_a_first CHECK (extract(day FROM VALUE) = 1);
CREATE DOMAIN instant AS timestamptz
  CONSTRAINT instant_in_range CHECK (VALUE AT TIME ZONE 'UTC' >= make_date(2000, 1, 1)
                                     AND VALUE AT TIME ZONE 'UTC' < make_date(2200, 1, 1));

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: what was recorded stays; correct it by adding',
    TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

-- For tables that follow from others: only another trigger writes them.
CREATE FUNCTION refuse_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % by hand is refused: it follows from what is posted', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION refuse_old_snapshot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is written at READ COMMITTED: an older snapshot misses what others posted'
    USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;

CREATE FUNCTION take_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM growth_points.lock_program();
  RETURN NEW;
END $$;

-- Records of a month are numbered 1, 2, 3 and so on: a number far ahead would leave no next one.
CREATE FUNCTION numbers_count_on() RETURNS trigger
LANGUAGE plpgsql SET search_path = growth_points, pg_temp AS $$
DECLARE
  leaves_a_gap boolean;
BEGIN
  EXECUTE format('SELECT max(%I) <> count(*) FROM %I WHERE settlement_month = $1',
    TG_ARGV[0], TG_TABLE_NAME) INTO leaves_a_gap USING NEW.settlement_month;
  IF leaves_a_gap THEN
    RAISE EXCEPTION 'a month''s % counts on from the last one', TG_ARGV[0]
      USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_counts_on';
  END IF;
  RETURN NULL;
END $$;

-- Rows come in the transaction that records their parent, before it is noted. Its number does not prove that alone: a
-- server that a backup was restored into numbers its transactions anew. A parent that another
-- transaction wrote into this database has an age above 0.
CREATE FUNCTION rows_belong() RETURNS trigger
LANGUAGE plpgsql SET search_path = growth_points, pg_temp AS $$
DECLARE
  parent text := TG_ARGV[0];
  late boolean;
BEGIN
  EXECUTE format(
    'SELECT EXISTS (
       SELECT FROM (SELECT DISTINCT %1$I FROM new_rows) added LEFT JOIN %2$I parent USING (%1$I)
       WHERE parent.recorded_in IS DISTINCT FROM pg_current_xact_id() OR age(parent.xmin) > 0
         OR EXISTS (SELECT FROM unsealed WHERE (subject, subject_key) = (%2$L, %1$I::text))
         OR EXISTS (SELECT FROM seal WHERE (subject, subject_key) = (%2$L, %1$I::text)))',
    parent || '_id', parent) INTO late;
  IF late THEN
    RAISE EXCEPTION '%: rows are added in the transaction that records their %, never later',
      TG_TABLE_NAME, parent USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
