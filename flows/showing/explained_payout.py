"""What has become of a decision's points: pending, paid, held, or taken back."""

from collections.abc import Iterator

from adapters.postgres.explanations import RecordedAward
from domain.decision import Outcome
from domain.ledger import Award
from domain.sentence import Sentence, Text, Word, joined, sentence
from flows.showing.explained_case import ExplainedCase


def payout(case: ExplainedCase) -> Iterator[Text]:
    """Yield what the month pays the store, and what it paid before it was restated."""
    yield ""
    decision = case.recorded.decision
    own = [each for each in case.recorded.awards if each.award.settlement_month == case.month]
    standing = [each for each in own if each.stands]
    matching = [each for each in standing if each.award.tier == decision.tier]
    gone = {each.award for each in own if not each.stands} - {each.award for each in standing}
    yield from (_reversed(award) for award in sorted(gone))
    if decision.outcome is Outcome.AWARDED:
        yield from _posted(case, matching[0]) if matching else _not_posted(case)
    elif not standing:
        yield sentence("Nothing is paid for this month.")
    if case.paid is not None:
        yield from (_kept(case, each) for each in standing if each not in matching)


def _reversed(award: Award) -> Sentence:
    return sentence(
        "Before the month was restated it awarded tier {tier}, {points:,} points; the award was "
        "reversed before the payout.",
        tier=award.tier,
        points=award.points,
    )


def _kept(case: ExplainedCase, own: RecordedAward) -> Sentence:
    about = {"tier": own.award.tier, "points": own.award.points, "paid": case.paid_on}
    if own.state == "clawed_back":
        return sentence(
            "Tier {tier}, {points:,} points, was paid on {paid}, before the month was restated, "
            "and clawed back later.",
            **about,
        )
    return sentence(
        "Tier {tier}, {points:,} points, was paid on {paid}, before the month was restated; what "
        "was paid stays.",
        **about,
    )


def _posted(case: ExplainedCase, own: RecordedAward) -> Iterator[Text]:
    """Say where an award stands."""
    if own.state == "corrected":
        yield sentence(
            "{month} was paid without them; the points were awarded later by a correction.",
            month=case.month,
        )
    elif own.state == "clawed_back":
        taken = sentence("The points were paid on {paid} and clawed back later.", paid=case.paid_on)
        again = sentence(
            "They can be reinstated: {command}", command=_adjust(case, own.award.points)
        )
        yield joined((taken, again if case.for_operators else ""), " ")
    else:
        yield _paid(case) if own.state == "paid" else _pending(case)


def _paid(case: ExplainedCase) -> Sentence:
    facts = {"due": case.planned.due_on, "why": _why_that_day(case), "paid": case.paid_on}
    if case.paid is not None and case.paid.paid_on > case.planned.due_on:
        return sentence("The points were due on {due}{why} and paid late, on {paid}.", **facts)
    return sentence("The points were due on {due}{why} and paid on {paid}.", **facts)


def _pending(case: ExplainedCase) -> Sentence:
    facts = {"due": case.planned.due_on, "why": _why_that_day(case)}
    if case.waits:
        return sentence(
            "The points are pending; their payout date is {due}{why}, and the payout still needs "
            "an approval.",
            **facts,
        )
    if case.asked_on is not None and case.asked_on > case.planned.due_on:
        return sentence(
            "The points are pending; they were due on {due}{why} and are not paid yet.", **facts
        )
    return sentence("The points are pending; their payout date is {due}{why}.", **facts)


def _why_that_day(case: ExplainedCase) -> Text:
    passed = joined(
        joined((str(day), Word("holiday", name)), " ") for day, name in case.planned.passed_over
    )
    return sentence(" ({passed})", passed=passed) if passed.parts else ""


def _not_posted(case: ExplainedCase) -> Iterator[Text]:
    """Say why an award that was decided is not on the ledger."""
    decision = case.recorded.decision
    elsewhere = [
        each.award
        for each in case.recorded.awards
        if each.stands
        and each.award.tier == decision.tier
        and (case.paid is None or each.state != "clawed_back")
    ]
    if elsewhere:
        yield sentence(
            "Nothing is paid for this month: {other} already awarded tier {tier}, and each tier is "
            "awarded once.",
            other=elsewhere[0].settlement_month,
            tier=decision.tier,
        )
    elif case.paid is None:
        nothing = sentence("Nothing is posted for this result yet.")
        again = sentence("Close {month} again.", month=case.month)
        yield joined((nothing, again if case.for_operators else ""), " ")
    else:
        lacks = sentence(
            "{month} was paid on {paid} without these points: its data was restated later.",
            month=case.month,
            paid=case.paid_on,
        )
        command = _adjust(case, decision.points)
        later = sentence("They can be awarded: {command}", command=command)
        yield joined((lacks, later if case.for_operators else ""), " ")


def _adjust(case: ExplainedCase, points: int) -> str:
    seller_id = case.recorded.decision.seller_id
    return f"growth-points adjust {seller_id} {points} --for {case.month} --reason TEXT"
