"""The flows about search-ad credit: link an account, convert, deliver, compare."""

from prefect import flow

from adapters.languages.catalog import say
from adapters.postgres.using import Conversion, held_conversions
from domain.sentence import sentence
from flows.converting.compare_credits import (
    CreditsDiffer,
    CreditsNotListed,
    compare_credits,
    days_to_compare,
)
from flows.converting.convert_points import (
    ConversionRequest,
    conversion_summary,
    convert_points,
    preview_conversion,
)
from flows.converting.deliver_conversions import deliver_held, delivery_summary
from flows.converting.events import emit_difference, emit_held, emit_silent
from flows.converting.link_ad_account import account_linked, account_unlinked, link, unlink
from flows.prefect.endings import step, telling, told, why
from flows.prefect.flow_occasion import flow_occasion
from flows.prefect.forms import Mode, Name, NameOrNone
from flows.prefect.server_errors import best_effort
from flows.program import program_ad_system, program_database
from flows.settings import Settings


@flow(name="link-ad-account", flow_run_name="link {seller_id}")
@telling
def link_ad_account_of(
    seller_id: Name,
    account_id: NameOrNone = "",
    mode: Mode = "preview",
    asked_by: NameOrNone = "",
) -> str:
    """Link the search-ad account to which a store converts points, or unlink it.

    Args:
        seller_id: The store's id, as in the settlement files.
        account_id: The search-ad account. Empty: unlink the one that is linked.
        mode: "preview" shows what would be linked and writes nothing; "commit" links it.
        asked_by: Your name; recorded with the link.
    """
    settings, actor = Settings.read(), flow_occasion(asked_by).actor
    preview = mode == "preview"
    if account_id:
        link(settings, seller_id, account_id, actor, preview=preview)
        said = account_linked(account_id, seller_id, preview=preview)
    else:
        unlinked = unlink(settings, seller_id, actor, preview=preview)
        said = account_unlinked(unlinked, seller_id, preview=preview)
    return told(str(said), said)


@flow(name="convert-points", flow_run_name="convert {seller_id}")
@telling
def convert_points_of(
    seller_id: Name,
    points: int,
    request_id: Name,
    mode: Mode = "preview",
    asked_by: NameOrNone = "",
) -> str:
    """Convert a store's points to search-ad credit; the same request again does nothing.

    Args:
        seller_id: The store's id, as in the settlement files.
        points: How many points, such as 50000.
        request_id: The store's own id of this request, for ever.
        mode: "preview" shows what would be held and writes nothing; "commit" converts.
        asked_by: Your name; recorded in the ledger.
    """
    cause = flow_occasion(asked_by).cause("a store's request")
    request = ConversionRequest(seller_id, request_id, points, cause)
    settings = Settings.read()
    if mode == "preview":
        said = preview_conversion(settings, request)
    else:
        said = conversion_summary(hold_and_deliver(settings, request))
    return told(str(said), said)


hold_and_deliver = step(name="hold and deliver")(convert_points)


@flow(name="deliver-conversions", flow_run_name="deliver conversions")
@telling
def deliver_conversions() -> str:
    """Deliver the conversions that are held, and ask again about those that got no answer.

    It ends after five tries in a row without an answer, or four minutes; the next run goes on.
    """
    settings = Settings.read()
    tried = deliver_what_is_held(settings, flow_occasion().actor)
    with program_database(settings) as engine, engine.connect() as connection:
        held = held_conversions(connection)
    with best_effort("what is held"):
        emit_held(held, settings.language)
    return say(delivery_summary(tried, held.conversions), settings.language)


@step(name="deliver what is held")
def deliver_what_is_held(settings: Settings, actor: str) -> tuple[Conversion, ...]:
    """Deliver what is held; without an ad system in the settings, nothing is."""
    with program_database(settings) as engine, program_ad_system(settings) as ad_system:
        return () if ad_system is None else deliver_held(engine, ad_system, actor)


@flow(name="compare-credits", flow_run_name="compare credits")
@telling
def compare_past_credits() -> str:
    """Compare the deliveries of the last 40 days with what the ad system credited on each.

    It runs daily, and fails if they differ or the ad system does not answer.
    """
    settings, days = Settings.read(), days_to_compare(flow_occasion().today)
    with program_database(settings) as engine, program_ad_system(settings) as ad_system:
        if ad_system is None:
            return say(sentence("No ad system is configured."), settings.language)
        try:
            found = compare_credits(engine, ad_system, days)
        except CreditsNotListed as silent:
            with best_effort("who does not answer"):
                emit_silent(why(silent), settings.language)
            raise
    for day, differences in found.items():
        with best_effort("what differs"):
            emit_difference(day, differences)
    if found:
        raise CreditsDiffer(found)
    agreed = sentence(
        "The ad system and the ledger agree about each day from {first} to {last}.",
        first=days[0],
        last=days[-1],
    )
    return say(agreed, settings.language)
