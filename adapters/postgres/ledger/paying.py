"""Paying a month out: its pending awards become available, once."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from adapters.postgres.database import lock_program
from adapters.postgres.ledger.awarding import FINISH_AWARDS, OF_MONTH
from adapters.postgres.ledger.entries import PAYOUT_FACTS, Payout, find_payout
from adapters.postgres.ledger.expiring import expire
from adapters.postgres.ledger.posting import Posted, Request, post
from adapters.postgres.ledger.refusals import PayoutNotDecided, PayoutNotDue, constraint_of
from adapters.postgres.ledger.tables import award, payout
from adapters.postgres.tables import payout_date
from domain.ledger import TransferKind, payout_key
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class PaidOut:
    """A month's payout: made by this request (`created`), or by an earlier one."""

    payout: Payout
    created: bool


def pay_out(
    connection: Connection, *, month: SettlementMonth, paid_on: date, actor: str
) -> PaidOut:
    """Make every pending award of a month available; a month is paid once, ever.

    Paying a paid month again returns its payout. Raises PayoutNotDue, PayoutNotDecided.
    """
    lock_program(connection)
    paid = find_payout(connection, month)
    if paid is not None:
        return PaidOut(paid, created=False)
    due_on = _due_on(connection, month)
    if due_on is None or paid_on < due_on:
        raise PayoutNotDue(month, paid_on, due_on)
    posted = _pay_open_awards(connection, month, paid_on, actor)
    made = insert(payout).values(
        settlement_month=month,
        posting_no=posted and posted.posting_no,
        sellers=posted.transfers if posted else 0,
        points=posted.points if posted else 0,
        paid_on=paid_on,
        actor=actor,
    )
    try:
        recorded = connection.execute(made.returning(*PAYOUT_FACTS)).one()
    except DBAPIError as error:
        if constraint_of(error) == "payout_is_what_was_decided":
            raise PayoutNotDecided(month) from error
        raise
    return PaidOut(Payout(*recorded), created=True)


def _pay_open_awards(
    connection: Connection, month: SettlementMonth, paid_on: date, actor: str
) -> Posted | None:
    open_awards = select(func.count(), func.sum(award.c.points)).where(
        award.c.settlement_month == month, award.c.state == "pending"
    )
    count, points = connection.execute(open_awards).one()
    if not count:
        return None
    expire(connection, actor, paid_month=month)
    asked = Request(payout_key(month), TransferKind.PAYOUT, paid_on, actor, month=month)
    posted = post(connection, asked, [str(month)], count, int(points))
    connection.execute(_PAY, {"posting_no": posted.posting_no, "month": month})
    return posted


def _due_on(connection: Connection, month: SettlementMonth) -> date | None:
    planned = select(payout_date.c.due_on).where(payout_date.c.settlement_month == month)
    return connection.scalar(planned.order_by(payout_date.c.plan_no.desc()).limit(1))


_PAY = text(FINISH_AWARDS.format(kind="payout", credit="available", asked="")).bindparams(OF_MONTH)
