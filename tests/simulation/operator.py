"""An operator at work on a database of its own, whatever happens to it, beside a naive model."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

import pytest
from sqlalchemy import Connection

from adapters.postgres.corrections import binding_awards
from adapters.postgres.database import open_database
from adapters.postgres.decisions import decisions
from adapters.postgres.evaluations import current_evaluations
from adapters.postgres.ledger import paid_months
from adapters.postgres.migrating import DatabaseNewer
from adapters.postgres.payout_dates import planned_payouts
from adapters.postgres.runs import Action, runs_of
from adapters.postgres.verification.verify import verify
from domain.months import SettlementMonth
from domain.refusal import Refused
from flows.paying.open_payouts import open_payouts
from flows.verifying.replay import replay_decisions
from tests.adapters.ledger_world import balances, database_of_its_own
from tests.clocks import RIGHT, let_it_be, let_the_clock_decide, move_the_databases_clock
from tests.closings import Delivered, Program
from tests.simulation.draw import delivery
from tests.simulation.later_version import later_version
from tests.simulation.model import Model
from tests.simulation.troubles import BEFORE_THE_COMMIT, TROUBLES, Deed, Trouble, no_trouble

MONTHS: Final = tuple(SettlementMonth(2026, number) for number in (6, 7, 8, 9))
TODAY: Final = date(2026, 11, 10)
"""The day by which the database decides what may be used."""

FEW_STATEMENTS: Final = 8
STATEMENTS: Final = 18

Item = TypeVar("Item")


class Operator:
    """Whoever works with the program; what is done is cut off by a trouble, then done again.

    `told` is the history so far, a line for each step and trouble; `counted` says how often each
    came about.
    """

    def __init__(self, url: str, folder: Path, seed: int) -> None:
        self.url, self.folder, self.chance = url, folder, Random(seed)  # noqa: S311 no secret
        self.model = Model()
        self.told: list[str] = []
        self.counted: Counter[str] = Counter()
        self.version, self.running = ExitStack(), ExitStack()
        self.upgraded = False
        self.program = Program(self.running.enter_context(open_database(url)), folder)

    # What comes by chance.

    def any_of(self, things: Sequence[Item]) -> Item:
        """Draw one of several things."""
        return self.chance.choice(things)

    def closed_month(self) -> SettlementMonth:
        """Draw a month that was closed."""
        return self.any_of(sorted(self.model.decided_on))

    def ready_month(self) -> SettlementMonth:
        """Draw a month that can be closed."""
        known = self.model.delivered
        ready = [each for each in MONTHS if all(one in known for one in each.window(3)[:-1])]
        return self.any_of(ready)

    def delivery(self, month: SettlementMonth) -> Delivered:
        """Draw a delivery of a month."""
        return delivery(self.chance, self.model.delivered.get(month, []))

    # What is done, and what happens to it.

    def tell(self, what: str, *facts: object) -> None:
        """Add to the history."""
        self.counted[what] += 1
        self.told.append(" ".join(map(str, (what, *facts))))

    def do(self, deed: Deed, most: int = STATEMENTS) -> None:
        """Do something, cut off or not, then do it again."""
        self._cut_off(self.any_of((*TROUBLES, no_trouble)), deed, most)
        deed()

    def refused(self, deed: Deed, refusal: type[Refused]) -> None:
        """Do something that is refused, cut off or not, and changes nothing."""
        with pytest.raises(refusal):
            self.do(deed)
        self.changed_nothing(refusal)

    def changed_nothing(self, refusal: type[Refused]) -> None:
        """Have a refusal in the history; it changes nothing."""
        self.tell(f"  refused: {refusal.__name__}")
        self.agrees()

    def give_up(self, deed: Deed, most: int = STATEMENTS) -> bool:
        """Do something that is not done again when it is cut off; say whether it was."""
        return self._cut_off(self.any_of(BEFORE_THE_COMMIT), deed, most)

    def _cut_off(self, trouble: Trouble, deed: Deed, most: int) -> bool:
        at = self.chance.randint(1, most)
        self.told.append(f"  {trouble.__name__} at {at}")
        struck = trouble(at, deed, self.program.engine)
        if struck:
            self.counted[trouble.__name__] += 1
        return struck

    def start(self) -> None:
        """Start the program anew, which brings the database to its version."""
        self.running.close()
        self.program.engine = self.running.enter_context(open_database(self.url))

    def upgrade(self) -> None:
        """Have a later version of the program from now on; the earlier one then refuses."""
        with later_version(self.folder / "later"):
            self.do(self.start, most=12)
        with pytest.raises(DatabaseNewer):
            self.start()
        self.version.enter_context(later_version(self.folder / "lasting"))
        self.start()
        self.upgraded = True

    # What must hold.

    def agrees(self) -> None:
        """Compare all that the program holds with the model."""
        decided, given = self.model.outcome()
        with self.program.engine.connect() as connection:
            found = {
                each.settlement_month: {
                    decision.seller_id: decision
                    for decision in decisions(connection, each.evaluation_id)
                }
                for each in current_evaluations(connection)
            }
            assert found == decided
            assert binding_awards(connection) == given
            assert paid_months(connection) == set(self.model.paid)
            for month in decided:
                assert _payouts_in_history(connection, month) == (month in self.model.paid)
            planned = planned_payouts(connection)
            assert {month: plan.due_on for month, plan in planned.items()} == self.model.due_on
            held, payouts = balances(connection), open_payouts(connection)
        assert {seller: both for seller, both in held.items() if any(both)} == (
            self.model.balances()
        )
        unpaid = {month for month in decided if month not in self.model.paid}
        assert {
            month: (payout.points, payout.approval is not None, payout.waits(payout.rule))
            for month, payout in payouts.items()
        } == {month: self.model.open_payout(month) for month in unpaid}

    def finish(self) -> None:
        """Set the clock right, verify and replay; points were used on a day of their own."""
        move_the_databases_clock(self.url, RIGHT)
        let_the_clock_decide(self.url)
        with self.program.engine.connect() as connection:
            found = [*map(str, verify(connection)), *map(str, replay_decisions(connection))]
        assert [each for each in found if "request or another day" not in each] == []


def _payouts_in_history(connection: Connection, month: SettlementMonth) -> int:
    return sum(run.changed for run in runs_of(connection, month) if run.action == Action.PAY_OUT)


@contextmanager
def operator_at_work(server_url: str, template: str, seed: int) -> Iterator[Operator]:
    """Have an operator work on a copy of a template; whatever goes wrong tells the history."""
    with (
        database_of_its_own(server_url, template) as url,
        TemporaryDirectory(prefix="growth-points-simulation-") as folder,
    ):
        operator = Operator(url, Path(folder), seed)
        let_it_be(url, TODAY)
        with operator.running, operator.version:
            try:
                yield operator
            except BaseException as error:
                error.add_note("\n".join(operator.told))
                raise
