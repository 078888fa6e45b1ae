"""The long tables of a month: its awards, its decisions, its refused rows, what was done to it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from adapters.ingest.quarantine import count_quarantined, latest_quarantine
from adapters.postgres.decisions import decisions
from adapters.postgres.evaluations import Evaluation, current_evaluation
from adapters.postgres.month_lists import Choice, awards_of, decisions_of
from adapters.postgres.runs import runs_of
from domain.decision import Outcome
from domain.eligibility import Reason
from domain.refusal import Refused
from domain.sentence import Word, sentence
from flows.showing import month_records
from flows.showing.month_records import held_values, quarantine_rows
from flows.showing.refusals import MonthNotClosed
from web.operators.looks import look_of
from web.operators.rendering import page
from web.operators.tables import (
    PER_PAGE,
    Cells,
    Chooser,
    Column,
    Linked,
    Table,
    Tags,
    asked_of,
    csv_response,
    reason_tags,
)
from web.operators.visit import NoSuchPage, Visit

_WRITTEN_AT_ONCE: Final = BoundedSemaphore(4)


class TooManyFiles(Refused):
    """As many files are written as the database's connections allow beside the pages."""

    def __init__(self) -> None:
        super().__init__(
            sentence("Other files of decisions are being written; try again in a minute.")
        )


_STORE: Final = Column("seller_id", sentence("Store"))
_TIER: Final = Column("tier", sentence("Tier"), number=True)
_POINTS: Final = Column("points", sentence("Points"), number=True)
AWARDS: Final = (_STORE, _TIER, _POINTS, Column("state", sentence("State")))
DECISIONS: Final = (
    _STORE,
    Column("outcome", sentence("Decision")),
    _TIER,
    _POINTS,
    Column("window_amount_krw", sentence("Counted in three months, KRW"), number=True),
    Column("reasons", sentence("Reasons")),
)
_REFUSED: Final = tuple(
    Column(key, title, number=key == "row")
    for key, title in (
        ("file", sentence("File")),
        ("row", sentence("Row")),
        ("rules", sentence("Rules broken")),
        ("holds", sentence("What it holds")),
    )
)


def awards_page(visit: Visit) -> Response:
    """List the awards of a month."""
    asked = asked_of(visit, AWARDS, "seller_id")
    choosers = (
        Chooser("state", sentence("State"), _words("award state", "pending", "paid", "reversed")),
        _tiers(),
    )
    with visit.reading() as connection:
        _evaluation(visit, connection)
        total, found = awards_of(connection, visit.month, _choice(visit, asked, choosers))
    rows = tuple(
        (
            _store(visit, each.seller_id),
            each.tier,
            each.points,
            Tags((look_of(Word("award state", each.state)),)),
        )
        for each in found
    )
    shown = Table(AWARDS, rows, asked, total, _file(visit, "awards"), True, choosers)
    return page("month_list.html", visit, title=sentence("Awards"), table=shown)


def awards_csv(visit: Visit) -> Response:
    """Write all awards of a month as a file."""
    with visit.reading() as connection:
        _evaluation(visit, connection)
        _, found = awards_of(connection, visit.month, Choice("seller_id"))
    rows = ((each.seller_id, each.tier, each.points, each.state) for each in found)
    return csv_response(_name(visit, "awards"), [each.key for each in AWARDS], rows)


def decisions_page(visit: Visit) -> Response:
    """List the decisions of a month."""
    asked = asked_of(visit, DECISIONS, "seller_id")
    choosers = (
        Chooser("outcome", sentence("Decision"), _words("outcome", *Outcome)),
        Chooser("reasons", sentence("Reason"), _words("reason", *Reason)),
        _tiers(),
    )
    with visit.reading() as connection:
        evaluation = _evaluation(visit, connection)
        choice = _choice(visit, asked, choosers)
        total, found = decisions_of(connection, evaluation.evaluation_id, choice)
    rows = tuple(
        (
            Linked(each.seller_id, visit.store(each.seller_id, f"/seen/why/{visit.month}")),
            Tags((look_of(Word("outcome", each.outcome)),)),
            each.tier,
            each.points or None,
            each.window_amount_krw,
            reason_tags(each.reasons),
        )
        for each in found
    )
    shown = Table(DECISIONS, rows, asked, total, _file(visit, "decisions"), True, choosers)
    return page("month_list.html", visit, title=sentence("Decisions"), table=shown)


def decisions_csv(visit: Visit) -> Response:
    """Write all decisions of a month as a file, as they are read; raises TooManyFiles."""
    rows = _decision_rows(visit)
    next(rows)  # what is refused is said before anything is sent
    return csv_response(_name(visit, "decisions"), month_records.DECISIONS, rows)


def _decision_rows(visit: Visit) -> Iterator[Cells]:
    """Yield nothing once it has begun, then the rows."""
    with _one_of_few(), visit.reading() as connection:
        evaluation = _evaluation(visit, connection)
        yield ()
        yield from map(month_records.decision_row, decisions(connection, evaluation.evaluation_id))


@contextmanager
def _one_of_few() -> Iterator[None]:
    """Let few write at once, since each keeps a connection for as long as its reader takes."""
    if not _WRITTEN_AT_ONCE.acquire(blocking=False):
        raise TooManyFiles
    try:
        yield
    finally:
        _WRITTEN_AT_ONCE.release()


def refused_page(visit: Visit) -> Response:
    """List the refused rows of a month's last refused delivery, with what each holds."""
    file = _quarantine(visit)
    asked = asked_of(visit, _REFUSED, "file")
    total = sum(1 for _ in _refused(file, asked.text)) if asked.text else count_quarantined(file)
    rows = tuple(islice(_refused(file, asked.text), asked.offset, asked.offset + PER_PAGE))
    shown = Table(_REFUSED, rows, asked, total, _file(visit, "refused"), True)
    return page("month_list.html", visit, title=sentence("Refused rows"), table=shown, sorts=False)


def refused_csv(visit: Visit) -> Response:
    """Write all refused rows as a file."""
    rows = quarantine_rows(_quarantine(visit))
    return csv_response(_name(visit, "refused"), month_records.QUARANTINE, rows)


def _refused(file: Path, text: str) -> Iterator[Cells]:
    """Stream the refused rows that have a text."""
    for row in quarantine_rows(file):
        place, number, rules, held = held_values(row, " · ")
        shown = (place, number, str(rules).replace(";", ", "), held)
        if any(text.casefold() in str(cell).casefold() for cell in shown):
            yield shown


def _quarantine(visit: Visit) -> Path:
    file = latest_quarantine(visit.settings.quarantine, visit.month)
    if file is None:
        raise NoSuchPage(sentence("No row of {month} was refused.", month=visit.month))
    return file


def history_csv(visit: Visit) -> Response:
    """Write what was done to a month as a file, with the columns of the command `history`."""
    with visit.reading() as connection:
        rows = tuple(map(month_records.history_row, runs_of(connection, visit.month)))
    return csv_response(_name(visit, "history"), month_records.HISTORY, rows)


def _evaluation(visit: Visit, connection: Connection) -> Evaluation:
    found = current_evaluation(connection, visit.month)
    if found is None:
        raise MonthNotClosed(visit.month)
    return found


def _choice(visit: Visit, asked: Any, choosers: Iterable[Chooser]) -> Choice:
    only = []
    for each in choosers:
        value = visit.asked.get(each.name, "")
        if value in {known for known, _ in each.options}:
            only.append((each.name, int(value) if each.name == "tier" else value))
    return Choice(asked.sort, asked.descending, asked.text, tuple(only), asked.offset, PER_PAGE)


def _words(context: str, *words: str) -> tuple[tuple[str, object], ...]:
    return tuple((str(word), Word(context, word)) for word in words)


def _tiers() -> Chooser:
    return Chooser("tier", sentence("Tier"), tuple((str(no), str(no)) for no in range(1, 6)))


def _store(visit: Visit, seller_id: str) -> Linked:
    return Linked(seller_id, visit.store(seller_id))


def _file(visit: Visit, name: str) -> str:
    return visit.at(f"months/{visit.month}/{name}.csv")


def _name(visit: Visit, name: str) -> str:
    return f"{visit.month}-{name}.csv"
