"""Holding a store's points for a conversion to search-ad credit (U3 to U8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine

from adapters.policy_files import PolicyText
from adapters.postgres.ledger import Posted, PostingConflict, check_now
from adapters.postgres.ledger.converting import hold
from adapters.postgres.ledger.posting import posted_before
from adapters.postgres.ledger.refusals import NotEntitled
from adapters.postgres.revisions import require_seller
from adapters.postgres.using import (
    Conversion,
    ConversionState,
    find_conversion,
    newest_status,
    standing_of,
    today,
)
from domain.cause import Cause
from domain.ledger import MOST_POINTS, conversion_key
from domain.sentence import Sentence, sentence
from domain.using.standing import Standing, UseRefusal, decide_conversion
from domain.using.use_rules import UseRules
from flows.clocks import warn_about_clocks
from flows.converting.deliver_conversions import deliver
from flows.converting.refusals import (
    ConversionInvalid,
    OtherAccount,
    OtherConversion,
    PointsNotUsable,
)
from flows.one_day import on_one_day
from flows.policies import policy_on
from flows.program import program_ad_system, program_database, program_policies
from flows.settings import Settings

_LONGEST_ID: Final = 64


@dataclass(frozen=True, slots=True)
class ConversionRequest:
    """Points that a store wants as search-ad credit, under a request id of its own.

    `account_id` is the account that the store confirmed; None converts to whichever is linked.
    """

    seller_id: str
    request_id: str
    points: int
    cause: Cause
    account_id: str | None = None

    def __post_init__(self) -> None:
        _require_points(self.points)
        _require_request_id(self.request_id)


def _require_points(points: int) -> None:
    if not 0 < points <= MOST_POINTS:
        raise ConversionInvalid(
            sentence(
                "{points:,} is not a number of points to convert: at least 1, at most {most:,}",
                points=points,
                most=MOST_POINTS,
            )
        )


def _require_request_id(request_id: str) -> None:
    if not 0 < len(request_id) <= _LONGEST_ID or not request_id.isprintable():
        raise ConversionInvalid(
            sentence(
                "a request id is one line of 1 to {most} printable characters",
                most=_LONGEST_ID,
            )
        )


def hold_points(
    engine: Engine, request: ConversionRequest, policies: Sequence[PolicyText]
) -> Posted:
    """Hold the points in one transaction; the same request again does nothing.

    Raises SellerUnknown, PointsNotUsable, OtherConversion, OtherAccount.
    """
    return on_one_day(engine, lambda connection: _hold(connection, request, policies))


def require_convertible(
    connection: Connection, request: ConversionRequest, policies: Sequence[PolicyText]
) -> Standing:
    """Return what the store has, if it may convert the points now.

    Raises SellerUnknown, PointsNotUsable.
    """
    standing, rules, refusal = _decided(connection, request, policies)
    if refusal is not None:
        raise PointsNotUsable(refusal, request.points, standing, rules)
    return standing


def _hold(
    connection: Connection, request: ConversionRequest, policies: Sequence[PolicyText]
) -> Posted:
    points = request.points
    standing, rules, refusal = _decided(connection, request, policies)
    if not _was_held(connection, request):
        if refusal is not None:
            raise PointsNotUsable(refusal, points, standing, rules)
        if request.account_id not in (None, standing.account_id):
            raise OtherAccount
    try:
        held = hold(connection, standing, request.request_id, points, request.cause)
    except NotEntitled as error:  # what others did meanwhile decides
        raise PointsNotUsable(error.refusal, points, standing, rules) from error
    except PostingConflict:
        raise OtherConversion(request.seller_id, request.request_id) from None
    check_now(connection)
    return held


def _was_held(connection: Connection, request: ConversionRequest) -> bool:
    key = conversion_key(request.seller_id, request.request_id)
    return posted_before(connection, key) is not None


def _decided(
    connection: Connection, request: ConversionRequest, policies: Sequence[PolicyText]
) -> tuple[Standing, UseRules, UseRefusal | None]:
    """Return what the store has, the rules of today, and why the points may not be converted."""
    seller_id = request.seller_id
    require_seller(connection, seller_id)
    day = today(connection)
    policy = policy_on(policies, day)
    standing = standing_of(connection, seller_id)
    active = policy.use.closed_stores_may_convert or (
        newest_status(connection, seller_id) == policy.active_status
    )
    refusal = decide_conversion(request.points, standing, day, policy.use, active=active)
    return standing, policy.use, refusal


def convert_points(settings: Settings, request: ConversionRequest) -> Conversion:
    """Hold the points, offer them to the ad system, and return how far that came."""
    policies = program_policies(settings)
    with program_database(settings) as engine:
        warn_about_clocks(engine)
        number = hold_points(engine, request, policies).posting_no
        with engine.connect() as connection:
            conversion = find_conversion(connection, number)
        with program_ad_system(settings) as ad_system:
            if ad_system is None or conversion.state is not ConversionState.HELD:
                return conversion
            return deliver(engine, ad_system, conversion, request.cause.actor)


def preview_conversion(settings: Settings, request: ConversionRequest) -> Sentence:
    """Say what a conversion would do; raises what it would raise."""
    with program_database(settings, preview=True) as engine:
        hold_points(engine, request, program_policies(settings))
    return sentence(
        "Nothing was written: this is a preview. {points:,} points of seller {seller_id} would be "
        "held until the ad system has credited them.",
        points=request.points,
        seller_id=request.seller_id,
    )


def conversion_summary(conversion: Conversion) -> Sentence:
    """Describe a conversion, as far as it has come."""
    facts = {
        "points": conversion.points,
        "seller_id": conversion.seller_id,
        "account_id": conversion.account_id,
    }
    match conversion.state:
        case ConversionState.DELIVERED:
            return sentence(
                "{points:,} points of seller {seller_id} are credit of search-ad account "
                "{account_id} (request {request_id}).",
                **facts,
                request_id=conversion.request_id,
            )
        case ConversionState.REFUSED:
            return sentence(
                "The ad system refused {points:,} points of seller {seller_id} for search-ad "
                "account {account_id}, which returned: {answer}",
                **facts,
                answer=conversion.answer,
            )
        case ConversionState.HELD:
            return sentence(
                "{points:,} points of seller {seller_id} are held until the ad system has credited "
                "them to search-ad account {account_id}.",
                **facts,
            )
