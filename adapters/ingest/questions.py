"""The questions that one delivery is asked, as Narwhals expressions over whatever engine holds it.

Each function takes the rows as a lazy frame and gives a lazy frame, or a result small enough to
hold: nothing in here knows a file, a folder or DuckDB.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any, Protocol

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from domain.profile import UnknownWord, Violations
from domain.settlement import LINE_KEY, Column
from domain.written import visible

# A line's key as one number, computed by the engine that reads the lines: equal keys have equal
# numbers, so only lines whose numbers are equal need to be compared in full.
LINE_KEY_NUMBER = "line_key"

_AMOUNT = "payment_amount_krw"
_AMOUNT_SUM = "amount_krw"
_EXAMPLES = 3
_WORDS = 1_000
_DIGITS_OF_A_SPREADSHEET = 15
_LINES_TO_TELL = 20  # of so many honest ids, half end in 0 once in 140,000 stores
_LONGEST_EXAMPLE = 40

Frame = nw.LazyFrame[Any]


class Check(Protocol):
    """A rule for one row: where it holds, whether breaking it refuses the row, what to show of it.

    It is broken wherever `holds` is not true, NULL included.
    """

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
    """One file's rows, their amount (0 for a snapshot), and how many break each rule."""

    rows: int = 0
    amount_krw: int = 0
    broken: Mapping[str, int] | None = None

    def __add__(self, other: "FileCount") -> "FileCount":
        return FileCount(self.rows + other.rows, self.amount_krw + other.amount_krw)

    def breaking(self, check: str) -> int:
        """Say how many of the file's rows break a rule."""
        return (self.broken or {}).get(check, 0)


@dataclass(frozen=True, slots=True)
class WholeTotal:
    """All lines together: how many, their amount, whether all of them keep every rule."""

    lines: int
    amount_krw: int
    sound: bool


def count_by_file(rows: Frame, checks: Sequence[Check]) -> dict[str, FileCount]:
    """Count each file's rows, sum its amount, and count the rows that break each rule.

    Every rule is tried on every row, as one filter, which stops at a row's first decisive
    comparison. Only if not all rows pass is each rule counted by itself, which costs four times
    as much.
    """
    sound = totals_by_file(rows.filter(*(check.holds for check in checks)))
    if sum(count.rows for count in sound.values()) == row_count(rows):
        return sound
    return broken_by_file(rows, checks)


def broken_by_file(rows: Frame, checks: Sequence[Check]) -> dict[str, FileCount]:
    """Count each file's rows, sum its amount, and count for each rule the rows that break it."""
    broken_in = _broken_by_file(rows, checks)
    every = totals_by_file(rows)
    return {file: replace(count, broken=broken_in[file]) for file, count in every.items()}


def totals_by_file(rows: Frame) -> dict[str, FileCount]:
    """Count each file's rows and sum its amount."""
    amount = nw.col(_AMOUNT).sum() if _AMOUNT in rows.collect_schema().names() else nw.len() * 0
    totals = rows.group_by("file").agg(nw.len().alias("rows"), amount.alias("amount_krw"))
    return {
        total["file"]: FileCount(int(total["rows"]), int(total["amount_krw"] or 0))
        for total in result(totals)
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
    """Sum the lines of each seller and line type: the month as it will be decided on.

    `sound` is false where any line breaks any rule.
    """
    # A condition stops at a line's first decisive comparison; a mere product of all the rules
    # makes every comparison on every line.
    keeps = nw.when(*(check.holds for check in checks)).then(True).otherwise(False)
    order = nw.col("product_order_id")
    length = order.str.len_chars()
    ends_in_zero = order.str.ends_with("0") & (length > _DIGITS_OF_A_SPREADSHEET)
    return lines.group_by("seller_id", "line_type").agg(
        nw.len().alias("lines"),
        nw.col(_AMOUNT).sum().alias(_AMOUNT_SUM),
        nw.col("confirmed_on").min().alias("first_on"),
        length.min().alias("shortest"),
        nw.when(order.str.starts_with("0")).then(length).min().alias("shortest_padded"),
        _times(ends_in_zero).alias("ending_in_zero"),
        keeps.all().alias("sound"),
    )


def whole_total(totals: Frame) -> WholeTotal:
    """Sum the totals of all sellers."""
    lines, amount, sound = nw.col("lines").sum(), nw.col(_AMOUNT_SUM).sum(), nw.col("sound").all()
    [whole] = result(totals.select(lines, amount, sound))
    return WholeTotal(int(whole["lines"]), int(whole[_AMOUNT_SUM]), bool(whole["sound"]))


def added_up(totals: Sequence[Frame]) -> Frame:
    """Add totals per seller and line type of different lines."""
    return (
        nw.concat(list(totals))
        .group_by("seller_id", "line_type")
        .agg(
            nw.col("lines").sum(),
            nw.col(_AMOUNT_SUM).sum(),
            nw.col("first_on").min(),
            nw.col("shortest", "shortest_padded").min(),
            nw.col("ending_in_zero").sum(),
            nw.col("sound").all(),
        )
    )


def key_numbers(lines: Frame) -> NDArray[np.uint64]:
    """Fetch the key number of each line."""
    column = lines.select(LINE_KEY_NUMBER).collect("pyarrow").get_column(LINE_KEY_NUMBER)
    return column.to_numpy()


def repeated(numbers: list[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Find the numbers that are there more than once.

    All are held here, 8 bytes a line: to sort them costs half of what an engine takes to group
    them, and less memory. What is given is used up.
    """
    every = np.concatenate([np.empty(0, np.uint64), *numbers])
    numbers.clear()
    every.sort()
    return np.unique(every[1:][every[1:] == every[:-1]])


def repeated_keys(lines: Frame, numbers: Frame) -> Frame:
    """Find the keys that more than one line has, among lines whose key number is repeated.

    Keys with a missing part are left out: those lines are refused for that already.
    """
    whole = [~nw.col(part).is_null() for part in LINE_KEY] + [nw.col(LINE_KEY[0]) != ""]
    copies = (
        lines.join(numbers, on=LINE_KEY_NUMBER, how="semi")
        .filter(*whole)
        .group_by(*LINE_KEY)
        .agg(nw.len().alias("copies"))
    )
    return copies.filter(nw.col("copies") > 1).select(*LINE_KEY)


def stores(sellers: Frame) -> Frame:
    """Find each seller_id in the snapshot once, with how often it is there."""
    named = sellers.filter(nw.col("seller_id") != "")
    return named.group_by("seller_id").agg(nw.col("approved_on").min(), nw.len().alias("rows"))


def repeated_sellers(stores: Frame) -> Frame:
    """Find the sellers that are in the snapshot more than once."""
    return stores.filter(nw.col("rows") > 1).select("seller_id")


def selling(totals: Frame, stores: Frame) -> Frame:
    """Sum the lines of each seller that has a name, beside its store's approval.

    A seller that is not in the snapshot has no `rows`.
    """
    named = totals.filter(nw.col("seller_id") != "")
    sums = named.group_by("seller_id").agg(nw.col(_AMOUNT_SUM).sum(), nw.col("first_on").min())
    return sums.join(stores, on="seller_id", how="left")


def unknown_sellers(selling: Frame) -> Frame:
    """Find the sellers that have lines but are not in the snapshot."""
    return selling.filter(nw.col("rows").is_null()).select("seller_id")


def negative_sellers(selling: Frame) -> Frame:
    """Find the sellers whose lines of all types together are below zero, and by how much."""
    return selling.filter(nw.col(_AMOUNT_SUM) < 0)


def early_sellers(selling: Frame) -> Frame:
    """Find the sellers with a line from before their approval, and that line's date."""
    return selling.filter(nw.col("first_on") < nw.col("approved_on"))


def sellers_without_zeros(totals: Frame) -> Frame:
    """Find the sellers that have ids with leading zeros, and shorter ones of the same line type."""
    shorter = nw.col("shortest") < nw.col("shortest_padded")
    return totals.filter(shorter).select("seller_id").unique()


def rounded_sellers(totals: Frame) -> Frame:
    """Find the sellers half of whose ids, or more, have more than 15 digits and end in 0.

    A tenth of ids as they are given out does; a spreadsheet keeps 15 digits and adds zeros.
    """
    rounded = 2 * nw.col("ending_in_zero") >= nw.col("lines")
    return totals.filter(nw.col("lines") >= _LINES_TO_TELL, rounded).select("seller_id").unique()


def counts_nothing(rows: Frame, column: str, counted: str, known: Sequence[str]) -> bool:
    """Say whether known values stand in a column, and never the one that counts."""
    values = rows.filter(nw.col(column).is_in(known)).select(column).unique()
    found = {row[column] for row in result(values)}
    return bool(found) and counted not in found


def unknown_words(rows: Frame, check: Check) -> tuple[UnknownWord, ...]:
    """List the words of the column `check.shows` that break the check, largest amount first."""
    column, has_amount = check.shows, _AMOUNT in rows.collect_schema().names()
    amount = nw.col(_AMOUNT).sum() if has_amount else nw.len() * 0
    words = (
        rows.filter(broken(check)).group_by(column).agg(nw.len().alias("rows"), amount.alias("sum"))
    )
    found = [
        UnknownWord(
            column, row[column], int(row["rows"]), int(row["sum"] or 0) if has_amount else None
        )
        for row in result(words)
    ]
    found.sort(key=lambda word: (-abs(word.amount_krw or 0), -word.rows, word.word))
    return tuple(found[:_WORDS])


def seller_violations(rule: str, sellers: Frame) -> Violations:
    """Count sellers that are known to break a rule, and name a few of them."""
    count = row_count(sellers)
    few = result(sellers.select("seller_id").sort("seller_id").head(_EXAMPLES)) if count else []
    return Violations(
        rule, count, (), tuple(visible(_shortened(row["seller_id"] or "")) for row in few)
    )


def refused_rows(
    rows: Frame,
    columns: Iterable[Column],
    checks: Sequence[Check],
    keys: Mapping[str, Frame],
) -> Frame:
    """Find the rows that any refusing rule refuses, with all the rules that each broke.

    `keys` holds for rules over all rows the keys of those that break them. `rules` of the result
    holds the rules' names joined with `;`. Of the columns only the canonical ones remain:
    whatever else a file holds, such as a purchaser's name, goes no further.
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
    """Name a few rows, first file and row first, each with its value in the column `shows`.

    A value that could not be read is shown as it was written.
    """
    written = f"{shows}_unreadable"
    read_or_not = [shows, written] if written in rows.collect_schema().names() else [shows]
    shown = nw.coalesce(*(nw.col(column).cast(nw.String) for column in read_or_not))
    found = rows.select("file", "row", shown.alias("shown"))
    return tuple(_example(row) for row in result(found.sort("file", "row").head(_EXAMPLES)))


def violations(rule: str, rows: Frame, shows: str) -> Violations:
    """Count rows that are known to break a rule, file by file, and name a few of them."""
    counts = result(rows.group_by("file").agg(nw.len().alias("rows")).sort("file"))
    by_file = tuple((count["file"], int(count["rows"])) for count in counts)
    shown = examples(rows, shows) if by_file else ()
    return Violations(rule, sum(count for _, count in by_file), by_file, shown)


def broken(check: Check) -> nw.Expr:
    """Be true where a row breaks the rule; never NULL."""
    return ~check.holds.fill_null(False)


def row_count(rows: Frame) -> int:
    """Count rows."""
    return int(result(rows.select(nw.len().alias("rows")))[0]["rows"])


def canonical(columns: Iterable[Column]) -> list[str]:
    """List the names of columns."""
    return [column.name for column in columns]


def unreadable(columns: Iterable[Column]) -> list[str]:
    """List the columns that hold values as written where they could not be read."""
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
    return f"{place} ({_shortened(shown)!r})"


def _shortened(shown: str) -> str:
    return shown if len(shown) <= _LONGEST_EXAMPLE else f"{shown[:_LONGEST_EXAMPLE]}…"
