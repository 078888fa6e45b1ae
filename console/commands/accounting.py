"""The commands for finance: the accounts month by month, and journal entries."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from console.commands.parameters import MONTHS, output_option
from console.commands.running import open_database, read_settings
from console.help import command, usage_error
from console.output import Output, echo, print_rows
from domain.months import SettlementMonth
from domain.sentence import sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from flows.settings import Settings


@command("roll-forward", short_help="Each account month by month, up to a ledger head.")
@click.argument("months", type=MONTHS, metavar="FROM..TO")
@output_option
def roll_forward_command(months: tuple[SettlementMonth, ...], output: Output) -> None:
    """List what stores' accounts had, what changed it, and what they have, month by month.

    Each month ends with its ledger head; the month that is not over goes up to now. Several months
    are followed by all of them together.
    """
    from flows.accounting.roll_forward import COLUMNS, roll_months_forward

    with _ledger_of(read_settings(), months) as (connection, seal_no):
        periods = roll_months_forward(connection, months, seal_no)
    if output != "table":
        print_rows(COLUMNS, (row for each in periods for row in each.rows()), output)
        return
    from console.roll_forward_table import print_period

    for period in periods:
        print_period(period)


@command(short_help="Balanced journal entries of a month, with your account codes.")
@click.argument("months", type=MONTHS, metavar="MONTH")
@click.option(
    "--accounts",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Your account codes (TOML), instead of GROWTH_POINTS_ACCOUNTS.",
)
@click.option(
    "--output",
    type=click.Choice(["table", "csv", "json", "beancount"]),
    default="table",
    show_default=True,
    help="A table for reading, rows for a program, or text for Beancount.",
)
@click.option(
    "--continued",
    is_flag=True,
    help="For Beancount: go on after the months before, without their accounts and balances.",
)
def journal(
    months: tuple[SettlementMonth, ...],
    accounts: Path | None,
    output: Literal["table", "csv", "json", "beancount"],
    continued: bool,
) -> None:
    """List the journal entries of MONTH, or of FROM..TO: a debit and a credit of the same amount.

    Awards, reversals, payouts and adjustments are an entry each, with the key of their posting;
    uses of points are an entry for each kind and day.
    """
    from adapters.account_codes import read_account_codes
    from flows.accounting.journal import COLUMNS, beancount_text, journal_rows

    if continued and output != "beancount":
        raise usage_error(sentence("--continued is for --output beancount"))
    settings = read_settings()
    codes = read_account_codes(accounts or settings.accounts)
    with _ledger_of(settings, months) as (connection, seal_no):
        if output == "beancount":
            for line in beancount_text(connection, codes, months, seal_no, continued=continued):
                echo(line)
        else:
            print_rows(COLUMNS, journal_rows(connection, codes, months, seal_no), output)


@contextmanager
def _ledger_of(
    settings: "Settings", months: tuple[SettlementMonth, ...]
) -> "Iterator[tuple[Connection, int]]":
    """Seal what waits, and open the ledger as it stood at the last of the months' seals."""
    from console.as_of import seal_as_of
    from console.progress import warnings_shown
    from flows.occasion import this_occasion

    if months[-1].first_day > this_occasion().today:
        raise usage_error(sentence("{month} has not begun yet in Seoul", month=months[-1]))
    with open_database(settings) as engine, warnings_shown():
        seal_no = seal_as_of(engine, months[-1].last_day)
        with engine.connect() as connection:
            yield connection, seal_no
