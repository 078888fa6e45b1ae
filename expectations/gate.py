"""The gate: runs Great Expectations over a delivery's profile. The only module that imports it.

A profile is one row with a column for each rule, so the time does not depend on the delivery's
size. Great Expectations takes seconds to import and is therefore imported inside functions.
"""

import gc
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from domain.award_profile import AwardProfile
from domain.findings import Finding, Severity
from domain.profile import FileTotals, Profile
from domain.sentence import as_data, sentence
from expectations.award_rules import AWARD_RULES, broken_award_rule, counts, most
from expectations.delivery_rules import control_totals
from expectations.rule import Rule, checked_total
from expectations.suite import Suite, suite_of
from expectations.word_rules import NEW_WORD_RULES, unknown_words_of
from expectations.wording import (
    broken_by_all,
    empty_delivery,
    new_words,
    outside_band,
    unchecked,
    unlike_manifest,
    violated,
)

_SEVERITIES = list(Severity)
_SPARK = "pyspark"


def warm_up() -> None:
    """Import Great Expectations, unless that is done.

    Garbage collection, a sixth of the import time, is off meanwhile: what is imported stays.
    """
    if "great_expectations" in sys.modules:
        return
    gc.disable()
    with _without_spark():
        import great_expectations.expectations.core  # noqa: F401

    gc.freeze()
    gc.enable()


@contextmanager
def _without_spark() -> Iterator[None]:
    """Hide Spark: where its client alone is installed, looking for the rest ends the process."""
    names = [name for name in sys.modules if name.partition(".")[0] == _SPARK]
    hidden = {name: sys.modules.pop(name) for name in names}
    sys.modules[_SPARK] = None  # type: ignore[assignment]  # importing it fails
    try:
        yield
    finally:
        del sys.modules[_SPARK]
        sys.modules.update(hidden)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's findings about a profile.

    `results` are Great Expectations' validation results as plain data, one for each suite.
    """

    findings: tuple[Finding, ...]
    results: tuple[dict[str, Any], ...]
    profile: Profile


def judge(profile: Profile) -> Verdict:
    """Run the suites over a profile and return its findings, critical ones first.

    A rule that was not counted, or whose expectation failed to run, is a critical finding.
    """
    warm_up()
    suite = suite_of(profile.period)
    looked_at = _validate("profile", [_counts(profile)], [*_limits(profile), *_bands(profile)])
    declared = _declared(profile)
    pairs = [_compare(declared, suite.control_totals)] if declared else []
    findings = [*_counted(profile, looked_at)]
    for result in pairs:
        findings += _differing(profile, result)
    order = list(suite.by_name)
    ordered = sorted(findings, key=lambda f: (_SEVERITIES.index(f.severity), order.index(f.rule)))
    results = tuple(result.to_json_dict() for result in (looked_at, *pairs))
    return Verdict(tuple(ordered), results, profile)


def judge_awards(profile: AwardProfile) -> tuple[Finding, ...]:
    """Run the suite over awards about to be posted; any finding forbids posting them."""
    warm_up()
    expectations = [
        _between(0, most(rule, profile), Severity.CRITICAL, {"rule": rule.name})
        for rule in AWARD_RULES
    ]
    result = _validate("awards", [counts(profile)], expectations)
    failed = {each.expectation_config.meta["rule"] for each in result.results if not each.success}
    return tuple(broken_award_rule(rule, profile) for rule in AWARD_RULES if rule.name in failed)


def _declared(profile: Profile) -> list[FileTotals]:
    return [file for file in profile.files if file.declared is not None]


def _compare(declared: Iterable[FileTotals], rules: Sequence[Rule]) -> Any:
    return _validate("control_totals", _pairs(declared, rules), _equalities(rules))


def _counted(profile: Profile, result: Any) -> Iterator[Finding]:
    suite = suite_of(profile.period)
    failures = list(_failures(result, suite))
    most_severe = _most_severe(rule for rule, _ in failures)
    for rule, problem in failures:
        found = profile.of(suite.every.get(rule.name, rule.count_of))
        if problem is not None:
            yield unchecked(rule, problem, profile)
        elif rule in suite.present:
            yield empty_delivery(rule, profile)
        elif rule.name in suite.band:
            yield outside_band(suite.band[rule.name], profile)
        elif found is None:
            yield unchecked(rule, sentence("nothing was counted for it"), profile)
        elif rule.name not in most_severe:
            continue
        elif rule.name in suite.every:
            yield broken_by_all(rule, found)
        elif rule in NEW_WORD_RULES:
            yield new_words(rule, unknown_words_of(rule, profile))
        else:
            yield violated(rule, found, profile)


def _differing(profile: Profile, result: Any) -> Iterator[Finding]:
    for rule, problem in _failures(result, suite_of(profile.period)):
        if problem is not None:
            yield unchecked(rule, problem, profile)
            continue
        pairs = [(file, control_totals(rule, file)) for file in _declared(profile)]
        differ = [file for file, pair in pairs if pair is not None and pair[0] != pair[1]]
        yield from (unlike_manifest(rule, file) for file in differ)
        if not differ:
            yield unchecked(
                rule, sentence("its expectation failed, and no file shows why"), profile
            )


def _counts(profile: Profile) -> dict[str, int | None]:
    suite = suite_of(profile.period)
    found = {rule.name: profile.of(rule.count_of) for rule in suite.counted}
    found |= {name: profile.of(every) for name, every in suite.every.items()}
    counts = {name: violations.count if violations else None for name, violations in found.items()}
    measures = {band.rule.name: band.measure(profile) for band in suite.bands}
    sizes = {each.rule.name: each.measure(profile) for each in suite.presence}
    return counts | measures | sizes


def _limits(profile: Profile) -> list[Any]:
    # Bounds on the column's maximum fail for NULL; row-wise comparisons would skip it.
    suite = suite_of(profile.period)
    counted = [_within(rule, 0, _allowed(rule, profile)) for rule in suite.counted]
    whole = [
        _within(each.rule, 0, max(checked_total(each.rule, profile) - 1, 0)) for each in suite.whole
    ]
    return [*counted, *whole, *(_within(each.rule, 1, None) for each in suite.presence)]


def _allowed(rule: Rule, profile: Profile) -> int:
    return rule.limit.allows(checked_total(rule, profile), profile.limits)


def _bands(profile: Profile) -> list[Any]:
    """Return the expectations from earlier months; the program's first month has none."""
    if not profile.past.months:
        return []
    bands = suite_of(profile.period).bands
    return [_within(band.rule, *band.band(profile.past.months)) for band in bands]


def _within(rule: Rule, least: int, most: int | None) -> Any:
    return _between(least, most, rule.severity, _meta(rule))


def _between(least: int, most: int | None, severity: Severity, meta: dict[str, Any]) -> Any:
    """Return the expectation of a rule's count; `meta` has the rule's name, which is its column."""
    from great_expectations.expectations import core as expect

    return expect.ExpectColumnMaxToBeBetween(
        column=meta["rule"],
        min_value=least,
        max_value=most,
        severity=str(severity),
        meta=meta,
    )


def _meta(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "sentence": str(rule.sentence),
        "text": as_data(rule.sentence),
        "content": str(rule.content),
    }


def _pairs(files: Iterable[FileTotals], rules: Sequence[Rule]) -> list[dict[str, str | None]]:
    rows = []
    for file in files:
        row: dict[str, str | None] = {"file": file.name}
        for rule in rules:
            declared, read = control_totals(rule, file) or (None, None)
            row |= {f"{rule.name}_declared": declared, f"{rule.name}_read": read}
        rows.append(row)
    return rows


def _equalities(rules: Iterable[Rule]) -> list[Any]:
    from great_expectations.expectations import core as expect

    return [
        expect.ExpectColumnPairValuesToBeEqual(
            column_A=f"{rule.name}_declared",
            column_B=f"{rule.name}_read",
            ignore_row_if="both_values_are_missing",
            severity=str(rule.severity),
            meta=_meta(rule),
        )
        for rule in rules
    ]


def _validate(name: str, rows: list[dict[str, Any]], expectations: list[Any]) -> Any:
    import great_expectations as gx
    import pandas as pd

    context = _context()
    asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe(name).get_batch(
        {"dataframe": pd.DataFrame(rows)}
    )
    return batch.validate(gx.ExpectationSuite(name=name, expectations=expectations))


def _failures(result: Any, suite: Suite) -> Iterator[tuple[Rule, str | None]]:
    """Yield each failed rule, with the problem if its expectation did not run."""
    rules = suite.by_name
    for each in result.results:
        if not each.success:
            yield rules[each.expectation_config.meta["rule"]], _problem(each.exception_info)


def _most_severe(rules: Iterable[Rule]) -> set[str]:
    """Return the names of the most severe broken rules, one for each count."""
    by_severity = sorted(rules, key=lambda rule: _SEVERITIES.index(rule.severity), reverse=True)
    return set({rule.count_of: rule.name for rule in by_severity}.values())


def _context() -> Any:
    """Return a context that keeps everything in memory; the default one leaves a folder in /tmp."""
    import great_expectations as gx
    from great_expectations.data_context.types import base

    stores = base.InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    config = base.DataContextConfig(
        store_backend_defaults=stores,
        progress_bars=base.ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _problem(exception_info: dict[str, Any]) -> str | None:
    """Return why an expectation did not run, or None; a failed metric nests its record."""
    records = [exception_info, *(v for v in exception_info.values() if isinstance(v, dict))]
    messages = (r.get("exception_message") for r in records if r.get("raised_exception"))
    return next((str(message).splitlines()[0] for message in messages), None)
