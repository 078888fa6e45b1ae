"""Policies on disk: the built-in ones are what the rules say, and any slip in a file is refused."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.policy_files import parse_policy, read_policies, read_policy
from domain.months import SettlementMonth
from domain.policy import Policy, PolicyInvalid, policy_in_force
from domain.using.use_rules import UseRules
from tests.d_commerce import D_COMMERCE_2020, D_COMMERCE_2024

_TEXT = {each.policy.name: each.text for each in read_policies(None)}
_2020 = _TEXT["d-commerce-2020"]


def test_the_built_in_policies_are_the_program_of_2020_and_of_2024() -> None:
    built_in = tuple(each.policy for each in read_policies(None))

    assert built_in == (D_COMMERCE_2020, D_COMMERCE_2024)


@pytest.mark.parametrize("month", ["2020-01", "2024-06", "2099-12"])
def test_the_policy_of_2020_is_in_force_until_an_operator_puts_another_in_force(month: str) -> None:
    policies = tuple(each.policy for each in read_policies(None))

    assert policy_in_force(policies, SettlementMonth.parse(month)) == D_COMMERCE_2020


def test_every_value_of_the_built_in_policies_has_a_source() -> None:
    leaves = [leaf for text in _TEXT.values() for leaf in _leaves(tomllib.loads(text))]

    assert len(leaves) == 2 * 26 + 1
    assert all(leaf["source"] for leaf in leaves)


def test_what_the_service_chose_is_marked_as_chosen() -> None:
    document = tomllib.loads(_2020)

    assert document["counted_line_types"]["source"].startswith("chosen")
    assert document["tenure"]["measured_on"]["source"].startswith("chosen")


@pytest.mark.parametrize("policy", [D_COMMERCE_2020, D_COMMERCE_2024], ids=lambda p: p.name)
def test_a_policy_is_rebuilt_from_its_recorded_text(policy: Policy) -> None:
    rebuilt = parse_policy(_TEXT[policy.name], "as recorded")

    assert rebuilt.content_hash == policy.content_hash


def test_what_months_were_closed_with_keeps_its_hash_and_may_say_its_format() -> None:
    closed_with = "64d054ca2091"

    assert parse_policy(_2020, "as recorded").content_hash.startswith(closed_with)
    assert parse_policy(f"format = 1\n{_2020}", "anew").content_hash.startswith(closed_with)


def test_a_policy_from_before_there_were_rules_of_use_is_the_same_policy() -> None:
    silent = parse_policy(_2020[: _2020.index("[use]")], "as recorded")

    assert silent.use == UseRules()
    assert silent.content_hash == parse_policy(_2020, "as built in").content_hash


def test_a_policy_says_how_points_are_used() -> None:
    own = _2020.replace(
        "conversion_unit_points = { value = 1,", "conversion_unit_points = { value = 10,"
    )
    own = own.replace("value = [30, 7]", "value = []").replace(
        "{ value = true,", "{ value = false,"
    )

    use = parse_policy(own, "an operator's").use

    assert use == UseRules(
        conversion_unit_points=10, notice_days=(), closed_stores_may_convert=False
    )


def test_an_operators_policy_joins_the_built_in_ones(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(_2020.replace('"d-commerce-2020"', '"mine"'))
    (tmp_path / "notes.txt").write_text("not a policy")

    names = [each.policy.name for each in read_policies(tmp_path)]

    assert names == ["d-commerce-2020", "d-commerce-2024", "mine"]


def test_an_operators_policy_takes_the_place_of_the_built_in_one_of_its_name(
    tmp_path: Path,
) -> None:
    own = _2020.replace("150_000", "150_001").replace("1_450_000", "1_450_001")
    (tmp_path / "any-name.toml").write_text(own)

    found = read_policies(tmp_path)

    assert [each.policy.name for each in found] == ["d-commerce-2020", "d-commerce-2024"]
    assert found[0].policy.tiers[0].points == 150_001
    assert found[0].text == own


def test_a_file_saved_on_windows_is_read(tmp_path: Path) -> None:
    path = tmp_path / "saved.toml"
    path.write_bytes(b"\xef\xbb\xbf" + _2020.replace("\n", "\r\n").encode())

    assert read_policy(path).policy == D_COMMERCE_2020


def test_two_files_with_one_name_are_refused(tmp_path: Path) -> None:
    for file in ("a.toml", "b.toml"):
        (tmp_path / file).write_text(_2020)

    with pytest.raises(PolicyInvalid, match=r"two files hold a policy named d-commerce-2020"):
        read_policies(tmp_path)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyInvalid, match=r"absent is not a folder; GROWTH_POINTS_POLICIES"):
        read_policies(tmp_path / "absent")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.toml"
    path.mkdir() if content is None else path.write_bytes(content)

    with pytest.raises(PolicyInvalid, match=r"broken\.toml cannot be read as UTF-8 text"):
        read_policies(tmp_path)


def _replace(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


def _drop(key: str) -> Callable[[str], str]:
    return lambda text: re.sub(rf"\[{re.escape(key)}\]\nvalue.*\nsource.*\n", "", text)


def _add(lines: str) -> Callable[[str], str]:
    return lambda text: f"{text}\n{lines}\n"


_SLIPS: dict[str, tuple[Callable[[str], str], str]] = {
    "not TOML": (_replace("value = 3", "value = "), "is not valid TOML: Invalid value (at line"),
    "a number of 5,000 digits": (_replace("150_000", "9" * 5000), "is not valid TOML"),
    "nested too deeply": (_replace("value = 3", "value = " + "[" * 9999), "is not valid TOML"),
    "a key twice": (_add("[window_months]\nvalue = 3\nsource = 'x'"), "is not valid TOML"),
    "an empty file": (lambda _: "", "name is missing or not a text"),
    "a format to come": (lambda text: "format = 2\n" + text, "written in format 2, and this"),
    "no number of a format": (lambda text: "format = true\n" + text, "written in format True"),
    "no name": (_replace('name = "d-commerce-2020"', ""), "name is missing or not a text"),
    "a number for a name": (_replace('name = "d-commerce-2020"', "name = 2020"), "name is missing"),
    "a blank name": (_replace('name = "d-commerce-2020"', 'name = " "'), "it has no name"),
    "a value without source": (
        _replace('source = "program description 2020: the average of the last three months"', ""),
        "window_months must be a value beside its source",
    ),
    "a blank source": (
        _replace('"program description 2020: the average of the last three months"', '" "'),
        "window_months has no source",
    ),
    "a bare value": (
        lambda text: _replace("name =", "window_months = 3\nname =")(_drop("window_months")(text)),
        "window_months must be a value beside its source",
    ),
    "a third key beside value and source": (
        _replace("value = 3\n", "value = 3\nvalues = 4\n"),
        "window_months must be a value beside its source and nothing else",
    ),
    "an empty table": (_add("[notes]"), "notes must be a value beside its source"),
    "a missing value": (_drop("payout.roll_forward"), "lacks payout.roll_forward"),
    "two missing values": (
        lambda text: _drop("window_months")(_drop("active_status")(text)),
        "lacks active_status, window_months",
    ),
    "a tier without points": (
        lambda text: re.sub(r"points = \{ value = 300_000.*\n", "", text),
        "lacks tier.2.points",
    ),
    "an unknown value": (
        _add("[payout.day_of_week]\nvalue = 1\nsource = 'x'"),
        "payout.day_of_week is not a key of a policy",
    ),
    "a misspelled optional value": (
        _replace("[in_force_from]", "[in_force_since]"),
        "in_force_since is not a key of a policy",
    ),
    "a tier named in words": (_replace("[tier.3]", "[tier.three]"), "tier.three.points"),
    "a tier with a leading zero": (_replace("[tier.3]", "[tier.03]"), "tier.03.points"),
    "a gap in the tiers": (_replace("[tier.3]", "[tier.4]"), "tiers must be numbered 1, 2, 3"),
    "a key in quotes that hides its parts": (
        _add("['payout.day_of_month']\nvalue = 11\nsource = 'x'"),
        '"payout.day_of_month" is quoted',
    ),
    "a text for a number": (
        _replace("value = 3\n", "value = '3'\n"),
        "window_months must be a w",
    ),
    "true for a number": (_replace("value = 3\n", "value = true\n"), "must be a whole number"),
    "a fraction for an amount": (
        _replace("value = 150_000,", "value = 150_000.0,"),
        "tier.1.points must be a whole number, not 150000.0",
    ),
    "a number for yes or no": (
        _replace("value = false", "value = 0"),
        "tenure.min_is_strict must be true or false, not 0",
    ),
    "a text for a list": (
        _replace('["PROD_ORDER"]', '"PROD_ORDER"'),
        "counted_line_types must be a list of texts, not 'PROD_ORDER'",
    ),
    "a number in a list of texts": (_replace('["PROD_ORDER"]', "[1]"), "must be a list of texts"),
    "an unknown exclusion": (
        _replace('"uses_api"', '"uses_apis"'),
        "exclusions must be one of runs_department_store_window, ",
    ),
    "an unknown day of tenure": (
        _replace('"first_day_of_payout_month" ', '"tenth" '),
        "tenure.measured_on must be one of first_day_of_payout_month, ",
    ),
    "a month that is none": (_replace('"2020-01"', '"2020-13"'), "'2020-13' is not a month"),
    "a date for a month": (_replace('"2020-01"', "2020-01-01"), "in_force_from must be a text"),
    "tiers that overlap": (
        _replace("value = 8_000_000,", "value = 8_000_001,"),
        "must begin where",
    ),
    "rules of use of which one is missing": (
        lambda text: re.sub(r"notice_days = .*\n", "", text),
        "lacks use.notice_days",
    ),
    "a number for a list of numbers": (
        _replace("value = [30, 7]", "value = 30"),
        "use.notice_days must be a list of whole numbers, not 30",
    ),
    "true in a list of numbers": (_replace("[30, 7]", "[30, true]"), "a list of whole numbers"),
    "an unknown rule of use": (
        _replace("reward_retry_days", "reward_retries"),
        "lacks use.reward_retry_days",
    ),
    "a maximum that is not the sum": (
        _replace("1_450_000", "1_450_001"),
        "lifetime maximum is",
    ),
}


@pytest.mark.parametrize("slip", sorted(_SLIPS))
def test_a_slip_in_a_policy_is_refused_in_a_sentence_that_names_file_and_key(
    slip: str, tmp_path: Path
) -> None:
    change, sentence = _SLIPS[slip]
    path = tmp_path / "own.toml"
    path.write_text(changed := change(_2020))
    assert changed != _2020

    with pytest.raises(PolicyInvalid) as refused:
        read_policy(path)

    assert str(refused.value).startswith(str(path))
    assert sentence in str(refused.value)


def _leaves(table: dict[str, Any]) -> list[dict[str, Any]]:
    if "value" in table:
        return [table]
    tables = (each for each in table.values() if isinstance(each, dict))
    return [leaf for each in tables for leaf in _leaves(each)]
