"""The ledger's commands: what each one leaves behind, and that running twice is running once."""

from datetime import date

import pytest
from sqlalchemy import Connection, Engine, text

from adapters.postgres import ledger
from adapters.postgres.ledger import (
    AlreadyPaidOut,
    AwardNotPending,
    BalanceTooLow,
    NothingToPost,
    PayoutNotDecided,
    PayoutNotDue,
    PostingConflict,
)
from adapters.postgres.ledger.posting import next_of_today
from adapters.postgres.using import today
from domain.ledger import Account, TransferKind
from domain.months import SettlementMonth
from tests.adapters.ledger_probes import posting
from tests.adapters.ledger_world import (
    DUE_ON,
    NOVEMBER,
    OCTOBER,
    adjust,
    award,
    awards_of,
    balances,
    evaluate,
    know,
    pay,
    plan,
    post,
    program_balances,
    reverse,
)


def test_awards_are_pending_until_their_month_is_paid_out(connection: Connection) -> None:
    posted = award(connection, awards_of(["a", "b"]))
    plan(connection)
    assert (posted.created, posted.transfers, posted.points) == (True, 2, 300_000)
    assert balances(connection) == {"a": (150_000, 0), "b": (150_000, 0)}
    paid = pay(connection)
    assert (paid.created, paid.payout.sellers, paid.payout.points) == (True, 2, 300_000)
    assert (paid.payout.paid_on, paid.payout.actor) == (DUE_ON, "tests")
    assert balances(connection) == {"a": (0, 150_000), "b": (0, 150_000)}
    ledger.check_now(connection)
    assert program_balances(connection)["program_fund"] == -300_000


def test_posting_the_same_awards_again_returns_the_first_result(connection: Connection) -> None:
    awards = awards_of(["a", "b"])
    evaluation = evaluate(connection, awards)
    first = post(connection, awards, evaluation)
    again = post(connection, list(reversed(awards)), evaluation)
    assert again.posting_no == first.posting_no
    assert (first.created, again.created) == (True, False)
    assert balances(connection) == {"a": (150_000, 0), "b": (150_000, 0)}


def test_posting_again_after_the_payout_still_returns_the_first_result(
    connection: Connection,
) -> None:
    awards = awards_of(["a"])
    evaluation = evaluate(connection, awards)
    first = post(connection, awards, evaluation)
    plan(connection)
    pay(connection)
    assert post(connection, awards, evaluation).posting_no == first.posting_no


def test_the_same_key_with_other_awards_is_refused(connection: Connection) -> None:
    evaluation = evaluate(connection, awards_of(["a", "b"]))
    post(connection, awards_of(["a"]), evaluation)
    with pytest.raises(PostingConflict, match="award/2026-10/1"):
        post(connection, awards_of(["a", "b"]), evaluation)


def test_a_posting_of_nothing_is_wrong_usage(connection: Connection) -> None:
    evaluation = evaluate(connection, [])
    with pytest.raises(NothingToPost):
        post(connection, [], evaluation)
    with pytest.raises(NothingToPost, match="another month"):
        post(connection, awards_of(["a"], month=NOVEMBER), evaluation)


def test_a_reversal_gives_the_points_back_and_frees_the_tier(connection: Connection) -> None:
    awards = awards_of(["a", "b"])
    award(connection, awards)
    reverse(connection, awards[:1])
    assert balances(connection) == {"a": (0, 0), "b": (150_000, 0)}
    assert ledger.standing_awards(connection) == set(awards[1:])
    award(connection, awards[:1])
    assert ledger.standing_awards(connection) == set(awards)


def test_an_award_can_be_reversed_and_posted_again_any_number_of_times(
    connection: Connection,
) -> None:
    awards = awards_of(["a"])
    for _ in range(4):
        award(connection, awards)
        reverse(connection, awards)
    award(connection, awards)
    assert balances(connection) == {"a": (150_000, 0)}
    assert len(list(ledger.entries(connection))) == 9


def test_only_pending_awards_of_the_same_points_are_reversed(connection: Connection) -> None:
    awards = awards_of(["a"])
    award(connection, awards)
    with pytest.raises(AwardNotPending, match="1 of 1"):
        reverse(connection, awards_of(["a"], tier=2))


def test_a_paid_month_takes_no_more_awards_and_no_reversal(connection: Connection) -> None:
    awards = awards_of(["a"])
    award(connection, awards)
    plan(connection)
    pay(connection)
    with pytest.raises(AlreadyPaidOut, match="2026-10 was paid out on 2026-11-10"):
        award(connection, awards_of(["b"]))
    with pytest.raises(AlreadyPaidOut):
        reverse(connection, awards)


def test_paying_a_month_again_pays_nothing(connection: Connection) -> None:
    award(connection, awards_of(["a"]))
    plan(connection)
    first = pay(connection)
    again = pay(connection, on=date(2026, 11, 20))
    assert (first.created, again.created) == (True, False)
    assert again.payout == first.payout
    assert balances(connection) == {"a": (0, 150_000)}
    assert ledger.payouts(connection) == (first.payout,)


def test_a_month_without_awards_is_paid_too(connection: Connection) -> None:
    evaluate(connection, [])
    plan(connection)
    paid = pay(connection).payout
    ledger.check_now(connection)
    assert (paid.posting_no, paid.sellers, paid.points) == (None, 0, 0)
    assert ledger.paid_months(connection) == {OCTOBER}


def test_a_month_is_not_paid_before_its_date(connection: Connection) -> None:
    award(connection, awards_of(["a"]))
    with pytest.raises(PayoutNotDue, match="no payout date"):
        pay(connection)
    plan(connection)
    with pytest.raises(PayoutNotDue, match="due on 2026-11-10, not on 2026-11-09"):
        pay(connection, on=date(2026, 11, 9))


def test_a_month_is_paid_what_it_decided(connection: Connection) -> None:
    evaluation = evaluate(connection, awards_of(["a", "b"]))
    post(connection, awards_of(["a"]), evaluation)
    plan(connection)
    with pytest.raises(PayoutNotDecided, match="growth-points verify"):
        pay(connection)


def test_the_newest_payout_date_counts(connection: Connection) -> None:
    award(connection, awards_of(["a"]))
    plan(connection)
    plan(connection, due_on=date(2026, 11, 11), no=2)
    with pytest.raises(PayoutNotDue, match="due on 2026-11-11"):
        pay(connection)
    assert pay(connection, on=date(2026, 11, 11)).created


def test_a_payout_pays_its_own_month_only(connection: Connection) -> None:
    award(connection, awards_of(["a"]))
    award(connection, awards_of(["a"], tier=2, month=NOVEMBER), month=NOVEMBER)
    plan(connection)
    pay(connection)
    assert balances(connection) == {"a": (300_000, 150_000)}


def test_an_adjustment_gives_or_takes_available_points(connection: Connection) -> None:
    adjust(connection, "a", 5_000)
    adjust(connection, "a", -2_000, key="adjustment/2")
    ledger.check_now(connection)
    assert balances(connection) == {"a": (0, 3_000)}
    assert program_balances(connection)["program_fund"] == -3_000


def test_an_adjustment_is_made_once(connection: Connection) -> None:
    first = adjust(connection, "a", 5_000)
    assert adjust(connection, "a", 5_000) == ledger.Posted(
        first.posting_no, "adjustment/1", False, 1, 5_000
    )
    with pytest.raises(PostingConflict):
        adjust(connection, "a", 6_000)
    assert balances(connection) == {"a": (0, 5_000)}


@pytest.mark.parametrize("points", [0, 10**12 + 1, 2**63, -(2**63), 10**40])
def test_a_hostile_number_of_points_is_wrong_usage(connection: Connection, points: int) -> None:
    with pytest.raises(NothingToPost):
        adjust(connection, "a", points)


@pytest.mark.parametrize("had", [0, 999])
def test_no_more_can_be_taken_than_there_is(connection: Connection, had: int) -> None:
    if had:
        adjust(connection, "a", had)
    sentence = f"Seller a has fewer than 1,000 available points: {had} are left to take"
    with pytest.raises(BalanceTooLow, match=sentence):
        adjust(connection, "a", -1_000, key="adjustment/2")


def test_entries_come_in_order_with_the_facts_of_their_posting(connection: Connection) -> None:
    awards = awards_of(["a", "b"])
    award(connection, awards)
    reverse(connection, awards[:1], leaving=awards[1:])
    adjust(connection, "b", 10)
    plan(connection)
    pay(connection)
    found = list(ledger.entries(connection))
    assert [entry.entry_no for entry in found] == sorted(entry.entry_no for entry in found)
    assert [
        (entry.kind, entry.seller_id, entry.tier, entry.settlement_month) for entry in found
    ] == [
        (TransferKind.AWARD, "a", 1, OCTOBER),
        (TransferKind.AWARD, "b", 1, OCTOBER),
        (TransferKind.REVERSAL, "a", 1, OCTOBER),
        (TransferKind.ADJUSTMENT, "b", None, None),
        (TransferKind.PAYOUT, "b", 1, OCTOBER),
    ]
    assert [entry.reverses_entry_no for entry in found] == [
        None,
        None,
        found[0].entry_no,
        None,
        None,
    ]
    assert (found[4].debit_account, found[4].credit_account) == (Account.PENDING, Account.AVAILABLE)
    assert list(ledger.entries(connection, seller_id="a")) == [found[0], found[2]]
    assert len(list(ledger.entries(connection, month=OCTOBER))) == 4
    assert list(ledger.entries(connection, month=SettlementMonth(2026, 9))) == []


def test_the_awards_of_all_months_stand(connection: Connection) -> None:
    october, november = awards_of(["a"]), awards_of(["a"], tier=2, month=NOVEMBER)
    award(connection, october)
    assert ledger.standing_awards(connection) == set(october)
    award(connection, november, month=NOVEMBER)
    assert ledger.standing_awards(connection) == {*october, *november}


def test_each_commit_moves_the_head_of_the_chain(engine: Engine) -> None:
    heads = []
    with engine.begin() as connection:
        known = know(connection, "a")
    for number in range(3):
        with engine.begin() as connection:
            heads.append(ledger.seal_now(connection))
            adjust(connection, "a", 1, key=f"adjustment/{number}")
    first, second, third = heads
    assert first is not None
    assert first.seal_no == known
    assert second is not None
    assert third is not None
    assert (second.seal_no, third.seal_no) == (known + 1, known + 2)
    assert second.hash != third.hash
    assert second.sealed_at <= third.sealed_at


def test_the_service_may_select_and_insert_where_it_records_and_nothing_else(
    connection: Connection,
) -> None:
    may = """
      SELECT relname, privilege FROM pg_class,
        unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) privilege
      WHERE relnamespace = 'growth_points'::regnamespace AND relkind IN ('r', 'v')
        AND (has_table_privilege(current_user, pg_class.oid, privilege)
          OR privilege IN ('INSERT', 'UPDATE', 'REFERENCES')
            AND has_any_column_privilege(current_user, pg_class.oid, privilege))
    """
    found = connection.execute(text(may)).all()
    assert {privilege for _, privilege in found} == {"INSERT"}
    assert {"seal", "balance", "seal_balance", "account", "flow", "budget", "award"}.isdisjoint(
        name for name, _ in found
    )


@pytest.mark.parametrize(
    "column", ["posting.recorded_at", "posting.posting_no", "transfer.entry_no", "payout.paid_at"]
)
def test_the_service_cannot_choose_what_the_database_numbers_and_dates(
    connection: Connection, column: str
) -> None:
    table, name = column.split(".")
    allowed = text("SELECT has_column_privilege(:table, :column, 'INSERT')")
    named = {"table": f"growth_points.{table}", "column": name}
    assert connection.scalar(allowed, named) is False


def test_a_key_that_somebody_chose_ahead_is_passed_over(connection: Connection) -> None:
    day = today(connection)
    posting(connection, "expiry", key=f"expiry/{day}/2", effective_on=day)
    asked = next_of_today(connection, TransferKind.EXPIRY, "tests")
    assert asked.key == f"expiry/{day}/3"
    posting(connection, "expiry", key=asked.key, effective_on=day)
    assert next_of_today(connection, TransferKind.EXPIRY, "tests").key == f"expiry/{day}/4"


@pytest.mark.parametrize("style", ["German", "SQL, MDY", "Postgres, DMY"])
def test_a_note_does_not_depend_on_how_a_session_writes_dates(
    connection: Connection, style: str
) -> None:
    award(connection, awards_of("a"))
    plan(connection)
    rule = "INSERT INTO growth_points.approval_rule (settlement_month, above_points) VALUES"
    connection.execute(text(f"{rule} (make_date(2026, 10, 1), 1000000)"))
    pay(connection)
    connection.execute(text(f"SET LOCAL DateStyle = '{style}'"))
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    noted = text("""
      SELECT subject_key FROM growth_points.unsealed
      WHERE subject IN ('payout_date', 'approval_rule', 'payout') ORDER BY 1
    """)
    assert connection.scalars(noted).all() == ["2026-10-01", "2026-10-01/1", "2026-10-01/1000000"]
