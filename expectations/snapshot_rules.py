"""The rules for one row of the seller snapshot, each with its severity and its sentence."""

from datetime import date

import narwhals as nw

from domain.columns import LONGEST_ID
from domain.findings import Severity
from domain.months import SettlementMonth
from domain.sentence import sentence
from domain.settlement import SELLER_FLAGS, STATUSES
from domain.written import HIDDEN, UNSEEN
from expectations.rule import (
    RowRule,
    at_most,
    between,
    exact_id,
    free_of,
    given,
    known_word,
    present,
    readable,
    snapshot_rule,
    well_formed_word,
)

# Two ids that look alike would be two stores.
_PADDED_OR_HIDDEN = f"^[{UNSEEN}]|[{UNSEEN}]$|[{HIDDEN}]"
_FIRST_PLAUSIBLE_ON = date(1900, 1, 1)
_LAST_PLAUSIBLE_ON = date(2999, 12, 31)


def _well_formed_seller() -> nw.Expr:
    return at_most(LONGEST_ID, "seller_id") & free_of(_PADDED_OR_HIDDEN, "seller_id")


def _flag_rules(flag: str) -> tuple[RowRule[SettlementMonth], ...]:
    return (
        RowRule(
            snapshot_rule(f"{flag}_missing", sentence("{flag} is missing", flag=flag)),
            "seller_id",
            lambda _: given(flag),
        ),
        RowRule(
            snapshot_rule(
                f"{flag}_unreadable", sentence("{flag} is neither true nor false", flag=flag)
            ),
            f"{flag}_unreadable",
            lambda _: readable(flag),
        ),
    )


SNAPSHOT_RULES: tuple[RowRule[SettlementMonth], ...] = (
    RowRule(
        snapshot_rule("snapshot_seller_missing", sentence("the seller_id is missing")),
        "approved_on",
        lambda _: present("seller_id"),
    ),
    RowRule(
        snapshot_rule(
            "snapshot_seller_malformed",
            sentence(
                "the seller_id is longer than {longest_id} characters, begins or ends "
                "with a space, or holds an invisible character",
                longest_id=LONGEST_ID,
            ),
        ),
        "seller_id",
        lambda _: _well_formed_seller(),
    ),
    RowRule(
        snapshot_rule(
            "snapshot_seller_inexact",
            sentence(
                "the seller_id is a number with a fraction or an exponent, perhaps "
                "another id rounded (have ids written as text)"
            ),
        ),
        "seller_id",
        lambda _: exact_id("seller_id"),
    ),
    RowRule(
        snapshot_rule("approved_on_missing", sentence("the approved_on date is missing")),
        "seller_id",
        lambda _: given("approved_on"),
    ),
    RowRule(
        snapshot_rule(
            "approved_on_unreadable",
            sentence("approved_on is not a date like 2026-10-07 or 2026.10.07"),
        ),
        "approved_on_unreadable",
        lambda _: readable("approved_on"),
    ),
    RowRule(
        snapshot_rule(
            "approved_on_implausible", sentence("approved_on lies before 1900 or after 2999")
        ),
        "approved_on",
        lambda _: between(_FIRST_PLAUSIBLE_ON, _LAST_PLAUSIBLE_ON, "approved_on"),
    ),
    RowRule(
        snapshot_rule("status_missing", sentence("the status is missing")),
        "seller_id",
        lambda _: present("status"),
    ),
    RowRule(
        snapshot_rule(
            "status_malformed",
            sentence(
                "the status is longer than {longest_id} characters or holds a control character",
                longest_id=LONGEST_ID,
            ),
        ),
        "status",
        lambda _: well_formed_word(STATUSES, "status"),
    ),
    RowRule(
        snapshot_rule(
            "status_unknown",
            sentence("the status is one that this program does not know"),
            Severity.INFO,
        ),
        "status",
        lambda _: known_word(STATUSES, "status"),
    ),
    *(rule for flag in SELLER_FLAGS for rule in _flag_rules(flag)),
)
