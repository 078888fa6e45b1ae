"""The commands for finance: what they list is what the ledger and its balances say."""

import json
from pathlib import Path

import pytest

from domain.ledger import Account
from tests.accounting.three_months import MONTHS, NOW, ThreeMonths
from tests.command_line import Marketplace

ALL_MONTHS = f"{MONTHS[0]}..{MONTHS[-1]}"
THIS_MONTH = str(NOW)


@pytest.fixture
def marketplace(three_months: ThreeMonths, tmp_path: Path) -> Marketplace:
    """The command line on the ledger of three months."""
    return Marketplace(tmp_path, tmp_path / "home", three_months.database_url)


def test_roll_forward_lists_each_month_and_all_of_them(
    marketplace: Marketplace, three_months: ThreeMonths
) -> None:
    rows = marketplace.done("roll-forward", ALL_MONTHS, "--output", "csv").rows()
    names = [*map(str, MONTHS), ALL_MONTHS]
    accounts = ["pending", "available", "held", "all"]
    assert [(row["month"], row["account"]) for row in rows] == [
        (name, account) for name in names for account in accounts
    ]
    written = json.loads(marketplace.done("roll-forward", ALL_MONTHS, "--output", "json").stdout)
    said = [list(row) for period in three_months.rolled() for row in period.rows()]
    assert [list(row.values()) for row in written] == said


def test_each_month_closes_with_the_balances_as_of_its_last_day(marketplace: Marketplace) -> None:
    rows = marketplace.done("roll-forward", ALL_MONTHS, "--output", "csv").rows()
    for month in MONTHS:
        as_of = () if month == NOW else ("--as-of", str(month.last_day))
        balances = marketplace.done("balances", *as_of, "--output", "csv").rows()
        for row in rows:
            if row["month"] == str(month) and row["account"] != "all":
                assert int(row["closing"]) == sum(int(each[row["account"]]) for each in balances)


def test_a_table_has_an_account_a_column_and_only_what_changed_something(
    marketplace: Marketplace, three_months: ThreeMonths
) -> None:
    shown = marketplace.done("roll-forward", str(MONTHS[1])).stdout
    lines = [line.split() for line in shown.splitlines() if line.strip()]
    head = three_months.rolled()[1].head
    assert head
    assert lines == [
        [str(MONTHS[1])],
        ["pending", "available", "held", "all"],
        ["opening", "300,000", "0", "0", "300,000"],
        ["paid", "-300,000", "300,000", "–", "–"],
        ["corrected", "–", "400", "–", "400"],
        ["converted", "–", "-26,000", "26,000", "–"],
        ["closing", "0", "274,400", "26,000", "300,400"],
        ["ledger", "head:", str(head.seal_no), head.hash],
    ]


def test_journal_has_the_codes_of_the_file_or_of_the_setting(
    marketplace: Marketplace, tmp_path: Path
) -> None:
    file = tmp_path / "codes.toml"
    codes = (f'{account} = "{number}"\n' for number, account in enumerate(Account))
    file.write_text("".join(codes))
    words = "journal", str(MONTHS[1]), "--output", "csv"
    payout, *_ = marketplace.done(*words, "--accounts", str(file)).rows()
    assert (payout["debit"], payout["credit"], payout["amount_krw"]) == ("1", "2", "300000")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GROWTH_POINTS_ACCOUNTS", str(file))
        assert marketplace.done(*words).rows()[0] == payout

    refused = marketplace.run(
        "journal", THIS_MONTH, "--output", "beancount", "--accounts", str(file)
    )
    assert refused.exit_code == 2
    assert "'0', the code of program_fund, is not an account of Beancount" in refused.stderr


def test_a_book_for_beancount_is_written(marketplace: Marketplace) -> None:
    book = marketplace.done("journal", ALL_MONTHS, "--output", "beancount").stdout
    assert book.startswith(f"{MONTHS[0].first_day} open Expenses:GrowthPoints KRW\n")
    later = marketplace.done("journal", THIS_MONTH, "--output", "beancount", "--continued").stdout
    assert " open " not in later
    assert later in book


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("roll-forward", str(NOW + 1)), f"{NOW + 1} has not begun yet in Seoul"),
        (("journal", f"{NOW}..{NOW + 1}"), f"{NOW + 1} has not begun yet in Seoul"),
        (("roll-forward", f"{NOW}..{NOW - 1}"), "ends before it begins"),
        (("roll-forward", "2026"), "is not a month of 2000 to 2198"),
        (("journal", THIS_MONTH, "--continued"), "--continued is for --output beancount"),
        (("journal", THIS_MONTH, "--accounts", "none.toml"), "none.toml, cannot be read"),
    ],
)
def test_wrong_usage_is_a_sentence(
    marketplace: Marketplace, words: tuple[str, ...], said: str
) -> None:
    refused = marketplace.run(*words)
    assert refused.exit_code == 2
    assert said in refused.stderr
