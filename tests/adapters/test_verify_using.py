"""Verifying derives what conversions and expiries were entitled to, and names what differs."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from adapters.postgres.ledger import seal_now
from adapters.postgres.verification.verify import verify
from tests.adapters.ledger_world import as_owner, database_of_its_own
from tests.adapters.notice_probes import go_on_telling, tell_stores
from tests.adapters.using_probes import go_on_using, use_points


@pytest.fixture(scope="module")
def owner(server_url: str, migrated_template: str) -> Iterator[Engine]:
    """The owner's engine on a database with conversions and expiries, sealed."""
    with database_of_its_own(server_url, migrated_template) as url, as_owner(url) as engine:
        use_points(engine)
        with engine.begin() as connection:
            tell_stores(connection)
            seal_now(connection)
        yield engine


def _found_after(engine: Engine, *statements: str) -> list[str]:
    """Run statements with every trigger off; returns what verifying says then."""
    with engine.connect() as connection:
        tables = "SELECT relname FROM pg_class WHERE relnamespace = 'growth_points'::regnamespace"
        for table in connection.scalars(text(f"{tables} AND relkind = 'r'")).all():
            connection.execute(text(f"ALTER TABLE growth_points.{table} DISABLE TRIGGER ALL"))
        for statement in statements:
            connection.execute(text(statement))
        return [str(each) for each in verify(connection) if each.check != "guards"]


def test_sound_uses_have_no_differences(owner: Engine) -> None:
    with owner.connect() as connection:
        assert list(verify(connection)) == []


def test_what_follows_from_them_has_no_differences(server_url: str, migrated_template: str) -> None:
    with database_of_its_own(server_url, migrated_template) as url, as_owner(url) as engine:
        use_points(engine)
        go_on_using(engine)
        with engine.begin() as connection:
            tell_stores(connection)
            go_on_telling(connection)
        found = _found_after(engine)
    assert all(each.startswith("payouts: 2025-06 was paid on 2025-07-31") for each in found)


_CONVERSION = "UPDATE growth_points.conversion SET"
_EXPIRY = "UPDATE growth_points.expiry SET"
_END = "UPDATE growth_points.conversion_end SET"
_FIRST = "WHERE request_id = 'r1'"
_FIRST_GONE = "DELETE FROM growth_points.conversion WHERE request_id = 'r1'"
_UNDATED = "ALTER TABLE growth_points.expiry DROP CONSTRAINT expiry_comes_after_the_last_usable_day"
_BACKDATED = """
  UPDATE growth_points.posting SET effective_on = effective_on - 9 WHERE kind = 'return'
"""
_ENDED_TWICE = f"""
  ALTER TABLE growth_points.conversion_end DROP CONSTRAINT conversion_ends_once;
  {_END} conversion_no = 9
"""
_LATE = """
  UPDATE growth_points.posting SET effective_on = effective_on - 700 WHERE key = 'adjustment/i'
"""
_NOTICE = "UPDATE growth_points.notice SET"
_UNPAID = """
  INSERT INTO growth_points.expiry (posting_no, seller_id, points, last_usable_on)
  SELECT posting_no, 'k', 200, '2025-12-01' FROM growth_points.conversion_end LIMIT 1
"""


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (f"{_CONVERSION} points = 99 {_FIRST}", "moves other points of seller i than what"),
        (f"{_CONVERSION} points = 99 {_FIRST}", "is not what was sealed"),
        (f"{_CONVERSION} seller_id = 'j' {_FIRST}", "moves other points of seller j than what"),
        (f"{_CONVERSION} request_id = 'x' {_FIRST}", "recorded for another request or another"),
        (
            f"{_CONVERSION} requested_on = requested_on - 9 {_FIRST}",
            "recorded for another request or another day",
        ),
        (
            _BACKDATED,
            "recorded for another request or another day",
        ),
        (_FIRST_GONE, "moves other points of seller i than"),
        (
            _FIRST_GONE,
            "an attempt of conversion 8, which was never recorded",
        ),
        (
            "DELETE FROM growth_points.conversion WHERE request_id = 'r2'",
            "an end of conversion 9, which ended before, or was never recorded",
        ),
        (
            _ENDED_TWICE,
            "an end of conversion 9, which ended before, or was never recorded",
        ),
        (f"{_END} outcome = 'delivered'", "moves other points of seller i than what entitles"),
        (f"{_END} answer = 'another'", "is not what was sealed"),
        (f"{_CONVERSION} account_id = 'ads of o'", "for an account that seller i had not linked"),
        (
            "UPDATE growth_points.ad_account_link SET seller_id = 'stranger' WHERE seller_id = 'o'",
            "is of seller stranger, whom no snapshot has",
        ),
        ("UPDATE growth_points.ad_account_link SET account_id = 'x'", "is not what was sealed"),
        ("UPDATE growth_points.conversion_attempt SET answer = 'x'", "is not what was sealed"),
        (_LATE, "after the last usable day"),
        (_LATE, "the available points of seller i are usable through"),
        (f"{_EXPIRY} points = 9", "expires 9 points of seller m, who had 10"),
        (
            f"{_EXPIRY} last_usable_on = '2025-12-31'",
            "expires 10 points of seller m, who had 10, usable through 2026-01-01",
        ),
        (
            f"{_UNDATED}; {_EXPIRY} expired_on = last_usable_on",
            "expires 10 points of seller m, who had 10, usable through 2026-01-01",
        ),
        (_UNPAID, "expires points of seller k, whose payout of 2025-06 was late"),
        (f"{_NOTICE} points = 39", "told seller n on"),
        (f"{_NOTICE} points = 39", "of 39 points, usable through"),
        (f"{_NOTICE} points = 39", "notice_list 1 is not what was sealed"),
        (f"{_NOTICE} last_usable_on = last_usable_on + 1", "the store had 40, usable through"),
        (f"{_NOTICE} days_before = 9", "the store had 40, usable through"),
        (f"{_NOTICE} seller_id = 'i'", "told seller i on"),
        (
            "UPDATE growth_points.notice_list SET told_on = told_on - 2",
            "the store had 40, usable through",
        ),
        (f"{_NOTICE} notice_list_id = 9", "notice has rows of notice_list 9, which does not exist"),
        ("DELETE FROM growth_points.notice", "notice_list 1 is not what was sealed"),
        ("DELETE FROM growth_points.expiry", "moves other points of seller m than what entitles"),
        (
            "UPDATE growth_points.balance SET last_usable_on = '2030-01-01' WHERE seller_id = 'j'",
            "points of seller j are usable through 2030-01-01, which follows from no grant",
        ),
        (
            "UPDATE growth_points.balance SET last_usable_on = NULL WHERE seller_id = 'j'",
            "points of seller j are usable through None, which follows from no grant: 2026-01-01",
        ),
        (
            "UPDATE growth_points.balance SET last_usable_on = '2030-01-01' WHERE account = 'held'",
            "the held points of seller i are usable through 2030-01-01",
        ),
    ],
)
def test_what_was_tampered_with_is_named(owner: Engine, statement: str, sentence: str) -> None:
    found = _found_after(owner, statement)
    assert any(sentence in each for each in found), found
