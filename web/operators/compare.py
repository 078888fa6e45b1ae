"""Two months, or two evaluations of one, side by side."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from starlette.responses import Response

from adapters.postgres.month_points import MonthPoints, points_by_month
from domain.decision import ChangedResult, Result
from domain.eligibility import Reason
from domain.months import SettlementMonth
from domain.sentence import Sentence, sentence
from flows.showing.comparing import (
    Compared,
    changes_between,
    compare_evaluations,
    compare_months,
    evaluation_of,
)
from flows.showing.labels import REASONS
from flows.showing.month_states import month_states
from web.operators.rendering import page
from web.operators.tables import Cells, Column, Linked, table
from web.operators.visit import NoSuchPage, Visit

CHANGES: Final = (
    Column("seller_id", sentence("Store")),
    Column("before", sentence("Was")),
    Column("after", sentence("Is")),
    Column("points", sentence("Points"), number=True),
)


def compare_page(visit: Visit) -> Response:
    """Compare two months, or with `month` two evaluations of it; raises NoSuchPage."""
    if "month" in visit.asked:
        return _evaluations(visit, SettlementMonth.parse(visit.asked["month"]))
    return _months(visit)


def _months(visit: Visit) -> Response:
    with visit.reading() as connection:
        states = month_states(connection, visit.settings.approval_rule)
        first, second = _asked_months(visit, tuple(states))
        points = points_by_month(connection)
        nothing = MonthPoints()
        compared = compare_months(
            connection,
            (states.get(first), states.get(second)),
            (points.get(first, nothing), points.get(second, nothing)),
        )
        shown = [_said(each) for each in compared]
    return page(
        "compare.html",
        visit,
        sides=(Linked(first, f"months/{first}"), Linked(second, f"months/{second}")),
        compared=shown,
        months=tuple(sorted(states, reverse=True)),
        month=None,
        changes=None,
    )


def _asked_months(
    visit: Visit, known: tuple[SettlementMonth, ...]
) -> tuple[SettlementMonth, SettlementMonth]:
    """Return the months asked for, by default the two newest; raises MonthInvalid, NoSuchPage."""
    newest = (*known[-2:],) or (SettlementMonth.of(visit.today) - 1,)
    first, second = (
        SettlementMonth.parse(visit.asked[name]) if visit.asked.get(name) else usual
        for name, usual in (("a", newest[0]), ("b", newest[-1]))
    )
    for each in (first, second):
        if each not in known:
            raise NoSuchPage(sentence("Nothing is known of {month} yet.", month=each))
    return first, second


def _evaluations(visit: Visit, month: SettlementMonth) -> Response:
    with visit.reading() as connection:
        before, after = (evaluation_of(connection, month, _number(visit, each)) for each in "ab")
        compared = [_said(each) for each in compare_evaluations(connection, before, after)]
        rows = list(_changes(visit, changes_between(connection, before, after)))
    return page(
        "compare.html",
        visit,
        sides=tuple(
            Linked(sentence("Evaluation of {at}", at=f"{each.evaluated_at:%Y-%m-%d %H:%M}"), place)
            for each in (before, after)
            for place in (f"months/{month}",)
        ),
        compared=compared,
        months=(),
        month=month,
        changes=table(visit, CHANGES, rows, "seller_id", has_filter=True),
    )


def _number(visit: Visit, name: str) -> int:
    text = visit.asked.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 7):  # noqa: PLR2004 digits
        raise NoSuchPage(
            sentence("{text!r} is no number of an evaluation; the first is 1.", text=text)
        )
    return int(text)


def _said(compared: Compared) -> Compared:
    """Name a reason by its label."""
    name = compared.name
    reason = name.facts.get("reason")
    if not isinstance(reason, Reason):
        return compared
    return replace(compared, name=Sentence(name.template, {"reason": REASONS[reason]}))


def _changes(visit: Visit, changes: tuple[ChangedResult, ...]) -> Iterator[Cells]:
    for each in changes:
        yield (
            Linked(each.seller_id, visit.store(each.seller_id)),
            _result(each.before),
            _result(each.after),
            each.points,
        )


def _result(result: Result | None) -> Sentence:
    if result is None:
        return sentence("not decided")
    if result.tier:
        return sentence("tier {tier}", tier=result.tier)
    return REASONS[result.reasons[0]] if result.reasons else sentence("no award")
