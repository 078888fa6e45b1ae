"""Rules that compare a delivery with the last snapshot, a replaced revision or earlier months."""

from domain import profile as counted
from domain.columns import Content
from domain.findings import Severity
from domain.sentence import Text, sentence
from expectations.rule import A_FEW, NONE, BandRule, Limit, Rule, line_rule

_GONE = sentence("the store was in the last snapshot and is not in this one")
_BACK = sentence(
    "the store was in an earlier snapshot, not in the last one, and is in this one again"
)
_MOVED = sentence("approved_on differs from the last snapshot")


def _store_rule(
    name: str, severity: Severity, told: Text, limit: Limit = NONE, counts: str = ""
) -> Rule:
    return Rule(name, Content.SELLERS, severity, told, limit, "store", counts)


def _changed(counts: str, what: Text, setting: str) -> tuple[Rule, ...]:
    """Return the rules for a changed column: info, warning or critical, by the share changed."""
    told = sentence("{what} differs from the last snapshot", what=what)
    many, most = Limit(A_FEW, f"{setting}_changed"), Limit(A_FEW, f"{setting}_flipped")
    return (
        _store_rule(counts, Severity.INFO, told),
        _store_rule(f"{counts}_often", Severity.WARNING, told, many, counts),
        _store_rule(f"{counts}_mostly", Severity.CRITICAL, told, most, counts),
    )


COMPARISON_RULES: tuple[Rule, ...] = (
    _store_rule(counted.VANISHED_SELLER, Severity.INFO, _GONE),
    _store_rule(
        "sellers_vanished",
        Severity.WARNING,
        _GONE,
        Limit(setting="sellers_vanished"),
        counted.VANISHED_SELLER,
    ),
    _store_rule(
        "snapshot_unlike_last",
        Severity.CRITICAL,
        sentence("stores of the last snapshot are missing, as if this were another marketplace's"),
        Limit(setting="snapshot_unlike_last"),
        counted.VANISHED_SELLER,
    ),
    _store_rule(counted.RETURNED_SELLER, Severity.INFO, _BACK),
    _store_rule(
        "sellers_returned",
        Severity.WARNING,
        _BACK,
        Limit(A_FEW, "sellers_returned"),
        counted.RETURNED_SELLER,
    ),
    _store_rule(
        "sellers_joined",
        Severity.WARNING,
        sentence("the store was not in the last snapshot"),
        Limit(A_FEW, "sellers_joined"),
        counted.JOINED_SELLER,
    ),
    _store_rule(
        counted.REWRITTEN_SELLER,
        Severity.CRITICAL,
        sentence(
            "the seller_id differs from a missing one only by leading zeros, "
            "spaces or the like; a program treated it as a number"
        ),
    ),
    _store_rule(counted.MOVED_APPROVAL, Severity.WARNING, _MOVED),
    _store_rule(
        "approval_dates_moved",
        Severity.CRITICAL,
        _MOVED,
        Limit(A_FEW, "approval_dates_moved"),
        counted.MOVED_APPROVAL,
    ),
    *_changed(counted.CHANGED_STATUS, sentence("whether the status is NORMAL"), "statuses"),
    *(
        rule
        for flag, name in counted.CHANGED_FLAG.items()
        for rule in _changed(name, flag, "flags")
    ),
    _store_rule(
        counted.WITHDRAWN_SELLER,
        Severity.INFO,
        sentence(
            "the store was in the month's revision that this one replaces, and is not in this one"
        ),
    ),
    _store_rule(
        "snapshot_unlike_replaced",
        Severity.CRITICAL,
        sentence(
            "stores of the month's revision that this one would replace are "
            "missing, as if this were another marketplace's"
        ),
        Limit(setting="snapshot_unlike_last"),
        counted.WITHDRAWN_SELLER,
    ),
    _store_rule(
        counted.RESTATED_SELLER,
        Severity.INFO,
        sentence("the store's row differs from the month's revision that this one replaces"),
    ),
)

# Two fifths above the maximum or below the minimum is more than seasons explain.
_SEASON = 0.4

BAND_RULES: tuple[BandRule, ...] = (
    BandRule(
        line_rule(
            "lines_unusual",
            sentence("the number of lines is unlike that of the months before"),
            Severity.WARNING,
        ),
        lambda month: month.lines,
        _SEASON,
    ),
    BandRule(
        line_rule(
            "amount_unusual",
            sentence("the sum of payment_amount_krw is unlike that of the months before"),
            Severity.WARNING,
        ),
        lambda month: month.amount_krw,
        _SEASON,
    ),
)
