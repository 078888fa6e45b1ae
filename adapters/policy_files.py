"""Policies as dated TOML files, where each value has its source.

A value is a table of exactly two keys, `value` and `source`. There are no defaults, and unknown
keys are errors, so that a misspelled key cannot leave a rule unchanged. Only the rules of use may
be left out, all together, as in policies from before there were such. `format` is the version of
the format, by default the first. A later format may add values; policies in earlier formats keep
their meaning and their hash.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeVar

from domain.months import MonthInvalid, SettlementMonth
from domain.policy import Exclusion, PayoutRule, Policy, PolicyInvalid, Tenure, TenureDay, Tier
from domain.sentence import Text, message_of, sentence
from domain.using.use_rules import RULES_OF_A_SILENT_POLICY, UseRules

_BUILT_IN: Final = files("adapters") / "policies"
_SOURCED: Final = frozenset({"value", "source"})
_REQUIRED: Final = frozenset(
    {
        "counted_line_types",
        "window_months",
        "tenure.min_months",
        "tenure.min_is_strict",
        "tenure.below_months",
        "tenure.measured_on",
        "active_status",
        "exclusions",
        "lifetime_maximum_points",
        "payout.day_of_month",
        "payout.roll_forward",
    }
)
_OPTIONAL: Final = frozenset({"in_force_from", "adjustment_limit_points"})
_OF_USE: Final = tuple(f"use.{each.name}" for each in fields(UseRules))
_FORMAT: Final = 1
_OF_A_TIER: Final = ("lower_average_krw", "upper_average_krw", "points")

_Choice = TypeVar("_Choice", bound=StrEnum)
_Plain = TypeVar("_Plain", int, str, bool)


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A policy and the TOML text that it was read from."""

    policy: Policy
    text: str


def read_policies(folder: Path | None) -> tuple[PolicyText, ...]:
    """Read the built-in policies and those of the operator's folder, ordered by name.

    A policy of the folder replaces a built-in one of the same name. Raises PolicyInvalid, naming
    the file, also when two policies of the folder have the same name.
    """
    built_in = [
        _policy_text(file.read_text(encoding="utf-8"), file.name)
        for file in _BUILT_IN.iterdir()
        if file.name.endswith(".toml")
    ]
    own = [] if folder is None else [read_policy(path) for path in _files_of(folder)]
    _refuse_same_names(own, folder)
    by_name = {each.policy.name: each for each in (*built_in, *own)}
    return tuple(by_name[name] for name in sorted(by_name))


def read_policy(path: Path) -> PolicyText:
    """Read one policy file; raises PolicyInvalid naming the file and the key."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyInvalid(
            sentence("{path} cannot be read as UTF-8 text: {error}", path=path, error=error)
        ) from error
    return _policy_text(text, str(path))


def parse_policy(text: str, where: str) -> Policy:
    """Parse a policy's TOML text; raises PolicyInvalid, which names the text by `where`."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyInvalid(
            sentence("{where} is not valid TOML: {error}", where=where, error=error)
        ) from error
    try:
        return _policy(document)
    except (PolicyInvalid, MonthInvalid) as error:
        raise PolicyInvalid(
            sentence("{where}: {error}", where=where, error=message_of(error))
        ) from error


def _policy_text(text: str, where: str) -> PolicyText:
    return PolicyText(parse_policy(text, where), text)


def _files_of(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise PolicyInvalid(
            sentence(
                "{folder} is not a folder; GROWTH_POINTS_POLICIES must name one", folder=folder
            )
        )
    return sorted(folder.glob("*.toml"))


def _refuse_same_names(own: Iterable[PolicyText], folder: Path | None) -> None:
    seen: set[str] = set()
    for each in own:
        if each.policy.name in seen:
            raise PolicyInvalid(
                sentence(
                    "{folder}: two files hold a policy named {name}",
                    folder=folder,
                    name=each.policy.name,
                )
            )
        seen.add(each.policy.name)


def _policy(document: dict[str, Any]) -> Policy:
    written_in = document.pop("format", _FORMAT)
    if type(written_in) is not int or written_in != _FORMAT:
        raise PolicyInvalid(
            sentence(
                "it is written in format {written_in!r}, and this program reads format "
                "{format}; a newer version of growth-points may read it",
                written_in=written_in,
                format=_FORMAT,
            )
        )
    name = document.pop("name", None)
    if not isinstance(name, str):
        raise PolicyInvalid(
            sentence("name is missing or not a text; write it on a line at the top")
        )
    values = _Values(dict(_sourced_values(document)))
    numbers = values.tier_numbers()
    _require_exactly_the_known_keys(values, numbers)
    return Policy(
        name=name,
        in_force_from=values.month_or_none("in_force_from"),
        counted_line_types=values.texts("counted_line_types"),
        window_months=values.whole("window_months"),
        tenure=_tenure(values),
        active_status=values.text("active_status"),
        exclusions=values.choices("exclusions", Exclusion),
        tiers=tuple(_tier(values, number) for number in numbers),
        payout=PayoutRule(
            day_of_month=values.whole("payout.day_of_month"),
            roll_forward=values.yes_or_no("payout.roll_forward"),
        ),
        lifetime_maximum_points=values.whole("lifetime_maximum_points"),
        adjustment_limit_points=values.whole_or_none("adjustment_limit_points"),
        use=_use_rules(values) if values.of_use() else RULES_OF_A_SILENT_POLICY,
    )


def _sourced_values(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of a document's tables under its dotted key."""
    for name, content in table.items():
        key = f"{prefix}{name}"
        if "." in name:
            raise PolicyInvalid(sentence('"{key}" is quoted; write its parts as tables', key=key))
        if isinstance(content, dict) and content and not _SOURCED & content.keys():
            yield from _sourced_values(content, f"{key}.")
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
class _Values:
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
        return any(key in self.by_key for key in _OF_USE)

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


def _tenure(values: _Values) -> Tenure:
    return Tenure(
        min_months=values.whole("tenure.min_months"),
        min_is_strict=values.yes_or_no("tenure.min_is_strict"),
        below_months=values.whole("tenure.below_months"),
        measured_on=values.choice("tenure.measured_on", TenureDay),
    )


def _tier(values: _Values, number: int) -> Tier:
    lower, upper, points = (values.whole(f"tier.{number}.{name}") for name in _OF_A_TIER)
    return Tier(number, lower, upper, points)


def _use_rules(values: _Values) -> UseRules:
    return UseRules(
        conversion_min_points=values.whole("use.conversion_min_points"),
        conversion_unit_points=values.whole("use.conversion_unit_points"),
        reward_entry_limit_points=values.whole("use.reward_entry_limit_points"),
        reward_retry_days=values.whole("use.reward_retry_days"),
        notice_days=values.whole_numbers("use.notice_days"),
        closed_stores_may_convert=values.yes_or_no("use.closed_stores_may_convert"),
    )


def _require_exactly_the_known_keys(values: _Values, tiers: Iterable[int]) -> None:
    required = _REQUIRED | {f"tier.{number}.{name}" for number in tiers for name in _OF_A_TIER}
    required |= set(_OF_USE) if values.of_use() else set()
    if missing := sorted(required - values.by_key.keys()):
        raise PolicyInvalid(sentence("lacks {keys}", keys=", ".join(missing)))
    if unknown := sorted(values.by_key.keys() - required - _OPTIONAL):
        raise PolicyInvalid(
            sentence(
                "{unknown} is not a key of a policy; is it misspelled?", unknown=", ".join(unknown)
            )
        )
