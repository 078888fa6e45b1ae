"""The policy: the program's numbers and choices, checked for consistency when constructed."""

import hashlib
import json
from dataclasses import asdict, astuple, dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Final

from domain.ledger import MOST_POINTS
from domain.months import SettlementMonth
from domain.refusal import WrongUsage
from domain.sentence import Text, joined, sentence
from domain.using.use_rules import RULES_OF_A_SILENT_POLICY, UseRules

MOST_TIERS: Final = 15  # so that a set of tiers fits into two bytes, one bit each
LONGEST_WINDOW_MONTHS: Final = 12
_LONGEST_TENURE_MONTHS: Final = 1200
_LARGEST_NUMBER: Final = 10**15  # so that sums over any window stay within 64 bits


class PolicyInvalid(WrongUsage):
    """A policy that contradicts itself or lacks a value; the message names the value."""


class TenureDay(StrEnum):
    """The date on which a store's tenure is measured (rule 6, a setting)."""

    FIRST_DAY_OF_PAYOUT_MONTH = "first_day_of_payout_month"
    LAST_DAY_OF_SETTLEMENT_MONTH = "last_day_of_settlement_month"


class Exclusion(StrEnum):
    """A property of a store that excludes it from the program (rule 7)."""

    RUNS_DEPARTMENT_STORE_WINDOW = "runs_department_store_window"
    RUNS_OUTLET_WINDOW = "runs_outlet_window"
    USES_FULFILMENT = "uses_fulfilment"
    USES_API = "uses_api"


@dataclass(frozen=True, slots=True)
class Tier:
    """A band of the monthly average and its points, paid once per store (rules 9 to 11)."""

    number: int
    lower_average_krw: int
    upper_average_krw: int
    points: int


@dataclass(frozen=True, slots=True)
class Tenure:
    """How long ago a store must have been approved (rule 6)."""

    min_months: int
    min_is_strict: bool
    below_months: int
    measured_on: TenureDay

    def day(self, month: SettlementMonth) -> date:
        """Return the date on which tenure is measured for a settlement month."""
        if self.measured_on is TenureDay.LAST_DAY_OF_SETTLEMENT_MONTH:
            return month.last_day
        return month.payout_month.first_day


@dataclass(frozen=True, slots=True)
class PayoutRule:
    """The day of the payout month on which awards are paid (rule 14)."""

    day_of_month: int
    roll_forward: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the program's rules (section 6)."""

    name: str
    in_force_from: SettlementMonth | None
    counted_line_types: tuple[str, ...]
    window_months: int
    tenure: Tenure
    active_status: str
    exclusions: tuple[Exclusion, ...]
    tiers: tuple[Tier, ...]
    payout: PayoutRule
    lifetime_maximum_points: int
    adjustment_limit_points: int | None = None
    use: UseRules = RULES_OF_A_SILENT_POLICY

    def __post_init__(self) -> None:
        for broken, why in (
            *self._contradictions(),
            *self._tier_contradictions(),
            *self.use.contradictions(),
        ):
            if broken:
                raise PolicyInvalid(sentence("policy {name}: {why}", name=self.name, why=why))

    def _contradictions(self) -> list[tuple[bool, Text]]:
        tenure = self.tenure
        return [
            (not self.name.strip(), sentence("it has no name")),
            (not self.name.isprintable(), sentence("its name must be one line of text")),
            (not self.counted_line_types, sentence("no line type is counted")),
            (
                self.window_months not in range(1, LONGEST_WINDOW_MONTHS + 1),
                sentence(
                    "the window must be of 1 to {longest_window_months} months",
                    longest_window_months=LONGEST_WINDOW_MONTHS,
                ),
            ),
            (
                not 0 <= tenure.min_months < tenure.below_months <= _LONGEST_TENURE_MONTHS,
                sentence(
                    "no tenure is from {min_months} to below {below_months} months",
                    min_months=tenure.min_months,
                    below_months=tenure.below_months,
                ),
            ),
            (not self.active_status, sentence("no status counts as active")),
            (
                not 0 <= self.adjustment_limit <= MOST_POINTS,
                sentence(
                    "the limit of adjustments must lie between 0 and {most_points:,} points",
                    most_points=MOST_POINTS,
                ),
            ),
            (
                self.payout.day_of_month not in range(1, 29),
                sentence("the payout day must lie between 1 and 28, so that every month has it"),
            ),
        ]

    def _tier_contradictions(self) -> list[tuple[bool, Text]]:
        tiers = self.tiers
        return [
            (not tiers, sentence("it has no tier")),
            (
                len(tiers) > MOST_TIERS,
                sentence("it has more than {most_tiers} tiers", most_tiers=MOST_TIERS),
            ),
            (
                [tier.number for tier in tiers] != list(range(1, len(tiers) + 1)),
                sentence("tiers must be numbered 1, 2, 3 and so on, lowest first"),
            ),
            (
                any(tier.lower_average_krw >= tier.upper_average_krw for tier in tiers),
                sentence("a tier's lower bound must be below its upper bound"),
            ),
            (
                any(a.upper_average_krw != b.lower_average_krw for a, b in pairwise(tiers)),
                sentence("each tier must begin where the one below it ends"),
            ),
            *self._points_contradictions(),
        ]

    def _points_contradictions(self) -> list[tuple[bool, Text]]:
        tiers = self.tiers
        return [
            (
                any(tier.points <= 0 for tier in tiers),
                sentence("a tier must pay at least one point"),
            ),
            (
                any(not 0 <= number <= _LARGEST_NUMBER for t in tiers for number in astuple(t)),
                sentence(
                    "a tier's amounts and points must lie between 0 and {largest_number:,}",
                    largest_number=_LARGEST_NUMBER,
                ),
            ),
            (
                any(tier.points > MOST_POINTS for tier in tiers),
                sentence("a tier must pay {most_points:,} points at most", most_points=MOST_POINTS),
            ),
            (
                sum(tier.points for tier in tiers) != self.lifetime_maximum_points,
                sentence(
                    "the lifetime maximum is not the tiers' sum: {lifetime_maximum_points}",
                    lifetime_maximum_points=self.lifetime_maximum_points,
                ),
            ),
        ]

    @property
    def adjustment_limit(self) -> int:
        """The most points of an unapproved adjustment, by default those that a store can earn."""
        if self.adjustment_limit_points is None:
            return min(self.lifetime_maximum_points, MOST_POINTS)
        return self.adjustment_limit_points

    @property
    def content_hash(self) -> str:
        """SHA-256, in hex, of the policy with its name, without sources and remarks."""
        values = asdict(self)
        if self.adjustment_limit_points is None:  # a policy from before there was such a value
            del values["adjustment_limit_points"]
        if self.use == RULES_OF_A_SILENT_POLICY:  # they are the same policy, said or not
            del values["use"]
        content = json.dumps(values, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(content.encode()).hexdigest()


def policy_in_force(policies: tuple[Policy, ...], month: SettlementMonth) -> Policy:
    """Return the policy in force in a settlement month: the one that took effect last.

    Raises PolicyInvalid when none is in force, or two take effect in the same month.
    """
    begun = [p for p in policies if p.in_force_from is not None and p.in_force_from <= month]
    if not begun:
        raise PolicyInvalid(sentence("no policy is in force in {month}", month=month))
    latest = max(str(p.in_force_from) for p in begun)
    chosen = [p for p in begun if str(p.in_force_from) == latest]
    if len(chosen) > 1:
        names = joined(sorted(p.name for p in chosen), sentence(" and "))
        raise PolicyInvalid(
            sentence("{names} both come into force in {latest}", names=names, latest=latest)
        )
    return chosen[0]
