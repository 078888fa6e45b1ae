"""Texts for people, before they are put into a language."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text with named places for facts; a fact may be a text itself. `str` says it in English.

    `many` is the template for a `count` other than one, if that is worded otherwise.
    """

    template: str
    facts: Mapping[str, object] = field(default_factory=dict, hash=False)
    many: str | None = None

    @property
    def count(self) -> int:
        """The number that the sentence is about; 1 for one that is about none."""
        count = self.facts.get("count", 1)
        return count if isinstance(count, int) else 1

    @property
    def in_english(self) -> str:
        """The template in English."""
        return self.template if self.many is None or self.count == 1 else self.many

    def __str__(self) -> str:
        return self.in_english.format(**self.facts)


class Word(str):
    """A key that programs read, such as `payout`; its context says of what it is one."""

    __slots__ = ("context",)
    __match_args__ = ("context", "key")
    context: str

    def __new__(cls, context: str, key: str) -> Self:
        """Return the key, which is the word itself where it is not said in a language."""
        word = super().__new__(cls, key)
        word.context = context
        return word

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (self.context, self.key)

    @property
    def key(self) -> str:
        """The key as a plain text."""
        return str.__str__(self)


@dataclass(frozen=True, slots=True)
class Joined:
    """Texts one after the other, with something between them."""

    parts: tuple["Text", ...]
    between: "Text"

    def __str__(self) -> str:
        return str(self.between).join(map(str, self.parts))


Text = str | Sentence | Joined  # or a Word, which is a str


def sentence(template: str, /, **facts: object) -> Sentence:
    """Make a sentence; catalogs find the template by this function's name."""
    return Sentence(template, facts)


def sentences(one: str, many: str, /, *, count: int, **facts: object) -> Sentence:
    """Make a sentence about a `count`, worded for one thing and for any other number."""
    return Sentence(one, {"count": count, **facts}, many)


def joined(parts: Iterable[Text], between: Text = "; ") -> Joined:
    """Join texts, leaving out empty ones."""
    return Joined(tuple(part for part in parts if part), between)


def whole(said: str) -> str:
    """Return a message as a whole sentence, with a capital and a full stop."""
    return said[:1].upper() + said[1:] + ("" if said.endswith(".") else ".")


def message_of(error: BaseException) -> Text:
    """Return what an exception says, as the text that it was made with."""
    said = error.args[0] if error.args else None
    return said if isinstance(said, Sentence | Word | Joined) else str(error)


def with_facts(text: Text, change: Callable[[str], str]) -> Text:
    """Change each plain text in a text: facts, but not what the program says itself."""
    match text:
        case Sentence(template, facts, many):
            changed = {name: _changed(fact, change) for name, fact in facts.items()}
            return Sentence(template, changed, many)
        case Joined(parts, between):
            return Joined(tuple(with_facts(part, change) for part in parts), between)
        case Word():
            return text
        case _:
            return change(text)


def _changed(fact: object, change: Callable[[str], str]) -> object:
    return with_facts(fact, change) if isinstance(fact, str | Sentence | Joined) else fact


def as_data(text: object) -> Any:
    """Return a text as plain data for JSON, from which `of_data` makes it again."""
    match text:
        case Sentence(template, facts, many):
            return {"says": template, "many": many, "facts": _facts(facts)}
        case Word(context, key):
            return {"word": key, "of": context}
        case Joined(parts, between):
            return {"parts": [as_data(part) for part in parts], "between": as_data(between)}
        case None | str() | int() | float():
            return text
        case _:
            return str(text)


def _facts(facts: Mapping[str, object]) -> dict[str, Any]:
    return {name: as_data(fact) for name, fact in facts.items()}


def of_data(data: Any) -> Any:
    """Return the text that was stored by `as_data`."""
    match data:
        case {"says": template, "many": many, "facts": facts}:
            return Sentence(template, {name: of_data(fact) for name, fact in facts.items()}, many)
        case {"word": key, "of": context}:
            return Word(context, key)
        case {"parts": parts, "between": between}:
            return Joined(tuple(map(of_data, parts)), of_data(between))
        case _:
            return data
