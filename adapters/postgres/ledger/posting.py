"""Writing the ledger: awards posted as pending, reversed or paid out, and points adjusted.

Every posting has a natural key. The same key with the same content returns the first result and
writes nothing; with other content it is refused. When and by whom something is asked again is
not part of the content. The caller owns the transaction: nothing is committed here, and what the
database checks at commit can be checked with `check_now` before.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy import (
    BigInteger,
    Connection,
    SmallInteger,
    Text,
    bindparam,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or_keep
from sqlalchemy.exc import DBAPIError

from adapters.postgres.database import lock_program
from adapters.postgres.evaluations import Evaluation
from adapters.postgres.ledger import tables
from adapters.postgres.ledger.entries import Payout, find_payout
from adapters.postgres.ledger.refusals import (
    AlreadyPaidOut,
    AwardNotPending,
    BalanceTooLow,
    NothingToPost,
    PayoutNotDue,
    PostingConflict,
    constraint_of,
)
from adapters.postgres.ledger.tables import award, payout, posting, transfer
from adapters.postgres.tables import Month, payout_date
from domain.cause import Cause
from domain.corrections import Correction
from domain.ledger import Account, Award, TransferKind, awards_key, payout_key, reversals_key
from domain.months import SettlementMonth

_LARGEST_POINTS: Final = 2**63 - 1  # bigint


@dataclass(frozen=True, slots=True)
class Posted:
    """A posting: a new one, or (`created` False) the first result of the same request."""

    posting_no: int
    key: str
    created: bool
    transfers: int
    points: int


@dataclass(frozen=True, slots=True)
class PaidOut:
    """A month's payout: made by this request (`created`), or by an earlier one."""

    payout: Payout
    created: bool


def post_awards(
    connection: Connection,
    evaluation: Evaluation,
    awards: Sequence[Award],
    effective_on: date,
    cause: Cause,
) -> Posted:
    """Post what an evaluation newly earned, as pending points.

    The evaluation must be the month's current one and must have decided every award.
    Raises AlreadyPaidOut, PostingConflict, NothingToPost.
    """
    key = awards_key(evaluation.settlement_month, evaluation.evaluation_no)
    asked = _Request(key, TransferKind.AWARD, effective_on, cause.actor)
    posted = _post_for(connection, evaluation, awards, asked)
    if posted.created:
        connection.execute(_AWARD, {"posting_no": posted.posting_no, **_arrays(awards)})
    return posted


def reverse_awards(
    connection: Connection,
    evaluation: Evaluation,
    awards: Sequence[Award],
    effective_on: date,
    cause: Cause,
) -> Posted:
    """Reverse pending awards that an evaluation no longer grants; their tiers are free again.

    Raises AwardNotPending, AlreadyPaidOut, PostingConflict, NothingToPost (rule 17).
    """
    month = evaluation.settlement_month
    key = reversals_key(month, evaluation.evaluation_no)
    asked = _Request(key, TransferKind.REVERSAL, effective_on, cause.actor, cause.reason)
    posted = _post_for(connection, evaluation, awards, asked)
    if posted.created:
        values = {"posting_no": posted.posting_no, "month": month, **_arrays(awards)}
        reversed_ = connection.execute(_REVERSE, values).rowcount
        if reversed_ != len(awards):
            raise AwardNotPending(month, reversed_, len(awards))
    return posted


def pay_out(
    connection: Connection, *, month: SettlementMonth, paid_on: date, actor: str
) -> PaidOut:
    """Make every pending award of a month available; a month is paid once, ever.

    Paying a paid month again returns its payout. Raises PayoutNotDue.
    """
    lock_program(connection)
    paid = find_payout(connection, month)
    if paid is not None:
        return PaidOut(paid, created=False)
    due_on = _due_on(connection, month)
    if due_on is None or paid_on < due_on:
        raise PayoutNotDue(month, paid_on, due_on)
    posted = _pay_open_awards(connection, month, paid_on, actor)
    connection.execute(
        insert(payout).values(
            settlement_month=month,
            posting_no=posted and posted.posting_no,
            sellers=posted.transfers if posted else 0,
            points=posted.points if posted else 0,
            paid_on=paid_on,
            actor=actor,
        )
    )
    recorded = find_payout(connection, month)
    assert recorded is not None  # noqa: S101 it was inserted just now
    return PaidOut(recorded, created=True)


def adjust(
    connection: Connection,
    *,
    key: str,
    seller_id: str,
    points: int,
    effective_on: date,
    cause: Cause,
    correction: Correction | None = None,
) -> Posted:
    """Give a seller available points from the fund, or take them (`points` below zero).

    `correction` says what that corrects of a paid month. Raises BalanceTooLow, PostingConflict,
    NothingToPost.
    """
    if not 0 < abs(points) <= _LARGEST_POINTS:
        raise NothingToPost(f"{points} is not a number of points to adjust by")
    asked = _Request(key, TransferKind.ADJUSTMENT, effective_on, cause.actor, cause.reason)
    posted = _post(connection, asked, [seller_id, points, cause.reason], 1, abs(points))
    if posted.created:
        if correction is not None:
            _record_correction(connection, posted.posting_no, correction)
        _move(connection, posted.posting_no, seller_id, points)
    return posted


def _move(connection: Connection, posting_no: int, seller_id: str, points: int) -> None:
    accounts = (Account.PROGRAM_FUND, Account.AVAILABLE)
    debit, credit = accounts if points > 0 else reversed(accounts)
    with _overdraft_named(seller_id, abs(points)):
        connection.execute(
            insert(transfer).values(
                posting_no=posting_no,
                kind=TransferKind.ADJUSTMENT,
                seller_id=seller_id,
                debit_account=debit,
                credit_account=credit,
                points=abs(points),
            )
        )


def _record_correction(connection: Connection, posting_no: int, correction: Correction) -> None:
    of = correction.award
    connection.execute(
        insert(tables.correction).values(
            posting_no=posting_no,
            kind=correction.kind,
            settlement_month=of.settlement_month,
            seller_id=of.seller_id,
            tier=of.tier,
            points=of.points,
            undoes=correction.undoes,
        )
    )


@dataclass(frozen=True, slots=True)
class _Request:
    """What a posting is asked for under: its key, its kind, its date, who asks and why."""

    key: str
    kind: TransferKind
    effective_on: date
    actor: str
    reason: str | None = None
    month: SettlementMonth | None = None
    evaluation_id: int | None = None


def _post_for(
    connection: Connection, evaluation: Evaluation, awards: Sequence[Award], asked: _Request
) -> Posted:
    month = evaluation.settlement_month
    if not awards:
        raise NothingToPost(f"{asked.key} would have no transfer")
    if any(each.settlement_month != month for each in awards):
        raise NothingToPost(f"{asked.key} is asked to post awards of another month")
    lock_program(connection)
    paid = None if _posted(connection, asked.key) else find_payout(connection, month)
    if paid is not None:
        raise AlreadyPaidOut(month, paid.paid_on)
    asked = replace(asked, month=month, evaluation_id=evaluation.evaluation_id)
    content = sorted((each.seller_id, each.tier, each.points) for each in awards)
    points = sum(each.points for each in awards)
    return _post(connection, asked, [str(month), content, asked.reason], len(awards), points)


def _post(
    connection: Connection,
    asked: _Request,
    content: Sequence[object],
    transfers: int,
    points: int,
) -> Posted:
    """Insert a posting, or find the one of its key; raises PostingConflict for other content."""
    spelled = json.dumps([asked.kind, *content], ensure_ascii=True, separators=(",", ":"))
    request_hash = hashlib.sha256(spelled.encode()).digest()
    number = connection.scalar(
        insert_or_keep(posting)
        .values(
            key=asked.key,
            kind=asked.kind,
            settlement_month=asked.month,
            evaluation_id=asked.evaluation_id,
            request_hash=request_hash,
            effective_on=asked.effective_on,
            actor=asked.actor,
            reason=asked.reason,
        )
        .on_conflict_do_nothing(index_elements=[posting.c.key])
        .returning(posting.c.posting_no)
    )
    if number is not None:
        return Posted(number, asked.key, True, transfers, points)
    first = _posted(connection, asked.key)
    if first is None or first[1] != request_hash:
        raise PostingConflict(asked.key)
    return Posted(first[0], asked.key, False, transfers, points)


def _posted(connection: Connection, key: str) -> tuple[int, bytes] | None:
    found = select(posting.c.posting_no, posting.c.request_hash).where(posting.c.key == key)
    row = connection.execute(found).first()
    return None if row is None else (row.posting_no, bytes(row.request_hash))


def _pay_open_awards(
    connection: Connection, month: SettlementMonth, paid_on: date, actor: str
) -> Posted | None:
    open_awards = select(func.count(), func.sum(award.c.points)).where(
        award.c.settlement_month == month, award.c.state == "pending"
    )
    count, points = connection.execute(open_awards).one()
    if not count:
        return None
    asked = _Request(payout_key(month), TransferKind.PAYOUT, paid_on, actor, month=month)
    posted = _post(connection, asked, [str(month)], count, int(points))
    connection.execute(_PAY, {"posting_no": posted.posting_no, "month": month})
    return posted


def _due_on(connection: Connection, month: SettlementMonth) -> date | None:
    planned = select(payout_date.c.due_on).where(payout_date.c.settlement_month == month)
    return connection.scalar(planned.order_by(payout_date.c.plan_no.desc()).limit(1))


def _arrays(awards: Sequence[Award]) -> dict[str, list[str] | list[int]]:
    ordered = sorted(awards)
    return {
        "sellers": [each.seller_id for each in ordered],
        "tiers": [each.tier for each in ordered],
        "points": [each.points for each in ordered],
    }


@contextmanager
def _overdraft_named(seller_id: str, points: int) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if constraint_of(error) == "balance_not_overdrawn":
            raise BalanceTooLow(seller_id, points) from error
        raise


# Bulk statements take whole columns as arrays: one statement, however many awards there are.
_ASKED = (
    bindparam("sellers", type_=ARRAY(Text())),
    bindparam("tiers", type_=ARRAY(SmallInteger())),
    bindparam("points", type_=ARRAY(BigInteger())),
)
_MONTH = bindparam("month", type_=Month())
_AWARD = text("""
    INSERT INTO growth_points.transfer
      (posting_no, kind, seller_id, debit_account, credit_account, points, tier, award_no)
    SELECT :posting_no, 'award', seller_id, 'program_fund', 'pending', points, tier, 1 + coalesce(
      (SELECT max(award_no) FROM growth_points.transfer earlier WHERE kind = 'award'
       AND earlier.seller_id = asked.seller_id AND earlier.tier = asked.tier), 0)
    FROM unnest(:sellers, :tiers, :points) AS asked (seller_id, tier, points)
""").bindparams(*_ASKED)
_FINISH = """
    INSERT INTO growth_points.transfer
      (posting_no, kind, seller_id, debit_account, credit_account, points, finishes)
    SELECT :posting_no, '{kind}', seller_id, 'pending', '{credit}', points, entry_no
    FROM growth_points.award {asked}
    WHERE settlement_month = :month AND state = 'pending' ORDER BY entry_no
"""
_PAY = text(_FINISH.format(kind="payout", credit="available", asked="")).bindparams(_MONTH)
_REVERSE = text(
    _FINISH.format(
        kind="reversal",
        credit="program_fund",
        asked="""JOIN unnest(:sellers, :tiers, :points) AS asked (seller_id, tier, points)
                 USING (seller_id, tier, points)""",
    )
).bindparams(_MONTH, *_ASKED)
