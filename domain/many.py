"""Numbers of things, such as `1 line` and `2 lines`, in the words that many sentences share."""

from collections.abc import Callable, Mapping
from typing import Final

from domain.sentence import Sentence, sentences

_NOUNS: Final[Mapping[str, Callable[[int], Sentence]]] = {
    "award": lambda n: sentences("{count:,} award", "{count:,} awards", count=n),
    "entry": lambda n: sentences("{count:,} entry", "{count:,} entries", count=n),
    "file": lambda n: sentences("{count:,} file", "{count:,} files", count=n),
    "line": lambda n: sentences("{count:,} line", "{count:,} lines", count=n),
    "new entry": lambda n: sentences("{count:,} new entry", "{count:,} new entries", count=n),
    "point": lambda n: sentences("{count:,} point", "{count:,} points", count=n),
    "reversal": lambda n: sentences("{count:,} reversal", "{count:,} reversals", count=n),
    "row": lambda n: sentences("{count:,} row", "{count:,} rows", count=n),
    "seller": lambda n: sentences("{count:,} seller", "{count:,} sellers", count=n),
    "settlement line": lambda n: sentences(
        "{count:,} settlement line", "{count:,} settlement lines", count=n
    ),
    "sheet": lambda n: sentences("{count:,} sheet", "{count:,} sheets", count=n),
    "store": lambda n: sentences("{count:,} store", "{count:,} stores", count=n),
    "word": lambda n: sentences("{count:,} word", "{count:,} words", count=n),
}


def many(noun: str, count: int) -> Sentence:
    """Say how many there are of a thing, which is named by its singular."""
    return _NOUNS[noun](count)
