"""A small world for ledger tests: evaluations that decided awards, and payout dates."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from sqlalchemy import Connection, Engine, create_engine, insert, select, text

from adapters.postgres import ledger, tables
from adapters.postgres.ledger_tables import seal, seller_account
from domain.ledger import Award
from domain.months import SettlementMonth

OCTOBER = SettlementMonth(2026, 10)
NOVEMBER = SettlementMonth(2026, 11)
CLOSED_ON = date(2026, 11, 3)
DUE_ON = date(2026, 11, 10)
POINTS = {1: 150_000, 2: 300_000, 3: 1_000_000}
HASH = "0" * 64


def awards_of(
    sellers: Iterable[str], *, tier: int = 1, month: SettlementMonth = OCTOBER
) -> list[Award]:
    """Make one award of a tier for each seller."""
    return [Award(month, seller, tier, POINTS[tier]) for seller in sellers]


def evaluate(
    connection: Connection, awards: Sequence[Award], *, month: SettlementMonth = OCTOBER
) -> tuple[int, int]:
    """Record the next evaluation of a month, which decided these awards: its id and number."""
    connection.execute(
        text(
            "INSERT INTO growth_points.policy (policy_hash, name, content)"
            " VALUES (:hash, 'a policy', 'its text') ON CONFLICT DO NOTHING"
        ),
        {"hash": HASH},
    )
    number = (
        1
        + connection.execute(
            text(
                "SELECT coalesce(max(evaluation_no), 0) FROM growth_points.evaluation"
                " WHERE settlement_month = :month"
            ),
            {"month": month.first_day},
        ).scalar_one()
    )
    identity = connection.execute(
        insert(tables.evaluation)
        .values(
            settlement_month=month,
            evaluation_no=number,
            input_hash=HASH,
            policy_hash=HASH,
            actor="tests",
            reason="a test",
        )
        .returning(tables.evaluation.c.evaluation_id)
    ).scalar_one()
    decided = [
        {
            "evaluation_id": identity,
            "seller_id": award.seller_id,
            "outcome": "awarded",
            "tier": award.tier,
            "points": award.points,
            "window_amount_krw": 0,
            "reasons": [],
        }
        for award in awards
    ]
    if decided:
        connection.execute(insert(tables.decision), decided)
    return identity, number


def plan(
    connection: Connection, *, month: SettlementMonth = OCTOBER, due_on: date = DUE_ON, no: int = 1
) -> None:
    """Record a payout date of a month."""
    connection.execute(
        insert(tables.payout_date).values(
            settlement_month=month,
            plan_no=no,
            due_on=due_on,
            passed_over=[],
            calendar="tests",
            extra_holidays={},
            policy_hash=HASH,
        )
    )


def award(
    connection: Connection, awards: Sequence[Award], *, month: SettlementMonth = OCTOBER
) -> ledger.Posted:
    """Evaluate a month anew and post the awards that came out."""
    identity, number = evaluate(connection, awards, month=month)
    return post(connection, awards, identity, number, month=month)


def post(
    connection: Connection,
    awards: Sequence[Award],
    evaluation_id: int,
    evaluation_no: int,
    *,
    month: SettlementMonth = OCTOBER,
) -> ledger.Posted:
    """Post awards of an evaluation."""
    return ledger.post_awards(
        connection,
        evaluation_id=evaluation_id,
        month=month,
        evaluation_no=evaluation_no,
        awards=awards,
        effective_on=CLOSED_ON,
        actor="tests",
    )


def reverse(
    connection: Connection, awards: Sequence[Award], *, month: SettlementMonth = OCTOBER
) -> ledger.Posted:
    """Evaluate a month anew, with no award, and reverse these."""
    _, number = evaluate(connection, [], month=month)
    return ledger.reverse_awards(
        connection,
        month=month,
        evaluation_no=number,
        awards=awards,
        effective_on=CLOSED_ON,
        actor="tests",
        reason="restated",
    )


def pay(
    connection: Connection, *, month: SettlementMonth = OCTOBER, on: date = DUE_ON
) -> ledger.Payout:
    """Pay a month out."""
    return ledger.pay_out(connection, month=month, paid_on=on, actor="tests")


def adjust(
    connection: Connection, seller_id: str, points: int, *, key: str = "adjustment/1"
) -> ledger.Posted:
    """Adjust a seller's points."""
    return ledger.adjust(
        connection,
        key=key,
        seller_id=seller_id,
        points=points,
        effective_on=DUE_ON,
        actor="an operator",
        reason="agreed with the seller",
    )


def balances(connection: Connection) -> dict[str, tuple[int, int]]:
    """Read every seller's pending and available points."""
    rows = connection.execute(select(seller_account))
    return {row.seller_id: (row.pending, row.available) for row in rows}


def program_balances(connection: Connection) -> dict[str, int]:
    """Read the balances of the program's own accounts, as of the newest seal."""
    row = connection.execute(select(seal).order_by(seal.c.seal_no.desc()).limit(1)).one()
    names = ("program_fund", "search_ad_credit", "customer_reward", "expired")
    return {name: row._mapping[name] for name in names}


_NUMBER = itertools.count(1)


@contextmanager
def database_of_its_own(server_url: str, template: str) -> Iterator[str]:
    """Copy the template for tests that share what was committed; drop the copy in the end."""
    name = f"shared_{next(_NUMBER)}"
    server = create_engine(_driver(server_url), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        yield server_url.replace("/postgres?", f"/{name}?")
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@contextmanager
def as_owner(database_url: str) -> Iterator[Engine]:
    """Connect as the owner of the tables, whom only triggers can hold back."""
    engine = create_engine(_driver(database_url))
    yield engine
    engine.dispose()


def _driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")
