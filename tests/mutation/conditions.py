"""Weaker versions of a piece of SQL: each with one condition less."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"(?P<blank>\s+|--[^\n]*)|(?P<text>'(?:[^']|'')*'|\"[^\"]*\")|(?P<word>\w+)"
    r"|(?P<sign>::|:=|<>|<=|>=|->>|->|.)"
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
        "EXECUTE",
        ";",
    ]
)
_COMPARES: Final = ("=", "<>", "IS DISTINCT FROM", "IS NOT DISTINCT FROM")
_PATH_AS_SQL: Final = ((" && ", " AND "), (" || ", " OR "), ("?(", "WHERE ("))


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

    Conditions are the operands of AND and OR, whole conditions without these, the values that a
    CASE compares, and the pairs of a comparison of rows; also those in a text that is a query or a
    JSON path.
    """
    tokens = list(_tokens(sql))
    for region in dict.fromkeys(_regions(tokens)):
        yield from _without_an_operand(sql, region)
    yield from _without_a_value(sql, tokens)
    yield from _without_a_pair(sql, tokens)
    yield from _in_texts(sql, tokens)


def _tokens(sql: str) -> Iterator[_Token]:
    depth = 0
    for found in _TOKEN.finditer(sql):
        if found["blank"]:
            continue
        depth -= found[0] == ")"
        yield _Token(found[0], *found.span(), depth)
        depth += found[0] == "("


def _regions(tokens: Sequence[_Token]) -> Iterator[tuple[_Token, ...]]:
    """Find the conditions after IF, WHERE, ON and the like, and those in parentheses in them."""
    for place, token in enumerate(tokens):
        if token.word in _OPENS and not _is_a_value(tokens[: place + 1]):
            yield from _nested(_until_closed(tokens[place + 1 :], token.depth))


def _is_a_value(tokens: Sequence[_Token]) -> bool:
    """Whether a WHEN is followed by no condition, but by an error's name or a value of a CASE."""
    if tokens[-1].word != "WHEN":
        return False
    return any(each.word == "EXCEPTION" for each in tokens[-2:-1]) or bool(_compared(tokens))


def _compared(tokens: Sequence[_Token]) -> Sequence[_Token]:
    """Find what the CASE compares whose WHEN comes last; nothing if that has a condition."""
    ends = 0
    for place in range(len(tokens) - 1, -1, -1):
        token = tokens[place]
        if token.depth < tokens[-1].depth:
            break
        if token.depth == tokens[-1].depth and token.word == "CASE" and not ends:
            first = next(n for n, each in enumerate(tokens[place:]) if each.word == "WHEN")
            return tokens[place + 1 : place + first]
        if token.depth == tokens[-1].depth:
            ends += (token.word == "END") - (token.word == "CASE")
    return []


def _until_closed(tokens: Sequence[_Token], depth: int) -> Sequence[_Token]:
    for place, token in enumerate(tokens):
        if token.depth < depth or (token.depth == depth and token.word in _CLOSES):
            return tokens[:place]
    return tokens


def _nested(region: Sequence[_Token]) -> Iterator[tuple[_Token, ...]]:
    if _in_parentheses(region):
        yield from _nested(region[1:-1])
        return
    yield tuple(region)
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


def _without_a_value(sql: str, tokens: Sequence[_Token]) -> Iterator[Weakened]:
    """Have each value that a CASE compares equal nothing, and everything."""
    for place, token in enumerate(tokens):
        compared = _compared(tokens[: place + 1]) if token.word == "WHEN" else []
        if compared:
            value = _until_closed(tokens[place + 1 :], token.depth)
            yield _replaced(sql, value, "NULL")
            yield _replaced(sql, value, sql[compared[0].start : compared[-1].end])


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


def _in_texts(sql: str, tokens: Sequence[_Token]) -> Iterator[Weakened]:
    for token in tokens:
        inner = token.text[1:-1]
        found: Iterable[Weakened] = ()
        if token.text.startswith("'SELECT "):
            found = weakened(inner)
        elif token.text.startswith("'strict "):
            found = _weaker_paths(inner)
        for each in found:
            yield Weakened(each.what, f"{sql[: token.start]}'{each.text}'{sql[token.end :]}")


def _weaker_paths(path: str) -> Iterator[Weakened]:
    """Weaken the conditions of a JSON path, spelled as those of SQL meanwhile."""
    for ours, theirs in _PATH_AS_SQL:
        path = path.replace(ours, theirs)
    for each in weakened(path):
        yield Weakened(_as_path(each.what), _as_path(each.text))


def _as_path(text: str) -> str:
    for ours, theirs in _PATH_AS_SQL:
        text = text.replace(theirs, ours)
    return re.sub(r"\bfalse\b", "1 == 0", re.sub(r"\btrue\b", "1 == 1", text))
