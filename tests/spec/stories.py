"""The stories of docs/stories.md as values, and what is seen of the program after each step."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from adapters.postgres.corrections import corrections
from adapters.postgres.ledger import LedgerEntry, entries, paid_months
from console.listings import decision_rows
from domain.corrections import CorrectionKind, PostedCorrection
from domain.ledger import SELLER_ACCOUNTS, Account, TransferKind
from domain.refusal import Refused
from flows.closing.evaluation import EvaluatedMonth
from flows.showing.month_records import DECISIONS
from tests.closings import Program, Sold, month
from tests.spec.examples import millions_krw, whole_krw
from tests.spec.tables import DOCS, NONE, NotUnderstood, Row, tables

STORIES: Final = (DOCS / "stories.md").read_text(encoding="utf-8")
STORE: Final = "maru"

_COLUMNS: Final = ("month", "event", "paid?", "decided", "posted", "ledger afterwards", "reported")
_LEGEND: Final = ("column", "says")
_ACKNOWLEDGED: Final = ", acknowledged"
_REFUSED: Final = "refused: "
_CORRECTIONS: Final = {
    CorrectionKind.AWARD: "award correction",
    CorrectionKind.CLAWBACK: "clawback",
    CorrectionKind.REINSTATEMENT: "reinstatement",
}


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to a store: a row for each event, with what must be seen after it."""

    title: str
    rows: tuple[Row, ...]

    def __str__(self) -> str:
        return self.title


def read_stories(page: str) -> Iterator[Story]:
    """Read every story of a page; raises NotUnderstood for a table that is none."""
    for table in tables(page):
        columns = tuple(table.rows[0])
        if columns == _COLUMNS:
            yield Story(table.heading, table.rows)
        elif columns != _LEGEND:
            raise NotUnderstood(f"no story: {table.heading}")


@dataclass(slots=True)
class Telling:
    """A program on which a story happens, event by event."""

    program: Program
    told: list[LedgerEntry] = field(default_factory=list)
    corrected: tuple[PostedCorrection, ...] = ()

    def step(self, row: Row) -> Row:
        """Have a row's event happen, and write the row anew from what is seen after it."""
        reported = self._reported(row)
        with self.program.engine.connect() as connection:
            ledger = list(entries(connection, seller_id=STORE))
            corrected = corrections(connection, seller_id=STORE)
            paid = month(row["month"]) in paid_months(connection)
        new, self.told = ledger[len(self.told) :], ledger
        correcting, self.corrected = corrected[len(self.corrected) :], corrected
        seen = (
            "yes" if paid else "no",
            _decided(self.program, row["month"]),
            "; ".join(_posted(entry, correcting) for entry in new) or NONE,
            _points(ledger),
            reported,
        )
        return dict(zip(_COLUMNS, (row["month"], row["event"], *seen), strict=True))

    def _reported(self, row: Row) -> str:
        try:
            return happen(self.program, row["month"], row["event"])
        except Refused as refused:
            part = row["reported"].removeprefix(_REFUSED)
            return _REFUSED + (part if part in str(refused) else str(refused))


def happen(program: Program, of: str, event: str) -> str:
    """Do what an event says, through what the commands call, and tell what the operator is told."""
    agreed = event.endswith(_ACKNOWLEDGED)
    match event.removesuffix(_ACKNOWLEDGED).split(" "):
        case ["delivered", millions]:
            sold = {STORE: Sold(millions_krw(millions))}
            closing = program.close(of, sold, acknowledge_paid=agreed)
            return _told(closing.months, changed=closing.changed)
        case ["paid", "out"]:
            return _told((), changed=program.pay(of).created)
        case ["adjustment", points]:
            adjustment = program.adjust(STORE, whole_krw(points))
        case ["clawback", points]:
            adjustment = program.adjust(STORE, -whole_krw(points), grants=of)
        case ["award", "correction", points] | ["reinstatement", points]:
            adjustment = program.adjust(
                STORE, whole_krw(points), grants=of, acknowledge_paid=agreed
            )
        case _:
            raise NotUnderstood(f"no event: {event!r}")
    return _told(adjustment.months, changed=adjustment.posted.created)


def _told(months: Iterable[EvaluatedMonth], *, changed: bool) -> str:
    parts = [
        f"{each.month} {what.format(tier=award.tier)}"
        for each in months
        for what, awards in (
            ("over-awarded tier {tier}", each.restatement.over_awarded),
            ("lacks tier {tier}", each.restatement.under_awarded),
            ("has tier {tier} from another month", each.restatement.held_elsewhere),
        )
        for award in awards
    ]
    return "; ".join(parts) or (NONE if changed else "no change")


def _decided(program: Program, of: str) -> str:
    (row,) = decision_rows(program.engine, month(of), STORE)
    decision = dict(zip(DECISIONS, row, strict=True))
    reasons = " and ".join(f"`{reason}`" for reason in str(decision["reasons"]).split(";"))
    return f"tier {decision['tier']}" if str(decision["outcome"]) == "awarded" else reasons


def _posted(entry: LedgerEntry, correcting: tuple[PostedCorrection, ...]) -> str:
    given = entry.credit_account in SELLER_ACCOUNTS
    lost = entry.debit_account in SELLER_ACCOUNTS
    sign = "" if given and lost else "+" if given else "−"
    what = f"{entry.kind} {entry.settlement_month}"
    if entry.kind is TransferKind.ADJUSTMENT:
        what = _adjusted(*correcting)
    return f"{sign}{entry.points:,} {what}"


def _adjusted(correcting: PostedCorrection | None = None) -> str:
    if correcting is None:
        return TransferKind.ADJUSTMENT.value
    correction = correcting.correction
    return f"{_CORRECTIONS[correction.kind]} {correction.award.settlement_month}"


def _points(ledger: Iterable[LedgerEntry]) -> str:
    balances: Counter[Account] = Counter()
    for entry in ledger:
        balances[entry.credit_account] += entry.points
        balances[entry.debit_account] -= entry.points
    told = (f"{balances[each]:,} {each}" for each in (Account.PENDING, Account.AVAILABLE))
    return ", ".join(each for each in told if not each.startswith("0 ")) or "nothing"
