"""The command line: everything that a person or a script does without the UI.

Exit codes: 0 done; 1 refused, the data or the state forbids it; 2 wrong usage. Libraries that
take long to import are imported by the commands that need them, so that `--help` answers at once.
"""

import sys
from pathlib import Path
from typing import NoReturn

import click

from domain.refusal import Refused, WrongUsage
from flows.commands import answers, months, points, service


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


for _command in (
    *(months.ingest, months.close, months.months, months.quarantine, months.docs),
    *(points.pay_out_command, points.payouts, points.approve_payout_command),
    *(points.reschedule_payouts, points.adjust, points.ledger, points.balances),
    *(answers.decisions, answers.explain, answers.history, answers.verify),
    *(service.up, service.serve, service.alarms, service.demo, service.sample),
):
    cli.add_command(_command)


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
    from flows.servers.temporary_server import server_that_ended

    return server_that_ended()


def _fail(sentence: str, code: int) -> NoReturn:
    click.echo(f"growth-points: {sentence}", err=True)
    sys.exit(code)
