"""The commands about points: payouts, approvals, adjustments, ledger, balances."""

from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.commands.parameters import (
    AS_OF,
    DATE,
    LINE,
    MONTH,
    POINTS,
    POINTS_OF_A_MONTH,
    SELLER,
    output_option,
)
from console.commands.running import flows_ready, open_database, read_settings
from console.help import command, usage_error
from console.output import Output, echo, print_rows
from domain.many import many
from domain.months import SettlementMonth
from domain.sentence import Sentence, sentence

if TYPE_CHECKING:  # the ledger takes time to import
    from adapters.postgres.ledger import Payout


@command("pay-out", short_help="Pay what is due and not paid yet, once.")
@click.option("--on", type=DATE, help="Pay what is due on this date, by default today in Seoul.")
@click.option("--ahead", is_flag=True, help="Allow a date in the future.")
def pay_out_command(on: date | None, ahead: bool) -> None:
    """Pay out every closed month that is due and not paid yet; a month is paid once."""
    with flows_ready(read_settings(), sentence("paying out"), with_gate=False):
        from flows.paying.flow import pay_out_on

        payouts = pay_out_on(on, ahead)
    for payout in payouts:
        echo(_paid(payout))
    if not payouts:
        echo(sentence("Nothing is due that was not paid already."))


def _paid(payout: "Payout") -> Sentence:
    return sentence(
        "{month} paid on {paid_on}: {points} to {sellers}",
        month=payout.settlement_month,
        paid_on=payout.paid_on,
        points=many("point", payout.points),
        sellers=many("seller", payout.sellers),
    )


@command(short_help="Each closed month: due date, state, points.")
@output_option
def payouts(output: Output) -> None:
    """List each closed month: payout date, state, sellers, points."""
    from console.listings import PAYOUTS, payout_rows
    from flows.occasion import this_occasion

    settings = read_settings()
    with open_database(settings) as engine:
        today = this_occasion().today
        print_rows(PAYOUTS, payout_rows(engine, today, settings.approval_rule), output)


@command("approve-payout", short_help="Approve a month's payout by its total.")
@click.argument("month", type=MONTH)
@click.argument("points", type=POINTS_OF_A_MONTH)
@click.option("--reason", type=LINE, required=True, help="Why; recorded with your name.")
def approve_payout_command(month: SettlementMonth, points: int, reason: str) -> None:
    """Approve that MONTH pays POINTS in total, if GROWTH_POINTS_APPROVAL demands an approval.

    The total must be what the month would pay now; a closing that changes the month makes the
    approval void.
    """
    from adapters.languages.catalog import say
    from console.prefect_server import replanning_payouts
    from console.progress import warnings_shown
    from flows.occasion import this_occasion
    from flows.paying.approve_payout import approval_told, approve

    settings = read_settings()
    cause = this_occasion().cause(reason)
    with replanning_payouts(settings):
        with warnings_shown():
            approved = approve(settings, month, points, cause)
        echo(say(approval_told(approved), settings.language))


@command("reschedule-payouts", short_help="Recompute payout dates after a new holiday.")
def reschedule_payouts() -> None:
    """Recompute the payout dates of all unpaid months after a holiday was announced."""
    from adapters.languages.catalog import say
    from console.prefect_server import replanning_payouts
    from console.progress import warnings_shown
    from flows.occasion import this_occasion
    from flows.paying.reschedule_payouts import reschedule, reschedule_told

    settings = read_settings()
    cause = this_occasion().cause("payout dates recomputed")
    with replanning_payouts(settings):
        with warnings_shown():
            moved = reschedule(settings, cause)
        for each in reschedule_told(moved):
            echo(say(each, settings.language))


# A negative number looks like an option.
@command(
    context_settings={"ignore_unknown_options": True},
    short_help="Give or take available points, with a reason.",
)
@click.argument("seller_id", metavar="SELLER")
@click.argument("points", type=POINTS)
@click.option(
    "--reason", type=LINE, required=True, help="Why; recorded in the ledger with your name."
)
@click.option("--for", "month", type=MONTH, help="The paid month to correct.")
@click.option("--request-id", type=LINE, help="A unique id, to give the same points again.")
@click.option("--acknowledge-paid", is_flag=True, help="Agree that paid months keep their payout.")
def adjust(
    seller_id: str,
    points: int,
    reason: str,
    month: SettlementMonth | None,
    request_id: str | None,
    acknowledge_paid: bool,
) -> None:
    """Give a seller available points, or take them (POINTS below zero).

    Repeating an adjustment does nothing, on whatever day, so a retry is safe; to give the same
    points for the same reason twice, give each its own --request-id. With --for MONTH it awards
    what a paid month lacks, which takes the tier, or claws back what it paid in excess.
    """
    from adapters.languages.catalog import say
    from console.prefect_server import replanning_payouts
    from console.progress import warnings_shown
    from flows.correcting import corrections
    from flows.correcting.adjust_points import AdjustmentRequest
    from flows.occasion import this_occasion

    occasion = this_occasion()
    cause, today = occasion.cause(reason), occasion.today
    request = AdjustmentRequest(
        seller_id, points, today, cause, month, request_id or "", acknowledge_paid
    )
    settings = read_settings()
    with replanning_payouts(settings) if month else nullcontext():
        with warnings_shown():
            reported = corrections.adjust(settings, request)
        for each in corrections.adjustment_told(reported):
            echo(say(each, settings.language))


@command(
    "approve-adjustment",
    context_settings={"ignore_unknown_options": True},
    short_help="Approve an adjustment beyond the policy's limit.",
)
@click.argument("request_id", metavar="REQUEST", type=LINE)
@click.argument("seller_id", metavar="SELLER")
@click.argument("points", type=POINTS)
@click.option("--reason", type=LINE, required=True, help="Why; recorded with your name.")
def approve_adjustment_command(request_id: str, seller_id: str, points: int, reason: str) -> None:
    """Approve that an adjustment gives SELLER more POINTS than the policy allows, or takes them.

    The same approves a correction that brings a paid month above its approval rule.

    A refused adjustment shows its REQUEST. Once it is approved, repeat the adjustment.
    """
    from console.progress import warnings_shown
    from flows.correcting.approve_adjustment import AdjustmentApproval, approval_summary, approve
    from flows.occasion import this_occasion

    approval = AdjustmentApproval(request_id, seller_id, points, this_occasion().cause(reason))
    with warnings_shown():
        created = approve(read_settings(), approval)
    echo(approval_summary(approval, created))


@command(short_help="Every transfer of points, in order.")
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
@output_option
def ledger(
    seller_id: str | None,
    month: SettlementMonth | None,
    moment: date | int | None,
    file: Path | None,
    output: Output,
) -> None:
    """List every transfer of points, in the order in which they were recorded.

    With --as-of, transfers recorded later are left out, so the answer never changes.
    """
    from console.as_of import export_ledger, seal_as_of
    from console.listings import LEDGER, ledger_rows, require_known_seller
    from console.progress import warnings_shown

    if file is not None and (seller_id or month):
        raise usage_error(sentence("--to writes the whole ledger; leave out --seller and --month"))
    with open_database(read_settings()) as engine, warnings_shown():
        if file is not None:
            echo(export_ledger(engine, file, moment))
            return
        require_known_seller(engine, seller_id)
        seal_no = None if moment is None else seal_as_of(engine, moment)
        print_rows(LEDGER, ledger_rows(engine, seller_id, month, seal_no), output)


@command(short_help="Every seller's pending, available and held points.")
@SELLER
@AS_OF
@output_option
def balances(seller_id: str | None, moment: date | int | None, output: Output) -> None:
    """List every seller's pending, available and held points, now or as of a moment."""
    from console.as_of import balance_rows
    from console.listings import BALANCES, require_known_seller
    from console.progress import warnings_shown

    with open_database(read_settings()) as engine, warnings_shown():
        require_known_seller(engine, seller_id)
        print_rows(BALANCES, balance_rows(engine, seller_id, moment), output)
