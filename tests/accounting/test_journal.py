"""Journal entries: balanced, the same as the roll-forward, and accepted by Beancount itself."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from adapters import beancount
from adapters.account_codes import AccountCodesInvalid, read_account_codes
from adapters.beancount import NotABeancountAccount, require_beancount_accounts
from domain.accounting.journal import AccountCodes, JournalEntry
from domain.ledger import Account, TransferKind
from domain.months import SettlementMonth
from flows.accounting.journal import COLUMNS, beancount_text, entries_of_month, journal_rows
from tests.accounting.three_months import MONTHS, ThreeMonths

CODES = read_account_codes(None)


def entries(ledger: ThreeMonths, month: SettlementMonth) -> list[JournalEntry]:
    with ledger.engine.connect() as connection:
        return list(entries_of_month(connection, month, ledger.seal_no))


def written(
    ledger: ThreeMonths,
    months: tuple[SettlementMonth, ...] = MONTHS,
    codes: AccountCodes = CODES,
    *,
    continued: bool = False,
) -> str:
    with ledger.engine.connect() as connection:
        lines = beancount_text(connection, codes, months, ledger.seal_no, continued=continued)
        return "\n".join(lines) + "\n"


def bean_check(text: str, folder: Path) -> str:
    """Return what Beancount says is wrong with a book, nothing if it is right."""
    file = folder / "book.beancount"
    file.write_text(text)
    checker = Path(sys.executable).with_name("bean-check")
    ran = subprocess.run(  # noqa: S603 the installed program
        [checker, "--no-cache", file], capture_output=True, text=True, check=False
    )
    assert (ran.returncode == 0) == (not ran.stderr)
    return ran.stderr


def test_the_journal_adds_up_to_the_roll_forward(three_months: ThreeMonths) -> None:
    kinds = set()
    for period in three_months.rolled()[:-1]:
        changes = Counter[Account]()
        for each in entries(three_months, period.last):
            kinds.add(each.kind)
            changes[each.debit] -= each.points
            changes[each.credit] += each.points
        for account in Account:
            rolled = period.accounts[account]
            assert rolled.closing - rolled.opening == changes[account]
    assert kinds == set(TransferKind)


def test_what_somebody_decided_is_an_entry_each_and_the_uses_of_a_day_are_one(
    three_months: ThreeMonths,
) -> None:
    booked = [
        (each.reference, each.points, each.transfers, each.description)
        for each in entries(three_months, MONTHS[1])
    ]
    agreed = "Adjustment: agreed with the seller"
    assert booked == [
        ("payout/2026-10", 300_000, 2, "Payout of 2026-10"),
        ("adjustment/1", 700, 1, agreed),
        ("adjustment/2", 300, 1, agreed),
        (f"conversion/{MONTHS[1].last_day}", 26_000, 3, "Conversion"),
    ]


def test_rows_have_the_operators_codes(three_months: ThreeMonths) -> None:
    with three_months.engine.connect() as connection:
        rows = journal_rows(connection, CODES, MONTHS, three_months.seal_no)
        first = dict(zip(COLUMNS, next(iter(rows)), strict=True))
    assert first == {
        "date": MONTHS[0].first_day,
        "entry": "award/2026-10/1",
        "kind": "award",
        "settlement_month": "2026-10",
        "debit": "Expenses:GrowthPoints",
        "credit": "Liabilities:GrowthPoints:Pending",
        "amount_krw": 450_000,
        "transfers": 3,
        "reason": None,
    }


def test_beancount_accepts_the_book_of_all_months(
    three_months: ThreeMonths, tmp_path: Path
) -> None:
    text = written(three_months)
    assert bean_check(text, tmp_path) == ""
    assert text.count(" balance ") == 3 * len(MONTHS)
    last = three_months.rolled()[-1]
    assert last.head
    assert f'head: "{last.head.seal_no} {last.head.hash}"' in text


def test_beancount_accepts_a_later_month_with_its_opening_balances(
    three_months: ThreeMonths, tmp_path: Path
) -> None:
    text = written(three_months, MONTHS[2:])
    assert '"Opening balances"' in text
    assert bean_check(text, tmp_path) == ""


def test_beancount_accepts_month_after_month_in_one_book(
    three_months: ThreeMonths, tmp_path: Path
) -> None:
    book = [written(three_months, MONTHS[:1])]
    book += [written(three_months, (month,), continued=True) for month in MONTHS[1:]]
    assert bean_check("".join(book), tmp_path) == ""


def test_beancount_refuses_a_book_that_lacks_an_entry(
    three_months: ThreeMonths, tmp_path: Path
) -> None:
    parts = written(three_months).split("\n\n")
    lacking = "\n\n".join(part for part in parts if "payout/" not in part)
    assert "Balance failed for 'Liabilities:GrowthPoints:Pending'" in bean_check(lacking, tmp_path)


@pytest.mark.parametrize(
    "codes",
    [
        dict.fromkeys(Account, "Liabilities:GrowthPoints"),
        {account: f"Liabilities{':Points' * number}" for number, account in enumerate(Account, 1)},
        {account: f"Assets:P-{account}-성장포인트:2130".replace("_", "") for account in Account},
    ],
    ids=["one code for all", "each below the one before", "Korean and numbers"],
)
def test_beancount_accepts_any_chart_of_accounts(
    three_months: ThreeMonths, codes: AccountCodes, tmp_path: Path
) -> None:
    assert bean_check(written(three_months, codes=codes), tmp_path) == ""
    assert bean_check(written(three_months, MONTHS[1:], codes), tmp_path) == ""


@pytest.mark.parametrize(
    "reason", ['he said "no"', r"a \ b \" c", "2026-10-01 open Assets:A", "좋아요 #tag ^link ; x"]
)
def test_a_reason_stays_a_text_in_beancount(
    three_months: ThreeMonths, reason: str, tmp_path: Path
) -> None:
    booked = [replace(each, reason=reason) for each in entries(three_months, MONTHS[0])]
    lines = [*beancount.opened(CODES, MONTHS[0].first_day)]
    lines += beancount.transactions(CODES, booked)
    assert bean_check("\n".join(lines) + "\n", tmp_path) == ""


@pytest.mark.parametrize(
    "code",
    [
        *("21300", "Liabilities", "Liabilities:", "Liabilities::A", "Liabilities:a"),
        *("Debts:A", "liabilities:A", "Liabilities:A b", "Liabilities:A_b", "Liabilities:-A"),
        *("Liabilities:성장", "Liabilities:A;B", "Liabilities:²"),
    ],
)
def test_a_code_that_is_no_account_of_beancount_is_named(code: str) -> None:
    with pytest.raises(
        NotABeancountAccount, match="the code of held, is not an account of Beancount"
    ):
        require_beancount_accounts({**CODES, Account.HELD: code})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("held =", "# held ="), 'held is missing; write held = "CODE"'),
        (
            ("held =", "frozen ="),
            "'frozen' is not an account of the ledger; these are: program_fund,",
        ),
        (('"Liabilities:GrowthPoints:Held"', "2130"), "the code of held is not a text"),
        (('"Liabilities:GrowthPoints:Held"', '" "'), "the code of held is not one line"),
        (('"Liabilities:GrowthPoints:Held"', r'"a\nb"'), "the code of held is not one line"),
        (("held =", "held"), "is not valid TOML"),
    ],
)
def test_a_file_of_codes_that_cannot_be_used_is_refused_in_a_sentence(
    change: tuple[str, str], said: str, tmp_path: Path
) -> None:
    built_in = Path(sys.modules["adapters"].__path__[0]) / "accounts.toml"
    file = tmp_path / "codes.toml"
    file.write_text(built_in.read_text("utf-8").replace(*change), "utf-8")
    with pytest.raises(AccountCodesInvalid) as refused:
        read_account_codes(file)
    assert str(refused.value).startswith(str(file))
    assert said in str(refused.value)


def test_a_file_that_is_not_there_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AccountCodesInvalid, match="cannot be read: No such file or directory"):
        read_account_codes(tmp_path / "none.toml")
