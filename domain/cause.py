"""The cause of a change: who made it, how and why. Recorded with every change."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.refusal import WrongUsage
from domain.sentence import Text, Word, joined, sentence

MAX_CHARACTERS: Final = 500


class NotOneLine(WrongUsage):
    """A reason or name that is not one line of readable text."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Who started a change, by what means (`origin`), why and when; raises NotOneLine."""

    actor: str
    reason: str
    origin: str
    started_at: datetime

    def __post_init__(self) -> None:
        one_line(self.actor)
        one_line(self.reason)


def reason_said(reason: str) -> Text:
    """Return a reason that is said in any language if it is one that the program gives itself."""
    return joined((Word("usual reason", reason),))


def one_line(text: str) -> str:
    """Return the text if it is one line of printable characters, else raise NotOneLine.

    Line ends, NUL, lone surrogates and bidirectional controls are not printable.
    """
    if len(text) > MAX_CHARACTERS:
        raise NotOneLine(
            sentence(
                "a reason or name has {count} characters; write {most} at most.",
                count=len(text),
                most=MAX_CHARACTERS,
            )
        )
    strange = [each for each in text if not _is_readable(each)]
    if strange:
        raise NotOneLine(
            sentence(
                "a reason or name contains {sign}, which is not readable; write "
                "it as one line of plain text.",
                sign=f"U+{ord(strange[0]):04X}",
            )
        )
    return text


def not_blank(text: str) -> str:
    """Return the text if it is one line and not blank, else raise NotOneLine."""
    if not text.strip():
        raise NotOneLine(
            sentence(
                "a reason or name is blank; write something that a later reader will understand."
            )
        )
    return one_line(text)


def _is_readable(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"
