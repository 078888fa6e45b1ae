"""The ledger: postings and their transfers, balances, payouts, the chain of seals.

What must not happen is impossible here, whatever a program does. A transfer is one debit and one
credit of one seller, so nothing can be unbalanced or reach another seller. An award is finished
once, by its payout or by its reversal. Recorded rows stay, also for the tables' owner.

What a foreign key would check row by row is checked once a statement, by triggers that run as
the owner: rows it could refer to are never changed or deleted, so the answer cannot go stale.

One order of locks: the program lock (taken by whatever touches several sellers), then sellers'
accounts, then the chain, which is held from the first seal to the end of the commit. The balances
of the fund and of the places where points end run along the chain, one line a seal, so they are
no row that everybody waits for.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = """
CREATE TABLE growth_points.posting (
  posting_no       bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT posting_pk PRIMARY KEY,
  key              text COLLATE "C" NOT NULL
                   CONSTRAINT posting_key_is_used_once UNIQUE
                   CONSTRAINT posting_key_length CHECK (length(key) BETWEEN 1 AND 200),
  kind             text COLLATE "C" NOT NULL,
  settlement_month date,
  evaluation_id    integer,
  request_hash     bytea NOT NULL
                   CONSTRAINT posting_hash_is_sha256 CHECK (length(request_hash) = 32),
  effective_on     date  NOT NULL,
  actor            text  NOT NULL CONSTRAINT posting_has_an_actor CHECK (actor <> ''),
  reason           text  CONSTRAINT posting_reason_says_something CHECK (reason <> ''),
  recorded_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT posting_names_its_month
    CHECK ((kind IN ('award', 'payout', 'reversal')) = (settlement_month IS NOT NULL)),
  CONSTRAINT posting_rests_on_an_evaluation
    CHECK ((kind IN ('award', 'reversal')) = (evaluation_id IS NOT NULL)),
  CONSTRAINT posting_correction_has_a_reason
    CHECK (kind NOT IN ('reversal', 'adjustment') OR reason IS NOT NULL)
);
CREATE INDEX posting_of_month ON growth_points.posting (settlement_month, kind)
  WHERE settlement_month IS NOT NULL;

CREATE TABLE growth_points.transfer (
  entry_no       bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT transfer_pk PRIMARY KEY,
  posting_no     bigint NOT NULL,
  kind           text COLLATE "C" NOT NULL,
  seller_id      text COLLATE "C" NOT NULL
                 CONSTRAINT transfer_seller_id_length CHECK (length(seller_id) BETWEEN 1 AND 64),
  debit_account  text COLLATE "C" NOT NULL,
  credit_account text COLLATE "C" NOT NULL,
  points         bigint NOT NULL CONSTRAINT transfer_points_positive CHECK (points > 0),
  tier           smallint,
  award_no       smallint CONSTRAINT transfer_award_no_counts_from_1 CHECK (award_no >= 1),
  finishes       bigint,
  -- Written short: PostgreSQL reads a check anew for every statement.
  CONSTRAINT transfer_flow_is_allowed CHECK (
    kind || ': ' || debit_account || ' > ' || credit_account IN (
      'award: program_fund > pending',
      'payout: pending > available',
      'reversal: pending > program_fund',
      'adjustment: program_fund > available',
      'adjustment: available > program_fund',
      'spend: available > search_ad_credit',
      'spend: available > customer_reward',
      'expiry: available > expired')),
  CONSTRAINT transfer_award_has_a_tier CHECK (
    (kind = 'award') = (tier IS NOT NULL) AND (kind = 'award') = (award_no IS NOT NULL)),
  CONSTRAINT transfer_names_the_award_it_finishes
    CHECK ((kind IN ('payout', 'reversal')) = (finishes IS NOT NULL)),
  -- The next award of a tier (award_no 2, 3, ...) is given only over a reversed one.
  CONSTRAINT transfer_awards_a_tier_once UNIQUE (seller_id, tier, award_no)
);
CREATE UNIQUE INDEX transfer_finishes_an_award_once
  ON growth_points.transfer (finishes) WHERE finishes IS NOT NULL;
CREATE INDEX transfer_of_posting ON growth_points.transfer (posting_no);

CREATE TABLE growth_points.payout (
  settlement_month date NOT NULL CONSTRAINT payout_pk PRIMARY KEY
                   CONSTRAINT payout_month_is_a_first CHECK (extract(day FROM settlement_month) = 1),
  posting_no       bigint,
  sellers          integer NOT NULL,
  points           bigint  NOT NULL,
  paid_on          date    NOT NULL,
  actor            text    NOT NULL CONSTRAINT payout_has_an_actor CHECK (actor <> ''),
  paid_at          timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE growth_points.seller_account (
  seller_id text COLLATE "C" NOT NULL CONSTRAINT seller_account_pk PRIMARY KEY,
  pending   bigint NOT NULL DEFAULT 0
            CONSTRAINT seller_account_pending_not_overdrawn CHECK (pending >= 0),
  available bigint NOT NULL DEFAULT 0
            CONSTRAINT seller_account_available_not_overdrawn CHECK (available >= 0)
) WITH (fillfactor = 70);

-- The fund goes below zero by what is out. Its newest floor is the budget; NULL is no limit.
CREATE TABLE growth_points.budget (
  budget_no integer GENERATED ALWAYS AS IDENTITY CONSTRAINT budget_pk PRIMARY KEY,
  floor     bigint,
  actor     text NOT NULL CONSTRAINT budget_has_an_actor CHECK (actor <> ''),
  reason    text NOT NULL CONSTRAINT budget_has_a_reason CHECK (reason <> ''),
  set_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE growth_points.seal (
  seal_no          bigint NOT NULL CONSTRAINT seal_pk PRIMARY KEY,
  subject          text COLLATE "C" NOT NULL,
  subject_key      text COLLATE "C" NOT NULL,
  content_hash     bytea NOT NULL,
  sealed_at        timestamptz NOT NULL,
  fund_floor       bigint,
  program_fund     bigint NOT NULL,
  search_ad_credit bigint NOT NULL,
  customer_reward  bigint NOT NULL,
  expired          bigint NOT NULL,
  hash             bytea NOT NULL,
  CONSTRAINT seal_program_fund_not_below_its_floor CHECK (program_fund >= fund_floor),
  CONSTRAINT seal_no_account_overdrawn
    CHECK (least(search_ad_credit, customer_reward, expired) >= 0),
  CONSTRAINT seal_seals_once UNIQUE (subject, subject_key)
);

CREATE VIEW growth_points.award AS
  SELECT given.entry_no, given.posting_no, posting.settlement_month, posting.evaluation_id,
         given.seller_id, given.tier, given.points, given.award_no,
         CASE finished.kind WHEN 'payout' THEN 'paid' WHEN 'reversal' THEN 'reversed'
                            ELSE 'pending' END AS state
  FROM growth_points.transfer given
  JOIN growth_points.posting USING (posting_no)
  LEFT JOIN growth_points.transfer finished ON finished.finishes = given.entry_no
  WHERE given.kind = 'award';
"""

# 7310020001 is the lock that closings and payouts also take by themselves, 7310020003 the chain's.
_POSTING = """
CREATE FUNCTION growth_points.refuse_old_snapshot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is written at READ COMMITTED: an older snapshot misses what others posted'
    USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;

CREATE FUNCTION growth_points.take_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7310020001);
  RETURN NEW;
END $$;

CREATE FUNCTION growth_points.posting_is_in_time() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM growth_points.payout WHERE settlement_month = NEW.settlement_month) THEN
    RAISE EXCEPTION '% was paid out; what was paid stays', to_char(NEW.settlement_month, 'YYYY-MM')
      USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_month_is_not_paid';
  END IF;
  IF NEW.evaluation_id IS NOT NULL AND NEW.evaluation_id IS DISTINCT FROM (
    SELECT evaluation_id FROM growth_points.evaluation
    WHERE settlement_month = NEW.settlement_month ORDER BY evaluation_no DESC LIMIT 1
  ) THEN
    RAISE EXCEPTION 'evaluation % is not the current one of %', NEW.evaluation_id,
      to_char(NEW.settlement_month, 'YYYY-MM')
      USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_evaluation_is_current';
  END IF;
  RETURN NULL;
END $$;
"""

_TRANSFER = """
-- A statement writes transfers of one posting, which this transaction opened and did not seal yet.
-- Its plans are kept by a session that may begin with an empty ledger: they must go by index.
CREATE FUNCTION growth_points.transfer_is_entitled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS $$
DECLARE
  they record;
  added_to growth_points.posting;
  is_sealed boolean;
BEGIN
  SELECT min(posting_no) AS posting_no, min(kind) AS kind,
         min(posting_no) <> max(posting_no) OR min(kind) <> max(kind) AS differ
    INTO they FROM added;
  SELECT * INTO added_to FROM growth_points.posting WHERE posting_no = they.posting_no;
  SELECT true INTO is_sealed FROM growth_points.seal
    WHERE subject = 'posting' AND subject_key = they.posting_no::text;
  IF is_sealed OR they.differ OR they.kind IS DISTINCT FROM added_to.kind THEN
    RAISE EXCEPTION 'transfers are added to a posting of their kind, in the transaction that records it'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'transfer_belongs';
  END IF;

  -- Conditions are nested, since a subquery costs its start even where it is not needed.
  IF added_to.kind = 'award' THEN
    -- A lookup for each award. As a join it would read the whole evaluation for each of them, since
    -- statistics from before a new evaluation say that it has no rows.
    IF EXISTS (
      SELECT FROM added WHERE (
        SELECT (outcome, decision.tier, decision.points) = ('awarded', added.tier, added.points)
        FROM growth_points.decision
        WHERE decision.evaluation_id = added_to.evaluation_id
          AND decision.seller_id = added.seller_id
      ) IS NOT TRUE
    ) THEN
      RAISE EXCEPTION 'an award has no decision of its evaluation with its tier and points'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_was_decided';
    END IF;
    IF EXISTS (
      SELECT FROM added
      LEFT JOIN growth_points.transfer earlier
        ON (earlier.seller_id, earlier.tier, earlier.award_no)
          = (added.seller_id, added.tier, (added.award_no - 1)::smallint)
      LEFT JOIN growth_points.transfer finished ON finished.finishes = earlier.entry_no
      WHERE added.award_no > 1 AND finished.kind IS DISTINCT FROM 'reversal'
    ) THEN
      RAISE EXCEPTION 'a tier is awarded again only after its award was reversed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_awards_again';
    END IF;
  ELSIF added_to.kind IN ('payout', 'reversal') THEN
    IF EXISTS (
      SELECT FROM added
      LEFT JOIN growth_points.transfer given
        ON given.entry_no = added.finishes AND given.kind = 'award'
      LEFT JOIN growth_points.posting origin ON origin.posting_no = given.posting_no
      WHERE (given.seller_id, given.points, origin.settlement_month)
        IS DISTINCT FROM (added.seller_id, added.points, added_to.settlement_month)
    ) THEN
      RAISE EXCEPTION 'an award is finished for its seller, its points and its month'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_finishes_its_award';
    END IF;
  END IF;
  RETURN NULL;
END $$;

-- Only sellers whose balances do not fall may be new. Updates lock FOR NO KEY UPDATE. A plan made
-- for a whole month is kept for single transfers in the same session, so it goes by index.
CREATE FUNCTION growth_points.transfer_moves_points() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  are record;
  moved bigint;
BEGIN
  SELECT min(seller_id) <> max(seller_id) AS several,
         bool_or(debit_account = 'program_fund') AS given,
         bool_or(debit_account <> 'program_fund') AS taken
    INTO are FROM added;
  IF are.several THEN
    PERFORM pg_advisory_xact_lock(7310020001);
  END IF;
  IF are.given THEN
    INSERT INTO growth_points.seller_account AS account (seller_id, pending, available)
      SELECT seller_id, coalesce(sum(points) FILTER (WHERE credit_account = 'pending'), 0),
             coalesce(sum(points) FILTER (WHERE credit_account = 'available'), 0)
      FROM added WHERE debit_account = 'program_fund' GROUP BY seller_id ORDER BY seller_id
    ON CONFLICT (seller_id) DO UPDATE SET
      pending = account.pending + excluded.pending,
      available = account.available + excluded.available;
  END IF;
  IF are.taken THEN
    UPDATE growth_points.seller_account account SET
      pending = account.pending - taken.pending,
      available = account.available + taken.given - taken.available
    FROM (
      SELECT seller_id,
             coalesce(sum(points) FILTER (WHERE debit_account = 'pending'), 0) AS pending,
             coalesce(sum(points) FILTER (WHERE debit_account = 'available'), 0) AS available,
             coalesce(sum(points) FILTER (WHERE credit_account = 'available'), 0) AS given
      FROM added WHERE debit_account <> 'program_fund' GROUP BY seller_id
    ) taken WHERE account.seller_id = taken.seller_id;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved <> (
      SELECT count(DISTINCT seller_id) FROM added WHERE debit_account <> 'program_fund'
    ) THEN
      RAISE EXCEPTION 'a seller without an account has nothing to take'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'seller_account_available_not_overdrawn';
    END IF;
  END IF;
  RETURN NULL;
END $$;

-- Also the tables' owner writes these only by what they follow from: a transfer, a commit.
CREATE FUNCTION growth_points.refuse_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % by hand is refused: it follows from what is posted', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
"""

_PAYOUT = """
CREATE FUNCTION growth_points.payout_is_due() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  due date;
BEGIN
  SELECT due_on INTO due FROM growth_points.payout_date
    WHERE settlement_month = NEW.settlement_month ORDER BY plan_no DESC LIMIT 1;
  IF due IS NULL OR NEW.paid_on < due THEN
    RAISE EXCEPTION '% is due on %, not on %', to_char(NEW.settlement_month, 'YYYY-MM'),
      coalesce(due::text, 'no date yet'), NEW.paid_on
      USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_is_due';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION growth_points.payout_is_complete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  paid record;
BEGIN
  IF EXISTS (SELECT FROM growth_points.award
             WHERE settlement_month = NEW.settlement_month AND state = 'pending') THEN
    RAISE EXCEPTION 'a payout pays every open award of its month'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_is_complete';
  END IF;
  SELECT count(DISTINCT seller_id) AS sellers, coalesce(sum(points), 0) AS points INTO paid
    FROM growth_points.transfer WHERE posting_no = NEW.posting_no;
  IF NEW.sellers <> paid.sellers OR NEW.points <> paid.points
    OR NEW.posting_no IS NOT NULL AND NOT EXISTS (
      SELECT FROM growth_points.posting WHERE posting_no = NEW.posting_no AND kind = 'payout'
        AND settlement_month = NEW.settlement_month AND effective_on = NEW.paid_on)
  THEN
    RAISE EXCEPTION 'a payout says what its posting paid'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_is_complete';
  END IF;
  RETURN NULL;
END $$;
"""

# A seal's text names every column, unambiguously and in no session's time zone or language.
_CHAIN = """
CREATE FUNCTION growth_points.budget_covers_what_is_out() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7310020003);
  IF NEW.floor > coalesce(
    (SELECT program_fund FROM growth_points.seal ORDER BY seal_no DESC LIMIT 1), 0)
  THEN
    RAISE EXCEPTION 'more points are out than a budget of % allows', -NEW.floor
      USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_covers_what_is_out';
  END IF;
  RETURN NULL;
END $$;

-- What a record changes in the balances of the program's accounts.
CREATE TYPE growth_points.program_balances AS (
  program_fund bigint, search_ad_credit bigint, customer_reward bigint, expired bigint
);

CREATE FUNCTION growth_points.add_seal(
  sealed text, sealed_key text, content text, change growth_points.program_balances
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
  last growth_points.seal;
  next growth_points.seal;
BEGIN
  next.subject := sealed;
  next.subject_key := sealed_key;
  next.content_hash := sha256(convert_to(content, 'UTF8'));
  PERFORM pg_advisory_xact_lock(7310020003);
  SELECT * INTO last FROM growth_points.seal ORDER BY seal_no DESC LIMIT 1;
  next.seal_no := coalesce(last.seal_no, 0) + 1;
  next.sealed_at := greatest(clock_timestamp(), last.sealed_at);
  next.fund_floor := last.fund_floor;
  IF sealed = 'budget' THEN
    SELECT floor INTO next.fund_floor FROM growth_points.budget ORDER BY budget_no DESC LIMIT 1;
  END IF;
  next.program_fund := coalesce(last.program_fund, 0) + change.program_fund;
  next.search_ad_credit := coalesce(last.search_ad_credit, 0) + change.search_ad_credit;
  next.customer_reward := coalesce(last.customer_reward, 0) + change.customer_reward;
  next.expired := coalesce(last.expired, 0) + change.expired;
  next.hash := sha256(coalesce(last.hash, '') || convert_to(jsonb_build_array(
    next.seal_no, sealed, sealed_key, encode(next.content_hash, 'hex'),
    extract(epoch FROM next.sealed_at), next.fund_floor, next.program_fund,
    next.search_ad_credit, next.customer_reward, next.expired)::text, 'UTF8'));
  INSERT INTO growth_points.seal SELECT next.*;
END $$;

CREATE FUNCTION growth_points.seal_posting() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
  lines text;
  change growth_points.program_balances;
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
    FROM growth_points.transfer WHERE posting_no = NEW.posting_no;
  IF lines IS NULL THEN
    RAISE EXCEPTION 'posting % has no transfers', NEW.key
      USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_has_transfers';
  END IF;
  IF NEW.kind = 'payout' THEN
    IF NOT EXISTS (SELECT FROM growth_points.payout WHERE settlement_month = NEW.settlement_month
                   AND posting_no = NEW.posting_no) THEN
      RAISE EXCEPTION 'posting % pays without a payout', NEW.key
        USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_of_a_payout';
    END IF;
  END IF;
  PERFORM growth_points.add_seal('posting', NEW.posting_no::text, jsonb_build_array(
    NEW.posting_no, NEW.key, NEW.kind, NEW.settlement_month, NEW.evaluation_id,
    encode(NEW.request_hash, 'hex'), NEW.effective_on, NEW.actor, NEW.reason,
    extract(epoch FROM NEW.recorded_at))::text || E'\n' || lines, change);
  RETURN NULL;
END $$;

CREATE FUNCTION growth_points.seal_payout() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM growth_points.add_seal('payout', NEW.settlement_month::text, jsonb_build_array(
    NEW.settlement_month, NEW.posting_no, NEW.sellers, NEW.points, NEW.paid_on, NEW.actor,
    extract(epoch FROM NEW.paid_at))::text, (0, 0, 0, 0));
  RETURN NULL;
END $$;

CREATE FUNCTION growth_points.seal_budget() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM growth_points.add_seal('budget', NEW.budget_no::text, jsonb_build_array(
    NEW.budget_no, NEW.floor, NEW.actor, NEW.reason,
    extract(epoch FROM NEW.set_at))::text, (0, 0, 0, 0));
  RETURN NULL;
END $$;
"""

_SNAPSHOT_IS_OLD = "WHEN (current_setting('transaction_isolation') <> 'read committed')"
_SEVERAL_SELLERS = "WHEN (NEW.kind IN ('award', 'payout', 'reversal'))"
_BY_HAND = "WHEN (pg_trigger_depth() = 0)"
_ADDED = "AFTER INSERT ON {table} REFERENCING NEW TABLE AS added FOR EACH STATEMENT"

_TRIGGERS = (
    *(
        (
            table,
            "sees_what_others_posted",
            f"BEFORE INSERT ON {{table}} FOR EACH ROW {_SNAPSHOT_IS_OLD}",
            "refuse_old_snapshot",
        )
        for table in ("posting", "payout")
    ),
    (
        "posting",
        "takes_turn",
        f"BEFORE INSERT ON {{table}} FOR EACH ROW {_SEVERAL_SELLERS}",
        "take_turn",
    ),
    ("payout", "takes_turn", "BEFORE INSERT ON {table} FOR EACH ROW", "take_turn"),
    (
        "posting",
        "is_in_time",
        "AFTER INSERT ON {table} FOR EACH ROW WHEN (NEW.settlement_month IS NOT NULL)",
        "posting_is_in_time",
    ),
    ("transfer", "is_entitled", _ADDED, "transfer_is_entitled"),
    ("transfer", "moves_points", _ADDED, "transfer_moves_points"),
    ("payout", "is_due", "AFTER INSERT ON {table} FOR EACH ROW", "payout_is_due"),
    ("payout", "is_complete", "AFTER INSERT ON {table} FOR EACH ROW", "payout_is_complete"),
    (
        "budget",
        "covers_what_is_out",
        "AFTER INSERT ON {table} FOR EACH ROW",
        "budget_covers_what_is_out",
    ),
    (
        "seller_account",
        "moved_by_transfers",
        f"BEFORE INSERT OR UPDATE ON {{table}} FOR EACH STATEMENT {_BY_HAND}",
        "refuse_by_hand",
    ),
    (
        "seal",
        "made_by_the_database",
        f"BEFORE INSERT ON {{table}} FOR EACH STATEMENT {_BY_HAND}",
        "refuse_by_hand",
    ),
    *(
        (
            table,
            "append_only",
            "BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT",
            "refuse_change",
        )
        for table in ("posting", "transfer", "payout", "budget", "seal")
    ),
    (
        "seller_account",
        "stays",
        "BEFORE DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT",
        "refuse_change",
    ),
)

_SEALS = """
CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON growth_points.{table}
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION growth_points.seal_{table}();
ALTER TABLE growth_points.{table} ENABLE ALWAYS TRIGGER sealed;
"""

_GRANT_SELECT = "GRANT SELECT ON ALL TABLES IN SCHEMA growth_points TO growth_points_service"

# What the database numbers, dates and marks by itself, the service cannot choose.
_GRANT_INSERT = """
REVOKE INSERT ON ALL TABLES IN SCHEMA growth_points FROM growth_points_service;
DO $$
DECLARE
  line record;
BEGIN
  FOR line IN
    SELECT attrelid::regclass AS tab, string_agg(quote_ident(attname), ', ') AS cols
    FROM pg_attribute
    WHERE attrelid = ANY ('{{{tables}}}'::regclass[])
      AND attnum > 0 AND NOT attisdropped AND NOT atthasdef AND attidentity = ''
    GROUP BY attrelid
  LOOP
    EXECUTE format('GRANT INSERT (%s) ON %s TO growth_points_service', line.cols, line.tab);
  END LOOP;
END $$;
"""

_INSERTED = (
    "policy",
    "revision",
    "seller_amount",
    "seller_snapshot",
    "evaluation",
    "evaluation_input",
    "decision",
    "payout_date",
    "posting",
    "transfer",
    "payout",
)


def upgrade() -> None:
    """Create the ledger, everything that guards it, and what the service may add."""
    for statements in (_TABLES, _POSTING, _TRANSFER, _PAYOUT, _CHAIN):
        op.execute(statements)
    for table, name, when, function in _TRIGGERS:
        _create_trigger(f"growth_points.{table}", name, when, function)
    for table in ("posting", "payout", "budget"):
        op.execute(_SEALS.format(table=table))
    op.execute(_GRANT_SELECT)
    tables = ",".join(f"growth_points.{table}" for table in _INSERTED)
    op.execute(_GRANT_INSERT.format(tables=tables))


def _create_trigger(table: str, name: str, when: str, function: str) -> None:
    op.execute(
        f"CREATE TRIGGER {name} {when.format(table=table)} "
        f"EXECUTE FUNCTION growth_points.{function}()"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def downgrade() -> None:
    """Refuse: taking the ledger away would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
