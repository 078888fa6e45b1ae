"""Roll-forwards: what an account had, what changed it, what it has."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.ledger import SELLER_ACCOUNTS, Account, TransferKind


class Movement(StrEnum):
    """What changes an account: the columns of a roll-forward, in their order."""

    AWARDED = "awarded"
    REVERSED = "reversed"
    PAID = "paid"
    CORRECTED = "corrected"
    CONVERTED = "converted"
    DELIVERED = "delivered"
    REWARDED = "rewarded"
    RETURNED = "returned"
    EXPIRED = "expired"


MOVEMENTS: Final[Mapping[TransferKind, Movement]] = {
    TransferKind.AWARD: Movement.AWARDED,
    TransferKind.REVERSAL: Movement.REVERSED,
    TransferKind.PAYOUT: Movement.PAID,
    TransferKind.ADJUSTMENT: Movement.CORRECTED,
    TransferKind.CONVERSION: Movement.CONVERTED,
    TransferKind.DELIVERY: Movement.DELIVERED,
    TransferKind.RETURN: Movement.RETURNED,
    TransferKind.EXPIRY: Movement.EXPIRED,
    TransferKind.REWARD: Movement.REWARDED,
    TransferKind.CANCELLATION: Movement.RETURNED,
}
"""Under which movement each kind of transfer is shown."""

ALL: Final = "all"
"""The name of all accounts that sellers have, together."""

OF_SELLERS: Final = (*SELLER_ACCOUNTS, ALL)
"""The names of what is shown: the accounts that sellers have, and all of them."""

_ROLLED: Final[Mapping[str, Collection[Account]]] = {
    **{account: {account} for account in Account},
    ALL: SELLER_ACCOUNTS,
}


@dataclass(frozen=True, slots=True)
class Moved:
    """Points that transfers of one kind moved from one account to another."""

    kind: TransferKind
    debit: Account
    credit: Account
    points: int

    def change(self, accounts: Collection[Account]) -> int:
        """Return what accounts have more together; below zero for what went out of them."""
        return self.points * ((self.credit in accounts) - (self.debit in accounts))


@dataclass(frozen=True, slots=True)
class RollForward:
    """What an account had at the beginning of a period, and what changed it."""

    opening: int
    changes: Mapping[Movement, int]

    @property
    def closing(self) -> int:
        """What the account has at the end."""
        return self.opening + sum(self.changes.values())


RollForwards = Mapping[str, RollForward]
"""A roll-forward of each account, and of `ALL`, by name."""

NOTHING: Final[RollForwards] = {name: RollForward(0, {}) for name in _ROLLED}
"""Before anything was recorded."""


def roll_forward(before: RollForwards, moved: Iterable[Moved]) -> RollForwards:
    """Roll all accounts forward over what moved, from where they stood."""
    moved = tuple(moved)
    return {
        name: RollForward(before[name].closing, _changes(accounts, moved))
        for name, accounts in _ROLLED.items()
    }


def _changes(accounts: Collection[Account], moved: Iterable[Moved]) -> dict[Movement, int]:
    changes = dict.fromkeys(Movement, 0)
    for each in moved:
        changes[MOVEMENTS[each.kind]] += each.change(accounts)
    return changes


def all_together(parts: Sequence[RollForwards]) -> RollForwards:
    """Roll all accounts forward over periods that follow each other."""
    return {
        name: RollForward(
            parts[0][name].opening,
            {each: sum(part[name].changes[each] for part in parts) for each in Movement},
        )
        for name in _ROLLED
    }
