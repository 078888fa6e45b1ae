"""The commands about points in use: accounts, conversions, expiry, what stores see."""

from datetime import date

import click

from console.commands.parameters import DATE, LINE, POINTS, SELLER, output_option
from console.commands.running import open_database, read_settings
from console.help import command, usage_error
from console.output import Output, echo, print_rows
from domain.sentence import sentence


@command("link-ad-account", short_help="Link a store's search-ad account.")
@click.argument("seller_id", metavar="SELLER")
@click.argument("account_id", metavar="ACCOUNT", type=LINE)
def link_ad_account_command(seller_id: str, account_id: str) -> None:
    """Link the search-ad ACCOUNT to which SELLER converts points, in place of another one.

    A store has one account at a time; several stores may share one. Conversions that were requested
    before go to the account of their request.
    """
    from console.progress import warnings_shown
    from flows.converting.link_ad_account import account_linked, link
    from flows.occasion import this_occasion

    with warnings_shown():
        linked = link(read_settings(), seller_id, account_id, this_occasion().actor)
    echo(account_linked(account_id, seller_id, again=not linked))


@command("unlink-ad-account", short_help="Unlink a store's search-ad account.")
@click.argument("seller_id", metavar="SELLER")
def unlink_ad_account_command(seller_id: str) -> None:
    """Unlink the search-ad account of SELLER, which cannot convert points without one."""
    from console.progress import warnings_shown
    from flows.converting.link_ad_account import account_unlinked, unlink
    from flows.occasion import this_occasion

    with warnings_shown():
        account_id = unlink(read_settings(), seller_id, this_occasion().actor)
    echo(account_unlinked(account_id, seller_id))


@command(short_help="Convert a store's points to search-ad credit.")
@click.argument("seller_id", metavar="SELLER")
@click.argument("points", type=POINTS)
@click.option(
    "--request-id", type=LINE, required=True, help="The store's own id of this request, for ever."
)
def convert(seller_id: str, points: int, request_id: str) -> None:
    """Convert POINTS of SELLER to credit of its linked search-ad account.

    The points are held at once. They are delivered to the ad system, or return if it refuses. The
    same request again is the first one, so a retry is safe.
    """
    from console.progress import warnings_shown
    from flows.converting.convert_points import (
        ConversionRequest,
        conversion_summary,
        convert_points,
    )
    from flows.occasion import this_occasion

    cause = this_occasion().cause("a store's request")
    request = ConversionRequest(seller_id, request_id, points, cause)
    with warnings_shown():
        converted = convert_points(read_settings(), request)
    echo(conversion_summary(converted))


@command(short_help="Conversions: state, age, answers of the ad system.")
@SELLER
@click.option("--held", "held_only", is_flag=True, help="Only those that have not ended.")
@output_option
def conversions(seller_id: str | None, held_only: bool, output: Output) -> None:
    """List conversions, oldest first, each with its state and the ad system's newest answer."""
    from console.use_listings import CONVERSIONS, conversion_rows

    with open_database(read_settings()) as engine:
        print_rows(CONVERSIONS, conversion_rows(engine, seller_id, held_only), output)


@command(short_help="Expire balances after their last usable day, and tell stores before.")
def expire() -> None:
    """Expire every balance whose last usable day is over, once; run it daily.

    A balance is usable for a year after its store's last grant, that day included. A store whose
    payout was due by then and is late keeps its points until it is paid. Then stores are told whose
    points expire soon, as `notices` lists.
    """
    from console.progress import warnings_shown
    from flows.expiring.expire_points import expire_what_is_due, expiry_summary
    from flows.expiring.tell_stores import tell_who_is_due, telling_summary
    from flows.occasion import this_occasion

    settings, actor = read_settings(), this_occasion().actor
    with warnings_shown():
        echo(expiry_summary(expire_what_is_due(settings, actor)))
        echo(telling_summary(tell_who_is_due(settings, actor)))


@command(short_help="Stores that were told that their points expire.")
@SELLER
@click.option("--list", "notice_list_id", type=click.IntRange(min=1), help="Only those of a list.")
@click.option("--standing", is_flag=True, help="Only those whose points still expire then.")
@output_option
def notices(
    seller_id: str | None, notice_list_id: int | None, standing: bool, output: Output
) -> None:
    """List the notices that points expire, as they were given.

    A grant gives a store a later last usable day, and makes its notice void.
    """
    from console.use_listings import NOTICES, notice_rows

    with open_database(read_settings()) as engine:
        rows = notice_rows(engine, seller_id, notice_list_id, standing)
        print_rows(NOTICES, rows, output)


@command(short_help="Balances that expire soon.")
@click.option(
    "--within",
    metavar="DAYS",
    type=click.IntRange(0, 3_660),
    default=30,
    show_default=True,
    help="From today on, by the database's clock.",
)
@output_option
def expiring(within: int, output: Output) -> None:
    """List the balances that expire within DAYS, with their last usable day."""
    from console.use_listings import EXPIRING, expiring_rows

    with open_database(read_settings()) as engine:
        print_rows(EXPIRING, expiring_rows(engine, within), output)


@command(short_help="What changed a store's points, with the balance.")
@click.argument("seller_id", metavar="SELLER")
@click.option(
    "--from", "since", type=DATE, help="The first date, by default that of the first line."
)
@click.option("--to", "until", type=DATE, help="The last date.")
@output_option
def statement(
    seller_id: str,
    since: date | None,
    until: date | None,
    output: Output,
) -> None:
    """List what changed the available points of SELLER, with the balance after each line.

    The language is that of the table; CSV and JSON have the same keys in each.
    """
    from console.use_listings import STATEMENT, statement_rows

    if since and until and since > until:
        raise usage_error(
            sentence("--from {since} is after --to {until}", since=since, until=until)
        )
    with open_database(read_settings()) as engine:
        rows = statement_rows(engine, seller_id, since, until, for_people=output == "table")
        print_rows(STATEMENT, rows, output)


@command(short_help="Whether consulting is open to a store, and why.")
@click.argument("seller_id", metavar="SELLER")
def consulting(seller_id: str) -> None:
    """Say whether consulting is open to SELLER: to a store with an award that was not reversed."""
    from adapters.postgres.statements import award_for_consulting
    from console.listings import require_known_seller
    from flows.showing.consulting import consulting_answer

    with open_database(read_settings()) as engine, engine.connect() as connection:
        require_known_seller(engine, seller_id)
        award = award_for_consulting(connection, seller_id)
    echo(consulting_answer(seller_id, award))
