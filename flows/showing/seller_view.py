"""All that operators see of one store, gathered once for the page and for the command."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from adapters.languages.catalog import Language
from adapters.postgres.corrections import corrections
from adapters.postgres.evaluations import recorded_policy
from adapters.postgres.ledger import entries
from adapters.postgres.ledger.entries import LedgerEntry, newest_entries
from adapters.postgres.own_months import own_amounts
from adapters.postgres.revisions import require_seller
from adapters.postgres.rewards import Reward
from adapters.postgres.store_months import StoreMonth, months_of_store
from adapters.postgres.store_rewards import rewards_of_store
from adapters.postgres.using import (
    Conversion,
    balances_of,
    conversions,
    newest_conversions,
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
_Row = TypeVar("_Row")


_NOTHING: Final[Mapping[Account, int]] = dict.fromkeys(SELLER_ACCOUNTS, 0)


@dataclass(frozen=True, slots=True)
class BalancedEntry:
    """An entry of the ledger, and what the store's accounts have after it."""

    entry: LedgerEntry
    after: Mapping[Account, int]


@dataclass(frozen=True, slots=True)
class SellerView:
    """What there is of a store: months oldest first, as the ledger, conversions and rewards.

    `amounts` has all that it sold in a month, `counted` what counts of that for its decisions.
    `totals` counts the rows of each list of which only the newest may be here.
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
    totals: Mapping[str, int]


PARTS: Final = ("months", "ledger", "corrections", "conversions", "rewards")


def seller_view(
    connection: Connection,
    seller_id: str,
    parts: Collection[str] = PARTS,
    newest: int | None = None,
) -> SellerView:
    """Gather some parts of what there is of a store; raises SellerUnknown.

    With `newest` lists have so many rows, from a transaction that sees one moment.
    """
    require_seller(connection, seller_id)
    sold = own_amounts(connection, seller_id, _AMOUNTS) if "months" in parts else {}
    months = months_of_store(connection, seller_id) if "months" in parts else ()
    lists = {
        name: load(connection, seller_id, newest) if name in parts else (0, ())
        for name, load in _LISTS.items()
    }
    return SellerView(
        seller_id=seller_id,
        status=newest_status(connection, seller_id),
        standing=standing_of(connection, seller_id),
        amounts={month: sum(amounts.values()) for month, amounts in sold.items()},
        counted=_counted(connection, sold, months),
        months=months,
        totals={name: total for name, (total, _) in lists.items()},
        **{name: rows for name, (_, rows) in lists.items()},
    )


def _ledger(
    connection: Connection, seller_id: str, newest: int | None
) -> tuple[int, tuple[BalancedEntry, ...]]:
    if newest is None:
        return _counted_all(balanced(entries(connection, seller_id=seller_id)))
    total, found = newest_entries(connection, seller_id, newest)
    before = _before(found, balances_of(connection, seller_id))
    return total, tuple(balanced(found, before))


def _corrections(
    connection: Connection, seller_id: str, _: int | None
) -> tuple[int, tuple[PostedCorrection, ...]]:
    return _counted_all(corrections(connection, seller_id=seller_id))


def _conversions(
    connection: Connection, seller_id: str, newest: int | None
) -> tuple[int, tuple[Conversion, ...]]:
    if newest is None:
        return _counted_all(conversions(connection, seller_id=seller_id))
    return newest_conversions(connection, seller_id, newest)


def _counted_all(rows: Iterable[_Row]) -> tuple[int, tuple[_Row, ...]]:
    found = tuple(rows)
    return len(found), found


_LISTS: Final[Mapping[str, Callable[..., tuple[int, tuple[Any, ...]]]]] = {
    "ledger": _ledger,
    "corrections": _corrections,
    "conversions": _conversions,
    "rewards": rewards_of_store,
}


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


def _before(ledger: Sequence[LedgerEntry], now: Mapping[Account, int]) -> Mapping[Account, int]:
    """Return what a store's accounts had before its newest entries."""
    moved = [each.after for each in balanced(ledger)][-1:] or [{}]
    return {each: now.get(each, 0) - moved[0].get(each, 0) for each in SELLER_ACCOUNTS}


def balanced(
    ledger: Iterable[LedgerEntry], before: Mapping[Account, int] = _NOTHING
) -> Iterator[BalancedEntry]:
    """Add to each entry of a store what its accounts have after it, from what they had before."""
    after = dict(before)
    for each in ledger:
        for account, sign in ((each.debit_account, -1), (each.credit_account, 1)):
            if account in after:
                after[account] += sign * each.points
        yield BalancedEntry(each, dict(after))
