"""The page of a month: how it stands, and everything about it one link away."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from adapters.data_docs import revision_page
from adapters.ingest.quarantine import latest_quarantine
from adapters.languages.catalog import say
from adapters.postgres.month_detail import (
    RecordedEvaluation,
    awards_by_tier,
    evaluations_of,
    revisions_of,
)
from adapters.postgres.runs import RecordedRun, runs_of
from domain.cause import reason_said
from domain.ledger import Award
from domain.months import SettlementMonth
from domain.sentence import Sentence, Word, sentence
from flows.showing.desk import Desk, gather_desk
from flows.showing.forms import Form, correction_form, rerun_form, reschedule_form
from flows.showing.labels import counted
from flows.showing.month_states import MonthState
from flows.showing.open_corrections import OpenCorrections, open_corrections
from flows.showing.tasks import tasks
from web.operators.kept import kept_reports
from web.operators.looks import look_of
from web.operators.months import state_words
from web.operators.rendering import page
from web.operators.report_names import evaluation_no
from web.operators.tables import Cells, Column, Linked, Table, Tags, csv_response, recorded, table
from web.operators.visit import NoSuchPage, Visit

EVALUATIONS: Final = (
    Column("evaluated", sentence("Evaluated")),
    Column("reason", sentence("Why it was done")),
    Column("actor", sentence("By")),
    Column("policy", sentence("Policy")),
    Column("changed", sentence("What it changed")),
    Column("report", sentence("Report")),
    Column("compare", sentence("Compare")),
)
DELIVERIES: Final = (
    Column("accepted", sentence("Accepted")),
    Column("source", sentence("Files")),
    Column("stores", sentence("Stores"), number=True),
    Column("lines", sentence("Lines"), number=True),
    Column("amount_krw", sentence("Amount, KRW"), number=True),
    Column("findings", sentence("Findings"), number=True),
)
CORRECTIONS: Final = (
    Column("seller_id", sentence("Store")),
    Column("what", sentence("What differs")),
    Column("tier", sentence("Tier"), number=True),
    Column("points", sentence("Points"), number=True),
    Column("form", sentence("Form")),
)
RUNS: Final = (
    Column("recorded_at", sentence("When")),
    Column("action", sentence("Action")),
    Column("actor", sentence("By")),
    Column("reason", sentence("Why it was done")),
    Column("result", sentence("Result")),
    Column("difference", sentence("What it changed")),
)

_TABLES: Final = {"evaluations": EVALUATIONS, "files": DELIVERIES, "corrections": CORRECTIONS}


def month_page(visit: Visit) -> Response:
    """Show a month; raises NoSuchPage for one of which nothing is known."""
    month = visit.month
    with visit.reading() as connection:
        desk = gather_desk(connection, visit.settings, visit.today)
        if month not in _known(visit, desk):
            raise NoSuchPage(sentence("Nothing is known of {month} yet.", month=month))
        runs = tuple(runs_of(connection, month))
        tiers = awards_by_tier(connection, month)
        evaluations = _evaluations(visit, connection, month, runs)
        files = table(
            visit,
            DELIVERIES,
            _deliveries(visit, connection, month),
            "-accepted",
            of="files",
            csv_at=visit.at(f"months/{month}/files.csv"),
        )
    state, around = desk.months.get(month), _around(desk, month)
    return page(
        "month.html",
        visit,
        month=month,
        state=state,
        words=tuple(map(look_of, state_words(desk, month, state))),
        awaited=next((each for each in desk.awaited if each.month == month), None),
        tasks=tuple(each for each in tasks(desk) if each.month == month),
        points=desk.points.get(month),
        corrections=_open_corrections(visit, desk),
        runs=table(visit, RUNS, _runs(visit, runs), "-recorded_at", has_filter=len(runs) > 10),  # noqa: PLR2004 rows
        around=around,
        before_is_known=around[0] in desk.months,
        passed_over=_passed_over(visit, state),
        reports=_other_reports(visit, month),
        has_refused=latest_quarantine(visit.settings.quarantine, month) is not None,
        last_run=visit.prefect.last_run(f"month-{month}"),
        forms=_forms(state),
        tiers=tiers,
        evaluations=evaluations,
        deliveries=files,
    )


def _open_corrections(visit: Visit, desk: Desk) -> Table:
    open_ones = (each for each in desk.corrections if each.month == visit.month)
    at = visit.at(f"months/{visit.month}/corrections.csv")
    rows = _corrections(visit, open_ones)
    return table(visit, CORRECTIONS, rows, "seller_id", of="corrections", csv_at=at)


def _known(visit: Visit, desk: Desk) -> set[SettlementMonth]:
    awaited = {each.month for each in desk.awaited}
    return {*desk.months, *desk.refused, *awaited, *kept_reports(visit.settings), *desk.points}


def _around(
    desk: Desk, month: SettlementMonth
) -> tuple[SettlementMonth | None, SettlementMonth | None]:
    """Return the months before and after, as far as they have pages."""
    known = sorted({*desk.months, *(each.month for each in desk.awaited)})
    before = [each for each in known if each < month]
    after = [each for each in known if each > month]
    return (before[-1] if before else None, after[0] if after else None)


def month_table_csv(visit: Visit) -> Response:
    """Write one of the tables of a month's page as a file; raises NoSuchPage."""
    month, name = visit.month, visit.places["table"]
    if name not in _TABLES:
        raise NoSuchPage
    with visit.reading() as connection:
        rows = list(map(recorded, _rows(visit, connection, month, name)))
    return csv_response(f"{month}-{name}.csv", [each.key for each in _TABLES[name]], rows)


def _rows(visit: Visit, connection: Connection, month: SettlementMonth, name: str) -> list[Cells]:
    """Return the rows of a table of the page."""
    if name == "files":
        return list(_deliveries(visit, connection, month))
    if name == "corrections":
        return list(_corrections(visit, open_corrections(connection, month)))
    return _evaluation_rows(visit, connection, month, tuple(runs_of(connection, month)))


def _forms(state: MonthState | None) -> tuple[Form, ...]:
    """Return the forms for a closed month, whether or not anything needs them."""
    if state is None or state.evaluation is None:
        return ()
    again = rerun_form(state.month)
    return (again,) if state.paid else (again, reschedule_form())


def _passed_over(visit: Visit, state: MonthState | None) -> str:
    """Name the days that the payout date passes over."""
    planned = state.planned.passed_over if state and state.planned else []
    named = ((day, say(Word("holiday", name), visit.language)) for day, name in planned)
    return ", ".join(f"{day} {name}" for day, name in named)


def _evaluations(
    visit: Visit, connection: Connection, month: SettlementMonth, runs: tuple[RecordedRun, ...]
) -> object:
    rows = _evaluation_rows(visit, connection, month, runs)
    at = visit.at(f"months/{month}/evaluations.csv")
    return table(visit, EVALUATIONS, rows, "-evaluated", of="evaluations", csv_at=at)


def _evaluation_rows(
    visit: Visit, connection: Connection, month: SettlementMonth, runs: tuple[RecordedRun, ...]
) -> list[Cells]:
    files = kept_reports(visit.settings).get(month, ())
    kept = {evaluation_no(file.name): file.as_posix() for file in files}
    made = evaluations_of(connection, month)
    return [_evaluation(visit, month, each, runs, kept) for each in made]


def _evaluation(
    visit: Visit,
    month: SettlementMonth,
    each: RecordedEvaluation,
    runs: tuple[RecordedRun, ...],
    kept: Mapping[int | None, str],
) -> Cells:
    number = each.evaluation_no
    first = next((run for run in runs if run.evaluation_no == number and not run.refused), None)
    report, earlier = kept.get(number), number - 1
    compared = visit.at("compare", month=month, a=earlier, b=number) if earlier else None
    return (
        each.evaluated_at,
        reason_said(each.reason),
        each.actor,
        each.policy,
        _difference(first) if first else None,
        Linked(sentence("Report"), visit.at(report)) if report else None,
        Linked(sentence("With the one before"), compared) if compared else None,
    )


def _difference(run: RecordedRun) -> Sentence | str | None:
    """Say what a run changed, or why it was refused."""
    return run.refused or counted(run.difference)


def _deliveries(visit: Visit, connection: Connection, month: SettlementMonth) -> Iterator[Cells]:
    for each in revisions_of(connection, month):
        quality = visit.kept(f"docs/{revision_page(month, each.revision_no)}")
        yield (
            each.accepted_at,
            each.source,
            each.sellers,
            each.lines,
            each.amount_krw,
            Linked(each.findings, quality) if quality else each.findings,
        )


def _corrections(visit: Visit, corrections: Iterable[OpenCorrections]) -> Iterator[Cells]:
    for found in corrections:
        for each in found.over_awarded:
            yield _correction(visit, each, -each.points)
        for each in found.under_awarded:
            yield _correction(visit, each, each.points)


def _correction(visit: Visit, award: Award, points: int) -> Cells:
    what = sentence("paid, not earned") if points < 0 else sentence("earned, not paid")
    form = correction_form(award.seller_id, points, award.settlement_month)
    href = visit.form(form)
    return (
        Linked(award.seller_id, visit.store(award.seller_id)),
        what,
        award.tier,
        award.points,
        Linked(form.does, href) if href else form.does,
    )


def _runs(visit: Visit, runs: tuple[RecordedRun, ...]) -> Iterator[Cells]:
    for each in runs:
        yield (
            each.recorded_at,
            Word("action", each.action),
            each.actor,
            reason_said(each.reason),
            Tags((look_of(Word("result", each.result)),)),
            _difference(each),
        )


def _other_reports(visit: Visit, month: SettlementMonth) -> tuple[Linked, ...]:
    """List the kept reports that are about no evaluation."""
    files = kept_reports(visit.settings).get(month, ())
    return tuple(
        Linked(file.stem, visit.at(file.as_posix()))
        for file in files
        if evaluation_no(file.name) is None
    )
