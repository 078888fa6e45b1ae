"""Weaker versions of a piece of SQL: each with one condition less."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"(?P<blank>\s+|--[^\n]*)|(?P<text>'(?:[^']|'')*')|(?P<word>\w+)|(?P<sign>::|:=|<>|<=|>=|->>|->|.)"
)
_OPENS: Final = frozenset({"IF", "ELSIF", "WHEN", "WHERE", "ON", "HAVING", "CHECK"})
_CLOSES: Final = frozenset(
    [
        "THEN",
        "WHERE",
        "GROUP",
        "ORDER",
        "LIMIT",
        "RETURNING",
        "UNION",
        "LEFT",
        "JOIN",
        "CROSS",
        "INNER",
        "WINDOW",
        "LOOP",
        "DO",
        ";",
    ]
)
_COMPARES: Final = ("=", "<>", "IS DISTINCT FROM", "IS NOT DISTINCT FROM")


@dataclass(frozen=True, slots=True)
class Weakened:
    """A text with one condition less; `what` shows the place."""

    what: str
    text: str


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int
    depth: int

    @property
    def word(self) -> str:
        return self.text.upper()


def weakened(sql: str) -> Iterator[Weakened]:
    """Yield the text once for each condition, with that condition left out.

    Conditions are the operands of AND and OR, whole conditions without these, and the pairs of a
    comparison of rows.
    """
    tokens = list(_tokens(sql))
    for region in _regions(tokens):
        yield from _without_an_operand(sql, region)
    yield from _without_a_pair(sql, tokens)


def _tokens(sql: str) -> Iterator[_Token]:
    depth = 0
    for found in _TOKEN.finditer(sql):
        if found["blank"]:
            continue
        depth -= found[0] == ")"
        yield _Token(found[0], *found.span(), depth)
        depth += found[0] == "("


def _regions(tokens: Sequence[_Token]) -> Iterator[Sequence[_Token]]:
    """Find the conditions after IF, WHERE, ON and the like, and those in parentheses in them."""
    for place, token in enumerate(tokens):
        if token.word in _OPENS:
            yield from _nested(_until_closed(tokens[place + 1 :], token.depth))


def _until_closed(tokens: Sequence[_Token], depth: int) -> Sequence[_Token]:
    for place, token in enumerate(tokens):
        if token.depth < depth or (token.depth == depth and token.word in _CLOSES):
            return tokens[:place]
    return tokens


def _nested(region: Sequence[_Token]) -> Iterator[Sequence[_Token]]:
    if _in_parentheses(region):
        yield from _nested(region[1:-1])
        return
    yield region
    for place, token in enumerate(region):
        if token.text == "(":
            inner = _until_closed(region[place + 1 :], token.depth + 1)
            if any(each.word in ("AND", "OR") and each.depth == token.depth + 1 for each in inner):
                yield from _nested(inner)


def _in_parentheses(region: Sequence[_Token]) -> bool:
    """Whether one pair of parentheses holds a whole condition, which is no query."""
    if not region or region[0].text != "(":
        return False
    depth = region[0].depth
    closing = [n for n, each in enumerate(region) if each.text == ")" and each.depth == depth]
    return closing[0] == len(region) - 1 and region[1].word != "SELECT"


def _without_an_operand(sql: str, region: Sequence[_Token]) -> Iterator[Weakened]:
    if not region or region[0].word in ("CONFLICT", "DELETE", "UPDATE", "SELECT"):
        return
    options = _split(region, "OR")
    for option in options:
        needed = _split(option, "AND")
        if len(options) > 1:
            yield _replaced(sql, option, "false")
        elif len(needed) == 1 and option[0].word not in ("TRUE", "FALSE"):
            yield _replaced(sql, option, "false")
            yield _replaced(sql, option, "true")
        if len(needed) > 1:
            for each in needed:
                yield _replaced(sql, each, "true")


def _split(region: Sequence[_Token], by: str) -> list[Sequence[_Token]]:
    """Split at AND or OR outside parentheses; the AND of BETWEEN belongs to it."""
    parts: list[list[_Token]] = [[]]
    between = False
    for token in region:
        if token.depth == region[0].depth and token.word == by and not between:
            parts.append([])
            continue
        between = token.word == "BETWEEN" or (between and token.word != "AND")
        parts[-1].append(token)
    return [part for part in parts if part]


def _replaced(sql: str, tokens: Sequence[_Token], by: str) -> Weakened:
    start, end = tokens[0].start, tokens[-1].end
    what = " ".join(sql[start:end].split())
    return Weakened(f"{by} for {what}", f"{sql[:start]}{by}{sql[end:]}")


def _without_a_pair(sql: str, tokens: Sequence[_Token]) -> Iterator[Weakened]:
    """Leave out one pair of each `(a, b) = (c, d)`."""
    for place, token in enumerate(tokens):
        if token.text != "(":
            continue
        left = _until_closed(tokens[place + 1 :], token.depth + 1)
        after = tokens[place + len(left) + 2 :]
        compares = next((each for each in _COMPARES if _begins_with(after, each)), None)
        right = after[len(compares.split()) :] if compares else []
        if right and right[0].text == "(":
            sides = _members(left), _members(_until_closed(right[1:], right[0].depth + 1))
            if len(sides[0]) == len(sides[1]) > 1:
                yield from _less_one(sql, sides)


def _begins_with(tokens: Sequence[_Token], words: str) -> bool:
    return [token.word for token in tokens[: len(words.split())]] == words.split()


def _members(inner: Sequence[_Token]) -> list[Sequence[_Token]]:
    return _split(inner, ",")


def _less_one(
    sql: str, sides: tuple[list[Sequence[_Token]], list[Sequence[_Token]]]
) -> Iterator[Weakened]:
    for number, pair in enumerate(zip(*sides, strict=True)):
        text = sql
        for members in reversed(sides):
            kept = [sql[m[0].start : m[-1].end] for n, m in enumerate(members) if n != number]
            text = text[: members[0][0].start] + ", ".join(kept) + text[members[-1][-1].end :]
        what = " = ".join(" ".join(sql[m[0].start : m[-1].end].split()) for m in pair)
        yield Weakened(f"no comparison of {what}", text)
