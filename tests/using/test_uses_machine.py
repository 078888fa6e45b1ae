"""Stores that use their points at random, on real PostgreSQL beside a naive model.

Each step is answered as the model says, and afterwards everything that anybody sees is the model's.
A step that is cut off in the middle changes nothing. `USES_EXAMPLES` and `USES_STEPS` say how many.
"""

import os
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar, Final

from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from adapters.postgres.database import open_database
from domain.months import SettlementMonth
from domain.payout_date import payout_date
from tests.adapters.ledger_world import POINTS, POLICY, database_of_its_own
from tests.simulation.troubles import connection_ended, disk_full
from tests.using.naive_model import STORES, Delivered, NaiveModel, Step, replay
from tests.using.stores_at_work import StoresAtWork, expected

if TYPE_CHECKING:
    from domain.using.ad_credit import CreditRequest

EXAMPLES, STEPS = (
    int(os.environ.get(name, default))
    for name, default in {"USES_EXAMPLES": "10", "USES_STEPS": "30"}.items()
)
FIRST_DAY: Final = date(2027, 2, 8)
LEAP_DAY: Final = date(2028, 2, 29)
TROUBLES: Final = (connection_ended, disk_full)
_DAY = timedelta(days=1)

stores = st.sampled_from(STORES)
shares = st.sampled_from((0.001, 0.1, 0.4, 0.4, 1, 1, 2))


class UsesMachine(RuleBasedStateMachine):
    """Stores at work on a database of their own."""

    server_url: ClassVar[str]
    template: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        folder = Path(self.open.enter_context(TemporaryDirectory()))
        url = self.open.enter_context(database_of_its_own(self.server_url, self.template))
        engine = self.open.enter_context(open_database(url))
        self.at_work = StoresAtWork(engine, url, folder)
        self.history: list[Step] = []
        self.model = NaiveModel()
        self.decided: dict[CreditRequest, str] = {}

    def teardown(self) -> None:
        """Let the ad system answer about everything, then verify the whole database once."""
        for key, each in self.model.conversions.items():
            if each.state == "held":
                self.do("ask", *key, "delivered", True)
        differences = self.at_work.differences()
        self.open.close()
        assert differences == []

    def do(self, what: str, *about: Any, cut_off_at: int = 0) -> None:
        """Do a step here and there: the answer and all that is seen are the same."""
        note(f"{what}{about}, cut off at {cut_off_at}")
        answer = self._cut_off(cut_off_at, what, about)
        self.history.append((what, about))
        self.model, expected_answer = replay(self.history)
        if answer is None:
            answer = getattr(self.at_work, what)(*about)
        assert answer == expected_answer
        self.compare()

    def _cut_off(self, at: int, what: str, about: tuple[Any, ...]) -> str | None:
        """Cut a step off before its n-th statement; return its answer if it was over before."""
        if not at:
            return None
        answers: list[str] = []

        def deed() -> None:
            answers.append(getattr(self.at_work, what)(*about))

        if not TROUBLES[at % 2](at, deed, self.at_work.engine):
            return answers[0]
        if what == "ask" and self.at_work.decided() != self.decided:
            store, request, decides, _ = about
            self.history.append((what, (store, request, decides, False)))  # its answer is lost
            self.model, _ = replay(self.history)
        self.compare()
        return None

    def compare(self) -> None:
        """Compare all that is seen with the model."""
        seen = self.at_work.seen()
        for part, there in expected(self.model).items():
            assert seen[part] == there, part
        self.decided = self.at_work.decided()

    @initialize()
    def begin(self) -> None:
        """Link one account to all stores; two of them have points."""
        self.do("day", FIRST_DAY)
        for store in STORES:
            self.do("link", store, "ads-1")
        for store in STORES[:2]:
            self.do("adjust", store, 100_000, f"first of {store}")

    @rule(
        late=st.integers(0, 1),
        tiers=st.dictionaries(stores, st.sampled_from(sorted(POINTS)), min_size=1),
    )
    def award(self, late: int, tiers: dict[str, int]) -> None:
        """Close a month whose payout is about due, with tiers that the stores do not have."""
        month = SettlementMonth.of(self.model.today) - (1 + late)
        closed = {about[0]: about[2] for what, about in self.history if what == "award"}
        had = {(store, points) for of in closed.values() for store, points in of.items()}
        awards = {store: POINTS[tier] for store, tier in tiers.items()}
        new = {store: points for store, points in awards.items() if (store, points) not in had}
        if str(month) not in closed and new:
            due_on = payout_date(POLICY.policy.payout, month, {}).due_on
            self.do("award", str(month), due_on, new)

    @precondition(lambda self: self.model.unpaid)
    @rule(data=st.data(), at=st.integers(0, 12))
    def pay(self, data: st.DataObject, at: int) -> None:
        """Pay a month, too early or late."""
        month = data.draw(st.sampled_from(sorted(self.model.unpaid)))
        self.do("pay", month, cut_off_at=at)

    @rule(store=stores, points=st.sampled_from((1, 1_000, 70_000, -1, -20_000, -300_000)))
    def adjust(self, store: str, points: int) -> None:
        """Give or take points."""
        self.do("adjust", store, points, f"adjustment {len(self.history)}")

    @rule(store=stores, account=st.sampled_from(("ads-1", "ads-1", "ads-2", None)))
    def link(self, store: str, account: str | None) -> None:
        """Link an account, or unlink it."""
        self.do("link", store, account)

    @rule(store=stores, share=shares, at=st.integers(0, 12))
    def convert(self, store: str, share: float, at: int) -> None:
        """Convert some of the points, all, or more."""
        points = max(1, int(self.model.available(store) * share))
        self.do("convert", store, f"r{len(self.history)}", points, cut_off_at=at)

    @precondition(lambda self: self.model.conversions)
    @rule(data=st.data(), more=st.sampled_from((0, 0, 1)))
    def convert_again(self, data: st.DataObject, more: int) -> None:
        """Send a request again, or its id with other content."""
        store, request = key = data.draw(st.sampled_from(sorted(self.model.conversions)))
        self.do("convert", store, request, self.model.conversions[key].points + more)

    @precondition(lambda self: self.model.conversions)
    @rule(
        data=st.data(),
        decides=st.sampled_from(("delivered", "refused", "refused", None)),
        heard=st.booleans(),
        at=st.integers(0, 12),
    )
    def ask(self, data: st.DataObject, decides: str | None, heard: bool, at: int) -> None:
        """Deliver a conversion to the ad system; if that is cut off, its answer is lost."""
        held = [key for key, each in self.model.conversions.items() if each.state == "held"]
        key = data.draw(st.sampled_from(sorted(held or self.model.conversions)))
        self.do("ask", *key, decides, heard, cut_off_at=at)

    @rule(
        data=st.data(),
        store=stores,
        ago=st.sampled_from((0, 0, 1, 3, 9)),
        goes_on=st.booleans(),
        shares=st.lists(shares, min_size=1, max_size=4),
        at=st.integers(0, 30),
    )
    def reward(
        self, data: st.DataObject, store: str, ago: int, goes_on: bool, shares: list[float], at: int
    ) -> None:
        """Deliver a reward day: a new event, or more of a known one, and cancellations."""
        day, number = self.model.today - ago * _DAY, len(self.history)
        name, first = f"e{number}", 1
        known = [
            key
            for key, each in self.model.entries.items()
            if each.is_.store == store and each.day == day and not each.is_.cancels
        ]
        if known and goes_on:
            name, _ = data.draw(st.sampled_from(sorted(known)))
            first = max(position for event_id, position in known if event_id == name) + 1
        points = [max(1, int(self.model.available(store) * share / 2)) for share in shares]
        new = [
            Delivered(name, position, store, each) for position, each in enumerate(points, first)
        ]
        entries = (*new, *self._cancelling(data, f"x{number}", new))
        self.do("deliver", day, entries, cut_off_at=at)

    def _cancelling(self, data: st.DataObject, name: str, new: list[Delivered]) -> list[Delivered]:
        """Cancel some entries, of this delivery or of earlier ones, also those cancelled before."""
        there = [each.is_ for each in self.model.entries.values()]
        every = sorted(each for each in (*there, *new) if not each.cancels)
        cancelled = data.draw(st.lists(st.sampled_from(every), max_size=2))
        return [
            Delivered(f"{name}.{no}", 1, each.store, each.points, (each.event_id, each.position))
            for no, each in enumerate(cancelled)
        ]

    @precondition(lambda self: self.model.deliveries)
    @rule(data=st.data(), changed=st.sampled_from((0, 0, 1)), alone=st.booleans())
    def deliver_again(self, data: st.DataObject, changed: int, alone: bool) -> None:
        """Deliver a day again, as it was or changed, alone or with another entry."""
        day, entries = data.draw(st.sampled_from(self.model.deliveries))
        first = entries[0]._replace(points=entries[0].points + changed)
        more = () if alone else (Delivered(f"m{len(self.history)}", 1, first.store, 10),)
        self.do("deliver", day, (first, *entries[1:], *more))

    @rule(store=stores, at=st.integers(0, 20))
    def retry(self, store: str, at: int) -> None:
        """Try a store's refused entries again."""
        self.do("retry", store, cut_off_at=at)

    @rule(what=st.sampled_from(("expire", "tell")), at=st.integers(0, 12))
    def run_daily(self, what: str, at: int) -> None:
        """Expire what is due, or tell who is due."""
        self.do(what, cut_off_at=at)
        self.do(what)

    @rule(
        data=st.data(),
        days=st.sampled_from((1, 3, 8, 25)),
        first=st.sampled_from(("tell", "tell", "expire", None)),
    )
    def let_days_pass(self, data: st.DataObject, days: int, first: str | None) -> None:
        """Let some days pass, or all until a leap day, a year's end or a last usable day."""
        today = self.model.today
        last_days = filter(None, (self.model.last_day(store) for store in STORES))
        goals = {today + days * _DAY, LEAP_DAY, LEAP_DAY + _DAY, date(today.year, 12, 31)}
        goals |= {last + left * _DAY for last in last_days for left in (-30, -7, 0, 1)}
        self.do("day", data.draw(st.sampled_from(sorted(goal for goal in goals if goal > today))))
        if first is not None:
            self.do(first)


def test_whatever_stores_do_is_what_the_rules_say(server_url: str, migrated_template: str) -> None:
    UsesMachine.server_url, UsesMachine.template = server_url, migrated_template
    run_state_machine_as_test(
        UsesMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],  # a database for each example: no shrinking
            suppress_health_check=list(HealthCheck),
        ),
    )
