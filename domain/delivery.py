"""What a delivery is of and what it must contain: a month's settlements, or a day's rewards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias, TypeVar

from domain import settlement
from domain.columns import Column, Content
from domain.months import SettlementMonth
from domain.using import rewards

Period: TypeAlias = SettlementMonth | date
"""What a delivery is of: a settlement month, or the day on which rewards occurred."""

P = TypeVar("P", bound=Period)

COLUMNS: Final[Mapping[Content, tuple[Column, ...]]] = {
    Content.SETTLEMENTS: settlement.LINE_COLUMNS,
    Content.SELLERS: settlement.SELLER_COLUMNS,
    Content.REWARDS: rewards.ENTRY_COLUMNS,
}

SUMMED: Final[Mapping[Content, str]] = {
    Content.SETTLEMENTS: "payment_amount_krw",
    Content.REWARDS: "points",
}
"""The column whose sum is a content's control total; a snapshot has none."""

# The known words of each column; any other is reported, and never counts as one of them.
KNOWN_WORDS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "line_type": settlement.LINE_TYPES,
    "settlement_type": settlement.SETTLEMENT_TYPES,
    "status": settlement.STATUSES,
    "kind": dict.fromkeys(rewards.RewardKind, ()),
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a delivery of a period must be.

    `unit` names the period in sentences, `stated_as` in the manifest; `listed` are the contents,
    each under the manifest's key for its files; `folder` is where folders of periods are.
    """

    unit: str
    stated_as: str
    listed: Mapping[str, Content]
    folder: str = ""

    @property
    def contents(self) -> tuple[Content, ...]:
        """The contents that the delivery must have."""
        return tuple(self.listed.values())


_MONTH: Final = Expected(
    "month", "settlement_month", {"files": Content.SETTLEMENTS, "sellers": Content.SELLERS}
)
_DAY: Final = Expected("day", "day", {"files": Content.REWARDS}, "rewards/")


def expected_of(period: Period) -> Expected:
    """Return what a delivery of a period must be."""
    return _MONTH if isinstance(period, SettlementMonth) else _DAY
