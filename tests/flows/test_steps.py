"""The steps are plain functions: from files to a payout without Prefect; the flows check again."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from adapters.korean_holidays import HolidayCalendar, korean_holidays
from adapters.policy_files import read_policies
from adapters.postgres.database import open_database
from domain.cause import Cause
from domain.findings import WindowIncomplete
from domain.ledger import Award
from domain.months import MonthInvalid, SettlementMonth
from domain.payout_date import calendar_years
from flows.closing.evaluation import ClosingRequest
from flows.closing.record_closing import record_closing
from flows.closing.require_window import require_window
from flows.ingesting.find_delivery import find_delivery_of
from flows.ingesting.read_delivery import check_delivery, read_delivery
from flows.ingesting.record_delivery import SoundDelivery
from flows.ingesting.record_ingest import record_ingest
from flows.occasion import SEOUL
from flows.paying.pay_out_month import PayoutAhead, PayoutRequest, due_months, pay_out_month
from tests.command_line import Marketplace
from tests.three_stores import AUGUST, OCTOBER, SEPTEMBER, deliver_all

POLICIES = read_policies(None)
MONTH = SettlementMonth.parse(OCTOBER)
CAUSE = Cause("tests", "a test", "tests", datetime(2024, 11, 3, 9, tzinfo=SEOUL))
DUE_ON = date(2024, 11, 11)


def _calendar(month: SettlementMonth) -> HolidayCalendar:
    return korean_holidays(calendar_years(month), {})


@pytest.fixture
def service(closed_october: Marketplace) -> Iterator[Engine]:
    """An engine on the database in which October is closed."""
    with open_database(closed_october.database_url) as engine:
        yield engine


def test_the_steps_alone_take_a_month_from_files_to_its_payout(
    engine: Engine, tmp_path: Path
) -> None:
    root = tmp_path / "settlements"
    deliver_all(Marketplace(root, tmp_path, ""))
    request = ClosingRequest(MONTH, CAUSE)
    with pytest.raises(WindowIncomplete):
        require_window(engine, request, POLICIES, _calendar)

    for name in (AUGUST, SEPTEMBER, OCTOBER):
        month = SettlementMonth.parse(name)
        found = find_delivery_of(engine, str(root), month, tmp_path / "fetched")
        staged = read_delivery(found.delivery, tmp_path / name, tmp_path / f"refused-{name}")
        assert found.current is None
        assert not [each for each in check_delivery(engine, staged).findings if each.count]
        if name != OCTOBER:
            record_ingest(engine, month, SoundDelivery(staged), CAUSE)
    require_window(engine, request, POLICIES, _calendar)
    closing = record_closing(engine, request, SoundDelivery(staged), POLICIES, _calendar)
    payout = pay_out_month(engine, MONTH, PayoutRequest(DUE_ON, CAUSE, DUE_ON)).payout

    assert closing.closed.earned == {
        Award(MONTH, "maru", 1, 150_000),
        Award(MONTH, "sora", 1, 150_000),
    }
    assert closing.payouts[MONTH].due_on == DUE_ON
    assert (payout.sellers, payout.points) == (2, 300_000)


def test_a_month_is_due_from_its_date_until_it_is_paid(service: Engine) -> None:
    early, on_time = date(2024, 11, 10), DUE_ON

    assert due_months(service, early) == ()
    assert due_months(service, on_time) == (MONTH,)
    pay_out_month(service, MONTH, PayoutRequest(on_time, CAUSE, on_time))
    assert due_months(service, on_time) == ()


def test_a_payout_on_a_date_to_come_must_be_meant() -> None:
    today = date(2024, 11, 10)

    with pytest.raises(PayoutAhead):
        PayoutRequest(DUE_ON, CAUSE, today)
    assert PayoutRequest(DUE_ON, CAUSE, today, ahead=True).on == DUE_ON


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-1", " ", "2026-10-01", "../2026-10", "２０２６-10"]
)
def test_the_flows_refuse_a_month_that_is_none_whoever_starts_them(
    marketplace: Marketplace, monkeypatch: pytest.MonkeyPatch, month: str
) -> None:
    from prefect.exceptions import ParameterTypeError

    from flows.closing.flow import close_month
    from flows.ingesting.flow import ingest_month

    monkeypatch.setenv("GROWTH_POINTS_DATABASE_URL", marketplace.database_url)
    monkeypatch.setenv("GROWTH_POINTS_HOME", str(marketplace.home))
    for flow in (close_month, ingest_month):
        with pytest.raises(ParameterTypeError):
            flow(month, str(marketplace.root))
        unchecked = flow.with_options(validate_parameters=False)
        with pytest.raises(MonthInvalid):
            unchecked(month, str(marketplace.root))


def test_the_flows_refuse_parameters_of_another_kind(prefect_server: None) -> None:
    from prefect.exceptions import ParameterTypeError

    from flows.closing.flow import close_month
    from flows.paying.flow import pay_out_on

    with pytest.raises(ParameterTypeError):
        close_month(OCTOBER, "root", mode="perhaps")  # type: ignore[call-overload]
    with pytest.raises(ParameterTypeError):
        pay_out_on(on="soon")  # type: ignore[call-overload]


def test_the_flows_describe_every_parameter_to_whoever_fills_in_the_form() -> None:
    from flows.closing.flow import close_month
    from flows.ingesting.flow import ingest_month
    from flows.paying.flow import pay_out, pay_out_on

    for flow in (close_month, ingest_month, pay_out, pay_out_on):
        for name, parameter in flow.parameters.properties.items():
            assert parameter.get("description"), f"{flow.name}: {name}"
