"""Whatever is run twice leaves behind what running it once leaves behind."""

import re
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.command_line import Marketplace
from tests.deliveries import Row
from tests.three_stores import (
    NOVEMBER,
    NOVEMBER_DUE_ON,
    OCTOBER,
    OCTOBER_CORRECTED,
    OCTOBER_DUE_ON,
    deliver,
    deliver_all,
)

LIFE: Final[tuple[tuple[str, ...], ...]] = (
    ("ingest", "2024-08"),
    ("ingest", "2024-09"),
    ("close", OCTOBER, "--preview"),
    ("close", OCTOBER),
    ("ingest", OCTOBER),
    ("close", NOVEMBER),
    ("pay-out", "--on", OCTOBER_DUE_ON),
    ("close", OCTOBER),
    ("reschedule-payouts",),
    ("pay-out", "--on", NOVEMBER_DUE_ON),
    ("adjust", "maru", "1000", "--reason", "agreed by telephone"),
    ("months",),
    ("history", OCTOBER),
    ("quarantine", OCTOBER),
    ("docs",),
    ("decisions", OCTOBER),
    ("ledger",),
    ("payouts",),
    ("explain", "maru", OCTOBER),
    ("verify", "--replay"),
)
READING: Final = (
    ("decisions", OCTOBER, "--output", "csv"),
    ("ledger", "--output", "json"),
    ("payouts", "--output", "json"),
    ("months", "--output", "json"),
    ("history", OCTOBER, "--output", "json"),
    ("explain", "maru", OCTOBER),
    ("verify",),
)


def test_every_command_run_twice_ends_as_every_command_run_once(marketplace: Marketplace) -> None:
    deliver_all(marketplace)
    closed: list[str] = []
    for words in LIFE:
        marketplace.done(*words)
        if words[0] == "close" and "--preview" not in words:
            closed.append(words[1])
        once = marketplace.result(*closed)

        marketplace.done(*words)

        assert marketplace.result(*closed) == once, f"again: growth-points {' '.join(words)}"
    # What maru was paid in 2024 expires before it is given more.
    assert _balances(marketplace) == {"maru": (0, 1_000), "sora": (0, 150_000)}


def test_a_closing_again_says_that_nothing_changed(closed_october: Marketplace) -> None:
    before = closed_october.row_counts()

    again = closed_october.done("close", OCTOBER)

    assert "no change" in again.stdout
    assert _posted_since(before, closed_october) == {}


def test_a_payout_again_says_that_nothing_is_due(closed_october: Marketplace) -> None:
    first = closed_october.done("pay-out", "--on", OCTOBER_DUE_ON)
    again = closed_october.done("pay-out", "--on", OCTOBER_DUE_ON)

    assert "300,000 points to 2 sellers" in first.stdout
    assert again.stdout == "Nothing is due that was not paid already.\n"


def test_a_payout_before_its_date_pays_nothing(closed_october: Marketplace) -> None:
    early = closed_october.done("pay-out", "--on", "2024-11-10")

    assert early.stdout == "Nothing is due that was not paid already.\n"
    assert _balances(closed_october) == {"maru": (150_000, 0), "sora": (150_000, 0)}


def test_a_month_restated_and_restated_back_ends_as_it_began(closed_november: Marketplace) -> None:
    began, balances = closed_november.result(OCTOBER, NOVEMBER), _balances(closed_november)

    deliver(closed_november, OCTOBER, OCTOBER_CORRECTED)
    closed_november.done("close", OCTOBER, "--reason", "corrected by the sender")
    corrected = closed_november.result(OCTOBER, NOVEMBER)
    corrected_balances = _balances(closed_november)
    deliver(closed_november, OCTOBER)
    closed_november.done("close", OCTOBER, "--reason", "the correction was wrong")
    ended = closed_november.result(OCTOBER, NOVEMBER)

    assert balances == {"maru": (450_000, 0), "sora": (150_000, 0)}
    assert corrected_balances == {"maru": (300_000, 0), "sora": (0, 0)}
    assert _balances(closed_november) == balances
    assert {**ended, "ledger": None} == {**began, "ledger": None}
    _assert_continues(began["ledger"], corrected["ledger"])
    _assert_continues(corrected["ledger"], ended["ledger"])
    assert Counter(entry["kind"] for entry in ended["ledger"]) == {"award": 7, "reversal": 4}
    closed_november.done("verify")


def test_closing_after_the_payout_tells_the_difference_and_posts_nothing(
    closed_october: Marketplace,
) -> None:
    closed_october.done("pay-out", "--on", OCTOBER_DUE_ON)
    before = closed_october.result()

    deliver(closed_october, OCTOBER, OCTOBER_CORRECTED)
    refused = closed_october.run("close", OCTOBER)
    restated = closed_october.done("close", OCTOBER, "--acknowledge-paid")
    closed_october.done("close", OCTOBER)

    assert (refused.exit_code, refused.stdout) == (1, "")
    for told in (refused.stderr, restated.stdout):
        assert "over-awarded" in told
        assert "under-awarded" in told
    assert closed_october.result() == before


def test_a_preview_of_a_first_closing_writes_nothing_at_all(with_history: Marketplace) -> None:
    _assert_preview_writes_nothing(with_history)


def test_a_preview_of_a_correction_writes_nothing_at_all(closed_november: Marketplace) -> None:
    deliver(closed_november, OCTOBER, OCTOBER_CORRECTED)

    _assert_preview_writes_nothing(closed_november)


def test_a_preview_of_a_correction_after_the_payout_writes_nothing_at_all(
    closed_november: Marketplace,
) -> None:
    closed_november.done("pay-out", "--on", OCTOBER_DUE_ON)
    deliver(closed_november, OCTOBER, OCTOBER_CORRECTED)

    _assert_preview_writes_nothing(closed_november)


def _assert_preview_writes_nothing(marketplace: Marketplace) -> None:
    rows, files = marketplace.row_counts(), _files(marketplace.home)

    preview = marketplace.done("close", OCTOBER, "--preview")

    assert "nothing was written" in preview.stdout
    assert marketplace.row_counts() == rows
    assert _files(marketplace.home) == files


def test_a_preview_shows_what_the_closing_then_posts(with_history: Marketplace) -> None:
    preview = with_history.done("close", OCTOBER, "--preview").stdout
    closing = with_history.done("close", OCTOBER).stdout

    assert _rows(preview, "Awards") == _rows(closing, "Awards")
    assert _section(preview, "Why stores got nothing") == _section(
        closing, "Why stores got nothing"
    )


@pytest.mark.parametrize("words", READING, ids=lambda words: words[0])
def test_reading_writes_nothing(closed_october: Marketplace, words: tuple[str, ...]) -> None:
    rows = closed_october.row_counts()

    once, again = closed_october.done(*words), closed_october.done(*words)

    assert closed_october.row_counts() == rows
    assert once.stdout == again.stdout


def test_the_same_sample_is_the_same_files(marketplace: Marketplace, tmp_path: Path) -> None:
    size = ("--sellers", "50", "--lines", "300", "--months", "2026-09..2026-10", "--seed", "7")
    marketplace.done("sample", str(tmp_path / "once"), *size)
    marketplace.done("sample", str(tmp_path / "twice"), *size)
    marketplace.done("sample", str(tmp_path / "twice"), *size)

    assert _files(tmp_path / "once") == _files(tmp_path / "twice") != {}


@pytest.mark.slow
def test_the_demo_again_shows_the_same(marketplace: Marketplace) -> None:
    size = ("--sellers", "300", "--lines", "3000")

    once, again = marketplace.done("demo", *size), marketplace.done("demo", *size)

    assert "2026-10" in once.stdout
    assert again.stdout == once.stdout


def _balances(marketplace: Marketplace) -> dict[str, tuple[int, int]]:
    """Add the ledger's entries up: pending and available points by seller."""
    pending: Counter[str] = Counter()
    available: Counter[str] = Counter()
    for entry in marketplace.result()["ledger"]:
        points, seller = int(entry["points"]), entry["seller_id"]
        for balance, account in ((pending, "pending"), (available, "available")):
            balance[seller] += points * (entry["credit_account"] == account)
            balance[seller] -= points * (entry["debit_account"] == account)
    return {seller: (pending[seller], available[seller]) for seller in sorted(pending)}


def _posted_since(before: dict[str, int], marketplace: Marketplace) -> dict[str, int]:
    now = marketplace.row_counts()
    watched = ("posting", "transfer", "payout", "evaluation", "decision", "revision")
    return {name: now[name] - before[name] for name in watched if now[name] != before[name]}


def _assert_continues(before: list[Row], after: list[Row]) -> None:
    assert after[: len(before)] == before
    assert len(after) > len(before)


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _rows(report: str, title: str) -> list[list[str]]:
    """Read the rows of a table in a report, without its title and its headings."""
    return [re.split(r"\s{2,}", line.strip()) for line in _section(report, title).splitlines()[2:]]


def _section(report: str, title: str) -> str:
    """Cut one table out of a report: from its title to the next empty line."""
    return report[report.index(title) :].split("\n\n", 1)[0]
