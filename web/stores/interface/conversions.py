"""A store's search-ad account, and its conversions of points to search-ad credit."""

from datetime import datetime
from typing import Annotated, Final, Self
from urllib.parse import quote

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, ConfigDict

from adapters.postgres.revisions import require_seller
from adapters.postgres.using import (
    Conversion,
    ConversionState,
    conversions,
    find_conversion,
    requested_conversion,
    standing_of,
)
from flows.converting.convert_points import ConversionRequest, hold_points
from flows.converting.link_ad_account import link_account, unlink_account
from flows.converting.refusals import ConversionUnknown
from flows.occasion import this_occasion
from web.stores.asked import (
    After,
    ConvertingStore,
    Id,
    Limit,
    Points,
    ReadStore,
    RequestId,
    RequestKey,
)
from web.stores.interface.responses import problems_of

router = APIRouter(prefix="/api/v1/stores/{seller_id}", tags=["conversions"])
_ADDRESS: Final = f"{router.prefix}/conversions/{{request_id}}"


class AdAccount(BaseModel):
    """The search-ad account that a store's points are converted to; null if none is linked."""

    ad_account: str | None


class AccountToLink(BaseModel):
    """The search-ad account to link, in place of any other."""

    model_config = ConfigDict(extra="forbid")

    ad_account: Id


class PointsToConvert(BaseModel):
    """How many points to convert. Credit never comes back."""

    model_config = ConfigDict(extra="forbid")

    points: Points


class ConversionAnswer(BaseModel):
    """A conversion and its state: held until the ad system has credited or refused it."""

    request_id: str
    seller_id: str
    points: int
    ad_account: str
    state: ConversionState
    requested_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, conversion: Conversion) -> Self:
        """Write a conversion."""
        return cls(
            request_id=conversion.request_id,
            seller_id=conversion.seller_id,
            points=conversion.points,
            ad_account=conversion.account_id,
            state=conversion.state,
            requested_at=conversion.requested_at,
            ended_at=conversion.ended_at,
        )


class ConversionPage(BaseModel):
    """Conversions, oldest first; `next` is null on the last page."""

    conversions: list[ConversionAnswer]
    next: int | None


@router.get(
    "/ad-account", summary="The linked search-ad account", responses=problems_of(401, 403, 404)
)
def read_account(store: ReadStore) -> AdAccount:
    """Return the search-ad account that is linked."""
    with store.engine.connect() as connection:
        require_seller(connection, store.seller_id)
        return AdAccount(ad_account=standing_of(connection, store.seller_id).account_id)


@router.put(
    "/ad-account",
    summary="Link a search-ad account",
    responses=problems_of(400, 401, 403, 404, 413),
)
def link(store: ConvertingStore, account: Annotated[AccountToLink, Body()]) -> AdAccount:
    """Link a search-ad account in place of any other; linking it again does nothing."""
    link_account(store.engine, store.seller_id, account.ad_account, store.actor)
    return AdAccount(ad_account=account.ad_account)


@router.delete(
    "/ad-account",
    status_code=204,
    summary="Unlink the search-ad account",
    responses=problems_of(401, 403, 404, 409),
)
def unlink(store: ConvertingStore) -> None:
    """Unlink the search-ad account; without one it is a conflict, `not_linked`."""
    unlink_account(store.engine, store.seller_id, store.actor)


@router.post(
    "/conversions",
    status_code=201,
    summary="Convert points to search-ad credit",
    responses={
        **problems_of(400, 401, 403, 404, 409, 413),
        200: {"description": "The same request was made before.", "model": ConversionAnswer},
    },
)
def convert(
    response: Response,
    store: ConvertingStore,
    key: RequestKey,
    asked: Annotated[PointsToConvert, Body()],
) -> ConversionAnswer:
    """Hold points for a conversion; it is delivered to the ad system within minutes.

    A request that is sent again is the same conversion. A refused one does not use up its key.
    """
    cause = this_occasion(store.actor, origin="interface").cause("a store's request")
    wanted = ConversionRequest(store.seller_id, key, asked.points, cause)
    held = hold_points(store.engine, wanted, store.policies)
    with store.engine.connect() as connection:
        conversion = find_conversion(connection, held.posting_no)
    response.status_code = 201 if held.created else 200
    names = {"seller_id": quote(store.seller_id, safe=""), "request_id": quote(key, safe="")}
    response.headers["Location"] = _ADDRESS.format(**names)
    return ConversionAnswer.of(conversion)


@router.get("/conversions", summary="Conversions", responses=problems_of(401, 403, 404))
def list_conversions(store: ReadStore, after: After = 0, limit: Limit = 100) -> ConversionPage:
    """List a store's conversions, oldest first."""
    with store.engine.connect() as connection:
        require_seller(connection, store.seller_id)
        asked = {"seller_id": store.seller_id, "after": after, "limit": limit + 1}
        found = list(conversions(connection, **asked))  # type: ignore[arg-type]
    following = found[limit - 1].conversion_no if len(found) > limit else None
    listed = [ConversionAnswer.of(each) for each in found[:limit]]
    return ConversionPage(conversions=listed, next=following)


@router.get(
    "/conversions/{request_id:path}",
    summary="A conversion",
    responses=problems_of(401, 403, 404),
)
def read_conversion(store: ReadStore, request_id: RequestId) -> ConversionAnswer:
    """Return a conversion and its state."""
    with store.engine.connect() as connection:
        require_seller(connection, store.seller_id)
        found = requested_conversion(connection, store.seller_id, request_id)
    if found is None:
        raise ConversionUnknown(store.seller_id, request_id)
    return ConversionAnswer.of(found)
