"""The worked examples of docs/program-rules.md as values."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from domain.decision import Result
from domain.eligibility import Reason
from domain.months import SettlementMonth
from domain.policy import Policy
from tests.command_line import Line, Store, midmonth
from tests.d_commerce import D_COMMERCE_2020, D_COMMERCE_2024
from tests.spec.tables import DOCS, NONE, NotUnderstood, Row, Table, listed, tables

RULES: Final = (DOCS / "program-rules.md").read_text(encoding="utf-8")
POLICIES: Final = {policy.name: policy for policy in (D_COMMERCE_2020, D_COMMERCE_2024)}

_SECTION: Final = "## 7. Worked examples"
_DECISIONS: Final = re.compile(r"Decisions by `(.*)`")
_PAYOUT_DATES: Final = re.compile(r"Payout dates by `(.*)`")
_LINES: Final = "Settlement lines"

_WINDOW: Final = 3
_MILLION: Final = 1_000_000
_MILLIONS: Final = re.compile(r"−?\d+(\.\d{1,6})?")
_WHOLE: Final = re.compile(r"−?\d{1,3}(,\d{3})*")
_TIER: Final = re.compile(r"tier (\d), ([\d,]+)")
_REASON: Final = re.compile(r"`(\w+)`")

_STATUSES: Final = {"normal": "NORMAL", "paused": "PAUSED"}
_WAYS: Final = {
    "API": "uses_api",
    "fulfilment": "uses_fulfilment",
    "outlet window": "runs_outlet_window",
    "department-store window": "runs_department_store_window",
}


@dataclass(frozen=True, slots=True)
class Example:
    """A store, its settlement lines, the tiers it was awarded before, and what a month decides."""

    store: Store
    policy: Policy
    month: SettlementMonth
    lines: tuple[Line, ...]
    sum_krw: int
    earlier: tuple[int, ...]
    result: Result
    paid_on: date | None

    def __str__(self) -> str:
        return f"{self.store.seller_id}, {self.policy.name}"

    def sold_krw(self, *months: SettlementMonth) -> int:
        """Add up what counts in some months (rules 1 to 3)."""
        return sum(
            line.amount_krw
            for line in self.lines
            if line.line_type in self.policy.counted_line_types and month_of(line) in months
        )


@dataclass(frozen=True, slots=True)
class PayoutExample:
    """A month, the holidays around its payout, and the day on which it is paid."""

    policy: Policy
    month: SettlementMonth
    public_holidays: tuple[date, ...]
    temporary_holidays: tuple[date, ...]
    paid_on: date

    def __str__(self) -> str:
        return f"{self.month.payout_month}, {self.policy.name}"


@dataclass(frozen=True, slots=True)
class Examples:
    """All of them."""

    decisions: tuple[Example, ...]
    payout_dates: tuple[PayoutExample, ...]


def read_examples(page: str) -> Examples:
    """Read the examples of a page; raises NotUnderstood for whatever is not one."""
    found = list(tables(page.partition(_SECTION)[2]))
    lines = _lines([row for table in found if table.heading == _LINES for row in table.rows])
    decisions: list[Example] = []
    payout_dates: list[PayoutExample] = []
    for table in found:
        if by := _DECISIONS.fullmatch(table.heading):
            decisions += [_example(row, _policy(by[1]), lines) for row in table.rows]
        elif by := _PAYOUT_DATES.fullmatch(table.heading):
            payout_dates += [_payout_example(row, _policy(by[1])) for row in table.rows]
        elif table.heading != _LINES:
            raise NotUnderstood(f"a table that no test runs: {table.heading}")
    if not decisions or not payout_dates:
        raise NotUnderstood(f"no examples below {_SECTION!r}")
    _require_all_used(lines, found)
    _require_different(str(each) for each in (*decisions, *payout_dates))
    return Examples(tuple(decisions), tuple(payout_dates))


def month_of(line: Line) -> SettlementMonth:
    """Name the month that a line counts in."""
    return SettlementMonth.of(date.fromisoformat(line.confirmed_on))


def _example(row: Row, policy: Policy, lines: dict[str, tuple[Line, ...]]) -> Example:
    month = SettlementMonth.parse(row["payout month"]) - 1
    result, paid_on = _result(row["result"]), row["paid on"]
    if (result.tier is None) != (paid_on == NONE):
        raise NotUnderstood(f"example {row['#']}: what is awarded is paid on a date")
    return Example(
        _store(row),
        policy,
        month,
        tuple(
            replace(line, seller_id=row["#"]) for line in _sold(row["three months"], month, lines)
        ),
        whole_krw(row["sum, KRW"]),
        tuple(int(tier) for tier in listed(row["earlier"])),
        result,
        None if paid_on == NONE else date.fromisoformat(paid_on),
    )


def _policy(name: str) -> Policy:
    if name not in POLICIES:
        raise NotUnderstood(f"no policy {name}")
    return POLICIES[name]


def _store(row: Row) -> Store:
    words = set(listed(row["store"]))
    if not words <= _STATUSES.keys() | _WAYS.keys():
        raise NotUnderstood(f"example {row['#']}: no store is {row['store']!r}")
    (status,) = words & _STATUSES.keys() or {"normal"}
    ways = frozenset(_WAYS[word] for word in words & _WAYS.keys())
    return Store(row["#"], str(date.fromisoformat(row["approved"])), ways, _STATUSES[status])


def _sold(
    cell: str, month: SettlementMonth, lines: dict[str, tuple[Line, ...]]
) -> tuple[Line, ...]:
    if cell.startswith("lines "):
        if cell.removeprefix("lines ") not in lines:
            raise NotUnderstood(f"there are no {cell!r}")
        return lines[cell.removeprefix("lines ")]
    amounts = [millions_krw(each) for each in cell.split(", ")]
    months = month.window(_WINDOW)
    if len(amounts) != len(months):
        raise NotUnderstood(f"not three months: {cell!r}")
    return tuple(_sale(*each) for each in zip(months, amounts, strict=True))


def _sale(month: SettlementMonth, amount_krw: int) -> Line:
    return Line("", amount_krw, midmonth(str(month)))


def millions_krw(text: str) -> int:
    """Read an amount in million KRW."""
    if not _MILLIONS.fullmatch(text):
        raise NotUnderstood(f"no amount in million KRW: {text!r}")
    return int(Decimal(text.replace("−", "-")) * _MILLION)


def whole_krw(text: str) -> int:
    """Read an amount that is written out."""
    if not _WHOLE.fullmatch(text):
        raise NotUnderstood(f"no whole amount: {text!r}")
    return int(text.replace(",", "").replace("−", "-"))


def _result(cell: str) -> Result:
    if awarded := _TIER.fullmatch(cell):
        return Result(int(awarded[1]), whole_krw(awarded[2]), ())
    reasons = [_REASON.fullmatch(each) for each in cell.split(" and ")]
    names = [each[1] for each in reasons if each]
    if len(names) != len(reasons) or not set(names) <= set(Reason):
        raise NotUnderstood(f"neither a tier with its points nor reasons: {cell!r}")
    return Result(None, 0, tuple(Reason(name) for name in names))


def _lines(rows: Iterable[Row]) -> dict[str, tuple[Line, ...]]:
    found: dict[str, tuple[Line, ...]] = {}
    for row in rows:
        line = Line(
            "",
            whole_krw(row["amount, KRW"]),
            str(date.fromisoformat(row["tax basis date"])),
            line_type=row["line type"].strip("`"),
            settlement_type=row["settlement type"].strip("`"),
            settled_on=str(date.fromisoformat(row["settlement basis date"])),
        )
        found[row["lines"]] = (*found.get(row["lines"], ()), line)
    return found


def _payout_example(row: Row, policy: Policy) -> PayoutExample:
    payout_month = SettlementMonth.parse(row["payout month"])

    def dates(cell: str) -> tuple[date, ...]:
        return tuple(date.fromisoformat(f"{payout_month.year}-{day}") for day in listed(cell))

    return PayoutExample(
        policy,
        payout_month - 1,
        dates(row["public holidays"]),
        dates(row["temporary"]),
        date.fromisoformat(row["paid on"]),
    )


def _require_all_used(lines: dict[str, tuple[Line, ...]], found: Iterable[Table]) -> None:
    cells = {row.get("three months") for table in found for row in table.rows}
    for name in lines:
        if f"lines {name}" not in cells:
            raise NotUnderstood(f"no example has lines {name}")


def _require_different(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise NotUnderstood(f"two examples {name}")
        seen.add(name)
