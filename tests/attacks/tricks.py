"""Attacks by other ways to write: views, cursors, blocks, what only the database writes."""

from tests.attacks.attack import Attack

TRICKS = (
    Attack("seal in a view", "INSERT INTO growth_points.sealing DEFAULT VALUES"),
    Attack(
        "award in a view",
        "INSERT INTO growth_points.award (seller_id) VALUES ('me')",
        "55000 ",
        {"stranger": "42501 "},
    ),
    Attack(
        "hold a balance in a view",
        "UPDATE growth_points.program_balance SET points = 0",
        "55000 ",
        {"stranger": "42501 "},
    ),
    Attack(
        "merge into balances",
        "MERGE INTO growth_points.balance USING (SELECT 1) it ON true"
        " WHEN MATCHED THEN UPDATE SET points = points + 1",
    ),
    Attack(
        "update in a query",
        "WITH it AS (UPDATE growth_points.balance SET points = points + 1"
        " RETURNING 1) SELECT FROM it",
    ),
    Attack("delete while explaining", "EXPLAIN ANALYZE DELETE FROM growth_points.unsealed"),
    Attack(
        "update on conflict",
        "INSERT INTO growth_points.payout (settlement_month) VALUES"
        " ('2026-09-01') ON CONFLICT (settlement_month) DO UPDATE SET points = 1",
    ),
    Attack(
        "update in a block",
        "DO $$ BEGIN EXECUTE 'UPDATE growth_points.balance SET points = 1'; END $$",
    ),
    Attack("update a prepared row", "PREPARE it AS DELETE FROM growth_points.seal; EXECUTE it"),
    Attack(
        "update by a cursor",
        "DECLARE it CURSOR FOR SELECT * FROM growth_points.balance"
        " FOR UPDATE; FETCH it; UPDATE growth_points.balance SET points = 1"
        " WHERE CURRENT OF it",
    ),
    Attack(
        "raise a budget",
        "INSERT INTO growth_points.budget (floor, actor, reason) VALUES (NULL, 'me', 'mine')",
    ),
    Attack("allow a flow", "INSERT INTO growth_points.flow VALUES ('mine', 'pending', 'expired')"),
    Attack(
        "forge a seal",
        "INSERT INTO growth_points.seal SELECT 1000, subject, subject_key || '!',"
        " content_hash, sealed_at, hash FROM growth_points.seal",
    ),
    Attack(
        "forge a note",
        "INSERT INTO growth_points.unsealed (subject, subject_key, content_hash)"
        " VALUES ('posting', '1', '')",
    ),
    Attack(
        "call notes from a transaction of its own",
        "SELECT growth_points.note('posting', '1', '', NULL)",
    ),
    Attack("see a function's owner work", "SELECT growth_points.chain_waiting()"),
)
