"""Adjusting points and correcting paid months, with what must come of each."""

from collections.abc import Callable
from functools import partial
from typing import Final

import pytest

from adapters.postgres.ledger import AdjustmentNotApproved, BalanceTooLow, CorrectionNotApproved
from adapters.postgres.revisions import SellerUnknown
from domain.corrections import EarnedInAnotherMonth
from domain.ledger import Award, adjustment_request_id
from flows.closing.cascade import ChangesPaidMonths
from flows.correcting.approve_adjustment import AdjustmentApproval, approve_adjustment
from flows.correcting.refusals import (
    ApprovalNotNeeded,
    CorrectionRefused,
    LaterMonthOutdated,
)
from tests.closings import cause
from tests.simulation.closing import MANY_STATEMENTS
from tests.simulation.draw import SELLERS
from tests.simulation.model import LIMIT
from tests.simulation.operator import FEW_STATEMENTS, Operator

_POINTS: Final = (-9_000, 5_000, LIMIT, LIMIT + 1, -LIMIT - 1)


def adjust(operator: Operator) -> None:
    """An adjustment of any store, within the limit of the policy or beyond it."""
    seller, points = operator.any_of((*SELLERS, "nobody")), operator.any_of(_POINTS)
    operator.tell("adjust", seller, points)
    model, reason = operator.model, f"reason {len(operator.told)}"
    giving = partial(operator.program.adjust, seller, points, reason=reason)
    if not model.knows(seller):
        operator.refused(giving, SellerUnknown)
        return
    if not _approved(operator, giving, seller, points, reason):
        return
    try:
        operator.do(giving, FEW_STATEMENTS)
    except BalanceTooLow:
        operator.changed_nothing(BalanceTooLow)
        assert model.available(seller) + points < 0
    else:
        model.adjusted[seller] += points


def _approved(
    operator: Operator, giving: Callable[[], object], seller: str, points: int, reason: str
) -> bool:
    """Approve an adjustment that is refused without; say whether it may be made."""
    request_id = adjustment_request_id(seller, points, reason)
    approval = AdjustmentApproval(request_id, seller, points, cause("seen"))
    approving = partial(approve_adjustment, operator.program.engine, approval)
    if not operator.model.needs_approval(points):
        operator.refused(approving, ApprovalNotNeeded)
        return True
    operator.refused(giving, AdjustmentNotApproved)
    if operator.any_of((True, False)):
        return False
    operator.tell("approve the adjustment")
    operator.do(approving, FEW_STATEMENTS)
    return True


def award_correction(operator: Operator) -> None:
    """An award that a paid month earned and did not give, if there is one."""
    model, program = operator.model, operator.program
    missing = sorted(set().union(*map(model.missing, model.paid)))
    operator.tell("award correction" if missing else "needless award correction")
    if not missing:
        with pytest.raises(CorrectionRefused, match="lacks"):
            program.adjust(SELLERS[0], 150_001, grants=str(max(model.paid)))
        return
    award = operator.any_of(missing)
    month = award.settlement_month
    giving = partial(program.adjust, award.seller_id, award.points, grants=str(month))
    if not model.clawed_back_before(award) and model.later_outdated(month):
        needed = model.correction_needs_approval(award)
        operator.refused(giving, CorrectionNotApproved if needed else LaterMonthOutdated)
        return
    if model.correction_needs_approval(award) and not _correction_approved(operator, giving, award):
        return
    try:
        operator.do(giving, MANY_STATEMENTS)
    except ChangesPaidMonths:
        operator.changed_nothing(ChangesPaidMonths)
        operator.do(partial(giving, acknowledge_paid=True), MANY_STATEMENTS)
    model.correct(award)


def _correction_approved(operator: Operator, giving: Callable[[], object], award: Award) -> bool:
    """Approve a correction that is refused without; say whether it may be made."""
    with pytest.raises(CorrectionNotApproved) as refused:
        operator.do(giving)
    operator.changed_nothing(CorrectionNotApproved)
    if operator.any_of((True, False)):
        return False
    operator.tell("approve the correction")
    asked = refused.value.key, award.seller_id, award.points
    approval = AdjustmentApproval(*asked, cause("seen"))
    operator.do(partial(approve_adjustment, operator.program.engine, approval), FEW_STATEMENTS)
    return True


def claw_back(operator: Operator) -> None:
    """A clawback of what a paid month gave and did not earn."""
    model = operator.model
    award = operator.any_of(over_awarded(operator))
    operator.tell("claw back", award)
    words = award.seller_id, -award.points
    taking = partial(operator.program.adjust, *words, grants=str(award.settlement_month))
    try:
        operator.do(taking, 22)
    except CorrectionRefused as refused:
        earned_in_another_month = isinstance(refused.refusal, EarnedInAnotherMonth)
        assert earned_in_another_month
        assert model.earned(award)
        operator.changed_nothing(CorrectionRefused)
    except BalanceTooLow as refused:
        left = refused.available
        operator.changed_nothing(BalanceTooLow)
        assert model.available(award.seller_id) == left < award.points
    else:
        assert not model.earned(award)
        model.clawed_back.add(award)


def over_awarded(operator: Operator) -> list[Award]:
    """List what paid months gave and did not earn."""
    return sorted(set().union(*map(operator.model.otherwise_paid, operator.model.paid)))
