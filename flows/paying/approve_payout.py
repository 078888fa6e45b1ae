"""Approving a month's payout."""

from contextlib import nullcontext
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
from domain.sentence import Sentence, Text, sentence
from flows.clocks import warn_about_clocks
from flows.paying.open_payouts import OpenPayout, open_payouts
from flows.program import program_database
from flows.refused_runs import recording_refusals
from flows.settings import Settings


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
    settings: Settings,
    month: SettlementMonth,
    points: int,
    cause: Cause,
    *,
    preview: bool = False,
) -> ApprovedPayout:
    """Approve a month's payout; a preview is rolled back, and not recorded if it is refused."""
    recorded = recording_refusals(settings, month, Action.APPROVE, cause)
    history = nullcontext() if preview else recorded
    with program_database(settings, preview=preview) as engine, history:
        warn_about_clocks(engine)
        return approve_payout(engine, month, points, cause)


def approve_if_it_waits(settings: Settings, month: SettlementMonth, cause: Cause) -> None:
    """Approve a month's payout at its current total if it waits for an approval."""
    with program_database(settings) as engine:
        with engine.connect() as connection:
            payout = open_payouts(connection).get(month)
        if payout is not None and payout.waits(settings.approval_rule):
            approve_payout(engine, month, payout.points, cause)


def approval_told(approved: ApprovedPayout, *, preview: bool = False) -> Sentence:
    """Say what the approved payout will pay."""
    payout = approved.payout
    facts = {
        "month": payout.month,
        "points": many("point", payout.points),
        "sellers": many("seller", payout.sellers),
    }
    if not approved.created:
        return sentence("The payout of {month} was approved before; that approval stays.", **facts)
    if preview:
        return sentence(
            "Nothing was written: this is a preview. {month} would be allowed to pay {points} "
            "to {sellers}.",
            **facts,
        )
    return sentence("{month} may pay {points} to {sellers}.", **facts)


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
    return ApprovedPayout(payout, created)
