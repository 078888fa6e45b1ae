"""Explaining a seller's decision in a month, from what was recorded with it."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection

from adapters.languages.catalog import Language
from adapters.postgres.evaluations import current_evaluation
from adapters.postgres.explanations import RecordedAward
from domain.approval import NO_APPROVAL, ApprovalRule
from domain.decision import Outcome, decide
from domain.eligibility import Reason
from domain.ledger import Award
from domain.months import SettlementMonth
from domain.settlement import LINE_TYPES
from domain.what_if import OtherResult, eligible_tenure_months, other_results
from domain.written import visible
from flows.showing.explained_case import ExplainedCase, gather_case
from flows.showing.refusals import MonthNotClosed
from flows.showing.wording import wording


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
    words = wording(language, for_operators=for_operators)
    case = gather_case(connection, evaluation, seller_id, words, rule, asked_on)
    every = (_outcome, _amounts, _average, _tenure, _earlier, _reasons, _what_if, _payout, _basis)
    parts = every if for_operators else every[:-1]
    return "\n".join(line for part in parts for line in part(case))


def _outcome(case: ExplainedCase) -> Iterator[str]:
    decision = case.recorded.decision
    name = "awarded" if decision.outcome is Outcome.AWARDED else "not_awarded"
    yield case.say(name).format(
        seller=decision.seller_id,
        month=case.month,
        tier=decision.tier,
        points=f"{decision.points:,}",
        count=len(decision.reasons),
    )


def _amounts(case: ExplainedCase) -> Iterator[str]:
    counted = case.terms.policy.counted_line_types
    yield ""
    yield case.say("counted").format(types=", ".join(counted))
    for each in case.recorded.window:
        amounts = each.amount_krw_by_line_type
        amount = sum(krw for kind, krw in amounts.items() if kind in counted)
        left_out = sum(amounts.values()) - amount
        yield case.say("amount_partly" if left_out else "amount").format(
            month=each.month, amount=f"{amount:,}", left_out=f"{left_out:,}"
        )
        for kind in sorted(amounts.keys() - LINE_TYPES.keys() - set(counted)):
            values = {"amount": f"{amounts[kind]:,}", "kind": visible(kind)}
            yield case.say("unknown_type").format(**values)
    yield case.say("sum").format(amount=f"{case.sum_krw:,}")


def _average(case: ExplainedCase) -> Iterator[str]:
    months = case.terms.policy.window_months
    average = f"{case.sum_krw // months:,}"
    yield case.say("average").format(months=months, average=average)
    for tier in case.terms.policy.tiers:
        here = case.terms.lower_sum_krw(tier) <= case.sum_krw < case.terms.upper_sum_krw(tier)
        yield case.say("tier").format(
            mark="→" if here else " ",
            tier=tier.number,
            lower=f"{tier.lower_average_krw:,}",
            upper=f"{tier.upper_average_krw:,}",
            points=f"{tier.points:,}",
        )


def _tenure(case: ExplainedCase) -> Iterator[str]:
    yield ""
    yield case.say("tenure").format(
        approved=case.recorded.facts.approved_on,
        first=case.terms.first_approval_on,
        last=case.terms.last_approval_on,
    )


def _earlier(case: ExplainedCase) -> Iterator[str]:
    earlier = [each for each in case.recorded.awards if each.award.settlement_month < case.month]
    if not earlier:
        yield case.say("no_earlier")
    for each in earlier:
        yield case.say("earlier" if each.stands else "earlier_reversed").format(
            month=each.award.settlement_month,
            tier=each.award.tier,
            points=f"{each.award.points:,}",
            state=case.words.states.get(each.state),
        )


def _reasons(case: ExplainedCase) -> Iterator[str]:
    if not case.recorded.decision.reasons:
        return
    yield ""
    yield case.say("why_not")
    for reason in case.recorded.decision.reasons:
        yield f"  {_reason(case, reason)}"


def _reason(case: ExplainedCase, reason: Reason) -> str:
    policy = case.terms.policy
    return case.words.reasons[reason].format(
        status=visible(case.recorded.facts.status),
        active=policy.active_status,
        first=case.terms.first_approval_on,
        last=case.terms.last_approval_on,
        short=f"{case.terms.lowest_sum_krw - case.sum_krw:,}",
        least=f"{case.terms.lowest_sum_krw:,}",
        highest=f"{policy.tiers[-1].upper_average_krw:,}",
    )


def _what_if(case: ExplainedCase) -> Iterator[str]:
    decision = case.recorded.decision
    lines = [_other(case, each) for each in other_results(case.recorded.facts, case.terms)]
    if Reason.TENURE_TOO_SHORT in decision.reasons:
        months = eligible_tenure_months(case.recorded.facts, case.terms)
        if months is not None:
            lines.append(case.say("later").format(first=months[0], last=months[1]))
    if decision.reasons and not lines:
        lines.append(case.say("nothing_changes_it"))
    if lines:
        yield from ("", case.say("what_if"), *lines)


def _other(case: ExplainedCase, other: OtherResult) -> str:
    parts = ["without"] if other.without else []
    if other.amount_krw:
        parts.append("more" if other.amount_krw > 0 else "less")
    return case.say("_".join(parts)).format(
        amount=f"{abs(other.amount_krw):,}",
        month=case.month,
        tier=other.tier.number,
        points=f"{other.tier.points:,}",
        obstacles=case.say("and").join(case.words.obstacles[each] for each in other.without),
    )


def _payout(case: ExplainedCase) -> Iterator[str]:
    yield ""
    decision = case.recorded.decision
    own = [each for each in case.recorded.awards if each.award.settlement_month == case.month]
    standing = [each for each in own if each.stands]
    matching = [each for each in standing if each.award.tier == decision.tier]
    gone = {each.award for each in own if not each.stands} - {each.award for each in standing}
    yield from (_about(case, "reversed", award) for award in sorted(gone))
    if decision.outcome is Outcome.AWARDED:
        yield _posted(case, matching[0]) if matching else _not_posted(case)
    elif not standing:
        yield case.say("nothing_paid")
    if case.paid is not None:
        yield from (_kept(case, each) for each in standing if each not in matching)


def _kept(case: ExplainedCase, own: RecordedAward) -> str:
    name = "kept_clawed_back" if own.state == "clawed_back" else "kept"
    return _about(case, name, own.award)


def _about(case: ExplainedCase, name: str, award: Award) -> str:
    paid = case.paid and case.paid.paid_on
    return case.say(name).format(tier=award.tier, points=f"{award.points:,}", paid=paid)


def _posted(case: ExplainedCase, own: RecordedAward) -> str:
    passed = "; ".join(f"{day} {case.holiday(name)}" for day, name in case.planned.passed_over)
    return case.say(_standing(case, own)).format(
        month=case.month,
        due=case.planned.due_on,
        why=f" ({passed})" if passed else "",
        paid=case.paid and case.paid.paid_on,
        seller=own.award.seller_id,
        plain=own.award.points,
    )


def _standing(case: ExplainedCase, own: RecordedAward) -> str:
    """Name the sentence about an award, by its state and what its payout waits for."""
    due_on = case.planned.due_on
    if own.state == "paid" and case.paid is not None and case.paid.paid_on > due_on:
        return "paid_late"
    if own.state != "pending":
        return own.state
    if case.waits:
        return "unapproved"
    late = case.asked_on is not None and case.asked_on > due_on
    return "overdue" if late else "pending"


def _not_posted(case: ExplainedCase) -> str:
    decision = case.recorded.decision
    elsewhere = [
        each.award
        for each in case.recorded.awards
        if each.stands
        and each.award.tier == decision.tier
        and (case.paid is None or each.state != "clawed_back")
    ]
    name = "held" if elsewhere else "not_posted" if case.paid is None else "missing"
    return case.say(name).format(
        month=case.month,
        other=elsewhere[0].settlement_month if elsewhere else None,
        tier=decision.tier,
        paid=case.paid and case.paid.paid_on,
        seller=decision.seller_id,
        plain=decision.points,
    )


def _basis(case: ExplainedCase) -> Iterator[str]:
    evaluation = case.recorded.evaluation
    yield ""
    yield case.say("evaluation").format(
        number=evaluation.evaluation_no,
        at=f"{evaluation.evaluated_at:%Y-%m-%d %H:%M %Z}",
        actor=evaluation.actor,
        reason=evaluation.reason,
        policy=case.terms.policy.name,
        hash=evaluation.policy_hash[:12],
    )
    for each in case.recorded.window:
        yield case.say("revision").format(
            month=each.month,
            number=each.revision_no,
            at=f"{each.accepted_at:%Y-%m-%d %H:%M %Z}",
            source=each.source,
            files=", ".join(each.files),
        )
    yield _today(case)


def _today(case: ExplainedCase) -> str:
    """Compare the decision with what today's deliveries and awards would give."""
    decision = case.recorded.decision
    if case.today is None or case.today.facts is None:
        return case.say("today_gone").format(month=case.month)
    again = decide(case.today.facts, case.terms)
    if again == decision:
        return case.say("today_same")
    return case.say("today_awarded" if again.tier else "today_not").format(
        tier=again.tier,
        points=f"{again.points:,}",
        amount=f"{again.window_amount_krw:,}",
        reasons=", ".join(case.label(each) for each in again.reasons),
        month=case.month,
    )
