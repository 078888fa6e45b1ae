"""Policies as dated TOML files, where each value has its source.

A value is a table of exactly two keys, `value` and `source`. There are no defaults, and unknown
keys are errors, so that a misspelled key cannot leave a rule unchanged. Only the rules of use may
be left out, all together, as in policies from before there were such. `format` is the version of
the format, by default the first. A later format may add values; policies in earlier formats keep
their meaning and their hash.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from adapters.policy_values import KEYS_OF_USE, PolicyValues, sourced_values
from domain.months import MonthInvalid
from domain.policy import Exclusion, PayoutRule, Policy, PolicyInvalid, Tenure, TenureDay, Tier
from domain.sentence import message_of, sentence
from domain.using.use_rules import RULES_OF_A_SILENT_POLICY, UseRules

_BUILT_IN: Final = files("adapters") / "policies"
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
_FORMAT: Final = 1
_OF_A_TIER: Final = ("lower_average_krw", "upper_average_krw", "points")


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
    values = PolicyValues(dict(sourced_values(document)))
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


def _tenure(values: PolicyValues) -> Tenure:
    return Tenure(
        min_months=values.whole("tenure.min_months"),
        min_is_strict=values.yes_or_no("tenure.min_is_strict"),
        below_months=values.whole("tenure.below_months"),
        measured_on=values.choice("tenure.measured_on", TenureDay),
    )


def _tier(values: PolicyValues, number: int) -> Tier:
    lower, upper, points = (values.whole(f"tier.{number}.{name}") for name in _OF_A_TIER)
    return Tier(number, lower, upper, points)


def _use_rules(values: PolicyValues) -> UseRules:
    return UseRules(
        conversion_min_points=values.whole("use.conversion_min_points"),
        conversion_unit_points=values.whole("use.conversion_unit_points"),
        reward_entry_limit_points=values.whole("use.reward_entry_limit_points"),
        reward_retry_days=values.whole("use.reward_retry_days"),
        notice_days=values.whole_numbers("use.notice_days"),
        closed_stores_may_convert=values.yes_or_no("use.closed_stores_may_convert"),
    )


def _require_exactly_the_known_keys(values: PolicyValues, tiers: Iterable[int]) -> None:
    required = _REQUIRED | {f"tier.{number}.{name}" for number in tiers for name in _OF_A_TIER}
    required |= set(KEYS_OF_USE) if values.of_use() else set()
    if missing := sorted(required - values.by_key.keys()):
        raise PolicyInvalid(sentence("lacks {keys}", keys=", ".join(missing)))
    if unknown := sorted(values.by_key.keys() - required - _OPTIONAL):
        raise PolicyInvalid(
            sentence(
                "{unknown} is not a key of a policy; is it misspelled?", unknown=", ".join(unknown)
            )
        )
