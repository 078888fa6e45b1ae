"""The commands that answer questions: decisions, explain, history, verify."""

import click

from console.commands.parameters import HEAD, MONTH, SELLER, output_option
from console.commands.running import open_database, read_settings
from console.help import command, usage_error
from console.language import spoken
from console.output import Output, echo, print_rows
from domain.months import SettlementMonth
from domain.refusal import Refused
from domain.sentence import sentence, sentences


@command(short_help="Every seller's decision in a month, with reasons.")
@click.argument("month", type=MONTH)
@SELLER
@output_option
def decisions(month: SettlementMonth, seller_id: str | None, output: Output) -> None:
    """List the decision for each seller in a month, with every reason."""
    from console.listings import decision_rows
    from flows.showing.month_records import DECISIONS

    with open_database(read_settings()) as engine:
        print_rows(DECISIONS, decision_rows(engine, month, seller_id), output)


@command(short_help="Why a seller is awarded or not, and when it is paid.")
@click.argument("seller_id", metavar="SELLER")
@click.argument("month", type=MONTH)
def explain(seller_id: str, month: SettlementMonth) -> None:
    """Explain why a seller was awarded in a month or not, with the numbers and the payout date."""
    from flows.occasion import this_occasion
    from flows.showing.explanation import explain_decision

    settings, today = read_settings(), this_occasion().today
    rule = settings.approval_rule
    with open_database(settings) as engine, engine.connect() as connection:
        echo(explain_decision(connection, seller_id, month, spoken(), rule, today))


@command(short_help="Everything about a seller: months, ledger, uses.")
@click.argument("seller_id", metavar="SELLER")
@click.option(
    "--show",
    type=click.Choice(["months", "ledger", "corrections", "conversions", "rewards"]),
    help="Only this list; CSV requires one.",
)
@output_option
def seller(seller_id: str, show: str | None, output: Output) -> None:
    """Show everything about SELLER, as its page does.

    These are its months with decisions and reasons, its ledger with the balances after each entry,
    corrections, conversions, customer rewards, and the explanation of its newest month. The
    language is that of the tables; CSV and JSON have the same keys in each.
    """
    from console.seller import print_records, print_seller
    from flows.showing.seller_view import PARTS, newest_explanation, seller_view

    if output == "csv" and show is None:
        raise usage_error(sentence("--output csv is one list: choose it with --show"))
    settings = read_settings()
    with open_database(settings) as engine, engine.connect() as connection:
        view = seller_view(connection, seller_id, PARTS if show is None else (show,))
        why = newest_explanation(connection, view, spoken(), settings.approval_rule)
    if show is None:
        print_seller(view, why, output)
    else:
        print_records(view, show, output)


@command(short_help="Every run of a month: who, why, what changed.")
@click.argument("month", type=MONTH)
@output_option
def history(month: SettlementMonth, output: Output) -> None:
    """List every run of a month: who, when, input, what it changed, and how long it took."""
    from console.listings import history_rows
    from flows.showing.month_records import HISTORY

    with open_database(read_settings()) as engine:
        print_rows(HISTORY, history_rows(engine, month), output)


@command(short_help="Derive everything again and compare.")
@click.option("--replay", is_flag=True, help="Decide every evaluation again, seller by seller.")
@click.option(
    "--head",
    "heads",
    metavar="HASH",
    type=HEAD,
    multiple=True,
    help="A ledger head from a report; the heads of kept reports are always checked.",
)
def verify(replay: bool, heads: tuple[str, ...]) -> None:
    """Derive everything that can be derived again; exit with 1 and list what differs."""
    from adapters.postgres.verification.verify import verify as differences
    from console.as_of import seal_everything
    from console.progress import warnings_shown
    from flows.clocks import warn_about_clocks
    from flows.program import program_senders
    from flows.verifying.kept_heads import heads_in_reports
    from flows.verifying.published_heads import coverage, read_places
    from flows.verifying.replay import replay_decisions

    settings = read_settings()
    known = (*heads, *heads_in_reports(settings.reports))
    senders, places = program_senders(settings), read_places(settings)
    published = {each.name: each.heads for each in places}
    with open_database(settings) as engine, warnings_shown():
        warn_about_clocks(engine)
        head = seal_everything(engine)
        with engine.connect() as connection:
            found = list(
                differences(connection, known_heads=known, senders=senders, published=published)
            )
            if replay:
                found += replay_decisions(connection)
    for difference in found:
        echo(difference.named)
    if found:
        raise Refused(
            sentences(
                "{count:,} difference from what was recorded; see above.",
                "{count:,} differences from what was recorded; see above.",
                count=len(found),
            )
        )
    echo(sentence("Everything that can be derived again agrees with what was recorded."))
    for covered in coverage(places, head):
        echo(covered)
    if head is not None:
        echo(sentence("ledger head: {number} {hash}", number=head.seal_no, hash=head.hash))
