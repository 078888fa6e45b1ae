"""The ledger's accounts, and the transfers allowed between them.

A transfer moves points from its debit account to its credit account; a balance is credits less
debits. The program fund's balance is negative by the points in circulation, so that all balances
always add up to zero.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from domain.months import SettlementMonth


class Holder(StrEnum):
    """Who has an account of a kind: the program has one, or each seller has one."""

    PROGRAM = "program"
    SELLER = "seller"


class Account(StrEnum):
    """The kinds of account, each with its holder; the database schema lists the same."""

    holder: Holder

    def __new__(cls, name: str, holder: Holder = Holder.PROGRAM) -> Self:
        """Return a member whose value is `name`, with its holder as an attribute."""
        account = str.__new__(cls, name)
        account._value_ = name
        account.holder = holder
        return account

    PROGRAM_FUND = "program_fund", Holder.PROGRAM
    PENDING = "pending", Holder.SELLER
    AVAILABLE = "available", Holder.SELLER
    HELD = "held", Holder.SELLER
    SEARCH_AD_CREDIT = "search_ad_credit", Holder.PROGRAM
    CUSTOMER_REWARD = "customer_reward", Holder.PROGRAM
    EXPIRED = "expired", Holder.PROGRAM


MOST_POINTS: Final = 10**12
"""The most points that one transfer moves, as the database schema has it.

Nine million of them fit into 64 bits: no balance and no payout's total can overflow.
"""

SELLER_ACCOUNTS: Final = tuple(each for each in Account if each.holder is Holder.SELLER)


class TransferKind(StrEnum):
    """Why points move."""

    AWARD = "award"
    PAYOUT = "payout"
    REVERSAL = "reversal"
    ADJUSTMENT = "adjustment"
    CONVERSION = "conversion"
    DELIVERY = "delivery"
    RETURN = "return"
    EXPIRY = "expiry"
    REWARD = "reward"
    CANCELLATION = "cancellation"


# The database schema lists the same, each with what records who is entitled to it.
ALLOWED_FLOWS: Final[frozenset[tuple[TransferKind, Account, Account]]] = frozenset(
    {
        (TransferKind.AWARD, Account.PROGRAM_FUND, Account.PENDING),
        (TransferKind.PAYOUT, Account.PENDING, Account.AVAILABLE),
        (TransferKind.REVERSAL, Account.PENDING, Account.PROGRAM_FUND),
        (TransferKind.ADJUSTMENT, Account.PROGRAM_FUND, Account.AVAILABLE),
        (TransferKind.ADJUSTMENT, Account.AVAILABLE, Account.PROGRAM_FUND),
        (TransferKind.CONVERSION, Account.AVAILABLE, Account.HELD),
        (TransferKind.DELIVERY, Account.HELD, Account.SEARCH_AD_CREDIT),
        (TransferKind.RETURN, Account.HELD, Account.AVAILABLE),
        (TransferKind.EXPIRY, Account.AVAILABLE, Account.EXPIRED),
        (TransferKind.REWARD, Account.AVAILABLE, Account.CUSTOMER_REWARD),
        (TransferKind.CANCELLATION, Account.CUSTOMER_REWARD, Account.AVAILABLE),
    }
)


@dataclass(frozen=True, slots=True, order=True)
class Award:
    """Points that a seller earned for a tier in a settlement month."""

    settlement_month: SettlementMonth
    seller_id: str
    tier: int
    points: int


def total_points(awards: Iterable[Award]) -> int:
    """Add up the points of awards."""
    return sum(award.points for award in awards)


def awards_key(month: SettlementMonth, evaluation_no: int) -> str:
    """Return the key of the posting of awards after an evaluation."""
    return f"award/{month}/{evaluation_no}"


def reversals_key(month: SettlementMonth, evaluation_no: int) -> str:
    """Return the key of the posting of reversals after an evaluation."""
    return f"reversal/{month}/{evaluation_no}"


def payout_key(month: SettlementMonth) -> str:
    """Return the key of a month's payout; a month is paid only once."""
    return f"payout/{month}"


def adjustment_request_id(seller_id: str, points: int, reason: str) -> str:
    """Derive an adjustment's request id from its content: the same request is posted once."""
    content = "\n".join((seller_id, str(points), reason))
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def adjustment_key(request_id: str) -> str:
    """Return the key of the posting for a requested adjustment."""
    return f"adjustment/{request_id}"


def adjustment_request(key: str) -> str:
    """Return what approves the adjustment of a key: its request id, or a correction's key."""
    return key.removeprefix("adjustment/")


def is_correction_key(request: str) -> bool:
    """Return whether a request is the key of a correction that gives points, and no request id."""
    return request.startswith(("award-correction/", "reinstatement/"))


def conversion_key(seller_id: str, request_id: str) -> str:
    """Return the key of a conversion: one for each request of a store."""
    return f"conversion/{len(seller_id)}/{seller_id}/{request_id}"
