"""What a store received, used and lost: the lines of its statement by tab and by month."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from adapters.postgres.statements import StatementLine
from domain.ledger import TransferKind
from domain.months import SettlementMonth
from domain.sentence import Sentence, sentence
from flows.showing.statement_lines import about


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of the statement: its kinds of lines, its title, and what it says without any."""

    kinds: frozenset[TransferKind]
    title: Sentence
    empty: Sentence


TABS: Final[Mapping[str, Tab]] = {
    "received": Tab(
        frozenset({TransferKind.PAYOUT, TransferKind.ADJUSTMENT}),
        sentence("Received"),
        sentence("Nothing has been paid yet."),
    ),
    "used": Tab(
        frozenset(
            {
                TransferKind.CONVERSION,
                TransferKind.RETURN,
                TransferKind.REWARD,
                TransferKind.CANCELLATION,
            }
        ),
        sentence("Used"),
        sentence("No points have been used yet."),
    ),
    "expired": Tab(
        frozenset({TransferKind.EXPIRY}), sentence("Expired"), sentence("No points have expired.")
    ),
}


@dataclass(frozen=True, slots=True)
class StatementPart:
    """The lines of all months or of one, and which page of them."""

    month: SettlementMonth | None = None
    page: int = 1

    @property
    def since(self) -> date | None:
        """The first day, None for all months."""
        return self.month.first_day if self.month else None

    @property
    def until(self) -> date | None:
        """The last day, None for all months."""
        return self.month.last_day if self.month else None


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as the page has it."""

    on: date
    kind: str
    about: Sentence | str
    points: int
    balance: int


@dataclass(frozen=True, slots=True)
class ShownLines:
    """The lines of a month, the newest first, and what they add up to."""

    month: SettlementMonth
    lines: tuple[ShownLine, ...]

    @property
    def points(self) -> int:
        """The sum of the lines."""
        return sum(each.points for each in self.lines)


def by_month(lines: Iterable[StatementLine]) -> Iterator[ShownLines]:
    """Group lines by the month of their date, in their order."""
    for month, of_month in groupby(lines, key=lambda line: SettlementMonth.of(line.on)):
        yield ShownLines(month, tuple(_shown(each) for each in of_month))


def _shown(line: StatementLine) -> ShownLine:
    return ShownLine(line.on, line.kind.value, about(line), line.points, line.balance)
