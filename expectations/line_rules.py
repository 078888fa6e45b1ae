"""The rules for one settlement line, each with its severity and its sentence."""

import narwhals as nw

from domain.columns import LONGEST_ID
from domain.findings import Severity
from domain.months import SettlementMonth
from domain.sentence import sentence
from domain.settlement import LARGEST_LINE_KRW, LINE_TYPES, PRODUCT_LINE, SETTLEMENT_TYPES
from expectations.rule import (
    RowRule,
    at_most,
    between,
    exact_id,
    free_of,
    given,
    known_word,
    line_rule,
    one_of,
    present,
    readable,
    well_formed_word,
)

_AMOUNT = "payment_amount_krw"
_AMOUNT_AS_WRITTEN = "payment_amount_krw_unreadable"
_WHOLE_NUMBER = r"^\s*[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.0{1,2}|\.0{4,})?\s*$"


def _may_count() -> nw.Expr:
    """True unless the line is of a known type that never counts; such a line may be incomplete."""
    other = one_of(LINE_TYPES, "line_type") & (nw.col("line_type") != PRODUCT_LINE)
    return nw.col("line_type").is_null() | ~other


def _needed(holds: nw.Expr) -> nw.Expr:
    return holds | ~_may_count()


def _complete() -> nw.Expr:
    named = present("product_order_id") & present("settlement_type") & given("confirmed_on")
    return named | _may_count()


def _whole_amount() -> nw.Expr:
    # A whole number that could not be read is too large, which another rule reports.
    return readable(_AMOUNT) | nw.col(_AMOUNT_AS_WRITTEN).str.contains(_WHOLE_NUMBER)


def _amount_within_reach() -> nw.Expr:
    return between(-LARGEST_LINE_KRW, LARGEST_LINE_KRW, _AMOUNT) & free_of(
        _WHOLE_NUMBER, _AMOUNT_AS_WRITTEN
    )


# A malformed seller_id is not in the snapshot, so only its absence needs a rule here.
LINE_RULES: tuple[RowRule[SettlementMonth], ...] = (
    RowRule(
        line_rule("line_seller_missing", sentence("the seller_id is missing")),
        "product_order_id",
        lambda _: present("seller_id"),
    ),
    RowRule(
        line_rule("product_order_missing", sentence("the product_order_id is missing")),
        "order_id",
        lambda _: _needed(present("product_order_id")),
    ),
    RowRule(
        line_rule(
            "product_order_too_long",
            sentence(
                "the product_order_id is longer than {longest_id} characters", longest_id=LONGEST_ID
            ),
        ),
        "product_order_id",
        lambda _: at_most(LONGEST_ID, "product_order_id"),
    ),
    RowRule(
        line_rule(
            "product_order_inexact",
            sentence(
                "the product_order_id is a number with a fraction or an exponent, "
                "perhaps another id rounded (have ids written as text)"
            ),
        ),
        "product_order_id",
        lambda _: exact_id("product_order_id"),
    ),
    RowRule(
        line_rule("line_type_missing", sentence("the line_type is missing")),
        "product_order_id",
        lambda _: present("line_type"),
    ),
    RowRule(
        line_rule(
            "line_type_malformed",
            sentence(
                "the line_type is longer than {longest_id} characters or holds a control character",
                longest_id=LONGEST_ID,
            ),
        ),
        "line_type",
        lambda _: well_formed_word(LINE_TYPES, "line_type"),
    ),
    # Upstream has 27 line types and adds more; only those that the policy counts matter (rule 2).
    # A word that is new to the program is a separate warning (`word_rules.NEW_WORD_RULES`).
    RowRule(
        line_rule(
            "line_type_unknown",
            sentence("the line_type is one that this program does not know"),
            Severity.INFO,
        ),
        "line_type",
        lambda _: known_word(LINE_TYPES, "line_type"),
    ),
    RowRule(
        line_rule("settlement_type_missing", sentence("the settlement_type is missing")),
        "product_order_id",
        lambda _: _needed(present("settlement_type")),
    ),
    RowRule(
        line_rule(
            "settlement_type_malformed",
            sentence(
                "the settlement_type is longer than {longest_id} characters or holds a "
                "control character",
                longest_id=LONGEST_ID,
            ),
        ),
        "settlement_type",
        lambda _: well_formed_word(SETTLEMENT_TYPES, "settlement_type"),
    ),
    RowRule(
        line_rule(
            "settlement_type_unknown",
            sentence("the settlement_type is one that this program does not know"),
            Severity.INFO,
        ),
        "settlement_type",
        lambda _: known_word(SETTLEMENT_TYPES, "settlement_type"),
    ),
    # The marketplace's API omits empty fields (any but line_type and the amount).
    RowRule(
        line_rule(
            "line_incomplete",
            sentence(
                "a line that never counts lacks its product_order_id, settlement_type "
                "or confirmed_on"
            ),
            Severity.WARNING,
        ),
        "line_type",
        lambda _: _complete(),
    ),
    RowRule(
        line_rule("amount_missing", sentence("the payment_amount_krw is missing")),
        "product_order_id",
        lambda _: given(_AMOUNT),
    ),
    RowRule(
        line_rule(
            "amount_unreadable", sentence("the payment_amount_krw is not a whole number of won")
        ),
        _AMOUNT_AS_WRITTEN,
        lambda _: _whole_amount(),
    ),
    RowRule(
        line_rule(
            "amount_too_large",
            sentence(
                "the payment_amount_krw is beyond ±{largest_line_krw:,} won",
                largest_line_krw=LARGEST_LINE_KRW,
            ),
        ),
        _AMOUNT,
        lambda _: _amount_within_reach(),
    ),
    RowRule(
        line_rule("confirmed_on_missing", sentence("the confirmed_on date is missing")),
        "product_order_id",
        lambda _: _needed(given("confirmed_on")),
    ),
    RowRule(
        line_rule(
            "confirmed_on_unreadable",
            sentence("confirmed_on is not a date like 2026-10-07 or 2026.10.07"),
        ),
        "confirmed_on_unreadable",
        lambda _: readable("confirmed_on"),
    ),
    RowRule(
        line_rule(
            "confirmed_outside_month", sentence("confirmed_on lies outside the settlement month")
        ),
        "confirmed_on",
        lambda month: between(month.first_day, month.last_day, "confirmed_on"),
    ),
)
