"""Two months, or two evaluations of one, side by side."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from starlette.responses import Response

from adapters.postgres.evaluations import Evaluation
from adapters.postgres.month_detail import RecordedEvaluation, evaluations_of
from adapters.postgres.month_points import MonthPoints, points_by_month
from domain.cause import reason_said
from domain.decision import ChangedResult, Result
from domain.eligibility import Reason
from domain.months import SettlementMonth
from domain.sentence import Sentence, Text, Word, joined, sentence
from flows.showing.comparing import (
    Compared,
    changes_between,
    compare_evaluations,
    compare_months,
    evaluation_of,
)
from flows.showing.month_states import month_states
from web.operators.rendering import page
from web.operators.tables import Cells, Column, Linked, Table, csv_response, table
from web.operators.visit import NoSuchPage, Visit

CHANGES: Final = (
    Column("seller_id", sentence("Store")),
    Column("before", sentence("Before")),
    Column("after", sentence("After")),
    Column("points", sentence("Points"), number=True),
)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two sides: what each is called and leads to, what is compared, and what may be chosen.

    `month` is None for two months, `changes` for what has none.
    """

    sides: tuple[Linked, Linked]
    compared: tuple[Compared, ...]
    choices: tuple[tuple[str, object], ...]
    month: SettlementMonth | None = None
    changes: Table | None = None


def compare_page(visit: Visit) -> Response:
    """Compare two months, or with `month` two evaluations of it; raises NoSuchPage."""
    pair = _pair(visit)
    file = visit.at("compare.csv", **{name: visit.asked.get(name) for name in ("month", "a", "b")})
    return page("compare.html", visit, pair=pair, file=file)


def compare_csv(visit: Visit) -> Response:
    """Write what is compared as a file."""
    rows = (
        (str(each.name), each.before, each.after, each.difference) for each in _pair(visit).compared
    )
    return csv_response("compare.csv", ("what", "a", "b", "difference"), rows)


def _pair(visit: Visit) -> _Pair:
    if "month" in visit.asked:
        return _evaluations(visit, SettlementMonth.parse(visit.asked["month"]))
    return _months(visit)


def _months(visit: Visit) -> _Pair:
    with visit.reading() as connection:
        states = month_states(connection, visit.settings.approval_rule)
        first, second = _asked_months(visit, tuple(states))
        points = points_by_month(connection)
        compared = compare_months(
            connection,
            (states.get(first), states.get(second)),
            (points.get(first, MonthPoints()), points.get(second, MonthPoints())),
        )
        shown = tuple(map(_said, compared))
    newest_first = sorted(states, reverse=True)
    return _Pair(
        sides=(Linked(first, f"months/{first}"), Linked(second, f"months/{second}")),
        compared=shown,
        choices=tuple((str(each), each) for each in newest_first),
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


def _evaluations(visit: Visit, month: SettlementMonth) -> _Pair:
    with visit.reading() as connection:
        before, after = (evaluation_of(connection, month, _number(visit, each)) for each in "ab")
        compared = tuple(map(_said, compare_evaluations(connection, before, after)))
        rows = list(_changes(visit, changes_between(connection, before, after)))
        made = evaluations_of(connection, month)
    return _Pair(
        sides=(_side(before), _side(after)),
        compared=compared,
        choices=tuple(map(_choice, reversed(made))),
        month=month,
        changes=table(visit, CHANGES, rows, "seller_id", has_filter=True),
    )


def _choice(each: RecordedEvaluation) -> tuple[str, Text]:
    at = f"{each.evaluated_at:%Y-%m-%d %H:%M}"
    return str(each.evaluation_no), joined((at, reason_said(each.reason)), " · ")


def _side(each: Evaluation) -> Linked:
    name = sentence("Evaluation of {at}", at=f"{each.evaluated_at:%Y-%m-%d %H:%M}")
    return Linked(name, f"months/{each.settlement_month}")


def _number(visit: Visit, name: str) -> int:
    text = visit.asked.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 7):  # noqa: PLR2004 digits
        raise NoSuchPage(
            sentence("{text!r} is not the number of an evaluation; the first is 1.", text=text)
        )
    return int(text)


def _said(compared: Compared) -> Compared:
    """Name a reason by its word."""
    name = compared.name
    reason = name.facts.get("reason")
    if not isinstance(reason, Reason):
        return compared
    return replace(compared, name=Sentence(name.template, {"reason": Word("reason", reason)}))


def _changes(visit: Visit, changes: tuple[ChangedResult, ...]) -> Iterator[Cells]:
    for each in changes:
        yield (
            Linked(each.seller_id, visit.store(each.seller_id)),
            _result(each.before),
            _result(each.after),
            each.points,
        )


def _result(result: Result | None) -> Text:
    if result is None:
        return sentence("not decided")
    if result.tier:
        return sentence("tier {tier}", tier=result.tier)
    return Word("reason", result.reasons[0]) if result.reasons else sentence("no award")
