"""The values of a policy's document, each beside its source, read as what they are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, TypeVar

from domain.months import SettlementMonth
from domain.policy import PolicyInvalid
from domain.sentence import Text, sentence
from domain.using.use_rules import UseRules

KEYS_OF_USE: Final = tuple(f"use.{each.name}" for each in fields(UseRules))
_SOURCED: Final = frozenset({"value", "source"})

_Choice = TypeVar("_Choice", bound=StrEnum)
_Plain = TypeVar("_Plain", int, str, bool)


def sourced_values(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of a document's tables under its dotted key."""
    for name, content in table.items():
        key = f"{prefix}{name}"
        if "." in name:
            raise PolicyInvalid(sentence('"{key}" is quoted; write its parts as tables', key=key))
        if isinstance(content, dict) and content and not _SOURCED & content.keys():
            yield from sourced_values(content, f"{key}.")
        else:
            yield key, _value_beside_its_source(key, content)


def _value_beside_its_source(key: str, content: Any) -> Any:
    if not isinstance(content, dict) or content.keys() != _SOURCED:
        raise PolicyInvalid(
            sentence(
                "{key} must be a value beside its source and nothing else: {key} = {{ "
                'value = …, source = "…" }}',
                key=key,
            )
        )
    source = content["source"]
    if not isinstance(source, str) or not source.strip():
        raise PolicyInvalid(
            sentence("{key} has no source; say in words where its value comes from", key=key)
        )
    return content["value"]


@dataclass(frozen=True, slots=True)
class PolicyValues:
    """A policy's values by dotted key. Methods return a value or raise PolicyInvalid."""

    by_key: Mapping[str, Any]

    def whole(self, key: str) -> int:
        """Return a whole number."""
        return self._plain(key, int, sentence("a whole number"))

    def whole_or_none(self, key: str) -> int | None:
        """Return a whole number, or None if the key is absent."""
        return self.whole(key) if key in self.by_key else None

    def yes_or_no(self, key: str) -> bool:
        """Return true or false."""
        return self._plain(key, bool, sentence("true or false"))

    def text(self, key: str) -> str:
        """Return a text."""
        return self._plain(key, str, sentence("a text"))

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        found = self.by_key[key]
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise PolicyInvalid(
                sentence("{key} must be a list of texts, not {found!r}", key=key, found=found)
            )
        return tuple(found)

    def choice(self, key: str, choices: type[_Choice]) -> _Choice:
        """Return one of the given choices."""
        return _one_of(key, self.text(key), choices)

    def choices(self, key: str, choices: type[_Choice]) -> tuple[_Choice, ...]:
        """Return a list of the given choices."""
        return tuple(_one_of(key, text, choices) for text in self.texts(key))

    def month_or_none(self, key: str) -> SettlementMonth | None:
        """Return a settlement month, or None if the key is absent."""
        return SettlementMonth.parse(self.text(key)) if key in self.by_key else None

    def tier_numbers(self) -> list[int]:
        """Return the numbers under `tier`, ascending; other names are unknown keys."""
        names = {key.split(".")[1] for key in self.by_key if key.startswith("tier.")}
        return sorted(int(name) for name in names if name.isdecimal() and str(int(name)) == name)

    def whole_numbers(self, key: str) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        found = self.by_key[key]
        if not isinstance(found, list) or not all(type(each) is int for each in found):
            raise PolicyInvalid(
                sentence(
                    "{key} must be a list of whole numbers, not {found!r}", key=key, found=found
                )
            )
        return tuple(found)

    def of_use(self) -> bool:
        """Whether the policy has rules of use."""
        return any(key in self.by_key for key in KEYS_OF_USE)

    def _plain(self, key: str, kind: type[_Plain], words: Text) -> _Plain:
        found = self.by_key[key]
        if type(found) is not kind:  # in Python `true` is an int, too
            raise PolicyInvalid(
                sentence("{key} must be {words}, not {found!r}", key=key, words=words, found=found)
            )
        return found


def _one_of(key: str, text: str, choices: type[_Choice]) -> _Choice:
    if text not in set(choices):
        raise PolicyInvalid(
            sentence(
                "{key} must be one of {choices}, not {text!r}",
                key=key,
                choices=", ".join(choices),
                text=text,
            )
        )
    return choices(text)
