"""The rules for one row of the seller snapshot, each with its severity and its sentence."""

from datetime import date

import narwhals as nw

from domain.findings import Severity
from domain.settlement import LONGEST_ID, SELLER_FLAGS, STATUSES, Content
from domain.written import HIDDEN, UNSEEN
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

_CONTROL_CHARACTER = r"[\x00-\x1f\x7f]"
# Two ids that look alike would be two stores.
_PADDED_OR_HIDDEN = f"^[{UNSEEN}]|[{UNSEEN}]$|[{HIDDEN}]"
_FIRST_PLAUSIBLE_ON = date(1900, 1, 1)
_LAST_PLAUSIBLE_ON = date(2999, 12, 31)


def _critical(name: str, sentence: str) -> Rule:
    return Rule(name, Content.SELLERS, Severity.CRITICAL, sentence)


def _well_formed_seller() -> nw.Expr:
    return at_most(LONGEST_ID, "seller_id") & free_of(_PADDED_OR_HIDDEN, "seller_id")


def _well_formed_status() -> nw.Expr:
    # Known words first, so that the pattern runs only over the others.
    fits = at_most(LONGEST_ID, "status") & free_of(_CONTROL_CHARACTER, "status")
    return one_of(STATUSES, "status") | fits


def _flag_rules(flag: str) -> tuple[RowRule, RowRule]:
    return (
        RowRule(
            _critical(f"{flag}_missing", f"{flag} is missing"),
            "seller_id",
            lambda _: given(flag),
        ),
        RowRule(
            _critical(f"{flag}_unreadable", f"{flag} is neither true nor false"),
            f"{flag}_unreadable",
            lambda _: readable(flag),
        ),
    )


SNAPSHOT_RULES: tuple[RowRule, ...] = (
    RowRule(
        _critical("snapshot_seller_missing", "the seller_id is missing"),
        "approved_on",
        lambda _: present("seller_id"),
    ),
    RowRule(
        _critical(
            "snapshot_seller_malformed",
            f"the seller_id is longer than {LONGEST_ID} characters, begins or ends with a space, "
            "or holds an invisible character",
        ),
        "seller_id",
        lambda _: _well_formed_seller(),
    ),
    RowRule(
        _critical(
            "snapshot_seller_inexact",
            "the seller_id is a number with a fraction or an exponent, perhaps another id rounded "
            "(have ids written as text)",
        ),
        "seller_id",
        lambda _: exact_id("seller_id"),
    ),
    RowRule(
        _critical("approved_on_missing", "the approved_on date is missing"),
        "seller_id",
        lambda _: given("approved_on"),
    ),
    RowRule(
        _critical(
            "approved_on_unreadable", "approved_on is not a date like 2026-10-07 or 2026.10.07"
        ),
        "approved_on_unreadable",
        lambda _: readable("approved_on"),
    ),
    RowRule(
        _critical("approved_on_implausible", "approved_on lies before 1900 or after 2999"),
        "approved_on",
        lambda _: between(_FIRST_PLAUSIBLE_ON, _LAST_PLAUSIBLE_ON, "approved_on"),
    ),
    RowRule(
        _critical("status_missing", "the status is missing"),
        "seller_id",
        lambda _: present("status"),
    ),
    RowRule(
        _critical(
            "status_malformed",
            f"the status is longer than {LONGEST_ID} characters or holds a control character",
        ),
        "status",
        lambda _: _well_formed_status(),
    ),
    RowRule(
        Rule(
            "status_unknown",
            Content.SELLERS,
            Severity.INFO,
            "the status is one that this program does not know",
        ),
        "status",
        lambda _: one_of(STATUSES, "status") | empty("status") | ~_well_formed_status(),
    ),
    *(rule for flag in SELLER_FLAGS for rule in _flag_rules(flag)),
)
