"""An operator at work for months: ingest, close, restate, rerun, pay, announce, adjust, correct, in
any order, killed and retried at any statement; beside a naive model that starts from scratch."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from adapters.postgres.corrections import binding_awards
from adapters.postgres.database import open_database
from adapters.postgres.decisions import decisions
from adapters.postgres.evaluations import current_evaluations
from adapters.postgres.ledger import BalanceTooLow, paid_months
from adapters.postgres.payout_dates import planned_payouts
from adapters.postgres.verification.verify import verify
from domain.corrections import EarnedInAnotherMonth
from domain.decision import Decision, Outcome, decide
from domain.eligibility import Terms
from domain.ledger import Award
from domain.months import SettlementMonth
from domain.payout_date import payout_date
from flows.closing.cascade import ChangesPaidMonths
from flows.correcting.refusals import CorrectionRefused, LaterMonthOutdated
from flows.paying.pay_out_month import PayoutOutdated
from flows.paying.reschedule_payouts import reschedule_payouts
from flows.verifying.replay import replay_decisions
from tests.adapters.ledger_world import balances, database_of_its_own
from tests.closings import FAR_AHEAD, POLICIES, Delivered, Program, Sold, cause
from tests.d_commerce import D_COMMERCE_2020

HISTORY = tuple(SettlementMonth(2026, number) for number in (4, 5))
MONTHS = tuple(SettlementMonth(2026, number) for number in (6, 7, 8, 9))
SELLERS = tuple(f"s{number:02}" for number in range(24))
BOUNDS = tuple(3 * krw for krw in (2_000_000, 8_000_000, 40_000_000, 80_000_000))

amounts = st.sampled_from(
    [0, 1, -1, 3_000_000, 12_000_000, -9_000_000, *BOUNDS, *(krw - 1 for krw in BOUNDS)]
)
stores = st.builds(
    Sold,
    amount_krw=amounts,
    approved_on=st.sampled_from([date(2025, 7, 2), date(2025, 12, 31), date(2026, 4, 1)]),
    status=st.sampled_from(["NORMAL"] * 5 + ["PAUSED"]),
    uses_api=st.sampled_from([False] * 9 + [True]),
)
deliveries = st.fixed_dictionaries(
    dict.fromkeys(SELLERS[:8], stores), optional=dict.fromkeys(SELLERS[8:], stores)
)


class Model:
    """The program, naively: what was delivered and done, and all that follows, from scratch."""

    def __init__(self) -> None:
        self.current: dict[SettlementMonth, Delivered] = {}
        self.decided_on: dict[SettlementMonth, list[Delivered]] = {}
        self.paid: dict[SettlementMonth, set[Award]] = {}
        self.corrected: set[Award] = set()
        self.clawed_back: set[Award] = set()
        self.adjusted: Counter[str] = Counter()
        self.due_on: dict[SettlementMonth, date] = {}

    def evaluate(self, first: SettlementMonth, later_only: bool = False) -> None:
        closed = {each for each in self.decided_on if each > first}
        for month in closed if later_only else {first, *closed}:
            self.decided_on[month] = [self.current[each] for each in month.window(3)]

    def outcome(self) -> tuple[dict[SettlementMonth, dict[str, Decision]], set[Award]]:
        given = self.corrected.union(*self.paid.values())
        held = {(award.seller_id, award.tier) for award in given}
        decided = {}
        for month, window in sorted(self.decided_on.items()):
            terms = Terms.of(D_COMMERCE_2020, month)
            decided[month] = {
                seller: decide(
                    store.facts(seller, _sum(window, seller), _tiers(given, seller, month)), terms
                )
                for seller, store in window[-1].items()
            }
            if month not in self.paid:
                earned = earned_in(decided[month])
                given |= {each for each in earned if (each.seller_id, each.tier) not in held}
        return decided, given

    def outdated(self, month: SettlementMonth) -> bool:
        return self.decided_on[month] != [self.current[each] for each in month.window(3)]

    def later_outdated(self, month: SettlementMonth) -> bool:
        return any(self.outdated(each) for each in self.decided_on if each > month)

    def missing(self, month: SettlementMonth) -> set[Award]:
        """What a paid month earned, and the store has from no month."""
        decided, given = self.outcome()
        owned = {(award.seller_id, award.tier) for award in given - self.clawed_back}
        earned = earned_in(decided[month]) if month in self.paid else set()
        return {each for each in earned if (each.seller_id, each.tier) not in owned}

    def otherwise_paid(self, month: SettlementMonth) -> set[Award]:
        """What a paid month gave, and did not earn."""
        decided, given = self.outcome()
        own = {each for each in given if each.settlement_month == month} - self.clawed_back
        return own - earned_in(decided[month]) if month in self.paid else set()

    def earned(self, award: Award) -> bool:
        """Say whether any month earned the tier of an award."""
        earned = set[Award]().union(*map(earned_in, self.outcome()[0].values()))
        return (award.seller_id, award.tier) in {(each.seller_id, each.tier) for each in earned}

    def balances(self) -> dict[str, tuple[int, int]]:
        pending, available = Counter[str](), Counter(self.adjusted)
        for award in self.outcome()[1]:
            paid = award.settlement_month in self.paid
            if award not in self.clawed_back:
                (available if paid else pending)[award.seller_id] += award.points
        sellers = {*pending, *available}
        found = {seller: (pending[seller], available[seller]) for seller in sellers}
        return {seller: both for seller, both in found.items() if any(both)}


def earned_in(decided: dict[str, Decision]) -> set[Award]:
    return {
        Award(each.settlement_month, each.seller_id, each.tier or 0, each.points)
        for each in decided.values()
        if each.outcome is Outcome.AWARDED
    }


def _sum(window: list[Delivered], seller: str) -> int:
    return sum(delivered.get(seller, Sold()).amount_krw for delivered in window)


def _tiers(given: set[Award], seller: str, before: SettlementMonth) -> frozenset[int]:
    return frozenset(
        award.tier
        for award in given
        if award.seller_id == seller and award.settlement_month < before
    )


class Operator(RuleBasedStateMachine):
    """Everything that an operator does, on a database of its own."""

    server: tuple[str, str]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        url = self.stack.enter_context(database_of_its_own(*self.server))
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        engine = self.stack.enter_context(open_database(url))
        self.program = Program(engine, folder)
        self.killer = create_engine(
            url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
        )
        self.model = Model()
        self.reasons = 0

    def teardown(self) -> None:
        with self.program.engine.connect() as connection:
            assert [*verify(connection), *replay_decisions(connection)] == []
        self.killer.dispose()
        self.stack.close()

    @initialize(first=deliveries, second=deliveries)
    def ingest_history(self, first: Delivered, second: Delivered) -> None:
        for month, delivered in zip(HISTORY, (first, second), strict=True):
            self.ingest(month, delivered)

    @rule(month=st.sampled_from(MONTHS), delivered=deliveries, at=st.integers(1, 12))
    def ingest(self, month: SettlementMonth, delivered: Delivered, at: int = 0) -> None:
        self._retried(at, lambda: self.program.ingest(str(month), delivered))
        self.model.current[month] = delivered

    def _ready(self) -> list[SettlementMonth]:
        known = self.model.current
        return [month for month in MONTHS if all(each in known for each in month.window(3)[:-1])]

    @rule(data=st.data(), delivered=deliveries, preview=st.booleans())
    def close(self, data: st.DataObject, delivered: Delivered, preview: bool) -> None:
        """A first closing or a restatement, seen before or not."""
        self._close(data.draw(st.sampled_from(self._ready())), delivered, preview=preview)

    @precondition(lambda self: self.model.decided_on)
    @rule(data=st.data())
    def close_again(self, data: st.DataObject) -> None:
        month = data.draw(st.sampled_from(sorted(self.model.decided_on)))
        self._close(month, self.model.current[month])

    @rule(data=st.data(), delivered=deliveries, at=st.integers(1, 60))
    def close_killed(self, data: st.DataObject, delivered: Delivered, at: int) -> None:
        """A closing whose connection dies at its n-th statement, if it has so many."""
        month = data.draw(st.sampled_from(self._ready()))
        with suppress(DBAPIError), killed_at(self.program.engine, self.killer, at):
            self._close(month, delivered)

    def _retried(self, at: int, deed: Callable[[], object]) -> None:
        """Do something whose connection dies at its n-th statement, then do it again."""
        with suppress(DBAPIError), killed_at(self.program.engine, self.killer, at):
            deed()
        deed()

    def _close(self, month: SettlementMonth, delivered: Delivered, preview: bool = False) -> None:
        if preview:
            self.program.close(str(month), delivered, preview=True)
            self.agrees_with_the_model()
        try:
            self.program.close(str(month), delivered)
        except ChangesPaidMonths:
            self.agrees_with_the_model()
            self.program.close(str(month), delivered, acknowledge_paid=True)
        self.model.current[month] = delivered
        self.model.evaluate(month)
        self._reschedule_in_the_model(each for each in self.model.decided_on if each >= month)

    @precondition(lambda self: self.model.decided_on)
    @rule(data=st.data(), at=st.integers(1, 12))
    def pay(self, data: st.DataObject, at: int) -> None:
        self._pay(data.draw(st.sampled_from(sorted(self.model.decided_on))), at)

    def _pay(self, month: SettlementMonth, at: int) -> None:
        if month not in self.model.paid and self.model.outdated(month):
            with pytest.raises(PayoutOutdated):
                self.program.pay(str(month), FAR_AHEAD)
            return
        self._retried(at, lambda: self.program.pay(str(month), FAR_AHEAD))
        _, given = self.model.outcome()
        own = {each for each in given if each.settlement_month == month}
        self.model.paid.setdefault(month, own)

    @precondition(lambda self: self.model.decided_on)
    @rule(data=st.data(), delivered=deliveries, at=st.integers(1, 12))
    def pay_and_restate(self, data: st.DataObject, delivered: Delivered, at: int) -> None:
        month = data.draw(st.sampled_from(sorted(self.model.decided_on)))
        self._pay(month, at)
        self._close(month, delivered)

    @rule(
        seller=st.sampled_from(SELLERS),
        points=st.sampled_from([-9_000, 5_000]),
        at=st.integers(1, 12),
    )
    def adjust(self, seller: str, points: int, at: int) -> None:
        if not any(seller in delivered for delivered in self.model.current.values()):
            return
        if not self.model.decided_on:  # until a month is closed, it would need an approval
            return
        self.reasons += 1
        available = self.model.balances().get(seller, (0, 0))[1]
        try:
            reason = f"reason {self.reasons}"
            self._retried(at, lambda: self.program.adjust(seller, points, reason=reason))
        except BalanceTooLow:
            assert available + points < 0
        else:
            self.model.adjusted[seller] += points

    @precondition(lambda self: self.model.paid)
    @rule(data=st.data(), at=st.integers(1, 40))
    def award_correction(self, data: st.DataObject, at: int) -> None:
        missing = sorted(set().union(*map(self.model.missing, self.model.paid)))
        if not missing:
            with pytest.raises(CorrectionRefused, match="lacks"):
                self.program.adjust(SELLERS[0], 150_001, grants=str(max(self.model.paid)))
            return
        award = data.draw(st.sampled_from(missing))
        month = award.settlement_month
        give = partial(self.program.adjust, award.seller_id, award.points, grants=str(month))
        whose = award.seller_id, award.tier
        returned = {each for each in self.model.clawed_back if (each.seller_id, each.tier) == whose}
        if not returned and self.model.later_outdated(month):
            with pytest.raises(LaterMonthOutdated):
                give()
            return
        try:
            self._retried(at, give)
        except ChangesPaidMonths:
            self.agrees_with_the_model()
            give(acknowledge_paid=True)
        if returned:
            self.model.clawed_back -= returned
            return
        self.model.corrected.add(award)
        self.model.evaluate(month, later_only=True)

    @precondition(lambda self: any(map(self.model.otherwise_paid, self.model.paid)))
    @rule(data=st.data(), at=st.integers(1, 20))
    def claw_back(self, data: st.DataObject, at: int) -> None:
        over = sorted(set().union(*map(self.model.otherwise_paid, self.model.paid)))
        award = data.draw(st.sampled_from(over))
        available = self.model.balances().get(award.seller_id, (0, 0))[1]
        try:
            words, month = (award.seller_id, -award.points), str(award.settlement_month)
            self._retried(at, lambda: self.program.adjust(*words, grants=month))
        except CorrectionRefused as refused:
            earned_in_another_month = isinstance(refused.refusal, EarnedInAnotherMonth)
            assert earned_in_another_month
            assert self.model.earned(award)
        except BalanceTooLow:
            assert available < award.points
        else:
            assert not self.model.earned(award)
            self.model.clawed_back.add(award)

    @rule(month=st.sampled_from(MONTHS), day=st.integers(10, 14), at=st.integers(1, 12))
    def announce_a_holiday(self, month: SettlementMonth, day: int, at: int) -> None:
        self.program.holidays[month.payout_month.first_day.replace(day=day)] = "Temporary holiday"
        facts = self.program.engine, cause(), POLICIES, self.program.calendar
        self._retried(at, lambda: reschedule_payouts(*facts))
        self._reschedule_in_the_model(self.model.decided_on)

    def _reschedule_in_the_model(self, months: Any) -> None:
        for month in months:
            if month not in self.model.paid:
                planned = payout_date(D_COMMERCE_2020.payout, month, self.program.holidays)
                self.model.due_on[month] = planned.due_on

    @invariant()
    def agrees_with_the_model(self) -> None:
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
            planned = planned_payouts(connection)
            assert {month: plan.due_on for month, plan in planned.items()} == self.model.due_on
            held = balances(connection)
        assert {seller: both for seller, both in held.items() if any(both)} == (
            self.model.balances()
        )


@contextmanager
def killed_at(engine: Engine, killer: Engine, at: int) -> Iterator[None]:
    """Let the server end the connection that is about to run the n-th statement from now."""
    statements = 0

    def count(connection: Any, cursor: Any, *_: object) -> None:
        nonlocal statements
        statements += 1
        if statements == at:
            _end(killer, cursor.connection.info.backend_pid)

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", count)


def _end(killer: Engine, pid: int) -> None:
    """End a server process and wait until it is gone; told to wait, the server looks at 10 Hz."""
    asked = {"pid": pid}
    with killer.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid)"), asked)
        while other.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid"), asked):
            time.sleep(0.001)


def _work(
    server_url: str,
    template: str,
    *,
    examples: int,
    steps: int,
    phases: tuple[Phase, ...],
    number: int = 0,
) -> None:
    """Let operators work, others for each number, always the same for one."""
    Operator.server = (server_url, template)
    seed(number)(Operator)
    run_state_machine_as_test(
        Operator,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_whatever_an_operator_does_ends_as_one_perfect_run_would(
    server_url: str, migrated_template: str
) -> None:
    """A failure is told at once, with all its steps; the long test below makes it short."""
    _work(server_url, migrated_template, examples=8, steps=14, phases=(Phase.generate,))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, 7))
def test_whatever_an_operator_does_for_long_ends_as_one_perfect_run_would(
    server_url: str, migrated_template: str, number: int
) -> None:
    """150 operators of 30 steps, in parts for several cores: pytest -m slow -n 2."""
    phases = (Phase.generate, Phase.shrink)
    _work(server_url, migrated_template, examples=25, steps=30, phases=phases, number=number)
