"""The rules for one settlement line, each with its weight and its sentence."""

import narwhals as nw

from domain.findings import Severity
from domain.months import SettlementMonth
from domain.settlement import (
    LARGEST_LINE_KRW,
    LINE_TYPES,
    LONGEST_ID,
    SETTLEMENT_TYPES,
    Content,
)
from expectations.rule import NONE, Limit, RowRule, Rule, longer_than, matches, missing, other_than

_AMOUNT = "payment_amount_krw"
_AMOUNT_AS_WRITTEN = "payment_amount_krw_unreadable"
_DATE_AS_WRITTEN = "confirmed_on_unreadable"
_WHOLE_NUMBER = r"^\s*[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.0+)?\s*$"
_CONTROL_CHARACTER = r"[\x00-\x1f\x7f]"


def _critical(name: str, sentence: str, limit: Limit = NONE) -> Rule:
    return Rule(name, Content.SETTLEMENTS, Severity.CRITICAL, sentence, limit)


def _warning(name: str, sentence: str, limit: Limit = NONE) -> Rule:
    return Rule(name, Content.SETTLEMENTS, Severity.WARNING, sentence, limit)


def _line_type_malformed(_: SettlementMonth) -> nw.Expr:
    unfit = longer_than(LONGEST_ID, "line_type") | matches(_CONTROL_CHARACTER, "line_type")
    return other_than(LINE_TYPES, "line_type") & unfit


def _line_type_unknown(month: SettlementMonth) -> nw.Expr:
    return other_than(LINE_TYPES, "line_type") & ~_line_type_malformed(month)


def _amount_unreadable(_: SettlementMonth) -> nw.Expr:
    written = nw.col(_AMOUNT_AS_WRITTEN)
    return ~written.is_null() & ~matches(_WHOLE_NUMBER, _AMOUNT_AS_WRITTEN)


def _amount_too_large(_: SettlementMonth) -> nw.Expr:
    amount = nw.col(_AMOUNT)
    read = (amount > LARGEST_LINE_KRW) | (amount < -LARGEST_LINE_KRW)
    return (~amount.is_null() & read) | matches(_WHOLE_NUMBER, _AMOUNT_AS_WRITTEN)


def _outside_month(month: SettlementMonth) -> nw.Expr:
    day = nw.col("confirmed_on")
    return ~day.is_null() & ((day < month.first_day) | (day > month.last_day))


# Any other fault of a seller_id than its absence makes it one that the snapshot does not have.
LINE_RULES: tuple[RowRule, ...] = (
    RowRule(
        _critical("line_seller_missing", "the seller_id is missing"),
        "product_order_id",
        lambda _: missing("seller_id"),
    ),
    RowRule(
        _critical("product_order_missing", "the product_order_id is missing"),
        "order_id",
        lambda _: missing("product_order_id"),
    ),
    RowRule(
        _critical(
            "product_order_too_long", f"the product_order_id is longer than {LONGEST_ID} characters"
        ),
        "product_order_id",
        lambda _: longer_than(LONGEST_ID, "product_order_id"),
    ),
    RowRule(
        _critical("line_type_missing", "the line_type is missing"),
        "product_order_id",
        lambda _: missing("line_type"),
    ),
    RowRule(
        _critical(
            "line_type_malformed",
            f"the line_type is longer than {LONGEST_ID} characters or holds a control character",
        ),
        "line_type",
        _line_type_malformed,
    ),
    # Upstream has 27 line types and adds to them; only the policy's counted ones matter (rule 2).
    RowRule(
        _warning("line_type_unknown", "the line_type is one that this program does not know"),
        "line_type",
        _line_type_unknown,
    ),
    RowRule(
        _critical("settlement_type_missing", "the settlement_type is missing"),
        "product_order_id",
        lambda _: missing("settlement_type"),
    ),
    RowRule(
        _warning(
            "settlement_type_unknown", "the settlement_type is one that this program does not know"
        ),
        "settlement_type",
        lambda _: other_than(SETTLEMENT_TYPES, "settlement_type"),
    ),
    RowRule(
        _critical("amount_missing", "the payment_amount_krw is missing"),
        "product_order_id",
        lambda _: nw.col(_AMOUNT).is_null() & nw.col(_AMOUNT_AS_WRITTEN).is_null(),
    ),
    RowRule(
        _critical("amount_unreadable", "the payment_amount_krw is not a whole number of won"),
        _AMOUNT_AS_WRITTEN,
        _amount_unreadable,
    ),
    RowRule(
        _critical(
            "amount_too_large", f"the payment_amount_krw is beyond ±{LARGEST_LINE_KRW:,} won"
        ),
        "product_order_id",
        _amount_too_large,
    ),
    RowRule(
        _critical("confirmed_on_missing", "the confirmed_on date is missing"),
        "product_order_id",
        lambda _: nw.col("confirmed_on").is_null() & nw.col(_DATE_AS_WRITTEN).is_null(),
    ),
    RowRule(
        _critical(
            "confirmed_on_unreadable", "confirmed_on is not a date like 2026-10-07 or 2026.10.07"
        ),
        _DATE_AS_WRITTEN,
        lambda _: ~nw.col(_DATE_AS_WRITTEN).is_null(),
    ),
    RowRule(
        _critical("confirmed_outside_month", "confirmed_on lies outside the settlement month"),
        "confirmed_on",
        _outside_month,
    ),
)
