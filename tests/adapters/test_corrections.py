"""What the service's own login cannot do to a paid month, whatever keys its postings have."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from adapters.postgres import ledger
from adapters.postgres.corrections import binding_awards, corrections, post_correction
from adapters.postgres.verification.verify import verify
from domain.cause import Cause
from domain.corrections import Correction, CorrectionKind, clawed_back
from tests.adapters.guards import named
from tests.adapters.ledger_probes import posting_of
from tests.adapters.ledger_world import (
    DUE_ON,
    NOVEMBER,
    adjust,
    award,
    awards_of,
    balances,
    evaluate,
    pay,
    plan,
    post,
)
from tests.closings import cause

CAUSE = Cause("an operator", "late data", "tests", datetime(2026, 11, 12, tzinfo=UTC))
(MARU,) = awards_of(["maru"])
(SORA,) = awards_of(["sora"])


@pytest.fixture
def paid(engine: Engine) -> Engine:
    """October is paid to maru, restated to nothing for it, and lacks the award of sora."""
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT current_user")) == "growth_points_service"
        award(connection, [MARU])
        plan(connection)
        pay(connection)
        evaluate(connection, [SORA])
        adjust(connection, "maru", 1_000_000)
    return engine


def correct(connection: Connection, made: Correction) -> ledger.Posted:
    return post_correction(connection, made, DUE_ON, CAUSE)


def clawback(connection: Connection) -> Correction:
    return Correction(CorrectionKind.CLAWBACK, MARU, posting_of(connection, "maru"))


_UNDER_ANOTHER_KEY = """
  WITH another AS (
    INSERT INTO growth_points.posting (key, kind, request_hash, effective_on, actor, reason)
    VALUES ('clawback/again', 'adjustment', sha256('x'), '2026-11-12', 'somebody', 'again')
    RETURNING posting_no
  )
  INSERT INTO growth_points.correction
  SELECT another.posting_no, kind, settlement_month, seller_id, tier, points, undoes
  FROM another, growth_points.correction made
"""


@pytest.mark.parametrize("kind", CorrectionKind)
def test_no_correction_is_posted_twice_under_another_key(
    paid: Engine, kind: CorrectionKind
) -> None:
    with paid.begin() as connection:
        if kind is CorrectionKind.AWARD:
            correct(connection, Correction(kind, SORA))
        else:
            taken = correct(connection, clawback(connection))
    if kind is CorrectionKind.REINSTATEMENT:
        with paid.begin() as connection:
            correct(connection, Correction(kind, MARU, taken.posting_no))
    with paid.connect() as connection:
        before = balances(connection)
        with pytest.raises(IntegrityError) as refused:
            connection.execute(text(f"{_UNDER_ANOTHER_KEY} WHERE kind = '{kind}'"))
        connection.rollback()
        assert named(refused.value).startswith(
            "correction_awards_a_tier_once"
            if kind is CorrectionKind.AWARD
            else "correction_undoes_once"
        )
        assert balances(connection) == before
        assert [str(each) for each in verify(connection)] == []


def test_workers_that_claw_back_at_once_under_keys_of_their_own_take_the_points_once(
    paid: Engine,
) -> None:
    ready = threading.Barrier(4)
    with paid.connect() as connection:
        key = clawback(connection).key

    def take(key: str) -> str:
        with paid.connect() as connection:
            ready.wait()
            try:
                made = clawback(connection)
                ledger.adjust(
                    connection,
                    key=key,
                    seller_id="maru",
                    points=-150_000,
                    effective_on=DUE_ON,
                    cause=cause(key),
                    correction=made,
                )
                connection.commit()
            except DBAPIError as refused:
                return named(refused)
            return "taken"

    with ThreadPoolExecutor(4) as pool:
        own = [f"clawback/{number}" for number in range(3)]
        told = [each.partition(" ")[0] for each in pool.map(take, (*own, key))]

    assert told[3] == "taken"
    assert {*told[:3]} <= {"correction_undoes_once", "correction_has_its_key"}
    with paid.connect() as connection:
        assert balances(connection)["maru"] == (0, 1_000_000)


def test_clawbacks_and_reinstatements_alternate_for_ever(paid: Engine) -> None:
    with paid.begin() as connection:
        posting_no = posting_of(connection, "maru")
        for kind in (CorrectionKind.CLAWBACK, CorrectionKind.REINSTATEMENT) * 3:
            posting_no = correct(connection, Correction(kind, MARU, posting_no)).posting_no
        held = clawed_back(corrections(connection))
        correct(connection, Correction(CorrectionKind.CLAWBACK, MARU, posting_no))
    with paid.connect() as connection:
        assert held == set()
        assert clawed_back(corrections(connection)) == {MARU}
        assert balances(connection)["maru"] == (0, 1_000_000)
        assert [str(each) for each in verify(connection)] == []


def test_the_same_correction_again_is_the_first_one(paid: Engine) -> None:
    with paid.begin() as connection:
        made = clawback(connection)
        first, again = (correct(connection, made) for _ in range(2))
    assert (first.created, again.created) == (True, False)
    assert again.posting_no == first.posting_no
    with paid.connect() as connection:
        assert [each.correction for each in corrections(connection)] == [made]
        assert corrections(connection, seller_id="sora") == ()


def test_an_award_correction_takes_its_tier_from_later_months(paid: Engine) -> None:
    with paid.begin() as connection:
        correct(connection, Correction(CorrectionKind.AWARD, SORA))
    with paid.connect() as connection:
        assert binding_awards(connection) == {MARU, SORA}
        later = awards_of(["sora"], month=NOVEMBER)
        evaluation = evaluate(connection, later, month=NOVEMBER)
        with pytest.raises(IntegrityError) as refused:
            post(connection, later, evaluation)
        assert named(refused.value).startswith("transfer_gives_a_tier_once")
