"""The `expire-points` flow, which runs daily."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.expiring.expire_points import expire_what_is_due, expiry_summary
from flows.prefect.flow_occasion import flow_occasion
from flows.prefect.retrying import RETRIES
from flows.settings import Settings

expire = task(cache_policy=NO_CACHE, name="expire what is due", **RETRIES)(expire_what_is_due)


@flow(name="expire-points", flow_run_name="expire points")
def expire_points_daily() -> str:
    """Expire every balance whose last usable day is over.

    Running it again does nothing, and running it late expires the same points: what may be used is
    decided by the date.
    """
    return expiry_summary(expire(Settings.read(), flow_occasion().actor))
