"""The ledger: awards posted as pending, reversed or paid out, adjusted; read back in order.

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
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    SmallInteger,
    Text,
    bindparam,
    case,
    cast,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or_keep
from sqlalchemy.exc import DBAPIError

from adapters.postgres.database import lock_program
from adapters.postgres.ledger_tables import award, payout, posting, seal, transfer
from adapters.postgres.tables import Month, evaluation, payout_date
from domain.ledger import (
    Account,
    Award,
    TransferKind,
    awards_key,
    payout_key,
    reversals_key,
)
from domain.months import SettlementMonth
from domain.refusal import Refused, WrongUsage

_LARGEST_POINTS: Final = 2**63 - 1  # bigint


class NothingToPost(WrongUsage):
    """A posting without a transfer, or an adjustment by nothing, was asked for."""


class PostingConflict(Refused):
    """A posting's key was used before, for something else."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The ledger already has a posting {key} with other content. "
            "What was posted stays; post the correction under a key of its own."
        )
        self.key = key


class AlreadyPaidOut(Refused):
    """Awards of a month were to be posted or reversed after the month's payout (rule 16)."""

    def __init__(self, month: SettlementMonth, paid_on: date) -> None:
        super().__init__(
            f"{month} was paid out on {paid_on}; what was paid stays. "
            "Correct a seller's points with an adjustment and a reason."
        )
        self.month = month
        self.paid_on = paid_on


class PayoutNotDue(Refused):
    """A month was to be paid before its payout date, or before it has one (rule 14)."""

    def __init__(self, month: SettlementMonth, paid_on: date, due_on: date | None) -> None:
        when = f"is due on {due_on}, not on {paid_on}" if due_on else "has no payout date yet"
        super().__init__(f"{month} cannot be paid: it {when}. Nothing was paid.")
        self.month = month
        self.paid_on = paid_on
        self.due_on = due_on


class AwardNotPending(Refused):
    """An award was to be reversed that is not posted, or no longer pending."""

    def __init__(self, month: SettlementMonth, pending: int, asked: int) -> None:
        super().__init__(
            f"{asked - pending} of {asked} awards of {month} cannot be reversed: "
            "the ledger has no such pending award. Nothing was reversed."
        )
        self.month = month


class BalanceTooLow(Refused):
    """More points were to be taken from an account than are in it."""

    def __init__(self, seller_id: str, points: int) -> None:
        super().__init__(
            f"Seller {seller_id} has fewer than {points} available points. Nothing was taken."
        )
        self.seller_id = seller_id
        self.points = points


class BudgetExceeded(Refused):
    """The program fund would fall below its floor."""

    def __init__(self) -> None:
        super().__init__(
            "The program's budget does not cover these points. Nothing was posted; "
            "raise the budget (the floor of the program fund) and run it again."
        )


@dataclass(frozen=True, slots=True)
class Posted:
    """A posting: a new one, or (`created` False) the first result of the same request."""

    posting_no: int
    key: str
    created: bool
    transfers: int
    points: int


@dataclass(frozen=True, slots=True)
class Payout:
    """The payout of a settlement month: a new one, or (`created` False) the one there was.

    `posting_no` is None when the month had no award to pay.
    """

    settlement_month: SettlementMonth
    posting_no: int | None
    sellers: int
    points: int
    paid_on: date
    actor: str
    paid_at: datetime
    created: bool


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One transfer as operators and other programs see it."""

    entry_no: int
    recorded_at: datetime
    effective_on: date
    kind: TransferKind
    seller_id: str
    tier: int | None
    settlement_month: SettlementMonth | None
    debit_account: Account
    credit_account: Account
    points: int
    reverses_entry_no: int | None


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The newest seal; its hash (hex) stands for everything recorded until then."""

    seal_no: int
    hash: str
    sealed_at: datetime


def post_awards(
    connection: Connection,
    *,
    evaluation_id: int,
    month: SettlementMonth,
    evaluation_no: int,
    awards: Sequence[Award],
    effective_on: date,
    actor: str,
) -> Posted:
    """Post what an evaluation newly earned, as pending points.

    The evaluation must be the month's current one and must have decided every award.
    Raises AlreadyPaidOut, PostingConflict, NothingToPost.
    """
    posted = _open_for_awards(
        connection,
        TransferKind.AWARD,
        key=awards_key(month, evaluation_no),
        month=month,
        evaluation_id=evaluation_id,
        awards=awards,
        effective_on=effective_on,
        actor=actor,
        reason=None,
    )
    if posted.created:
        connection.execute(_AWARD, {"posting_no": posted.posting_no, **_arrays(awards)})
    return posted


def reverse_awards(
    connection: Connection,
    *,
    month: SettlementMonth,
    evaluation_no: int,
    awards: Sequence[Award],
    effective_on: date,
    actor: str,
    reason: str,
) -> Posted:
    """Reverse pending awards that an evaluation no longer grants; their tiers are free again.

    Raises AwardNotPending, AlreadyPaidOut, PostingConflict, NothingToPost (rule 17).
    """
    posted = _open_for_awards(
        connection,
        TransferKind.REVERSAL,
        key=reversals_key(month, evaluation_no),
        month=month,
        evaluation_id=_evaluation_id(connection, month, evaluation_no),
        awards=awards,
        effective_on=effective_on,
        actor=actor,
        reason=reason,
    )
    if posted.created:
        values = {"posting_no": posted.posting_no, "month": month, **_arrays(awards)}
        reversed_ = connection.execute(_REVERSE, values).rowcount
        if reversed_ != len(awards):
            raise AwardNotPending(month, reversed_, len(awards))
    return posted


def pay_out(connection: Connection, *, month: SettlementMonth, paid_on: date, actor: str) -> Payout:
    """Make every pending award of a month available; a month is paid once, ever.

    Paying a paid month again returns its payout. Raises PayoutNotDue.
    """
    lock_program(connection)
    paid = _payout(connection, month)
    if paid is not None:
        return replace(paid, created=False)
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
    recorded = _payout(connection, month)
    assert recorded is not None  # noqa: S101 it was inserted just now
    return recorded


def adjust(
    connection: Connection,
    *,
    key: str,
    seller_id: str,
    points: int,
    effective_on: date,
    actor: str,
    reason: str,
) -> Posted:
    """Give a seller available points from the fund, or take them back (`points` below zero).

    Raises BalanceTooLow, PostingConflict, NothingToPost.
    """
    if not 0 < abs(points) <= _LARGEST_POINTS:
        raise NothingToPost(f"{points} is not a number of points to adjust by")
    kind = TransferKind.ADJUSTMENT
    posted = _open(
        connection,
        kind,
        key=key,
        request=[kind, seller_id, points, reason],
        transfers=1,
        points=abs(points),
        effective_on=effective_on,
        actor=actor,
        reason=reason,
    )
    if posted.created:
        accounts = (Account.PROGRAM_FUND, Account.AVAILABLE)
        debit, credit = accounts if points > 0 else reversed(accounts)
        with _overdraft_named(seller_id, abs(points)):
            connection.execute(
                insert(transfer).values(
                    posting_no=posted.posting_no,
                    kind=kind,
                    seller_id=seller_id,
                    debit_account=debit,
                    credit_account=credit,
                    points=abs(points),
                )
            )
    return posted


def check_now(connection: Connection) -> None:
    """Check, last in a transaction, what the database would check at its commit.

    Post nothing more afterwards: under a budget the chain is held from here on.
    Raises BudgetExceeded.
    """
    try:
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    except DBAPIError as error:
        if _constraint(error) == "posting_stays_within_the_budget":
            raise BudgetExceeded from error
        raise
    connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))


def seal_now(connection: Connection) -> ChainHead | None:
    """Seal whatever is committed or recorded in this transaction, and find the newest seal.

    Last in a transaction, like `check_now`. A head may be told once this is committed.
    """
    check_now(connection)
    connection.execute(_SEAL_WAITING)
    return chain_head(connection)


def standing_awards(
    connection: Connection, *, through: SettlementMonth | None = None
) -> set[Award]:
    """List the awards that were posted and not reversed, of all months up to `through`."""
    query = select(award.c.settlement_month, award.c.seller_id, award.c.tier, award.c.points)
    query = query.where(award.c.state != "reversed")
    if through is not None:
        query = query.where(award.c.settlement_month <= through)
    return {Award(*row) for row in connection.execute(query)}


def paid_months(connection: Connection) -> frozenset[SettlementMonth]:
    """List the months that were paid out."""
    return frozenset(connection.scalars(select(payout.c.settlement_month)))


def payouts(connection: Connection) -> tuple[Payout, ...]:
    """List the payouts that were made, oldest month first."""
    rows = connection.execute(_PAYOUTS.order_by(payout.c.settlement_month))
    return tuple(Payout(**row, created=False) for row in rows.mappings())


def pending_totals(connection: Connection) -> dict[SettlementMonth, tuple[int, int]]:
    """Add up, for each month not paid yet, the sellers with pending awards and their points."""
    rows = connection.execute(
        select(award.c.settlement_month, func.count(), func.sum(award.c.points))
        .where(award.c.state == "pending")
        .group_by(award.c.settlement_month)
    )
    return {month: (sellers, int(points)) for month, sellers, points in rows}


def entries(
    connection: Connection,
    *,
    seller_id: str | None = None,
    month: SettlementMonth | None = None,
    seal_no: int | None = None,
) -> Iterator[LedgerEntry]:
    """Stream the ledger in the order of its entry numbers, at constant memory.

    With `seal_no` it is the ledger as it stood at that seal.
    """
    query = _ENTRIES.order_by(transfer.c.entry_no)
    if seal_no is not None:
        sealed = select(seal.c.subject_key).where(
            seal.c.subject == "posting", seal.c.seal_no <= seal_no
        )
        query = query.where(cast(transfer.c.posting_no, Text).in_(sealed))
    if seller_id is not None:
        query = query.where(transfer.c.seller_id == seller_id)
    if month is not None:
        query = query.where(posting.c.settlement_month == month)
    for row in connection.execute(query, execution_options={"yield_per": 10_000}):
        number, recorded_at, effective_on, kind, *whose, debit, credit, moved, reverses = row
        seller, tier, settlement_month = whose
        yield LedgerEntry(
            entry_no=number,
            recorded_at=recorded_at,
            effective_on=effective_on,
            kind=TransferKind(kind),
            seller_id=seller,
            tier=tier,
            settlement_month=settlement_month,
            debit_account=Account(debit),
            credit_account=Account(credit),
            points=moved,
            reverses_entry_no=reverses,
        )


def chain_head(connection: Connection) -> ChainHead | None:
    """Find the newest seal; None at first. What was recorded since then waits for `seal_now`."""
    newest = select(seal.c.seal_no, seal.c.hash, seal.c.sealed_at)
    row = connection.execute(newest.order_by(seal.c.seal_no.desc()).limit(1)).first()
    return None if row is None else ChainHead(row.seal_no, row.hash.hex(), row.sealed_at)


def _open_for_awards(
    connection: Connection,
    kind: TransferKind,
    *,
    key: str,
    month: SettlementMonth,
    evaluation_id: int,
    awards: Sequence[Award],
    effective_on: date,
    actor: str,
    reason: str | None,
) -> Posted:
    if not awards:
        raise NothingToPost(f"{key} would have no transfer")
    if any(each.settlement_month != month for each in awards):
        raise NothingToPost(f"{key} is asked to post awards of another month")
    lock_program(connection)
    content = sorted((each.seller_id, each.tier, each.points) for each in awards)
    before = _posted(connection, key)
    paid = None if before is not None else _payout(connection, month)
    if paid is not None:
        raise AlreadyPaidOut(month, paid.paid_on)
    return _open(
        connection,
        kind,
        key=key,
        request=[kind, str(month), content, reason],
        transfers=len(awards),
        points=sum(each.points for each in awards),
        month=month,
        evaluation_id=evaluation_id,
        effective_on=effective_on,
        actor=actor,
        reason=reason,
    )


def _open(
    connection: Connection,
    kind: TransferKind,
    *,
    key: str,
    request: Sequence[object],
    transfers: int,
    points: int,
    effective_on: date,
    actor: str,
    month: SettlementMonth | None = None,
    evaluation_id: int | None = None,
    reason: str | None = None,
) -> Posted:
    content = json.dumps(request, ensure_ascii=True, separators=(",", ":"))
    request_hash = hashlib.sha256(content.encode()).digest()
    number = connection.scalar(
        insert_or_keep(posting)
        .values(
            key=key,
            kind=kind,
            settlement_month=month,
            evaluation_id=evaluation_id,
            request_hash=request_hash,
            effective_on=effective_on,
            actor=actor,
            reason=reason,
        )
        .on_conflict_do_nothing(index_elements=[posting.c.key])
        .returning(posting.c.posting_no)
    )
    if number is not None:
        return Posted(number, key, True, transfers, points)
    first = _posted(connection, key)
    if first is None or first[1] != request_hash:
        raise PostingConflict(key)
    return Posted(first[0], key, False, transfers, points)


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
    posted = _open(
        connection,
        TransferKind.PAYOUT,
        key=payout_key(month),
        request=[TransferKind.PAYOUT, str(month)],
        transfers=count,
        points=int(points),
        month=month,
        effective_on=paid_on,
        actor=actor,
    )
    connection.execute(_PAY, {"posting_no": posted.posting_no, "month": month})
    return posted


def _payout(connection: Connection, month: SettlementMonth) -> Payout | None:
    found = connection.execute(_PAYOUTS.where(payout.c.settlement_month == month))
    row = found.mappings().first()
    return None if row is None else Payout(**row, created=True)


def _due_on(connection: Connection, month: SettlementMonth) -> date | None:
    planned = select(payout_date.c.due_on).where(payout_date.c.settlement_month == month)
    return connection.scalar(planned.order_by(payout_date.c.plan_no.desc()).limit(1))


def _evaluation_id(connection: Connection, month: SettlementMonth, evaluation_no: int) -> int:
    found = select(evaluation.c.evaluation_id).where(
        evaluation.c.settlement_month == month, evaluation.c.evaluation_no == evaluation_no
    )
    return int(connection.execute(found).scalar_one())


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
        if _constraint(error) == "seller_account_available_not_overdrawn":
            raise BalanceTooLow(seller_id, points) from error
        raise


def _constraint(error: DBAPIError) -> str | None:
    diagnosis = getattr(error.orig, "diag", None)
    return getattr(diagnosis, "constraint_name", None)


_SEAL_WAITING = text("SELECT growth_points.seal_waiting()")
_PAYOUTS = select(*(payout.c[name] for name in Payout.__dataclass_fields__ if name != "created"))

_finished = transfer.alias("finished")
_ENTRIES: Select[Any] = (
    select(
        transfer.c.entry_no,
        posting.c.recorded_at,
        posting.c.effective_on,
        transfer.c.kind,
        transfer.c.seller_id,
        func.coalesce(transfer.c.tier, _finished.c.tier),
        posting.c.settlement_month,
        transfer.c.debit_account,
        transfer.c.credit_account,
        transfer.c.points,
        case((transfer.c.kind == TransferKind.REVERSAL, transfer.c.finishes)),
    )
    .join(posting, posting.c.posting_no == transfer.c.posting_no)
    .outerjoin(_finished, _finished.c.entry_no == transfer.c.finishes)
)

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
