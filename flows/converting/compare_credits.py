"""Comparing a day's deliveries with what the ad system credited, both ways."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Engine

from adapters.postgres.using import Conversion, ConversionState, conversions
from domain.refusal import Refused
from domain.sentence import Text, sentence, sentences
from domain.using.ad_credit import AdSystem, Credited, CreditRequest, NoAnswer, credit_id
from domain.using.comparison import unlike_theirs
from flows.occasion import SEOUL


class CreditsNotListed(Refused):
    """The ad system did not list a day."""

    def __init__(self, day: date, why: str) -> None:
        super().__init__(
            sentence(
                "The ad system does not list {day}: {why}. Compare it again later.",
                day=day,
                why=why,
            )
        )
        self.day = day


class CreditsDiffer(Refused):
    """What the ad system credited differs from what is recorded."""

    def __init__(self, day: date, found: Sequence[Text]) -> None:
        super().__init__(
            sentences(
                "{count:,} difference between the ad system and the ledger on {day}: {first}.",
                "{count:,} differences between the ad system and the ledger on {day}, "
                "the first: {first}.",
                count=len(found),
                day=day,
                first=found[0],
            )
        )
        self.found = tuple(found)


def compare_credits(engine: Engine, ad_system: AdSystem, day: date) -> tuple[Text, ...]:
    """Say what differs on a day; raises CreditsNotListed.

    A delivery that the ad system dates on another day is asked about by its id.
    """
    with engine.connect() as connection:
        made = {
            credit_id(each.seller_id, each.request_id): each for each in conversions(connection)
        }
    listed = ad_system.credits_of(day)
    if isinstance(listed, NoAnswer):
        raise CreditsNotListed(day, listed.why)
    theirs = {each.request.credit_id: each for each in listed}
    ours = {number: _request(number, each) for number, each in made.items()}
    delivered = [
        number
        for number, each in made.items()
        if _delivered_on(each, day)
        and (number in theirs or not isinstance(ad_system.ask(ours[number]), Credited))
    ]
    refused = [
        sentence("the ad system credited {number}, which it had refused", number=number)
        for number in sorted(theirs.keys() & made.keys())
        if made[number].state is ConversionState.REFUSED
    ]
    return (*unlike_theirs(ours, delivered, theirs, str(day)), *refused)


def _request(number: str, conversion: Conversion) -> CreditRequest:
    return CreditRequest(number, conversion.account_id, conversion.points)


def _delivered_on(conversion: Conversion, day: date) -> bool:
    ended_at = conversion.ended_at
    return (
        conversion.state is ConversionState.DELIVERED
        and ended_at is not None
        and ended_at.astimezone(SEOUL).date() == day
    )
