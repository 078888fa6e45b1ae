"""All that operators see of one store, gathered once for the page and for the command."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from adapters.languages.catalog import Language
from adapters.postgres.corrections import corrections
from adapters.postgres.evaluations import recorded_policy
from adapters.postgres.ledger import entries
from adapters.postgres.ledger.entries import LedgerEntry
from adapters.postgres.own_months import own_amounts
from adapters.postgres.revisions import require_seller
from adapters.postgres.rewards import Reward
from adapters.postgres.store_months import StoreMonth, months_of_store
from adapters.postgres.store_rewards import rewards_of_store
from adapters.postgres.using import (
    Conversion,
    conversions,
    newest_status,
    standing_of,
    today,
)
from domain.approval import ApprovalRule
from domain.corrections import PostedCorrection
from domain.ledger import SELLER_ACCOUNTS, Account
from domain.months import SettlementMonth
from domain.policy import LONGEST_WINDOW_MONTHS
from domain.using.standing import Standing
from flows.showing.explanation import explain_decision

_AMOUNTS: Final = 120 + LONGEST_WINDOW_MONTHS


@dataclass(frozen=True, slots=True)
class BalancedEntry:
    """An entry of the ledger, and what the store's accounts have after it."""

    entry: LedgerEntry
    after: Mapping[Account, int]


@dataclass(frozen=True, slots=True)
class SellerView:
    """What there is of a store: months oldest first, as the ledger, conversions and rewards.

    `amounts` has all that it sold in a month, `counted` what counts of that for its decisions.
    """

    seller_id: str
    status: str | None
    standing: Standing
    amounts: Mapping[SettlementMonth, int]
    counted: Mapping[SettlementMonth, int]
    months: tuple[StoreMonth, ...]
    ledger: tuple[BalancedEntry, ...]
    corrections: tuple[PostedCorrection, ...]
    conversions: tuple[Conversion, ...]
    rewards: tuple[Reward, ...]


def seller_view(connection: Connection, seller_id: str) -> SellerView:
    """Gather what there is of a store; raises SellerUnknown."""
    require_seller(connection, seller_id)
    sold = own_amounts(connection, seller_id, _AMOUNTS)
    months = months_of_store(connection, seller_id)
    return SellerView(
        seller_id=seller_id,
        status=newest_status(connection, seller_id),
        standing=standing_of(connection, seller_id),
        amounts={month: sum(amounts.values()) for month, amounts in sold.items()},
        counted=_counted(connection, sold, months),
        months=months,
        ledger=tuple(balanced(entries(connection, seller_id=seller_id))),
        corrections=corrections(connection, seller_id=seller_id),
        conversions=tuple(conversions(connection, seller_id=seller_id)),
        rewards=tuple(rewards_of_store(connection, seller_id)),
    )


def _counted(
    connection: Connection,
    sold: Mapping[SettlementMonth, Mapping[str, int]],
    months: Sequence[StoreMonth],
) -> dict[SettlementMonth, int]:
    """Add up what counts of each month by the policy that decided it, or the next or last one."""
    if not months:
        return {}
    counted = {
        policy: recorded_policy(connection, policy).policy.counted_line_types
        for policy in {each.policy_hash for each in months}
    }
    return {
        month: sum(amounts.get(line_type, 0) for line_type in counted[decided.policy_hash])
        for month, amounts in sold.items()
        for decided in [next((each for each in months if each.month >= month), months[-1])]
    }


def newest_explanation(
    connection: Connection, view: SellerView, language: Language, rule: ApprovalRule
) -> str:
    """Explain a store's decision in its newest closed month; nothing if it has none."""
    if not view.months:
        return ""
    asked = (view.seller_id, view.months[-1].month, language, rule, today(connection))
    return explain_decision(connection, *asked)


def balanced(ledger: Iterable[LedgerEntry]) -> Iterator[BalancedEntry]:
    """Add to each entry of a store what its accounts have after it."""
    after = dict.fromkeys(SELLER_ACCOUNTS, 0)
    for each in ledger:
        for account, sign in ((each.debit_account, -1), (each.credit_account, 1)):
            if account in after:
                after[account] += sign * each.points
        yield BalancedEntry(each, dict(after))
