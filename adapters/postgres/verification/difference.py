"""A thing that is not as it should be, and the commonest way of finding such."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as what it follows from says; `check` names the check it failed."""

    check: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.check}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class QueryCheck:
    """A check made of one query: each row that it finds is filled into the sentence."""

    name: str
    sentence: str
    query: str

    def __call__(self, connection: Connection) -> Iterator[Difference]:
        for row in connection.execute(text(self.query)).mappings():
            yield Difference(self.name, self.sentence.format(**row))
