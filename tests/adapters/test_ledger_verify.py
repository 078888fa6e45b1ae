"""Verifying finds nothing in a sound database, and names whatever somebody changed behind it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine, text

from adapters.korean_holidays import calendar_version
from adapters.postgres.approvals import record_approval, record_rule
from adapters.postgres.corrections import post_correction
from adapters.postgres.ledger import (
    chain_head,
    check_now,
    record_adjustment_approval,
    seal_now,
)
from adapters.postgres.runs import Action, record_run
from adapters.postgres.verification.verify import verify
from domain.approval import ApprovalRule
from domain.cause import Cause
from domain.corrections import Correction, CorrectionKind
from tests.adapters.ledger_probes import current, posting_of
from tests.adapters.ledger_world import (
    DUE_ON,
    NOVEMBER,
    OCTOBER,
    POINTS,
    adjust,
    as_owner,
    award,
    awards_of,
    database_of_its_own,
    deliver,
    pay,
    plan,
    reverse,
    set_budget,
)
from tests.adapters.notice_probes import tell_stores
from tests.adapters.reward_probes import reward_customers
from tests.adapters.using_probes import use_points

_COLUMNS = """
  SELECT relname, attname, format_type(coalesce(nullif(of_domain.typbasetype, 0),
           nullif(pg_type.typbasetype, 0), pg_type.oid), NULL)
  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
  JOIN pg_type ON pg_type.oid = atttypid
  LEFT JOIN pg_type of_domain ON of_domain.oid = pg_type.typbasetype
  WHERE relnamespace = 'growth_points'::regnamespace AND relkind = 'r' AND attnum > 0
    AND NOT attisdropped AND relname <> 'alembic_version' ORDER BY 1, 2
"""
_ANOTHER = {
    "bigint": "coalesce({0}, 0) + 1000",
    "integer": "coalesce({0}, 0) + 1000",
    "smallint": "coalesce({0}, 0) + 1",
    "text": "concat({0}, 'x')",
    "text[]": "{0} || 'x'::text",
    "date": "coalesce(({0} + interval '1 month')::date, '2026-01-01')",
    "timestamp with time zone": "{0} - interval '1 microsecond'",
    "boolean": "NOT {0}",
    "jsonb": """'{{"tampered": "with"}}'""",
    "bytea": "sha256({0})",
    "numeric": "coalesce({0}, 0) + 1000",
    "xid8": "'1'",
}


@pytest.fixture(scope="module")
def owner(server_url: str, migrated_template: str) -> Iterator[Engine]:
    """The owner's engine on a database where every table has rows, committed."""
    with database_of_its_own(server_url, migrated_template) as url, as_owner(url) as engine:
        with engine.begin() as connection:
            set_budget(connection, -10_000_000)
            deliver(connection, "abcd")
            award(connection, awards_of("abc"))
            plan(connection)
        with engine.begin() as connection:
            reverse(connection, awards_of("b"), leaving=awards_of("ac"))
        with engine.begin() as connection:
            cause = Cause("tests", "restated", "command line", datetime.now(UTC))
            pay(connection)
            adjust(connection, "d", 1_000)
            award(connection, awards_of("b", month=NOVEMBER), month=NOVEMBER)
            plan(connection, month=NOVEMBER)
            record_rule(connection, NOVEMBER, ApprovalRule(0))
            record_approval(connection, current(connection, NOVEMBER), POINTS[1], cause)
            record_run(
                connection,
                NOVEMBER,
                Action.EVALUATE_AGAIN,
                cause,
                changed=True,
                difference={"reversed": 1},
                caused_by=OCTOBER,
            )
            (paid,) = awards_of("c")
            clawback = Correction(CorrectionKind.CLAWBACK, paid, posting_of(connection, "c"))
            post_correction(connection, clawback, DUE_ON, cause)
            record_adjustment_approval(connection, "adjustment/2", "d", 10**7, cause)
            seal_now(connection)
        with engine.begin() as connection:
            adjust(connection, "d", 1, key="adjustment/not sealed yet")
        use_points(engine)
        reward_customers(engine)
        with engine.begin() as connection:
            tell_stores(connection)
        yield engine


def test_a_sound_database_has_no_differences(owner: Engine) -> None:
    with owner.connect() as connection:
        assert list(verify(connection)) == []


def test_an_empty_database_has_no_differences(connection: Connection) -> None:
    assert list(verify(connection)) == []


def test_verifying_sees_one_moment_and_leaves_the_transaction_as_usual(owner: Engine) -> None:
    with owner.connect() as connection:
        list(verify(connection))
        isolation = connection.scalar(text("SELECT current_setting('transaction_isolation')"))
    assert isolation == "repeatable read"


def test_every_column_of_every_table_is_verified(owner: Engine) -> None:
    with owner.connect() as connection:
        columns = connection.execute(text(_COLUMNS)).all()
    unnamed = [
        f"{table}.{column}"
        for table, column, kind in columns
        if not _differences_after(owner, table, column, _ANOTHER[kind].format(column))
    ]
    # Nobody was told yet in which order and when what waits for its seal was recorded.
    assert unnamed == ["unsealed.note_no", "unsealed.noted_at"]


def _differences_after(engine: Engine, table: str, column: str, value: str) -> list[str]:
    """Change one column of one row with every guard off; returns what verifying says."""
    with engine.connect() as connection:
        _switch_off(connection, table, column)
        connection.execute(
            text(
                f"UPDATE growth_points.{table} SET {column} = {value} WHERE ctid ="  # noqa: S608
                f" (SELECT max(ctid) FROM growth_points.{table})"
            )
        )
        found = [each for each in verify(connection) if each.check != "guards"]
        return [str(difference) for difference in found]


def _switch_off(connection: Connection, table: str, column: str) -> None:
    name = f"growth_points.{table}"
    checks = """
      SELECT conname FROM pg_constraint
      WHERE contype = 'c' AND conrelid = CAST(:name AS regclass)
    """
    connection.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER ALL"))
    connection.execute(text(f"ALTER TABLE {name} ALTER {column} DROP IDENTITY IF EXISTS"))
    for check in connection.scalars(text(checks), {"name": name}).all():
        connection.execute(text(f"ALTER TABLE {name} DROP CONSTRAINT {check}"))


def _change_everything(engine: Engine, *statements: str) -> Iterator[str]:
    """Run statements as a superuser would who switched every guard off; yield the differences."""
    with engine.connect() as connection:
        tables = "SELECT relname FROM pg_class WHERE relnamespace = 'growth_points'::regnamespace"
        for table in connection.scalars(text(f"{tables} AND relkind = 'r'")).all():
            connection.execute(text(f"ALTER TABLE growth_points.{table} DISABLE TRIGGER ALL"))
        for statement in statements:
            connection.execute(text(statement))
        yield from map(str, verify(connection))


_INTO = "INSERT INTO growth_points.transfer VALUES (DEFAULT, 1, "
_FORGED = _INTO + "'adjustment', 'd', 'program_fund', 'available', 5, NULL, NULL)"
_AWARDED_TWICE = _INTO + "'award', 'a', 'program_fund', 'pending', 150000, 1, 2)"
_CLAWED_BACK_TWICE = """
  ALTER TABLE growth_points.correction DROP CONSTRAINT correction_undoes_once;
  INSERT INTO growth_points.correction
  SELECT 1, kind, settlement_month, seller_id, tier, points, undoes FROM growth_points.correction
"""
_CORRECTED = "UPDATE growth_points.correction SET "


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (_FORGED, "posting 1 is not what was sealed"),
        (_FORGED, "seller balances: seller d has 1001 available, but the transfers add up to 1006"),
        (_FORGED, "seal 8 does not carry the balances"),
        ("DELETE FROM growth_points.posting WHERE key = 'adjustment/1'", "is gone"),
        ("DELETE FROM growth_points.posting WHERE key = 'adjustment/1'", "transfer has rows of"),
        ("DELETE FROM growth_points.seal WHERE seal_no = 2", "seal 3 does not follow"),
        ("DELETE FROM growth_points.transfer WHERE kind = 'reversal'", "was sealed"),
        ("DELETE FROM growth_points.decision", "which its evaluation did not decide"),
        ("DELETE FROM growth_points.decision", "has an award that the current evaluation did not"),
        ("DELETE FROM growth_points.payout", "pays a month that has no such payout"),
        (
            "UPDATE growth_points.posting SET effective_on = '2199-01-01' WHERE posting_no > 0",
            "adjustments: posting adjustment/1 is dated 2199-01-01 and was recorded on",
        ),
        (
            "DELETE FROM growth_points.run WHERE action = 'pay out'",
            "2026-10 was paid, and no run in its history did that",
        ),
        (
            "UPDATE growth_points.run SET changed = false WHERE action = 'pay out'",
            "2026-10 was paid, and no run in its history did that",
        ),
        ("DELETE FROM growth_points.payout_date", "its payout date was None"),
        ("DELETE FROM growth_points.seller_snapshot", "its rows add up to 4, 4000 and 0"),
        (
            "UPDATE growth_points.payout SET points = 1",
            "2026-10 says that it paid 1 points to 2 sellers, but its posting paid 300000 to 2",
        ),
        (
            "UPDATE growth_points.payout SET paid_on = '2026-11-09'",
            "2026-10 was paid on 2026-11-09; its payout date was 2026-11-10",
        ),
        (
            "UPDATE growth_points.payout_date SET due_on = due_on + 1 WHERE due_on = '2026-11-10'",
            "2026-10 (plan 1) is due on 2026-11-11, which does not follow from its policy",
        ),
        (
            "UPDATE growth_points.decision SET window_amount_krw = 5999999",
            "tier 1 and 150000 points for 5999999 KRW; d-commerce-2020 does not",
        ),
        (
            "UPDATE growth_points.transfer SET points = 149999 WHERE kind = 'payout'",
            "does not finish an award of its seller, its points and its month, once",
        ),
        (
            _AWARDED_TWICE,
            "seller a holds tier 1 2 times",
        ),
        (_CLAWED_BACK_TWICE, "does not undo what gave or took these points, once"),
        (f"{_CORRECTED} undoes = 2", "does not undo what gave or took these points, once"),
        (f"{_CORRECTED} kind = 'reinstatement'", "does not undo what gave or took these points"),
        (f"{_CORRECTED} points = 1", "gives seller c other points than it moved"),
        (f"{_CORRECTED} seller_id = 'a'", "gives seller a other points than it moved"),
        (f"{_CORRECTED} kind = 'reinstatement'", "gives seller c other points than it moved"),
        (f"{_CORRECTED} posting_no = 10000", "correction has rows of posting 10000, which does"),
        (f"{_CORRECTED} kind = 'award', undoes = NULL", "seller c holds tier 1 2 times"),
        (
            f"{_CORRECTED} kind = 'award', undoes = NULL, tier = 2",
            "awards seller c tier 2 for 2026-10, which no evaluation decided",
        ),
        ("DELETE FROM growth_points.payout", "corrects 2026-10, which was not paid before"),
        ("DELETE FROM growth_points.correction", "is not what was sealed"),
        (
            "UPDATE growth_points.policy SET content = replace(content, '150_000', '150_001')",
            "cannot be read",
        ),
    ],
)
def test_what_was_tampered_with_is_named(owner: Engine, statement: str, sentence: str) -> None:
    found = list(_change_everything(owner, statement))
    assert any(sentence in each for each in found), found


def test_a_chain_written_anew_does_not_reach_a_head_known_outside(owner: Engine) -> None:
    with owner.connect() as connection:
        head = chain_head(connection)
        assert head is not None
        assert list(verify(connection, known_heads=[head.hash])) == []
        found = [str(each) for each in verify(connection, known_heads=["00" * 32, head.hash])]
    assert len(found) == 1
    assert found[0].startswith(
        f"chain: no seal of this database is {'00' * 32}, which was reported"
    )


def test_rows_read_back_are_those_ingested_whatever_they_are_called(
    connection: Connection,
) -> None:
    hostile = [
        'a"b',
        "comma,",
        "two\nlines",
        "\\.",
        "NULL",
        " x ",
        "007",
        "가게",
        '"',
        "\\N",
        "\ttab",
    ]
    deliver(connection, hostile)
    check_now(connection)
    assert list(verify(connection)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE growth_points.seller_snapshot SET uses_api = NOT uses_api WHERE seller_id = 'a'",
        "UPDATE growth_points.seller_amount SET seller_id = 'zz' WHERE seller_id = 'a'",
        "UPDATE growth_points.revision SET rows_hash = repeat('0', 64)",
    ],
)
def test_other_rows_than_those_ingested_are_named(owner: Engine, statement: str) -> None:
    found = list(_change_everything(owner, statement))
    assert any("the rows of revision 1 are not those ingested" in each for each in found), found


def test_a_payout_date_is_worked_out_from_the_calendar_not_from_what_was_passed_over(
    owner: Engine,
) -> None:
    plan = "UPDATE growth_points.payout_date SET"
    calendar = f"{plan} calendar = '{calendar_version()}'"
    another_day = f"""{plan} due_on = due_on + 1, passed_over = '[["2026-11-10", "A holiday"]]'
                      WHERE due_on < '2026-12-1'"""
    sentence = "2026-10 (plan 1) is due on 2026-11-11, which does not follow"
    assert not any(sentence in each for each in _change_everything(owner, calendar))
    assert any(sentence in each for each in _change_everything(owner, calendar, another_day))
    assert not any(sentence in each for each in _change_everything(owner, another_day))


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (
            ("close", 1, {"awarded": 3, "points": 450_001}),
            "the runs of 2026-10 reported 3 awards, 0 reversals and 450001 points",
        ),
        (
            ("pay out", None, {"points": 300_000, "sellers": 3}),
            "a run reported that 2026-10 paid 300000 points to 3 sellers, the ledger has 300000",
        ),
        (
            ("award correction", None, {"points": 5}),
            "the award correction runs of 2026-10 reported 5 points, the ledger has 0",
        ),
        (
            ("clawback", None, {"points": -5}),
            "the clawback runs of 2026-10 reported -5 points, the ledger has -150000",
        ),
    ],
)
def test_a_run_that_told_otherwise_than_the_ledger_is_named(
    owner: Engine, told: tuple[str, int | None, dict[str, int]], sentence: str
) -> None:
    action, evaluation_id, difference = told
    with owner.connect() as connection:
        cause = Cause("tests", "a test", "tests", datetime.now(UTC))
        record_run(
            connection,
            OCTOBER,
            Action(action),
            cause,
            changed=True,
            difference=difference,
            evaluation_id=evaluation_id,
        )
        found = [str(each) for each in verify(connection)]
    assert any(sentence in each for each in found), found


def test_runs_that_told_what_the_ledger_has_are_not_named(owner: Engine) -> None:
    cause = Cause("tests", "a test", "tests", datetime.now(UTC))
    with owner.connect() as connection:
        for action, evaluation_id, difference in (
            (Action.CLOSE, 1, {"awarded": 3, "points": 450_000}),
            (Action.CLOSE, 1, {}),
            (Action.PAY_OUT, None, {"points": 300_000, "sellers": 2}),
        ):
            record_run(
                connection,
                OCTOBER,
                action,
                cause,
                changed=True,
                difference=difference,
                evaluation_id=evaluation_id,
            )
        assert [each for each in verify(connection) if each.check == "reports"] == []
