"""What a delivered file contains: its content, and the columns of that."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Content(StrEnum):
    """What a delivered file contains; also the prefix of its name."""

    SETTLEMENTS = "settlements"
    SELLERS = "sellers"
    REWARDS = "rewards"


class Kind(StrEnum):
    """The type of a column's values."""

    ID = "id"
    WORD = "word"
    WHOLE = "whole"
    DATE = "date"
    FLAG = "flag"

    @property
    def is_text(self) -> bool:
        """Whether values are texts, which can always be read."""
        return self in (Kind.ID, Kind.WORD)


@dataclass(frozen=True, slots=True)
class Column:
    """A canonical column and its aliases in senders' headers, in order of preference."""

    name: str
    kind: Kind
    aliases: tuple[str, ...] = ()

    @property
    def unreadable(self) -> str:
        """The name of the companion column that holds values that could not be read."""
        return f"{self.name}_unreadable"


LONGEST_ID: Final = 64
