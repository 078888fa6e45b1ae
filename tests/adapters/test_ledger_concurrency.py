"""Many at once on real connections: one order comes out, nothing is doubled, nobody deadlocks."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random

import pytest
from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.exc import DBAPIError

from adapters.postgres import ledger
from adapters.postgres.database import lock_program
from adapters.postgres.ledger.refusals import NotEntitled
from adapters.postgres.ledger.tables import posting, seal, transfer
from adapters.postgres.using import link_ad_account, today
from adapters.postgres.verification.verify import verify
from adapters.postgres.waiting import WaitedTooLong
from domain.refusal import Refused
from domain.using.standing import UseRefusal
from tests.adapters.ledger_world import (
    DUE_ON,
    NOVEMBER,
    adjust,
    as_owner,
    award,
    awards_of,
    balances,
    convert,
    end_conversion,
    evaluate,
    know,
    link,
    pay,
    plan,
    post,
    reverse,
    set_budget,
)

Command = Callable[[Connection], object]
WORKERS = 8


def at_once(engine: Engine, commands: Sequence[Command]) -> list[object]:
    """Run each command in a thread and a transaction of its own, started together.

    Returns what each returned, or the exception that refused it.
    """
    ready = threading.Barrier(len(commands))

    def run(command: Command) -> object:
        with engine.connect() as connection:
            ready.wait()
            try:
                result = command(connection)
                connection.commit()
            except (Refused, DBAPIError) as refused:
                return refused
            return result

    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(run, commands))


def _sound(engine: Engine) -> dict[str, tuple[int, int]]:
    with engine.connect() as connection:
        assert [str(difference) for difference in verify(connection)] == []
        return balances(connection)


def test_workers_that_pay_the_same_month_pay_it_once(engine: Engine) -> None:
    with engine.begin() as connection:
        award(connection, awards_of("abc"))
        plan(connection)
    paid = at_once(engine, [pay] * WORKERS)
    assert sorted(each.created for each in paid if isinstance(each, ledger.PaidOut)) == [
        *[False] * (WORKERS - 1),
        True,
    ]
    assert _sound(engine) == dict.fromkeys("abc", (0, 150000))


def test_workers_that_post_the_same_awards_post_them_once(engine: Engine) -> None:
    awards = awards_of("abc")
    with engine.begin() as connection:
        evaluation = evaluate(connection, awards)
    posted = at_once(engine, [lambda c: post(c, awards, evaluation)] * WORKERS)
    assert sum(each.created for each in posted if isinstance(each, ledger.Posted)) == 1
    assert len({each.posting_no for each in posted if isinstance(each, ledger.Posted)}) == 1
    assert _sound(engine) == dict.fromkeys("abc", (150000, 0))


@pytest.mark.parametrize("attempt", range(4))
def test_a_payout_and_a_reversal_come_one_after_the_other(engine: Engine, attempt: int) -> None:
    with engine.begin() as connection:
        award(connection, awards_of("ab"))
        plan(connection)
    race: list[Command] = [pay, lambda c: reverse(c, awards_of("a"), leaving=awards_of("b"))]
    paid, reversed_ = at_once(engine, race if attempt % 2 else race[::-1])[
        :: 1 if attempt % 2 else -1
    ]
    assert isinstance(paid, ledger.PaidOut)
    if isinstance(reversed_, ledger.AlreadyPaidOut):
        assert _sound(engine) == {"a": (0, 150_000), "b": (0, 150_000)}
    else:
        assert isinstance(reversed_, ledger.Posted)
        assert _sound(engine) == {"a": (0, 0), "b": (0, 150_000)}


def _give_usable(engine: Engine, points: int) -> None:
    """Give a points that it may use today, and link its account."""
    with engine.begin() as connection:
        adjust(connection, "a", points, on=today(connection))
        link(connection, "a")


def _convert(amount: int, number: int) -> Command:
    return lambda c: convert(c, "a", amount, request_id=f"r{number}")


def test_parallel_conversions_of_one_balance_never_use_more_than_there_is(engine: Engine) -> None:
    _give_usable(engine, 1_000)
    converted = at_once(engine, [_convert(300, number) for number in range(WORKERS)])
    assert sum(isinstance(each, ledger.Posted) for each in converted) == 3
    assert all(
        each.refusal is UseRefusal.INSUFFICIENT_POINTS
        for each in converted
        if isinstance(each, NotEntitled)
    )
    assert sum(isinstance(each, NotEntitled) for each in converted) == WORKERS - 3
    assert _sound(engine) == {"a": (0, 100)}


def _link_another(connection: Connection) -> None:
    link_ad_account(connection, "a", "another account", "tests")


@pytest.mark.parametrize("way", [1, -1])
def test_a_conversion_and_another_link_come_one_after_the_other(engine: Engine, way: int) -> None:
    _give_usable(engine, 1_000)
    first, second = (_convert(300, 1), _link_another)[::way]
    with engine.connect() as one, engine.connect() as other:
        first(one)
        other.execute(text("SET lock_timeout = '200ms'"))
        with pytest.raises(WaitedTooLong):
            second(other)
        one.commit()
        other.rollback()
        second(other)
        other.commit()
    _sound(engine)


def test_workers_that_end_the_same_conversion_end_it_once(engine: Engine) -> None:
    _give_usable(engine, 1_000)
    with engine.begin() as connection:
        held = convert(connection, "a", 300)
    ends = [
        partial(end_conversion, held=held, delivered=delivered)
        for delivered in (True, False) * (WORKERS // 2)
    ]
    ended = [each for each in at_once(engine, ends) if isinstance(each, ledger.Posted)]
    assert sum(each.created for each in ended) == 1
    assert _sound(engine) in ({"a": (0, 700)}, {"a": (0, 1_000)})


@pytest.mark.parametrize("floor", [None, -(10**9)], ids=["no budget", "under a budget"])
def test_closings_payouts_and_spends_in_any_order_never_deadlock(
    engine: Engine, database_url: str, floor: int | None
) -> None:
    random = Random(4)  # noqa: S311 no secret
    with as_owner(database_url) as owner, owner.begin() as connection:
        set_budget(connection, floor)
    sellers = [f"s{number}" for number in range(30)]
    with engine.begin() as connection:
        award(connection, awards_of(sellers))
        plan(connection)
        for number, seller in enumerate(sellers):
            adjust(connection, seller, 1_000, key=f"adjustment/gift/{number}")

    def close(connection: Connection) -> None:
        lock_program(connection)
        for part in (sellers[:15], sellers[15:]) if random.random() < 0.5 else (sellers[::-1],):
            award(connection, awards_of(part, tier=2, month=NOVEMBER), month=NOVEMBER)
        reverse(connection, awards_of(sellers, tier=2, month=NOVEMBER), month=NOVEMBER)
        ledger.seal_now(connection)

    def take(number: int) -> Command:
        seller = random.choice(sellers)
        return lambda c: adjust(c, seller, -10, key=f"adjustment/take/{number}")

    def give(number: int) -> Command:
        seller = random.choice(sellers)
        return lambda c: adjust(c, seller, 10, key=f"adjustment/give/{number}")

    writers = [*map(take, range(4)), *map(give, range(4))]
    commands: list[Command] = [close, pay, *writers, close, pay, ledger.seal_now]
    for _ in range(3):
        random.shuffle(commands)
        results = at_once(engine, commands)
        assert not [result for result in results if isinstance(result, DBAPIError)]
    _sound(engine)


def test_a_posting_does_not_wait_for_what_only_refers_to_its_seller(
    engine: Engine, database_url: str
) -> None:
    with engine.begin() as connection:
        adjust(connection, "a", 1_000)
    with as_owner(database_url) as owner, owner.connect() as one, engine.connect() as other:
        one.execute(text("SELECT 1 FROM growth_points.balance FOR KEY SHARE"))
        other.execute(text("SET lock_timeout = '2s'"))
        adjust(other, "a", 1, key="adjustment/2")
        other.commit()
    assert _sound(engine) == {"a": (0, 1_001)}


def test_a_reader_of_the_chain_never_misses_a_late_commit(engine: Engine) -> None:
    with engine.begin() as connection:
        known = know(connection, *(f"s{number}" for number in range(7)))
    total, seen = 60 + known, [known]
    done = threading.Event()

    def follow() -> None:
        while not done.is_set() or seen[-1] < total:
            with engine.begin() as connection:
                ledger.seal_now(connection)
                after = select(seal.c.seal_no).where(seal.c.seal_no > seen[-1])
                seen.extend(connection.scalars(after.order_by(seal.c.seal_no)))

    def write(number: int) -> Command:
        return lambda c: adjust(c, f"s{number % 7}", 1, key=f"adjustment/{number}")

    reader = threading.Thread(target=follow)
    reader.start()
    for start in range(0, 60, WORKERS):
        at_once(engine, [write(number) for number in range(start, min(start + WORKERS, 60))])
    done.set()
    reader.join(timeout=20)
    assert seen == list(range(known, total + 1))


def test_a_commit_does_not_wait_for_another_sellers_commit(engine: Engine) -> None:
    with engine.begin() as connection:
        know(connection, "a", "b")
    with engine.connect() as one, engine.connect() as other:
        adjust(one, "a", 1)
        ledger.check_now(one)
        other.execute(text("SET lock_timeout = '2s'"))
        adjust(other, "b", 1, key="adjustment/2")
        other.commit()
        one.commit()
    assert _sound(engine) == {"a": (0, 1), "b": (0, 1)}


def test_what_rests_on_another_posting_is_sealed_after_it(engine: Engine) -> None:
    """The posting begun first waits for the second one's points, so it comes second."""
    with engine.begin() as connection:
        know(connection, "a")
        head = ledger.seal_now(connection)
    assert head is not None
    taking = {
        "key": "adjustment/begun first",
        "kind": "adjustment",
        "request_hash": bytes(32),
        "effective_on": DUE_ON,
        "actor": "tests",
        "reason": "begun first",
    }
    with engine.connect() as one, engine.connect() as other:
        written = insert(posting).values(taking).returning(posting.c.posting_no)
        begun_first = one.execute(written).scalar_one()
        given = adjust(other, "a", 100)
        other.commit()
        one.execute(
            insert(transfer).values(
                posting_no=begun_first,
                kind="adjustment",
                seller_id="a",
                debit_account="available",
                credit_account="program_fund",
                points=100,
            )
        )
        one.commit()
    with engine.begin() as connection:
        ledger.seal_now(connection)
        order = select(seal.c.subject_key).where(seal.c.seal_no > head.seal_no)
        assert list(connection.scalars(order.order_by(seal.c.seal_no))) == [
            str(given.posting_no),
            str(begun_first),
        ]


def test_what_waits_is_sealed_by_every_64th_record_at_the_latest(engine: Engine) -> None:
    for number in range(64):
        with engine.begin() as connection:
            adjust(connection, "a", 1, key=f"adjustment/{number}")
    with engine.connect() as connection:
        head = ledger.chain_head(connection)
        assert head is not None
        assert head.seal_no == 64
    assert _sound(engine) == {"a": (0, 64)}


def test_a_budget_holds_however_many_draw_on_it_at_once(engine: Engine, database_url: str) -> None:
    with as_owner(database_url) as owner, owner.begin() as connection:
        know(connection, *(f"s{number}" for number in range(WORKERS)))
        set_budget(connection, -350)

    def give(number: int) -> Command:
        def command(connection: Connection) -> None:
            adjust(connection, f"s{number}", 100, key=f"adjustment/{number}")
            ledger.check_now(connection)

        return command

    given = at_once(engine, [give(number) for number in range(WORKERS)])
    assert sum(each is None for each in given) == 3
    assert all(isinstance(each, ledger.BudgetExceeded) for each in given if each is not None)
    assert sum(available for _, available in _sound(engine).values()) == 300


def test_a_budget_waits_for_what_is_being_posted(engine: Engine, database_url: str) -> None:
    refused: list[DBAPIError] = []

    def limit() -> None:
        with as_owner(database_url) as owner, owner.connect() as connection:
            try:
                set_budget(connection, 0)
            except DBAPIError as error:
                refused.append(error)

    with engine.begin() as connection:
        adjust(connection, "a", 1)
        ledger.check_now(connection)
        setting = threading.Thread(target=limit)
        setting.start()
        setting.join(timeout=0.3)
        assert setting.is_alive()
    setting.join()
    assert "more points are out" in str(refused)
