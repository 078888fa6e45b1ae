"""Rules over a whole delivery: relations between rows, its presence, its manifest."""

from domain import profile as counted
from domain.columns import Content
from domain.findings import Severity
from domain.profile import FileTotals
from domain.sentence import sentence
from domain.settlement import LARGEST_LINE_KRW
from expectations.rule import Limit, PresenceRule, Rule, WholeRule, line_rule, snapshot_rule

SET_RULES: tuple[Rule, ...] = (
    line_rule(
        counted.UNREADABLE_LINE, sentence("the row cannot be read (columns, quotes or encoding)")
    ),
    # Legal, but also what an unclosed quote looks like: lines inside the value are not rows.
    line_rule(
        counted.CONTINUED_LINE,
        sentence(
            "a quoted value goes on from the line before; what looks like rows in it does not count"
        ),
        Severity.WARNING,
    ),
    line_rule(
        counted.DUPLICATE_LINE,
        sentence(
            "another line has the same product_order_id, line_type, "
            "settlement_type and confirmed_on"
        ),
    ),
    line_rule(counted.UNKNOWN_SELLER, sentence("the seller is not in the seller snapshot")),
    snapshot_rule(
        counted.UNREADABLE_SELLER, sentence("the row cannot be read (columns, quotes or encoding)")
    ),
    snapshot_rule(
        counted.SELLER_TWICE, sentence("the same seller_id is in the snapshot more than once")
    ),
    snapshot_rule(
        counted.SELLER_LOOKALIKE,
        sentence(
            "another seller_id of the snapshot differs only by leading zeros, "
            "spaces or the like; a program treated one of them as a number"
        ),
    ),
    line_rule(
        counted.LOST_ZEROS,
        sentence(
            "product_order_ids of the seller begin with 0, and others of the same "
            "line_type are shorter, as if a spreadsheet had dropped their zeros "
            "(have ids written as text)"
        ),
        unit="seller",
    ),
    line_rule(
        counted.ROUNDED_ORDERS,
        sentence(
            "half of the seller's product_order_ids or more have over 15 digits "
            "and end in 0, as if a spreadsheet had rounded them (duplicate lines "
            "would then go unnoticed)"
        ),
        Severity.WARNING,
        unit="seller",
    ),
    line_rule(
        counted.SHEET_NOT_READ,
        sentence("the header is not one for the rows of this file, so nothing was read from it"),
        Severity.WARNING,
        unit="sheet",
    ),
    line_rule(
        counted.LARGE_SELLER,
        sentence(
            "the seller's lines of one type add up to more than ±{largest_line_krw:,} won",
            largest_line_krw=LARGEST_LINE_KRW,
        ),
        unit="seller",
    ),
    # These happen in a sound month too, but rarely to many sellers at once.
    Rule(
        counted.NEGATIVE_SELLER,
        Content.SETTLEMENTS,
        Severity.WARNING,
        sentence("all lines of the seller together are below zero"),
        Limit(setting="seller_negative"),
        unit="seller",
    ),
    line_rule(
        counted.EARLY_SALE,
        sentence("the seller has a line from before its store's approval"),
        Severity.WARNING,
        unit="seller",
    ),
)

WHOLE_RULES: tuple[WholeRule, ...] = (
    WholeRule(
        line_rule(
            "line_types_all_unknown",
            sentence("no line has a line_type that this program knows, so nothing would count"),
        ),
        "line_type_unknown",
    ),
    WholeRule(
        line_rule(
            "settlement_types_all_unknown",
            sentence("no line has a settlement_type that this program knows"),
        ),
        "settlement_type_unknown",
    ),
    WholeRule(
        snapshot_rule(
            "statuses_all_unknown",
            sentence(
                "no store has a status that this program knows, so none would count as active"
            ),
        ),
        "status_unknown",
    ),
    WholeRule(
        line_rule(
            "product_orders_absent", sentence("no line is a product order, so nothing would count")
        ),
        counted.OTHER_LINE,
    ),
    WholeRule(
        snapshot_rule(
            "normal_stores_absent", sentence("no store has the status NORMAL, so none could earn")
        ),
        counted.IDLE_STORE,
    ),
)

PRESENCE_RULES: tuple[PresenceRule, ...] = (
    PresenceRule(
        line_rule("settlements_empty", sentence("the delivery holds no settlement line")),
        lambda profile: profile.lines,
    ),
    PresenceRule(
        snapshot_rule("snapshot_empty", sentence("the seller snapshot holds no seller")),
        lambda profile: profile.sellers,
    ),
)

ROWS_DIFFER = line_rule("control_total_rows", sentence("the number of rows is not the manifest's"))
AMOUNT_DIFFERS = line_rule(
    "control_total_amount", sentence("the sum of payment_amount_krw is not the manifest's")
)
SHA256_DIFFERS = line_rule("control_total_sha256", sentence("the SHA-256 is not the manifest's"))
POINTS_DIFFER = Rule(
    "control_total_points",
    Content.REWARDS,
    Severity.CRITICAL,
    sentence("the sum of points is not the manifest's"),
)
CONTROL_TOTAL_RULES: tuple[Rule, ...] = (ROWS_DIFFER, AMOUNT_DIFFERS, SHA256_DIFFERS)


def control_totals(rule: Rule, file: FileTotals) -> tuple[str, str] | None:
    """Return the declared and the actual value of a file, or None if nothing was declared.

    Values are texts, since totals beyond 2^53 could compare equal as floats.
    """
    if file.declared is None:
        return None
    declared, read = {
        ROWS_DIFFER.name: (file.declared.rows, file.rows),
        AMOUNT_DIFFERS.name: (file.declared.total, file.total),
        POINTS_DIFFER.name: (file.declared.total, file.total),
        SHA256_DIFFERS.name: (file.declared.sha256, file.sha256),
    }[rule.name]
    return None if declared is None else (str(declared), str(read))
