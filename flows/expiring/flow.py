"""The `expire-points` flow, which runs daily."""

from prefect import flow

from adapters.languages.catalog import say
from domain.sentence import joined
from flows.expiring.events import emit_told
from flows.expiring.expire_points import expire_what_is_due, expiry_summary
from flows.expiring.tell_stores import tell_who_is_due, telling_summary
from flows.prefect.endings import step, telling
from flows.prefect.flow_occasion import flow_occasion
from flows.prefect.retrying import RETRIES
from flows.prefect.server_errors import best_effort
from flows.settings import Settings

expire = step(name="expire what is due", **RETRIES)(expire_what_is_due)
tell = step(name="tell who is due", **RETRIES)(tell_who_is_due)


@flow(name="expire-points", flow_run_name="expire points")
@telling
def expire_points_daily() -> str:
    """Expire balances whose last usable day is over, and tell stores whose points expire soon.

    Running it again does nothing, and running it late expires the same points: what may be used is
    decided by the date. Stores are told once of each notice.
    """
    settings, actor = Settings.read(), flow_occasion().actor
    expired = expire(settings, actor)
    if (told := tell(settings, actor)) is not None:
        with best_effort("who was told"):
            emit_told(told)
    return say(joined((expiry_summary(expired), telling_summary(told)), " "), settings.language)
