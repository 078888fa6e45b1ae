"""Rendering the record of checks: one page for each month and revision, and an index."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from uuid import uuid4

from adapters.data_docs.checks import CheckedDelivery, read_checks
from adapters.data_docs.markup import code, facts, number, page, table, tag
from domain.findings import Finding, Severity, warnings
from domain.months import SettlementMonth

_LOOK = {Severity.CRITICAL: "bad", Severity.WARNING: "warn", Severity.INFO: "soft"}
_IN_A_SENTENCE = 20
_TITLE = "Settlement data quality"
_RULE_COLUMNS = (
    "result",
    "severity",
    "rule",
    "what is wrong where it is broken",
    "allowed",
    "found",
)
_FILE_COLUMNS = ("file", "rows", "amount (KRW)", "rows declared", "amount declared", "SHA-256")
_REFUSED = tag("bad", "its last delivery was refused")
_NOT_DECLARED = (
    "No manifest.json came with these files, so nobody declared how many rows and how much they "
    "hold: a file that was cut off at the end of a line shows only in comparison with the months "
    "before. Ask the sender for a manifest."
)
_INDEX_COLUMNS = (
    "month",
    "state",
    "lines",
    "amount (KRW)",
    "critical",
    "warnings",
    "checked",
    "delivery",
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A revision that was taken in: its number, and whether it is its month's current one."""

    settlement_month: SettlementMonth
    content_hash: str
    revision_no: int
    current: bool


@dataclass(frozen=True, slots=True)
class _Page:
    """The latest check of one content, and the revisions that it became, oldest first."""

    checked: CheckedDelivery
    became: tuple[Standing, ...]

    @property
    def month(self) -> SettlementMonth:
        return self.checked.settlement_month

    @property
    def revision(self) -> Standing | None:
        return self.became[-1] if self.became else None

    @property
    def file(self) -> str:
        if self.revision is not None:
            return revision_page(self.month, self.revision.revision_no)
        return f"{self.month}-not-taken-in-{self.checked.name}.html"

    @property
    def title(self) -> str:
        if self.revision is None:
            return f"{self.month}, not taken in"
        return f"{self.month} revision {self.revision.revision_no}"

    @property
    def label(self) -> str:
        """A colored word for the state of the data."""
        checked = self.checked
        if checked.content_hash is None:
            return tag("bad", "cannot be read")
        if checked.blocked:
            return tag("bad", "blocked")
        if warnings(checked.findings):
            return tag("warn", "sound, with warnings")
        return tag("good", "sound")

    @property
    def meaning(self) -> str:
        if self.revision is None:
            why = "it is refused" if self.checked.blocked else "it was only looked at"
            return f"Nothing of this delivery was taken in: {why}."
        if self.revision.current:
            return "This is the month's current revision."
        return "A later delivery has replaced this revision."


def revision_page(month: SettlementMonth, revision_no: int) -> str:
    """Name the file of a revision's page."""
    return f"{month}-revision-{revision_no}.html"


def publish_pages(folder: Path, standings: Iterable[Standing]) -> Path:
    """Render a page for each content that was checked, and the index; return the index's path."""
    pages = _pages(read_checks(folder), tuple(standings))
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "index.html"
    written = {each.file: page(each.title, _body(each)) for each in pages}
    for outdated in folder.glob("*.html"):
        if outdated.name not in written and outdated != index:
            outdated.unlink(missing_ok=True)
    for name, text in [*written.items(), (index.name, page(_TITLE, _index(pages)))]:
        unfinished = folder / f"{name}.{uuid4().hex[:8]}"  # two runs may render at once
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(folder / name)
    return index


def _pages(checks: Iterable[CheckedDelivery], standings: tuple[Standing, ...]) -> tuple[_Page, ...]:
    """Give a page to each content, newest month first, within a month the latest check first."""
    latest: dict[tuple[SettlementMonth, str], CheckedDelivery] = {}
    for checked in reversed(tuple(checks)):
        latest.setdefault((checked.settlement_month, checked.name), checked)
    pages = [_Page(checked, _became(checked, standings)) for checked in latest.values()]
    return tuple(sorted(pages, key=lambda each: each.month, reverse=True))


def _became(checked: CheckedDelivery, standings: tuple[Standing, ...]) -> tuple[Standing, ...]:
    same = (
        each
        for each in standings
        if (each.settlement_month, each.content_hash)
        == (checked.settlement_month, checked.content_hash)
    )
    return tuple(sorted(same, key=lambda each: each.revision_no))


def _index(pages: tuple[_Page, ...]) -> Iterator[str]:
    yield f"<h1>{_TITLE}</h1>"
    yield (
        '<p class="soft">Each month with its current revision. Data is sound when no critical '
        "rule is broken; warnings are reported and the month goes on.</p>"
    )
    if not pages:
        yield "<p>No delivery was checked yet.</p>"
        return
    current = _one_for_each_month(pages)
    last = {each.month: each for each in reversed(pages)}
    yield "<h2>Months</h2>"
    rows = (_index_row(each, last[each.month]) for each in current)
    yield table(_INDEX_COLUMNS, rows, _NUMBERS)
    if others := [each for each in pages if each not in current]:
        yield "<h2>Replaced, refused, or only looked at</h2>"
        rows = (_index_row(each, each) for each in others)
        yield table(_INDEX_COLUMNS, rows, _NUMBERS)


def _one_for_each_month(pages: Iterable[_Page]) -> list[_Page]:
    """Pick each month's current revision; while it has none, what was checked of it last."""
    months: dict[SettlementMonth, _Page] = {}
    for each in pages:
        if each.revision is not None and each.revision.current:
            months[each.month] = each
        months.setdefault(each.month, each)
    return list(months.values())


_NUMBERS = ("lines", "amount (KRW)", "critical", "warnings")


def _index_row(each: _Page, last: _Page) -> tuple[str, ...]:
    """Show a page in the index; `last` is what was checked last of its month."""
    weights = [finding.severity for finding in each.checked.findings]
    profile = each.checked.profile or {}
    return (
        f'<a href="{escape(each.file)}">{escape(each.title)}</a>',
        each.label if last is each or not last.checked.blocked else f"{each.label} {_REFUSED}",
        number(profile.get("lines")),
        number(profile.get("amount_krw")),
        number(weights.count(Severity.CRITICAL)),
        number(weights.count(Severity.WARNING)),
        f'<span class="keep">{each.checked.checked_at:%Y-%m-%d %H:%M}</span>',
        code(each.checked.source),
    )


def _body(each: _Page) -> Iterator[str]:
    checked, profile = each.checked, each.checked.profile
    yield '<p><a href="index.html">All months</a></p>'
    yield f"<h1>{escape(each.title)} {each.label}</h1>"
    yield f"<p>{each.meaning}</p>"
    if checked.blocked:
        command = code(f"growth-points quarantine {each.month}")
        rows = "" if profile is None else f" {command} lists the refused rows."
        yield f"<p>Next: have the sender deliver {each.month} again, whole.{rows}</p>"
    yield facts(_facts(checked))
    yield "<h2>Findings</h2>"
    yield from map(_finding, checked.findings)
    if not checked.findings:
        yield '<p class="good">Every rule holds.</p>'
    if profile is not None:
        yield "<h2>Files</h2>"
        if not any(file["declared"] for file in profile["files"]):
            yield f'<p class="soft">{_NOT_DECLARED}</p>'
        yield table(_FILE_COLUMNS, map(_file_row, profile["files"]), _FILE_COLUMNS[1:5])
    rules = sorted(_rules(checked), key=lambda rule: (rule["success"], not _critical(rule)))
    if rules:
        yield f"<h2>All {len(rules)} rules, broken ones first</h2>"
        yield table(_RULE_COLUMNS, map(_rule_row, rules), ("allowed", "found"))


def _facts(checked: CheckedDelivery) -> Iterator[tuple[str, str]]:
    yield "delivery", code(checked.source)
    yield "checked", f"{checked.checked_at:%Y-%m-%d %H:%M:%S %Z}"
    if checked.profile is not None:
        yield "content", code(checked.content_hash)
        yield "lines", number(checked.profile["lines"])
        yield "amount", f"{number(checked.profile['amount_krw'])} KRW"
        yield "sellers", number(checked.profile["sellers"])


def _finding(finding: Finding) -> str:
    label = tag(_LOOK[finding.severity], finding.severity)
    return (
        f'<div class="finding {_LOOK[finding.severity]}">{label} {code(finding.rule)}'
        f"<p>{escape(finding.sentence)}</p>{_listed(finding.examples)}</div>"
    )


def _listed(examples: tuple[str, ...]) -> str:
    """List what is more than a sentence names, to be opened by a click."""
    if len(examples) <= _IN_A_SENTENCE:
        return ""
    listed = "<br>".join(map(escape, examples))
    return f"<details><summary>{len(examples):,} of them</summary><p>{listed}</p></details>"


def _file_row(file: Mapping[str, Any]) -> tuple[str, ...]:
    declared = file["declared"] or {}
    return (
        code(file["name"]),
        number(file["rows"]),
        number(file["amount_krw"]),
        number(declared.get("rows")),
        number(declared.get("amount_krw")),
        code(file["sha256"][:16] + "…"),
    )


def _rules(checked: CheckedDelivery) -> list[Mapping[str, Any]]:
    return [rule for result in checked.results for rule in result["results"]]


def _critical(rule: Mapping[str, Any]) -> bool:
    return bool(rule["expectation_config"]["severity"] == Severity.CRITICAL)


def _rule_row(rule: Mapping[str, Any]) -> tuple[str, ...]:
    config = rule["expectation_config"]
    weight = Severity(config["severity"])
    broken = tag(_LOOK[weight], "broken")
    return (
        tag("good", "holds") if rule["success"] else broken,
        escape(weight),
        code(config["meta"]["rule"]),
        escape(config["meta"]["sentence"]),
        _allowed(config["kwargs"]),
        _found(rule),
    )


def _allowed(kwargs: Mapping[str, Any]) -> str:
    least, most = kwargs.get("min_value"), kwargs.get("max_value")
    if "column_A" in kwargs:
        return "as declared"
    if most is None:
        return f"at least {number(least)}"
    return f"{number(least)} to {number(most)}" if least else f"at most {number(most)}"


def _found(rule: Mapping[str, Any]) -> str:
    result = rule["result"]
    if "observed_value" in result:
        return number(result["observed_value"])
    if "unexpected_count" in result:
        return f"{number(result['unexpected_count'])} differ"
    return "not checked"
