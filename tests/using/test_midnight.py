"""Midnight comes between the steps of a transaction: it is done once, on one of the two days."""

import pytest

from adapters.postgres.statements import statement
from flows.converting.deliver_conversions import deliver_held
from flows.expiring.expire_points import expire_points
from tests.clocks import let_it_be, let_midnight_come
from tests.closings import Program
from tests.using.scripted import REFUSED, Scripted
from tests.using.store_a import DAY_AFTER, LAST_DAY, SOME_DAY, convert, has


@pytest.mark.parametrize("after", range(1, 6))
def test_a_conversion_is_held_once(program: Program, database_url: str, after: int) -> None:
    let_midnight_come(database_url, SOME_DAY, after=after)
    assert convert(program, 100_000).created
    assert has(program) == (50_000, 100_000)


@pytest.mark.parametrize("after", range(1, 5))
def test_a_conversion_that_returns_ends_once(
    program: Program, database_url: str, after: int
) -> None:
    convert(program, 100_000)
    let_midnight_come(database_url, LAST_DAY, after=after)
    (ended,) = deliver_held(program.engine, Scripted([REFUSED]), "tests")
    assert ended.state == "refused"
    with program.engine.connect() as connection:
        kinds = [each.kind for each in statement(connection, "A")]
    assert kinds[:3] == ["payout", "conversion", "return"]
    assert kinds[3:] in ([], ["expiry"])


@pytest.mark.parametrize("after", range(1, 8))
def test_a_balance_expires_once(program: Program, database_url: str, after: int) -> None:
    let_midnight_come(database_url, LAST_DAY, after=after)
    expire_points(program.engine, "tests")
    let_it_be(database_url, DAY_AFTER)
    expire_points(program.engine, "tests")
    assert has(program) == (0, 0)
