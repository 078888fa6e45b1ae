"""Records that no rule of the program made, written past the guards: `verify` names each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from adapters.postgres.verification.verify import verify
from flows.verifying.replay import replay_decisions
from tests.adapters.ledger_world import as_owner
from tests.closings import Program, Sold

_TABLES = """
  SELECT relname FROM pg_class
  WHERE relnamespace = 'growth_points'::regnamespace AND relkind = 'r'
"""
_DATES = """
  ALTER DOMAIN growth_points.calendar_day DROP CONSTRAINT calendar_day_in_range;
  ALTER TABLE growth_points.payout_date DROP CONSTRAINT payout_date_is_soon,
    DROP CONSTRAINT payout_date_is_after_the_month;
  UPDATE growth_points.payout_date SET due_on = '{}'
"""
_INPUT = "growth_points.evaluation_input"
_NOT_NEWEST = "months: evaluation 2 of 2026-10 does not rest on the newest revisions"
_ADJUST = """
  WITH made AS (
    INSERT INTO growth_points.posting (key, kind, request_hash, effective_on, actor, reason)
    VALUES ('adjustment/forged', 'adjustment', sha256('x'), '2026-11-10', 'nobody', 'none')
    RETURNING posting_no
  ), noted AS (
    INSERT INTO growth_points.unsealed (subject, subject_key, content_hash)
    SELECT 'posting', posting_no, '' FROM made
  )
  INSERT INTO growth_points.transfer
    (posting_no, kind, seller_id, debit_account, credit_account, points)
  SELECT posting_no, 'adjustment', '{}', 'program_fund', 'available', {} FROM made
"""


@pytest.fixture
def owner(engine: Engine, tmp_path: Path, database_url: str) -> Iterator[Connection]:
    """A connection past the guards of a program whose October was closed twice."""
    program = Program(engine, tmp_path)
    for name in ("2026-08", "2026-09"):
        program.ingest(name, {"maru": Sold(0)})
    program.close("2026-10", {"maru": Sold(7_000_000)})
    program.close("2026-10", {"maru": Sold(6_900_000), "sora": Sold(1)})
    with as_owner(database_url) as owner, owner.connect() as connection:
        for table in connection.scalars(text(_TABLES)).all():
            connection.execute(text(f"ALTER TABLE growth_points.{table} DISABLE TRIGGER USER"))
        yield connection


@pytest.mark.parametrize(
    ("forge", "sentence"),
    [
        (
            "UPDATE growth_points.revision SET revision_no = 2147483647 WHERE revision_id = 1",
            "months: 2026-08 has 1 records of revision, and the last one is number 2147483647",
        ),
        (
            "UPDATE growth_points.evaluation SET evaluation_no = 9 WHERE evaluation_no = 2",
            "months: 2026-10 has 2 records of evaluation, and the last one is number 9",
        ),
        (
            "UPDATE growth_points.payout_date SET plan_no = 9",
            "months: 2026-10 has 1 records of payout_date, and the last one is number 9",
        ),
        (
            "INSERT INTO growth_points.decision VALUES (2, 'bob', 'awarded', 1, 1, 6000000, '{}')",
            "months: evaluation 2 of 2026-10 decided seller bob, and its snapshot has none",
        ),
        (
            f"UPDATE {_INPUT} SET revision_id = 3 WHERE (evaluation_id, revision_id) = (2, 4)",  # noqa: S608
            _NOT_NEWEST,
        ),
        (
            f"DELETE FROM {_INPUT} WHERE (evaluation_id, revision_id) = (2, 2)",  # noqa: S608
            _NOT_NEWEST,
        ),
        (
            f"DELETE FROM {_INPUT} WHERE (evaluation_id, revision_id) = (2, 4)",  # noqa: S608
            _NOT_NEWEST,
        ),
        (
            f"DELETE FROM {_INPUT} WHERE evaluation_id = 2",  # noqa: S608
            _NOT_NEWEST,
        ),
        (
            f"DELETE FROM {_INPUT} WHERE (evaluation_id, revision_id) = (2, 1)",  # noqa: S608
            "replay: 2026-10: evaluation 2 does not rest on the deliveries of 2026-08 to 2026-10",
        ),
        (
            "UPDATE growth_points.policy SET content = 'x'",
            "replay: 2026-10: evaluation 1 cannot be replayed: the recorded policy d-commerce-2020",
        ),
        (
            "UPDATE growth_points.policy SET adjustment_limit = 1450001",
            "policies: the text of policy d-commerce-2020",
        ),
        (
            _ADJUST.format("bob", 1),
            "adjustments: posting adjustment/forged adjusts seller bob, whom no snapshot has",
        ),
        (
            _ADJUST.format("maru", 1_450_001),
            "adjustments: posting adjustment/forged moves 1450001 points of seller maru, more than",
        ),
        (
            _DATES.format("infinity"),
            "payout dates: a recorded value cannot be read",
        ),
        (
            _DATES.format("0044-03-15 BC"),
            "payout dates: a recorded value cannot be read",
        ),
    ],
)
def test_what_no_rule_made_is_named(owner: Connection, forge: str, sentence: str) -> None:
    owner.exec_driver_sql(forge)
    found = [str(each) for each in (*verify(owner), *replay_decisions(owner))]
    assert any(each.startswith(sentence) for each in found), found


@pytest.mark.parametrize(("seller_id", "points"), [("maru", 1_450_000), ("sora", 1)])
def test_what_is_within_the_rules_is_not(owner: Connection, seller_id: str, points: int) -> None:
    owner.exec_driver_sql(_ADJUST.format(seller_id, points))
    checks = {each.check for each in (*verify(owner), *replay_decisions(owner))}
    assert checks.isdisjoint({"months", "adjustments", "policies", "replay"})
