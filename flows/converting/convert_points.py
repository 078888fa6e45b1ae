"""Holding a store's points for a conversion to search-ad credit (U4 to U8)."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from adapters.postgres.ledger import Posted, PostingConflict, check_now
from adapters.postgres.ledger.converting import hold
from adapters.postgres.ledger.posting import posted_before
from adapters.postgres.ledger.refusals import PointsNotUsable
from adapters.postgres.revisions import seller_is_known
from adapters.postgres.using import (
    Conversion,
    ConversionState,
    find_conversion,
    standing_of,
    today,
)
from domain.cause import Cause
from domain.ledger import MOST_POINTS, conversion_key
from domain.using.standing import decide_conversion
from flows.clocks import warn_about_clocks
from flows.converting.deliver_conversions import deliver
from flows.converting.refusals import ConversionInvalid, OtherConversion, StoreUnknown
from flows.program import program_ad_system, program_database
from flows.settings import Settings

_LONGEST_ID: Final = 64


@dataclass(frozen=True, slots=True)
class ConversionRequest:
    """Points that a store wants as search-ad credit, under a request id of its own."""

    seller_id: str
    request_id: str
    points: int
    cause: Cause

    def __post_init__(self) -> None:
        if not 0 < self.points <= MOST_POINTS:
            raise ConversionInvalid(
                f"{self.points:,} is not a number of points to convert: at least 1, "
                f"at most {MOST_POINTS:,}"
            )
        if not 0 < len(self.request_id) <= _LONGEST_ID or not self.request_id.isprintable():
            raise ConversionInvalid(
                f"a request id has 1 to {_LONGEST_ID} letters, digits and signs in one line"
            )


def hold_points(engine: Engine, request: ConversionRequest) -> Posted:
    """Hold the points in one transaction; the same request again does nothing.

    Raises StoreUnknown, PointsNotUsable, OtherConversion.
    """
    with engine.begin() as connection:
        if not seller_is_known(connection, request.seller_id):
            raise StoreUnknown(request.seller_id)
        standing = standing_of(connection, request.seller_id)
        refusal = decide_conversion(request.points, standing, today(connection))
        key = conversion_key(request.seller_id, request.request_id)
        if refusal is not None and posted_before(connection, key) is None:
            raise PointsNotUsable(refusal, request.points, standing)
        try:
            held = hold(connection, standing, request.request_id, request.points, request.cause)
        except PostingConflict:
            raise OtherConversion(request.seller_id, request.request_id) from None
        check_now(connection)
    return held


def convert_points(settings: Settings, request: ConversionRequest) -> Conversion:
    """Hold the points, offer them to the ad system, and return how far that came."""
    with program_database(settings) as engine:
        warn_about_clocks(engine)
        number = hold_points(engine, request).posting_no
        with engine.connect() as connection:
            conversion = find_conversion(connection, number)
        with program_ad_system(settings) as ad_system:
            if ad_system is None or conversion.state is not ConversionState.HELD:
                return conversion
            return deliver(engine, ad_system, conversion, request.cause.actor)


def conversion_summary(request: ConversionRequest, conversion: Conversion) -> str:
    """Describe a conversion, as far as it has come."""
    what = f"{conversion.points:,} points of seller {conversion.seller_id}"
    to = f"search-ad account {conversion.account_id}"
    match conversion.state:
        case ConversionState.DELIVERED:
            return f"{what} are credit of {to} (request {request.request_id})."
        case ConversionState.REFUSED:
            return f"The ad system refused {what} for {to}, which returned: {conversion.answer}"
        case ConversionState.HELD:
            return f"{what} are held until the ad system has credited them to {to}."
