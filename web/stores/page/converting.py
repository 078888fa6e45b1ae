"""The forms by which a store links its search-ad account and converts points."""

import secrets
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from adapters.postgres.using import (
    Conversion,
    newest_conversions,
    requested_conversion,
    standing_of,
    today,
)
from domain.refusal import Refused, WrongUsage
from domain.sentence import sentence
from flows.converting.convert_points import (
    ConversionRequest,
    conversion_summary,
    hold_points,
    require_convertible,
)
from flows.converting.link_ad_account import link_account, unlink_account
from flows.occasion import this_occasion
from flows.policies import policy_on
from web.stores.page.answering import (
    SEE_OTHER,
    NoSuchPage,
    PageRoute,
    status_of,
    told_on_a_page,
    visit_of,
)
from web.stores.page.forms import Fields, points_of
from web.stores.page.rendering import render
from web.stores.page.session import Session, TheirForm, TheSession

converting = APIRouter(route_class=PageRoute, include_in_schema=False)
_MOST: Final = 50


class NoSuchConversion(NoSuchPage):
    """A request id under which the store has no conversion."""

    def __init__(self, request_id: str) -> None:
        super().__init__(sentence("You have no conversion {request_id}.", request_id=request_id))


@dataclass(frozen=True, slots=True)
class Given:
    """What a form was filled in with; `refused` names the form that was refused."""

    points: str = ""
    account_id: str = ""
    refused: str = ""


@converting.get("/convert")
def convert_page(request: Request, session: TheSession, points: str = "") -> Response:
    """Show the forms, and the conversions so far."""
    return _forms(request, session, Given(points=points[:20]))


@converting.post("/ad-account")
def link(request: Request, session: TheirForm, fields: Fields) -> Response:
    """Link an account."""
    account_id = fields.get("account_id", "").strip()
    try:
        link_account(session.engine, session.seller_id, account_id, session.actor)
    except (Refused, WrongUsage) as trouble:
        given = Given(account_id=fields.get("account_id", ""), refused="account")
        return _forms(request, session, given, trouble)
    return RedirectResponse("/convert", SEE_OTHER)


@converting.post("/ad-account/unlink")
def unlink(request: Request, session: TheirForm) -> Response:
    """Unlink the account."""
    try:
        unlink_account(session.engine, session.seller_id, session.actor)
    except Refused as trouble:
        return _forms(request, session, Given(), trouble)
    return RedirectResponse("/convert", SEE_OTHER)


@converting.post("/convert/review")
def review(request: Request, session: TheirForm, fields: Fields) -> Response:
    """Show what would be converted, to be confirmed."""
    try:
        asked = _asked(session, fields, secrets.token_urlsafe(12))
        with session.engine.connect() as connection:
            standing = require_convertible(connection, asked, session.policies)
    except (Refused, WrongUsage) as trouble:
        given = Given(points=fields.get("points", ""), refused="points")
        return _forms(request, session, given, trouble)
    visit = visit_of(request, session, "convert")
    return HTMLResponse(render("store_confirm.html", visit, asked=asked, standing=standing))


@converting.post("/convert")
def convert(request: Request, session: TheirForm, fields: Fields) -> Response:
    """Hold the points; the same confirmation sent again is the same conversion."""
    try:
        asked = _asked(session, fields, fields.get("request_id", ""))
        confirmed = replace(asked, account_id=fields.get("account_id", ""))
        hold_points(session.engine, confirmed, session.policies)
    except (Refused, WrongUsage) as trouble:
        given = Given(points=fields.get("points", ""), refused="points")
        return _forms(request, session, given, trouble)
    return RedirectResponse(f"/conversions/{quote(asked.request_id, safe='')}", SEE_OTHER)


@converting.get("/conversions/{request_id:path}")
def conversion_page(request: Request, request_id: str, session: TheSession) -> Response:
    """Show how far a conversion has come."""
    found = _conversion(session, request_id)
    if found is None:
        raise NoSuchConversion(request_id)
    visit = visit_of(request, session, "convert")
    return HTMLResponse(
        render("store_conversion.html", visit, conversion=found, summary=conversion_summary(found))
    )


def _asked(session: Session, fields: Fields, request_id: str) -> ConversionRequest:
    cause = this_occasion(session.actor, "stores' page").cause("a store's request")
    return ConversionRequest(
        session.seller_id, request_id, points_of(fields.get("points", "")), cause
    )


def _conversion(session: Session, request_id: str) -> Conversion | None:
    with session.engine.connect() as connection:
        return requested_conversion(connection, session.seller_id, request_id)


def _forms(
    request: Request,
    session: Session,
    given: Given,
    trouble: Exception | None = None,
) -> Response:
    """Show the forms, after a refusal with its sentence and what was filled in."""
    with session.engine.connect() as connection:
        _, newest = newest_conversions(connection, session.seller_id, _MOST)
        page = render(
            "store_convert.html",
            visit_of(request, session, "convert"),
            standing=standing_of(connection, session.seller_id),
            rules=policy_on(session.policies, today(connection)).use,
            conversions=newest[::-1],
            given=given,
            refused=trouble and told_on_a_page(trouble),
        )
    return HTMLResponse(page, status_of(trouble) if trouble else HTTPStatus.OK)
