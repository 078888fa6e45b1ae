"""Where a new account goes: one row in the schema, and balances, seals and verify have it."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, text

from adapters.postgres.database import open_database
from adapters.postgres.ledger import converting, seal_now
from adapters.postgres.using import today
from adapters.postgres.verification.verify import verify
from tests.adapters.ledger_world import (
    adjust,
    as_owner,
    convert,
    database_of_its_own,
    end_conversion,
    know,
    link,
    program_balances,
    program_balances_at,
)

_ADDED = """
  INSERT INTO growth_points.account VALUES ('parked', 'seller'), ('gift_card', 'program');
  INSERT INTO growth_points.flow VALUES
    ('conversion', 'available', 'parked'), ('delivery', 'parked', 'gift_card');
"""

_OTHER_ACCOUNTS = SimpleNamespace(
    AVAILABLE="available", HELD="parked", SEARCH_AD_CREDIT="gift_card"
)


@pytest.fixture
def owner(server_url: str, migrated_template: str) -> Iterator[Engine]:
    """The owner's engine on a database with two accounts more, of which 300 points were parked.

    The first seals are those of a month in which the store became known, and of its link.
    """
    with database_of_its_own(server_url, migrated_template) as url, as_owner(url) as owner:
        with owner.begin() as connection:
            connection.execute(text(_ADDED))
        with open_database(url) as engine, engine.begin() as connection:
            assert know(connection, "a") == 4
            link(connection, "a")
            adjust(connection, "a", 1_000, on=today(connection))
            with pytest.MonkeyPatch.context() as program:
                program.setattr(converting, "Account", _OTHER_ACCOUNTS)
                convert(connection, "a", 200)
                parked = convert(connection, "a", 100, request_id="r2")
                end_conversion(connection, parked)
            seal_now(connection)
        yield owner


def test_balances_have_it(owner: Engine) -> None:
    with owner.connect() as connection:
        rows = connection.execute(
            text("SELECT seller_id, account, points FROM growth_points.balance ORDER BY account")
        ).all()
        assert [tuple(row) for row in rows] == [("a", "available", 700), ("a", "parked", 200)]
        assert program_balances(connection)["gift_card"] == 100


def test_seals_have_it(owner: Engine) -> None:
    with owner.connect() as connection:
        assert program_balances_at(connection, 8) == {"program_fund": -1_000}
        assert program_balances_at(connection, 9) == {"program_fund": -1_000, "gift_card": 100}


def test_verify_asks_for_the_line_in_the_domain_and_finds_nothing_else(owner: Engine) -> None:
    assert _found_after(owner, "SELECT") == [
        f"accounts: the database has {each}, which this program does not know"
        for each in (
            "conversion from available to parked",
            "delivery from parked to gift_card",
            "gift_card of the program",
            "parked of the seller",
        )
    ]


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        (
            "UPDATE growth_points.balance SET points = 201 WHERE account = 'parked'",
            "seller balances: seller a has 201 parked, but the transfers add up to 200",
        ),
        (
            "UPDATE growth_points.seal_balance SET points = 99 WHERE account = 'gift_card'",
            "program balances: seal 9 does not carry the balances",
        ),
        (
            "UPDATE growth_points.seal_balance SET points = 99 WHERE account = 'gift_card'",
            "chain: seal 9 does not follow from the seal before it",
        ),
    ],
)
def test_verify_names_a_balance_of_it_that_somebody_changed(
    owner: Engine, tampering: str, found: str
) -> None:
    assert any(each.startswith(found) for each in _found_after(owner, tampering))


def _found_after(owner: Engine, statement: str) -> list[str]:
    with owner.connect() as connection:
        for table in ("balance", "seal_balance"):
            connection.execute(text(f"ALTER TABLE growth_points.{table} DISABLE TRIGGER USER"))
        connection.execute(text(statement))
        return [str(each) for each in verify(connection) if each.check != "guards"]
