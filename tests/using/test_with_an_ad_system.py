"""Conversions and an ad system in a process of its own that misbehaves: both sides end up equal."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adapters.ad_system.client import HttpAdSystem, Patience
from adapters.postgres.using import ConversionState, conversions
from adapters.postgres.verification.verify import verify
from flows.converting.compare_credits import compare_credits
from flows.converting.deliver_conversions import deliver_held
from flows.occasion import this_occasion
from tests.ad_system import TOKEN, SimulatedAdSystem, simulated_ad_system
from tests.clocks import let_the_clock_decide
from tests.closings import Program
from tests.simulation.troubles import TROUBLES, no_trouble
from tests.using.store_a import convert, has

PATIENCE = Patience(connection_seconds=2, answer_seconds=0.5)
MISBEHAVIOURS: tuple[dict[str, Any], ...] = (
    {},
    {"acts": False},
    {"answers": 0},
    {"answers": 2},
    {"act_after": 0.7},
    {"answer_after": 0.7},
    {"status": 500},
    {"status": 302, "headers": {"Location": "https://example.com/"}},
    {"body": "<html>"},
    {"token": "another-token-of-the-tests"},
    {"refuse": ["*"]},
    {"dies": "before"},
    {"dies": "within"},
    {"dies": "after"},
)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[SimulatedAdSystem]:
    """A simulated ad system that behaves."""
    with simulated_ad_system(tmp_path) as simulated:
        yield simulated


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_each_conversion_is_credited_once_or_returned_once(
    program: Program, there: SimulatedAdSystem, database_url: str, seed: int
) -> None:
    let_the_clock_decide(database_url)  # the ad system has a clock of its own
    program.adjust("A", 150_000, on=this_occasion().today)
    given, _ = has(program)
    chance = random.Random(seed)  # noqa: S311 no secret
    for number in range(1, 21):
        convert(program, 1_000 * number // 2, f"r{number}")
        behaviour = chance.choice(MISBEHAVIOURS)
        there.behave(**behaviour)
        deed = partial(_deliver, program, there.url)
        if chance.choice((no_trouble, *TROUBLES))(chance.randint(1, 40), deed, program.engine):
            deed()
        if "dies" in behaviour:
            there.kill()
            there.start()
    there.behave()
    with HttpAdSystem(there.url, TOKEN) as ad_system:
        deliver_held(program.engine, ad_system, "tests")
        with program.engine.connect() as connection:
            made = list(conversions(connection))
        today = this_occasion().today
        for day in (today, today - timedelta(days=1)):
            assert compare_credits(program.engine, ad_system, [day]) == {}
    ended = Counter[ConversionState]()
    for each in made:
        ended[each.state] += each.points
    assert ended[ConversionState.HELD] == 0
    assert there.accounts() == {"ads-1": ended[ConversionState.DELIVERED]}
    assert has(program) == (given - ended[ConversionState.DELIVERED], 0)
    with program.engine.connect() as connection:
        assert list(verify(connection)) == []


def _deliver(program: Program, url: str) -> None:
    with HttpAdSystem(url, TOKEN, PATIENCE) as ad_system:
        deliver_held(program.engine, ad_system, "tests")
