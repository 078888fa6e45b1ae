-- The ledger: accounts and the flows between them, postings and their transfers, payouts, the
-- budget, sellers' balances.
--
-- A posting is one request, known by its key. A transfer is one debit and one credit of one seller,
-- so nothing can be unbalanced or reach another seller. An award is finished once, by its payout or
-- by its reversal. What may be posted is in 4_posting_rules.sql.

-- The kinds of account, each with its holder: every seller has one of `seller`, the program one of
-- `program`. All balances always add up to nothing: the fund goes below zero by what is out. Later
-- files add accounts and flows (8_using.sql `held`); domain/ledger.py has all of them, and a test
-- compares.
CREATE TABLE account (
  account text COLLATE "C" NOT NULL CONSTRAINT account_pk PRIMARY KEY,
  holder  text NOT NULL CONSTRAINT account_holder_known CHECK (holder IN ('seller', 'program'))
);
INSERT INTO account VALUES
  ('program_fund', 'program'),
  ('pending', 'seller'),
  ('available', 'seller'),
  ('search_ad_credit', 'program'),
  ('customer_reward', 'program'),
  ('expired', 'program');

-- Points move on these ways and on no other. A flow to the last three accounts is added together
-- with the table that records what entitles its transfers, as in 8_using.sql.
CREATE TABLE flow (
  kind           text COLLATE "C" NOT NULL,
  debit_account  text COLLATE "C" NOT NULL CONSTRAINT flow_debit_account_fk REFERENCES account,
  credit_account text COLLATE "C" NOT NULL CONSTRAINT flow_credit_account_fk REFERENCES account,
  CONSTRAINT flow_pk PRIMARY KEY (kind, debit_account, credit_account)
);
INSERT INTO flow VALUES
  ('award', 'program_fund', 'pending'),
  ('payout', 'pending', 'available'),
  ('reversal', 'pending', 'program_fund'),
  ('adjustment', 'program_fund', 'available'),
  ('adjustment', 'available', 'program_fund');

CREATE TABLE posting (
  posting_no       bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT posting_pk PRIMARY KEY,
  key              text COLLATE "C" NOT NULL
                   CONSTRAINT posting_key_is_used_once UNIQUE
                   CONSTRAINT posting_key_length CHECK (length(key) <= 200),
  kind             text COLLATE "C" NOT NULL,
  settlement_month calendar_month,
  evaluation_id    integer,
  request_hash     bytea NOT NULL
                   CONSTRAINT posting_hash_is_sha256 CHECK (length(request_hash) = 32),
  effective_on     calendar_day NOT NULL,
  actor            text  NOT NULL CONSTRAINT posting_has_an_actor CHECK (actor <> ''),
  reason           text  CONSTRAINT posting_reason_says_something CHECK (reason <> ''),
  recorded_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT posting_key_is_of_its_kind CHECK (
    CASE kind
    WHEN 'payout' THEN key = 'payout/' || to_char(settlement_month, 'YYYY-MM')
    WHEN 'adjustment' THEN key ~ '^(adjustment|award-correction|clawback|reinstatement)/'
    ELSE starts_with(key, kind || '/') END),
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
  points         bigint NOT NULL CONSTRAINT transfer_points_positive CHECK (points > 0)
                 CONSTRAINT transfer_points_at_most CHECK (points <= 1000000000000),
  tier           smallint,
  award_no       smallint CONSTRAINT transfer_award_no_counts_from_1 CHECK (award_no >= 1),
  finishes       bigint,
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
  settlement_month calendar_month NOT NULL CONSTRAINT payout_pk PRIMARY KEY,
  posting_no       bigint,
  sellers          integer NOT NULL,
  points           bigint  NOT NULL,
  paid_on          calendar_day NOT NULL,
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

-- What each seller has in each account; it follows from the transfers.
CREATE TABLE balance (
  seller_id text COLLATE "C" NOT NULL,
  account   text COLLATE "C" NOT NULL,
  points    bigint NOT NULL CONSTRAINT balance_not_overdrawn CHECK (points >= 0),
  CONSTRAINT balance_pk PRIMARY KEY (seller_id, account)
) WITH (fillfactor = 70);

-- Awards with what became of them. Their postings name a month, and those have an index: without the
-- condition, every posting ever made is read.
CREATE VIEW award AS
  SELECT given.entry_no, given.posting_no, posting.settlement_month, posting.evaluation_id,
         given.seller_id, given.tier, given.points, given.award_no,
         CASE finished.kind WHEN 'payout' THEN 'paid' WHEN 'reversal' THEN 'reversed'
                            ELSE 'pending' END AS state
  FROM transfer given
  JOIN posting USING (posting_no)
  LEFT JOIN transfer finished ON finished.finishes = given.entry_no
  WHERE given.kind = 'award' AND posting.settlement_month IS NOT NULL;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON account
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON flow
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON posting
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payout
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON budget
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER moved_by_transfers BEFORE INSERT OR UPDATE ON balance
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_by_hand();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON balance
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
