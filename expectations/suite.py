"""The whole suite: row rules, rules over the whole delivery, and how a finding is worded."""

from collections.abc import Iterable

from domain import profile as counted
from domain.findings import Finding, Severity
from domain.months import SettlementMonth
from domain.profile import FileTotals, Profile, UnknownWord, Violations
from domain.settlement import Content
from expectations.line_rules import LINE_RULES
from expectations.rule import NONE, BandRule, Check, Limit, Rule, WholeRule
from expectations.snapshot_rules import SNAPSHOT_RULES

_FILES_NAMED = 3
_WORDS_NAMED = 5
_EXAMPLES_NAMED = 20

SET_RULES: tuple[Rule, ...] = (
    Rule(
        counted.UNREADABLE_LINE,
        Content.SETTLEMENTS,
        Severity.CRITICAL,
        "the row cannot be read (columns, quotes or encoding)",
    ),
    # Legal, and what a quote that nobody closes looks like: the lines within are no rows.
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
        "another seller_id of the snapshot differs only by leading zeros, spaces or such; one of "
        "them was rewritten by a program that took it for a number",
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
        "spreadsheet had rounded them (then lines that came twice go unnoticed)",
        unit="seller",
    ),
    Rule(
        counted.SHEET_NOT_READ,
        Content.SETTLEMENTS,
        Severity.WARNING,
        "the header is not that of the rows that this file is for, so nothing was read from it",
        unit="sheet",
    ),
    # What follows happens in a sound month too, but seldom to many sellers at once.
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


def _beside_the_last(
    name: str, counts: str, severity: Severity, sentence: str, limit: Limit = NONE
) -> Rule:
    return Rule(name, Content.SELLERS, severity, sentence, limit, "store", counts)


def _changed(counts: str, what: str, setting: str) -> tuple[Rule, ...]:
    """Give the rules for a column whose value changed: few are told, many looked at, most block."""
    sentence = f"{what} is another than in the last snapshot"
    many, most = f"{setting}_changed", f"{setting}_flipped"
    return (
        _beside_the_last(counts, counts, Severity.INFO, sentence),
        _beside_the_last(
            f"{counts}_often", counts, Severity.WARNING, sentence, Limit(_A_FEW, many)
        ),
        _beside_the_last(
            f"{counts}_mostly", counts, Severity.CRITICAL, sentence, Limit(_A_FEW, most)
        ),
    )


_A_FEW = 2  # in a marketplace of some dozen stores that is no share to speak of
_GONE = "the store was in the last snapshot and is not in this one"
_BACK = "the store was in an earlier snapshot, not in the last one, and is in this one again"
_MOVED = "approved_on is another date than in the last snapshot"

COMPARISON_RULES: tuple[Rule, ...] = (
    _beside_the_last(counted.VANISHED_SELLER, counted.VANISHED_SELLER, Severity.INFO, _GONE),
    _beside_the_last(
        "sellers_vanished",
        counted.VANISHED_SELLER,
        Severity.WARNING,
        _GONE,
        Limit(setting="sellers_vanished"),
    ),
    _beside_the_last(
        "snapshot_unlike_last",
        counted.VANISHED_SELLER,
        Severity.CRITICAL,
        "stores of the last snapshot are missing, as if this were another marketplace's",
        Limit(setting="snapshot_unlike_last"),
    ),
    _beside_the_last(counted.RETURNED_SELLER, counted.RETURNED_SELLER, Severity.INFO, _BACK),
    _beside_the_last(
        "sellers_returned",
        counted.RETURNED_SELLER,
        Severity.WARNING,
        _BACK,
        Limit(_A_FEW, "sellers_returned"),
    ),
    _beside_the_last(
        "sellers_joined",
        counted.JOINED_SELLER,
        Severity.WARNING,
        "the store was not in the last snapshot",
        Limit(_A_FEW, "sellers_joined"),
    ),
    _beside_the_last(
        "seller_rewritten",
        counted.REWRITTEN_SELLER,
        Severity.CRITICAL,
        "the seller_id differs from one that is gone only by leading zeros, spaces or such; a "
        "program took it for a number",
    ),
    _beside_the_last(counted.MOVED_APPROVAL, counted.MOVED_APPROVAL, Severity.WARNING, _MOVED),
    _beside_the_last(
        "approval_dates_moved",
        counted.MOVED_APPROVAL,
        Severity.CRITICAL,
        _MOVED,
        Limit(_A_FEW, "approval_dates_moved"),
    ),
    *_changed(counted.CHANGED_STATUS, "whether the status is NORMAL", "statuses"),
    *(
        rule
        for flag, name in counted.CHANGED_FLAG.items()
        for rule in _changed(name, flag, "flags")
    ),
    _beside_the_last(
        counted.WITHDRAWN_SELLER,
        counted.WITHDRAWN_SELLER,
        Severity.INFO,
        "the store was in the month's revision that this one replaces, and is not in this one",
    ),
    _beside_the_last(
        "snapshot_unlike_replaced",
        counted.WITHDRAWN_SELLER,
        Severity.CRITICAL,
        "stores of the month's revision that this one would replace are missing, as if this were "
        "another marketplace's",
        Limit(setting="snapshot_unlike_last"),
    ),
    _beside_the_last(
        counted.RESTATED_SELLER,
        counted.RESTATED_SELLER,
        Severity.INFO,
        "the store's row is another than in the month's revision that this one replaces",
    ),
)


def _new_word(column: str, content: Content, consequence: str) -> Rule:
    return Rule(
        counted.NEW_WORD[column],
        content,
        Severity.WARNING,
        f"the {column} comes up for the first time in the program, and {consequence}",
        unit="word",
    )


NEW_WORD_RULES: tuple[Rule, ...] = (
    _new_word("line_type", Content.SETTLEMENTS, "its lines do not count"),
    _new_word("settlement_type", Content.SETTLEMENTS, "its lines count as any other"),
    _new_word("status", Content.SELLERS, "its stores do not count as active"),
)


def _unknown(column: str, content: Content, what: str) -> tuple[Rule, ...]:
    """Give the rules for a share of unknown words; a few are told by the rule of each row."""
    counts = counted.UNKNOWN_WORD[column]
    many = f"the {column} is one that this program does not know, so {what}"
    return tuple(
        Rule(f"{counts}_{name}", content, weight, many, Limit(_A_FEW, setting), counts=counts)
        for name, weight, setting in (
            ("often", Severity.WARNING, "words_often_unknown"),
            ("mostly", Severity.CRITICAL, "words_mostly_unknown"),
        )
    )


UNKNOWN_WORD_RULES: tuple[Rule, ...] = (
    *_unknown("line_type", Content.SETTLEMENTS, "the line does not count"),
    *_unknown("status", Content.SELLERS, "the store does not count as active"),
)

_COLUMN_OF_WORDS = {
    rule: column
    for rules in (counted.UNKNOWN_WORD, counted.NEW_WORD)
    for column, rule in rules.items()
}

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

# Two fifths more than the most, or less than the least, is more than a season does to a whole
# marketplace.
_SEASON = 0.4

BAND_RULES: tuple[BandRule, ...] = (
    BandRule(
        Rule(
            "lines_unusual",
            Content.SETTLEMENTS,
            Severity.WARNING,
            "the number of lines is unlike that of the months before",
        ),
        lambda month: month.lines,
        _SEASON,
    ),
    BandRule(
        Rule(
            "amount_unusual",
            Content.SETTLEMENTS,
            Severity.WARNING,
            "the sum of payment_amount_krw is unlike that of the months before",
        ),
        lambda month: month.amount_krw,
        _SEASON,
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
    """Bind the rules for settlement lines to a month, for the scan."""
    return tuple(rule.on(month) for rule in LINE_RULES)


def snapshot_checks(month: SettlementMonth) -> tuple[Check, ...]:
    """Bind the rules for snapshot rows to a month, for the scan."""
    return tuple(rule.on(month) for rule in SNAPSHOT_RULES)


def control_totals(rule: Rule, file: FileTotals) -> tuple[str, str] | None:
    """Pair what a file was declared to be with what was read; None where nothing was declared.

    Both are exact texts: totals beyond 2^53 would compare equal as floats.
    """
    if file.declared is None:
        return None
    declared, read = {
        ROWS_DIFFER.name: (file.declared.rows, file.rows),
        AMOUNT_DIFFERS.name: (file.declared.amount_krw, file.amount_krw),
        SHA256_DIFFERS.name: (file.declared.sha256, file.sha256),
    }[rule.name]
    return None if declared is None else (str(declared), str(read))


def violated(rule: Rule, found: Violations, profile: Profile) -> Finding:
    """Word the finding of a rule that too many lines, rows or stores break."""
    lines = f"{found.count:,} {rule.counted}{'s'[: found.count != 1]}"
    words = _named(words_told(rule, profile))
    examples = _examples(found.examples)
    where = _files(found.by_file)
    place = ": " if rule.counted == "store" else " in "
    sentence = f"{where}: {rule.sentence}{place}{lines}{words}{examples}.{_limit(rule, profile)}"
    return Finding(rule.name, rule.severity, sentence, found.count, where, found.examples)


def _examples(examples: tuple[str, ...]) -> str:
    """Name some; where there are more of them, the data-quality page lists them."""
    few = "; ".join(examples[:_EXAMPLES_NAMED])
    listed = f" (the data-quality page lists {len(examples):,})"
    more = listed if len(examples) > _EXAMPLES_NAMED else ""
    return f", for example {few}{more}" if examples else ""


def unseen_before(rule: Rule, words: Iterable[UnknownWord]) -> Finding:
    """Word the finding of words that no delivery had before."""
    words = tuple(words)
    where, shown = "the delivery", tuple(each.word for each in words)
    return Finding(
        rule.name,
        rule.severity,
        f"{where}: {rule.sentence}{_named(words)}.",
        len(words),
        where,
        shown,
    )


def judged_of(rule: Rule, profile: Profile) -> int:
    """Say of how many lines, rows, sellers or stores a rule's violations are a part."""
    if rule.count_of in counted.REPLACED:
        return profile.replaced_stores
    if rule.counted == "store":
        return profile.last_stores
    if rule.counted == "seller":
        return profile.sellers
    return profile.lines if rule.content is Content.SETTLEMENTS else profile.sellers


def _limit(rule: Rule, profile: Profile) -> str:
    """Say which limit was passed, and for what blocks how it is raised."""
    setting = rule.limit.setting
    if not setting:
        return ""
    share = f"{100 * profile.limits[setting]:.4g}%"
    passed = f" That is above {setting}={share} of {judged_of(rule, profile):,}"
    blocks = rule.severity is Severity.CRITICAL
    return (
        f"{passed}; if it is meant, raise the limit in GROWTH_POINTS_LIMITS."
        if blocks
        else f"{passed}."
    )


def words_told(rule: Rule, profile: Profile) -> tuple[UnknownWord, ...]:
    """List the words that a rule about unknown words is about; none for other rules."""
    words = profile.new_words if rule in NEW_WORD_RULES else profile.unknown_words
    column = _COLUMN_OF_WORDS.get(rule.count_of)
    return tuple(word for word in words if word.column == column)


def _named(words: Iterable[UnknownWord]) -> str:
    named = [f"{each.word!r} ({_how_much(each)})" for each in words]
    more = f" and {len(named) - _WORDS_NAMED} more" if len(named) > _WORDS_NAMED else ""
    return f": {', '.join(named[:_WORDS_NAMED])}{more}" if named else ""


def _how_much(word: UnknownWord) -> str:
    if word.amount_krw is None:
        return f"{word.rows:,} store{'s'[: word.rows != 1]}"
    return f"{word.rows:,} line{'s'[: word.rows != 1]}, {word.amount_krw:,} KRW"


def entire(rule: Rule, found: Violations) -> Finding:
    """Word the finding of a rule that every single line or row breaks."""
    examples = f", for example {'; '.join(found.examples)}" if found.examples else ""
    where = _files(found.by_file)
    sentence = f"{where}: {rule.sentence}{examples}."
    return Finding(rule.name, rule.severity, sentence, found.count, where, found.examples)


def _files(by_file: Iterable[tuple[str, int]]) -> str:
    files = sorted(by_file, key=lambda file: (-file[1], file[0]))
    if not files:
        return "the delivery"
    if len(files) == 1:
        return files[0][0]
    named = ", ".join(f"{name} ({count:,})" for name, count in files[:_FILES_NAMED])
    others = len(files) - _FILES_NAMED
    return named if others <= 0 else f"{named} and {others} more file{'s'[: others != 1]}"


def absent(rule: Rule, profile: Profile) -> Finding:
    """Word the finding of a delivery that holds no line or no seller."""
    files = [file.name for file in profile.files if file.content is rule.content]
    where = ", ".join(files[:_FILES_NAMED]) or "the delivery"
    return Finding(rule.name, rule.severity, f"{where}: {rule.sentence}.", 0, where)


def differing(rule: Rule, file: FileTotals) -> Finding:
    """Word the finding of a file that is not what its manifest declares."""
    declared, read = control_totals(rule, file) or ("nothing", "nothing")
    shown = [
        f"{int(total):,}" if rule is not SHA256_DIFFERS else total for total in (declared, read)
    ]
    sentence = f"{file.name}: {rule.sentence}: it declares {shown[0]}, the file has {shown[1]}."
    return Finding(rule.name, rule.severity, sentence, 1, file.name, (declared, read))


def unusual(band: BandRule, profile: Profile) -> Finding:
    """Word the finding of a month that is unlike the months before it."""
    rule, value = band.rule, band.measure(profile)
    least, most = band.band(profile.past)
    months = ", ".join(str(month.settlement_month) for month in reversed(profile.past))
    sentence = (
        f"the delivery: {rule.sentence}: it is {value:,}, and after {months} "
        f"between {least:,} and {most:,} was expected."
    )
    return Finding(rule.name, rule.severity, sentence, 1, "the delivery", (str(value),))


def undecided(rule: Rule, problem: str) -> Finding:
    """Word the finding of a rule that could not be checked; it blocks, whatever its weight."""
    sentence = f"the rule could not be checked, so the month is blocked: {problem}"
    return Finding(rule.name, Severity.CRITICAL, sentence, 0, "the delivery")
