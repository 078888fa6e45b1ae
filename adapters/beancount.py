"""Journal entries as Beancount text (https://beancount.github.io), version 3.

Belongs here: how Beancount spells accounts, amounts and strings. Beancount itself is not needed.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from domain.accounting.journal import AccountCodes, JournalEntry
from domain.ledger import Account
from domain.refusal import WrongUsage
from domain.sentence import sentence
from domain.written import legible

_ROOTS: Final = frozenset({"Assets", "Liabilities", "Equity", "Income", "Expenses"})

Balances = Mapping[Account, int]
"""What accounts have, in points; what the program gave out is below zero."""


class NotABeancountAccount(WrongUsage):
    """A code of the operator's is no name of an account in Beancount."""

    def __init__(self, account: Account, code: str) -> None:
        super().__init__(
            sentence(
                "{code!r}, the code of {account}, is not an account of Beancount; write "
                "for example Liabilities:GrowthPoints:Available",
                code=code,
                account=account,
            )
        )
        self.account = account
        self.code = code


def require_beancount_accounts(codes: AccountCodes) -> None:
    """Refuse a code that Beancount would not accept; raises NotABeancountAccount."""
    for account, code in codes.items():
        if not _is_an_account(code):
            raise NotABeancountAccount(account, code)


def _is_an_account(code: str) -> bool:
    root, *components = code.split(":")
    return root in _ROOTS and bool(components) and all(map(_is_a_component, components))


def _is_a_component(text: str) -> bool:
    """Whether it begins with an upper-case letter or a digit, and has no other but hyphens."""
    begins = text[:1].isdecimal() or unicodedata.category(text[:1] or " ") == "Lu"
    return begins and all(each.isalpha() or each.isdecimal() or each == "-" for each in text)


def opened(codes: AccountCodes, on: date) -> Iterator[str]:
    """Open all accounts on a day."""
    for code in dict.fromkeys(codes.values()):
        yield f"{on} open {code} KRW"
    yield ""


def opening_balances(codes: AccountCodes, on: date, balances: Balances) -> Iterator[str]:
    """Bring in what the accounts had before a day, if anything."""
    by_code = _by_code(codes, balances)
    if any(by_code.values()):
        yield f'{on} * "Opening balances"'
        yield from (_posting(code, -points) for code, points in by_code.items() if points)
        yield ""


def transactions(codes: AccountCodes, entries: Iterable[JournalEntry]) -> Iterator[str]:
    """Book entries: a debit is above zero, a credit below."""
    for each in entries:
        yield f"{each.on} * {_string(each.description)}"
        yield f"  key: {_string(each.reference)}"
        yield f"  transfers: {each.transfers}"
        yield _posting(codes[each.debit], each.points)
        yield _posting(codes[each.credit], -each.points)
        yield ""


def balances_asserted(
    codes: AccountCodes, on: date, balances: Balances, asserted: Iterable[Account], head: str
) -> Iterator[str]:
    """Assert what some accounts have at the beginning of a day.

    Beancount counts what is in the accounts below another one to it.
    """
    by_code = _by_code(codes, balances)
    for code in dict.fromkeys(codes[account] for account in asserted):
        points = sum(by_code[each] for each in by_code if f"{each}:".startswith(f"{code}:"))
        yield f"{on} balance {code}  {-points} KRW"
        yield f"  head: {_string(head)}"
    yield ""


def _by_code(codes: AccountCodes, balances: Balances) -> Mapping[str, int]:
    by_code = Counter[str]()
    for account, code in codes.items():
        by_code[code] += balances[account]
    return by_code


def _posting(code: str, points: int) -> str:
    return f"  {code}  {points} KRW"


def _string(text: str) -> str:
    escaped = legible(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'
