"""Conversions that do not end are counted, and told when that lasts."""

from typing import Any

import pytest

from adapters.postgres.using import HeldConversions, held_conversions
from flows.converting import events
from flows.converting.deliver_conversions import deliver_held
from flows.prefect.events import AD_SYSTEM_SILENT, CONVERSIONS_HELD
from tests.closings import Program
from tests.using.scripted import CREDITED, SILENT, Scripted
from tests.using.store_a import convert
from web.metrics import held_figures


def held(program: Program) -> HeldConversions:
    with program.engine.connect() as connection:
        return held_conversions(connection)


def test_held_conversions_are_counted_until_they_end(program: Program) -> None:
    assert held(program) == HeldConversions(0, 0, 0, 0)
    convert(program, 100)
    convert(program, 20, "r2")
    for _ in range(2):
        deliver_held(program.engine, Scripted([SILENT] * 2), "tests")
    assert (held(program).conversions, held(program).points) == (2, 120)
    assert held(program).unanswered == 0
    deliver_held(program.engine, Scripted([CREDITED, SILENT]), "tests")
    found = held(program)
    assert (found.conversions, found.points, found.unanswered) == (1, 20, 1)
    assert 0 <= found.oldest_seconds < 600


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (HeldConversions(0, 0, 0, 0), []),
        (HeldConversions(2, 120, 1, 7_199), []),
        (HeldConversions(2, 120, 1, 7_200), [CONVERSIONS_HELD]),
        (HeldConversions(2, 120, 2, 900), [AD_SYSTEM_SILENT]),
        (HeldConversions(2, 120, 2, 7_200), [CONVERSIONS_HELD, AD_SYSTEM_SILENT]),
    ],
)
def test_what_lasts_is_told(
    monkeypatch: pytest.MonkeyPatch, found: HeldConversions, told: list[str]
) -> None:
    emitted: list[str] = []

    def emit(event: str, *_about: Any) -> None:
        emitted.append(event)

    monkeypatch.setattr(events, "emit_about", emit)
    events.emit_held(found, "en")
    assert emitted == told


def test_the_figures_say_the_same() -> None:
    figures = held_figures(HeldConversions(2, 120, 1, 900))

    assert {each.name: each.samples[0].value for each in figures} == {
        "growth_points_conversions_held": 2,
        "growth_points_points_held": 120,
        "growth_points_conversions_unanswered": 1,
        "growth_points_conversion_held_seconds": 900,
    }
