"""Months: take a month's files in, close it, see what was refused."""

from pathlib import Path

import click

from console.commands.parameters import MONTH, REASON, ROOT, output_option
from console.commands.running import flows_ready, open_database, read_settings, root_or_setting
from console.output import Output, print_rows
from domain.months import SettlementMonth


@click.command(short_help="Take a month's files in without closing it.")
@click.argument("month", type=MONTH)
@ROOT
def ingest(month: SettlementMonth, root: str | None) -> None:
    """Take a month's settlement files in without closing it (history, late months)."""
    settings = read_settings()
    root = root_or_setting(settings, root)
    with flows_ready(settings, f"ingesting {month}"):
        from flows.ingesting.flow import ingest_month

        ingested = ingest_month(str(month), root)
    click.echo(ingested.sentences())


@click.command(short_help="Check files, decide, post awards, plan the payout.")
@click.argument("month", type=MONTH)
@ROOT
@click.option("--preview", is_flag=True, help="Compute everything, show it, write nothing.")
@click.option("--policy", metavar="NAME", help="Another policy than the month's own.")
@click.option(
    "--acknowledge-paid", is_flag=True, help="Agree to changes in months that are paid and stay so."
)
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
    changes nothing; with other files it posts the difference. With --output csv or json the
    sellers whose result changes are listed instead of the report.
    """
    settings = read_settings()
    root = root_or_setting(settings, root)
    with flows_ready(settings, f"closing {month}"):
        from console.terminal import print_report
        from flows.closing.evaluation import USUAL_REASON
        from flows.closing.flow import close_month
        from flows.closing.report import CHANGES, change_rows

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
        click.echo(f"report: {closed.file}")


@click.command(short_help="Try a delivery: what would a closing say of its files?")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@output_option
def check(folder: Path, output: Output) -> None:
    """Check a month's files as a closing would, in seconds and without any database.

    FOLDER is a month's folder, such as /data/2026-10, or the one that months lie in. What was
    delivered before is not looked at: whether a month is unlike the last is told when it is taken
    in, and every word that the program does not know is called new. Exits with 1 if a month would
    be refused; nothing is kept anywhere.
    """
    from console.delivery_check import FINDINGS, WouldBeRefused, check_folder
    from console.terminal import print_findings

    checked = []
    for each in check_folder(folder, read_settings().limit_shares):
        checked.append(each)
        if output == "table":
            print_findings(each.headline(), each.findings)
    if output != "table":
        print_rows(FINDINGS, [row for each in checked for row in each.rows()], output)
    if refused := tuple(each.month for each in checked if each.refused):
        raise WouldBeRefused(refused)


@click.command(short_help="Each month ingested: revisions, findings, state.")
@output_option
def months(output: Output) -> None:
    """Each month with all its revisions, and its last delivery if that was refused."""
    from adapters.data_docs import read_checks
    from console.delivery_listings import MONTHS, month_rows

    settings = read_settings()
    with open_database(settings) as engine:
        print_rows(MONTHS, month_rows(engine, read_checks(settings.docs)), output)


@click.command(short_help="The refused rows and the rules each broke.")
@click.argument("month", type=MONTH)
@output_option
def quarantine(month: SettlementMonth, output: Output) -> None:
    """The refused rows of a month's last refused delivery, with every rule that each broke.

    A row has the number that a spreadsheet shows beside it: the header is row 1, and an empty
    line has a number. In Parquet the first row is row 1.
    """
    from adapters.data_docs import read_checks
    from adapters.ingest.quarantine import latest_quarantine
    from console import delivery_listings as listings

    settings = read_settings()
    file = latest_quarantine(settings.quarantine, month)
    if file is None:
        with open_database(settings) as engine:
            listings.require_known(engine, month)
    click.echo(listings.about_refused_rows(file, read_checks(settings.docs), month), err=True)
    if output == "table":
        print_rows(listings.QUARANTINE_TABLE, listings.quarantine_table(file), output)
    else:
        print_rows(listings.QUARANTINE, listings.quarantine_rows(file), output)


@click.command(short_help="Open the data-quality pages.")
@click.option("--serve", "port", type=click.IntRange(0, 65535), help="Serve them on this port.")
def docs(port: int | None) -> None:
    """Open the data-quality pages; with --serve PORT as a web server of this machine."""
    from flows.ingesting.quality_pages import publish_quality_pages, show_in_browser
    from web.serving import serve_until_told

    settings = read_settings()
    index = publish_quality_pages(settings)
    if port is None:
        click.echo(index.resolve())
        show_in_browser(index)
        return
    place = index.relative_to(settings.home).as_posix()
    serve_until_told(
        settings, port, "127.0.0.1", lambda url: click.echo(f"{url}/{place} (Ctrl-C ends it)")
    )
