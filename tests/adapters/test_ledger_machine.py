"""The ledger on real PostgreSQL beside a small model of whole numbers, under random commands.

A command is refused exactly when the model says so, and then changes nothing. Whatever happens:
all balances add up to nothing, each is the fold of its transfers, none is below its floor, and
the ledger as it stood at any seal is what the model remembers of that moment.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from adapters.postgres import ledger
from adapters.postgres.as_of import seller_balances
from adapters.postgres.database import open_database
from adapters.postgres.using import today
from adapters.postgres.verification.verify import verify
from domain.ledger import MOST_POINTS, SELLER_ACCOUNTS, Award
from domain.months import SettlementMonth
from domain.payout_date import payout_date
from domain.refusal import Refused, WrongUsage
from domain.restatement import restate
from tests.adapters.ledger_world import (
    POINTS,
    POLICY,
    adjust,
    as_owner,
    balances,
    convert,
    database_of_its_own,
    end_conversion,
    evaluate,
    link,
    pay,
    plan,
    post,
    program_balances_at,
    set_budget,
)
from tests.closings import cause

if TYPE_CHECKING:
    from adapters.postgres.evaluations import Evaluation

SELLERS = "abc"
MONTHS = tuple(SettlementMonth(2026, number) for number in (8, 9, 10))
DUE_ON = {month: payout_date(POLICY.policy.payout, month, {}).due_on for month in MONTHS}

sellers = st.sampled_from(SELLERS)
months = st.sampled_from(MONTHS)
tiers_by_seller = st.dictionaries(sellers, st.sampled_from(tuple(POINTS)), max_size=len(SELLERS))
points = st.integers(-400_000, 400_000) | st.sampled_from(
    [0, MOST_POINTS, -MOST_POINTS, MOST_POINTS + 1, 2**63, -(2**63)]
)
REFUSALS = (Refused, WrongUsage, DBAPIError)


@dataclass
class Model:
    """What the ledger must hold: the fund is below zero by what is out."""

    pending: Counter[str] = field(default_factory=Counter)
    available: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    delivered: int = 0
    floor: int | None = None
    standing: set[Award] = field(default_factory=set)
    paid: set[SettlementMonth] = field(default_factory=set)

    @property
    def fund(self) -> int:
        """The program fund: all balances add up to nothing."""
        return -(self.pending.total() + self.available.total() + self.held.total() + self.delivered)

    def covers(self, amount: int) -> bool:
        """Say whether the budget covers another amount."""
        return self.floor is None or self.fund - amount >= self.floor

    def sellers(self) -> dict[str, tuple[int, ...]]:
        """Every seller's pending, available and held points, those without any left out."""
        accounts = (self.pending, self.available, self.held)
        every = {seller: tuple(each[seller] for each in accounts) for seller in SELLERS}
        return {seller: held for seller, held in every.items() if any(held)}


class LedgerMachine(RuleBasedStateMachine):
    """Random commands on a database of its own."""

    server_url: ClassVar[str]
    template: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        url = self.open.enter_context(database_of_its_own(self.server_url, self.template))
        self.engine: Engine = self.open.enter_context(open_database(url))
        self.owner: Engine = self.open.enter_context(as_owner(url))
        _let_points_be_usable(self.engine)
        self.model = Model()
        self.history: dict[int, tuple[dict[str, tuple[int, ...]], dict[str, int]]] = {}
        self.requests: list[tuple[str, int, str]] = []
        self.asked = 0
        self.held: list[tuple[str, ledger.Posted]] = []
        self.posted: list[tuple[SettlementMonth, Evaluation, tuple[Award, ...]]] = []

    def teardown(self) -> None:
        """Verify the whole database once, then drop it."""
        with self.engine.connect() as connection:
            differences = [str(difference) for difference in verify(connection)]
        self.open.close()
        assert differences == []

    @contextmanager
    def command(self, *, refused: bool) -> Iterator[Connection]:
        """Run a command in a transaction of its own; it is refused exactly when it should be."""
        if not refused:
            with self.engine.begin() as connection:
                yield connection
                ledger.check_now(connection)
            return
        with pytest.raises(REFUSALS), self.engine.begin() as connection:  # noqa: PT012 any of it
            yield connection
            ledger.check_now(connection)

    @rule(month=months, tiers=tiers_by_seller)
    def close(self, month: SettlementMonth, tiers: Mapping[str, int]) -> None:
        """Evaluate a month (again) and post the difference; after its payout, nothing."""
        standing = {award for award in self.model.standing if award.settlement_month == month}
        held = {(each.seller_id, each.tier) for each in self.model.standing - standing}
        earned = {
            Award(month, *each, POINTS[each[1]]) for each in tiers.items() if each not in held
        }
        way = restate(standing, earned, paid_out=month in self.model.paid)
        gained = sum(award.points for award in way.post)
        lost = sum(award.points for award in way.reverse)
        refused = not self.model.covers(gained - lost) and gained > lost
        with self.command(refused=refused) as connection:
            evaluation = evaluate(connection, sorted(earned), month=month)
            if way.reverse:
                ledger.reverse_awards(
                    connection,
                    evaluation,
                    way.reverse,
                    month.payout_month.first_day,
                    cause("restated"),
                )
            if way.post:
                post(connection, way.post, evaluation)
        if not refused:
            if way.post:
                self.posted.append((month, evaluation, tuple(way.post)))
            self.model.standing = set(way.applied_to(frozenset(self.model.standing)))
            for award in way.post:
                self.model.pending[award.seller_id] += award.points
            for award in way.reverse:
                self.model.pending[award.seller_id] -= award.points

    @rule(month=months, seller=sellers, tier=st.sampled_from(tuple(POINTS)))
    def award_what_is_held(self, month: SettlementMonth, seller: str, tier: int) -> None:
        """Award a tier that the seller holds from any month: never possible."""
        if not any((a.seller_id, a.tier) == (seller, tier) for a in self.model.standing):
            return
        award = [Award(month, seller, tier, POINTS[tier])]
        with self.command(refused=True) as connection:
            evaluation = evaluate(connection, award, month=month)
            post(connection, award, evaluation)

    @rule(month=months, late=st.integers(-1, 3))
    def pay_out(self, month: SettlementMonth, late: int) -> None:
        """Pay a month: once, not before its date; then all that was pending is available."""
        paid_before = month in self.model.paid
        with self.command(refused=late < 0 and not paid_before) as connection:
            if not paid_before:
                plans = text(
                    "SELECT count(*) FROM growth_points.payout_date WHERE settlement_month = :m"
                )
                if not connection.scalar(plans, {"m": month.first_day}):
                    evaluate_once(connection, month)
                    plan(connection, month=month)
            paid_on = DUE_ON[month] + timedelta(days=late)
            payout = pay(connection, month=month, on=paid_on)
            assert payout.created is not paid_before
        if late < 0 or paid_before:
            return
        self.model.paid.add(month)
        for award in self.model.standing:
            if award.settlement_month == month:
                self.model.pending[award.seller_id] -= award.points
                self.model.available[award.seller_id] += award.points

    @rule(seller=sellers, amount=points, approved=st.booleans())
    def adjust(self, seller: str, amount: int, approved: bool) -> None:
        """Give or take available points: not below zero, not over the budget, nothing hostile."""
        self.asked += 1
        key = f"adjustment/{self.asked}"
        if approved and abs(amount) <= MOST_POINTS:
            with self.owner.begin() as connection:
                ledger.record_adjustment_approval(connection, key, seller, amount, cause())
        possible = (
            amount != 0
            and abs(amount) <= (MOST_POINTS if approved else POLICY.policy.adjustment_limit)
            and self.model.available[seller] + amount >= 0
            and (amount < 0 or self.model.covers(amount))
        )
        with self.command(refused=not possible) as connection:
            assert adjust(connection, seller, amount, key=key).created
        if possible:
            self.model.available[seller] += amount
            self.requests.append((seller, amount, key))

    @rule(seller=sellers, amount=st.integers(1, 400_000))
    def convert(self, seller: str, amount: int) -> None:
        """Hold available points for a conversion: never below zero."""
        self.asked += 1
        refused = self.model.available[seller] < amount
        with self.command(refused=refused) as connection:
            held = convert(connection, seller, amount, request_id=f"r{self.asked}")
        if not refused:
            self.model.available[seller] -= amount
            self.model.held[seller] += amount
            self.held.append((seller, held))

    @rule(data=st.data(), delivered=st.booleans())
    def end(self, data: st.DataObject, delivered: bool) -> None:
        """End a conversion: its points are delivered, or return; once."""
        if not self.held:
            return
        seller, held = data.draw(st.sampled_from(self.held))
        self.held.remove((seller, held))
        for created in (True, False):
            with self.command(refused=False) as connection:
                ended = end_conversion(connection, held, delivered=delivered)
                assert ended.created is created
        with self.command(refused=True) as connection:
            end_conversion(connection, held, delivered=not delivered)
        self.model.held[seller] -= held.points
        if delivered:
            self.model.delivered += held.points
        else:
            self.model.available[seller] += held.points

    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        """Ask for an adjustment again: nothing happens; with other content it is refused."""
        if not self.requests:
            return
        seller, amount, key = data.draw(st.sampled_from(self.requests))
        with self.command(refused=False) as connection:
            assert not adjust(connection, seller, amount, key=key).created
        with self.command(refused=True) as connection:
            adjust(connection, seller, amount + 1 or 1, key=key)

    @rule(data=st.data())
    def replay_awards(self, data: st.DataObject) -> None:
        """Post awards again: nothing happens, whatever came since; other awards are refused."""
        if not self.posted:
            return
        month, evaluation, awards = data.draw(st.sampled_from(self.posted))
        with self.command(refused=False) as connection:
            again = post(connection, awards[::-1], evaluation)
            assert (again.created, again.transfers) == (False, len(awards))
        seller = data.draw(st.sampled_from("xyz"))
        with self.command(refused=True) as connection:
            others = [*awards[1:], Award(month, seller, 1, POINTS[1])]
            post(connection, others, evaluation)

    @rule(month=months)
    def reverse_what_was_paid(self, month: SettlementMonth) -> None:
        """Reverse awards of a paid month: never possible."""
        paid = sorted(a for a in self.model.standing if a.settlement_month == month)
        if month not in self.model.paid or not paid:
            return
        with self.command(refused=True) as connection:
            evaluation = evaluate(connection, [], month=month)
            ledger.reverse_awards(
                connection, evaluation, paid, month.payout_month.first_day, cause("a try")
            )

    @rule(floor=st.none() | st.integers(-2_000_000, 0))
    def set_a_budget(self, floor: int | None) -> None:
        """Set the budget: never below what is out already."""
        if floor is not None and self.model.fund < floor:
            with pytest.raises(DBAPIError), self.owner.begin() as connection:
                set_budget(connection, floor)
            return
        with self.owner.begin() as connection:
            set_budget(connection, floor)
        self.model.floor = floor

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        """Compare every balance, and remember the moment under the newest seal."""
        with self.engine.begin() as connection:
            head = ledger.seal_now(connection)
            held = {seller: each for seller, each in _accounts(connection).items() if any(each)}
            assert held == self.model.sellers()
            assert ledger.standing_awards(connection) == self.model.standing
            assert ledger.paid_months(connection) == self.model.paid
            if head is not None:
                program = program_balances_at(connection, head.seal_no)
                assert program.get("program_fund", 0) == self.model.fund
                assert program.get("search_ad_credit", 0) == self.model.delivered
                before = self.history.setdefault(head.seal_no, (held, program))
                assert before == (held, program), "a refused command changed something"

    @rule(data=st.data())
    def look_back(self, data: st.DataObject) -> None:
        """Read the balances as they stood at a moment that is remembered."""
        if not self.history:
            return
        seal_no = data.draw(st.sampled_from(sorted(self.history)))
        with self.engine.connect() as connection:
            folded = seller_balances(connection, seal_no=seal_no)
            held = {each.seller_id: tuple(each.points.values()) for each in folded}
            program = program_balances_at(connection, seal_no)
        assert ({seller: each for seller, each in held.items() if any(each)}, program) == (
            self.history[seal_no]
        )


def _accounts(connection: Connection) -> dict[str, tuple[int, ...]]:
    """Read every seller's pending, available and held points."""
    rows = connection.execute(
        text("SELECT seller_id, account, points FROM growth_points.balance")
    ).all()
    every = {(row.seller_id, row.account): row.points for row in rows}
    return {
        seller: tuple(every.get((seller, account), 0) for account in SELLER_ACCOUNTS)
        for seller, _ in every
    }


def _let_points_be_usable(engine: Engine) -> None:
    """Grant every seller a point today, and take it back; link its account."""
    with engine.begin() as connection:
        for seller in SELLERS:
            key = f"adjustment/{seller}"
            adjust(connection, seller, 1, key=f"{key}/given", on=today(connection))
            adjust(connection, seller, -1, key=f"{key}/taken")
        link(connection, *SELLERS)


def evaluate_once(connection: Connection, month: SettlementMonth) -> None:
    """Evaluate a month that was never closed, so that its policy is recorded."""
    count = text("SELECT count(*) FROM growth_points.evaluation WHERE settlement_month = :month")
    if not connection.scalar(count, {"month": month.first_day}):
        evaluate(connection, [], month=month)


def _play(server_url: str, template: str, *, examples: int, steps: int) -> None:
    LedgerMachine.server_url, LedgerMachine.template = server_url, template
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],  # a database for each example: no shrinking
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_random_commands_leave_what_the_model_says(server_url: str, migrated_template: str) -> None:
    _play(server_url, migrated_template, examples=12, steps=25)


@pytest.mark.slow
def test_many_random_commands_leave_what_the_model_says(
    server_url: str, migrated_template: str
) -> None:
    _play(server_url, migrated_template, examples=200, steps=60)


@pytest.mark.parametrize("seed", range(3))
def test_neither_order_nor_chunks_change_the_final_balances(engine: Engine, seed: int) -> None:
    random = Random(seed)  # noqa: S311 no secret
    gifts = [(seller, random.randint(1, 9) * 100) for seller in "abcde" * 4]
    expected = Counter[str]()
    for seller, amount in gifts:
        expected[seller] += amount
    random.shuffle(gifts)
    number = 0
    while gifts:
        chunk, gifts = gifts[: (size := random.randint(1, 7))], gifts[size:]
        with engine.begin() as connection:
            for seller, amount in chunk:
                number += 1
                adjust(connection, seller, amount, key=f"adjustment/{number}")
    with engine.connect() as connection:
        assert balances(connection) == {
            seller: (0, amount) for seller, amount in sorted(expected.items())
        }
        assert list(verify(connection)) == []
