"""Where a new account goes: one row in the schema, and balances, seals and verify have it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, insert, text

from adapters.postgres.database import open_database
from adapters.postgres.ledger import seal_now
from adapters.postgres.ledger.tables import transfer
from adapters.postgres.verification.verify import verify
from tests.adapters.ledger_world import (
    adjust,
    as_owner,
    database_of_its_own,
    know,
    open_posting,
    program_balances,
    program_balances_at,
)

_ADDED = """
  INSERT INTO growth_points.account VALUES ('held', 'seller'), ('gift_card', 'program');
  INSERT INTO growth_points.flow VALUES
    ('hold', 'available', 'held'), ('deliver', 'held', 'gift_card');
"""


@pytest.fixture
def owner(server_url: str, migrated_template: str) -> Iterator[Engine]:
    """The owner's engine on a database with two accounts more, of which 300 points were held.

    The first seals are those of a month in which the store became known.
    """
    with database_of_its_own(server_url, migrated_template) as url, as_owner(url) as owner:
        with owner.begin() as connection:
            connection.execute(text(_ADDED))
        with open_database(url) as engine, engine.begin() as connection:
            assert know(connection, "a") == 4
            adjust(connection, "a", 1_000)
            _move(connection, "hold", "available", "held", 300)
            _move(connection, "deliver", "held", "gift_card", 100)
            seal_now(connection)
        yield owner


def _move(connection: Connection, kind: str, debit: str, credit: str, points: int) -> None:
    accounts = {"debit_account": debit, "credit_account": credit}
    number = open_posting(connection, kind)
    connection.execute(
        insert(transfer).values(
            posting_no=number, kind=kind, seller_id="a", points=points, **accounts
        )
    )


def test_balances_have_it(owner: Engine) -> None:
    with owner.connect() as connection:
        rows = connection.execute(
            text("SELECT * FROM growth_points.balance ORDER BY account")
        ).all()
        assert [tuple(row) for row in rows] == [("a", "available", 700), ("a", "held", 200)]
        assert program_balances(connection)["gift_card"] == 100


def test_seals_have_it(owner: Engine) -> None:
    with owner.connect() as connection:
        assert program_balances_at(connection, 6) == {"program_fund": -1_000}
        assert program_balances_at(connection, 7) == {"program_fund": -1_000, "gift_card": 100}


def test_verify_asks_for_the_line_in_the_domain_and_finds_nothing_else(owner: Engine) -> None:
    assert _found_after(owner, "SELECT") == [
        f"accounts: the database has {each}, which this program does not know"
        for each in (
            "deliver from held to gift_card",
            "gift_card of the program",
            "held of the seller",
            "hold from available to held",
        )
    ]


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        (
            "UPDATE growth_points.balance SET points = 201 WHERE account = 'held'",
            "seller balances: seller a has 201 held, but the transfers add up to 200",
        ),
        (
            "UPDATE growth_points.seal_balance SET points = 99 WHERE account = 'gift_card'",
            "program balances: seal 7 does not carry the balances",
        ),
        (
            "UPDATE growth_points.seal_balance SET points = 99 WHERE account = 'gift_card'",
            "chain: seal 7 does not follow from the seal before it",
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
