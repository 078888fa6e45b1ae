"""The command line: everything that a person or a script does without the UI.

Exit codes: 0 done; 1 refused, the data or the state forbids it; 2 wrong usage. Libraries that
take long to import are imported by the commands that need them, so that `--help` answers at once.
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar

import click

from domain.cause import NotOneLine, one_line
from domain.months import MonthInvalid, SettlementMonth
from domain.refusal import Refused, WrongUsage
from flows.console.output import Output, print_rows

if TYPE_CHECKING:
    from flows.settings import Settings

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _Month(click.ParamType[SettlementMonth]):
    name = "month"

    def convert(self, value: Any, param: Any, ctx: Any) -> SettlementMonth:
        if isinstance(value, SettlementMonth):
            return value
        try:
            return SettlementMonth.parse(value)
        except MonthInvalid as error:
            self.fail(str(error), param, ctx)


class _Months(click.ParamType[tuple[SettlementMonth, ...]]):
    name = "months"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[SettlementMonth, ...]:
        if isinstance(value, tuple):
            return value
        first, _, last = value.partition("..")
        try:
            months = tuple(SettlementMonth.parse(first).until(SettlementMonth.parse(last or first)))
        except MonthInvalid as error:
            self.fail(str(error), param, ctx)
        if not months:
            self.fail(f"{value} ends before it begins", param, ctx)
        return months


class _Date(click.ParamType[date]):
    name = "date"

    def convert(self, value: Any, param: Any, ctx: Any) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date; write it as 2026-11-10", param, ctx)


class _Moment(click.ParamType[date | int]):
    name = "moment"

    def convert(self, value: Any, param: Any, ctx: Any) -> date | int:
        if isinstance(value, date | int):
            return value
        try:
            return (
                int(value) if value.isascii() and value.isdecimal() else date.fromisoformat(value)
            )
        except ValueError:
            self.fail(
                f"{value!r} is neither a date like 2026-11-10 nor the number of a ledger head",
                param,
                ctx,
            )


class _Head(click.ParamType[str]):
    name = "head"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        if not re.fullmatch("[0-9a-f]{64}", value):
            self.fail(
                f"{value!r} is not a head; give the 64 hex digits that a report told", param, ctx
            )
        return str(value)


class _Line(click.ParamType[str]):
    name = "text"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        try:
            return one_line(str(value))
        except NotOneLine as error:
            self.fail(str(error), param, ctx)


MONTH, MONTHS, DATE, MOMENT, HEAD = _Month(), _Months(), _Date(), _Moment(), _Head()
LINE = _Line()

ROOT = click.option(
    "--from",
    "root",
    metavar="ROOT",
    help="Where the settlement folders are; GROWTH_POINTS_SETTLEMENTS when left out.",
)
REASON = click.option(
    "--reason", type=LINE, default=None, help="Why this is done; recorded with it."
)
AS_OF = click.option(
    "--as-of",
    "moment",
    metavar="MOMENT",
    type=MOMENT,
    help="As it stood when a day ended in Seoul, or at a ledger head's number.",
)
SELLER = click.option("--seller", "seller_id", metavar="ID", help="Only this seller.")


def _output(command: _Command) -> _Command:
    choice = click.option(
        "--output",
        type=click.Choice(["table", "csv", "json"]),
        default="table",
        show_default=True,
        help="A table to read, or all rows for a program.",
    )
    return choice(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="growth-points", message="%(prog)s %(version)s")
def cli() -> None:
    """Run a marketplace's seller growth-points program, month by month.

    \b
    See it work on a sample marketplace:   growth-points demo
    Take in the months before the first:   growth-points ingest 2026-08 --from /data
    Close a month:                         growth-points close 2026-10 --from /data
    Pay what is due today:                 growth-points pay-out
    Answer a seller:                       growth-points explain SELLER 2026-10

    Settings are environment variables: GROWTH_POINTS_HOME (default .growth-points),
    GROWTH_POINTS_DATABASE_URL, GROWTH_POINTS_SETTLEMENTS, GROWTH_POINTS_ENGINE,
    GROWTH_POINTS_POLICIES, GROWTH_POINTS_HOLIDAYS, GROWTH_POINTS_APPROVAL,
    GROWTH_POINTS_PAGES_URL, PREFECT_API_URL.

    Exit codes: 0 done; 1 refused, the data or the state forbids it; 2 wrong usage.
    """


@cli.command(short_help="Six months of a sample marketplace, in tables.")
@click.option("--seed", default=1, show_default=True, help="Another seed, another marketplace.")
@click.option("--sellers", default=3_000, show_default=True)
@click.option("--lines", default=60_000, show_default=True, help="Settlement lines a month.")
def demo(seed: int, sellers: int, lines: int) -> None:
    """A sample marketplace: six months closed in order and paid, in tables.

    It keeps a home and a database of its own; run again, it shows the same.
    """
    from flows.console.demo import Demo, run_demo

    run_demo(Demo(_settings().home, sellers, lines, seed))


@cli.command(short_help="Run it all: database, UI, schedules.")
@click.option("--port", type=click.IntRange(0, 65535), default=4200, show_default=True)
@click.option("--demo", is_flag=True, help="A sample marketplace, its last month left to close.")
def up(port: int, demo: bool) -> None:
    """Run database, Prefect server with its UI, deployments and schedules, until Ctrl-C.

    Only this machine is listened to, on PORT and the one after it. Started again, it goes on where
    it ended.
    """
    from flows.console.demo import CLOSED, Demo
    from flows.console.progress import progress
    from flows.console.up import run_up

    settings = _settings()
    if not demo:
        run_up(settings, port)
        return
    sample = Demo(settings.home / "up")  # `growth-points demo` closes all of its months
    sample.enter()

    def close_all_but_the_last() -> None:
        with progress("closing five months of a sample marketplace"):
            sample.write()
            sample.close_and_pay(CLOSED[:-1])

    run_up(_settings(), port, close_all_but_the_last)


@cli.command(short_help="Show reports, and figures for Prometheus.")
@click.option("--port", type=click.IntRange(0, 65535), default=4201, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
def serve(port: int, host: str) -> None:
    """Serve reports, data-quality pages and /metrics, until Ctrl-C; `up` does so by itself."""
    from flows.operations.serving import serve_until_told

    serve_until_told(_settings(), port, host, lambda url: click.echo(f"{url} (Ctrl-C ends it)"))


@cli.command(short_help="Bring the Prefect server's alarms up to date.")
@click.option("--webhook", metavar="URL", help="Tell them to this webhook, as JSON with a text.")
def alarms(webhook: str | None) -> None:
    """Apply the alarms to the Prefect server; again changes nothing. `up` does so by itself.

    They are told to the notification block growth-points-alarms, whatever its type; --webhook
    makes one.
    """
    from flows.console.applying import apply_alarms_now

    click.echo(apply_alarms_now(_settings(), webhook))


@cli.command(short_help="Write a sample marketplace's settlement files.")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--sellers", default=5_000, show_default=True, help="Stores in the last month.")
@click.option("--lines", default=200_000, show_default=True, help="Settlement lines a month.")
@click.option("--months", type=MONTHS, default="2026-05..2026-10", show_default=True)
@click.option("--seed", default=1, show_default=True, help="The same seed, the same files.")
@click.option("--format", "file_format", type=click.Choice(["parquet", "csv"]), default="parquet")
def sample(
    directory: Path,
    sellers: int,
    lines: int,
    months: tuple[SettlementMonth, ...],
    seed: int,
    file_format: Literal["parquet", "csv"],
) -> None:
    """Write a believable marketplace's settlement files into DIRECTORY."""
    from adapters.sample import write_sample
    from flows.console.progress import progress, say

    with progress("writing the sample marketplace"):
        write_sample(
            directory,
            sellers=sellers,
            lines=lines,
            months=months,
            seed=seed,
            file_format=file_format,
            progress=lambda month: say(f"{month} is written"),
        )
    click.echo(
        f"{len(months)} months in {directory}; close one with: growth-points close MONTH "
        f"--from {directory}"
    )


@cli.command(short_help="Take a month's files in without closing it.")
@click.argument("month", type=MONTH)
@ROOT
def ingest(month: SettlementMonth, root: str | None) -> None:
    """Take a month's settlement files in without closing it (history, late months)."""
    settings = _settings()
    root = _root(settings, root)
    with _flows(settings, f"taking in {month}"):
        from flows.ingest_month import ingest_month

        ingested = ingest_month(str(month), root)
    click.echo(ingested.sentence())


@cli.command(short_help="Check files, decide, post awards, plan the payout.")
@click.argument("month", type=MONTH)
@ROOT
@click.option("--preview", is_flag=True, help="Compute everything, show it, write nothing.")
@click.option("--policy", metavar="NAME", help="Another policy than the month's own.")
@click.option(
    "--acknowledge-paid", is_flag=True, help="Agree to changes in months that are paid and stay so."
)
@REASON
@_output
def close(
    month: SettlementMonth,
    root: str | None,
    preview: bool,
    policy: str | None,
    acknowledge_paid: bool,
    reason: str | None,
    output: Output,
) -> None:
    """Close a month: check its files, decide for every seller, post the awards, plan the payout.

    The two months before it must have been taken in. Closing a month again with the same files
    changes nothing; with other files it posts the difference. With --output csv or json the
    sellers whose result changes are listed instead of the report.
    """
    settings = _settings()
    root = _root(settings, root)
    with _flows(settings, f"closing {month}"):
        from flows.close_month import close_month
        from flows.console.terminal import print_report
        from flows.reporting.report import CHANGES, change_rows

        closed = close_month(
            str(month),
            root,
            policy=policy or "",
            mode="preview" if preview else "commit",
            acknowledge_paid=acknowledge_paid,
            reason=reason or "monthly closing",
        )
    if output != "table":
        print_rows(CHANGES, change_rows(closed.closing), output)
        return
    print_report(closed.report)
    if closed.file is not None:
        click.echo(f"report: {closed.file}")


@cli.command("pay-out", short_help="Pay what is due and not paid yet, once.")
@click.option("--on", type=DATE, help="Pay what is due on this date; today in Seoul if left out.")
@click.option("--ahead", is_flag=True, help="Allow a date that has not come yet.")
def pay_out_command(on: date | None, ahead: bool) -> None:
    """Pay out every closed month that is due and not paid yet. Again does nothing."""
    with _flows(_settings(), "paying out", with_gate=False):
        from flows.pay_out import pay_out_on

        payouts = pay_out_on(on, ahead)
    for payout in payouts:
        click.echo(
            f"{payout.settlement_month} paid on {payout.paid_on}: "
            f"{payout.points:,} points to {payout.sellers:,} sellers"
        )
    if not payouts:
        click.echo("Nothing is due that was not paid already.")


@cli.command(short_help="Every seller's decision in a month, with reasons.")
@click.argument("month", type=MONTH)
@SELLER
@_output
def decisions(month: SettlementMonth, seller_id: str | None, output: Output) -> None:
    """What was decided for each seller in a month, with every reason."""
    from flows.console.listings import DECISIONS, decision_rows

    with _database(_settings()) as engine:
        print_rows(DECISIONS, decision_rows(engine, month, seller_id), output)


@cli.command(short_help="Every transfer of points, in order.")
@SELLER
@click.option("--month", type=MONTH, help="Only awards of this settlement month.")
@AS_OF
@click.option(
    "--to",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the whole ledger to a .csv or .parquet file instead.",
)
@_output
def ledger(
    seller_id: str | None,
    month: SettlementMonth | None,
    moment: date | int | None,
    file: Path | None,
    output: Output,
) -> None:
    """Every transfer of points, in the order in which it was recorded.

    With --as-of nothing that was recorded later is there: the same answer today and next year.
    """
    from flows.console.as_of import export_ledger, seal_as_of
    from flows.console.listings import LEDGER, ledger_rows, require_known_seller

    if file is not None and (seller_id or month):
        raise click.UsageError("--to writes the whole ledger; leave out --seller and --month")
    with _database(_settings()) as engine:
        if file is not None:
            click.echo(export_ledger(engine, file, moment))
            return
        require_known_seller(engine, seller_id)
        seal_no = None if moment is None else seal_as_of(engine, moment)
        print_rows(LEDGER, ledger_rows(engine, seller_id, month, seal_no), output)


@cli.command(short_help="Every seller's pending and available points.")
@SELLER
@AS_OF
@_output
def balances(seller_id: str | None, moment: date | int | None, output: Output) -> None:
    """Every seller's points, pending and available, now or as they stood."""
    from flows.console.as_of import balance_rows
    from flows.console.listings import BALANCES, require_known_seller

    with _database(_settings()) as engine:
        require_known_seller(engine, seller_id)
        print_rows(BALANCES, balance_rows(engine, seller_id, moment), output)


@cli.command(short_help="Each closed month: due date, state, points.")
@_output
def payouts(output: Output) -> None:
    """Each closed month: when it is due, whether it is paid, to how many sellers, how much."""
    from flows.console.listings import PAYOUTS, payout_rows
    from flows.occasion import this_occasion

    settings = _settings()
    with _database(settings) as engine:
        today = this_occasion().today
        print_rows(PAYOUTS, payout_rows(engine, today, settings.approval_rule), output)


@cli.command("approve-payout", short_help="Agree that a month pays so many points.")
@click.argument("month", type=MONTH)
@click.argument("points", type=click.IntRange(min=0))
@click.option("--reason", type=LINE, required=True, help="Why; recorded with your name.")
def approve_payout_command(month: SettlementMonth, points: int, reason: str) -> None:
    """Agree that MONTH pays POINTS in all, where GROWTH_POINTS_APPROVAL asks for it.

    The total must be the one that the month would pay now; a closing that changes the month makes
    the approval void.
    """
    from flows.closing.correction import approve_now
    from flows.console.replanning import replan_payouts

    settings = _settings()
    click.echo(approve_now(settings, month, points, reason))
    replan_payouts(settings)


@cli.command(short_help="Every run of a month: who, why, what changed.")
@click.argument("month", type=MONTH)
@_output
def history(month: SettlementMonth, output: Output) -> None:
    """Every run of a month: who, when, on what, what it changed, and how long it took."""
    from flows.console.listings import HISTORY, history_rows

    with _database(_settings()) as engine:
        print_rows(HISTORY, history_rows(engine, month), output)


# A number below zero is not an option, though it begins like one.
@cli.command(
    context_settings={"ignore_unknown_options": True},
    short_help="Give or take available points, with a reason.",
)
@click.argument("seller_id", metavar="SELLER")
@click.argument("points", type=int)
@click.option(
    "--reason", type=LINE, required=True, help="Why; recorded in the ledger with your name."
)
@click.option("--for", "month", type=MONTH, help="The paid month to correct.")
@click.option(
    "--request-id", type=LINE, default="", help="A name of its own, to give the same points again."
)
@click.option(
    "--acknowledge-paid", is_flag=True, help="Agree to changes in months that are paid and stay so."
)
def adjust(
    seller_id: str,
    points: int,
    reason: str,
    month: SettlementMonth | None,
    request_id: str,
    acknowledge_paid: bool,
) -> None:
    """Give a seller available points, or take them back (POINTS below zero).

    The same adjustment again is the first one, on whatever day, so a retry never doubles it; to
    give the same points for the same reason twice, give each a --request-id. With --for MONTH it
    grants an award that a paid month turned out to lack (the store then holds that tier), or takes
    back one that it gave too much.
    """
    from flows.closing.correction import adjust_now

    click.echo(
        adjust_now(_settings(), seller_id, points, reason, month, request_id, acknowledge_paid)
    )


@cli.command(short_help="Each month taken in: revisions, findings, state.")
@_output
def months(output: Output) -> None:
    """Each month with all its revisions, and its last delivery if that was refused."""
    from adapters.data_docs import read_checks
    from flows.console.delivery_listings import MONTHS, month_rows

    settings = _settings()
    with _database(settings) as engine:
        print_rows(MONTHS, month_rows(engine, read_checks(settings.docs)), output)


@cli.command(short_help="The refused rows and the rules each broke.")
@click.argument("month", type=MONTH)
@_output
def quarantine(month: SettlementMonth, output: Output) -> None:
    """The refused rows of a month's last refused delivery, with every rule that each broke."""
    from adapters.quarantine import latest_quarantine
    from flows.console.delivery_listings import QUARANTINE, quarantine_rows

    file = latest_quarantine(_settings().quarantine, month)
    if file is None:
        click.echo(f"No row of {month} was refused.", err=True)
    else:
        click.echo(f"These rows are kept in {file}", err=True)
    print_rows(QUARANTINE, quarantine_rows(file), output)


@cli.command(short_help="Open the data-quality pages.")
@click.option("--serve", "port", type=click.IntRange(0, 65535), help="Serve them on this port.")
def docs(port: int | None) -> None:
    """Open the data-quality pages; with --serve PORT show them to a browser elsewhere."""
    from flows.reporting.quality_pages import publish_quality_pages, serve_pages, show_in_browser

    index = publish_quality_pages(_settings())
    if port is None:
        click.echo(index.resolve())
        show_in_browser(index)
    else:
        serve_pages(index.parent, port, lambda url: click.echo(f"{url} (Ctrl-C ends it)"))


@cli.command("reschedule-payouts", short_help="Plan payout dates anew after a holiday.")
def reschedule_payouts() -> None:
    """Work out every planned payout date again, after a holiday was announced."""
    from flows.closing.correction import reschedule_now
    from flows.console.replanning import replan_payouts

    settings = _settings()
    click.echo(reschedule_now(settings))
    replan_payouts(settings)


@cli.command(short_help="Why a seller got what it got, and when it pays.")
@click.argument("seller_id", metavar="SELLER")
@click.argument("month", type=MONTH)
@click.option(
    "--lang",
    "language",
    type=click.Choice(["en", "ko"]),
    default="en",
    show_default=True,
    help="English, or Korean.",
)
def explain(seller_id: str, month: SettlementMonth, language: Literal["en", "ko"]) -> None:
    """Why a seller was awarded in a month or not, in words, with the numbers, and when it pays."""
    from flows.console.explanation import explain_decision

    with _database(_settings()) as engine:
        click.echo(explain_decision(engine, seller_id, month, language))


@cli.command(short_help="Derive everything again and compare.")
@click.option("--replay", is_flag=True, help="Decide every evaluation again, seller by seller.")
@click.option(
    "--head",
    "heads",
    metavar="HASH",
    type=HEAD,
    multiple=True,
    help="A ledger head that a report told; kept reports are looked up anyway.",
)
def verify(replay: bool, heads: tuple[str, ...]) -> None:
    """Derive again everything that can be derived; exit 1 and name it if anything differs."""
    from adapters.postgres.verification.verify import verify as differences
    from flows.closing.replay import replay_decisions
    from flows.console.as_of import seal_everything
    from flows.reporting.kept_heads import heads_in_reports

    settings = _settings()
    known = (*heads, *heads_in_reports(settings.reports))
    with _database(settings) as engine:
        head = seal_everything(engine)
        with engine.connect() as connection:
            found = list(differences(connection, known_heads=known))
            if replay:
                found += replay_decisions(connection)
    for difference in found:
        click.echo(str(difference))
    if found:
        raise Refused(f"{len(found)} things differ from what was recorded; see above.")
    click.echo("Everything that can be derived again agrees with what was recorded.")
    if head is not None:
        click.echo(f"ledger head: {head.seal_no} {head.hash}")


def main() -> NoReturn:
    """Run the command line; turn refusals and wrong usage into a sentence and an exit code."""
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        _fail("interrupted; nothing is left half done, run the command again", 130)
    except Refused as refused:
        _fail(str(refused), 1)
    except WrongUsage as wrong:
        _fail(str(wrong), 2)
    except BrokenPipeError:
        sys.stderr.close()
    except Exception as error:
        if (log := _log_of_a_server_that_ended()) is not None:
            _fail(f"the temporary Prefect server ended; why is in {log}. Nothing was written.", 1)
        if (trouble := _trouble_of_the_database(error)) is None:
            raise
        _fail(
            f"the database gave up: {trouble}. Nothing is left half done; see to the database and "
            "run the command again.",
            1,
        )
    sys.exit(0)


def _trouble_of_the_database(error: Exception) -> str | None:
    """Tell a database that went away, is full or is shut down from a fault of this program."""
    from psycopg import OperationalError
    from sqlalchemy.exc import DBAPIError

    cause = error.orig if isinstance(error, DBAPIError) else error
    lines = str(cause).strip().splitlines()
    return lines[0].rstrip(".") if isinstance(cause, OperationalError) and lines else None


def _log_of_a_server_that_ended() -> Path | None:
    from flows.console.temporary_server import server_that_ended

    return server_that_ended()


def _fail(sentence: str, code: int) -> NoReturn:
    click.echo(f"growth-points: {sentence}", err=True)
    sys.exit(code)


def _settings() -> "Settings":
    from flows.settings import Settings

    return Settings.read()


def _root(settings: "Settings", root: str | None) -> str:
    if (found := root or settings.settlements) is None:
        raise click.UsageError(
            "where are the settlement folders? Give --from ROOT or set GROWTH_POINTS_SETTLEMENTS."
        )
    return found


def _database(settings: "Settings") -> Any:
    from flows.program import program_database

    return program_database(settings)


@contextmanager
def _flows(settings: "Settings", title: str, *, with_gate: bool = True) -> Iterator[None]:
    from expectations.gate_process import start_gate
    from flows.console.progress import progress
    from flows.console.temporary_server import prepare_prefect, ready_for_flows

    with progress(title):
        prepare_prefect(settings.home)
        if with_gate:
            start_gate()  # it loads while Prefect starts
        with ready_for_flows():
            yield
