"""The command line.

Exit codes: 0 done; 1 refused, the data or the state forbids it; 2 wrong usage. Slow imports are
left to the commands that need them, so that `--help` is fast.
"""

import io
import sys
from typing import Final, NoReturn

import click

from console.commands import accounting, answers, months, points, rewards, service, using
from console.help import Topics, say_own_texts_of_click
from console.language import speaking, told
from console.output import echo
from console.safe_streams import output_error, protect_standard_streams
from domain.refusal import Refused, Unavailable, WrongUsage
from domain.secrets import without_secrets
from domain.sentence import Text, message_of, sentence
from flows.prefect.servers.proxies import exempt_this_machine_from_proxies
from flows.troubles import sentence_about

_TOPICS = {
    "Months": (
        *(months.check, months.ingest, months.close, months.months, months.quarantine),
        months.docs,
    ),
    "Points": (
        *(points.payouts, points.approve_payout_command, points.pay_out_command),
        *(points.reschedule_payouts, points.adjust, points.approve_adjustment_command),
        *(points.ledger, points.balances),
    ),
    "Points in use": (
        *(using.link_ad_account_command, using.unlink_ad_account_command, using.convert),
        *(using.conversions, using.expire, using.expiring, using.notices),
        *(rewards.pay_rewards_command, rewards.rewards, rewards.retry_rewards_command),
        *(using.statement, using.consulting),
    ),
    "Finance": (accounting.roll_forward_command, accounting.journal),
    "Answers": (
        *(answers.explain, answers.seller, answers.decisions, answers.history, answers.verify),
    ),
    "Service": (
        *(service.up, service.serve, service.serve_stores, service.alarms),
        *(service.demo, service.sample),
    ),
}

Topics.topics.update(_TOPICS)

# Commands that change something: they succeed even if their output cannot be written.
_RECORD: Final = (
    *(months.ingest, months.close, points.approve_payout_command, points.pay_out_command),
    *(points.reschedule_payouts, points.adjust, points.approve_adjustment_command),
    *(using.link_ad_account_command, using.unlink_ad_account_command, using.convert),
    *(using.expire, rewards.pay_rewards_command, rewards.retry_rewards_command),
    *(service.up, service.serve, service.serve_stores, service.alarms),
    *(service.demo, service.sample),
)


class WordUnreadable(WrongUsage):
    """An argument is not UTF-8, which neither the engine nor the database accepts."""

    def __init__(self, word: str, sign: str) -> None:
        super().__init__(
            sentence(
                "{word!r} on the command line is not UTF-8: {code} is not a character.",
                word=word,
                code=f"U+{ord(sign):04X}",
            )
        )
        self.word = word


@click.group(
    cls=Topics,
    commands=[command for commands in _TOPICS.values() for command in commands],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="growth-points", message="%(prog)s %(version)s")
def cli() -> None:
    """Run a marketplace's seller growth-points program, month by month.

    \b
    See it work on a sample marketplace:   growth-points demo
    Ingest the months before the first:    growth-points ingest 2026-08 --from /data
    Close a month:                         growth-points close 2026-10 --from /data
    Pay what is due today:                 growth-points pay-out
    Explain a seller's decision:           growth-points explain SELLER 2026-10

    \b
    Settings are environment variables; only serve-stores requires any:
      GROWTH_POINTS_HOME          embedded database, quarantine, reports (.growth-points)
      GROWTH_POINTS_SETTLEMENTS   root of the settlement folders, instead of --from
      GROWTH_POINTS_SENDERS       public keys that deliveries must be signed with
      GROWTH_POINTS_DATABASE_URL  a PostgreSQL of your own, instead of the embedded one
      GROWTH_POINTS_POLICIES      folder of your own policies (TOML)
      GROWTH_POINTS_HOLIDAYS      file of announced extra holidays
      GROWTH_POINTS_APPROVAL      which payouts: none, required, or above so many points
      GROWTH_POINTS_HEADS         where ledger heads are published: files, s3://, https://
      GROWTH_POINTS_AD_SYSTEM_URL  where conversions to search-ad credit are delivered
      GROWTH_POINTS_AD_SYSTEM_TOKEN       the token that the ad system expects
      GROWTH_POINTS_AD_SYSTEM_TOKEN_FILE  a file with that token instead
      GROWTH_POINTS_STORES_JWKS   keys that tokens of stores are signed with, a file or URL
      GROWTH_POINTS_STORES_ISSUER         who issues these tokens
      GROWTH_POINTS_STORES_AUDIENCE       their audience (growth-points)
      GROWTH_POINTS_STORES_DATABASE_URL   database login of serve-stores
      GROWTH_POINTS_LANGUAGE      language of what people read: en or ko (en)
      GROWTH_POINTS_ACCOUNTS      your account codes, for journal entries
      GROWTH_POINTS_FIRST_MONTH   first settlement month that closes by itself
      GROWTH_POINTS_REST_MINUTES  minutes without a change until files are complete (60)
      GROWTH_POINTS_CLOSE_BY_DAY  day from which an unclosed month is reported (7)
      GROWTH_POINTS_APPROVAL_NOTICE_DAYS  days before payout to report a missing approval (3)
      GROWTH_POINTS_TELL          good news to send, too: closed, paid, approve
      GROWTH_POINTS_KEEP_RUNS_DAYS  days to keep runs that have ended (30)
      GROWTH_POINTS_LIMITS        how much may change between snapshots: name=share, …
      GROWTH_POINTS_LOCK_TIMEOUT  seconds to wait for another run (600)
      GROWTH_POINTS_PAGES_URL     where reports are served, for links
      GROWTH_POINTS_HOSTS         more host names for the reports and the UI
      GROWTH_POINTS_ENGINE        what reads the lines: duckdb://, or a cluster at sc://host:port
      PREFECT_API_URL             a Prefect server that shows the runs

    Exit codes: 0 done; 1 refused, the data or the state forbids it; 2 wrong usage.
    """


def main() -> NoReturn:
    """Run the command line; turn refusals and wrong usage into a sentence and an exit code."""
    words = sys.argv[1:]
    with speaking(words):
        say_own_texts_of_click()
        if not protect_standard_streams():
            _say(sentence("standard output is closed: nothing is shown"))
        _run(words)
        _report_output_error()
        sys.exit(0)


def _run(words: list[str]) -> None:
    try:
        _require_readable_words(words)
        exempt_this_machine_from_proxies()
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show(shown := io.StringIO())
        echo(without_secrets(shown.getvalue().rstrip("\n")), err=True)
        sys.exit(2)
    except click.Abort:
        _fail(sentence("interrupted; nothing is left half done, run the command again"), 130)
    except (Refused, Unavailable) as trouble:
        _fail(message_of(trouble), 1)
    except WrongUsage as wrong:
        _fail(message_of(wrong), 2)
    except Exception as error:
        if (said := sentence_about(error)) is None:
            raise
        _fail(said, 1)


def _require_readable_words(words: list[str]) -> None:
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError as error:
            raise WordUnreadable(word, word[error.start]) from None


def _report_output_error() -> None:
    """Report output that could not be written; fail unless the command changes something."""
    if (trouble := output_error()) is None:
        return
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    if command in {each.name for each in _RECORD}:
        _say(
            sentence(
                "standard output: {trouble}. The command has done its work; list it again.",
                trouble=trouble,
            )
        )
    else:
        _fail(sentence("standard output: {trouble}. The output is incomplete.", trouble=trouble), 1)


def _fail(text: Text, code: int) -> NoReturn:
    _say(text)
    sys.exit(code)


def _say(text: Text) -> None:
    echo(f"growth-points: {without_secrets(told(text))}", err=True)
