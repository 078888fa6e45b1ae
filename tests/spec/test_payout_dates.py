"""The payout dates of docs/program-rules.md: by the rule, by the calendar, by closings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from adapters.korean_holidays import korean_holidays
from adapters.postgres.database import open_database
from domain.payout_date import calendar_years, payout_date
from flows.occasion import SEOUL
from tests.clocks import move_the_machines_clock
from tests.closings import Program, Sold
from tests.command_line import Line, Marketplace, Store, midmonth
from tests.spec.examples import RULES, PayoutExample, read_examples

EXAMPLES: Final = read_examples(RULES).payout_dates
STORE: Final = Store("maru", str(Sold().approved_on))

pytestmark = pytest.mark.parametrize("example", EXAMPLES, ids=str)


def test_paid_on_the_tenth_or_the_next_business_day(example: PayoutExample) -> None:
    holidays = dict.fromkeys((*example.public_holidays, *example.temporary_holidays), "holiday")

    found = payout_date(example.policy.payout, example.month, holidays)

    assert found.due_on == example.paid_on
    assert len(found.passed_over) == example.paid_on.day - 10


def test_the_calendar_has_these_holidays(example: PayoutExample) -> None:
    calendar = korean_holidays(calendar_years(example.month), {})
    tenth = example.month.payout_month.first_day.replace(day=10)
    waited = (tenth + timedelta(days=n) for n in range((example.paid_on - tenth).days + 1))

    assert tuple(day for day in waited if day in calendar.holidays) == example.public_holidays


def test_a_closing_plans_the_payout_for_that_day(
    planned: Mapping[str, Mapping[str, str]], example: PayoutExample
) -> None:
    assert planned[example.policy.name][str(example.month)] == str(example.paid_on)


@pytest.fixture(scope="module")
def planned(
    lasting_marketplaces: Callable[[], Marketplace], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Mapping[str, str]]:
    """The payout dates of all months by the command line, for each policy."""
    folder = tmp_path_factory.mktemp("holidays")
    return {
        name: _planned(
            lasting_marketplaces(), folder, [e for e in EXAMPLES if e.policy.name == name]
        )
        for name in dict.fromkeys(each.policy.name for each in EXAMPLES)
    }


def _planned(
    shop: Marketplace, folder: Path, examples: Sequence[PayoutExample]
) -> Mapping[str, str]:
    """Close the examples' months from files, as if all of them were over."""
    holidays = folder / "temporary.txt"
    listed = [f"{day}  Temporary" for each in examples for day in each.temporary_holidays]
    holidays.write_text("\n".join(listed))
    shop = replace(shop, variables={"GROWTH_POINTS_HOLIDAYS": str(holidays)})
    with pytest.MonkeyPatch.context() as patch:
        move_the_machines_clock(
            patch, max(each.paid_on for each in examples) - datetime.now(SEOUL).date()
        )
        for example in sorted(examples, key=lambda each: each.month):
            _close(shop, folder, example)
    return {
        row["settlement_month"]: row["due_on"]
        for row in shop.done("payouts", "--output", "csv").rows()
    }


def _close(shop: Marketplace, folder: Path, example: PayoutExample) -> None:
    """Close a month from its files; the two before it are history, ingested without any."""
    month, policy = str(example.month), example.policy
    with open_database(shop.database_url) as engine:
        for earlier in example.month.window(policy.window_months)[:-1]:
            Program(engine, folder).ingest(str(earlier), {STORE.seller_id: Sold(0)})
    shop.deliver(month, [Line(STORE.seller_id, 3_000_000, midmonth(month))], [STORE])
    by_policy = () if policy.in_force_from else ("--policy", policy.name)
    shop.done("close", month, *by_policy)
