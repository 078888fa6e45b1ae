"""What of a written text nobody sees, and how texts are compared without it.

The character classes are spelled out: engines differ in what `\\s` means, and in which classes of
Unicode they know.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_CONTROLS: Final = r"\x00-\x1f\x7f-\x9f"
_SPACES: Final = " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
)

UNSEEN: Final = _CONTROLS + _SPACES + _INVISIBLE
"""White space of every kind and invisible characters, as the inside of a class of a pattern."""

HIDDEN: Final = _CONTROLS + _INVISIBLE
"""What is never part of an id, wherever it stands: `UNSEEN` without the spaces."""

FULL_WIDTH: Final = "".join(map(chr, range(0xFF01, 0xFF5F)))
"""The printable ASCII characters as East Asian keyboards also write them."""

ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))
"""What `FULL_WIDTH` stands for, character by character."""

JOINERS: Final = "_.-"
"""What a code's words are joined with, as the inside of a class of a pattern."""

NUMBER_MARKS: Final = "+,'\"="
"""What a spreadsheet adds to an id that it takes for a number, or to keep it from doing so."""

NOTHING: Final = ("null", "none", "nan", "nat", "<na>", "\\n")
"""How programs write a missing value into a text, in lower case."""

LARGEST_EXACT: Final = 2**53 - 1
"""Up to here no two whole numbers are one double; beyond it, ids become other ids."""

_UNSEEN_OR_JOINER = re.compile(f"[{UNSEEN}{JOINERS}]+")
_ODD = re.compile(f"^[{_SPACES}]|[{_SPACES}]$|[{HIDDEN}]|[{_SPACES[1:]}]")
_LOOKS_ALIKE = re.compile(f"[{UNSEEN}{NUMBER_MARKS}]+")
_DECIMAL_ZEROS = re.compile(r"(?<=[0-9])\.0+$")
_FULL_WIDTH_TO_ASCII = str.maketrans(FULL_WIDTH, ASCII)


def word_key(written: str) -> str:
    """Reduce a word to what tells it from others.

    Spaces, invisible characters, joiners, case, full-width and decomposed letters do not matter:
    `prod-order`, `PROD_ORDER\\u200b` and `Prod Order` have one key. A word with
    a NUL is damaged, and like no other.
    """
    if "\0" in written:
        return written
    bare = _UNSEEN_OR_JOINER.sub("", written.translate(_FULL_WIDTH_TO_ASCII))
    return unicodedata.normalize("NFC", bare).upper()


def lookalike_key(identifier: str) -> str:
    """Reduce an id to what a spreadsheet or a data frame leaves of it.

    Two different ids with one key are one id that something rewrote: `00510002` and `510002`,
    `510002.0`, ids with spaces around them or invisible characters in them.
    """
    if "\0" in identifier:
        return identifier
    seen = _LOOKS_ALIKE.sub("", identifier.translate(_FULL_WIDTH_TO_ASCII))
    bare = _DECIMAL_ZEROS.sub("", unicodedata.normalize("NFC", seen))
    return bare.lstrip("0") if bare.isdecimal() else bare


def rewritings(identifier: str, lengths: Iterable[int]) -> set[str]:
    """List how an id of digits may stand elsewhere: without zeros, or with some to a length."""
    key = lookalike_key(identifier)
    if not key.isdecimal():
        return set()
    return {key, *(key.zfill(length) for length in lengths)} - {identifier}


def visible(text: str) -> str:
    """Show a text as it is, or in quotes with escapes where it holds what nobody sees."""
    if not _ODD.search(text):
        return text
    escaped = _ODD.sub(lambda odd: odd[0] if odd[0] == " " else ascii(odd[0])[1:-1], text)
    return f'"{escaped}"'
