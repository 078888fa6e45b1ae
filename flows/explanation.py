"""Why a seller got what it got in a month, in words, from what was recorded at the time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Engine

from adapters.policy_files import parse_policy
from adapters.postgres.evaluations import current_evaluation, recorded_policy
from adapters.postgres.explanations import RecordedDecision, recorded_decision
from adapters.postgres.ledger import Payout, payouts
from adapters.postgres.payout_dates import PlannedPayout, planned_payouts
from domain.decision import Outcome
from domain.eligibility import Reason, Terms
from domain.months import SettlementMonth
from flows.listings import MonthNotClosed, NoDecision


@dataclass(frozen=True, slots=True)
class _Case:
    facts: RecordedDecision
    terms: Terms
    planned: PlannedPayout
    paid: Payout | None

    @property
    def sum_krw(self) -> int:
        return self.facts.decision.window_amount_krw

    @property
    def average_krw(self) -> int:
        return self.sum_krw // self.terms.policy.window_months


def explain_decision(engine: Engine, seller_id: str, month: SettlementMonth) -> str:
    """Explain a seller's current decision in a month; raises MonthNotClosed, NoDecision."""
    with engine.connect() as connection:
        evaluation = current_evaluation(connection, month)
        if evaluation is None:
            raise MonthNotClosed(month)
        facts = recorded_decision(connection, month, seller_id)
        if facts is None:
            raise NoDecision(seller_id, month)
        name, text = recorded_policy(connection, evaluation.policy_hash)
        case = _Case(
            facts=facts,
            terms=Terms.of(parse_policy(text, f"the recorded policy {name}"), month),
            planned=planned_payouts(connection)[month],
            paid=next((p for p in payouts(connection) if p.settlement_month == month), None),
        )
    parts = (_outcome, _amounts, _average, _tenure, _earlier, _reasons, _payout, _basis)
    return "\n".join(line for part in parts for line in part(case))


def _outcome(case: _Case) -> Iterator[str]:
    decision = case.facts.decision
    if decision.outcome is Outcome.AWARDED:
        result = f"is awarded tier {decision.tier}: {decision.points:,} points"
    else:
        count = len(decision.reasons)
        result = f"is not awarded, for {count} reason{'s'[: count != 1]}"
    yield f"Seller {decision.seller_id} {result} in {decision.settlement_month}."


def _amounts(case: _Case) -> Iterator[str]:
    counted = case.terms.policy.counted_line_types
    yield ""
    yield f"What counts ({', '.join(counted)}, by the date of purchase confirmation):"
    for each in case.facts.window:
        amounts = each.amount_krw_by_line_type
        amount = sum(krw for kind, krw in amounts.items() if kind in counted)
        left_out = sum(amounts.values()) - amount
        remark = f"   (not counted: {left_out:,})" if left_out else ""
        yield f"  {each.month}  {amount:>18,} KRW{remark}"
    yield f"  {'sum':7}  {case.sum_krw:>18,} KRW"


def _average(case: _Case) -> Iterator[str]:
    months = case.terms.policy.window_months
    yield f"  The average over {months} months is {_krw(case.average_krw)}. The tiers:"
    for tier in case.terms.policy.tiers:
        here = case.terms.lower_sum_krw(tier) <= case.sum_krw < case.terms.upper_sum_krw(tier)
        yield (
            f"  {'→' if here else ' '} tier {tier.number}: {_krw(tier.lower_average_krw)} up to, "
            f"not including, {_krw(tier.upper_average_krw)} gives {tier.points:,} points"
        )


def _tenure(case: _Case) -> Iterator[str]:
    first, last = case.terms.first_approval_on, case.terms.last_approval_on
    yield ""
    yield (
        f"The store was approved on {case.facts.approved_on}; this month is for stores approved "
        f"from {first} to {last}."
    )


def _earlier(case: _Case) -> Iterator[str]:
    month = case.facts.decision.settlement_month
    earlier = [each for each in case.facts.awards if each.month < month]
    if not earlier:
        yield "It had no award from an earlier month."
    for each in earlier:
        yield f"From {each.month} it has tier {each.tier}: {each.points:,} points, {each.state}."


def _reasons(case: _Case) -> Iterator[str]:
    if not case.facts.decision.reasons:
        return
    yield ""
    yield "Why not:"
    for reason in case.facts.decision.reasons:
        yield f"  {reason}: {_SENTENCES[reason](case)}"


def _payout(case: _Case) -> Iterator[str]:
    yield ""
    if case.facts.decision.outcome is not Outcome.AWARDED:
        yield "Nothing is paid for this month."
        return
    passed = "; ".join(f"{day} is {name}" for day, name in case.planned.passed_over)
    why = f" ({passed})" if passed else ""
    if case.paid is None:
        yield f"The points are pending and will be usable on {case.planned.due_on}{why}."
    else:
        yield f"The points were due on {case.planned.due_on}{why}, paid on {case.paid.paid_on}."


def _basis(case: _Case) -> Iterator[str]:
    evaluation = case.facts.evaluation
    yield ""
    yield (
        f"This is evaluation {evaluation.evaluation_no} of the month, made on "
        f"{evaluation.evaluated_at:%Y-%m-%d %H:%M %Z} by {evaluation.actor} ({evaluation.reason}), "
        f"by policy {case.terms.policy.name}. It rests on:"
    )
    for each in case.facts.window:
        yield f"  {each.month} revision {each.revision_no}: {each.source}"


def _short_of(case: _Case) -> str:
    missing = case.terms.lowest_sum_krw - case.sum_krw
    return (
        f"the sum is {_krw(missing)} short of the lowest tier "
        f"({_krw(case.terms.lowest_sum_krw)} over the window)"
    )


def _beyond(case: _Case) -> str:
    return f"from {_krw(case.terms.policy.tiers[-1].upper_average_krw)} on average no tier applies"


def _awarded_before(case: _Case) -> str:
    return "the tier of this average was awarded before, and each tier is given once"


def _higher_before(case: _Case) -> str:
    return "a higher tier was awarded before, and awards never go downwards"


def _day(day: date) -> str:
    return day.isoformat()


def _krw(amount: int) -> str:
    return f"{amount:,} KRW"


_SENTENCES: Final[dict[Reason, Callable[[_Case], str]]] = {
    Reason.SELLER_NOT_ACTIVE: lambda case: (
        f"the store's status was {case.facts.status}, not {case.terms.policy.active_status}"
    ),
    Reason.TENURE_TOO_SHORT: lambda case: (
        f"approved after {_day(case.terms.last_approval_on)}, the store is too young"
    ),
    Reason.TENURE_TOO_LONG: lambda case: (
        f"approved before {_day(case.terms.first_approval_on)}, the store is no longer new"
    ),
    Reason.RUNS_DEPARTMENT_STORE_WINDOW: lambda _: "it runs a department-store window",
    Reason.RUNS_OUTLET_WINDOW: lambda _: "it runs an outlet window",
    Reason.USES_FULFILMENT: lambda _: "it uses fulfilment",
    Reason.USES_API: lambda _: "it uses the API",
    Reason.BELOW_LOWEST_TIER: _short_of,
    Reason.ABOVE_HIGHEST_TIER: _beyond,
    Reason.TIER_ALREADY_AWARDED: _awarded_before,
    Reason.BELOW_AWARDED_TIER: _higher_before,
}
