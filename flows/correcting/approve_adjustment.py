"""Approving an adjustment or a correction that moves more points than it may without approval."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from adapters.postgres.database import lock_program, work_as_approver
from adapters.postgres.ledger import (
    adjustment_limit,
    approved_adjustment,
    record_adjustment_approval,
)
from adapters.postgres.revisions import require_seller
from domain.cause import Cause
from domain.ledger import adjustment_key, is_correction_key
from domain.many import many
from domain.sentence import Text, sentence
from flows.clocks import warn_about_clocks
from flows.correcting.adjust_points import require_adjustable, require_request_id
from flows.correcting.refusals import AdjustmentApproved, ApprovalNotNeeded
from flows.program import program_database
from flows.settings import Settings


@dataclass(frozen=True, slots=True)
class AdjustmentApproval:
    """Points that a request may give to a seller, or take if negative.

    The request of a correction is the key of its posting, which its refusal shows.
    """

    request_id: str
    seller_id: str
    points: int
    cause: Cause

    def __post_init__(self) -> None:
        require_request_id(self.request_id)
        require_adjustable(self.points)

    @property
    def key(self) -> str:
        """The key of the posting that is approved."""
        corrects = is_correction_key(self.request_id)
        return self.request_id if corrects else adjustment_key(self.request_id)


def approve(settings: Settings, approval: AdjustmentApproval) -> bool:
    """Approve an adjustment; returns False if it was approved before."""
    with program_database(settings) as engine:
        warn_about_clocks(engine)
        return approve_adjustment(engine, approval)


def approve_adjustment(engine: Engine, approval: AdjustmentApproval) -> bool:
    """Approve an adjustment in one transaction; returns False if it was approved before.

    Raises SellerUnknown, ApprovalNotNeeded, AdjustmentApproved, LoginForbidden.
    """
    key, asked = approval.key, (approval.seller_id, approval.points)
    with engine.begin() as connection:
        work_as_approver(connection)
        lock_program(connection)
        require_seller(connection, approval.seller_id)
        before = approved_adjustment(connection, key)
        if before is not None and before != asked:
            raise AdjustmentApproved(approval.request_id, *before)
        if before is None:
            _require_need(connection, approval)
            record_adjustment_approval(connection, key, *asked, approval.cause)
    return before is None


def _require_need(connection: Connection, approval: AdjustmentApproval) -> None:
    """Raise ApprovalNotNeeded for an adjustment that the policy allows."""
    limit = adjustment_limit(connection)
    if not is_correction_key(approval.request_id) and abs(approval.points) <= limit:
        raise ApprovalNotNeeded(approval.points, limit)


def approval_summary(approval: AdjustmentApproval, created: bool) -> Text:
    """Describe what was approved."""
    facts = {"seller_id": approval.seller_id, "points": many("point", abs(approval.points))}
    what = (
        sentence("Seller {seller_id} may be given {points}", **facts)
        if approval.points > 0
        else sentence("Seller {seller_id} may lose {points}", **facts)
    )
    number = approval.request_id
    if not created:
        return sentence(
            "{what}: request {request_id} was approved before.", what=what, request_id=number
        )
    return sentence(
        "{what} by request {request_id}. Now repeat the adjustment.", what=what, request_id=number
    )
