"""The long tables of a month: its awards, its decisions, its refused rows, what was done to it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from adapters.ingest.quarantine import count_quarantined, latest_quarantine, quarantined_rows
from adapters.postgres.decisions import decisions
from adapters.postgres.evaluations import Evaluation, current_evaluation
from adapters.postgres.month_lists import Choice, awards_of, decisions_of
from adapters.postgres.runs import runs_of
from domain.decision import Outcome
from domain.eligibility import Reason
from domain.refusal import Refused
from domain.sentence import sentence
from domain.settlement import LINE_COLUMNS
from flows.showing.labels import REASONS
from flows.showing.refusals import MonthNotClosed
from web.operators.looks import SOFT, look_of
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
    Column("window_amount_krw", sentence("Three months, KRW"), number=True),
    Column("reasons", sentence("Reasons")),
)
DECISION_FILE: Final = (
    *("settlement_month", "seller_id", "outcome", "tier", "points", "window_amount_krw"),
    *("reasons", "policy"),
)
REFUSED_FILE: Final = (
    *("file", "row", "rules"),
    *(column.name for column in LINE_COLUMNS),
    *("payment_amount_krw_unreadable", "confirmed_on_unreadable"),
)
RUN_FILE: Final = (
    *("run_no", "recorded_at", "action", "caused_by", "actor", "origin", "reason", "input"),
    *("revision", "evaluation", "policy", "result", "difference", "seconds"),
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
        Chooser("state", sentence("State"), _states("pending", "paid", "reversed")),
        _tiers(),
    )
    with visit.reading() as connection:
        _evaluation(visit, connection)
        total, found = awards_of(connection, visit.month, _choice(visit, asked, choosers))
    rows = tuple(
        (_store(visit, each.seller_id), each.tier, each.points, Tags((look_of(each.state),)))
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
    reasons = tuple((each.value, REASONS[each]) for each in Reason)
    choosers = (
        Chooser("outcome", sentence("Decision"), _states(*Outcome)),
        Chooser("reasons", sentence("Reason"), reasons),
        _tiers(),
    )
    with visit.reading() as connection:
        evaluation = _evaluation(visit, connection)
        choice = _choice(visit, asked, choosers)
        total, found = decisions_of(connection, evaluation.evaluation_id, choice)
    rows = tuple(
        (
            Linked(each.seller_id, visit.store(each.seller_id, f"/seen/why/{visit.month}")),
            Tags((look_of(each.outcome.value),)),
            each.tier,
            each.points or None,
            each.window_amount_krw,
            Tags(tuple((REASONS[reason], SOFT) for reason in each.reasons)),
        )
        for each in found
    )
    shown = Table(DECISIONS, rows, asked, total, _file(visit, "decisions"), True, choosers)
    return page("month_list.html", visit, title=sentence("Decisions"), table=shown)


def decisions_csv(visit: Visit) -> Response:
    """Write all decisions of a month as a file, as they are read; raises TooManyFiles."""
    rows = _decision_rows(visit)
    next(rows)  # what is refused is said before anything is sent
    return csv_response(_name(visit, "decisions"), DECISION_FILE, rows)


def _decision_rows(visit: Visit) -> Iterator[Cells]:
    """Yield nothing once it has begun, then the rows."""
    with _one_of_few(), visit.reading() as connection:
        evaluation = _evaluation(visit, connection)
        yield ()
        for each in decisions(connection, evaluation.evaluation_id):
            yield (
                str(each.settlement_month),
                each.seller_id,
                each.outcome.value,
                each.tier,
                each.points,
                each.window_amount_krw,
                ";".join(each.reasons),
                each.policy,
            )


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
    found = (row for row in map(_refused_row, _refused_rows(file)) if _broke(row, asked.text))
    total = count_quarantined(file) if not asked.text else sum(1 for _ in found)
    if asked.text:
        found = (row for row in map(_refused_row, _refused_rows(file)) if _broke(row, asked.text))
    rows = tuple(islice(found, asked.offset, asked.offset + PER_PAGE))
    shown = Table(_REFUSED, rows, asked, total, _file(visit, "refused"), True)
    return page("month_list.html", visit, title=sentence("Refused rows"), table=shown, sorts=False)


def refused_csv(visit: Visit) -> Response:
    """Write all refused rows as a file."""
    return csv_response(_name(visit, "refused"), REFUSED_FILE, _refused_rows(_quarantine(visit)))


def _refused_rows(file: Path) -> Iterator[Cells]:
    for line in quarantined_rows(file, REFUSED_FILE):
        yield tuple(";".join(each) if isinstance(each, list) else each for each in line)


def _refused_row(row: Cells) -> Cells:
    file, number, rules, *values = row
    names = (name.removesuffix("_unreadable") for name in REFUSED_FILE[3:])
    held = [f"{name} {v}" for name, v in zip(names, values, strict=True) if v not in (None, "")]
    return (file, number, str(rules).replace(";", ", "), " · ".join(held))


def _broke(row: Cells, text: str) -> bool:
    return not text or any(text.casefold() in str(cell).casefold() for cell in row)


def _quarantine(visit: Visit) -> Path:
    file = latest_quarantine(visit.settings.quarantine, visit.month)
    if file is None:
        raise NoSuchPage(sentence("No row of {month} was refused.", month=visit.month))
    return file


def history_csv(visit: Visit) -> Response:
    """Write what was done to a month as a file, with the columns of the command `history`."""
    with visit.reading() as connection:
        found = tuple(runs_of(connection, visit.month))
    rows = (
        (
            each.run_no,
            each.recorded_at.isoformat(timespec="seconds"),
            each.action.value,
            each.caused_by and str(each.caused_by),
            each.actor,
            each.origin,
            each.reason,
            each.input,
            each.revision_no,
            each.evaluation_no,
            each.policy,
            "refused" if each.refused else "changed" if each.changed else "no change",
            each.refused or ";".join(f"{name}={count}" for name, count in each.difference.items()),
            round(each.duration.total_seconds(), 1),
        )
        for each in found
    )
    return csv_response(_name(visit, "history"), RUN_FILE, rows)


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


def _states(*words: str) -> tuple[tuple[str, object], ...]:
    return tuple((str(word), look_of(word)[0]) for word in words)


def _tiers() -> Chooser:
    return Chooser("tier", sentence("Tier"), tuple((str(no), str(no)) for no in range(1, 6)))


def _store(visit: Visit, seller_id: str) -> Linked:
    return Linked(seller_id, visit.store(seller_id))


def _file(visit: Visit, name: str) -> str:
    return visit.at(f"months/{visit.month}/{name}.csv")


def _name(visit: Visit, name: str) -> str:
    return f"{visit.month}-{name}.csv"
