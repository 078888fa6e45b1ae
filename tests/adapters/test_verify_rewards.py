"""Verifying derives rewards again: sums, cancellations, their time, and the order of paying."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from adapters.postgres.ledger import seal_now
from adapters.postgres.verification.verify import verify
from tests.adapters.ledger_world import as_owner, database_of_its_own
from tests.adapters.reward_probes import go_on_rewarding, reward_customers


@pytest.fixture(scope="module")
def owner(server_url: str, migrated_template: str) -> Iterator[Engine]:
    """The owner's engine on a database with rewards of several days, sealed."""
    with database_of_its_own(server_url, migrated_template) as url, as_owner(url) as engine:
        reward_customers(engine)
        go_on_rewarding(engine)
        with engine.begin() as connection:
            seal_now(connection)
        yield engine


def _found_after(engine: Engine, statement: str) -> list[str]:
    """Run a statement with every trigger off; returns what verifying says then."""
    with engine.connect() as connection:
        tables = "SELECT relname FROM pg_class WHERE relnamespace = 'growth_points'::regnamespace"
        for table in connection.scalars(text(f"{tables} AND relkind = 'r'")).all():
            connection.execute(text(f"ALTER TABLE growth_points.{table} DISABLE TRIGGER ALL"))
        connection.execute(text(statement))
        return [str(each) for each in verify(connection) if each.check != "guards"]


def test_sound_rewards_have_no_differences(owner: Engine) -> None:
    with owner.connect() as connection:
        assert list(verify(connection)) == []


_ENTRY = "UPDATE growth_points.reward_entry SET"
_E1 = "WHERE (event_id, position) = ('E', 1)"
_E2 = "WHERE (event_id, position) = ('E', 2)"
_X = "WHERE event_id = 'X'"
_CANCELLED_TWICE = """
  DROP INDEX growth_points.reward_entry_is_cancelled_once;
  UPDATE growth_points.reward_entry SET cancels_event_id = 'H' WHERE event_id = 'X'
"""
_BY_ANOTHER_KIND = """
  UPDATE growth_points.reward_entry SET posting_no = (
    SELECT posting_no FROM growth_points.posting WHERE key = 'adjustment/q')
  WHERE (event_id, position) = ('E', 1)
"""
_GRANTED_BEFORE = """
  UPDATE growth_points.posting SET effective_on = effective_on - 700
  WHERE key LIKE 'adjustment/q%'
"""
_EXPIRED_BEFORE = """
  INSERT INTO growth_points.expiry
  SELECT posting_no, 'q', 1, last_usable_on, last_usable_on + 1
  FROM growth_points.posting, growth_points.balance
  WHERE key = 'adjustment/q' AND (seller_id, account) = ('q', 'available')
"""
_REFUSED = """
  UPDATE growth_points.reward_entry SET outcome = 'insufficient_points', posting_no = NULL
  WHERE (event_id, position) = ('F', 1)
"""


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (f"{_ENTRY} points = 99 {_E1}", "moves other points of seller q than what entitles"),
        (f"{_ENTRY} points = 99 {_E1}", "reward_delivery 1 is not what was sealed"),
        (f"{_ENTRY} customer_ref = 'd' {_E2}", "reward_delivery 1 is not what was sealed"),
        (f"{_ENTRY} seller_id = 'r' {_E1}", "E 1 is of another day or store"),
        (f"{_ENTRY} occurred_on = occurred_on - 1 {_E2}", "E 2 is of another day or store"),
        (_BY_ANOTHER_KIND, "E 1 names a posting of another kind"),
        ("UPDATE growth_points.reward_retry SET position = 1 WHERE position = 2", "paid before"),
        (f"{_ENTRY} points = 49 {_X}", "cancellation X 1 takes back an entry"),
        (f"{_ENTRY} cancels_event_id = 'nothing' {_X}", "cancellation X 1 takes back an entry"),
        (f"{_ENTRY} seller_id = 'x' WHERE event_id = 'W'", "reward_delivery 1 is not what was"),
        (f"{_ENTRY} outcome = 'cancelled' {_E2}", "E 2 is recorded as cancelled, and no"),
        (_CANCELLED_TWICE, "was cancelled before"),
        (_GRANTED_BEFORE, "whose points were usable through"),
        (_EXPIRED_BEFORE, "whose points were usable through"),
        ("UPDATE growth_points.reward_retry SET position = 1 WHERE position = 2", "is not what"),
        ("DELETE FROM growth_points.reward_retry", "was sealed and is gone"),
        (
            f"{_ENTRY} outcome = 'after_refused_entry' {_E2}",
            "by the rules it is insufficient_points",
        ),
        (_REFUSED, "F 1 of seller q is recorded as insufficient_points; by the rules it is paid"),
        (
            f"{_ENTRY} reward_delivery_id = 9 {_E2}",
            "reward_entry has rows of reward_delivery 9, which does not exist",
        ),
    ],
)
def test_what_was_changed_is_named(owner: Engine, statement: str, sentence: str) -> None:
    found = _found_after(owner, statement)
    assert any(sentence in each for each in found), found
