"""Delivering held conversions to the ad system, and ending each by its answer (U6, U7).

No answer, or one that nobody understands, ends nothing: the points stay held, and the ad system is
asked again under the same id.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

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

MOST_IN_VAIN: Final = 5  # in a row, each of which may take as long as two answers
_LONGEST_SECONDS: Final = 240.0  # the next run starts five minutes after this one


def deliver_held(engine: Engine, ad_system: AdSystem, actor: str) -> tuple[Conversion, ...]:
    """Deliver what is held; return how far each conversion that was tried has come.

    It stops after some tries in vain in a row, or after four minutes. Those that were not tried for
    longest come first, so that every conversion has its turn.
    """
    return tuple(_tried(engine, ad_system, actor, time.monotonic() + _LONGEST_SECONDS))


def _tried(
    engine: Engine, ad_system: AdSystem, actor: str, deadline: float
) -> Iterator[Conversion]:
    in_vain = 0
    for each in _by_turn(engine):
        tried = deliver(engine, ad_system, each, actor)
        yield tried
        in_vain = in_vain + 1 if tried.state is ConversionState.HELD else 0
        if in_vain == MOST_IN_VAIN or time.monotonic() >= deadline:
            return


def _by_turn(engine: Engine) -> list[Conversion]:
    with engine.connect() as connection:
        held = conversions(connection, held_only=True)
        return sorted(held, key=lambda each: each.tried_at or each.requested_at)


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


def delivery_summary(tried: Sequence[Conversion], held: int) -> Text:
    """Describe how far conversions have come, and how many are held, tried now or not."""
    states = Counter(each.state for each in tried) | Counter({ConversionState.HELD: held})
    if not states.total():
        return sentence("No conversion is held.")
    parts = (
        sentence("{state}: {count:,}", state=Word("conversion state", each), count=states[each])
        for each in ConversionState
        if states[each]
    )
    return sentence("Conversions: {states}.", states=joined(parts, ", "))
