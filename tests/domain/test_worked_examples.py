"""The program's worked examples, as the table in which its owners read them."""

from dataclasses import dataclass
from datetime import date

import pytest

from domain.decision import Decision, SellerFacts, decide
from domain.eligibility import Terms
from domain.months import SettlementMonth
from domain.payout_date import payout_date
from domain.policy import Policy
from tests.d_commerce import D_COMMERCE_2020, D_COMMERCE_2024

# Policy d-commerce-2020. Amounts in KRW: those of the three months that end with the month before
# the payout month, oldest first, or their sum.
EXAMPLES = """
|  # | approved                  | payout month | three months                        | earlier | result                       |
|  1 | 2020-03-16                | 2020-09      |   1,500,000   2,000,000   2,500,000 | –       | tier 1, 150,000              |
|  2 | 2020-03-16                | 2020-09      |                       sum 5,999,999 | –       | below_lowest_tier            |
|  3 | 2020-03-16                | 2020-10      |   2,000,000   2,500,000   3,000,000 | 1       | tier_already_awarded         |
|  4 | 2020-03-16                | 2020-09      |   8,000,000   8,000,000   8,000,000 | 1       | tier 2, 300,000              |
|  5 | 2020-03-16                | 2020-09      |                      sum 23,999,999 | –       | tier 1, 150,000              |
|  6 | 2020-03-16                | 2020-09      |   9,000,000   8,000,000   8,500,000 | –       | tier 2, 300,000              |
|  7 | 2020-03-16                | 2020-10      |   2,000,000   2,000,000   3,000,000 | 2       | below_awarded_tier           |
|  8 | 2020-03-16                | 2020-09      |                     sum 239,999,999 | 1 2     | tier 3, 1,000,000            |
|  9 | 2020-03-16                | 2020-09      |  80,000,000  80,000,000  80,000,000 | 1 2     | above_highest_tier           |
| 10 | 2020-06-01                | 2020-09      |   3,000,000   3,000,000   3,000,000 | –       | tier 1, 150,000              |
| 11 | 2020-06-02                | 2020-09      |   3,000,000   3,000,000   3,000,000 | –       | tenure_too_short             |
| 12 | 2019-09-02                | 2020-09      |  45,000,000  45,000,000  45,000,000 | 1 2     | tier 3, 1,000,000            |
| 13 | 2019-09-01                | 2020-09      |  45,000,000  45,000,000  45,000,000 | 1 2     | tenure_too_long              |
| 14 | 2020-01-06 API fulfilment | 2020-09      |   9,000,000   9,000,000   9,000,000 | –       | uses_fulfilment and uses_api |
| 15 | 2020-01-06                | 2020-09      |   9,000,000           0           0 | –       | tier 1, 150,000              |
| 16 | 2020-01-06                | 2020-09      |   7,000,000     500,000  -1,600,000 | –       | below_lowest_tier            |
"""  # noqa: E501 the table is the specification, one example a line


@dataclass(frozen=True)
class Line:
    """A settlement line, as far as counting looks at it."""

    settled_as: str
    line_type: str
    amount_krw: int
    confirmed_on: str
    picked_up_on: str | None = None


# For August 2020: the window is June, July and August.
FROM_LINES = {
    "17: delivery fees do not count": (
        [
            Line("normal", "PROD_ORDER", 5_950_000, "2020-08-10"),
            Line("normal", "DELIVERY", 100_000, "2020-08-10"),
        ],
        "below_lowest_tier",
    ),
    "18: a quick settlement counts when it is confirmed, not when it is picked up": (
        [
            Line("normal", "PROD_ORDER", 2_000_000, "2020-06-15"),
            Line("normal", "PROD_ORDER", 2_000_000, "2020-07-15"),
            Line("normal", "PROD_ORDER", 1_000_000, "2020-08-15"),
            Line("quick", "PROD_ORDER", 3_000_000, "2020-09-07", picked_up_on="2020-08-30"),
        ],
        "below_lowest_tier",
    ),
    "19: a cancellation counts in the month of the cancellation": (
        [
            Line("normal", "PROD_ORDER", 6_000_000, "2020-08-10"),
            Line("cancelled", "PROD_ORDER", -1, "2020-08-31"),
        ],
        "below_lowest_tier",
    ),
    "19, were it cancelled a day later": (
        [
            Line("normal", "PROD_ORDER", 6_000_000, "2020-08-10"),
            Line("cancelled", "PROD_ORDER", -1, "2020-09-01"),
        ],
        "tier 1, 150,000",
    ),
}


def _rows(table: str) -> list[list[str]]:
    lines = table.strip().splitlines()[1:]
    return [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]


@pytest.mark.parametrize(
    ("number", "approved", "payout_month", "three_months", "earlier", "result"),
    _rows(EXAMPLES),
    ids=[f"example {row[0]}" for row in _rows(EXAMPLES)],
)
def test_a_store_is_awarded_or_told_why_not(
    number: str, approved: str, payout_month: str, three_months: str, earlier: str, result: str
) -> None:
    approved_on, *ways = approved.split()
    seller = SellerFacts(
        seller_id=f"example {number}",
        approved_on=date.fromisoformat(approved_on),
        window_amount_krw=_sum_krw(three_months),
        uses_fulfilment="fulfilment" in ways,
        uses_api="API" in ways,
        awarded_tiers=frozenset(int(tier) for tier in earlier.replace("–", "").split()),
    )

    assert _in_words(decide(seller, _terms(D_COMMERCE_2020, payout_month))) == result


@pytest.mark.parametrize("example", FROM_LINES)
def test_what_counts_of_a_stores_lines_decides(example: str) -> None:
    lines, result = FROM_LINES[example]
    terms = _terms(D_COMMERCE_2020, "2020-09")
    seller = SellerFacts("from lines", date(2020, 3, 16), _window_sum_krw(lines, terms))

    assert _in_words(decide(seller, terms)) == result


def test_example_1_is_paid_on_the_tenth_of_september() -> None:
    paid = payout_date(D_COMMERCE_2020.payout, SettlementMonth(2020, 8), holidays={})

    assert paid.due_on == date(2020, 9, 10)


def test_example_6_forfeits_tier_1_for_good() -> None:
    terms = _terms(D_COMMERCE_2020, "2020-10")
    later = SellerFacts("6", date(2020, 3, 16), 9_000_000, awarded_tiers=frozenset({2}))

    assert _in_words(decide(later, terms)) == "below_awarded_tier"


def test_example_10_is_too_short_under_the_strict_policy() -> None:
    seller = SellerFacts("10", date(2020, 6, 1), 9_000_000)

    assert _in_words(decide(seller, _terms(D_COMMERCE_2024, "2020-09"))) == "tenure_too_short"


def _terms(policy: Policy, payout_month: str) -> Terms:
    return Terms.of(policy, SettlementMonth.parse(payout_month) - 1)


def _sum_krw(three_months: str) -> int:
    return sum(int(text.replace(",", "")) for text in three_months.split() if text != "sum")


def _window_sum_krw(lines: list[Line], terms: Terms) -> int:
    window = terms.month.window(terms.policy.window_months)
    return sum(
        line.amount_krw
        for line in lines
        if line.line_type in terms.policy.counted_line_types
        and SettlementMonth.of(date.fromisoformat(line.confirmed_on)) in window
    )


def _in_words(decision: Decision) -> str:
    if decision.tier is not None:
        return f"tier {decision.tier}, {decision.points:,}"
    return " and ".join(decision.reasons)
