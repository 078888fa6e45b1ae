"""Approving a month's payout."""

import logging
from dataclasses import dataclass

from sqlalchemy import Engine

from adapters.postgres.approvals import record_approval
from adapters.postgres.database import lock_program, work_as_approver
from adapters.postgres.evaluations import current_evaluation, outdated_months
from adapters.postgres.runs import Action, record_run
from domain.cause import Cause
from domain.many import many
from domain.months import SettlementMonth
from domain.refusal import Refused
from domain.sentence import Text, sentence
from flows.clocks import warn_about_clocks
from flows.paying.open_payouts import OpenPayout, open_payouts
from flows.program import program_database
from flows.refused_runs import recording_refusals
from flows.settings import Settings

log = logging.getLogger("growth_points.payout")


class NothingToApprove(Refused):
    """The month has no open payout."""

    def __init__(self, month: SettlementMonth, why: Text) -> None:
        super().__init__(
            sentence("There is no payout of {month} to approve: {why}.", month=month, why=why)
        )
        self.month = month


class ApprovalOutOfDate(Refused):
    """The approved total is not the total that would be paid."""

    def __init__(self, month: SettlementMonth, approved: int, points: int) -> None:
        super().__init__(
            sentence(
                "{month} would pay {points:,} points, not {approved:,}. Nothing was "
                "approved. Check the newest report of {month}, then approve the total "
                "that it shows.",
                month=month,
                points=points,
                approved=approved,
            )
        )
        self.month, self.approved, self.points = month, approved, points


@dataclass(frozen=True, slots=True)
class ApprovedPayout:
    """An approved payout; `created` is False if it was approved before."""

    payout: OpenPayout
    created: bool


def approve(
    settings: Settings, month: SettlementMonth, points: int, cause: Cause
) -> ApprovedPayout:
    """Approve a month's payout."""
    history = recording_refusals(settings, month, Action.APPROVE, cause)
    with program_database(settings) as engine, history:
        warn_about_clocks(engine)
        return approve_payout(engine, month, points, cause)


def approval_summary(approved: ApprovedPayout) -> Text:
    """Describe what the approved payout will pay."""
    payout = approved.payout
    if not approved.created:
        return sentence(
            "The payout of {month} was approved before; that approval stays.", month=payout.month
        )
    return sentence(
        "{month} may pay {points} to {sellers}.",
        month=payout.month,
        points=many("point", payout.points),
        sellers=many("seller", payout.sellers),
    )


def approve_payout(
    engine: Engine, month: SettlementMonth, points: int, cause: Cause
) -> ApprovedPayout:
    """Approve a month's total payout, in one transaction; approving it again changes nothing.

    Raises NothingToApprove, ApprovalOutOfDate, LoginForbidden.
    """
    with engine.begin() as connection:
        work_as_approver(connection)
        lock_program(connection)
        payout = open_payouts(connection).get(month)
        if payout is None:
            closed = current_evaluation(connection, month) is not None
            raise NothingToApprove(
                month, sentence("it is paid") if closed else sentence("it is not closed")
            )
        if month in outdated_months(connection):
            raise NothingToApprove(month, sentence("its data was replaced; close it again first"))
        if payout.points != points:
            raise ApprovalOutOfDate(month, points, payout.points)
        created = payout.approval is None
        if created:
            record_approval(connection, payout.evaluation_id, points, cause)
        record_run(
            connection,
            month,
            Action.APPROVE,
            cause,
            changed=created,
            difference={"sellers": payout.sellers, "points": points},
            evaluation_id=payout.evaluation_id,
        )
        payout = open_payouts(connection)[month]
    if created:
        points_paid = many("point", points)
        log.info(
            sentence("approved the payout of {month}: {points}", month=month, points=points_paid)
        )
    return ApprovedPayout(payout, created)
