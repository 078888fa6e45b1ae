"""Comparing deliveries, day by day, with what the ad system credited, both ways."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Engine

from adapters.postgres.using import Conversion, ConversionState, conversions
from domain.refusal import Refused
from domain.sentence import Text, sentence, sentences
from domain.using.ad_credit import AdSystem, Credited, CreditRequest, NoAnswer, credit_id
from domain.using.comparison import unlike_theirs
from flows.occasion import SEOUL

DAYS_COMPARED: Final = 40
"""How many days back are compared, so that none is left out while the service or they are away."""

_Conversions = Mapping[str, Conversion]


class CreditsNotListed(Refused):
    """The ad system did not list a day."""

    has_an_alarm = True

    def __init__(self, day: date, why: str) -> None:
        super().__init__(
            sentence(
                "The ad system does not list {day}: {why}. The day is compared again tomorrow.",
                day=day,
                why=why,
            )
        )
        self.day = day


class CreditsDiffer(Refused):
    """What the ad system credited differs from what is recorded; `found` is by day."""

    has_an_alarm = True

    def __init__(self, found: Mapping[date, Sequence[Text]]) -> None:
        super().__init__(
            sentences(
                "{count:,} difference between the ad system and the ledger on {day}: {first}.",
                "{count:,} differences between the ad system and the ledger since {day}, "
                "the first: {first}.",
                count=sum(map(len, found.values())),
                day=min(found),
                first=found[min(found)][0],
            )
        )
        self.found = found


def days_to_compare(today: date) -> tuple[date, ...]:
    """Return the days that are compared on a day, oldest first, yesterday last."""
    return tuple(today - timedelta(days=back) for back in range(DAYS_COMPARED, 0, -1))


def compare_credits(
    engine: Engine, ad_system: AdSystem, days: Iterable[date]
) -> Mapping[date, tuple[Text, ...]]:
    """Say by day what differs; raises CreditsNotListed.

    A delivery that the ad system dates on another day is asked about by its id.
    """
    with engine.connect() as connection:
        made = {
            credit_id(each.seller_id, each.request_id): each for each in conversions(connection)
        }
    compared = {day: _compared(made, ad_system, day) for day in days}
    return {day: found for day, found in compared.items() if found}


def _compared(made: _Conversions, ad_system: AdSystem, day: date) -> tuple[Text, ...]:
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
