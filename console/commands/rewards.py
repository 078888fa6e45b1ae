"""The commands about rewards to customers: pay a day, list entries, try again."""

from datetime import date

import click

from console.commands.parameters import DATE, DAY_OR_EVENT, LINE, ROOT, SELLER, output_option
from console.commands.running import flows_ready, open_database, read_settings, root_or_setting
from console.help import command
from console.output import Output, echo, print_rows
from domain.sentence import sentence


@command("pay-rewards", short_help="Pay a day's rewards to customers.")
@click.argument("day", type=DATE)
@ROOT
def pay_rewards_command(day: date, root: str | None) -> None:
    """Check the reward entries that occurred on DAY, and pay them in order.

    They are in ROOT/rewards/DAY. A store's points pay its events by day and event; within an event,
    an entry that does not fit holds up the rest. Refused entries of the days before are tried
    again. The same day may come again: what is known stays, new entries are added.
    """
    settings = read_settings()
    root = root_or_setting(settings, root)
    with flows_ready(settings, sentence("paying the rewards of {day}", day=day)):
        from console.terminal import print_report
        from flows.rewarding.flow import pay_rewards
        from flows.rewarding.report import payment_summary

        paid = pay_rewards(str(day), root, "commit")
    if not paid.payment.is_new:
        echo(
            sentence(
                "The rewards of {day} have the same content as before; nothing of them is new.",
                day=day,
            )
        )
        echo(payment_summary(paid.payment))
        return
    print_report(paid.report)
    echo(sentence("report: {file}", file=paid.file))


@command(short_help="Reward entries with what became of each.")
@click.argument("of", metavar="DAY|EVENT", type=DAY_OR_EVENT)
@SELLER
@output_option
def rewards(of: date | str, seller_id: str | None, output: Output) -> None:
    """List the reward entries of a day, written as 2026-11-29, or of an event."""
    from console.use_listings import REWARDS, reward_rows

    with open_database(read_settings()) as engine:
        print_rows(REWARDS, reward_rows(engine, of, seller_id), output)


@command("retry-rewards", short_help="Try refused rewards again.")
@SELLER
@click.option("--event", "event_id", metavar="ID", type=LINE, help="Only this event.")
def retry_rewards_command(seller_id: str | None, event_id: str | None) -> None:
    """Pay refused entries for which there are points now, in the order of their events.

    Entries are tried again for some days after they occurred, as the policy says, also by every
    day's `pay-rewards`. What was paid is not paid twice.
    """
    from console.progress import warnings_shown
    from flows.occasion import this_occasion
    from flows.rewarding.report import payment_summary
    from flows.rewarding.retry_rewards import try_again

    with warnings_shown():
        payment = try_again(read_settings(), seller_id, event_id, this_occasion().actor)
    echo(payment_summary(payment))
