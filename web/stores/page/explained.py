"""The text of an explanation, taken apart into sections, paragraphs and lists."""

import re
from collections.abc import Iterator
from itertools import groupby

_SPACES = re.compile(r" {2,}")


def sections(explanation: str) -> Iterator[list[tuple[str, list[str]]]]:
    """Yield the sections of an explanation, which blank lines divide.

    Each is a sequence of `text` and `list`, the latter for indented lines.
    """
    for section in explanation.split("\n\n"):
        yield [
            ("list" if indented else "text", [_legible(line) for line in lines])
            for indented, lines in groupby(section.splitlines(), lambda line: line.startswith(" "))
        ]


def _legible(line: str) -> str:
    return _SPACES.sub(" ", line.strip())
