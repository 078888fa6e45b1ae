"""Delivering held conversions to the ad system, and ending each by its answer (U6, U7).

No answer, or one that nobody understands, ends nothing: the points stay held, and the ad system is
asked again under the same id.
"""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from adapters.postgres.database import lock_program
from adapters.postgres.ledger import check_now
from adapters.postgres.ledger.converting import end
from adapters.postgres.ledger.expiring import expire
from adapters.postgres.using import (
    Conversion,
    ConversionState,
    conversions,
    find_conversion,
    record_attempt,
)
from domain.sentence import Text, Word, joined, sentence
from domain.using.ad_credit import (
    AdSystem,
    Answer,
    Credited,
    CreditRequest,
    NoAnswer,
    Refused,
    Unknown,
    credit_id,
)
from flows.one_day import on_one_day


def deliver_held(engine: Engine, ad_system: AdSystem, actor: str) -> tuple[Conversion, ...]:
    """Deliver every conversion that is held, oldest first; return how far each has come."""
    with engine.connect() as connection:
        held = tuple(conversions(connection, held_only=True))
    return tuple(deliver(engine, ad_system, each, actor) for each in held)


def deliver(engine: Engine, ad_system: AdSystem, held: Conversion, actor: str) -> Conversion:
    """Deliver a conversion, and end it if the ad system says what became of it.

    No transaction is open while the ad system is asked.
    """
    answer = _answer(ad_system, held)

    def apply(connection: Connection) -> Conversion:
        lock_program(connection)
        if find_conversion(connection, held.conversion_no).state is ConversionState.HELD:
            _apply(connection, held, answer, actor)
            check_now(connection)
        return find_conversion(connection, held.conversion_no)

    return on_one_day(engine, apply)


def _answer(ad_system: AdSystem, held: Conversion) -> Answer:
    """Ask about a conversion that was delivered before; deliver it if it has not arrived."""
    asked = credit_id(held.seller_id, held.request_id)
    request = CreditRequest(asked, held.account_id, held.points)
    if held.attempts:
        answer = ad_system.ask(request)
        if not isinstance(answer, Unknown):
            return answer
    return ad_system.deliver(request)


def _apply(connection: Connection, held: Conversion, answer: Answer, actor: str) -> None:
    match answer:
        case Credited(reference=reference):
            end(connection, held, f"credited as {reference}", actor, delivered=True)
        case Refused(reason=reason, text=text):
            returned = end(connection, held, f"{reason}: {text}", actor, delivered=False)
            expire(connection, actor, of_posting=returned.posting_no)
        case NoAnswer(why=why):
            record_attempt(connection, held.conversion_no, why)
        case Unknown():
            record_attempt(connection, held.conversion_no, "it does not know the request")


def delivery_summary(tried: Sequence[Conversion]) -> Text:
    """Describe how far conversions have come."""
    if not tried:
        return sentence("No conversion is held.")
    states = Counter(each.state for each in tried)
    parts = (
        sentence("{state}: {count:,}", state=Word("conversion state", each), count=states[each])
        for each in ConversionState
        if states[each]
    )
    return sentence("Conversions: {states}.", states=joined(parts, ", "))
