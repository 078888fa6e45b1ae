"""The data rules: which months broke each, and how often."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from adapters.data_docs import CheckedDelivery, read_checks
from domain.sentence import Sentence, Text, of_data, sentence
from web.operators.looks import look_of
from web.operators.rendering import page
from web.operators.tables import Cells, Column, Linked, Tags, csv_response, recorded, table
from web.operators.visit import NoSuchPage, Visit

RULES: Final = (
    Column("says", sentence("What is wrong where it is broken")),
    Column("severity", sentence("Weight")),
    Column("checked", sentence("Deliveries checked"), number=True),
    Column("broken", sentence("Broken in"), number=True),
    Column("last_broken", sentence("Last broken")),
    Column("rule", sentence("Rule")),
)
HISTORY: Final = (
    Column("month", sentence("Month")),
    Column("checked_at", sentence("Checked")),
    Column("result", sentence("Result")),
    Column("found", sentence("Found"), number=True),
    Column("delivery", sentence("Delivery")),
    Column("source", sentence("Files")),
)


@dataclass(frozen=True, slots=True)
class RuleChecked:
    """A rule as one check of a delivery found it; `found` counts what broke it."""

    rule: str
    says: Text
    severity: str
    broken: bool
    found: int | None
    delivery: CheckedDelivery


def rules_page(visit: Visit) -> Response:
    """List the rules, with how often each was broken."""
    rows = list(_rules(visit))
    shown = table(visit, RULES, rows, "-broken", csv_at=visit.at("rules.csv"), has_filter=True)
    return page("rules.html", visit, table=shown)


def rules_csv(visit: Visit) -> Response:
    """Write the same as a file."""
    rows = ((_text(says), *rest) for says, *rest in _rules(visit))
    return _csv("rules.csv", RULES, rows)


def rule_page(visit: Visit) -> Response:
    """Show the history of a rule over the months; raises NoSuchPage."""
    history = _history(visit)
    shown = table(
        visit,
        HISTORY,
        _history_rows(visit, history),
        "-month",
        csv_at=visit.at(f"rules/{history[-1].rule}.csv"),
        has_filter=True,
    )
    return page(
        "rule.html", visit, rule=history[-1], look=look_of(history[-1].severity), table=shown
    )


def rule_csv(visit: Visit) -> Response:
    """Write the history of a rule as a file."""
    history = _history(visit)
    return _csv(f"{history[-1].rule}.csv", HISTORY, _history_rows(visit, history))


def _text(cell: object) -> str:
    """Return what a rule says, in English, without its link."""
    return str(cell.text if isinstance(cell, Linked) else cell)


def _csv(name: str, columns: tuple[Column, ...], rows: Iterator[Cells]) -> Response:
    return csv_response(name, [each.key for each in columns], map(recorded, rows))


def _rules(visit: Visit) -> Iterator[Cells]:
    for name, history in _checked_rules(visit).items():
        broken = [each for each in history if each.broken]
        newest = history[-1]
        yield (
            Linked(newest.says, visit.at(f"rules/{name}")),
            Tags((look_of(newest.severity),)),
            len(history),
            len(broken),
            max((each.delivery.settlement_month for each in broken), default=None),
            name,
        )


def _history(visit: Visit) -> list[RuleChecked]:
    found = _checked_rules(visit).get(visit.places["rule"])
    if not found:
        raise NoSuchPage(sentence("No delivery was checked by such a rule."))
    return found


def _history_rows(visit: Visit, history: list[RuleChecked]) -> Iterator[Cells]:
    for each in history:
        month = each.delivery.settlement_month
        yield (
            Linked(month, visit.at(f"months/{month}")),
            each.delivery.checked_at,
            Tags((_result(each),)),
            each.found,
            Tags((look_of("blocked" if each.delivery.blocked else "accepted"),)),
            each.delivery.source,
        )


def _result(each: RuleChecked) -> tuple[Sentence, str]:
    if not each.broken:
        return look_of("holds")
    _, look = look_of(each.severity)
    return sentence("reported") if each.severity == "info" else sentence("broken"), look


def _checked_rules(visit: Visit) -> Mapping[str, list[RuleChecked]]:
    """Read all checks, oldest first, by the rules that they tried."""
    found: dict[str, list[RuleChecked]] = {}
    for delivery in read_checks(visit.settings.docs):
        for each in _tried(delivery):
            found.setdefault(each.rule, []).append(each)
    return dict(sorted(found.items()))


def _tried(delivery: CheckedDelivery) -> Iterator[RuleChecked]:
    told = {each.rule: each for each in delivery.findings}
    for rule in (rule for suite in delivery.results for rule in suite["results"]):
        expected = rule["expectation_config"]
        name, severity = expected["meta"]["rule"], expected["severity"]
        finding = told.pop(name, None)
        count = finding.count if finding else _count(rule["result"])
        says = of_data(expected["meta"].get("text", expected["meta"]["sentence"]))
        yield RuleChecked(name, says, severity, not rule["success"], count, delivery)
    for finding in told.values():  # of a delivery that could not be read
        severity = finding.severity.value
        yield RuleChecked(finding.rule, finding.text, severity, True, finding.count, delivery)


def _count(result: Mapping[str, Any]) -> int | None:
    found = result.get("observed_value", result.get("unexpected_count"))
    return int(found) if isinstance(found, int | float) else None
