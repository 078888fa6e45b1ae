-- Who may do what. Every session works as one of these roles, which may read, and add what its work
-- records. What the database numbers, dates and marks by itself, nobody chooses.
--
--   growth_points_service   closes and pays
--   growth_points_approver  approves, and can neither close nor pay
--   growth_points_stores    shows stores what they have, and records what they ask (11_stores.sql)
--
-- What a login has beyond its roles is in ../roles.sql. A new login gets a role here, what it may
-- insert below, and a line in docs/ledger.md.

DO $$
DECLARE
  needed name;
  advice text := format('Let an administrator run deploy/roles.sql, or: '
    'GRANT growth_points_service, growth_points_approver, growth_points_stores TO %I', current_user);
BEGIN
  FOREACH needed IN ARRAY '{growth_points_service, growth_points_approver,
    growth_points_stores}'::name[] LOOP
    BEGIN
      IF to_regrole(needed::text) IS NULL THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', needed);
      END IF;
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL;  -- roles belong to the whole server
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the role % is missing and % may not create it', needed, current_user
          USING ERRCODE = 'insufficient_privilege', HINT = advice;
    END;
    BEGIN
      EXECUTE format('GRANT %I TO CURRENT_USER', needed);
    EXCEPTION WHEN insufficient_privilege THEN
      IF NOT pg_has_role(needed, 'MEMBER') THEN
        RAISE EXCEPTION '% may not work as the role %', current_user, needed
          USING ERRCODE = 'insufficient_privilege', HINT = advice;
      END IF;
    END;
  END LOOP;
END $$;

GRANT USAGE ON SCHEMA growth_points TO growth_points_service, growth_points_approver;
GRANT SELECT ON ALL TABLES IN SCHEMA growth_points
  TO growth_points_service, growth_points_approver;

GRANT INSERT (policy_hash, name, content, adjustment_limit) ON policy TO growth_points_service;
GRANT INSERT (settlement_month, revision_no, content_hash, rows_hash, source, lines, amount_krw,
  sellers, profile, findings, actor) ON revision TO growth_points_service;
GRANT INSERT (revision_id, sender, public_key, delivery_no, manifest, signature)
  ON revision_signature TO growth_points_service;
GRANT INSERT (revision_id, seller_id, line_type, lines, amount_krw)
  ON seller_amount TO growth_points_service;
GRANT INSERT (revision_id, seller_id, approved_on, status, runs_department_store_window,
  runs_outlet_window, uses_fulfilment, uses_api) ON seller_snapshot TO growth_points_service;
GRANT INSERT (settlement_month, evaluation_no, input_hash, policy_hash, actor, reason)
  ON evaluation TO growth_points_service;
GRANT INSERT (evaluation_id, revision_id) ON evaluation_input TO growth_points_service;
GRANT INSERT (evaluation_id, seller_id, outcome, tier, points, window_amount_krw, reasons)
  ON decision TO growth_points_service;
GRANT INSERT (settlement_month, plan_no, due_on, passed_over, calendar, extra_holidays, policy_hash)
  ON payout_date TO growth_points_service;
GRANT INSERT (settlement_month, action, caused_by, actor, origin, reason, revision_id,
  evaluation_id, changed, difference, started_at)
  ON run TO growth_points_service, growth_points_approver;
GRANT INSERT (settlement_month, above_points) ON approval_rule TO growth_points_service;
GRANT INSERT (evaluation_id, points, actor, reason) ON approval TO growth_points_approver;
GRANT INSERT (key, seller_id, points, actor, reason)
  ON adjustment_approval TO growth_points_approver;
GRANT INSERT (key, kind, settlement_month, evaluation_id, request_hash, effective_on, actor, reason)
  ON posting TO growth_points_service;
GRANT INSERT (posting_no, kind, seller_id, debit_account, credit_account, points, tier, award_no,
  finishes) ON transfer TO growth_points_service;
GRANT INSERT (posting_no, kind, settlement_month, seller_id, tier, points, undoes)
  ON correction TO growth_points_service;
GRANT INSERT (settlement_month, posting_no, sellers, points, paid_on, actor)
  ON payout TO growth_points_service;

-- A function is called by whoever its caller works as, and some work as the owner: a trigger of
-- somebody's own table could call them. Firing a trigger needs no right to its function.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA growth_points FROM PUBLIC;
GRANT EXECUTE ON FUNCTION seal_waiting(), wait_for_notes() TO growth_points_service;
GRANT EXECUTE ON FUNCTION lock_program() TO growth_points_service, growth_points_approver;

-- Guards hold in every session, whatever its session_replication_role says.
DO $$
DECLARE
  guard record;
BEGIN
  FOR guard IN
    SELECT tgrelid::regclass AS guarded, tgname FROM pg_trigger
    JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = 'growth_points'::regnamespace AND relkind = 'r' AND NOT tgisinternal
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', guard.guarded, guard.tgname);
  END LOOP;
END $$;
