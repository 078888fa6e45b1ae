"""The commands about months: check, ingest, close, list, show refused rows."""

from pathlib import Path

import click

from console.commands.parameters import MONTH, REASON, ROOT, output_option
from console.commands.running import (
    flows_ready,
    open_database,
    read_settings,
    root_or_setting,
    until_stopped,
)
from console.help import command
from console.output import Output, echo, print_rows
from domain.months import SettlementMonth
from domain.sentence import sentence


@command(short_help="Ingest a month's files without closing it.")
@click.argument("month", type=MONTH)
@ROOT
def ingest(month: SettlementMonth, root: str | None) -> None:
    """Ingest a month's settlement files without closing it (history, late months)."""
    settings = read_settings()
    root = root_or_setting(settings, root)
    with flows_ready(settings, sentence("ingesting {month}", month=month)):
        from flows.ingesting.flow import ingest_month

        ingested = ingest_month(str(month), root, "commit")
    echo(ingested.told())


@command(short_help="Check files, decide, post awards, plan the payout.")
@click.argument("month", type=MONTH)
@ROOT
@click.option("--preview", is_flag=True, help="Compute everything, show it, write nothing.")
@click.option("--policy", metavar="NAME", help="A policy to use instead of the month's own.")
@click.option("--acknowledge-paid", is_flag=True, help="Agree that paid months keep their payout.")
@REASON
@output_option
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

    The two months before it must have been ingested. Closing a month again with the same files
    changes nothing; with other files it posts the difference. --output csv or json lists the
    sellers whose result changed instead of the report.
    """
    settings = read_settings()
    root = root_or_setting(settings, root)
    with flows_ready(settings, sentence("closing {month}", month=month)):
        from console.terminal import print_report
        from flows.closing.differences import CHANGES, change_rows
        from flows.closing.evaluation import USUAL_REASON
        from flows.closing.flow import close_month

        closed = close_month(
            str(month),
            root,
            policy=policy or "",
            mode="preview" if preview else "commit",
            acknowledge_paid=acknowledge_paid,
            reason=reason or USUAL_REASON,
        )
    if output != "table":
        print_rows(CHANGES, change_rows(closed.closing), output)
        return
    print_report(closed.report)
    if closed.file is not None:
        echo(sentence("report: {file}", file=closed.file))
    for each in closed.later:
        echo(each.told())
        echo(sentence("report: {file}", file=each.file))


@command(short_help="Check a delivery's files as a closing would.")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@output_option
def check(folder: Path, output: Output) -> None:
    """Check a month's files as a closing would, in seconds and without a database.

    FOLDER is a month's folder, such as /data/2026-10, or one that contains such folders. Earlier
    deliveries are not compared: that is done at ingest, and every unknown word is reported as new.
    Nothing is kept. Exits with 1 if a month would be refused.
    """
    from console.delivery_check import FINDINGS, WouldBeRefused, check_folder
    from console.terminal import print_findings
    from flows.occasion import this_occasion
    from flows.program import trusted_senders

    settings, checked = read_settings(), []
    trusted = trusted_senders(settings, this_occasion().now)
    for each in check_folder(folder, settings.limit_shares, trusted):
        checked.append(each)
        if output == "table":
            print_findings(each.headline(), each.findings)
    if output != "table":
        print_rows(FINDINGS, [row for each in checked for row in each.rows()], output)
    if refused := tuple(each.month for each in checked if each.refused):
        raise WouldBeRefused(refused)


@command(short_help="Each ingested month: revisions, findings, state.")
@output_option
def months(output: Output) -> None:
    """List each month with all its revisions, and its last delivery if that was refused."""
    from adapters.data_docs import read_checks
    from console.delivery_listings import MONTHS, month_rows

    settings = read_settings()
    with open_database(settings) as engine:
        print_rows(MONTHS, month_rows(engine, read_checks(settings.docs)), output)


@command(short_help="The refused rows and the rules that each broke.")
@click.argument("month", type=MONTH)
@output_option
def quarantine(month: SettlementMonth, output: Output) -> None:
    """List the refused rows of a month's last refused delivery, with every rule that each broke.

    Rows are numbered as in a spreadsheet: the header is row 1, and empty lines count. In Parquet
    the first row is row 1.
    """
    from adapters.data_docs import read_checks
    from adapters.ingest.quarantine import latest_quarantine
    from console import delivery_listings as listings
    from flows.showing.month_records import QUARANTINE

    settings = read_settings()
    file = latest_quarantine(settings.quarantine, month)
    if file is None:
        with open_database(settings) as engine:
            listings.require_known(engine, month)
    echo(listings.refused_rows_summary(file, read_checks(settings.docs), month), err=True)
    if output == "table":
        print_rows(listings.QUARANTINE_TABLE, listings.quarantine_table(file), output)
    else:
        print_rows(QUARANTINE, listings.quarantine_rows(file), output)


@command(short_help="Open the data-quality pages.")
@click.option("--serve", "port", type=click.IntRange(0, 65535), help="Serve them on this port.")
def docs(port: int | None) -> None:
    """Open the data-quality pages, or serve them on this machine with --serve PORT."""
    from flows.ingesting.quality_pages import publish_quality_pages, show_in_browser
    from web.serving import serve_until_stopped

    settings = read_settings()
    index = publish_quality_pages(settings)
    if port is None:
        echo(str(index.resolve()))
        show_in_browser(index)
        return
    place = index.relative_to(settings.home).as_posix()
    serve_until_stopped(
        settings, port, "127.0.0.1", lambda url: echo(until_stopped(f"{url}/{place}"))
    )
