"""Adjusting a seller's available points, freely or as a correction of a paid month."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import Connection, insert
from sqlalchemy.exc import DBAPIError

from adapters.postgres.approvals import strictest_rules
from adapters.postgres.ledger import tables
from adapters.postgres.ledger.approving import (
    adjustment_limit,
    approved_adjustment,
    corrected_points,
)
from adapters.postgres.ledger.expiring import expire
from adapters.postgres.ledger.posting import Posted, Request, post, posted_before
from adapters.postgres.ledger.refusals import (
    AdjustmentAhead,
    AdjustmentNotApproved,
    BalanceTooLow,
    CorrectionNotApproved,
    NothingToPost,
    constraint_of,
)
from adapters.postgres.ledger.tables import transfer
from adapters.postgres.using import standing_of
from domain.approval import NO_APPROVAL
from domain.cause import Cause
from domain.corrections import Correction
from domain.ledger import MOST_POINTS, Account, TransferKind, adjustment_request
from domain.sentence import sentence


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

    `correction` says what that corrects of a paid month. What gives more points than the month's
    approval rule, or without it moves more than the policy allows, needs an approval. Raises
    BalanceTooLow, PostingConflict, NothingToPost, AdjustmentNotApproved, CorrectionNotApproved,
    AdjustmentAhead.
    """
    if not 0 < abs(points) <= MOST_POINTS:
        raise NothingToPost(
            sentence("{points} is not a number of points to adjust by", points=points)
        )
    if points > 0 and posted_before(connection, key) is None:
        _expire_what_is_over(connection, seller_id, effective_on, cause.actor)
    asked = Request(key, TransferKind.ADJUSTMENT, effective_on, cause.actor, cause.reason)
    posted = post(connection, asked, [seller_id, points, cause.reason], 1, abs(points))
    if posted.created:
        if approved_adjustment(connection, key) != (seller_id, points):
            _require_approval_if_needed(connection, key, seller_id, points, correction)
        if correction is not None:
            _record_correction(connection, posted.posting_no, correction)
        _move(connection, posted.posting_no, seller_id, points)
    return posted


def _expire_what_is_over(
    connection: Connection, seller_id: str, granted_on: date, actor: str
) -> None:
    if standing_of(connection, seller_id).expired_on(granted_on):
        expire(connection, actor, seller_id=seller_id)


def _require_approval_if_needed(
    connection: Connection, key: str, seller_id: str, points: int, correction: Correction | None
) -> None:
    """Raise AdjustmentNotApproved or CorrectionNotApproved for what needs an approval."""
    asked = adjustment_request(key), seller_id, points
    if correction is None:
        limit = adjustment_limit(connection)
        if abs(points) > limit:
            raise AdjustmentNotApproved(*asked, limit)
    elif points > 0:
        month = correction.award.settlement_month
        rule = strictest_rules(connection).get(month, NO_APPROVAL)
        total = corrected_points(connection, month) + points
        if rule.demands(total):
            raise CorrectionNotApproved(*asked, month, total)


def _move(connection: Connection, posting_no: int, seller_id: str, points: int) -> None:
    accounts = (Account.PROGRAM_FUND, Account.AVAILABLE)
    debit, credit = accounts if points > 0 else reversed(accounts)
    available = standing_of(connection, seller_id).available
    with _refusals_named(seller_id, abs(points), available):
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


@contextmanager
def _refusals_named(seller_id: str, points: int, available: int) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if constraint_of(error) == "balance_not_overdrawn":
            raise BalanceTooLow(seller_id, points, available) from error
        if constraint_of(error) == "transfer_is_not_ahead":
            raise AdjustmentAhead from error
        raise
