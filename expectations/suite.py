"""The suite: all rules for a delivery."""

from domain.months import SettlementMonth
from expectations.comparison_rules import BAND_RULES, COMPARISON_RULES
from expectations.delivery_rules import CONTROL_TOTAL_RULES, PRESENCE_RULES, SET_RULES, WHOLE_RULES
from expectations.line_rules import LINE_RULES
from expectations.rule import Check, Rule
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
ALL_RULES: tuple[Rule, ...] = (
    *COUNTED_RULES,
    *(whole.rule for whole in WHOLE_RULES),
    *PRESENCE_RULES,
    *CONTROL_TOTAL_RULES,
    *(band.rule for band in BAND_RULES),
)


def line_checks(month: SettlementMonth) -> tuple[Check, ...]:
    """Return the rules for settlement lines, bound to a month."""
    return tuple(rule.on(month) for rule in LINE_RULES)


def snapshot_checks(month: SettlementMonth) -> tuple[Check, ...]:
    """Return the rules for snapshot rows, bound to a month."""
    return tuple(rule.on(month) for rule in SNAPSHOT_RULES)
