"""The service with nobody there, under a clock that is moved: what is scheduled runs, and tells."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final

import pytest
from prefect import Flow, State
from prefect.settings import PREFECT_API_URL
from sqlalchemy import Connection

from adapters.postgres.database import open_database
from adapters.postgres.evaluations import current_evaluations
from adapters.postgres.standing import program_standing
from domain.months import SettlementMonth
from flows.occasion import SEOUL
from flows.paying.due_payouts import due_payouts
from flows.paying.flow import approve_payout_of, pay_out
from flows.paying.open_payouts import open_payouts
from flows.prefect import events
from flows.prefect.endings import REFUSED
from flows.settings import Settings
from tests.command_line import Marketplace
from tests.years.clock import Clock
from tests.years.schedule import runs_of

PAYING_TIME: Final = time(9)

Deed = Callable[["Service"], None]


@dataclass(frozen=True, slots=True)
class Told:
    """An event: when, what, and about which month, if any."""

    at: datetime
    event: str
    month: str | None
    payload: dict[str, Any]

    @property
    def on(self) -> date:
        """The day in Seoul."""
        return self.at.date()


@dataclass
class Service:
    """The service; `down` while its machine is, `silent` the months that nobody approves.

    `told` are its events, `failed` the runs that ended as failed, for which an alarm exists.
    """

    marketplace: Marketplace
    clock: Clock
    down: bool = False
    silent: set[SettlementMonth] = field(default_factory=set)
    kills: dict[str, int] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    failed: list[tuple[datetime, str, str]] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """The settings, from the environment."""
        return Settings.read()

    def run(self, flow: Flow[..., Any], **parameters: Any) -> None:
        """Run a flow, as a worker does; it is killed at a statement if `kills` says so."""
        if (statement := self.kills.pop(flow.name, None)) is not None:
            self._run_and_be_killed(flow, parameters, statement)
            return
        state: State[Any] = flow(return_state=True, **parameters)  # type: ignore[assignment]
        if (state.is_failed() and state.name != REFUSED) or state.is_crashed():
            self.failed.append((self.clock.now, flow.name, str(state.message)))
        self.approve_what_waits()

    def live_through(self, day: date, deeds: list[tuple[datetime, Deed]]) -> None:
        """Run what is scheduled on a day and what is planned, and do what people do."""
        at_nine = datetime.combine(day, PAYING_TIME, SEOUL)
        planned: list[tuple[datetime, Deed]] = [(at_nine, Service._pay_what_is_planned)]
        scheduled = [(at, _run(flow)) for at, flow in runs_of(day)]
        for at, deed in sorted([*deeds, *planned, *scheduled], key=lambda each: each[0]):
            self.clock.set(at)
            if not self.down or deed in [each for _, each in deeds]:
                deed(self)

    def _pay_what_is_planned(self) -> None:
        for each in due_payouts(self.settings):
            if each.at == self.clock.now and not each.waiting:
                self.run(pay_out, month=str(each.month), mode="commit")

    def approve_what_waits(self) -> None:
        """Approve each payout that waits, once it was told, unless nobody is there to do so."""
        told = {each.month for each in self.told if each.event == events.WAITING}
        with self.connection() as connection:
            waiting = [
                each
                for each in open_payouts(connection).values()
                if str(each.month) in told and each.waits(self.settings.approval_rule)
            ]
        for each in waiting:
            if each.month not in self.silent:
                approve_payout_of(
                    month=str(each.month),
                    points=each.points,
                    approved_by="dana",
                    reason="the total is right",
                    mode="commit",
                )

    def _run_and_be_killed(
        self, flow: Flow[..., Any], parameters: dict[str, Any], statement: int
    ) -> None:
        words = [flow.name, json.dumps(parameters), str(statement), self.clock.now.isoformat()]
        ended = subprocess.run(  # noqa: S603 our own module
            [sys.executable, "-m", "tests.years.killed", *words],
            env={**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == -9, f"{flow.name} was not killed, it ended: {ended.stderr}"

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Connect to its database."""
        with (
            open_database(self.marketplace.database_url) as engine,
            engine.connect() as connection,
        ):
            yield connection

    def hear(self, event: str, resource: dict[str, str], *, payload: dict[str, Any]) -> None:
        """Keep an event, and check that it is true."""
        month = (
            resource["prefect.resource.name"]
            if ".month." in next(iter(resource.values()))
            else None
        )
        self.told.append(Told(self.clock.now, event, month, payload))
        if month is not None:
            self._require_true(event, SettlementMonth.parse(month))

    def _require_true(self, event: str, month: SettlementMonth) -> None:
        today = self.clock.now.date()
        with self.connection() as connection:
            closed = month in {each.settlement_month for each in current_evaluations(connection)}
            standing = {each.settlement_month: each for each in program_standing(connection)}
            waiting = {
                each.month
                for each in open_payouts(connection).values()
                if each.waits(self.settings.approval_rule)
            }
        paid = month in standing and standing[month].paid_on is not None
        true = {
            events.CLOSED: closed,
            events.RESTATED: closed,
            events.BLOCKED: not closed,
            events.REFUSED: not closed,
            events.UNCLOSED: not closed and today >= month.payout_month.first_day.replace(day=7),
            events.WAITING: month in waiting,
            events.UNAPPROVED: month in waiting,
            events.PAID: paid,
            events.LATE: not paid and month in standing and standing[month].days_late(today) > 0,
        }
        assert true[event], f"{event} of {month} on {today} is not so"


def _run(flow: Flow[..., Any]) -> Deed:
    return lambda service: service.run(flow)


@contextmanager
def service_at_work(marketplace: Marketplace, clock: Clock) -> Iterator[Service]:
    """Have the service work on a marketplace, with its events heard."""
    service = Service(marketplace, clock)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in marketplace.environment().items():
            patch.setitem(os.environ, name, value)
        patch.setattr(events, "server_is_temporary", lambda: False)
        patch.setattr(events, "emit_event", service.hear)
        yield service
