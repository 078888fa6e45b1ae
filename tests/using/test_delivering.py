"""Delivering conversions: whatever the ad system answers, each is credited or returned once."""

import pytest

from adapters.postgres.using import Conversion, ConversionState
from domain.using.ad_credit import (
    Answer,
    CreditRequest,
    Unknown,
    credit_id,
)
from flows.converting import deliver_conversions
from flows.converting.deliver_conversions import deliver_held, delivery_summary
from tests.clocks import let_it_be
from tests.closings import Program
from tests.using.scripted import CREDITED, REFUSED, SILENT, Scripted
from tests.using.store_a import DAY_AFTER, convert, has


def delivered(program: Program, *answers: Answer) -> tuple[Scripted, list[Conversion]]:
    """Deliver what is held until nobody answers any more."""
    ad_system = Scripted(list(answers))
    found: list[Conversion] = []
    while ad_system.answers:
        found += deliver_held(program.engine, ad_system, "tests")
    return ad_system, found


@pytest.mark.parametrize(
    ("answers", "asked", "state", "had"),
    [
        ([CREDITED], ["deliver"], "delivered", (50_000, 0)),
        ([REFUSED], ["deliver"], "refused", (150_000, 0)),
        ([SILENT], ["deliver"], "held", (50_000, 100_000)),
        ([SILENT, CREDITED], ["deliver", "ask"], "delivered", (50_000, 0)),
        ([SILENT, SILENT, REFUSED], ["deliver", "ask", "ask"], "refused", (150_000, 0)),
        ([SILENT, Unknown(), CREDITED], ["deliver", "ask", "deliver"], "delivered", (50_000, 0)),
        ([SILENT, Unknown(), SILENT], ["deliver", "ask", "deliver"], "held", (50_000, 100_000)),
    ],
)
def test_a_conversion_ends_by_the_ad_systems_answer(
    program: Program, answers: list[Answer], asked: list[str], state: str, had: tuple[int, int]
) -> None:
    convert(program, 100_000)
    ad_system, found = delivered(program, *answers)
    assert [how for how, _ in ad_system.asked] == asked
    assert {request for _, request in ad_system.asked} == {
        CreditRequest(credit_id("A", "r1"), "ads-1", 100_000)
    }
    assert found[-1].state == state
    assert has(program) == had


def test_a_conversion_that_has_ended_is_not_delivered_again(program: Program) -> None:
    convert(program, 100_000)
    delivered(program, CREDITED)
    assert deliver_held(program.engine, Scripted([]), "tests") == ()


@pytest.mark.parametrize(("seconds", "tried"), [(240, 5), (0, 1)])
def test_a_run_without_answers_ends_and_each_conversion_has_its_turn(
    program: Program, monkeypatch: pytest.MonkeyPatch, seconds: float, tried: int
) -> None:
    monkeypatch.setattr(deliver_conversions, "_LONGEST_SECONDS", seconds)
    requests = [f"r{number}" for number in range(12)]
    for each in requests:
        convert(program, 1_000, each)
    runs = []
    for _ in range(12 // tried + 1):
        found = deliver_held(program.engine, Scripted([SILENT] * 12), "tests")
        assert len(found) == tried
        runs += [each.request_id for each in found]
    assert runs == [*requests, *requests][: len(runs)]


def test_only_tries_in_vain_in_a_row_end_a_run(program: Program) -> None:
    for number in range(15):
        convert(program, 1_000, f"r{number}")
    answers: list[Answer] = [SILENT, SILENT, SILENT, SILENT, REFUSED] * 3
    found = deliver_held(program.engine, Scripted(answers), "tests")
    assert len(found) == 15


def test_a_run_says_what_is_still_held_though_it_was_not_tried(program: Program) -> None:
    for number in range(8):
        convert(program, 1_000, f"r{number}")
    found = deliver_held(program.engine, Scripted([CREDITED, *[SILENT] * 5]), "tests")
    assert str(delivery_summary(found, 7)) == "Conversions: held: 7, delivered: 1."
    assert str(delivery_summary((), 0)) == "No conversion is held."


def test_two_deliverers_end_a_conversion_once(program: Program) -> None:
    """The second one asked while the first one's answer was on its way."""
    convert(program, 100_000)

    class Meanwhile(Scripted):
        def deliver(self, request: CreditRequest) -> Answer:
            deliver_held(program.engine, Scripted([CREDITED]), "another")
            return super().deliver(request)

    (second,) = deliver_held(program.engine, Meanwhile([REFUSED]), "tests")
    assert second.state is ConversionState.DELIVERED
    assert has(program) == (50_000, 0)


def test_what_returns_after_the_last_usable_day_expires(
    program: Program, database_url: str
) -> None:
    convert(program, 100_000)
    let_it_be(database_url, DAY_AFTER)
    (refused,) = deliver_held(program.engine, Scripted([REFUSED]), "tests")
    assert refused.state is ConversionState.REFUSED
    assert refused.answer == "account_closed: The account is closed."
    assert has(program) == (0, 0)
