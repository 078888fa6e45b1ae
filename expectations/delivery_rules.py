"""Rules over a whole delivery: relations between rows, its presence, its manifest."""

from domain import profile as counted
from domain.findings import Severity
from domain.profile import FileTotals
from domain.settlement import Content
from expectations.rule import Limit, Rule, WholeRule

SET_RULES: tuple[Rule, ...] = (
    Rule(
        counted.UNREADABLE_LINE,
        Content.SETTLEMENTS,
        Severity.CRITICAL,
        "the row cannot be read (columns, quotes or encoding)",
    ),
    # Legal, but also what an unclosed quote looks like: lines inside the value are not rows.
    Rule(
        counted.CONTINUED_LINE,
        Content.SETTLEMENTS,
        Severity.WARNING,
        "a quoted value goes on from the line before; what looks like rows in it does not count",
    ),
    Rule(
        counted.DUPLICATE_LINE,
        Content.SETTLEMENTS,
        Severity.CRITICAL,
        "another line has the same product_order_id, line_type, settlement_type and confirmed_on",
    ),
    Rule(
        counted.UNKNOWN_SELLER,
        Content.SETTLEMENTS,
        Severity.CRITICAL,
        "the seller is not in the seller snapshot",
    ),
    Rule(
        counted.UNREADABLE_SELLER,
        Content.SELLERS,
        Severity.CRITICAL,
        "the row cannot be read (columns, quotes or encoding)",
    ),
    Rule(
        counted.SELLER_TWICE,
        Content.SELLERS,
        Severity.CRITICAL,
        "the same seller_id is in the snapshot more than once",
    ),
    Rule(
        counted.SELLER_LOOKALIKE,
        Content.SELLERS,
        Severity.CRITICAL,
        "another seller_id of the snapshot differs only by leading zeros, spaces or the like; a "
        "program treated one of them as a number",
    ),
    Rule(
        counted.LOST_ZEROS,
        Content.SETTLEMENTS,
        Severity.CRITICAL,
        "product_order_ids of the seller begin with 0, and others of the same line_type are "
        "shorter, as if a spreadsheet had dropped their zeros (have ids written as text)",
        unit="seller",
    ),
    Rule(
        counted.ROUNDED_ORDERS,
        Content.SETTLEMENTS,
        Severity.WARNING,
        "half of the seller's product_order_ids or more have over 15 digits and end in 0, as if a "
        "spreadsheet had rounded them (duplicate lines would then go unnoticed)",
        unit="seller",
    ),
    Rule(
        counted.SHEET_NOT_READ,
        Content.SETTLEMENTS,
        Severity.WARNING,
        "the header is not one for the rows of this file, so nothing was read from it",
        unit="sheet",
    ),
    # These happen in a sound month too, but rarely to many sellers at once.
    Rule(
        counted.NEGATIVE_SELLER,
        Content.SETTLEMENTS,
        Severity.WARNING,
        "all lines of the seller together are below zero",
        Limit(setting="seller_negative"),
        unit="seller",
    ),
    Rule(
        counted.EARLY_SALE,
        Content.SETTLEMENTS,
        Severity.WARNING,
        "the seller has a line from before its store's approval",
        unit="seller",
    ),
)

WHOLE_RULES: tuple[WholeRule, ...] = (
    WholeRule(
        Rule(
            "line_types_all_unknown",
            Content.SETTLEMENTS,
            Severity.CRITICAL,
            "no line has a line_type that this program knows, so nothing would count",
        ),
        "line_type_unknown",
    ),
    WholeRule(
        Rule(
            "settlement_types_all_unknown",
            Content.SETTLEMENTS,
            Severity.CRITICAL,
            "no line has a settlement_type that this program knows",
        ),
        "settlement_type_unknown",
    ),
    WholeRule(
        Rule(
            "statuses_all_unknown",
            Content.SELLERS,
            Severity.CRITICAL,
            "no store has a status that this program knows, so none would count as active",
        ),
        "status_unknown",
    ),
    WholeRule(
        Rule(
            "product_orders_absent",
            Content.SETTLEMENTS,
            Severity.CRITICAL,
            "no line is a product order, so nothing would count",
        ),
        counted.OTHER_LINE,
    ),
    WholeRule(
        Rule(
            "normal_stores_absent",
            Content.SELLERS,
            Severity.CRITICAL,
            "no store has the status NORMAL, so none could earn",
        ),
        counted.IDLE_STORE,
    ),
)

NO_LINES = Rule(
    "settlements_empty",
    Content.SETTLEMENTS,
    Severity.CRITICAL,
    "the delivery holds no settlement line",
)
NO_SELLERS = Rule(
    "snapshot_empty", Content.SELLERS, Severity.CRITICAL, "the seller snapshot holds no seller"
)
PRESENCE_RULES: tuple[Rule, ...] = (NO_LINES, NO_SELLERS)

ROWS_DIFFER = Rule(
    "control_total_rows",
    Content.SETTLEMENTS,
    Severity.CRITICAL,
    "the number of rows is not the manifest's",
)
AMOUNT_DIFFERS = Rule(
    "control_total_amount",
    Content.SETTLEMENTS,
    Severity.CRITICAL,
    "the sum of payment_amount_krw is not the manifest's",
)
SHA256_DIFFERS = Rule(
    "control_total_sha256",
    Content.SETTLEMENTS,
    Severity.CRITICAL,
    "the SHA-256 is not the manifest's",
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
        AMOUNT_DIFFERS.name: (file.declared.amount_krw, file.amount_krw),
        SHA256_DIFFERS.name: (file.declared.sha256, file.sha256),
    }[rule.name]
    return None if declared is None else (str(declared), str(read))
