"""The SQL that normalizes ids and words, which files write in different forms.

An id is a text. Files may hold it as a number, or were saved by a program that treated it as one;
its forms are read as the same text, except for numbers that may have been rounded, which the rules
refuse. A word is read as the known word with the same `written.word_key`.
"""

from collections.abc import Mapping

from adapters.ingest.quoting import literal
from domain.delivery import KNOWN_WORDS
from domain.written import (
    ASCII,
    FULL_WIDTH,
    HIDDEN,
    JOINERS,
    LARGEST_EXACT,
    NOTHING,
    NUMBER_MARKS,
    UNSEEN,
    word_key,
)

_LONGEST_NOTHING = max(map(len, NOTHING))
_EXACT_DIGITS = len(str(LARGEST_EXACT))
_LARGEST_EXACT_FLOAT = 2**24 - 1  # of 32 bits
# The costly normalization runs only on texts that it may change.
_ODD_ID = (
    f"strlen({{0}}) <= {_LONGEST_NOTHING} OR strlen({{0}}) <> length({{0}}) "
    "OR contains({0}, '.') OR {0} < '!' OR ({0})[-1] < '!' OR contains({0}, chr(9))"
)

_NUMBER_MACROS = """
CREATE MACRO number_as_id(number, largest) AS CASE
  WHEN NOT isfinite(number) THEN NULL
  WHEN number = trunc(number) AND abs(number) <= largest THEN number::BIGINT::VARCHAR
  ELSE number::VARCHAR END;
CREATE MACRO decimal_as_id(number) AS CASE
  WHEN number = trunc(number) THEN trunc(number)::HUGEINT::VARCHAR ELSE number::VARCHAR END;
"""


def word(column: str, written: str) -> str:
    """Return the expression that reads a word from a column's text."""
    return f"known_{column}({written})"


def identifier_of(column: str, name: str, type_: str) -> str:
    """Return the expression that reads an id from a file's column `name` of type `type_`.

    A store's id keeps spaces and invisible characters: it has to match the snapshot, and only the
    sender can say which one is right.
    """
    if type_ in ("DOUBLE", "FLOAT"):
        largest = LARGEST_EXACT if type_ == "DOUBLE" else _LARGEST_EXACT_FLOAT
        return f"number_as_id({name}, {largest})"
    if type_.startswith("DECIMAL"):
        return f"decimal_as_id({name})"
    written = f"{name}::VARCHAR"
    macro = "store_id" if column == "seller_id" else "line_id"
    return f"CASE WHEN {_ODD_ID.format(written)} THEN {macro}({written}) ELSE {written} END"


def macros() -> str:
    """Return the SQL that defines the macros of these expressions."""
    words = (_word_macro(column, words) for column, words in KNOWN_WORDS.items())
    return "".join((_text_macros(), _id_macros(), _NUMBER_MACROS, *words))


def _text_macros() -> str:
    nothing = ", ".join(map(literal, ("", *NOTHING)))
    unseen, hidden = literal(f"[{UNSEEN}{JOINERS}]+"), literal(f"[{HIDDEN}]+")
    around = literal(f"^[{UNSEEN}]+|[{UNSEEN}]+$")
    return rf"""
-- The engine composes letters only up to a NUL.
CREATE MACRO word_key(written) AS CASE WHEN contains(written, chr(0)) THEN written
  ELSE upper(nfc_normalize(regexp_replace({_as_ascii("written")}, {unseen}, '', 'g'))) END;
CREATE MACRO without_unseen(written) AS nfc_normalize(
  regexp_replace(regexp_replace(written, {hidden}, '', 'g'), {around}, '', 'g'));
-- IN becomes a join, for which the engine computes the text of every row beforehand.
CREATE MACRO is_nothing(written) AS list_contains([{nothing}], lower(without_unseen(written)));"""


def _id_macros() -> str:
    marks, odd = literal(f"[{UNSEEN}{NUMBER_MARKS}]+"), literal(f"[{UNSEEN}{NUMBER_MARKS}.]")
    zeros = literal(rf"([0-9]{{1,{_EXACT_DIGITS}}})\.0+")
    return rf"""
CREATE MACRO bare_id(id) AS
  CASE WHEN regexp_full_match(id, '[0-9]+') THEN ltrim(id, '0') ELSE id END;
CREATE MACRO without_decimal_zeros(written) AS CASE
  WHEN regexp_full_match(written, {zeros})
   AND TRY_CAST(split_part(written, '.', 1) AS BIGINT) <= {LARGEST_EXACT}
  THEN split_part(written, '.', 1) ELSE written END;
CREATE MACRO lookalike_key(id) AS CASE
  WHEN strlen(id) = length(id) AND NOT starts_with(id, '0') AND NOT regexp_matches(id, {odd})
  THEN id
  WHEN contains(id, chr(0)) THEN id
  ELSE bare_id(regexp_replace(nfc_normalize(
    regexp_replace({_as_ascii("id")}, {marks}, '', 'g')), '([0-9])\.0+$', '\1')) END;
CREATE MACRO store_id(written) AS CASE
  WHEN is_nothing(written) THEN NULL
  WHEN contains(written, chr(0)) THEN written
  ELSE without_decimal_zeros(nfc_normalize(written)) END;
CREATE MACRO line_id(written) AS CASE
  WHEN is_nothing(written) THEN NULL
  ELSE without_decimal_zeros(without_unseen(written)) END;"""


def _as_ascii(written: str) -> str:
    """Return the expression that turns a text's full-width characters into ASCII."""
    return f"translate({written}, {literal(FULL_WIDTH)}, {literal(ASCII)})"


def _word_macro(column: str, words: Mapping[str, tuple[str, ...]]) -> str:
    """Return the SQL of the macro that maps a column's words to the known ones.

    It tries exact words first, since computing a key costs a hundred times as much. A map is
    quicker to plan than a chain of comparisons.
    """
    exact = {written: code for code, others in words.items() for written in (code, *others)}
    by_key = {word_key(written): code for written, code in exact.items()}
    commonest = literal(next(iter(words)))
    return (
        f"CREATE MACRO known_{column}(written) AS CASE WHEN written = {commonest} THEN written "
        f"ELSE coalesce({_map(exact)}[written], {_map(by_key)}[word_key(written)], "
        "CASE WHEN is_nothing(written) THEN NULL ELSE written END) END;\n"
    )


def _map(codes: Mapping[str, str]) -> str:
    entries = (f"{literal(written)}: {literal(code)}" for written, code in codes.items())
    return f"MAP {{{', '.join(entries)}}}"
