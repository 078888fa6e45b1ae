"""Trying refused entries again, and writing the answers to their days anew (U11)."""

from flows.clocks import warn_about_clocks
from flows.occasion import this_occasion
from flows.policies import policy_on
from flows.program import program_database, program_policies
from flows.rewarding.answer_file import keep_answers
from flows.rewarding.pay_entries import Payment, pay_again
from flows.settings import Settings


def try_again(
    settings: Settings,
    seller_id: str | None,
    event_id: str | None,
    actor: str,
    *,
    preview: bool = False,
) -> Payment:
    """Try the refused entries of all stores, of one, or of an event; raises EventUnknown.

    A preview is rolled back, and writes no answers.
    """
    with program_database(settings, preview=preview) as engine:
        warn_about_clocks(engine)
        payment = pay_again(
            engine, retry_days(settings), actor, seller_id=seller_id, event_id=event_id
        )
        if not preview:
            with engine.connect() as connection:
                keep_answers(connection, settings, payment.days)
    return payment


def retry_days(settings: Settings) -> int:
    """Return for how many days refused entries are tried again, by the policy of today."""
    return policy_on(program_policies(settings), this_occasion().today).use.reward_retry_days
