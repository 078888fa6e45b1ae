"""Each rule for a reward day has one mutation of a sound day that breaks exactly it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from domain.findings import Severity
from domain.profile import COMPARED_ENTRIES
from domain.using.rewards import RewardKind
from expectations.reward_rules import COMPARED_ENTRY_RULES
from expectations.rule import Rule
from expectations.suite import REWARD_SUITE
from tests.reward_days import NOTHING_FOUND, SmallRewardDay, entry
from tests.workbooks import write_sheets

Mutation = Callable[[SmallRewardDay], object]


def single(**values: str) -> Mutation:
    """Change the entry that is alone in its event."""
    return lambda day: day.entries[0].update(values)


def cancelling(**values: str) -> Mutation:
    """Change the cancellation."""
    return lambda day: day.entries[-1].update(values)


def declared(**values: object) -> Mutation:
    """Declare something else of the file than it holds."""
    return lambda day: day.write().declare(values)


def damaged(day: SmallRewardDay) -> None:
    """Add a row with a quote that never ends."""
    with day.write().file.open("a") as file:
        file.write('"cut off, in the mid')


def beside(day: SmallRewardDay) -> None:
    """Write the entries into a workbook, and something else into another sheet of it."""
    day.write().file.unlink()
    rows = [list(day.entries[0]), *(list(each.values()) for each in day.entries)]
    sheets = {"entries": rows, "summary": [["day", "sum"], ["2026-11-29", "2500"]]}
    write_sheets(day.folder / "rewards.xlsx", sheets)


def continued(day: SmallRewardDay) -> None:
    """Add a column that is not read, in which a remark stands on two lines."""
    for each in day.entries:
        each["remark"] = "two\nlines"


def empty(day: SmallRewardDay) -> None:
    """Leave only the header."""
    header = day.write().file.read_text().splitlines()[0]
    day.file.write_text(f"{header}\n")


MUTATIONS: dict[str, Mutation] = {
    "reward_event_missing": single(event_id=""),
    "reward_event_malformed": single(event_id="E" * 65),
    "reward_event_inexact": single(event_id="2.02611E+15"),
    "reward_position_missing": single(position=""),
    "reward_position_unreadable": single(position="first"),
    "reward_position_out_of_range": single(position="0"),
    "reward_store_missing": single(seller_id=""),
    "reward_store_malformed": single(seller_id="store\x01b"),
    "reward_store_inexact": single(seller_id="5.1E+16"),
    "reward_kind_missing": single(kind=""),
    "reward_kind_malformed": single(kind="gift\x01card"),
    "reward_kind_unknown": single(kind="gift"),
    "reward_points_missing": single(points=""),
    "reward_points_unreadable": single(points="10.5"),
    "reward_points_not_positive": single(points="0"),
    "reward_points_above_limit": single(points="1000001"),
    "reward_customer_missing": single(customer_ref=""),
    "reward_customer_malformed": single(customer_ref="c" * 65),
    "reward_customer_inexact": single(customer_ref="1.5"),
    "occurred_on_missing": single(occurred_on=""),
    "occurred_on_unreadable": single(occurred_on="yesterday"),
    "occurred_on_other_day": single(occurred_on="2026-11-28"),
    "cancellation_unnamed": cancelling(cancels_position=""),
    "reward_cancels": single(cancels_position="1"),
    "cancelled_event_malformed": cancelling(cancels_event_id="E" * 65),
    "cancelled_event_inexact": cancelling(cancels_event_id="1.5"),
    "cancelled_position_unreadable": cancelling(cancels_position="second"),
    "cancelled_position_out_of_range": cancelling(cancels_position="-1"),
    "reward_row_unreadable": damaged,
    "reward_row_continued": continued,
    "sheet_not_read": beside,
    "reward_entry_repeated": lambda day: day.entries.append(dict(day.entries[0])),
    "reward_position_gap": single(position="2"),
    "reward_event_of_stores": lambda day: day.entries[2].update(seller_id="store-b"),
    "rewards_empty": empty,
    "control_total_rows": declared(rows=5),
    "control_total_points": declared(points=2_501),
    "control_total_sha256": declared(sha256="0" * 64),
    **dict.fromkeys(COMPARED_ENTRIES, lambda _: None),
}
WARNINGS = {"reward_row_continued", "sheet_not_read"}


def broken_by(day: SmallRewardDay) -> set[str]:
    """Return the rules that were counted as broken, without the gate."""
    return {found.rule for found in day.write().read().profile.violations if found.count}


def test_a_sound_day_has_no_finding(tmp_path: Path) -> None:
    day = SmallRewardDay(tmp_path).write(manifest=True)
    assert day.findings() == ()


def test_every_rule_has_a_mutation_that_breaks_it() -> None:
    assert MUTATIONS.keys() == {rule.name for rule in REWARD_SUITE.rules}


@pytest.mark.parametrize("rule", REWARD_SUITE.rules, ids=lambda rule: rule.name)
def test_a_mutation_breaks_exactly_its_rule(rule: Rule, tmp_path: Path) -> None:
    day = SmallRewardDay(tmp_path)
    MUTATIONS[rule.name](day)
    if not day.folder.exists():
        day.write()
    compared = tuple(replace(each, count=int(each.rule == rule.name)) for each in NOTHING_FOUND)
    [finding] = day.findings(compared=compared)
    assert finding.rule == rule.name
    assert finding.severity is (Severity.WARNING if rule.name in WARNINGS else Severity.CRITICAL)
    assert str(rule.sentence) in finding.sentence


def test_a_count_that_the_database_lacks_blocks_the_day(tmp_path: Path) -> None:
    findings = SmallRewardDay(tmp_path).write().findings(compared=())
    assert {each.rule for each in findings} == {rule.name for rule in COMPARED_ENTRY_RULES}
    assert all("so the day is blocked" in each.sentence for each in findings)


def test_a_finding_says_what_is_wrong_where_and_how_often(tmp_path: Path) -> None:
    day = SmallRewardDay(tmp_path)
    for each in day.entries[:2]:
        each["kind"] = "gift"
    [finding] = day.write().findings()
    assert finding.sentence == (
        "rewards.csv: the kind is not one of purchase, repeat_purchase, review, best_review, "
        "cancellation in 2 entries, for example rewards.csv row 2 ('gift'); rewards.csv row 3 "
        "('gift')."
    )


def test_the_limit_of_an_entry_is_the_policys(tmp_path: Path) -> None:
    day = SmallRewardDay(tmp_path).write()
    assert day.findings(1_000) == ()
    [finding] = day.findings(999)
    assert (finding.rule, finding.count) == ("reward_points_above_limit", 1)


def test_a_day_without_entries_is_sound_if_its_manifest_says_so(tmp_path: Path) -> None:
    day = SmallRewardDay(tmp_path)
    empty(day)
    day.entries.clear()
    day.declare()
    assert day.findings() == ()


@pytest.mark.parametrize("kind", RewardKind)
def test_a_kind_is_read_however_it_is_written(kind: RewardKind, tmp_path: Path) -> None:
    day = SmallRewardDay(tmp_path)
    other = day.entries[-1] if kind is RewardKind.CANCELLATION else day.entries[0]
    other["kind"] = f" {kind.upper().replace('_', '-')}"
    assert broken_by(day) == set()


@pytest.mark.parametrize(
    ("positions", "broken"),
    [
        ((1, 2, 3), set()),
        ((3, 1, 2), set()),
        ((2, 3), {"reward_position_gap"}),
        ((1, 3), {"reward_position_gap"}),
        ((1, 1), {"reward_entry_repeated"}),
        ((1, 1, 2), {"reward_entry_repeated"}),
        ((1, 1, 4, 4), {"reward_entry_repeated", "reward_position_gap"}),
        ((1, 3, 3, 3), {"reward_entry_repeated", "reward_position_gap"}),
        ((1, 1_000_000), {"reward_position_gap"}),
        ((1, 1_000_001), {"reward_position_out_of_range", "reward_position_gap"}),
    ],
)
def test_positions_of_an_event_run_from_1_without_a_gap(
    positions: tuple[int, ...], broken: set[str], tmp_path: Path
) -> None:
    day = SmallRewardDay(tmp_path)
    day.entries = [entry("E9", each, "store-a", "purchase", 100) for each in positions]
    assert broken_by(day) == broken
