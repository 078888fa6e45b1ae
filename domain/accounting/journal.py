"""Journal entries: what the ledger recorded, as an accountant books it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from domain.ledger import Account, TransferKind
from domain.months import SettlementMonth

BOOKED_EACH: Final = frozenset(
    {TransferKind.AWARD, TransferKind.REVERSAL, TransferKind.PAYOUT, TransferKind.ADJUSTMENT}
)
"""The kinds of which each posting is an entry of its own: somebody decided it, for a month or with
a reason. Uses are so many that those of a day are one entry for each kind."""

AccountCodes = Mapping[Account, str]
"""The operator's account for each account of the ledger."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Points that moved on a day from one account to another; a point is worth 1 KRW.

    `reference` is the key of the posting, or kind and day of all transfers of a day.
    """

    on: date
    reference: str
    kind: TransferKind
    settlement_month: SettlementMonth | None
    debit: Account
    credit: Account
    points: int
    transfers: int
    reason: str | None

    @property
    def description(self) -> str:
        """What happened, in a line."""
        month = f" of {self.settlement_month}" if self.settlement_month else ""
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.kind.capitalize()}{month}{reason}"
