"""The figures for Prometheus, read from the database at each scrape."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection

from adapters.postgres.embedded.failure import ServerNotStarted
from adapters.postgres.rewards import RewardsStanding, rewards_standing
from adapters.postgres.standing import Standing, program_standing
from adapters.postgres.using import HeldConversions, held_conversions
from flows.closing.due_months import is_overdue, unclosed_months
from flows.occasion import this_occasion
from flows.program import program_database
from flows.settings import Settings
from web.failures import LOST, log_failure

_DAY_SECONDS: Final = 86_400
_STATES: Final = ("ingested", "closed", "restated", "paid")


def metrics_text(settings: Settings) -> bytes:
    """Return all figures in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Program(settings))
    return generate_latest(registry)


class _Program(Collector):
    """Collects the figures from the database at each scrape."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def collect(self) -> Iterator[Metric]:
        """Yield the figures; only `growth_points_database_up` if the database does not answer.

        Any other failure is raised: it says nothing of whether the database answers.
        """
        try:
            with program_database(self._settings) as engine, engine.connect() as connection:
                found = tuple(_figures_now(connection, self._settings))
        except (*LOST, ServerNotStarted) as failure:
            log_failure("/metrics", failure)
            yield _up(0)
        else:
            yield _up(1)
            yield from found


def _up(value: int) -> Metric:
    return GaugeMetricFamily("growth_points_database_up", "Whether the database answers.", value)


def _figures_now(connection: Connection, settings: Settings) -> Iterator[Metric]:
    """Yield all figures, as the database has them now."""
    today = this_occasion().today
    yield from figures(program_standing(connection), today)
    yield unclosed_figure(_overdue(connection, settings, today))
    yield from held_figures(held_conversions(connection))
    yield from reward_figures(rewards_standing(connection))


def _overdue(connection: Connection, settings: Settings, today: date) -> int:
    unclosed = unclosed_months(connection, settings.first_to_close, today) or ()
    return sum(is_overdue(settings, month, today) for month in unclosed)


def unclosed_figure(overdue: int) -> Metric:
    """Return the figure of the months that are overdue."""
    meaning = "Months that were to be closed by a day that has come, and are not."
    return GaugeMetricFamily("growth_points_months_unclosed", meaning, overdue)


def figures(months: Iterable[Standing], today: date) -> Iterator[Metric]:
    """Yield the figures of all months on a date."""
    months = tuple(months)
    yield _months(months)
    yield _awards(months)
    late = [month.days_late(today) * _DAY_SECONDS for month in months]
    for name, meaning, values in (
        ("findings", "Warnings a month was ingested with.", [m.findings for m in months]),
        ("points_pending", "Points awarded, not paid yet.", [m.pending_points for m in months]),
        ("points_paid", "Points that a month paid out.", [m.paid_points for m in months]),
        ("payout_late_seconds", "How long ago an unpaid month was due, in whole days.", late),
    ):
        gauge = GaugeMetricFamily(f"growth_points_{name}", meaning, labels=["month"])
        for month, value in zip(months, values, strict=True):
            gauge.add_metric([str(month.settlement_month)], value)
        yield gauge


def held_figures(held: HeldConversions) -> Iterator[Metric]:
    """Yield the figures of the conversions that have not ended."""
    for name, meaning, value in (
        ("conversions_held", "Conversions that have not ended.", held.conversions),
        ("points_held", "Points of these conversions.", held.points),
        ("conversions_unanswered", "Those asked about in vain, for long.", held.unanswered),
        ("conversion_held_seconds", "How long the oldest is held.", held.oldest_seconds),
        ("ad_system_silent_seconds", "How long none has been answered.", held.silent_seconds),
    ):
        yield GaugeMetricFamily(f"growth_points_{name}", meaning, value)


def reward_figures(rewards: RewardsStanding) -> Iterator[Metric]:
    """Yield the figures of the last week's rewards."""
    for name, meaning, value in (
        ("rewards_refused", "Entries of the last week that are not paid.", rewards.refused),
        (
            "reward_days_missing",
            "Days of the last week without rewards.",
            len(rewards.missing_days),
        ),
    ):
        yield GaugeMetricFamily(f"growth_points_{name}", meaning, value)


def _months(months: Iterable[Standing]) -> Metric:
    gauge = GaugeMetricFamily("growth_points_months", "Months by state.", labels=["state"])
    states = [month.state for month in months]
    for state in (*_STATES, *sorted(set(states) - set(_STATES))):
        gauge.add_metric([state], states.count(state))
    return gauge


def _awards(months: Iterable[Standing]) -> Metric:
    labels = ["month", "tier"]
    gauge = GaugeMetricFamily("growth_points_awards", "Standing awards.", labels=labels)
    for month in months:
        for tier, count in sorted(month.awards.items()):
            gauge.add_metric([str(month.settlement_month), str(tier)], count)
    return gauge
