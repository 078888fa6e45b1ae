"""Settlement lines in Parquet as a cluster reads them: the same canonical columns as `reading_sql`.

Amounts are read from numbers, and words and dates that are texts as the embedded engine reads
each of them. Ids are normalized as by the macros of `written_values`, with character classes and
ends spelled out, since engines differ in `\\s` and `$`. A cluster composes no letters: a line with
an id that composing may change has `UNJUDGED` as its seller.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final, cast

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql.connect import functions as f

from adapters.ingest.file_layout import SourceColumn
from domain.columns import Column, Kind
from domain.settlement import LINE_COLUMNS
from domain.written import HIDDEN, LARGEST_EXACT, NOTHING, UNSEEN

UNJUDGED: Final = "\0unjudged\0"
STATED: Final = "stated_seller"
_NEVER_ASKED_FOR: Final = "order_id"  # by any rule
_TEXT: Final = "VARCHAR"
_INSTANT: Final = "TIMESTAMP"
_DECIMAL: Final = "DECIMAL"
_INTEGERS: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
READ_TYPES: Final = {
    Kind.ID: (_TEXT, *_INTEGERS, "DECIMAL(*,0)"),
    Kind.WORD: (_TEXT,),
    Kind.WHOLE: (*_INTEGERS, "DECIMAL(*,0)", "DECIMAL(*,1)", "DECIMAL(*,2)"),
    Kind.DATE: ("DATE", _INSTANT, _TEXT),
}
"""The types of a file's columns that a cluster reads as the embedded engine does, as patterns."""

STABLE: Final = (
    "\\x00-\u02ff\u1680\u2002-\u20cf\u3000-\u3029\u3041-\u3096\u30a1-\u30fa\u3131-\u318e"
    "\u4e00-\u9fff\uac00-\ud7a3\ufeff-\uffef"
)
"""Characters that composing letters never changes, whatever is beside them."""

_LONGEST_NOTHING: Final = max(map(len, NOTHING))
_EXACT_DIGITS: Final = len(str(LARGEST_EXACT))

_LEAST, _MOST = -(2**63), 2**63 - 1  # that the embedded engine reads


@dataclass(frozen=True, slots=True)
class Texts:
    """How the embedded engine reads the texts of a delivery.

    `words` has those of each column that are read as another word, or as missing; `dates` all that
    can be read, or are missing.
    """

    words: Mapping[str, Mapping[str, str | None]]
    dates: Mapping[str, str | None]


def is_read(source: SourceColumn) -> bool:
    """Return whether a cluster reads a file's column as the embedded engine does."""
    return source.name is None or any(
        fnmatchcase(str(source.type), each) for each in READ_TYPES[source.column.kind]
    )


def is_looked_up(source: SourceColumn) -> bool:
    """Return whether the embedded engine says how a column's texts are read."""
    return source.type == _TEXT and source.column.kind in (Kind.WORD, Kind.DATE)


def written_columns(columns: tuple[SourceColumn, ...], seller: str) -> list[SparkColumn]:
    """Return a file's columns under canonical names, as they are written.

    `seller` is what the file's folder states, used if the file has no such column. The companion
    `_unreadable` of a date that is a text has that text.
    """
    stated = f.lit(seller if columns[0].name is None else None).cast("string")
    named = [
        column.alias(name)
        for each in columns
        if each.column.name != _NEVER_ASKED_FOR
        for name, column in _written_column(each).items()
    ]
    return [*named, stated.alias(STATED)]


def _written_column(source: SourceColumn) -> dict[str, SparkColumn]:
    column, nothing = source.column, f.lit(None)
    value = nothing if source.name is None else written(source)
    if column.kind.is_text:
        return {column.name: value.cast("string")}
    # Sums of 64 bits wrap around on some clusters.
    read = value.cast("decimal(38,0)" if column.kind is Kind.WHOLE else "date")
    type_ = str(source.type)
    if type_ == _TEXT:
        return {column.name: nothing.cast("date"), column.unreadable: value}
    if type_.startswith(_DECIMAL):
        # Compared as numbers, 1.5 is 2 where a common type has no room for decimals.
        whole = value.cast("string").rlike(r"\A-?[0-9]+(\.0+)?\z")
        sound = whole & read.between(f.lit(_LEAST), f.lit(_MOST))
    elif type_ == _INSTANT:
        sound = f.date_trunc("day", value) == value
    else:
        return {column.name: read, column.unreadable: nothing.cast("string")}
    unreadable = f.when(~sound, value.cast("string"))
    return {column.name: f.when(sound, read), column.unreadable: unreadable}


def canonical_columns(texts: Texts) -> list[SparkColumn]:
    """Return the canonical columns of lines whose columns are as they were written."""
    seller = f.coalesce(f.col(STATED), _id("seller_id"))
    order = _id("product_order_id")
    unjudged = _may_compose(seller) | _may_compose(order)
    read = {
        "seller_id": f.when(unjudged, f.lit(UNJUDGED)).otherwise(seller),
        "product_order_id": order,
        **{name: _word(f.col(name), others) for name, others in texts.words.items()},
    }
    for each in LINE_COLUMNS:
        if each.kind is Kind.WHOLE:
            read |= {name: f.col(name) for name in (each.name, each.unreadable)}
        elif each.kind is Kind.DATE:
            read |= _date(each, texts.dates)
    return [column.alias(name) for name, column in read.items()]


def united(frames: Sequence[DataFrame]) -> DataFrame:
    """Unite frames by halves, since servers limit how deep a question may be."""
    half = len(frames) // 2
    return united(frames[:half]).union(united(frames[half:])) if half else frames[0]


def written(source: SourceColumn) -> SparkColumn:
    """Return a file's column as it is."""
    return column_named(str(source.name))


def column_named(name: str) -> SparkColumn:
    """Return the column of a name, whatever characters it has."""
    return f.col("`" + name.replace("`", "``") + "`")


def _date(column: Column, dates: Mapping[str, str | None]) -> dict[str, SparkColumn]:
    read: Any = f
    value, text = f.col(column.name), f.col(column.unreadable)
    for each, day in dates.items():
        read = read.when(text == f.lit(each), f.lit(day).cast("date"))
    if not dates:
        return {column.name: value, column.unreadable: text}
    unread = f.when(~text.isin([*dates]), text)
    return {column.name: read.otherwise(value), column.unreadable: unread}


def _word(value: SparkColumn, others: Mapping[str, str | None]) -> SparkColumn:
    read: Any = f
    for word, known in others.items():
        read = read.when(value == f.lit(word), f.lit(known).cast("string"))
    return cast("SparkColumn", read.otherwise(value)) if others else value


def _id(name: str) -> SparkColumn:
    value = f.col(name)
    seen = _without_unseen(value)
    nothing = f.lower(seen).isin(["", *NOTHING])
    if name == "seller_id":
        kept = f.when(value.contains("\0"), value).otherwise(_without_decimal_zeros(value))
    else:
        kept = _without_decimal_zeros(seen)
    normal = f.when(nothing, f.lit(None).cast("string")).otherwise(kept)
    return f.when(_is_odd(value), normal).otherwise(value)


def _is_odd(value: SparkColumn) -> SparkColumn:
    """True for the texts that normalizing may change; it costs too much for every line."""
    short = f.octet_length(value) <= _LONGEST_NOTHING
    dotted = value.contains(".") | value.contains("\t")
    spaced = (value < f.lit("!")) | (f.substring(value, -1, 1) < f.lit("!"))
    return short | _beyond_ascii(value) | dotted | spaced


def _beyond_ascii(value: SparkColumn) -> SparkColumn:
    return f.octet_length(value) != f.char_length(value)


def _may_compose(value: SparkColumn) -> SparkColumn:
    return f.coalesce(_beyond_ascii(value) & value.rlike(f"[^{STABLE}]"), f.lit(False))


def _without_unseen(value: SparkColumn) -> SparkColumn:
    without = f.regexp_replace(value, f"[{HIDDEN}]+", "")
    return f.regexp_replace(without, rf"\A[{UNSEEN}]+|[{UNSEEN}]+\z", "")


def _without_decimal_zeros(value: SparkColumn) -> SparkColumn:
    whole = f.substring_index(value, ".", 1)
    exact = f.lpad(whole, _EXACT_DIGITS, "0") <= f.lit(str(LARGEST_EXACT))
    zeros = value.rlike(rf"\A[0-9]{{1,{_EXACT_DIGITS}}}\.0+\z")
    return f.when(zeros & exact, whole).otherwise(value)
