"""Conversions that do not end are counted, and told when that lasts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from adapters.postgres.using import HeldConversions, held_conversions, unanswered_conversions
from domain.using.ad_credit import Answer
from flows.converting import events
from flows.converting.deliver_conversions import deliver_held
from flows.prefect.events import AD_SYSTEM_SILENT, CONVERSIONS_HELD
from tests.clocks import move_the_databases_clock
from tests.closings import Program
from tests.using.scripted import CREDITED, REFUSED, SILENT, Scripted
from tests.using.store_a import convert
from web.metrics import held_figures


def held(program: Program) -> HeldConversions:
    with program.engine.connect() as connection:
        return held_conversions(connection)


def pass_minutes(database_url: str, minutes: int) -> None:
    """Let so many minutes have passed for what is recorded from now on."""
    move_the_databases_clock(database_url, timedelta(minutes=minutes))


@pytest.fixture
def told(program: Program, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Say what is told of the conversions that are held now."""

    def found() -> list[str]:
        emitted: list[str] = []

        def emit(event: str, *_about: Any) -> None:
            emitted.append(event)

        monkeypatch.setattr(events, "emit_about", emit)
        events.emit_held(held(program), "en")
        return emitted

    return found


def test_held_conversions_are_counted_until_they_end(program: Program) -> None:
    assert held(program) == HeldConversions(0, 0, 0, 0, 0)
    convert(program, 100)
    convert(program, 20, "r2")
    deliver_held(program.engine, Scripted([SILENT] * 2), "tests")
    found = held(program)
    assert (found.conversions, found.points) == (2, 120)
    deliver_held(program.engine, Scripted([CREDITED, SILENT]), "tests")
    found = held(program)
    assert (found.conversions, found.points) == (1, 20)
    assert 0 <= found.oldest_seconds < 600


@pytest.mark.parametrize(("minutes_ago", "unanswered"), [(9, (0, 0)), (11, (1, 100))])
def test_what_was_first_tried_ten_minutes_ago_is_unanswered(
    program: Program, database_url: str, minutes_ago: int, unanswered: tuple[int, int]
) -> None:
    convert(program, 100)
    pass_minutes(database_url, -minutes_ago)
    deliver_held(program.engine, Scripted([SILENT]), "tests")
    pass_minutes(database_url, 0)
    convert(program, 20, "r2")
    deliver_held(program.engine, Scripted([SILENT] * 2), "tests")
    with program.engine.connect() as connection:
        assert unanswered_conversions(connection) == unanswered
    assert held(program).unanswered == unanswered[0]


def test_a_silent_ad_system_is_told_though_stores_go_on_converting(
    program: Program, database_url: str, told: Callable[[], list[str]]
) -> None:
    convert(program, 100)
    for run, minutes in enumerate((0, 5)):
        pass_minutes(database_url, minutes)
        deliver_held(program.engine, Scripted([SILENT] * (run + 1)), "tests")
        convert(program, 20, f"fresh {run}")
        assert told() == []
    pass_minutes(database_url, 11)
    deliver_held(program.engine, Scripted([SILENT] * 3), "tests")
    convert(program, 20, "fresh")
    assert held(program).conversions == 4
    assert told() == [AD_SYSTEM_SILENT]


@pytest.mark.parametrize("ended", [CREDITED, REFUSED])
def test_an_ad_system_that_answers_about_others_is_not_silent(
    program: Program, database_url: str, told: Callable[[], list[str]], ended: Answer
) -> None:
    convert(program, 100)
    for minutes in (0, 5, 10):
        pass_minutes(database_url, minutes)
        deliver_held(program.engine, Scripted([SILENT]), "tests")
    convert(program, 20, "fresh")
    assert told() == [AD_SYSTEM_SILENT]
    pass_minutes(database_url, 15)
    deliver_held(program.engine, Scripted([SILENT, ended]), "tests")
    assert told() == []
    pass_minutes(database_url, 24)
    deliver_held(program.engine, Scripted([SILENT]), "tests")
    assert told() == []
    for minutes in (29, 40):
        pass_minutes(database_url, minutes)
        deliver_held(program.engine, Scripted([SILENT]), "tests")
    assert told() == [AD_SYSTEM_SILENT]


@pytest.mark.parametrize(("minutes_ago", "what"), [(119, []), (121, [CONVERSIONS_HELD])])
def test_a_conversion_that_is_held_for_two_hours_is_told(
    program: Program,
    database_url: str,
    told: Callable[[], list[str]],
    minutes_ago: int,
    what: list[str],
) -> None:
    pass_minutes(database_url, -minutes_ago)
    convert(program, 100)
    pass_minutes(database_url, 0)
    convert(program, 20, "fresh")
    assert told() == what


def test_the_figures_say_the_same() -> None:
    figures = held_figures(HeldConversions(2, 120, 1, 900, 700))

    assert {each.name: each.samples[0].value for each in figures} == {
        "growth_points_conversions_held": 2,
        "growth_points_points_held": 120,
        "growth_points_conversions_unanswered": 1,
        "growth_points_conversion_held_seconds": 900,
        "growth_points_ad_system_silent_seconds": 700,
    }
