"""What needs attention: a sentence for each matter, and the form that does something about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from domain.months import SettlementMonth
from domain.sentence import Sentence, joined, sentence
from flows.closing.due_months import no_month_closes
from flows.showing.desk import AwaitedMonth, Desk
from flows.showing.forms import (
    Form,
    approval_form,
    closing_form,
    correction_form,
    delivery_form,
    ingest_form,
    payout_form,
    rerun_form,
    rewards_form,
)
from flows.showing.month_states import MonthState
from flows.showing.open_corrections import OpenCorrections

_SHOWN = 3  # corrections of a month, or days, with a form of their own; the month's page has all


class Weight(StrEnum):
    """How much a matter weighs; the values are CSS classes, too."""

    BAD = "bad"
    WARN = "warn"
    SOFT = "soft"


@dataclass(frozen=True, slots=True)
class Task:
    """A matter that needs somebody: of a month or none, with findings or the like as details."""

    weight: Weight
    said: Sentence
    month: SettlementMonth | None = None
    forms: tuple[Form, ...] = ()
    details: tuple[object, ...] = ()


def tasks(desk: Desk) -> tuple[Task, ...]:
    """List what needs somebody, what is worst first, then the oldest month first."""
    found = [
        *(task for month in desk.refused for task in _refused(desk, month)),
        *(task for each in desk.months.values() for task in _unpaid(desk, each)),
        *(task for each in desk.corrections for task in _to_correct(each)),
        *(task for each in desk.awaited for task in _awaited(desk, each)),
        *(() if desk.closes_by_itself else (Task(Weight.SOFT, no_month_closes()),)),
        *_unanswered(desk),
        *_reward_days(desk),
    ]
    order = list(Weight)
    return tuple(sorted(found, key=lambda task: order.index(task.weight)))


def _refused(desk: Desk, month: SettlementMonth) -> Iterator[Task]:
    yield Task(
        Weight.BAD,
        sentence("The last delivery of {month} was refused.", month=month),
        month,
        (ingest_form(month),),
        tuple(each.text for each in desk.refused[month]),
    )


def _unpaid(desk: Desk, state: MonthState) -> Iterator[Task]:
    month = state.month
    facts = {"month": month, "points": state.points, "due_on": state.due_on}
    if state.outdated:
        said = sentence("{month} has newer files than the ones it was closed with.", month=month)
        yield Task(Weight.WARN, said, month, (rerun_form(month),))
    if state.waits:
        late = state.is_late(desk.today)
        said = (
            sentence(
                "{month} is closed but not approved: {points:,} P were due on {due_on}.", **facts
            )
            if late
            else sentence(
                "{month} is closed but not approved: {points:,} P are due on {due_on}.", **facts
            )
        )
        weight = Weight.BAD if late else Weight.WARN
        yield Task(weight, said, month, (approval_form(month, state.points or 0),))
    elif state.is_late(desk.today):
        said = sentence("{month} was due on {due_on} but is not paid: {points:,} P.", **facts)
        yield Task(Weight.BAD, said, month, (payout_form(month),))


def _to_correct(found: OpenCorrections) -> Iterator[Task]:
    over = ((each, -each.points) for each in found.over_awarded)
    under = ((each, each.points) for each in found.under_awarded)
    forms = [correction_form(each.seller_id, by, found.month) for each, by in (*over, *under)]
    shown = tuple(forms) if len(forms) <= _SHOWN else ()
    yield Task(Weight.WARN, _differs(found), found.month, shown)


def _differs(found: OpenCorrections) -> Sentence:
    facts = {"month": found.month, "over": found.over_points, "under": found.under_points}
    if not found.under_awarded:
        return sentence(
            "{month} is paid, but its data has changed since: {over:,} P too much.", **facts
        )
    if not found.over_awarded:
        return sentence(
            "{month} is paid, but its data has changed since: {under:,} P too little.", **facts
        )
    return sentence(
        "{month} is paid, but its data has changed since: {over:,} P too much, {under:,} P too "
        "little.",
        **facts,
    )


def _awaited(desk: Desk, awaited: AwaitedMonth) -> Iterator[Task]:
    month = awaited.month
    if awaited.why_not_known is not None:
        said = sentence("The payout date of {month} is not known.", month=month)
        yield Task(Weight.BAD, said, month, details=(awaited.why_not_known,))
    if not awaited.is_over or month in desk.refused:
        return
    for each in awaited.missing:
        said = sentence(
            "{month} cannot be closed: {missing} was not ingested.", month=month, missing=each
        )
        yield Task(Weight.WARN, said, month, (ingest_form(each),))
    late = awaited.days_late(desk.today)
    forms = () if awaited.missing else (closing_form(month),)
    yield Task(Weight.BAD if late else Weight.WARN, _said(desk, awaited), month, forms)


def _said(desk: Desk, awaited: AwaitedMonth) -> Sentence:
    facts = {"month": awaited.month, "due": _due(desk, awaited), "source": awaited.source}
    if awaited.month in desk.months:
        return sentence("{month} is ingested but not closed; {due}.", **facts)
    if awaited.delivered:
        return sentence("{month} is over but not closed; its files are there, and {due}.", **facts)
    if awaited.delivered is None:
        return sentence("{month} is over but not closed; {due}.", **facts)
    return sentence("{month} is over, but its files are missing from {source}; {due}.", **facts)


def _due(desk: Desk, awaited: AwaitedMonth) -> Sentence:
    """Say when a month is to be paid, or was to be."""
    if awaited.due_on is None:
        return sentence("its payout date is not known")
    if days := awaited.days_late(desk.today):
        return sentence(
            "its payout was due on {due_on} (days late: {days:,})", due_on=awaited.due_on, days=days
        )
    return sentence("its payout is due on {due_on}", due_on=awaited.due_on)


def _unanswered(desk: Desk) -> Iterator[Task]:
    count, points = desk.unanswered
    if count:
        said = sentence(
            "Conversions that the ad system does not answer for: {count:,}. Points held: "
            "{points:,} P.",
            count=count,
            points=points,
        )
        yield Task(Weight.WARN, said, forms=(delivery_form(),))


def _reward_days(desk: Desk) -> Iterator[Task]:
    if days := desk.rewards.missing_days:
        said = sentence(
            "Days of the last week without reward files: {days}.",
            days=joined(map(str, days), ", "),
        )
        yield Task(Weight.WARN, said, forms=tuple(map(rewards_form, days[:_SHOWN])))
