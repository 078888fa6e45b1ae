"""Queries over a delivery's rows, as Narwhals expressions that run on any engine.

Each function takes the rows as a lazy frame and returns a lazy frame or a small result. Nothing
here depends on files or on DuckDB.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any, Protocol

import narwhals as nw

from domain.columns import Column
from domain.delivery import SUMMED
from domain.profile import Violations
from domain.settlement import LINE_KEY

# The hash of a line's key, computed by the engine. Only lines with equal hashes need to be
# compared in full.
LINE_KEY_NUMBER = "line_key"

_AMOUNT = "payment_amount_krw"
AMOUNT_SUM = "amount_krw"
EXAMPLES = 3
_DIGITS_OF_A_SPREADSHEET = 15
_LONGEST_EXAMPLE = 40

Frame = nw.LazyFrame[Any]


class Check(Protocol):
    """A rule for one row, broken where `holds` is false or NULL."""

    @property
    def name(self) -> str: ...
    @property
    def refuses(self) -> bool: ...
    @property
    def shows(self) -> str: ...
    @property
    def holds(self) -> nw.Expr: ...


@dataclass(frozen=True, slots=True)
class FileCount:
    """One file's number of rows, their sum (0 for a snapshot), and violations of each rule."""

    rows: int = 0
    total: int = 0
    broken: Mapping[str, int] | None = None

    def __add__(self, other: "FileCount") -> "FileCount":
        return FileCount(self.rows + other.rows, self.total + other.total)

    @property
    def any_broken(self) -> bool:
        """Return whether any of the file's rows breaks a rule."""
        return any((self.broken or {}).values())

    def breaking(self, check: str) -> int:
        """Return how many of the file's rows break a rule."""
        return (self.broken or {}).get(check, 0)


@dataclass(frozen=True, slots=True)
class WholeTotal:
    """The number of all lines, their amount, and whether all of them satisfy every rule."""

    lines: int
    amount_krw: int
    sound: bool


def count_by_file(rows: Frame, checks: Sequence[Check]) -> dict[str, FileCount]:
    """Count each file's rows, sum its values, and count the rows that break each rule.

    One filter first tests all rules at once. Rules are counted separately, at four times the cost,
    only if not all rows pass.
    """
    sound = totals_by_file(rows.filter(*(check.holds for check in checks)))
    if sum(count.rows for count in sound.values()) == row_count(rows):
        return sound
    return broken_by_file(rows, checks)


def broken_by_file(rows: Frame, checks: Sequence[Check]) -> dict[str, FileCount]:
    """Count each file's rows, sum its values, and count for each rule the rows that break it."""
    broken_in = _broken_by_file(rows, checks)
    every = totals_by_file(rows)
    return {file: replace(count, broken=broken_in[file]) for file, count in every.items()}


def totals_by_file(rows: Frame) -> dict[str, FileCount]:
    """Count each file's rows and sum its amounts or points."""
    summed = [name for name in SUMMED.values() if name in rows.collect_schema().names()]
    total = nw.col(*summed).sum() if summed else nw.len() * 0
    counts = rows.group_by("file").agg(nw.len().alias("rows"), total.alias("total"))
    return {
        count["file"]: FileCount(int(count["rows"]), int(count["total"] or 0))
        for count in result(counts)
    }


def added_by_file(counts: Iterable[Mapping[str, FileCount]]) -> dict[str, FileCount]:
    """Add the counts by file of different rows."""
    added: dict[str, FileCount] = {}
    for name, count in (item for each in counts for item in each.items()):
        added[name] = added.get(name, FileCount()) + count
    return added


def _broken_by_file(rows: Frame, checks: Sequence[Check]) -> dict[str, dict[str, int]]:
    each = [_times(broken(check)).alias(check.name) for check in checks]
    counts = result(rows.group_by("file").agg(*each))
    return {
        count["file"]: {check.name: int(count[check.name]) for check in checks} for count in counts
    }


def totals_per_seller(lines: Frame, checks: Sequence[Check]) -> Frame:
    """Sum the lines of each seller and line type; `sound` is false if any line breaks a rule."""
    # A condition short-circuits; a product of all rules would make every comparison on every line.
    keeps = nw.when(*(check.holds for check in checks)).then(True).otherwise(False)
    order = nw.col("product_order_id")
    length = order.str.len_chars()
    ends_in_zero = order.str.ends_with("0") & (length > _DIGITS_OF_A_SPREADSHEET)
    return lines.group_by("seller_id", "line_type").agg(
        nw.len().alias("lines"),
        nw.col(_AMOUNT).sum().alias(AMOUNT_SUM),
        nw.col("confirmed_on").min().alias("first_on"),
        length.min().alias("shortest"),
        nw.when(order.str.starts_with("0")).then(length).min().alias("shortest_padded"),
        _times(ends_in_zero).alias("ending_in_zero"),
        keeps.all().alias("sound"),
    )


def whole_total(totals: Frame) -> WholeTotal:
    """Sum the totals of all sellers."""
    lines, amount, sound = nw.col("lines").sum(), nw.col(AMOUNT_SUM).sum(), nw.col("sound").all()
    [whole] = result(totals.select(lines, amount, sound))
    return WholeTotal(int(whole["lines"]), int(whole[AMOUNT_SUM]), bool(whole["sound"]))


def added_up(totals: Sequence[Frame]) -> Frame:
    """Add up totals per seller and line type."""
    return (
        nw.concat(list(totals))
        .group_by("seller_id", "line_type")
        .agg(
            nw.col("lines").sum(),
            nw.col(AMOUNT_SUM).sum(),
            nw.col("first_on").min(),
            nw.col("shortest", "shortest_padded").min(),
            nw.col("ending_in_zero").sum(),
            nw.col("sound").all(),
        )
    )


def repeated_keys(lines: Frame, numbers: Frame) -> Frame:
    """Find the keys that more than one line has, among lines with repeated key numbers.

    Keys with a missing part are left out: those lines are refused anyway.
    """
    whole = [~nw.col(part).is_null() for part in LINE_KEY] + [nw.col(LINE_KEY[0]) != ""]
    copies = (
        lines.join(numbers, on=LINE_KEY_NUMBER, how="semi")
        .filter(*whole)
        .group_by(*LINE_KEY)
        .agg(nw.len().alias("copies"))
    )
    return copies.filter(nw.col("copies") > 1).select(*LINE_KEY)


def refused_rows(
    rows: Frame,
    columns: Iterable[Column],
    checks: Sequence[Check],
    keys: Mapping[str, Frame],
) -> Frame:
    """Find the rows to refuse, with the names of all rules that each broke, joined by `;`.

    `keys` holds the keys of the rows that break rules over the whole delivery. Only canonical
    columns are returned, so that other data in a file, such as a purchaser's name, is dropped.
    """
    every = {check.name: broken(check) for check in checks}
    refusing = [every[check.name] for check in checks if check.refuses]
    for rule, found in keys.items():
        on = found.collect_schema().names()
        rows = rows.join(found.with_columns(nw.lit(value=True).alias(rule)), on=on, how="left")
        every[rule] = ~nw.col(rule).is_null()
        refusing.append(every[rule])
    names = [nw.when(breaks).then(nw.lit(name)) for name, breaks in every.items()]
    rules = nw.concat_str(names, separator=";", ignore_nulls=True)
    columns = tuple(columns)
    refused = rows.filter(reduce(or_, refusing))
    return refused.select(
        "file", "row", *canonical(columns), *unreadable(columns), rules.alias("rules")
    )


def examples(rows: Frame, shows: str) -> tuple[str, ...]:
    """Return a few rows, in the order of files and rows, with the value of the column `shows`.

    A value that could not be read is shown as it was written.
    """
    written = f"{shows}_unreadable"
    read_or_not = [shows, written] if written in rows.collect_schema().names() else [shows]
    shown = nw.coalesce(*(nw.col(column).cast(nw.String) for column in read_or_not))
    found = rows.select("file", "row", shown.alias("shown"))
    return tuple(_example(row) for row in result(found.sort("file", "row").head(EXAMPLES)))


def violations(rule: str, rows: Frame, shows: str) -> Violations:
    """Return the violations of a rule by the given rows."""
    counts = result(rows.group_by("file").agg(nw.len().alias("rows")).sort("file"))
    by_file = tuple((count["file"], int(count["rows"])) for count in counts)
    shown = examples(rows, shows) if by_file else ()
    return Violations(rule, sum(count for _, count in by_file), by_file, shown)


def broken(check: Check) -> nw.Expr:
    """True where a row breaks the rule; never NULL."""
    return ~check.holds.fill_null(False)


def row_count(rows: Frame) -> int:
    """Count rows."""
    return int(result(rows.select(nw.len().alias("rows")))[0]["rows"])


def canonical(columns: Iterable[Column]) -> list[str]:
    """Return the names of columns."""
    return [column.name for column in columns]


def unreadable(columns: Iterable[Column]) -> list[str]:
    """Return the names of the columns' `_unreadable` companions."""
    return [column.unreadable for column in columns if not column.kind.is_text]


def result(frame: Frame) -> list[dict[str, Any]]:
    """Fetch a small frame's rows."""
    return frame.collect("pyarrow").rows(named=True)


def _times(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).sum()


def _example(row: Mapping[str, Any]) -> str:
    place = f"{row['file']} row {row['row']}"
    shown = row["shown"]
    if not shown:
        return place
    return f"{place} ({shortened(shown)!r})"


def shortened(shown: str) -> str:
    """Cut a value that is too long for an example."""
    return shown if len(shown) <= _LONGEST_EXAMPLE else f"{shown[:_LONGEST_EXAMPLE]}…"
