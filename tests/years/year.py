"""A marketplace lived through day by day under a moved clock, by the flows that run by schedule."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo
from typing import Any, Final

import pytest
from sqlalchemy import text

import flows.occasion
from domain.cause import Cause
from domain.months import SettlementMonth
from flows.occasion import SEOUL
from flows.paying.approve_payout import approve
from flows.paying.missing_approvals import missing_approvals
from flows.prefect import events
from flows.settings import Settings
from tests.adapters.ledger_world import as_owner
from tests.clocks import let_it_be
from tests.command_line import Line, Marketplace, Store, midmonth

FIRST: Final = SettlementMonth(2027, 1)
HISTORY: Final = 2
LOOKED_AT: Final = (1, 2, 5, 7, 8, 10, 12, 15, 20)
"""The days of a month that are lived through: something may happen on them."""

_STORES: Final = tuple(
    Store(f"store-{number}", f"{SettlementMonth(2026, 9) + number}-10") for number in range(12)
)
_MORE: Final = 14_000_000  # each month, so that stores rise


@dataclass(slots=True)
class Year:
    """A marketplace with its operator: `told` is each event with its month and day."""

    marketplace: Marketplace
    patch: pytest.MonkeyPatch
    told: list[tuple[str, str, date]] = field(default_factory=list)
    today: date = FIRST.first_day

    def __post_init__(self) -> None:
        for name, value in self.marketplace.environment().items():
            self.patch.setenv(name, value)
        self.patch.setenv("GROWTH_POINTS_APPROVAL", "required")
        self.patch.setenv("GROWTH_POINTS_FIRST_MONTH", str(FIRST))
        self.patch.setattr(events, "server_is_temporary", lambda: False)
        self.patch.setattr(events, "emit_event", self._hear)

    def begin(self) -> None:
        """Deliver and ingest the months before the first one."""
        self.be(FIRST.first_day)
        for month in (FIRST - HISTORY).until(FIRST - 1):
            self.deliver(month)
            self.marketplace.done("ingest", str(month))

    def deliver(self, month: SettlementMonth, *, wrong: bool = False) -> None:
        """Put a month's files in place; wrong ones have a line of another month."""
        day = midmonth(str(month + 1 if wrong else month))
        by = str(month.payout_month.first_day)
        stores = [each for each in _STORES if each.approved_on < by]
        sold = [month.first_day.month * _MORE // place for place in range(1, len(stores) + 1)]
        lines = [
            Line(each.seller_id, amount, day) for each, amount in zip(stores, sold, strict=True)
        ]
        self.marketplace.deliver(str(month), lines, stores)

    def be(self, day: date) -> None:
        """Let it be noon of a day, for the program and its database."""
        self.today, noon = day, datetime.combine(day, time(12), SEOUL)

        class Then(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> "Then":
                return cls.fromtimestamp(noon.timestamp(), tz)

        self.patch.setattr(flows.occasion, "datetime", Then)
        let_it_be(self.marketplace.database_url, day)

    def live(self, day: date) -> None:
        """Run what runs by schedule on a day, in the order of the day."""
        from flows.closing.flow import close_due_months, tell_unclosed_months
        from flows.paying.flow import pay_out_sweep, tell_late_payouts, tell_missing_approvals

        self.be(day)
        for each in (
            close_due_months,
            tell_unclosed_months,
            tell_missing_approvals,
            pay_out_sweep,
            tell_late_payouts,
        ):
            state: Any = each(return_state=True)
            if state.name == "Failed":
                self.told.append(("run.failed", each.name, day))

    def approve(self) -> None:
        """Approve whatever waits."""
        settings = Settings.read()
        cause = Cause(
            "operator", "looked at", "tests", datetime.combine(self.today, time(13), SEOUL)
        )
        for each in missing_approvals(settings):
            approve(settings, each.payout.month, each.payout.points, cause)

    def ledger(self) -> list[tuple[Any, ...]]:
        """List what the ledger came to, whenever it was recorded."""
        with as_owner(self.marketplace.database_url) as owner, owner.connect() as connection:
            moved = text(
                "SELECT seller_id, debit_account, credit_account, sum(points)"
                " FROM growth_points.transfer GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
            )
            awards = text(
                "SELECT seller_id, settlement_month::text, tier, state"
                " FROM growth_points.award ORDER BY 1, 2, 3"
            )
            return [tuple(row) for each in (moved, awards) for row in connection.execute(each)]

    def heard(self, *kinds: str) -> list[tuple[str, str, date]]:
        """List what was told, without the good news."""
        return [each for each in self.told if not kinds or each[0] in kinds]

    def _hear(self, event: str, _: object, payload: Mapping[str, Any]) -> None:
        self.told.append((event.removeprefix("growth-points."), payload["month"], self.today))


def days_of(month: SettlementMonth) -> Iterable[date]:
    """List the days of a calendar month that are lived through."""
    return (month.first_day.replace(day=day) for day in LOOKED_AT)
