"""The policy's rules of use: conversions, rewards, notices before points expire."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from domain.ledger import MOST_POINTS
from domain.sentence import Text, sentence

_LONGEST_RETRY_DAYS: Final = 365
_EARLIEST_NOTICE_DAYS: Final = 364  # points are usable for a year after the last grant


@dataclass(frozen=True, slots=True)
class UseRules:
    """What a policy says about points in use; the defaults are those of a policy that is silent.

    The defaults never change: policies that were recorded without these values rest on them.
    """

    conversion_min_points: int = 1
    conversion_unit_points: int = 1
    reward_entry_limit_points: int = 1_000_000
    reward_retry_days: int = 7
    notice_days: tuple[int, ...] = (30, 7)
    closed_stores_may_convert: bool = True

    def contradictions(self) -> list[tuple[bool, Text]]:
        """Return what a policy with these rules must not say, each with whether it does."""
        return [
            *(
                (
                    not 1 <= points <= MOST_POINTS,
                    sentence("{what} must lie between 1 and {most:,}", what=what, most=MOST_POINTS),
                )
                for what, points in (
                    (sentence("the least points of a conversion"), self.conversion_min_points),
                    (sentence("the unit of conversions"), self.conversion_unit_points),
                    (sentence("the most points of a reward"), self.reward_entry_limit_points),
                )
            ),
            (
                not 0 <= self.reward_retry_days <= _LONGEST_RETRY_DAYS,
                sentence("rewards must be retried for 0 to {most} days", most=_LONGEST_RETRY_DAYS),
            ),
            (
                any(not 1 <= days <= _EARLIEST_NOTICE_DAYS for days in self.notice_days),
                sentence(
                    "stores must be told 1 to {most} days before points expire",
                    most=_EARLIEST_NOTICE_DAYS,
                ),
            ),
            (
                any(earlier <= later for earlier, later in pairwise(self.notice_days)),
                sentence(
                    "the days of notices must be listed from the earliest to the last, "
                    "such as 30, 7"
                ),
            ),
        ]


RULES_OF_A_SILENT_POLICY: Final = UseRules()
