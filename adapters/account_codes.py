"""The operator's file of account codes, TOML: `pending = "Liabilities:GrowthPoints:Pending"`."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from domain.accounting.journal import AccountCodes
from domain.cause import NotOneLine, not_blank
from domain.ledger import Account
from domain.refusal import WrongUsage
from domain.sentence import sentence

_DEFAULT: Final = files("adapters") / "accounts.toml"


class AccountCodesInvalid(WrongUsage):
    """The file of account codes cannot be used; the message names it."""


def read_account_codes(path: Path | None) -> AccountCodes:
    """Read the operator's file, by default the built-in one; raises AccountCodesInvalid."""
    if path is None:
        return _codes(_DEFAULT.read_text(encoding="utf-8"), "accounts.toml")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise AccountCodesInvalid(
            sentence(
                "the file of account codes, {path}, cannot be read: {why}",
                path=path,
                why=error.strerror or error,
            )
        ) from error
    except UnicodeDecodeError as error:
        raise AccountCodesInvalid(
            sentence("{path} cannot be read as UTF-8 text: {error}", path=path, error=error)
        ) from error
    return _codes(text, str(path))


def _codes(text: str, where: str) -> AccountCodes:
    written = _parsed(text, where)
    if unknown := sorted(written.keys() - set(Account)):
        raise AccountCodesInvalid(
            sentence(
                "{where}: {name!r} is not an account of the ledger; these are: {accounts}",
                where=where,
                name=unknown[0],
                accounts=", ".join(Account),
            )
        )
    return {account: _code(written.get(account), account, where) for account in Account}


def _parsed(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise AccountCodesInvalid(
            sentence("{where} is not valid TOML: {error}", where=where, error=error)
        ) from error


def _code(code: object, account: Account, where: str) -> str:
    if code is None:
        raise AccountCodesInvalid(
            sentence(
                '{where}: {account} is missing; write {account} = "CODE"',
                where=where,
                account=account,
            )
        )
    if not isinstance(code, str):
        raise AccountCodesInvalid(
            sentence(
                '{where}: the code of {account} is not a text; write {account} = "CODE"',
                where=where,
                account=account,
            )
        )
    try:
        return not_blank(code)
    except NotOneLine:
        raise AccountCodesInvalid(
            sentence(
                "{where}: the code of {account} is not one line of readable text",
                where=where,
                account=account,
            )
        ) from None
