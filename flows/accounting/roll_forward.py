"""The accounts month by month, each month tied to the ledger head of its end."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from adapters.postgres.accounts import carried_by_heads, first_month, head_of_month, moved_between
from adapters.postgres.ledger import ChainHead
from domain.accounting.roll_forward import (
    NOTHING,
    OF_SELLERS,
    Movement,
    RollForwards,
    all_together,
    roll_forward,
)
from domain.ledger import Account
from domain.months import SettlementMonth
from domain.refusal import Refused
from domain.sentence import sentence

COLUMNS: Final = ("month", "account", "opening", *Movement, "closing", "seal_no", "head")


class NotTied(Refused):
    """What the transfers leave in an account is not what a ledger head carries of it."""

    def __init__(self, account: Account, points: int, carried: int, seal_no: int) -> None:
        super().__init__(
            sentence(
                "Until ledger head {seal_no} the transfers leave {points:,} points in "
                "{account}, but the head carries {carried:,}. Run: growth-points verify",
                seal_no=seal_no,
                points=points,
                account=account,
                carried=carried,
            )
        )
        self.account = account
        self.seal_no = seal_no


@dataclass(frozen=True, slots=True)
class Period:
    """Consecutive months with their accounts, and the ledger head of their end.

    `head` is None if nothing was recorded by then.
    """

    first: SettlementMonth
    last: SettlementMonth
    accounts: RollForwards
    head: ChainHead | None

    @property
    def name(self) -> str:
        """The month, or the first and the last one."""
        return str(self.first) if self.first == self.last else f"{self.first}..{self.last}"

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Yield a row of `COLUMNS` for each account that sellers have, and for all of them."""
        head = (self.head.seal_no, self.head.hash) if self.head else (None, None)
        for name in OF_SELLERS:
            rolled = self.accounts[name]
            changes = (rolled.changes[each] for each in Movement)
            yield self.name, str(name), rolled.opening, *changes, rolled.closing, *head


def roll_months_forward(
    connection: Connection, months: Sequence[SettlementMonth], seal_no: int
) -> tuple[Period, ...]:
    """Roll the accounts forward over consecutive months, and over all of them if there are several.

    Nothing after the seal is included. Raises NotTied.
    """
    begin = min(months[0], first_month(connection) or months[0])
    rolled = _from_the_first(connection, tuple(begin.until(months[-1])), seal_no)
    periods = tuple(each for each in rolled if each.first >= months[0])
    _require_tied(connection, periods)
    if len(periods) == 1:
        return periods
    together = all_together([each.accounts for each in periods])
    return *periods, Period(months[0], months[-1], together, periods[-1].head)


def _from_the_first(
    connection: Connection, months: Iterable[SettlementMonth], seal_no: int
) -> Iterator[Period]:
    accounts, before = NOTHING, 0
    for month in months:
        head = head_of_month(connection, month, seal_no)
        until = head.seal_no if head else 0
        accounts = roll_forward(accounts, moved_between(connection, before, until))
        yield Period(month, month, accounts, head)
        before = until


def _require_tied(connection: Connection, periods: Sequence[Period]) -> None:
    """Compare the program's accounts, and so all that sellers have, with what heads carry."""
    accounts = {each.head.seal_no: each.accounts for each in periods if each.head}
    for seal_no, account, carried in carried_by_heads(connection, sorted(accounts)):
        if (points := accounts[seal_no][account].closing) != carried:
            raise NotTied(account, points, carried, seal_no)
