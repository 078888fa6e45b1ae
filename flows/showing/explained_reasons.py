"""Why a store got nothing in a month, and what would change its result."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from domain.eligibility import Reason
from domain.sentence import Sentence, Text, joined, sentence
from domain.what_if import OtherResult, eligible_tenure_months, other_results
from domain.written import visible
from flows.showing.explained_case import ExplainedCase

_WHY: Final[Mapping[Reason, Callable[[ExplainedCase], Sentence]]] = {
    Reason.SELLER_NOT_ACTIVE: lambda case: sentence(
        "  the store's status was {status}, not {active}",
        status=visible(case.recorded.facts.status),
        active=case.terms.policy.active_status,
    ),
    Reason.TENURE_TOO_SHORT: lambda case: sentence(
        "  approved after {last}, the store is too young", last=case.terms.last_approval_on
    ),
    Reason.TENURE_TOO_LONG: lambda case: sentence(
        "  approved before {first}, the store is no longer new", first=case.terms.first_approval_on
    ),
    Reason.RUNS_DEPARTMENT_STORE_WINDOW: lambda _: sentence("  it runs a department-store window"),
    Reason.RUNS_OUTLET_WINDOW: lambda _: sentence("  it runs an outlet window"),
    Reason.USES_FULFILMENT: lambda _: sentence("  it uses fulfilment"),
    Reason.USES_API: lambda _: sentence("  it uses the API"),
    Reason.BELOW_LOWEST_TIER: lambda case: sentence(
        "  the sum is {short:,} KRW short of the lowest tier ({least:,} KRW over the window)",
        short=case.terms.lowest_sum_krw - case.sum_krw,
        least=case.terms.lowest_sum_krw,
    ),
    Reason.ABOVE_HIGHEST_TIER: lambda case: sentence(
        "  an average of {highest:,} KRW or more is above every tier",
        highest=case.terms.policy.tiers[-1].upper_average_krw,
    ),
    Reason.TIER_ALREADY_AWARDED: lambda _: sentence(
        "  the tier of this average was awarded before, and each tier is awarded once"
    ),
    Reason.BELOW_AWARDED_TIER: lambda _: sentence(
        "  a higher tier was awarded before, and awards never go downwards"
    ),
}
_OBSTACLE: Final[Mapping[Reason, Sentence]] = {
    Reason.SELLER_NOT_ACTIVE: sentence("its status"),
    Reason.RUNS_DEPARTMENT_STORE_WINDOW: sentence("its department-store window"),
    Reason.RUNS_OUTLET_WINDOW: sentence("its outlet window"),
    Reason.USES_FULFILMENT: sentence("its use of fulfilment"),
    Reason.USES_API: sentence("its use of the API"),
}


def reasons(case: ExplainedCase) -> Iterator[Text]:
    """Yield why the store got nothing, each reason with its numbers."""
    if case.recorded.decision.reasons:
        yield ""
        yield sentence("Why the store gets nothing:")
        yield from (_WHY[reason](case) for reason in case.recorded.decision.reasons)


def what_if(case: ExplainedCase) -> Iterator[Text]:
    """Yield what would have led to another result, and when the store's tenure is right."""
    decision = case.recorded.decision
    lines = [_other(case, each) for each in other_results(case.recorded.facts, case.terms)]
    if Reason.TENURE_TOO_SHORT in decision.reasons:
        lines += _later(case)
    if decision.reasons and not lines:
        lines.append(sentence("  nothing that the store could do in this month"))
    if lines:
        yield ""
        yield sentence("What would change it:")
        yield from lines


def _later(case: ExplainedCase) -> Iterator[Sentence]:
    months = eligible_tenure_months(case.recorded.facts, case.terms)
    if months is not None:
        first, last = months
        yield sentence(
            "  its tenure is right from {first} to {last}, if the other rules are met then",
            first=first,
            last=last,
        )


def _other(case: ExplainedCase, other: OtherResult) -> Sentence:
    return sentence(
        "  {condition}, tier {tier} would follow: {points:,} points",
        condition=_condition(case, other),
        tier=other.tier.number,
        points=other.tier.points,
    )


def _condition(case: ExplainedCase, other: OtherResult) -> Sentence:
    sold = {"amount": abs(other.amount_krw), "month": case.month}
    more = sentence("with {amount:,} KRW more in {month}", **sold)
    less = sentence("with {amount:,} KRW less in {month}", **sold)
    change = more if other.amount_krw > 0 else less
    gone = joined((_OBSTACLE[each] for each in other.without), sentence(" and "))
    if not other.without:
        return change
    if not other.amount_krw:
        return sentence("were it not for {obstacles}", obstacles=gone)
    return sentence("were it not for {obstacles}, and {change}", obstacles=gone, change=change)
