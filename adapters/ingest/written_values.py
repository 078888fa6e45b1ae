"""How the engine reads ids and words: the same value in whatever way a file writes it.

An id is a text. Files that hold it as a number, or were saved by a program that took it for one,
write it otherwise; the same id becomes the same text, and a number that may have been another one
stays as it is written, for the rules to refuse. A word is taken for the known word that it
resembles but for what `written.word_key` leaves out.
"""

from collections.abc import Mapping

from adapters.ingest.quoting import literal
from domain.settlement import KNOWN_WORDS
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
_LARGEST_EXACT_FLOAT = 2**24 - 1  # a number of 32 bits

# What costs more than a look at a text is done only where it may change it.
_ODD_ID = (
    f"strlen({{0}}) <= {_LONGEST_NOTHING} OR strlen({{0}}) <> length({{0}}) "
    "OR contains({0}, '.') OR {0} < '!' OR ({0})[-1] < '!' OR contains({0}, chr(9))"
)


def word(column: str, written: str) -> str:
    """Give the expression for a word, of a column's text."""
    return f"known_{column}({written})"


def identifier_of(column: str, name: str, type_: str) -> str:
    """Give the expression for an id, of the engine's name and type for a column of a file.

    A store's id keeps the spaces around it and what is invisible in it: it is compared with a
    snapshot, and who wrote either has to say which one is meant.
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
    """Define what the expressions of this module call, as the engine's SQL."""
    nothing = ", ".join(map(literal, ("", *NOTHING)))
    unseen, hidden = literal(f"[{UNSEEN}{JOINERS}]+"), literal(f"[{HIDDEN}]+")
    marks, odd = literal(f"[{UNSEEN}{NUMBER_MARKS}]+"), literal(f"[{UNSEEN}{NUMBER_MARKS}.]")
    around = literal(f"^[{UNSEEN}]+|[{UNSEEN}]+$")
    full_width, ascii_ = literal(FULL_WIDTH), literal(ASCII)
    zeros = literal(rf"([0-9]{{1,{_EXACT_DIGITS}}})\.0+")
    return rf"""
-- The engine composes letters only up to a NUL.
CREATE MACRO word_key(written) AS CASE WHEN contains(written, chr(0)) THEN written
  ELSE upper(nfc_normalize(regexp_replace(
    translate(written, {full_width}, {ascii_}), {unseen}, '', 'g'))) END;
CREATE MACRO without_unseen(written) AS nfc_normalize(
  regexp_replace(regexp_replace(written, {hidden}, '', 'g'), {around}, '', 'g'));
-- IN becomes a join, for which the engine computes the text of every row beforehand.
CREATE MACRO is_nothing(written) AS list_contains([{nothing}], lower(without_unseen(written)));
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
  ELSE bare_id(regexp_replace(nfc_normalize(regexp_replace(
    translate(id, {full_width}, {ascii_}), {marks}, '', 'g')), '([0-9])\.0+$', '\1')) END;
CREATE MACRO store_id(written) AS CASE
  WHEN is_nothing(written) THEN NULL
  WHEN contains(written, chr(0)) THEN written
  ELSE without_decimal_zeros(nfc_normalize(written)) END;
CREATE MACRO line_id(written) AS CASE
  WHEN is_nothing(written) THEN NULL
  ELSE without_decimal_zeros(without_unseen(written)) END;
CREATE MACRO number_as_id(number, largest) AS CASE
  WHEN NOT isfinite(number) THEN NULL
  WHEN number = trunc(number) AND abs(number) <= largest THEN number::BIGINT::VARCHAR
  ELSE number::VARCHAR END;
CREATE MACRO decimal_as_id(number) AS CASE
  WHEN number = trunc(number) THEN trunc(number)::HUGEINT::VARCHAR ELSE number::VARCHAR END;
{"".join(_word_macro(column, words) for column, words in KNOWN_WORDS.items())}"""


def _word_macro(column: str, words: Mapping[str, tuple[str, ...]]) -> str:
    """Define the macro that takes a column's words for the known ones.

    Words exactly as documented come first: to compute a key costs a hundred times as much. Looked
    up and not compared one by one, since the engine plans the expression anew wherever it is used.
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
