"""The ledger's vocabulary: which transfers may run between which accounts."""

from domain.ledger import (
    ALLOWED_FLOWS,
    SELLER_ACCOUNTS,
    Account,
    TransferKind,
    awards_key,
    conversion_key,
    payout_key,
    reversals_key,
)
from domain.months import SettlementMonth

# kind: from → to
FLOWS = """
award:      program_fund → pending
payout:     pending      → available
reversal:   pending      → program_fund
adjustment: program_fund → available
adjustment: available    → program_fund
conversion: available    → held
delivery:   held         → search_ad_credit
return:     held         → available
expiry:     available    → expired
reward:     available    → customer_reward
cancellation: customer_reward → available
"""


def test_points_flow_on_these_ways_and_on_no_other() -> None:
    lines = FLOWS.replace(":", " ").replace("→", " ").strip().splitlines()
    written = {tuple(line.split()) for line in lines}

    assert {tuple(map(str, flow)) for flow in ALLOWED_FLOWS} == written


def test_every_kind_of_transfer_has_a_way() -> None:
    assert {kind for kind, _, _ in ALLOWED_FLOWS} == set(TransferKind)


def test_pending_points_cannot_be_used_and_used_points_come_back_only_from_customers() -> None:
    from_pending = {to for _, source, to in ALLOWED_FLOWS if source is Account.PENDING}
    sources = {source for _, source, _ in ALLOWED_FLOWS}
    from_customers = {to for _, source, to in ALLOWED_FLOWS if source is Account.CUSTOMER_REWARD}

    assert from_pending == {Account.AVAILABLE, Account.PROGRAM_FUND}
    assert from_customers == {Account.AVAILABLE}
    assert not sources & {Account.SEARCH_AD_CREDIT, Account.EXPIRED}


def test_only_pending_available_and_held_are_a_sellers_own() -> None:
    assert SELLER_ACCOUNTS == (Account.PENDING, Account.AVAILABLE, Account.HELD)


def test_keys_of_conversions_tell_store_and_request_apart() -> None:
    assert conversion_key("a/b", "c") != conversion_key("a", "b/c")
    assert conversion_key("a", "b/c") == "conversion/1/a/b/c"


def test_keys_tell_month_evaluation_and_purpose_apart() -> None:
    october, november = SettlementMonth(2026, 10), SettlementMonth(2026, 11)
    keys = [
        key
        for month in (october, november)
        for key in (
            awards_key(month, 1),
            awards_key(month, 11),
            reversals_key(month, 1),
            payout_key(month),
        )
    ]

    assert keys[0] == "award/2026-10/1"
    assert len(set(keys)) == len(keys)
