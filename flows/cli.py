"""The command line: everything that a person or a script does without the UI.

Exit codes: 0 done; 1 refused, the data or the state forbids it; 2 wrong usage. Libraries that
take long to import are imported by the commands that need them, so that `--help` answers at once.
"""

import errno
import sys
from pathlib import Path
from typing import Final, NoReturn

import click

from domain.refusal import Refused, WrongUsage
from flows.commands import answers, months, points, service

_TOPICS = {
    "Months": (
        *(months.check, months.ingest, months.close, months.months, months.quarantine),
        months.docs,
    ),
    "Points": (
        *(points.payouts, points.approve_payout_command, points.pay_out_command),
        *(points.reschedule_payouts, points.adjust, points.ledger, points.balances),
    ),
    "Answers": (answers.explain, answers.decisions, answers.history, answers.verify),
    "Service": (service.up, service.serve, service.alarms, service.demo, service.sample),
}


class _ByTopic(click.Group):
    """A group whose help lists its commands by topic, in the order in which they are used."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section for each topic."""
        for topic, commands in _TOPICS.items():
            with formatter.section(topic):
                formatter.write_dl(
                    [(f"{command.name:18}", command.get_short_help_str()) for command in commands]
                )


@click.group(
    cls=_ByTopic,
    commands=[command for commands in _TOPICS.values() for command in commands],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="growth-points", message="%(prog)s %(version)s")
def cli() -> None:
    """Run a marketplace's seller growth-points program, month by month.

    \b
    See it work on a sample marketplace:   growth-points demo
    Take in the months before the first:   growth-points ingest 2026-08 --from /data
    Close a month:                         growth-points close 2026-10 --from /data
    Pay what is due today:                 growth-points pay-out
    Answer a seller:                       growth-points explain SELLER 2026-10

    \b
    Settings are environment variables, all optional:
      GROWTH_POINTS_HOME          embedded database, quarantine, reports (.growth-points)
      GROWTH_POINTS_SETTLEMENTS   root of the settlement folders, instead of --from
      GROWTH_POINTS_DATABASE_URL  a PostgreSQL of your own, instead of the embedded one
      GROWTH_POINTS_POLICIES      folder of your own policies (TOML)
      GROWTH_POINTS_HOLIDAYS      file of announced extra holidays
      GROWTH_POINTS_APPROVAL      none, required, or above so many points
      GROWTH_POINTS_LIMITS        how much of a snapshot may change: name=share, …
      GROWTH_POINTS_PAGES_URL     where reports are served, for links
      GROWTH_POINTS_HOSTS         further names that reports and the UI answer to
      GROWTH_POINTS_ENGINE        what reads the files (duckdb://)
      PREFECT_API_URL             a Prefect server that shows the runs

    Exit codes: 0 done; 1 refused, the data or the state forbids it; 2 wrong usage.
    """


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
    except OSError as error:
        if error.errno not in _TROUBLES_OF_A_DISK or error.filename is None:
            raise
        _fail(f"{error.filename}: {error.strerror}. See to it and run the command again.", 1)
    except Exception as error:
        if (log := _log_of_a_server_that_ended()) is not None:
            _fail(
                f"the temporary Prefect server ended; why is in {log}. What was recorded before is "
                "complete; run the command again, nothing is done twice.",
                1,
            )
        if (trouble := _trouble_of_the_database(error)) is None:
            raise
        _fail(
            f"the database gave up: {trouble}. Nothing is left half done; see to the database and "
            "run the command again.",
            1,
        )
    sys.exit(0)


# What a folder that may not be written to, is none, or is full answers; the rest is our fault.
_TROUBLES_OF_A_DISK: Final = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.ENOTDIR,
        errno.ENOENT,
        errno.ENAMETOOLONG,
        errno.ELOOP,
    }
)


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
