-- The ledger: postings and their transfers, payouts, the budget, sellers' balances.
--
-- A posting is one request, known by its key. A transfer is one debit and one credit of one seller,
-- so nothing can be unbalanced or reach another seller. An award is finished once, by its payout or
-- by its reversal. What may be posted is in 4_posting_rules.sql.

CREATE TABLE posting (
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
CREATE INDEX posting_of_month ON posting (settlement_month, kind)
  WHERE settlement_month IS NOT NULL;

CREATE TABLE transfer (
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
  ON transfer (finishes) WHERE finishes IS NOT NULL;
CREATE INDEX transfer_of_posting ON transfer (posting_no);

-- `posting_no` is NULL when the month had no award to pay.
CREATE TABLE payout (
  settlement_month date NOT NULL CONSTRAINT payout_pk PRIMARY KEY
                   CONSTRAINT payout_month_is_a_first CHECK (extract(day FROM settlement_month) = 1),
  posting_no       bigint,
  sellers          integer NOT NULL,
  points           bigint  NOT NULL,
  paid_on          date    NOT NULL,
  actor            text    NOT NULL CONSTRAINT payout_has_an_actor CHECK (actor <> ''),
  paid_at          timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The fund goes below zero by what is out. Its newest floor is the budget; NULL is no limit.
CREATE TABLE budget (
  budget_no integer GENERATED ALWAYS AS IDENTITY CONSTRAINT budget_pk PRIMARY KEY,
  floor     bigint,
  actor     text NOT NULL CONSTRAINT budget_has_an_actor CHECK (actor <> ''),
  reason    text NOT NULL CONSTRAINT budget_has_a_reason CHECK (reason <> ''),
  set_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What each seller has; it follows from the transfers.
CREATE TABLE seller_account (
  seller_id text COLLATE "C" NOT NULL CONSTRAINT seller_account_pk PRIMARY KEY,
  pending   bigint NOT NULL DEFAULT 0
            CONSTRAINT seller_account_pending_not_overdrawn CHECK (pending >= 0),
  available bigint NOT NULL DEFAULT 0
            CONSTRAINT seller_account_available_not_overdrawn CHECK (available >= 0)
) WITH (fillfactor = 70);

-- Awards with what became of them.
CREATE VIEW award AS
  SELECT given.entry_no, given.posting_no, posting.settlement_month, posting.evaluation_id,
         given.seller_id, given.tier, given.points, given.award_no,
         CASE finished.kind WHEN 'payout' THEN 'paid' WHEN 'reversal' THEN 'reversed'
                            ELSE 'pending' END AS state
  FROM transfer given
  JOIN posting USING (posting_no)
  LEFT JOIN transfer finished ON finished.finishes = given.entry_no
  WHERE given.kind = 'award';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON posting
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payout
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON budget
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER moved_by_transfers BEFORE INSERT OR UPDATE ON seller_account
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_by_hand();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON seller_account
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
