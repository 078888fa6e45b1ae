"""A thing that is not as it should be, and the commonest way of finding such."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, text

from domain.sentence import Sentence, Text, Word, joined

_SAID: Final = frozenset({"what", "but"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as what it follows from says; `check` names the check it failed."""

    check: str
    text: Text

    @property
    def sentence(self) -> str:
        """What differs, in English, as programs read it."""
        return str(self.text)

    @property
    def named(self) -> Text:
        """The check and what differs."""
        return joined((Word("check", self.check), self.text), ": ")

    def __str__(self) -> str:
        return str(self.named)


@dataclass(frozen=True, slots=True)
class QueryCheck:
    """A check made of one query: each row that it finds is filled into the sentence."""

    name: str
    sentence: Sentence
    query: str

    def __call__(self, connection: Connection) -> Iterator[Difference]:
        for row in connection.execute(text(self.query)).mappings():
            facts = {column: _fact(column, value) for column, value in row.items()}
            yield Difference(
                self.name, replace(self.sentence, facts={**self.sentence.facts, **facts})
            )


def _fact(column: str, value: object) -> object:
    """Return a value for a sentence; what a query itself says is a word."""
    return Word("difference", str(value)) if column in _SAID else value
