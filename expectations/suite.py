"""The suites: all rules for a month's delivery, and for a day's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from domain.delivery import Period
from domain.months import SettlementMonth
from expectations.comparison_rules import BAND_RULES, COMPARISON_RULES
from expectations.delivery_rules import CONTROL_TOTAL_RULES, PRESENCE_RULES, SET_RULES, WHOLE_RULES
from expectations.line_rules import LINE_RULES
from expectations.reward_rules import ENTRY_RULES, EntryTerms
from expectations.reward_set_rules import (
    COMPARED_ENTRY_RULES,
    ENTRY_CONTROL_TOTAL_RULES,
    ENTRY_PRESENCE_RULES,
    ENTRY_SET_RULES,
)
from expectations.rule import BandRule, Check, PresenceRule, Rule, WholeRule
from expectations.snapshot_rules import SNAPSHOT_RULES
from expectations.word_rules import NEW_WORD_RULES, UNKNOWN_WORD_RULES

COUNTED_RULES: tuple[Rule, ...] = (
    *(row_rule.rule for row_rule in LINE_RULES),
    *(row_rule.rule for row_rule in SNAPSHOT_RULES),
    *SET_RULES,
    *COMPARISON_RULES,
    *NEW_WORD_RULES,
    *UNKNOWN_WORD_RULES,
)


@dataclass(frozen=True, slots=True)
class Suite:
    """All rules for one kind of delivery, by how the gate checks them."""

    counted: tuple[Rule, ...]
    presence: tuple[PresenceRule, ...]
    control_totals: tuple[Rule, ...]
    whole: tuple[WholeRule, ...] = ()
    bands: tuple[BandRule, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, in the order in which findings are listed."""
        return (
            *self.counted,
            *(each.rule for each in self.whole),
            *self.present,
            *self.control_totals,
            *(each.rule for each in self.bands),
        )

    @property
    def present(self) -> tuple[Rule, ...]:
        """The rules that a delivery holds something."""
        return tuple(each.rule for each in self.presence)

    @property
    def every(self) -> Mapping[str, str]:
        """The names of rules that are broken when all rows break another, each with that one's."""
        return {each.rule.name: each.every for each in self.whole}

    @property
    def band(self) -> Mapping[str, BandRule]:
        """The rules about earlier months by their names."""
        return {each.rule.name: each for each in self.bands}

    @property
    def by_name(self) -> Mapping[str, Rule]:
        """The rules by their names, in the same order."""
        return {rule.name: rule for rule in self.rules}


MONTH_SUITE = Suite(COUNTED_RULES, PRESENCE_RULES, CONTROL_TOTAL_RULES, WHOLE_RULES, BAND_RULES)
REWARD_SUITE = Suite(
    (*(each.rule for each in ENTRY_RULES), *ENTRY_SET_RULES, *COMPARED_ENTRY_RULES),
    ENTRY_PRESENCE_RULES,
    ENTRY_CONTROL_TOTAL_RULES,
)
ALL_RULES: tuple[Rule, ...] = MONTH_SUITE.rules


def suite_of(period: Period) -> Suite:
    """Return the rules for a delivery of a month or a day."""
    return MONTH_SUITE if isinstance(period, SettlementMonth) else REWARD_SUITE


def line_checks(month: SettlementMonth) -> tuple[Check, ...]:
    """Return the rules for settlement lines, bound to a month."""
    return tuple(rule.on(month) for rule in LINE_RULES)


def snapshot_checks(month: SettlementMonth) -> tuple[Check, ...]:
    """Return the rules for snapshot rows, bound to a month."""
    return tuple(rule.on(month) for rule in SNAPSHOT_RULES)


def entry_checks(day: date, most_points: int) -> tuple[Check, ...]:
    """Return the rules for reward entries of a day, of which none may have more points."""
    return tuple(rule.on(EntryTerms(day, most_points)) for rule in ENTRY_RULES)
