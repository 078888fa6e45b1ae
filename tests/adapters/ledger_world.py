"""A small world for ledger tests: deliveries, evaluations that decided awards, payout dates."""

import itertools
import string
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet
from sqlalchemy import Connection, Engine, create_engine, insert, select, text

from adapters.policy_files import read_policies
from adapters.postgres import ledger, tables
from adapters.postgres.evaluations import (
    Evaluation,
    current_evaluation,
    record_evaluation,
    record_policy,
)
from adapters.postgres.ledger.converting import end, hold
from adapters.postgres.ledger.tables import program_balance
from adapters.postgres.revisions import current_revisions, record_revision, seller_is_known
from adapters.postgres.runs import Action, record_run
from adapters.postgres.signatures import last_delivery_no
from adapters.postgres.using import find_conversion, link_ad_account, standing_of
from domain.evaluation import EvaluationInput
from domain.ledger import Award
from domain.months import SettlementMonth
from domain.payout_date import payout_date
from tests.closings import cause
from tests.staged import HASH, signed_manifest, staged_month

JUNE = SettlementMonth(2026, 6)
SEPTEMBER = SettlementMonth(2026, 9)
LONG_AGO = SettlementMonth(2026, 1)
OCTOBER = SettlementMonth(2026, 10)
NOVEMBER = SettlementMonth(2026, 11)
CLOSED_ON = date(2026, 11, 3)
DUE_ON = date(2026, 11, 10)
POLICY = next(each for each in read_policies(None) if each.policy.name == "d-commerce-2020")
POLICY_HASH = POLICY.policy.content_hash
POINTS = {tier.number: tier.points for tier in POLICY.policy.tiers}
AMOUNTS_KRW = {tier.number: 3 * tier.lower_average_krw for tier in POLICY.policy.tiers}


def awards_of(
    sellers: Iterable[str], *, tier: int = 1, month: SettlementMonth = OCTOBER
) -> list[Award]:
    """Make one award of a tier for each seller."""
    return [Award(month, seller, tier, POINTS[tier]) for seller in sellers]


def deliver(
    connection: Connection, sellers: Iterable[str], *, month: SettlementMonth = OCTOBER
) -> int:
    """Record a delivery of a month, one line of 1,000 KRW for each seller; returns its id.

    All months but September are signed.
    """
    sold = sorted(sellers)
    content_hash, signed = HASH, None
    if month != SEPTEMBER:
        number = last_delivery_no(connection, month) + 1
        content_hash, signed = signed_manifest(month, number)
    each_amount = {"line_type": "PROD_ORDER", "lines": 1, "amount_krw": 1_000}
    each_store = {
        "approved_on": date(2026, 3, 16),
        "status": "NORMAL",
        "runs_department_store_window": False,
        "runs_outlet_window": False,
        "uses_fulfilment": False,
        "uses_api": False,
    }
    with TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("totals.parquet", "sellers.parquet")]
        for file, facts in zip(files, (each_amount, each_store), strict=True):
            rows = [{"seller_id": seller, **facts} for seller in sold]
            pyarrow.parquet.write_table(pa.Table.from_pylist(rows), file)
        staged = staged_month(
            month,
            Path(folder),
            lines=len(sold),
            amount_krw=1_000 * len(sold),
            sellers=len(sold),
            content_hash=content_hash,
            signed=signed,
        )
        recorded = record_revision(connection, staged, (), "tests")
    return recorded.revision_id


def evaluate(
    connection: Connection,
    awards: Sequence[Award],
    *,
    month: SettlementMonth = OCTOBER,
    stores: Iterable[str] = (),
) -> Evaluation:
    """Record the next evaluation of a month, which decided these awards, and its delivery.

    The delivery has these stores and those with awards, or `s` if there are none.
    """
    record_policy(connection, POLICY)
    revision_id = _delivered(
        connection, month, {*stores, *(award.seller_id for award in awards)} or {"s"}
    )
    before = current_evaluation(connection, month)
    content = EvaluationInput(month, (), POLICY_HASH, {})
    evaluation = record_evaluation(connection, content, [revision_id], before, cause())
    decided = [
        {
            "evaluation_id": evaluation.evaluation_id,
            "seller_id": award.seller_id,
            "outcome": "awarded",
            "tier": award.tier,
            "points": award.points,
            "window_amount_krw": AMOUNTS_KRW[award.tier],
            "reasons": [],
        }
        for award in awards
    ]
    if decided:
        connection.execute(insert(tables.decision), decided)
    return evaluation


def _delivered(connection: Connection, month: SettlementMonth, sellers: set[str]) -> int:
    """Return the newest revision of a month; deliver one if its stores are not exactly these."""
    newest = current_revisions(connection, [month]).get(month)
    if newest is not None:
        snapshot = tables.seller_snapshot.c
        in_it = select(snapshot.seller_id).where(snapshot.revision_id == newest.revision_id)
        if sellers == set(connection.scalars(in_it)):
            return newest.revision_id
    return deliver(connection, sellers, month=month)


def plan(
    connection: Connection,
    *,
    month: SettlementMonth = OCTOBER,
    due_on: date | None = None,
    no: int = 1,
) -> None:
    """Record a payout date of a month, by default the one that the policy says."""
    planned = payout_date(POLICY.policy.payout, month, {})
    connection.execute(
        insert(tables.payout_date).values(
            settlement_month=month,
            plan_no=no,
            due_on=due_on or planned.due_on,
            passed_over=[[day.isoformat(), name] for day, name in planned.passed_over],
            calendar="tests",
            extra_holidays={},
            policy_hash=POLICY_HASH,
        )
    )


def award(
    connection: Connection, awards: Sequence[Award], *, month: SettlementMonth = OCTOBER
) -> ledger.Posted:
    """Evaluate a month anew and post the awards that came out."""
    return post(connection, awards, evaluate(connection, awards, month=month))


def post(connection: Connection, awards: Sequence[Award], of: Evaluation) -> ledger.Posted:
    """Post awards of an evaluation."""
    return ledger.post_awards(connection, of, awards, CLOSED_ON, cause())


def reverse(
    connection: Connection,
    awards: Sequence[Award],
    *,
    month: SettlementMonth = OCTOBER,
    leaving: Sequence[Award] = (),
) -> ledger.Posted:
    """Evaluate a month anew, with only the awards that it leaves, and reverse these."""
    anew = evaluate(connection, leaving, month=month)
    return ledger.reverse_awards(connection, anew, awards, CLOSED_ON, cause("restated"))


def pay(
    connection: Connection, *, month: SettlementMonth = OCTOBER, on: date = DUE_ON
) -> ledger.PaidOut:
    """Pay a month out, and record that in its history."""
    paid = ledger.pay_out(connection, month=month, paid_on=on, actor="tests")
    if paid.created:
        told = {"sellers": paid.payout.sellers, "points": paid.payout.points}
        record_run(connection, month, Action.PAY_OUT, cause(), changed=True, difference=told)
    return paid


def adjust(
    connection: Connection,
    seller_id: str,
    points: int,
    *,
    key: str = "adjustment/1",
    on: date = DUE_ON,
) -> ledger.Posted:
    """Adjust a seller's points; make a store known that no snapshot has."""
    if not seller_is_known(connection, seller_id):
        know(connection, seller_id)
    return ledger.adjust(
        connection,
        key=key,
        seller_id=seller_id,
        points=points,
        effective_on=on,
        cause=cause("agreed with the seller"),
    )


def link(connection: Connection, *sellers: str) -> None:
    """Link the sellers' search-ad accounts."""
    for seller_id in sellers:
        assert link_ad_account(connection, seller_id, f"ads of {seller_id}", "tests")


def convert(
    connection: Connection, seller_id: str, points: int, *, request_id: str = "r1"
) -> ledger.Posted:
    """Hold points for a conversion."""
    return hold(connection, standing_of(connection, seller_id), request_id, points, cause())


def end_conversion(
    connection: Connection, held: ledger.Posted, *, delivered: bool = True
) -> ledger.Posted:
    """End a conversion."""
    conversion = find_conversion(connection, held.posting_no)
    return end(connection, conversion, "an answer", "tests", delivered=delivered)


def know(connection: Connection, *sellers: str) -> int:
    """Close a month long ago with a snapshot that has these stores, unless they are known.

    Returns the number of the newest seal after that.
    """
    if not all(seller_is_known(connection, each) for each in sellers):
        evaluate(connection, [], month=LONG_AGO, stores={*string.ascii_lowercase, *sellers})
    head = ledger.seal_now(connection)
    return head.seal_no if head else 0


def set_budget(owner: Connection, floor: int | None) -> None:
    """Set the floor of the program fund; only the owner of the tables may."""
    given = (
        "INSERT INTO growth_points.budget (floor, actor, reason) VALUES (:floor, 'owner', 'plan')"
    )
    owner.execute(text(given), {"floor": floor})


def balances(connection: Connection) -> dict[str, tuple[int, int]]:
    """Read every seller's pending and available points."""
    held: dict[str, dict[str, int]] = {}
    for row in connection.execute(text("SELECT * FROM growth_points.balance ORDER BY seller_id")):
        held.setdefault(row.seller_id, {})[row.account] = row.points
    return {
        seller: (points.pop("pending", 0), points.pop("available", 0))
        for seller, points in held.items()
    }


def program_balances(connection: Connection) -> dict[str, int]:
    """Read the balances of the program's own accounts, as of now."""
    rows = connection.execute(select(program_balance.c.account, program_balance.c.points))
    return {account: int(points) for account, points in rows}


def program_balances_at(connection: Connection, seal_no: int) -> dict[str, int]:
    """Read the balances of the program's own accounts as they stood at a seal."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT ON (account) account, points FROM growth_points.seal_balance"
            " WHERE seal_no <= :seal_no ORDER BY account, seal_no DESC"
        ),
        {"seal_no": seal_no},
    )
    return {account: int(points) for account, points in rows}


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
