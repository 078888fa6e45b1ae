"""The gate judges a profile, and lets nothing pass that was not looked at."""

from dataclasses import replace

import pytest

from domain.findings import Severity
from domain.profile import DeclaredTotals, FileTotals, Profile, Violations
from domain.settlement import Content
from expectations import gate
from expectations.rule import Limit, Rule
from expectations.suite import COUNTED_RULES
from tests.deliveries import MONTH

SETTLEMENTS = FileTotals("settlements.csv", Content.SETTLEMENTS, "0" * 64, 4, 259_000)
SELLERS = FileTotals("sellers.csv", Content.SELLERS, "1" * 64, 3, None)
NOTHING_BROKEN = tuple(Violations(rule.name) for rule in COUNTED_RULES)
SOUND = Profile(MONTH, (SETTLEMENTS, SELLERS), NOTHING_BROKEN)


def test_a_sound_profile_has_no_finding() -> None:
    assert gate.judge(SOUND) == ()


def test_an_empty_profile_does_not_pass() -> None:
    findings = gate.judge(Profile(MONTH, (), ()))
    assert {f.rule for f in findings} >= {rule.name for rule in COUNTED_RULES}
    assert {f.severity for f in findings} == {Severity.CRITICAL}


def test_a_rule_that_was_not_counted_blocks_even_if_it_would_only_warn() -> None:
    counted = tuple(v for v in NOTHING_BROKEN if v.rule != "line_type_unknown")
    (finding,) = gate.judge(replace(SOUND, violations=counted))
    assert finding.rule == "line_type_unknown"
    assert finding.severity is Severity.CRITICAL


def test_an_expectation_that_fails_to_run_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    without_a_column = {rule.name: 0 for rule in COUNTED_RULES[1:]}
    present = {"settlements_empty": 4, "snapshot_empty": 3}
    monkeypatch.setattr(gate, "_counts", lambda _: without_a_column | present)
    (finding,) = gate.judge(SOUND)
    assert finding.rule == COUNTED_RULES[0].name
    assert finding.severity is Severity.CRITICAL
    assert "could not be checked" in finding.sentence


def test_critical_findings_come_before_warnings() -> None:
    broken = {"settlement_type_unknown": 3, "seller_unknown": 1, "line_type_unknown": 2}
    violations = tuple(replace(v, count=broken.get(v.rule, 0)) for v in NOTHING_BROKEN)
    findings = gate.judge(replace(SOUND, violations=violations))
    assert [(f.rule, f.count) for f in findings] == [
        ("seller_unknown", 1),
        ("line_type_unknown", 2),
        ("settlement_type_unknown", 3),
    ]


def test_control_totals_are_compared_exactly_however_large() -> None:
    beyond_floats = 2**53 + 1
    declared = DeclaredTotals(4, beyond_floats - 1, None)
    file = replace(SETTLEMENTS, amount_krw=beyond_floats, declared=declared)
    (finding,) = gate.judge(replace(SOUND, files=(file, SELLERS)))
    assert finding.rule == "control_total_amount"
    assert finding.examples == (str(beyond_floats - 1), str(beyond_floats))


def test_a_finding_names_the_files_with_most_of_it() -> None:
    by_file = tuple((f"settlements-{n}.csv", n) for n in range(1, 6))
    found = Violations("seller_unknown", 15, by_file)
    violations = tuple(found if v.rule == found.rule else v for v in NOTHING_BROKEN)
    (finding,) = gate.judge(replace(SOUND, violations=violations))
    assert finding.where == (
        "settlements-5.csv (5), settlements-4.csv (4), settlements-3.csv (3) and 2 more files"
    )


@pytest.mark.parametrize(
    ("limit", "of", "allowed"),
    [
        (Limit(), 1_000, 0),
        (Limit(count=5), 1_000, 5),
        (Limit(fraction=0.01), 1_000, 10),
        (Limit(fraction=0.01), 99, 0),
    ],
)
def test_a_limit_allows_a_count_or_a_fraction(limit: Limit, of: int, allowed: int) -> None:
    assert limit.allows(of) == allowed


def test_rule_names_are_unique() -> None:
    rules: tuple[Rule, ...] = COUNTED_RULES
    assert len({rule.name for rule in rules}) == len(rules)
