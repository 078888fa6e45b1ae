"""The worked examples of docs/program-rules.md, decided by the rules alone."""

from datetime import date

import pytest

from adapters.korean_holidays import korean_holidays
from domain.decision import SellerFacts, decide
from domain.eligibility import Reason, Terms
from domain.payout_date import calendar_years, payout_date
from domain.policy import Tier
from flows.verifying.replay import decided_again
from tests.d_commerce import D_COMMERCE_2020
from tests.spec.examples import RULES, Example, read_examples, whole_krw
from tests.spec.tables import tables

EXAMPLES = read_examples(RULES).decisions


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_store_is_awarded_or_told_why_not(example: Example) -> None:
    store, terms = example.store, Terms.of(example.policy, example.month)
    facts = SellerFacts(
        store.seller_id,
        date.fromisoformat(store.approved_on),
        example.sum_krw,
        status=store.status,
        runs_department_store_window="runs_department_store_window" in store.ways,
        runs_outlet_window="runs_outlet_window" in store.ways,
        uses_fulfilment="uses_fulfilment" in store.ways,
        uses_api="uses_api" in store.ways,
        awarded_tiers=frozenset(example.earlier),
    )
    decision = decide(facts, terms)

    assert decided_again(facts, terms) == example.result
    assert (decision.seller_id, decision.policy) == (store.seller_id, example.policy.name)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_the_window_adds_up_what_counts(example: Example) -> None:
    window = example.month.window(example.policy.window_months)

    assert example.sold_krw(*window) == example.sum_krw


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_award_is_paid_on_its_payout_date(example: Example) -> None:
    holidays = korean_holidays(calendar_years(example.month), {}).holidays
    paid = payout_date(example.policy.payout, example.month, holidays)

    assert example.paid_on in {None, paid.due_on}


def test_every_reason_has_an_example() -> None:
    told = {reason for example in EXAMPLES for reason in example.result.reasons}

    assert told == set(Reason)


def test_every_tier_is_the_policys() -> None:
    (table,) = (each for each in tables(RULES) if each.heading == "3. The tiers")

    assert tuple(_tier(**row) for row in table.rows) == D_COMMERCE_2020.tiers


def _tier(**row: str) -> Tier:
    lower, upper = row["average of three months, KRW"].removeprefix("from ").split(", below ")
    return Tier(int(row["tier"]), whole_krw(lower), whole_krw(upper), whole_krw(row["points"]))
