"""The gate: Great Expectations over a delivery's profile. The only module that imports it.

A profile is one row with a column for each rule, so it is judged in the same time at any size.
Importing Great Expectations takes seconds; that is why it happens inside the functions.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from domain.findings import Finding, Severity
from domain.profile import FileTotals, Profile
from domain.settlement import Content
from expectations.rule import Rule
from expectations.suite import (
    ALL_RULES,
    CONTROL_TOTAL_RULES,
    COUNTED_RULES,
    PRESENCE_RULES,
    absent,
    control_totals,
    differing,
    undecided,
    violated,
)

_RULE = {rule.name: rule for rule in ALL_RULES}


def warm_up() -> None:
    """Import Great Expectations, which takes seconds, so that judging need not wait for it."""
    import great_expectations.expectations.core  # noqa: F401


def judge(profile: Profile) -> tuple[Finding, ...]:
    """Run the suite over a profile and word every finding, critical ones first.

    A rule that was not counted, or whose expectation fails to run, is a critical finding:
    nothing passes because it was not looked at.
    """
    findings = [*_counted(profile), *_declared(profile)]
    order = list(_RULE)
    return tuple(
        sorted(findings, key=lambda f: (f.severity is not Severity.CRITICAL, order.index(f.rule)))
    )


def _counted(profile: Profile) -> Iterator[Finding]:
    for rule, problem in _failures("profile", [_counts(profile)], _limits(profile)):
        found = profile.of(rule.name)
        if problem is not None:
            yield undecided(rule, problem)
        elif rule in PRESENCE_RULES:
            yield absent(rule, profile)
        elif found is None:
            yield undecided(rule, "nothing was counted for it")
        else:
            yield violated(rule, found)


def _declared(profile: Profile) -> Iterator[Finding]:
    files = [file for file in profile.files if file.declared is not None]
    if not files:
        return
    for rule, problem in _failures("control_totals", _pairs(files), _equalities()):
        if problem is not None:
            yield undecided(rule, problem)
            continue
        for file in files:
            pair = control_totals(rule, file)
            if pair is not None and pair[0] != pair[1]:
                yield differing(rule, file)


def _counts(profile: Profile) -> dict[str, int | None]:
    found = {rule.name: profile.of(rule.name) for rule in COUNTED_RULES}
    counts = {name: violations.count if violations else None for name, violations in found.items()}
    return counts | {rule.name: _total(profile, rule) for rule in PRESENCE_RULES}


def _total(profile: Profile, rule: Rule) -> int:
    return profile.lines if rule.content is Content.SETTLEMENTS else profile.sellers


def _limits(profile: Profile) -> list[Any]:
    from great_expectations.expectations import core as expect

    # The bounds of a maximum, because a NULL fails them; comparing row by row would skip it.
    counted = [
        expect.ExpectColumnMaxToBeBetween(
            column=rule.name,
            min_value=0,
            max_value=rule.limit.allows(_total(profile, rule)),
            severity=str(rule.severity),
            meta={"rule": rule.name},
        )
        for rule in COUNTED_RULES
    ]
    present = [
        expect.ExpectColumnMaxToBeBetween(
            column=rule.name, min_value=1, severity=str(rule.severity), meta={"rule": rule.name}
        )
        for rule in PRESENCE_RULES
    ]
    return [*counted, *present]


def _pairs(files: Iterable[FileTotals]) -> list[dict[str, str | None]]:
    rows = []
    for file in files:
        row: dict[str, str | None] = {"file": file.name}
        for rule in CONTROL_TOTAL_RULES:
            declared, read = control_totals(rule, file) or (None, None)
            row |= {f"{rule.name}_declared": declared, f"{rule.name}_read": read}
        rows.append(row)
    return rows


def _equalities() -> list[Any]:
    from great_expectations.expectations import core as expect

    return [
        expect.ExpectColumnPairValuesToBeEqual(
            column_A=f"{rule.name}_declared",
            column_B=f"{rule.name}_read",
            ignore_row_if="both_values_are_missing",
            severity=str(rule.severity),
            meta={"rule": rule.name},
        )
        for rule in CONTROL_TOTAL_RULES
    ]


def _failures(
    name: str, rows: list[dict[str, Any]], expectations: list[Any]
) -> Iterator[tuple[Rule, str | None]]:
    """Validate rows and give each failed rule, with the problem if its expectation did not run."""
    import great_expectations as gx
    import pandas as pd

    context = _context()
    asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe(name).get_batch(
        {"dataframe": pd.DataFrame(rows)}
    )
    results = batch.validate(gx.ExpectationSuite(name=name, expectations=expectations)).results
    for result in results:
        if not result.success:
            yield _RULE[result.expectation_config.meta["rule"]], _problem(result.exception_info)


def _context() -> Any:
    """Make a context that keeps everything in memory; its default leaves a folder in /tmp."""
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
    """Read why an expectation did not run; its record is nested only when a metric failed."""
    records = [exception_info, *(v for v in exception_info.values() if isinstance(v, dict))]
    messages = (r.get("exception_message") for r in records if r.get("raised_exception"))
    return next((str(message).splitlines()[0] for message in messages), None)
