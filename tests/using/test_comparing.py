"""Each of the last days is compared; a difference or no answer is told by one alarm."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from prefect import State

from adapters.postgres.using import conversions
from domain.using.ad_credit import Credit, NoAnswer
from flows.converting import events, flow
from flows.converting.compare_credits import (
    CreditsNotListed,
    compare_credits,
    days_to_compare,
)
from flows.converting.deliver_conversions import deliver_held
from flows.occasion import SEOUL
from flows.prefect.endings import REFUSED
from flows.prefect.events import AD_SYSTEM_SILENT, CREDITS_DIFFER
from tests.closings import Program
from tests.using.scripted import CREDITED, SILENT, Scripted
from tests.using.store_a import convert


@dataclass
class Listing(Scripted):
    """An ad system that lists days as told, and otherwise nothing."""

    lists: Mapping[date, tuple[Credit, ...] | NoAnswer] = field(default_factory=dict)
    days: list[date] = field(default_factory=list)

    def credits_of(self, day: date) -> tuple[Credit, ...] | NoAnswer:
        self.days.append(day)
        return self.lists.get(day, ())


def delivered(program: Program) -> date:
    """Convert points, have them credited, and return the day on which that was."""
    convert(program, 100)
    deliver_held(program.engine, Scripted([CREDITED]), "tests")
    with program.engine.connect() as connection:
        [made] = conversions(connection)
    assert made.ended_at is not None
    return made.ended_at.astimezone(SEOUL).date()


def test_the_last_forty_days_are_compared_until_yesterday() -> None:
    today = date(2026, 3, 1)
    days = days_to_compare(today)
    assert (days[0], days[-1], len(days)) == (date(2026, 1, 20), date(2026, 2, 28), 40)
    assert days == tuple(sorted(days))


def test_a_day_that_differs_is_named_whenever_it_is_compared(program: Program) -> None:
    day = delivered(program)
    later = Listing([SILENT] * 3)

    found = compare_credits(program.engine, later, days_to_compare(day + timedelta(days=30)))

    assert [*found] == [day]
    assert "the ad system does not list" in str(found[day][0])
    assert len(later.days) == len(set(later.days)) == 40


def test_a_day_that_is_not_listed_is_compared_another_day(program: Program) -> None:
    day = delivered(program) - timedelta(days=1)
    away = Listing([], lists={day: SILENT})
    with pytest.raises(CreditsNotListed, match=f"does not list {day}: .* compared again tomorrow"):
        compare_credits(program.engine, away, [day])
    assert compare_credits(program.engine, Listing([]), [day, day - timedelta(days=1)]) == {}


@pytest.mark.parametrize(
    ("away", "told"),
    [(True, [AD_SYSTEM_SILENT]), (False, [CREDITS_DIFFER])],
)
def test_the_flow_tells_it_by_an_event_and_raises_no_alarm_for_failed_runs(
    program: Program,
    prefect_server: None,
    monkeypatch: pytest.MonkeyPatch,
    away: bool,
    told: list[str],
) -> None:
    day = delivered(program)
    emitted: dict[str, Any] = {}

    @contextmanager
    def theirs(_: object) -> Iterator[Listing]:
        yield Listing([SILENT] * 3, lists={day: SILENT} if away else {})

    @contextmanager
    def ours(_: object) -> Iterator[Any]:
        yield program.engine

    monkeypatch.setattr(flow, "program_ad_system", theirs)
    monkeypatch.setattr(flow, "program_database", ours)
    monkeypatch.setattr(flow, "days_to_compare", lambda _: days_to_compare(day + timedelta(2)))
    monkeypatch.setattr(
        events, "emit_about", lambda event, _resource, _name, facts: emitted.update({event: facts})
    )

    ended = flow.compare_past_credits(return_state=True)

    assert isinstance(ended, State)
    assert (ended.name, ended.is_failed()) == (REFUSED, True)
    assert [*emitted] == told
    assert str(day) in (str(emitted[told[0]]["message"]) if away else emitted[told[0]]["day"])
