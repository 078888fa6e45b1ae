"""Records are noted when they are committed, and chained by seals soon after.

A seal made at the commit itself keeps all commits in a row, each waiting for the disk. Now a commit
only notes what it recorded, with its hash: `unsealed` is where notes wait. Whoever needs the head
of the chain seals what waits (`seal_waiting`), and so does every 64th note, unless somebody does.

Nothing is given up by that: a chain proves something only below a head that somebody outside
knows, and before a head is told, everything that it stands for is sealed. Notes are numbered
after their transaction took all its locks, so a record that rests on another one has the higher
number. Only what is committed, or of the same transaction, is sealed. So seals are still in the
order of commits, without a gap, and a late commit comes after what was sealed before it.

The order of locks: the program's, sellers' accounts, then `7310020004`, which every note shares
until its commit (the end of a day and a new budget wait for it), then `7310020003`, the chain's,
held while sealing, and by whatever takes from the fund while a budget limits it.

A revision's rows are hashed while they are taken in, not read again at the commit: `rows_hash`,
which the revision's seal covers. Revisions from before have none; their seals cover the rows.
"""

from alembic import op

revision = "0008"
down_revision = "0007"

_NOTES = """
CREATE TABLE growth_points.unsealed (
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

-- What was committed must never be too large to be sealed. Seals read as before.
ALTER TABLE growth_points.seal
  ALTER program_fund TYPE numeric, ALTER search_ad_credit TYPE numeric,
  ALTER customer_reward TYPE numeric, ALTER expired TYPE numeric;

-- The balances of the program's accounts as of now: of the newest seal, and what waits after it.
CREATE VIEW growth_points.program_balance AS
  SELECT (SELECT floor FROM growth_points.budget ORDER BY budget_no DESC LIMIT 1) AS fund_floor,
         coalesce(last.program_fund, 0) + waiting.program_fund AS program_fund,
         coalesce(last.search_ad_credit, 0) + waiting.search_ad_credit AS search_ad_credit,
         coalesce(last.customer_reward, 0) + waiting.customer_reward AS customer_reward,
         coalesce(last.expired, 0) + waiting.expired AS expired
  FROM (
    SELECT coalesce(sum(program_fund), 0) AS program_fund,
           coalesce(sum(search_ad_credit), 0) AS search_ad_credit,
           coalesce(sum(customer_reward), 0) AS customer_reward,
           coalesce(sum(expired), 0) AS expired
    FROM growth_points.unsealed
  ) waiting
  LEFT JOIN (SELECT * FROM growth_points.seal ORDER BY seal_no DESC LIMIT 1) last ON true;

CREATE OR REPLACE FUNCTION growth_points.add_seal(
  sealed text, sealed_key text, content text, change growth_points.program_balances
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
  least_fund bigint;
  number bigint;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(7310020004);
  IF change.program_fund < 0 THEN
    SELECT floor INTO least_fund FROM growth_points.budget ORDER BY budget_no DESC LIMIT 1;
    IF least_fund IS NOT NULL THEN
      PERFORM pg_advisory_xact_lock(7310020003);
      IF (SELECT program_fund FROM growth_points.program_balance) + change.program_fund < least_fund
      THEN
        RAISE EXCEPTION 'the budget of % does not cover what is posted', -least_fund
          USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_stays_within_the_budget';
      END IF;
    END IF;
  END IF;
  INSERT INTO growth_points.unsealed (subject, subject_key, content_hash,
      program_fund, search_ad_credit, customer_reward, expired)
    VALUES (sealed, sealed_key, sha256(convert_to(content, 'UTF8')), change.program_fund,
      change.search_ad_credit, change.customer_reward, change.expired)
    RETURNING note_no INTO number;
  IF number % 64 = 0 THEN
    IF pg_try_advisory_xact_lock(7310020003) THEN
      PERFORM growth_points.seal_waiting();
    END IF;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION growth_points.budget_covers_what_is_out() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7310020004);
  IF NEW.floor > (SELECT program_fund FROM growth_points.program_balance) THEN
    RAISE EXCEPTION 'more points are out than a budget of % allows', -NEW.floor
      USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_covers_what_is_out';
  END IF;
  RETURN NULL;
END $$;
"""

_SEALING = """
CREATE FUNCTION growth_points.next_link(last bytea, before_all bytea, content text) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(coalesce(last, before_all) || convert_to(content, 'UTF8'))
$$;
CREATE AGGREGATE growth_points.chained(before_all bytea, content text) (
  SFUNC = growth_points.next_link, STYPE = bytea
);

CREATE FUNCTION growth_points.seal_waiting() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
  last growth_points.seal;
BEGIN
  PERFORM pg_advisory_xact_lock(7310020003);
  SELECT * INTO last FROM growth_points.seal ORDER BY seal_no DESC LIMIT 1;
  WITH taken AS (
    DELETE FROM growth_points.unsealed RETURNING *
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
    FROM numbered LEFT JOIN growth_points.budget USING (budget_no)
  )
  INSERT INTO growth_points.seal
    SELECT next.*, growth_points.chained(coalesce(last.hash, ''), jsonb_build_array(
      seal_no, subject, subject_key, encode(content_hash, 'hex'), extract(epoch FROM sealed_at),
      fund_floor, program_fund, search_ad_credit, customer_reward, expired)::text
    ) OVER (ORDER BY seal_no)
    FROM next;
END $$;

CREATE FUNCTION growth_points.refuse_unless_sealing() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  called_by text;
BEGIN
  GET DIAGNOSTICS called_by = PG_CONTEXT;
  IF called_by NOT LIKE '%growth_points.seal_waiting()%' THEN
    RAISE EXCEPTION '% of % by hand is refused: it follows from what is posted', TG_OP, TG_TABLE_NAME
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;

DROP TRIGGER made_by_the_database ON growth_points.seal;
CREATE TRIGGER made_by_the_database BEFORE INSERT ON growth_points.seal
  FOR EACH STATEMENT EXECUTE FUNCTION growth_points.refuse_unless_sealing();
ALTER TABLE growth_points.seal ENABLE ALWAYS TRIGGER made_by_the_database;
CREATE TRIGGER made_by_the_database BEFORE INSERT ON growth_points.unsealed
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
  EXECUTE FUNCTION growth_points.refuse_by_hand();
ALTER TABLE growth_points.unsealed ENABLE ALWAYS TRIGGER made_by_the_database;
CREATE TRIGGER leaves_by_its_seal BEFORE DELETE ON growth_points.unsealed
  FOR EACH STATEMENT EXECUTE FUNCTION growth_points.refuse_unless_sealing();
ALTER TABLE growth_points.unsealed ENABLE ALWAYS TRIGGER leaves_by_its_seal;
CREATE TRIGGER stays_as_noted BEFORE UPDATE OR TRUNCATE ON growth_points.unsealed
  FOR EACH STATEMENT EXECUTE FUNCTION growth_points.refuse_change();
ALTER TABLE growth_points.unsealed ENABLE ALWAYS TRIGGER stays_as_noted;

GRANT SELECT ON growth_points.unsealed, growth_points.program_balance TO growth_points_service;
"""

# One function for all that a transfer must be: each trigger costs a single posting as much as its
# rows. What is new: a posting that waits for its seal is as closed as a sealed one.
_ENTITLED = """
CREATE OR REPLACE FUNCTION growth_points.transfer_is_entitled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS $$
DECLARE
  they record;
  added_to growth_points.posting;
  is_noted boolean;
  twice boolean := false;
BEGIN
  SELECT min(posting_no) AS posting_no, min(kind) AS kind,
         min(posting_no) <> max(posting_no) OR min(kind) <> max(kind) AS differ
    INTO they FROM added;
  SELECT * INTO added_to FROM growth_points.posting WHERE posting_no = they.posting_no;
  is_noted := EXISTS (
    SELECT FROM growth_points.unsealed
    WHERE subject = 'posting' AND subject_key = they.posting_no::text
  ) OR EXISTS (
    SELECT FROM growth_points.seal WHERE subject = 'posting' AND subject_key = they.posting_no::text
  );
  IF is_noted OR they.differ OR they.kind IS DISTINCT FROM added_to.kind THEN
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
    twice := EXISTS (
      SELECT FROM added JOIN growth_points.posting given
        ON given.key >= 'grant/' AND given.key < 'grant0'
        AND substr(given.key, 15) = concat(added.tier, '/', added.seller_id)
    );
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
  ELSIF added_to.key >= 'grant/' AND added_to.key < 'grant0' THEN
    twice := EXISTS (
      SELECT FROM added
      WHERE substr(added_to.key, 15) <> concat(split_part(added_to.key, '/', 3), '/', seller_id)
    ) OR EXISTS (
      SELECT FROM added JOIN growth_points.award USING (seller_id)
      WHERE state <> 'reversed' AND award.tier::text = split_part(added_to.key, '/', 3)
    ) OR EXISTS (
      SELECT FROM growth_points.posting other
      WHERE other.key >= 'grant/' AND other.key < 'grant0' AND other.key <> added_to.key
        AND substr(other.key, 15) = substr(added_to.key, 15)
    );
  END IF;
  IF twice THEN
    RAISE EXCEPTION 'a tier is given to a seller once, by an award or by a grant that names it'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_gives_a_tier_once';
  END IF;
  RETURN NULL;
END $$;

DROP TRIGGER gives_a_tier_once ON growth_points.transfer;
DROP FUNCTION growth_points.transfer_gives_a_tier_once();
"""

_ROWS = """
ALTER TABLE growth_points.revision ADD COLUMN rows_hash text
  CONSTRAINT revision_rows_hash_is_sha256 CHECK (rows_hash ~ '^[0-9a-f]{64}$');
ALTER TABLE growth_points.revision ADD CONSTRAINT revision_hashes_its_rows
  CHECK (rows_hash IS NOT NULL) NOT VALID;
GRANT INSERT (rows_hash) ON growth_points.revision TO growth_points_service;

CREATE OR REPLACE FUNCTION growth_points.seal_revision() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM growth_points.add_seal('revision', NEW.revision_id::text, jsonb_build_array(
    NEW.revision_id, NEW.settlement_month, NEW.revision_no, NEW.content_hash, NEW.source,
    NEW.lines, NEW.amount_krw, NEW.sellers, NEW.profile, NEW.findings, NEW.actor,
    extract(epoch FROM NEW.accepted_at), NEW.recorded_in, NEW.rows_hash)::text, (0, 0, 0, 0));
  RETURN NULL;
END $$;

-- Compiling takes longer than what it would save here.
ALTER FUNCTION growth_points.seal_evaluation() SET jit = off;
ALTER FUNCTION growth_points.seal_posting() SET jit = off;
"""


def upgrade() -> None:
    """Note at the commit, seal soon after, and hash a revision's rows as they come."""
    for statements in (_NOTES, _SEALING, _ENTITLED, _ROWS):
        op.execute(statements)


def downgrade() -> None:
    """Refuse: what waits for its seal would be lost."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
