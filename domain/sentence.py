"""Texts for people, before they are put into a language."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text with named places for facts; a fact may be a text itself. `str` says it in English."""

    template: str
    facts: Mapping[str, object]

    def __str__(self) -> str:
        return self.template.format(**self.facts)


@dataclass(frozen=True, slots=True)
class Word:
    """A key that programs read, such as `payout`; its context says of what it is one."""

    context: str
    key: str

    def __str__(self) -> str:
        return self.key


def sentence(template: str, /, **facts: object) -> Sentence:
    """Make a sentence; catalogs find the template by this function's name."""
    return Sentence(template, facts)


def whole(said: str) -> str:
    """Return a message as a whole sentence, with a capital and a full stop."""
    return said[:1].upper() + said[1:] + ("" if said.endswith(".") else ".")
