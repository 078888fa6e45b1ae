"""Texts from files, forms and the database are shown as they are, wherever they are shown."""

import csv
import io
import json
import logging
import re
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import pytest
from rich.errors import MarkupError

from console.output import echo, print_rows
from console.progress import STEPS, progress, warnings_shown
from console.terminal import print_report
from domain.findings import Finding, Severity
from domain.months import SettlementMonth
from flows.reports.keeping import report_page
from flows.reports.markdown import markdown
from flows.reports.report import Figure, Link, Mood, NextStep, Report, Section
from tests.command_line import Line, Marketplace, Store, midmonth
from tests.three_stores import AUGUST, OCTOBER, SEPTEMBER

MARKUP = ("[/x]", "[fix]", "[link=http://evil]a[/link]", "[red]", ":smile:", "[bold", "\\[a]")
CONTROL = (
    "\x1b[31mred",
    "\x1b]8;;http://evil\x07a",
    "a\rb",
    "\x9b2J",
    "a\u202eb",
    "a\u2066b",
    "\x7f",
)
HOSTILE = (*MARKUP, *CONTROL)
UNPRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def report_with(text: str) -> Report:
    """A report with a text in every place that may hold one."""
    return Report(
        period=SettlementMonth(2024, 10),
        headline=text,
        mood=Mood.WARN,
        findings=(Finding("a_rule", Severity.WARNING, text, 1, text),),
        figures=(Figure(text, text, text),),
        sections=(Section(text, (text, "points"), ((text, "1"),)),),
        next_step=NextStep(text, command=text, form=Link(text, "/a/form")),
        links=(Link(text, Path("/home") / text),),
    )


def _table(text: str) -> None:
    print_rows(("seller", "points"), [(text, 1)], "table")


def _progress(text: str) -> None:
    with progress("working"):
        logging.getLogger(STEPS).warning(text)


def _warning(text: str) -> None:
    with warnings_shown():
        logging.getLogger(STEPS).warning(text)


SHOWN: dict[str, Callable[[str], object]] = {
    "a table": _table,
    "a report": lambda text: print_report(report_with(text)),
    "a sentence": echo,
    "an error": lambda text: echo(text, err=True),
    "progress": _progress,
    "a warning": _warning,
}


def printed(show: Callable[[str], object], text: str) -> str:
    """What a terminal is sent, standard error included."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        show(text)
    return out.getvalue()


@pytest.mark.parametrize("place", SHOWN)
@pytest.mark.parametrize("text", HOSTILE)
def test_a_terminal_shows_every_text_and_obeys_none(place: str, text: str) -> None:
    shown = printed(SHOWN[place], text)

    assert not UNPRINTABLE.search(shown)
    assert (text if text in MARKUP else ascii(text)[1:-1].replace("\\\\", "\\")) in shown


def test_markup_is_a_danger_at_all() -> None:
    from rich.text import Text

    with pytest.raises(MarkupError):
        Text.from_markup("[/x]")


@pytest.mark.parametrize("text", HOSTILE)
def test_json_keeps_a_text_and_prints_no_control_character(text: str) -> None:
    shown = printed(lambda each: print_rows(("seller",), [(each,)], "json"), text)

    assert not UNPRINTABLE.search(shown)
    assert json.loads(shown) == [{"seller": text}]


@pytest.mark.parametrize("text", HOSTILE)
def test_pages_and_markdown_show_a_text_and_hold_no_control_character(text: str) -> None:
    report = report_with(text)

    for rendered in (markdown(report), report_page(report, Path("/home/reports"))):
        assert not UNPRINTABLE.search(rendered)


FORMULAS = (
    "=1+1",
    "+82",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "＝1",
    '=LINK("x")',
)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_command_exports_a_text_that_a_spreadsheet_runs(text: str) -> None:
    out = printed(lambda each: print_rows(("seller", "points"), [(each, -5)], "csv"), text)
    [row] = csv.DictReader(io.StringIO(out, newline=""))

    assert row["seller"].startswith("'")
    assert row["points"] == "-5"  # a number stays a number


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b_c", "a_b_c"),
        ("_a_ ~b~", "\\_a\\_ \\~b\\~"),
        ("&#91;a", "&amp;#91;a"),
    ],
)
def test_markdown_knows_emphasis_and_entities(text: str, shown: str) -> None:
    sections = (Section("Who", ("seller",), ((text,),)),)
    assert f"| {shown} |" in markdown(replace(report_with("a"), sections=sections))


def test_a_command_with_backticks_stays_one_command() -> None:
    step = NextStep("Do it:", command="close --from '`x` **y**'")
    assert "`` close --from '`x` **y**' ``" in markdown(replace(report_with("a"), next_step=step))


STORES = ("[/x]", "[fix]", "[link=http://evil]a", "=1+1", "|a|")


def test_a_month_of_hostile_stores_is_closed_listed_and_explained(
    marketplace: Marketplace,
) -> None:
    shop = marketplace
    stores = [Store(each, "2024-04-10") for each in STORES]
    for month in (AUGUST, SEPTEMBER, OCTOBER):
        shop.deliver(month, [Line(each, 3_000_000, midmonth(month)) for each in STORES], stores)
    shop.done("ingest", AUGUST)
    shop.done("ingest", SEPTEMBER)
    closed = shop.done("close", OCTOBER, "--reason", "late [/file]")
    listed = shop.done("decisions", OCTOBER)

    assert all(store in closed.stdout for store in STORES)
    assert all(store in listed.stdout for store in STORES)
    assert "late [/file]" in shop.done("history", OCTOBER).stdout
    assert "'=1+1" in {row["seller_id"] for row in shop.done("balances", "--output", "csv").rows()}
    for store in STORES:
        assert f"Seller {store} is awarded" in shop.done("explain", store, OCTOBER).stdout
        assert store in shop.done("adjust", store, "5", "--reason", "[/x] [fix]").stdout
        assert store in shop.done("ledger", "--seller", store).stdout


@pytest.mark.parametrize(
    "words",
    [("check", "/no/\x1b[2J"), ("ledger", "\u202e"), ("payouts", "s3://KEY:\x1bhush@bucket")],
)
def test_wrong_usage_repeats_no_control_character(
    marketplace: Marketplace, words: list[str]
) -> None:
    ran = marketplace.run(*words)
    assert ran.exit_code == 2
    assert "Usage: " in ran.stderr
    assert not UNPRINTABLE.search(ran.stderr)
    assert "hush" not in ran.stderr
