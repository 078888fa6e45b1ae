"""The gate judges a profile, and lets nothing pass that was not looked at."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from domain.columns import Content
from domain.findings import Finding, Severity
from domain.limits import LIMITS
from domain.profile import (
    COMPARED,
    NEW_WORD,
    Changes,
    DeclaredTotals,
    FileTotals,
    Past,
    PastMonth,
    Profile,
    Violations,
)
from expectations import gate
from expectations.comparison_rules import BAND_RULES
from expectations.delivery_rules import WHOLE_RULES
from expectations.gate_process import start_gate
from expectations.rule import Limit, Rule
from expectations.suite import COUNTED_RULES
from expectations.wording import violated
from tests.deliveries import MONTH


def judge(profile: Profile) -> tuple[Finding, ...]:
    return gate.judge(profile).findings


SETTLEMENTS = FileTotals("settlements.csv", Content.SETTLEMENTS, "0" * 64, 4, 259_000)
SELLERS = FileTotals("sellers.csv", Content.SELLERS, "1" * 64, 3, None)
COUNTED = dict.fromkeys([*(r.count_of for r in COUNTED_RULES), *(w.every for w in WHOLE_RULES)])
NOTHING_BROKEN = tuple(map(Violations, COUNTED))
SOUND = Profile(MONTH, (SETTLEMENTS, SELLERS), NOTHING_BROKEN)


def test_a_sound_profile_has_no_finding() -> None:
    assert judge(SOUND) == ()


def test_an_empty_profile_does_not_pass() -> None:
    findings = judge(Profile(MONTH, (), ()))
    assert {f.rule for f in findings} >= {rule.name for rule in COUNTED_RULES}
    assert {f.severity for f in findings} == {Severity.CRITICAL}


def test_a_rule_that_was_not_counted_blocks_even_if_it_would_only_warn() -> None:
    counted = tuple(v for v in NOTHING_BROKEN if v.rule != "seller_negative")
    (finding,) = judge(replace(SOUND, violations=counted))
    assert finding.rule == "seller_negative"
    assert finding.severity is Severity.CRITICAL


def test_an_expectation_that_fails_to_run_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    without_a_column = {rule.name: 0 for rule in COUNTED_RULES[1:]}
    present = {"settlements_empty": 4, "snapshot_empty": 3}
    whole = {each.rule.name: 0 for each in WHOLE_RULES}
    assert SOUND.past.months == ()
    monkeypatch.setattr(gate, "_counts", lambda _: without_a_column | present | whole)
    (finding,) = judge(SOUND)
    assert finding.rule == COUNTED_RULES[0].name
    assert finding.severity is Severity.CRITICAL
    assert "could not be checked" in finding.sentence


@pytest.mark.parametrize(("count", "blocks"), [(0, False), (3, False), (4, True)])
def test_what_some_lines_may_hold_blocks_once_every_line_holds_it(count: int, blocks: bool) -> None:
    violations = tuple(
        replace(v, count=count if v.rule == "line_type_unknown" else 0) for v in NOTHING_BROKEN
    )
    found = {finding.rule for finding in judge(replace(SOUND, violations=violations))}
    assert ("line_types_all_unknown" in found) is blocks


def test_critical_findings_come_before_warnings() -> None:
    broken = {"settlement_type_unknown": 3, "seller_unknown": 1, "line_type_unknown": 2}
    violations = tuple(replace(v, count=broken.get(v.rule, 0)) for v in NOTHING_BROKEN)
    findings = judge(replace(SOUND, violations=violations))
    assert [(f.rule, f.count) for f in findings] == [
        ("seller_unknown", 1),
        ("line_type_unknown", 2),
        ("settlement_type_unknown", 3),
    ]


PAST = tuple(
    PastMonth(MONTH - back, lines, lines * 50_000) for back, lines in ((1, 4), (2, 6), (3, 5))
)


@pytest.mark.parametrize(("lines", "unusual"), [(3, False), (8, False), (2, True), (9, True)])
def test_the_number_of_lines_stays_near_that_of_the_months_before(
    lines: int, unusual: bool
) -> None:
    file = replace(SETTLEMENTS, rows=lines)
    found = {f.rule for f in judge(replace(SOUND, files=(file, SELLERS), past=Past(PAST)))}
    assert ("lines_unusual" in found) is unusual


def test_an_unusual_amount_says_what_was_expected() -> None:
    file = replace(SETTLEMENTS, total=2_590_000)
    (finding,) = judge(replace(SOUND, files=(file, SELLERS), past=Past(PAST)))
    assert finding.severity is Severity.WARNING
    assert finding.sentence.endswith(
        "it is 2,590,000, and after 2026-07, 2026-08, 2026-09 between 120,000 and 420,000 "
        "was expected."
    )


def test_a_month_of_returns_has_a_band_too() -> None:
    (band,) = (band for band in BAND_RULES if band.rule.name == "amount_unusual")
    assert band.band([PastMonth(MONTH, 1, -100), PastMonth(MONTH, 1, -200)]) == (-280, -60)


def test_a_first_month_is_not_held_against_anything() -> None:
    results = gate.judge(SOUND).results
    rules = {each["expectation_config"]["meta"]["rule"] for each in results[0]["results"]}
    assert rules & {band.rule.name for band in BAND_RULES} == set()


def test_a_verdict_keeps_what_each_expectation_looked_at() -> None:
    (result,) = gate.judge(SOUND).results
    kept = json.loads(json.dumps(result))
    assert kept["success"]
    assert len(kept["results"]) == len(COUNTED_RULES) + len(WHOLE_RULES) + 2
    assert {each["expectation_config"]["severity"] for each in kept["results"]} == {
        "critical",
        "warning",
        "info",
    }


def test_control_totals_are_compared_exactly_however_large() -> None:
    beyond_floats = 2**53 + 1
    declared = DeclaredTotals(4, beyond_floats - 1, None)
    file = replace(SETTLEMENTS, total=beyond_floats, declared=declared)
    (finding,) = judge(replace(SOUND, files=(file, SELLERS)))
    assert finding.rule == "control_total_amount"
    assert finding.examples == (str(beyond_floats - 1), str(beyond_floats))


def test_a_finding_names_the_files_with_most_of_it() -> None:
    by_file = tuple((f"settlements-{n}.csv", n) for n in range(1, 6))
    found = Violations("seller_unknown", 15, by_file)
    violations = tuple(found if v.rule == found.rule else v for v in NOTHING_BROKEN)
    (finding,) = judge(replace(SOUND, violations=violations))
    assert finding.where == (
        "settlements-5.csv (5), settlements-4.csv (4), settlements-3.csv (3) and 2 more files"
    )


@pytest.mark.parametrize(
    ("limit", "of", "allowed"),
    [
        (Limit(), 1_000, 0),
        (Limit(count=5), 1_000, 5),
        (Limit(setting="sellers_vanished"), 1_000, 10),
        (Limit(setting="sellers_vanished"), 99, 0),
        (Limit(2, "sellers_vanished"), 99, 2),
        (Limit(2, "sellers_vanished"), 1_000, 10),
    ],
)
def test_a_limit_allows_a_count_or_a_share(limit: Limit, of: int, allowed: int) -> None:
    assert limit.allows(of, LIMITS) == allowed


def beside_a_last_snapshot(
    stores: int, counts: Mapping[str, int], limits: Mapping[str, float] = LIMITS
) -> set[str]:
    """Judge a sound month whose snapshot differs from one of so many stores, and tell the rules."""
    violations = (Violations(rule, counts.get(rule, 0)) for rule in COMPARED)
    sound = replace(SOUND, violations=NOTHING_BROKEN, limits=limits)
    past = Past(changes=Changes(MONTH - 1, stores, tuple(violations), stores))
    kept = tuple(v for v in sound.violations if v.rule not in {*COMPARED, *NEW_WORD.values()})
    return {f.rule for f in judge(replace(sound, violations=kept).compared_with(past))}


@pytest.mark.parametrize(
    ("stores", "counts", "rules"),
    [
        (3, {"seller_vanished": 1}, {"sellers_vanished"}),
        (3, {"seller_vanished": 2}, {"snapshot_unlike_last"}),
        (1, {"seller_vanished": 1}, {"snapshot_unlike_last"}),
        (1_000, {"seller_vanished": 10}, {"seller_vanished"}),
        (1_000, {"seller_vanished": 11}, {"sellers_vanished"}),
        (1_000, {"seller_vanished": 500}, {"sellers_vanished"}),
        (1_000, {"seller_vanished": 501}, {"snapshot_unlike_last"}),
        (3, {"seller_returned": 2}, {"seller_returned"}),
        (1_000, {"seller_returned": 11}, {"sellers_returned"}),
        (1_000, {"seller_joined": 500}, set()),
        (1_000, {"seller_joined": 501}, {"sellers_joined"}),
        (1_000, {"seller_rewritten": 1}, {"seller_rewritten"}),
        (3, {"approval_date_moved": 2}, {"approval_date_moved"}),
        (3, {"approval_date_moved": 3}, {"approval_dates_moved"}),
        (1_000, {"approval_date_moved": 10}, {"approval_date_moved"}),
        (1_000, {"approval_date_moved": 11}, {"approval_dates_moved"}),
        (1_000, {"status_changed": 50}, {"status_changed"}),
        (1_000, {"status_changed": 51}, {"status_changed_often"}),
        (1_000, {"status_changed": 251}, {"status_changed_mostly"}),
        (1_000, {"uses_api_changed": 50}, {"uses_api_changed"}),
        (1_000, {"uses_api_changed": 250}, {"uses_api_changed_often"}),
        (3, {"seller_withdrawn": 1, "seller_restated": 3}, {"seller_withdrawn", "seller_restated"}),
        (3, {"seller_withdrawn": 2}, {"snapshot_unlike_replaced"}),
        (1, {"seller_withdrawn": 1}, {"snapshot_unlike_replaced"}),
        (1_000, {"seller_withdrawn": 500}, {"seller_withdrawn"}),
        (1_000, {"seller_withdrawn": 501}, {"snapshot_unlike_replaced"}),
        (1_000, {"seller_restated": 1_000}, {"seller_restated"}),
        (1_000, {"runs_outlet_window_changed": 251}, {"runs_outlet_window_changed_mostly"}),
    ],
)
def test_a_change_is_told_looked_at_or_blocks_by_its_share(
    stores: int, counts: dict[str, int], rules: set[str]
) -> None:
    assert beside_a_last_snapshot(stores, counts) == rules


def test_an_operator_may_set_another_share() -> None:
    limits = {**LIMITS, "snapshot_unlike_last": 1.0, "sellers_vanished": 0.0}
    assert beside_a_last_snapshot(10, {"seller_vanished": 10}, limits) == {"sellers_vanished"}


def test_what_blocks_by_its_share_says_which_limit_may_be_raised() -> None:
    past = Past(changes=Changes(MONTH - 1, 3, (Violations("seller_vanished", 3, (), ("maru",)),)))
    replaced = {"seller_vanished", *NEW_WORD.values()}
    kept = tuple(v for v in NOTHING_BROKEN if v.rule not in replaced)
    profile = replace(SOUND, violations=kept).compared_with(past)
    (finding,) = (f for f in judge(profile) if f.rule == "snapshot_unlike_last")
    assert finding.sentence.endswith(
        f"marketplace's (the last is that of {MONTH - 1}): 3 stores, for example maru. "
        "That is above snapshot_unlike_last=50% of 3; if it is intended, raise the limit in "
        "GROWTH_POINTS_LIMITS."
    )


@pytest.mark.parametrize(
    ("many", "ending"),
    [
        (1, ": 1 store, for example s0."),
        (2, ": 2 stores, for example s0; s1."),
        (20, "; s18; s19."),
        (21, "; s18; s19 (the data-quality page lists 21)."),
        (5_000, "; s18; s19 (the data-quality page lists 5,000)."),
    ],
)
def test_a_sentence_names_a_few_of_many_dates_that_moved(many: int, ending: str) -> None:
    rule = next(rule for rule in COUNTED_RULES if rule.name == "approval_date_moved")
    found = Violations(rule.name, many, (), tuple(f"s{n}" for n in range(many)))
    finding = violated(rule, found, SOUND)
    assert finding.sentence.endswith(ending)
    assert finding.examples == found.examples


def test_rule_names_are_unique() -> None:
    rules: tuple[Rule, ...] = COUNTED_RULES
    assert len({rule.name for rule in rules}) == len(rules)


def test_the_answer_to_an_interrupted_question_goes_to_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate_process = start_gate()
    pipe = gate_process._mine

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gate_process, "_mine", SimpleNamespace(send=pipe.send, recv=interrupted))
    with pytest.raises(KeyboardInterrupt):
        gate_process.judge(SOUND)
    assert not gate_process.alive
    assert start_gate() is not gate_process


_ENDS_BESIDE_A_DEAF_GATE = """
import contextlib, os, signal
from expectations.gate_process import GateFailed, start_gate
if __name__ == "__main__":
    gate = start_gate()
    with contextlib.suppress(GateFailed):
        gate.judge("nonsense")  # from now on it waits for the next question
    os.kill(gate._process.pid, signal.SIGSTOP)  # it handles no signal and reads no pipe
"""


def test_a_command_ends_even_if_its_gate_does_not(tmp_path: Path) -> None:
    command = tmp_path / "command.py"
    command.write_text(_ENDS_BESIDE_A_DEAF_GATE)

    ended = subprocess.run([sys.executable, command], timeout=60, check=False)  # noqa: S603 ours

    assert ended.returncode == 0


def test_control_totals_that_fail_without_a_file_that_differs_block_the_month() -> None:
    declared = DeclaredTotals(SETTLEMENTS.rows, SETTLEMENTS.total, None)
    config = SimpleNamespace(meta={"rule": "control_total_rows"})
    failed = SimpleNamespace(success=False, expectation_config=config, exception_info={})
    result = SimpleNamespace(results=[failed])
    profile = replace(SOUND, files=(replace(SETTLEMENTS, declared=declared),))
    (finding,) = gate._differing(profile, result)
    assert finding.severity is Severity.CRITICAL
    assert "could not be checked" in finding.sentence
