"""The top of a kept report: where else to go, and what has become of its month since."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy import Connection

from adapters.postgres.ledger.entries import find_payout
from adapters.postgres.month_detail import RecordedEvaluation, evaluations_of, revisions_of
from adapters.postgres.revisions import current_revisions
from domain.cause import reason_said
from domain.months import MonthInvalid, SettlementMonth
from domain.sentence import Sentence, sentence
from web.operators.rendering import rendered
from web.operators.report_names import evaluation_no
from web.operators.visit import Visit


@dataclass(frozen=True, slots=True)
class Since:
    """What has happened since a page was kept, and the address of what says more."""

    said: Sentence
    href: str | None = None


def top_of(visit: Visit) -> str:
    """Render the top of a kept page by its address."""
    path = PurePosixPath(visit.path)
    month = _month_of(path)
    if month is None:
        return rendered("kept_top.html", visit, month=None, around=(None, None), since=(), run=None)
    with visit.reading() as connection:
        since = tuple(_since(visit, connection, month, path.name))
        around = _around(visit, connection, month)
    run = visit.prefect.last_run(f"month-{month}")
    return rendered("kept_top.html", visit, month=month, around=around, since=since, run=run)


def _around(
    visit: Visit, connection: Connection, month: SettlementMonth
) -> tuple[SettlementMonth | None, SettlementMonth | None]:
    """Return the months before and after, as far as they have pages."""
    before, after = month - 1, month + 1
    reports = visit.settings.reports / str(before)
    known = reports.is_dir() or before in current_revisions(connection, (before,))
    return before if known else None, after if after <= SettlementMonth.of(visit.today) else None


def _month_of(path: PurePosixPath) -> SettlementMonth | None:
    """Return the month of a report, or of a data-quality page, by its name."""
    try:
        name = path.parent.name if path.parts[1] == "reports" else path.name[:7]
        return SettlementMonth.parse(name)
    except MonthInvalid:
        return None


def _since(
    visit: Visit, connection: Connection, month: SettlementMonth, name: str
) -> Iterator[Since]:
    number, evaluations = evaluation_no(name), evaluations_of(connection, month)
    if name == "blocked.html" and (revisions := revisions_of(connection, month)):
        said = sentence(
            "The newest accepted files of {month} came on {at}.",
            month=month,
            at=f"{revisions[-1].accepted_at:%Y-%m-%d %H:%M}",
        )
        yield Since(said, visit.at(f"months/{month}"))
    if number is None:
        return
    newer = [each for each in evaluations if each.evaluation_no > number]
    if newer:
        yield _superseded(visit, month, newer[-1])
    if (paid := find_payout(connection, month)) is not None:
        said = sentence(
            "{month} was paid on {paid_on}: {points:,} P.",
            month=month,
            paid_on=paid.paid_on,
            points=paid.points,
        )
        yield Since(said, visit.at(f"months/{month}"))


def _superseded(visit: Visit, month: SettlementMonth, newest: RecordedEvaluation) -> Since:
    said = sentence(
        "This report is superseded: {month} was evaluated again on {at} ({reason}).",
        month=month,
        at=f"{newest.evaluated_at:%Y-%m-%d %H:%M}",
        reason=reason_said(newest.reason),
    )
    file = f"reports/{month}/closed-{newest.evaluation_no}.html"
    kept = (visit.settings.home / file).is_file()
    return Since(said, visit.at(file if kept else f"months/{month}"))
