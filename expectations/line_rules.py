"""The rules for one settlement line, each with its severity and its sentence."""

import narwhals as nw

from domain.findings import Severity
from domain.settlement import (
    LARGEST_LINE_KRW,
    LINE_TYPES,
    LONGEST_ID,
    PRODUCT_LINE,
    SETTLEMENT_TYPES,
    Content,
)
from expectations.rule import (
    RowRule,
    Rule,
    at_most,
    between,
    empty,
    exact_id,
    free_of,
    given,
    one_of,
    present,
    readable,
)

_AMOUNT = "payment_amount_krw"
_AMOUNT_AS_WRITTEN = "payment_amount_krw_unreadable"
_WHOLE_NUMBER = r"^\s*[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.0{1,2}|\.0{4,})?\s*$"
_CONTROL_CHARACTER = r"[\x00-\x1f\x7f]"


def _critical(name: str, sentence: str) -> Rule:
    return Rule(name, Content.SETTLEMENTS, Severity.CRITICAL, sentence)


def _warning(name: str, sentence: str) -> Rule:
    return Rule(name, Content.SETTLEMENTS, Severity.WARNING, sentence)


# A word that is new to the program is a separate warning (`suite.NEW_WORD_RULES`).
def _told(name: str, sentence: str) -> Rule:
    return Rule(name, Content.SETTLEMENTS, Severity.INFO, sentence)


def _well_formed_line_type() -> nw.Expr:
    # Known words first, so that the pattern runs only over the others.
    fits = at_most(LONGEST_ID, "line_type") & free_of(_CONTROL_CHARACTER, "line_type")
    return one_of(LINE_TYPES, "line_type") | fits


def _well_formed_settlement_type() -> nw.Expr:
    fits = at_most(LONGEST_ID, "settlement_type") & free_of(_CONTROL_CHARACTER, "settlement_type")
    return one_of(SETTLEMENT_TYPES, "settlement_type") | fits


def _known_settlement_type() -> nw.Expr:
    known = one_of(SETTLEMENT_TYPES, "settlement_type") | empty("settlement_type")
    return known | ~_well_formed_settlement_type()


def _known_line_type() -> nw.Expr:
    return one_of(LINE_TYPES, "line_type") | empty("line_type") | ~_well_formed_line_type()


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
LINE_RULES: tuple[RowRule, ...] = (
    RowRule(
        _critical("line_seller_missing", "the seller_id is missing"),
        "product_order_id",
        lambda _: present("seller_id"),
    ),
    RowRule(
        _critical("product_order_missing", "the product_order_id is missing"),
        "order_id",
        lambda _: _needed(present("product_order_id")),
    ),
    RowRule(
        _critical(
            "product_order_too_long", f"the product_order_id is longer than {LONGEST_ID} characters"
        ),
        "product_order_id",
        lambda _: at_most(LONGEST_ID, "product_order_id"),
    ),
    RowRule(
        _critical(
            "product_order_inexact",
            "the product_order_id is a number with a fraction or an exponent, perhaps another id "
            "rounded (have ids written as text)",
        ),
        "product_order_id",
        lambda _: exact_id("product_order_id"),
    ),
    RowRule(
        _critical("line_type_missing", "the line_type is missing"),
        "product_order_id",
        lambda _: present("line_type"),
    ),
    RowRule(
        _critical(
            "line_type_malformed",
            f"the line_type is longer than {LONGEST_ID} characters or holds a control character",
        ),
        "line_type",
        lambda _: _well_formed_line_type(),
    ),
    # Upstream has 27 line types and adds more; only those that the policy counts matter (rule 2).
    RowRule(
        _told("line_type_unknown", "the line_type is one that this program does not know"),
        "line_type",
        lambda _: _known_line_type(),
    ),
    RowRule(
        _critical("settlement_type_missing", "the settlement_type is missing"),
        "product_order_id",
        lambda _: _needed(present("settlement_type")),
    ),
    RowRule(
        _critical(
            "settlement_type_malformed",
            f"the settlement_type is longer than {LONGEST_ID} characters or holds a control "
            "character",
        ),
        "settlement_type",
        lambda _: _well_formed_settlement_type(),
    ),
    RowRule(
        _told(
            "settlement_type_unknown",
            "the settlement_type is one that this program does not know",
        ),
        "settlement_type",
        lambda _: _known_settlement_type(),
    ),
    # The marketplace's API omits empty fields (any but line_type and the amount).
    RowRule(
        _warning(
            "line_incomplete",
            "a line that never counts lacks its product_order_id, settlement_type or confirmed_on",
        ),
        "line_type",
        lambda _: _complete(),
    ),
    RowRule(
        _critical("amount_missing", "the payment_amount_krw is missing"),
        "product_order_id",
        lambda _: given(_AMOUNT),
    ),
    RowRule(
        _critical("amount_unreadable", "the payment_amount_krw is not a whole number of won"),
        _AMOUNT_AS_WRITTEN,
        lambda _: _whole_amount(),
    ),
    RowRule(
        _critical(
            "amount_too_large", f"the payment_amount_krw is beyond ±{LARGEST_LINE_KRW:,} won"
        ),
        _AMOUNT,
        lambda _: _amount_within_reach(),
    ),
    RowRule(
        _critical("confirmed_on_missing", "the confirmed_on date is missing"),
        "product_order_id",
        lambda _: _needed(given("confirmed_on")),
    ),
    RowRule(
        _critical(
            "confirmed_on_unreadable", "confirmed_on is not a date like 2026-10-07 or 2026.10.07"
        ),
        "confirmed_on_unreadable",
        lambda _: readable("confirmed_on"),
    ),
    RowRule(
        _critical("confirmed_outside_month", "confirmed_on lies outside the settlement month"),
        "confirmed_on",
        lambda month: between(month.first_day, month.last_day, "confirmed_on"),
    ),
)
