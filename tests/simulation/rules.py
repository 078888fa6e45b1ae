"""The steps that a history is made of, and when each is possible."""

from collections.abc import Callable
from typing import Final

from tests.clocks import HOUR_BACK, RIGHT, SECONDS_AHEAD, YEAR_AHEAD, move_the_databases_clock
from tests.simulation.adjusting import adjust, award_correction, claw_back, over_awarded
from tests.simulation.closing import (
    announce_a_holiday,
    approve,
    close,
    close_again,
    close_and_give_up,
    ingest,
    pay,
    pay_and_restate,
)
from tests.simulation.operator import Operator
from tests.simulation.spending import convert, reward, with_points

_CLOCKS: Final = (RIGHT, SECONDS_AHEAD, YEAR_AHEAD, HOUR_BACK)


def move_the_clock(operator: Operator) -> None:
    """A clock of the database that jumps."""
    by = operator.any_of(_CLOCKS)
    operator.tell("move the clock", by)
    move_the_databases_clock(operator.url, by)


def restart(operator: Operator) -> None:
    """The end of the program, and its next start."""
    operator.tell("restart")
    operator.do(operator.start)


def upgrade(operator: Operator) -> None:
    """A later version of the program, with a migration."""
    operator.tell("upgrade")
    operator.upgrade()


def _always(_: Operator) -> bool:
    return True


def _closed(operator: Operator) -> bool:
    return bool(operator.model.decided_on)


def _paid(operator: Operator) -> bool:
    return bool(operator.model.paid)


def _not_upgraded(operator: Operator) -> bool:
    return not operator.upgraded


Rule = Callable[[Operator], None]

RULES: Final[dict[Rule, tuple[int, Callable[[Operator], object]]]] = {
    ingest: (2, _always),
    close: (4, _always),
    close_again: (2, _closed),
    close_and_give_up: (2, _always),
    pay: (2, _closed),
    pay_and_restate: (2, _closed),
    approve: (2, _closed),
    adjust: (2, _always),
    award_correction: (2, _paid),
    claw_back: (2, over_awarded),
    convert: (2, with_points),
    reward: (1, with_points),
    announce_a_holiday: (1, _always),
    move_the_clock: (1, _always),
    restart: (1, _always),
    upgrade: (1, _not_upgraded),
}


def step(operator: Operator) -> None:
    """Take one step that is possible now, and compare the ledger with the model's."""
    possible = {rule: often for rule, (often, may) in RULES.items() if may(operator)}
    (rule,) = operator.chance.choices(list(possible), list(possible.values()))
    rule(operator)
    operator.agrees()
