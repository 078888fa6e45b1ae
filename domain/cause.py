"""Who or what starts something: recorded with everything that comes of it."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.refusal import WrongUsage

MAX_CHARACTERS: Final = 500


class NotOneLine(WrongUsage):
    """A text that is to be recorded is not one line that anybody can read."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Who starts something, by what means (`origin`), why, and when (with its time zone).

    Raises NotOneLine.
    """

    actor: str
    reason: str
    origin: str
    started_at: datetime

    def __post_init__(self) -> None:
        one_line(self.actor)
        one_line(self.reason)


def one_line(text: str) -> str:
    """Return a text that is one line of characters that can be printed and stored.

    Line ends, NUL, halves of surrogate pairs and marks that turn the direction of writing are
    none. Raises NotOneLine.
    """
    if len(text) > MAX_CHARACTERS:
        raise NotOneLine(
            f"a reason or name has {len(text)} characters; write {MAX_CHARACTERS} at most."
        )
    strange = [each for each in text if not _is_readable(each)]
    if strange:
        raise NotOneLine(
            f"a reason or name holds U+{ord(strange[0]):04X}, which is no readable character; "
            "write it as one line of plain text."
        )
    return text


def filled_in(text: str) -> str:
    """Return one line of text that says something. Raises NotOneLine."""
    if not text.strip():
        raise NotOneLine(
            "a reason or name is blank; write what whoever reads it later should know."
        )
    return one_line(text)


def _is_readable(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"
