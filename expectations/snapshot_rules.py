"""The rules for one row of the seller snapshot, each with its weight and its sentence."""

from datetime import date

import narwhals as nw

from domain.findings import Severity
from domain.months import SettlementMonth
from domain.settlement import LONGEST_ID, SELLER_FLAGS, Content
from expectations.rule import RowRule, Rule, longer_than, matches, missing

_DATE_AS_WRITTEN = "approved_on_unreadable"
_CONTROL_CHARACTER = r"[\x00-\x1f\x7f]"
_UNPRINTABLE_OR_PADDED = r"[\x00-\x1f\x7f]|^\s|\s$"
_FIRST_PLAUSIBLE_ON = date(1900, 1, 1)
_LAST_PLAUSIBLE_ON = date(2999, 12, 31)


def _critical(name: str, sentence: str) -> Rule:
    return Rule(name, Content.SELLERS, Severity.CRITICAL, sentence)


def _seller_malformed(_: SettlementMonth) -> nw.Expr:
    unfit = longer_than(LONGEST_ID, "seller_id") | matches(_UNPRINTABLE_OR_PADDED, "seller_id")
    return ~missing("seller_id") & unfit


def _approval_implausible(_: SettlementMonth) -> nw.Expr:
    day = nw.col("approved_on")
    return ~day.is_null() & ((day < _FIRST_PLAUSIBLE_ON) | (day > _LAST_PLAUSIBLE_ON))


def _status_malformed(_: SettlementMonth) -> nw.Expr:
    return longer_than(LONGEST_ID, "status") | matches(_CONTROL_CHARACTER, "status")


def _flag_rules(flag: str) -> tuple[RowRule, RowRule]:
    as_written = f"{flag}_unreadable"
    return (
        RowRule(
            _critical(f"{flag}_missing", f"{flag} is missing"),
            "seller_id",
            lambda _: nw.col(flag).is_null() & nw.col(as_written).is_null(),
        ),
        RowRule(
            _critical(f"{flag}_unreadable", f"{flag} is neither true nor false"),
            as_written,
            lambda _: ~nw.col(as_written).is_null(),
        ),
    )


SNAPSHOT_RULES: tuple[RowRule, ...] = (
    RowRule(
        _critical("snapshot_seller_missing", "the seller_id is missing"),
        "approved_on",
        lambda _: missing("seller_id"),
    ),
    RowRule(
        _critical(
            "snapshot_seller_malformed",
            f"the seller_id is longer than {LONGEST_ID} characters, begins or ends with a space, "
            "or holds a control character",
        ),
        "seller_id",
        _seller_malformed,
    ),
    RowRule(
        _critical("approved_on_missing", "the approved_on date is missing"),
        "seller_id",
        lambda _: nw.col("approved_on").is_null() & nw.col(_DATE_AS_WRITTEN).is_null(),
    ),
    RowRule(
        _critical(
            "approved_on_unreadable", "approved_on is not a date like 2026-10-07 or 2026.10.07"
        ),
        _DATE_AS_WRITTEN,
        lambda _: ~nw.col(_DATE_AS_WRITTEN).is_null(),
    ),
    RowRule(
        _critical("approved_on_implausible", "approved_on lies before 1900 or after 2999"),
        "approved_on",
        _approval_implausible,
    ),
    RowRule(
        _critical("status_missing", "the status is missing"),
        "seller_id",
        lambda _: missing("status"),
    ),
    RowRule(
        _critical(
            "status_malformed",
            f"the status is longer than {LONGEST_ID} characters or holds a control character",
        ),
        "status",
        _status_malformed,
    ),
    *(rule for flag in SELLER_FLAGS for rule in _flag_rules(flag)),
)
