"""The later months that a closing or an award correction evaluated again: a report of each.

Their approvals are void, so a report asks for a new one where the payout waits for it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from adapters.languages.catalog import say
from adapters.postgres.decisions import funnel
from adapters.postgres.evaluations import Evaluation, current_evaluations, outdated_months
from adapters.postgres.ledger import ChainHead, seal_now
from adapters.postgres.payout_dates import planned_payouts
from adapters.postgres.revisions import recorded_findings
from adapters.postgres.runs import last_evaluating_run
from domain.cause import Cause
from domain.many import many
from domain.months import SettlementMonth
from domain.sentence import Sentence, sentence
from flows.closing.cascade import evaluate_in_order
from flows.closing.evaluation import ClosingRequest, EvaluatedMonth
from flows.closing.next_step import next_step
from flows.closing.program_state import gather_state
from flows.closing.record_closing import Closing
from flows.closing.report import closing_report
from flows.ingesting.quality_pages import quality_page
from flows.paying.open_payouts import OpenPayout, open_payouts
from flows.program import program_database, program_policies
from flows.reports.keeping import is_kept, keep_report
from flows.reports.report import Link, Report
from flows.settings import Settings


@dataclass(frozen=True, slots=True)
class LaterMonth:
    """A month that was evaluated again, its report and the report's page.

    `waiting` is its payout, if that waits for an approval.
    """

    month: EvaluatedMonth
    report: Report
    file: Path
    waiting: OpenPayout | None

    def link(self) -> Link:
        """Link to the report."""
        name = sentence("{month}, evaluated again", month=self.month.month)
        return Link(name, self.file)

    def told(self) -> Sentence:
        """Say what became of the month, and what it waits for."""
        month = self.month.month
        if self.waiting is None:
            return sentence("{month} was evaluated again and has a new report.", month=month)
        return sentence(
            "{month} was evaluated again: its {points} wait for a new approval.",
            month=month,
            points=many("point", self.waiting.points),
        )


def report_later_months(
    settings: Settings, months: Iterable[EvaluatedMonth], cause: Cause, caused_by: SettlementMonth
) -> tuple[LaterMonth, ...]:
    """Keep a report of each month whose evaluation is new or has none, because of another one."""
    changed = [
        each for each in months if each.changed or not _is_reported(settings, each.evaluation)
    ]
    if not changed:
        return ()
    with program_database(settings) as engine:
        with engine.begin() as connection:
            head = seal_now(connection)
        with engine.connect() as connection:
            shown = [as_closing(connection, each, cause, caused_by, head) for each in changed]
            payouts = open_payouts(connection)
    return tuple(_kept(settings, each, payouts.get(each.closed.month)) for each in shown)


def months_without_report(
    settings: Settings, cause: Cause, of: Callable[[Evaluation], bool]
) -> tuple[EvaluatedMonth, ...]:
    """Look again at closed months whose reports a killed run did not keep; nothing is written.

    Of the current evaluations they are those for which `of` holds. A month whose data was replaced
    since then is left out: closing it again reports it.
    """
    with program_database(settings, preview=True) as engine, engine.begin() as connection:
        outdated = outdated_months(connection)
        lacking = [
            each.settlement_month
            for each in current_evaluations(connection)
            if of(each)
            and each.settlement_month not in outdated
            and not _is_reported(settings, each)
        ]
        if not lacking:
            return ()
        state = gather_state(connection, program_policies(settings))
        return evaluate_in_order(connection, state, lacking, cause, dict.fromkeys(lacking))


def _is_reported(settings: Settings, evaluation: Evaluation) -> bool:
    return is_kept(settings, evaluation.settlement_month, report_name(evaluation))


def report_name(evaluation: Evaluation) -> str:
    """Return the name of the report of an evaluation."""
    return f"closed-{evaluation.evaluation_no}"


def as_closing(
    connection: Connection,
    month: EvaluatedMonth,
    cause: Cause,
    caused_by: SettlementMonth | None,
    head: ChainHead | None,
) -> Closing:
    """Show a month that was evaluated as a closing of its own."""
    number = month.evaluation.evaluation_id
    return Closing(
        request=ClosingRequest(month.month, cause),
        newly_ingested=False,
        findings=recorded_findings(connection, month.revision.revision_id),
        months=(month,),
        funnel=funnel(connection, number),
        payouts=planned_payouts(connection),
        chain_head=head,
        before=last_evaluating_run(connection, month.month, number),
        caused_by=caused_by,
    )


def _kept(settings: Settings, closing: Closing, payout: OpenPayout | None) -> LaterMonth:
    closed, report = closing.closed, report_of(settings, closing)
    waits = payout is not None and payout.waits(settings.approval_rule)
    file = keep_report(settings, report_name(closed.evaluation), report)
    return LaterMonth(closed, report, file, payout if waits else None)


def report_of(settings: Settings, closing: Closing) -> Report:
    """Build the report of a closing, headed by the month that caused it, if one did."""
    month = closing.closed.month
    page = quality_page(settings, month, closing.closed.revision.revision_no)
    report = closing_report(closing, links=(page,), next_step=next_step(settings, closing))
    if closing.caused_by is None:
        return report
    headline = sentence(
        "{month} was evaluated again, because {earlier} changed",
        month=month,
        earlier=closing.caused_by,
    )
    return replace(report, headline=say(headline, settings.language))
