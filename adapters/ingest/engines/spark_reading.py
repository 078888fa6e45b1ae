"""Settlement lines in Parquet as a cluster reads them: the same canonical columns as `reading_sql`.

Only columns that are already typed are read. Ids are normalized as by the macros of
`written_values`, with character classes and ends spelled out, since engines differ in `\\s` and
`$`. A cluster composes no letters: a line with an id that composing may change has `UNJUDGED` as
its seller.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from adapters.ingest.file_layout import SourceColumn
from domain.columns import Column, Kind
from domain.written import HIDDEN, LARGEST_EXACT, NOTHING, UNSEEN

if TYPE_CHECKING:
    from pyspark.sql import Column as SparkColumn

UNJUDGED: Final = "\0unjudged\0"
_INTEGERS: Final = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT"})
_TEXT: Final = frozenset({"VARCHAR"})
READ_TYPES: Final = {
    Kind.ID: _TEXT | _INTEGERS,
    Kind.WORD: _TEXT,
    Kind.WHOLE: _INTEGERS,
    Kind.DATE: frozenset({"DATE"}),
}
"""The types of a file's columns that a cluster reads as the embedded engine does."""

STABLE: Final = (
    "\\x00-\u02ff\u1680\u2002-\u20cf\u3000-\u3029\u3041-\u3096\u30a1-\u30fa\u3131-\u318e"
    "\u4e00-\u9fff\uac00-\ud7a3\ufeff-\uffef"
)
"""Characters that composing letters never changes, whatever is beside them."""

_LONGEST_NOTHING: Final = max(map(len, NOTHING))
_EXACT_DIGITS: Final = len(str(LARGEST_EXACT))

Words = Mapping[str, Mapping[str, str | None]]
"""The words of each column that are read as another word, or as missing."""


def canonical_columns(
    columns: tuple[SourceColumn, ...], seller: str, words: Words
) -> "list[SparkColumn]":
    """Return the canonical columns of a file that belongs to `seller` if it has no such column."""
    from pyspark.sql import functions as f

    read = {each.column.name: _read(each, words) for each in columns if each.name is not None}
    read.setdefault("seller_id", f.lit(seller))
    read["order_id"] = f.lit(None).cast("string")  # no rule asks for it
    ids = (read["seller_id"], read["product_order_id"])
    unjudged = _may_compose(ids[0]) | _may_compose(ids[1])
    read["seller_id"] = f.when(unjudged, f.lit(UNJUDGED)).otherwise(ids[0])
    named = [read[each.column.name].alias(each.column.name) for each in columns]
    untold = [f.lit(None).cast("string").alias(each) for each in _unreadable(columns)]
    return [*named, *untold]


def written(source: SourceColumn) -> "SparkColumn":
    """Return a file's column as it is."""
    from pyspark.sql import functions as f

    return f.col("`" + str(source.name).replace("`", "``") + "`")


def _unreadable(columns: tuple[SourceColumn, ...]) -> list[str]:
    return [each.column.unreadable for each in columns if not each.column.kind.is_text]


def _read(source: SourceColumn, words: Words) -> "SparkColumn":
    value, column = written(source), source.column
    if column.kind is Kind.WORD:
        return _word(value, words[column.name])
    if column.kind is Kind.ID:
        return _id(value.cast("string"), column)
    # Sums of 64 bits wrap around on some clusters.
    return value.cast("decimal(38,0)") if column.kind is Kind.WHOLE else value


def _word(value: "SparkColumn", others: Mapping[str, str | None]) -> "SparkColumn":
    from pyspark.sql import functions as f

    read = value
    for word, known in others.items():
        read = f.when(value == f.lit(word), f.lit(known).cast("string")).otherwise(read)
    return read


def _id(value: "SparkColumn", column: Column) -> "SparkColumn":
    from pyspark.sql import functions as f

    seen = _without_unseen(value)
    nothing = f.lower(seen).isin(["", *NOTHING])
    if column.name == "seller_id":
        kept = f.when(value.contains("\0"), value).otherwise(_without_decimal_zeros(value))
    else:
        kept = _without_decimal_zeros(seen)
    normal = f.when(nothing, f.lit(None).cast("string")).otherwise(kept)
    return f.when(_is_odd(value), normal).otherwise(value)


def _is_odd(value: "SparkColumn") -> "SparkColumn":
    """True for the texts that normalizing may change; it costs too much for every line."""
    from pyspark.sql import functions as f

    short = f.octet_length(value) <= _LONGEST_NOTHING
    dotted = value.contains(".") | value.contains("\t")
    spaced = (value < f.lit("!")) | (f.substring(value, -1, 1) < f.lit("!"))
    return short | _beyond_ascii(value) | dotted | spaced


def _beyond_ascii(value: "SparkColumn") -> "SparkColumn":
    from pyspark.sql import functions as f

    return f.octet_length(value) != f.char_length(value)


def _may_compose(value: "SparkColumn") -> "SparkColumn":
    from pyspark.sql import functions as f

    return f.coalesce(_beyond_ascii(value) & value.rlike(f"[^{STABLE}]"), f.lit(False))


def _without_unseen(value: "SparkColumn") -> "SparkColumn":
    from pyspark.sql import functions as f

    without = f.regexp_replace(value, f"[{HIDDEN}]+", "")
    return f.regexp_replace(without, rf"\A[{UNSEEN}]+|[{UNSEEN}]+\z", "")


def _without_decimal_zeros(value: "SparkColumn") -> "SparkColumn":
    from pyspark.sql import functions as f

    whole = f.substring_index(value, ".", 1)
    exact = f.lpad(whole, _EXACT_DIGITS, "0") <= f.lit(str(LARGEST_EXACT))
    zeros = value.rlike(rf"\A[0-9]{{1,{_EXACT_DIGITS}}}\.0+\z")
    return f.when(zeros & exact, whole).otherwise(value)
