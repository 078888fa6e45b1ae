"""The worked examples of docs/program-rules.md, from settlement files through the command line.

All examples of a policy are stores of one marketplace. What a store was awarded before is not put
into the database: its sales before the window are made up so that closing those months awards it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pytest

from domain.decision import Result
from domain.eligibility import Reason
from domain.months import SettlementMonth
from domain.policy import Policy
from tests.command_line import Line, Marketplace, midmonth
from tests.deliveries import Row
from tests.spec.examples import RULES, Example, month_of, read_examples

EXAMPLES: Final = read_examples(RULES).decisions
SAID: Final = {
    Reason.SELLER_NOT_ACTIVE: "the store's status was ",
    Reason.TENURE_TOO_SHORT: ", the store is too young",
    Reason.TENURE_TOO_LONG: ", the store is no longer new",
    Reason.RUNS_DEPARTMENT_STORE_WINDOW: "it runs a department-store window",
    Reason.RUNS_OUTLET_WINDOW: "it runs an outlet window",
    Reason.USES_FULFILMENT: "it uses fulfilment",
    Reason.USES_API: "it uses the API",
    Reason.BELOW_LOWEST_TIER: " KRW short of the lowest tier",
    Reason.ABOVE_HIGHEST_TIER: "an average of ",
    Reason.TIER_ALREADY_AWARDED: "the tier of this average was awarded before",
    Reason.BELOW_AWARDED_TIER: "a higher tier was awarded before",
}

pytestmark = pytest.mark.parametrize("example", EXAMPLES, ids=str)


@dataclass(frozen=True, slots=True)
class Closed:
    """A marketplace whose months are closed, and what its commands list."""

    marketplace: Marketplace
    decisions: Mapping[tuple[str, str], Row]
    ledger: tuple[Row, ...]
    due_on: Mapping[str, str]


@pytest.fixture(scope="module")
def closed(lasting_marketplaces: Callable[[], Marketplace]) -> Mapping[str, Closed]:
    """For each policy, a marketplace in which all its examples happened."""
    names = dict.fromkeys(each.policy.name for each in EXAMPLES)
    return {
        name: _closed(lasting_marketplaces(), [e for e in EXAMPLES if e.policy.name == name])
        for name in names
    }


def test_a_store_is_awarded_or_told_why_not(closed: Mapping[str, Closed], example: Example) -> None:
    row = closed[example.policy.name].decisions[str(example.month), example.store.seller_id]

    assert _result(row) == example.result
    assert row["policy"] == example.policy.name
    assert int(row["window_amount_krw"]) == example.sum_krw


def test_the_ledger_gives_what_was_decided_then_and_before(
    closed: Mapping[str, Closed], example: Example
) -> None:
    shop, seller = closed[example.policy.name], example.store.seller_id
    points = {tier.number: tier.points for tier in example.policy.tiers}
    decided = [row for (_, store), row in shop.decisions.items() if store == seller]
    entries = [entry for entry in shop.ledger if entry["seller_id"] == seller]
    until_then = [
        (int(entry["tier"]), int(entry["points"]))
        for entry in entries
        if entry["settlement_month"] <= str(example.month)
    ]

    assert {entry["kind"] for entry in entries} <= {"award"}
    assert [_award(entry) for entry in entries] == [
        _award(row) for row in decided if row["outcome"] == "awarded"
    ]
    assert until_then == [
        *((tier, points[tier]) for tier in example.earlier),
        *((tier, example.result.points) for tier in [example.result.tier] if tier),
    ]


def test_an_award_is_due_on_the_payout_date(closed: Mapping[str, Closed], example: Example) -> None:
    due_on = closed[example.policy.name].due_on[str(example.month)]

    assert example.paid_on is None or due_on == str(example.paid_on)


def test_it_is_explained(closed: Mapping[str, Closed], example: Example) -> None:
    shop, seller = closed[example.policy.name].marketplace, example.store.seller_id

    told = shop.done("explain", seller, str(example.month)).stdout

    if example.result.tier:
        assert f"awarded tier {example.result.tier} for {example.month}" in told
        assert f": {example.result.points:,} points" in told
        assert f"were due on {example.paid_on}" in told
    for reason in Reason:
        assert bool(_said(reason).search(told)) == (reason in example.result.reasons)


def _said(reason: Reason) -> re.Pattern[str]:
    """Match the line that gives a reason, whatever facts are in it."""
    return re.compile(f"^  .*{re.escape(SAID[reason])}", re.MULTILINE)


def _result(row: Row) -> Result:
    reasons = tuple(Reason(name) for name in row["reasons"].split(";") if name)
    tier = int(row["tier"]) if row["outcome"] == "awarded" else None
    return Result(tier, int(row["points"]), reasons)


def _award(row: Row) -> tuple[str, ...]:
    return row["settlement_month"], row["tier"], row["points"]


def _closed(shop: Marketplace, examples: Sequence[Example]) -> Closed:
    """Deliver all that the examples need, and close their months in order."""
    policy = examples[0].policy
    first = min(each.month - len(each.earlier) for each in examples)
    last = max(each.month for each in examples)
    _deliver(shop, examples, first, last)
    for month in first.window(policy.window_months)[:-1]:
        shop.done("ingest", str(month))
    by_policy = () if policy.in_force_from else ("--policy", policy.name)
    for month in _months(first, last):
        shop.done("close", str(month), *by_policy)
    months = [str(month) for month in _months(first, last)]
    listed = shop.result(*months)
    return Closed(
        shop,
        {(month, row["seller_id"]): row for month in months for row in listed[month]},
        tuple(listed["ledger"]),
        {row["settlement_month"]: row["due_on"] for row in listed["payouts"]},
    )


def _deliver(
    shop: Marketplace, examples: Sequence[Example], first: SettlementMonth, last: SettlementMonth
) -> None:
    stores = [each.store for each in examples]
    lines = [line for each in examples for line in (*each.lines, *_before(each, first))]
    for month in _months(first.window(examples[0].policy.window_months)[0], last):
        shop.deliver(str(month), [each for each in lines if month_of(each) == month], stores)
        lines = [each for each in lines if month_of(each) != month]
    assert lines == [], "settlement lines that no month delivers"


def _before(example: Example, first: SettlementMonth) -> Iterator[Line]:
    """Make up sales before the window that earn the earlier tiers, the last of them the month
    before, and nothing else: each month's window has the least sum of its tier, or 0."""
    earlier, month = list(example.earlier), example.month - 1
    made_up = example
    while month >= first:
        window = month.window(example.policy.window_months)
        sum_krw = _least_sum_krw(example.policy, earlier.pop()) if earlier else 0
        missing_krw = sum_krw - made_up.sold_krw(*window)
        line = Line(example.store.seller_id, missing_krw, midmonth(str(window[0])))
        made_up = replace(made_up, lines=(*made_up.lines, line))
        month -= 1
        yield line


def _least_sum_krw(policy: Policy, number: int) -> int:
    (lower,) = (tier.lower_average_krw for tier in policy.tiers if tier.number == number)
    return lower * policy.window_months


def _months(first: SettlementMonth, last: SettlementMonth) -> Iterator[SettlementMonth]:
    while first <= last:
        yield first
        first += 1
