"""Explaining a seller's decision in a month, from what was recorded with it."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from sqlalchemy import Connection

from adapters.languages.catalog import Language, say
from adapters.postgres.evaluations import current_evaluation
from domain.approval import NO_APPROVAL, ApprovalRule
from domain.decision import Outcome
from domain.months import SettlementMonth
from domain.sentence import Text, Word, sentence
from domain.settlement import LINE_TYPES
from domain.written import visible
from flows.showing.explained_basis import basis
from flows.showing.explained_case import ExplainedCase, gather_case
from flows.showing.explained_payout import payout
from flows.showing.explained_reasons import reasons, what_if
from flows.showing.refusals import MonthNotClosed

_ELSEWHERE: Final = " "
_HERE: Final = "→"


def explain_decision(
    connection: Connection,
    seller_id: str,
    month: SettlementMonth,
    language: Language = "en",
    rule: ApprovalRule = NO_APPROVAL,
    asked_on: date | None = None,
    *,
    for_operators: bool = True,
) -> str:
    """Explain a seller's current decision in a month; raises MonthNotClosed, NoDecision.

    `rule` is the approval rule in force, and a payout unpaid after its date is late on `asked_on`.
    Operators also read who decided, from which files, and which command changes it.
    """
    evaluation = current_evaluation(connection, month)
    if evaluation is None:
        raise MonthNotClosed(month)
    case = gather_case(connection, evaluation, seller_id, rule, asked_on, for_operators)
    every = (_outcome, _amounts, _average, _tenure, _earlier, reasons, what_if, payout, basis)
    parts = every if for_operators else every[:-1]
    return "\n".join(say(line, language) for part in parts for line in part(case))


def _outcome(case: ExplainedCase) -> Iterator[Text]:
    decision = case.recorded.decision
    if decision.outcome is Outcome.AWARDED:
        yield sentence(
            "Seller {seller} is awarded tier {tier} for {month}: {points:,} points.",
            seller=decision.seller_id,
            month=case.month,
            tier=decision.tier,
            points=decision.points,
        )
    else:
        yield sentence(
            "Seller {seller} gets no award for {month}. Reasons: {count}.",
            seller=decision.seller_id,
            month=case.month,
            count=len(decision.reasons),
        )


def _amounts(case: ExplainedCase) -> Iterator[Text]:
    counted = case.terms.policy.counted_line_types
    yield ""
    yield sentence(
        "What counts ({types}, by the date of purchase confirmation):", types=", ".join(counted)
    )
    for each in case.recorded.window:
        amounts = each.amount_krw_by_line_type
        amount = sum(krw for kind, krw in amounts.items() if kind in counted)
        yield _amount(each.month, amount, sum(amounts.values()) - amount)
        for kind in sorted(amounts.keys() - LINE_TYPES.keys() - set(counted)):
            yield sentence(
                "           {amount:>18,} KRW   of it have the unknown line type {kind}",
                amount=amounts[kind],
                kind=visible(kind),
            )
    yield sentence("  sum      {amount:>18,} KRW", amount=case.sum_krw)


def _amount(month: SettlementMonth, amount: int, left_out: int) -> Text:
    if not left_out:
        return sentence("  {month}  {amount:>18,} KRW", month=month, amount=amount)
    return sentence(
        "  {month}  {amount:>18,} KRW   (not counted: {left_out:,})",
        month=month,
        amount=amount,
        left_out=left_out,
    )


def _average(case: ExplainedCase) -> Iterator[Text]:
    months = case.terms.policy.window_months
    yield sentence(
        "The average over {months} months is {average:,} KRW. The tiers:",
        months=months,
        average=case.sum_krw // months,
    )
    for tier in case.terms.policy.tiers:
        here = case.terms.lower_sum_krw(tier) <= case.sum_krw < case.terms.upper_sum_krw(tier)
        yield sentence(
            "  {mark} tier {tier}: {lower:,} KRW up to, not including, {upper:,} KRW gives "
            "{points:,} points",
            mark=_HERE if here else _ELSEWHERE,
            tier=tier.number,
            lower=tier.lower_average_krw,
            upper=tier.upper_average_krw,
            points=tier.points,
        )


def _tenure(case: ExplainedCase) -> Iterator[Text]:
    yield ""
    yield sentence(
        "The store was approved on {approved}; this month is for stores approved from {first} to "
        "{last}.",
        approved=case.recorded.facts.approved_on,
        first=case.terms.first_approval_on,
        last=case.terms.last_approval_on,
    )


def _earlier(case: ExplainedCase) -> Iterator[Text]:
    earlier = [each for each in case.recorded.awards if each.award.settlement_month < case.month]
    if not earlier:
        yield sentence("It had no award from an earlier month.")
    for each in earlier:
        award = each.award
        about = {"month": award.settlement_month, "tier": award.tier, "points": award.points}
        if each.stands:
            yield sentence(
                "From {month} it has tier {tier}: {points:,} points, {state}.",
                state=Word("award state", each.state),
                **about,
            )
        else:
            yield sentence(
                "{month} awarded it tier {tier}, {points:,} points; the award was reversed before "
                "the payout and does not count.",
                **about,
            )
