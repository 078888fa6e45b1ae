"""The program's worked examples through the command line: from settlement files to decisions.

Every example is a store of one marketplace. What it was awarded before is not put into the
database by hand: the amounts of the months before make it so when those months are closed.
"""

from dataclasses import dataclass
from typing import Final

import pytest

from tests.command_line import Line, Marketplace, Ran, Store, midmonth

HISTORY: Final = ("2020-04", "2020-05")
CLOSED: Final = ("2020-06", "2020-07", "2020-08", "2020-09")
MONTHS: Final = HISTORY + CLOSED

# Policy d-commerce-2020. Amounts in KRW, confirmed in each month of 2020; a month below zero has
# more cancellations than purchases. "2020-08: …" is what `decisions 2020-08` must say; examples
# are known by the payout month, which is the month after.
EXAMPLES: Final = """
|  # | approved                  |       April |         May |       June |       July |      August |  September | decided                                                                                                                        |
|  1 | 2020-03-16                |           0 |           0 |  1,500,000 |  2,000,000 |   2,500,000 |          0 | 2020-08: tier 1, 150,000                                                                                                       |
|  2 | 2020-03-16                |           0 |           0 |  2,000,000 |  2,000,000 |   1,999,999 |          0 | 2020-08: below_lowest_tier                                                                                                     |
|  3 | 2020-03-16                |           0 |           0 |  1,500,000 |  2,000,000 |   2,500,000 |  3,000,000 | 2020-08: tier 1, 150,000 / 2020-09: tier_already_awarded                                                                       |
|  4 | 2020-03-16                |           0 |           0 |  8,000,000 |  8,000,000 |   8,000,000 |          0 | 2020-06: tier 1, 150,000 / 2020-07: tier_already_awarded / 2020-08: tier 2, 300,000                                            |
|  5 | 2020-03-16                |           0 |           0 |          0 |          0 |  23,999,999 |          0 | 2020-07: below_lowest_tier / 2020-08: tier 1, 150,000                                                                          |
|  6 | 2020-03-16                |           0 | -12,000,000 |  9,000,000 |  8,000,000 |   8,500,000 |          0 | 2020-06: below_lowest_tier / 2020-07: below_lowest_tier / 2020-08: tier 2, 300,000 / 2020-09: below_awarded_tier               |
|  7 | 2020-03-16                |           0 |           0 | 24,000,000 |  2,000,000 |   2,000,000 |  3,000,000 | 2020-06: tier 2, 300,000 / 2020-09: below_awarded_tier                                                                         |
|  8 | 2020-03-16                |           0 |           0 |  6,000,000 | 18,000,000 | 215,999,999 |          0 | 2020-06: tier 1, 150,000 / 2020-07: tier 2, 300,000 / 2020-08: tier 3, 1,000,000                                               |
|  9 | 2020-03-16                | -10,000,000 | -60,000,000 | 80,000,000 | 80,000,000 |  80,000,000 |          0 | 2020-06: tier 1, 150,000 / 2020-07: tier 2, 300,000 / 2020-08: above_highest_tier                                              |
| 10 | 2020-06-01                |           0 |           0 |  3,000,000 |  3,000,000 |   3,000,000 |          0 | 2020-08: tier 1, 150,000                                                                                                       |
| 11 | 2020-06-02                |           0 |           0 |  3,000,000 |  3,000,000 |   3,000,000 |          0 | 2020-08: tenure_too_short                                                                                                      |
| 12 | 2019-09-02                | -30,000,000 |           0 | 45,000,000 | 45,000,000 |  45,000,000 |          0 | 2020-06: tier 1, 150,000 / 2020-07: tier 2, 300,000 / 2020-08: tier 3, 1,000,000                                               |
| 13 | 2019-09-01                | -30,000,000 |           0 | 45,000,000 | 45,000,000 |  45,000,000 |          0 | 2020-06: tier 1, 150,000 / 2020-07: tier 2, 300,000 / 2020-08: tenure_too_long                                                 |
| 14 | 2020-01-06 API fulfilment |           0 |           0 |  9,000,000 |  9,000,000 |   9,000,000 |          0 | 2020-08: uses_fulfilment and uses_api                                                                                          |
| 15 | 2020-01-06                |           0 |  -4,000,000 |  9,000,000 |          0 |           0 |          0 | 2020-06: below_lowest_tier / 2020-07: below_lowest_tier / 2020-08: tier 1, 150,000                                             |
| 16 | 2020-01-06                |           0 |  -2,000,000 |  7,000,000 |    500,000 |  -1,600,000 |          0 | 2020-06: below_lowest_tier / 2020-07: below_lowest_tier / 2020-08: below_lowest_tier                                           |
"""  # noqa: E501 the table is the specification, one example a line

# Examples about what a line counts as, and in which month: the lines themselves.
FROM_LINES: Final = {
    "17": (
        [
            Line("17", 5_950_000, "2020-08-10"),
            Line("17", 100_000, "2020-08-10", line_type="DELIVERY"),
        ],
        "2020-08: below_lowest_tier",
    ),
    "18": (  # the quick settlement was picked up on 08-30, which the files do not even say
        [
            Line("18", 2_000_000, "2020-06-15"),
            Line("18", 2_000_000, "2020-07-15"),
            Line("18", 1_000_000, "2020-08-15"),
            Line("18", 3_000_000, "2020-09-07", settlement_type="QUICK_SETTLE_ORIGINAL"),
        ],
        "2020-08: below_lowest_tier / 2020-09: tier 1, 150,000",
    ),
    "19": (
        [
            Line("19", 6_000_000, "2020-08-10"),
            Line("19", -1, "2020-08-31", settlement_type="NORMAL_SETTLE_AFTER_CANCEL"),
        ],
        "2020-08: below_lowest_tier",
    ),
    "19, cancelled a day later": (
        [
            Line("19, cancelled a day later", 6_000_000, "2020-08-10"),
            Line(
                "19, cancelled a day later",
                -1,
                "2020-09-01",
                settlement_type="NORMAL_SETTLE_AFTER_CANCEL",
            ),
        ],
        "2020-08: tier 1, 150,000",
    ),
}


@dataclass(frozen=True, slots=True)
class Example:
    """A store, its lines, and what each month must decide."""

    store: Store
    lines: tuple[Line, ...]
    decided: str


def _examples() -> tuple[Example, ...]:
    from_table = [_from_row(row) for row in EXAMPLES.strip().splitlines()[1:]]
    from_lines = [
        Example(Store(number, "2020-03-16"), tuple(lines), decided)
        for number, (lines, decided) in FROM_LINES.items()
    ]
    return (*from_table, *from_lines)


def _from_row(row: str) -> Example:
    number, approved, *amounts, decided = (cell.strip() for cell in row.strip("| ").split("|"))
    approved_on, *ways = approved.split()
    lines = tuple(
        Line(number, int(amount.replace(",", "")), midmonth(month))
        for month, amount in zip(MONTHS, amounts, strict=True)
        if amount != "0"
    )
    return Example(Store(number, approved_on, frozenset(map(_flag, ways))), lines, decided)


def _flag(way: str) -> str:
    return f"uses_{way.lower()}"


ALL: Final = _examples()


def _deliver(
    marketplace: Marketplace, examples: tuple[Example, ...], months: tuple[str, ...] = MONTHS
) -> None:
    for month in months:
        lines = [
            line
            for example in examples
            for line in example.lines
            if line.confirmed_on.startswith(month)
        ]
        marketplace.deliver(month, lines, [example.store for example in examples])


@pytest.fixture(scope="module")
def closed(lasting_marketplace: Marketplace) -> Marketplace:
    """The marketplace of all examples, its months closed in order."""
    _deliver(lasting_marketplace, ALL)
    for month in HISTORY:
        lasting_marketplace.done("ingest", month)
    for month in CLOSED:
        lasting_marketplace.done("close", month)
    return lasting_marketplace


@pytest.mark.parametrize("example", ALL, ids=lambda example: f"example {example.store.seller_id}")
def test_a_store_is_awarded_or_told_why_not(closed: Marketplace, example: Example) -> None:
    for expected in example.decided.split(" / "):
        month = expected.partition(":")[0]
        found = closed.done("decisions", month, *_about(example), "--output", "csv")

        assert f"{month}: {_in_words(found)}" == expected


@pytest.mark.parametrize("example", ALL, ids=lambda example: f"example {example.store.seller_id}")
def test_what_a_store_was_decided_to_get_is_what_the_ledger_gives(
    closed: Marketplace, example: Example
) -> None:
    decided = sum(
        int(
            closed.done("decisions", month, *_about(example), "--output", "csv").rows()[0]["points"]
        )
        for month in CLOSED
    )
    entries = closed.done("ledger", *_about(example), "--output", "csv").rows()

    assert sum(int(entry["points"]) for entry in entries) == decided
    assert {entry["kind"] for entry in entries} <= {"award"}


def test_each_month_is_due_on_the_tenth_of_the_next_unless_that_is_a_weekend(
    closed: Marketplace,
) -> None:
    payouts = closed.done("payouts", "--output", "csv").rows()

    assert [(row["settlement_month"], row["due_on"]) for row in payouts] == [
        ("2020-06", "2020-07-10"),
        ("2020-07", "2020-08-10"),
        ("2020-08", "2020-09-10"),  # example 1
        ("2020-09", "2020-10-12"),  # the 10th is a Saturday
    ]


def test_example_10_is_too_short_under_the_strict_policy(marketplace: Marketplace) -> None:
    (example,) = (each for each in ALL if each.store.seller_id == "10")
    _deliver(marketplace, (example,), ("2020-06", "2020-07", "2020-08"))
    marketplace.done("ingest", "2020-06")
    marketplace.done("ingest", "2020-07")
    marketplace.done("close", "2020-08", "--policy", "d-commerce-2024")

    found = marketplace.done("decisions", "2020-08", *_about(example), "--output", "csv")

    assert _in_words(found) == "tenure_too_short"
    assert found.rows()[0]["policy"] == "d-commerce-2024"


def _about(example: Example) -> tuple[str, str]:
    return "--seller", example.store.seller_id


def _in_words(found: Ran) -> str:
    (decision,) = found.rows()
    if decision["outcome"] == "awarded":
        return f"tier {decision['tier']}, {int(decision['points']):,}"
    return decision["reasons"].replace(";", " and ")
