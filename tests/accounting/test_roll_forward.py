"""Roll-forwards: each month's accounts, tied to the balances and to the head of its end."""

import pytest
from sqlalchemy import Connection, Engine, text

from adapters.postgres.as_of import last_seal_of, seller_balances
from adapters.postgres.ledger import chain_head, seal_now
from domain.accounting.roll_forward import MOVEMENTS, Movement
from domain.ledger import ALLOWED_FLOWS, SELLER_ACCOUNTS, Account, TransferKind
from flows.accounting.roll_forward import COLUMNS, NotTied, roll_months_forward
from tests.accounting.three_months import MONTHS, ThreeMonths, work_on
from tests.adapters.ledger_world import adjust, as_owner

# What every month says, zeros left out.
SAID = """
0 pending   opening 0      awarded 450000 reversed -150000           closing 300000
0 available opening 0                                                closing 0
0 held      opening 0                                                closing 0
0 all       opening 0      awarded 450000 reversed -150000           closing 300000
1 pending   opening 300000 paid -300000                              closing 0
1 available opening 0      paid 300000 corrected 400 converted -26000 closing 274400
1 held      opening 0      converted 26000                           closing 26000
1 all       opening 300000 corrected 400                             closing 300400
2 pending   opening 0                                                closing 0
2 available opening 274400 rewarded -300 returned 5300 expired -149000 closing 130400
2 held      opening 26000  delivered -20000 returned -5000           closing 1000
2 all opening 300400 delivered -20000 rewarded -300 returned 300 expired -149000 closing 131400
"""


def test_every_flow_is_shown_under_one_movement() -> None:
    assert set(MOVEMENTS) == set(TransferKind) == {kind for kind, _, _ in ALLOWED_FLOWS}
    assert list(Movement) == [each for each in COLUMNS if each in set(Movement)]


def test_each_month_has_what_came_and_went_in_each_account(three_months: ThreeMonths) -> None:
    for line in SAID.strip().splitlines():
        number, account, *words = line.split()
        rolled = three_months.rolled()[int(number)].accounts[account]
        said = dict(zip(words[::2], map(int, words[1::2]), strict=True))
        assert (rolled.opening, rolled.closing) == (said.pop("opening"), said.pop("closing"))
        assert {name: points for name, points in rolled.changes.items() if points} == said


def test_each_month_closes_as_the_ledger_stood_when_its_last_day_ended(
    three_months: ThreeMonths,
) -> None:
    for period in three_months.rolled()[:-1]:
        with three_months.engine.begin() as connection:
            seal_no = last_seal_of(connection, period.last.last_day)
            assert period.head
            assert period.head.seal_no == seal_no
            for account in SELLER_ACCOUNTS:
                assert period.accounts[account].closing == _stood(connection, seal_no, account)


def _stood(connection: Connection, seal_no: int, account: Account) -> int:
    return sum(each.points[account] for each in seller_balances(connection, seal_no=seal_no))


def test_the_month_that_is_not_over_closes_with_the_balances_of_now(
    three_months: ThreeMonths,
) -> None:
    now = three_months.rolled()[-1]
    with three_months.engine.connect() as connection:
        assert now.head == chain_head(connection)
        balances = text("SELECT account, sum(points) FROM growth_points.balance GROUP BY account")
        for account, points in connection.execute(balances):
            assert now.accounts[account].closing == points
        program = text("SELECT account, points FROM growth_points.program_balance")
        for account, points in connection.execute(program):
            assert now.accounts[account].closing == points


def test_all_months_together_are_the_sum_of_the_months(three_months: ThreeMonths) -> None:
    *months, together = three_months.rolled()
    assert together.name == f"{MONTHS[0]}..{MONTHS[-1]}"
    assert together.head == months[-1].head
    for account, rolled in together.accounts.items():
        parts = [each.accounts[account] for each in months]
        assert (rolled.opening, rolled.closing) == (parts[0].opening, parts[-1].closing)
        assert [part.opening for part in parts[1:]] == [part.closing for part in parts[:-1]]
        for movement in Movement:
            assert rolled.changes[movement] == sum(part.changes[movement] for part in parts)


def test_a_single_month_is_the_same_and_has_no_line_for_all_months(
    three_months: ThreeMonths,
) -> None:
    assert three_months.rolled(MONTHS[1]) == (three_months.rolled()[1],)


def test_a_month_in_which_nothing_was_recorded_keeps_balances_and_head(
    three_months: ThreeMonths,
) -> None:
    around = (MONTHS[0] - 1).until(MONTHS[-1] + 1)
    before, *_, now, after, _ = three_months.rolled(*around)
    assert before.head is None
    assert not any(each.closing for each in before.accounts.values())
    assert after.head == now.head
    assert [each.closing for each in after.accounts.values()] == [
        each.closing for each in now.accounts.values()
    ]


def test_what_was_recorded_after_a_seal_is_left_out(three_months: ThreeMonths) -> None:
    first = three_months.rolled(MONTHS[0])[0]
    assert first.head
    with three_months.engine.connect() as connection:
        *_, together = roll_months_forward(connection, MONTHS, first.head.seal_no)
    assert together.accounts["all"].closing == first.accounts["all"].closing
    assert together.head == first.head


def test_a_posting_belongs_to_the_month_of_its_seal_and_not_of_its_number(
    engine: Engine, database_url: str
) -> None:
    """One that began before another gets its number then, and may commit a month after it."""
    before, now = MONTHS[1:]
    for month, number, points in ((before, 1_000, 50), (now, 1, 7), (now, 2_000, 3)):
        work_on(database_url, month.first_day)
        with as_owner(database_url) as owner, owner.begin() as connection:
            numbered = "SELECT setval('growth_points.posting_posting_no_seq', :number)"
            connection.execute(text(numbered), {"number": number})
        with engine.begin() as connection:
            adjust(connection, "a", points, key=f"adjustment/{number}", on=month.first_day)
    with engine.begin() as connection:
        head = seal_now(connection)
        assert head
        rolled = roll_months_forward(connection, (before, now), head.seal_no)
    assert [each.accounts["all"].closing for each in rolled] == [50, 60, 60]


def test_transfers_that_the_head_does_not_carry_are_refused(three_months: ThreeMonths) -> None:
    with as_owner(three_months.database_url) as owner, owner.connect() as connection:
        connection.execute(text("ALTER TABLE growth_points.transfer DISABLE TRIGGER USER"))
        tampered = "UPDATE growth_points.transfer SET points = points + 1 WHERE kind = 'delivery'"
        connection.execute(text(tampered))
        roll_months_forward(connection, MONTHS[:2], three_months.seal_no)
        with pytest.raises(NotTied, match=r"leave 20,001 points in search_ad_credit, .* 20,000"):
            roll_months_forward(connection, MONTHS, three_months.seal_no)
