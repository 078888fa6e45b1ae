-- What the process does that strangers reach: the stores' page and the marketplace's interface. Its
-- sessions work as growth_points_stores, which reads what stores are shown and records what they ask
-- for. It cannot award, pay out, adjust, approve, or end a conversion.

-- A store's raw months are shown to whoever says which store it asks about: nothing can be listed,
-- and a query that forgets its condition finds no other store's rows.
CREATE VIEW own_amount WITH (security_barrier) AS
  SELECT revision_id, seller_id, line_type, amount_krw FROM seller_amount
  WHERE seller_id = current_setting('growth_points.seller_id', true);
CREATE VIEW own_snapshot WITH (security_barrier) AS
  SELECT * FROM seller_snapshot WHERE seller_id = current_setting('growth_points.seller_id', true);

GRANT SELECT ON own_amount, own_snapshot TO growth_points_service, growth_points_approver;

-- What moves points is a posting, so its kind decides who may. Others post as they are granted to:
-- for them the policy is no condition, and costs nothing.
ALTER TABLE posting ENABLE ROW LEVEL SECURITY;
CREATE POLICY as_granted ON posting USING (true) WITH CHECK (true);
CREATE POLICY stores_use_points ON posting AS RESTRICTIVE FOR INSERT TO growth_points_stores
  WITH CHECK (kind IN ('conversion', 'reward', 'cancellation', 'expiry'));

GRANT USAGE ON SCHEMA growth_points TO growth_points_stores;
GRANT EXECUTE ON FUNCTION today(), lock_program(), stage_rewards(), lock_balances(text[])
  TO growth_points_stores;

-- What is shown, and what explains it.
GRANT SELECT ON alembic_version, own_amount, own_snapshot, policy, evaluation, evaluation_input,
  decision, payout_date, payout, approval_rule, approval, award, correction, transfer, balance,
  unpaid, expiring, ad_account_link, conversion, conversion_end, conversion_attempt, expiry,
  reward_delivery, reward_entry, reward_retry, reward, open_reward, rewarded
  TO growth_points_stores;
GRANT SELECT (posting_no, key, kind, settlement_month, request_hash, effective_on, reason,
  recorded_at) ON posting TO growth_points_stores;
GRANT SELECT (revision_id, settlement_month, revision_no, content_hash, source, lines, amount_krw,
  sellers, profile, accepted_at) ON revision TO growth_points_stores;
GRANT SELECT (revision_id, seller_id, status) ON seller_snapshot TO growth_points_stores;
-- What is sealed, and no hash: rows_belong() works as whoever adds reward entries.
GRANT SELECT (subject, subject_key) ON seal, unsealed TO growth_points_stores;

GRANT INSERT (key, kind, settlement_month, evaluation_id, request_hash, effective_on, actor, reason)
  ON posting TO growth_points_stores;
GRANT INSERT (posting_no, kind, seller_id, debit_account, credit_account, points)
  ON transfer TO growth_points_stores;
GRANT INSERT (seller_id, account_id, actor) ON ad_account_link TO growth_points_stores;
GRANT INSERT (posting_no, seller_id, request_id, points, account_id)
  ON conversion TO growth_points_stores;
GRANT INSERT (posting_no, seller_id, points, last_usable_on) ON expiry TO growth_points_stores;
GRANT INSERT (day, content_hash, source, entries, profile, actor, tried_since)
  ON reward_delivery TO growth_points_stores;
GRANT INSERT (event_id, position, reward_delivery_id, seller_id, kind, points, customer_ref,
  occurred_on, cancels_event_id, cancels_position, outcome, posting_no)
  ON reward_entry TO growth_points_stores;
GRANT INSERT (event_id, position, posting_no) ON reward_retry TO growth_points_stores;
