"""Invisible characters in texts, and keys that compare texts without them.

Character classes are spelled out, since engines disagree on `\\s` and on Unicode classes.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final

_CONTROLS: Final = r"\x00-\x1f\x7f-\x9f"
_SPACES: Final = " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
)

UNSEEN: Final = _CONTROLS + _SPACES + _INVISIBLE
"""White space and invisible characters, for use inside a regular expression's brackets."""

HIDDEN: Final = _CONTROLS + _INVISIBLE
"""Characters that are never part of an id: `UNSEEN` without the spaces."""

FULL_WIDTH: Final = "".join(map(chr, range(0xFF01, 0xFF5F)))
"""The full-width forms of printable ASCII characters."""

ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))
"""The ASCII characters of `FULL_WIDTH`, in the same order."""

JOINERS: Final = "_.-"
"""Characters that join the words of a code, for use inside a regular expression's brackets."""

NUMBER_MARKS: Final = "+,'\"="
"""Characters that spreadsheets add to ids, as numbers or to keep them from becoming numbers."""

NOTHING: Final = ("null", "none", "nan", "nat", "<na>", "\\n")
"""How programs write a missing value as text, in lower case."""

LARGEST_EXACT: Final = 2**53 - 1
"""The largest whole number up to which doubles are exact; larger ids may change."""

FORMULA: Final = r"^(\s*[=+@＝＋－＠-]|[\t\r\n])"
"""The start of a text that spreadsheets take for a formula, for Python and the database alike."""

_FORMULA = re.compile(FORMULA)
_UNSEEN_OR_JOINER = re.compile(f"[{UNSEEN}{JOINERS}]+")
_ODD = re.compile(f"^[{_SPACES}]|[{_SPACES}]$|[{HIDDEN}]|[{_SPACES[1:]}]")
_LOOKS_ALIKE = re.compile(f"[{UNSEEN}{NUMBER_MARKS}]+")
_DECIMAL_ZEROS = re.compile(r"(?<=[0-9])\.0+$")
_FULL_WIDTH_TO_ASCII = str.maketrans(FULL_WIDTH, ASCII)


def word_key(written: str) -> str:
    """Return the key by which words are compared.

    It ignores spaces, invisible characters, joiners, case, full-width and decomposed letters:
    `prod-order`, `PROD_ORDER\\u200b` and `Prod Order` have one key. A word with a NUL is damaged
    and is its own key.
    """
    if "\0" in written:
        return written
    bare = _UNSEEN_OR_JOINER.sub("", written.translate(_FULL_WIDTH_TO_ASCII))
    return unicodedata.normalize("NFC", bare).upper()


def lookalike_key(identifier: str) -> str:
    """Return the part of an id that survives spreadsheets and data frames.

    Different ids with one key are probably one id that a program rewrote: `00510002`, `510002`,
    `510002.0`, and ids with spaces around them or invisible characters in them.
    """
    if "\0" in identifier:
        return identifier
    seen = _LOOKS_ALIKE.sub("", identifier.translate(_FULL_WIDTH_TO_ASCII))
    bare = _DECIMAL_ZEROS.sub("", unicodedata.normalize("NFC", seen))
    return bare.lstrip("0") if bare.isdecimal() else bare


def rewritten_forms(identifier: str, lengths: Iterable[int]) -> set[str]:
    """Return other forms of an id of digits: without leading zeros, or padded to a length."""
    key = lookalike_key(identifier)
    if not key.isdecimal():
        return set()
    return {key, *(key.zfill(length) for length in lengths)} - {identifier}


def legible(text: str, escape: Callable[[str], str] = ascii) -> str:
    """Return the text with control, direction and other unprintable characters escaped.

    Spaces and line feeds stay. `escape` returns an escaped character in quotes. Texts pass through
    here wherever they are shown, so that none from a file, a form or the database moves a cursor,
    changes colors or hides a part of itself.
    """
    if text.isprintable():
        return text
    return "".join(each if _is_legible(each) else escape(each)[1:-1] for each in text)


def in_a_spreadsheet(text: str) -> str:
    """Return the text legible, quoted with `'` if a spreadsheet would run it as a formula."""
    return f"'{legible(text)}" if _FORMULA.match(text) else legible(text)


def _is_legible(character: str) -> bool:
    return character.isprintable() or character == "\n" or unicodedata.category(character) == "Zs"


def visible(text: str) -> str:
    """Return the text, quoted and escaped if it contains invisible characters."""
    if not _ODD.search(text):
        return text
    escaped = _ODD.sub(lambda odd: odd[0] if odd[0] == " " else ascii(odd[0])[1:-1], text)
    return f'"{escaped}"'
