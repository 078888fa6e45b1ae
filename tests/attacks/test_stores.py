"""The stores' process does what stores may and reads what they are shown, from SQL, and no more."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy.engine import URL

from tests.attacks.attack import GOT_THROUGH, outcome
from tests.production import as_login

_RIGHT = "-c lock_timeout=5s"
_OPENED = """
  INSERT INTO growth_points.posting (key, kind, request_hash, effective_on, actor, reason)
  VALUES ('{key}', '{kind}', sha256('mine'), growth_points.today(), 'me', 'mine');
"""
_NUMBER = "(SELECT posting_no FROM growth_points.posting WHERE key = '{key}')"
_MOVED = """
  INSERT INTO growth_points.transfer
    (posting_no, kind, seller_id, debit_account, credit_account, points)
  VALUES ({number}, '{kind}', 'i', '{debit}', '{credit}', {points});
"""
_TITLE = """
  INSERT INTO growth_points.conversion (posting_no, seller_id, request_id, points, account_id)
  VALUES ({number}, 'i', 'mine', {points}, 'ads of i');
"""


def moved(kind: str, debit: str, credit: str, *, key: str = "", points: int = 10) -> str:
    """Post and move points with no title but that of a conversion."""
    key = key or f"{kind}/mine"
    number = _NUMBER.format(key=key)
    title = _TITLE.format(number=number, points=10) if kind == "conversion" else ""
    move = _MOVED.format(number=number, kind=kind, debit=debit, credit=credit, points=points)
    return _OPENED.format(key=key, kind=kind) + title + move


CONVERTED = moved("conversion", "available", "held", key="conversion/1/i/mine")
WORK = {
    "convert points": CONVERTED,
    "link an account": (
        "INSERT INTO growth_points.ad_account_link (seller_id, account_id, actor)"
        " VALUES ('i', 'others', 'me')"
    ),
    "stage rewards": (
        "SELECT growth_points.stage_rewards();"
        " INSERT INTO staged_reward (event_id) VALUES ('e');"
        " DELETE FROM staged_reward; INSERT INTO contested (event_id) VALUES ('e');"
        # Temporary tables are none that are counted: something else must be seen to change.
        " INSERT INTO growth_points.ad_account_link (seller_id, account_id, actor)"
        " VALUES ('i', 'others', 'me')"
    ),
}
_POLICY = 'row-level security policy "stores_use_points"'
BEYOND = {
    "give points": (moved("adjustment", "program_fund", "available"), _POLICY),
    "take points": (moved("adjustment", "available", "program_fund"), _POLICY),
    "correct": (
        moved("adjustment", "program_fund", "available", key="award-correction/mine"),
        _POLICY,
    ),
    "deliver": (moved("delivery", "held", "search_ad_credit"), _POLICY),
    "return": (moved("return", "held", "available"), _POLICY),
    "award": (
        (
            "INSERT INTO growth_points.posting (key, kind, settlement_month, evaluation_id,"
            " request_hash, effective_on, actor) SELECT 'award/2026-10/3', 'award',"
            " settlement_month, evaluation_id, sha256('mine'), growth_points.today(), 'me'"
            " FROM growth_points.evaluation WHERE settlement_month = '2026-10-01'"
            " ORDER BY evaluation_no DESC LIMIT 1"
        ),
        _POLICY,
    ),
    "pay out": (
        (
            "INSERT INTO growth_points.posting (key, kind, settlement_month, request_hash,"
            " effective_on, actor) VALUES ('payout/2026-10', 'payout', '2026-10-01',"
            " sha256('mine'), growth_points.today(), 'me')"
        ),
        _POLICY,
    ),
    "reverse": (
        (
            "INSERT INTO growth_points.posting (key, kind, settlement_month, evaluation_id,"
            " request_hash, effective_on, actor, reason) SELECT 'reversal/2026-10/3', 'reversal',"
            " settlement_month, evaluation_id, sha256('mine'), growth_points.today(), 'me', 'mine'"
            " FROM growth_points.evaluation WHERE settlement_month = '2026-10-01'"
            " ORDER BY evaluation_no DESC LIMIT 1"
        ),
        _POLICY,
    ),
    "reward without entries": (
        moved("reward", "available", "customer_reward"),
        "transfer_has_a_title",
    ),
    "cancel without entries": (
        moved("cancellation", "customer_reward", "available"),
        "transfer_has_a_title",
    ),
    "convert more than there is": (
        CONVERTED.replace(" 10,", " 10000,").replace(" 10)", " 10000)"),
        "balance_not_overdrawn",
    ),
    "hold more than is converted": (CONVERTED.replace(" 10)", " 11)"), "transfer_has_a_title"),
    "end a conversion": (
        (
            "INSERT INTO growth_points.conversion_end (posting_no, conversion_no, outcome, answer)"
            " VALUES (1, 1, 'refused', 'mine')"
        ),
        "permission denied for table conversion_end",
    ),
    "choose who paid": (
        "INSERT INTO growth_points.transfer (finishes) VALUES (1)",
        "permission denied for table transfer",
    ),
}
READ = ("balance", "award", "transfer", "own_amount", "own_snapshot", "decision")
UNREAD = (
    *("seller_amount", "seller_snapshot", "revision", "posting", "revision_signature"),
    *("seal", "unsealed", "seal_balance", "program_balance", "sealing", "budget", "run"),
    *("adjustment_approval", "notice", "notice_list", "title"),
)


@pytest.fixture(scope="module")
def stores(ledger: URL) -> Iterator[psycopg.Connection]:
    """A session of the login of the stores' process."""
    with psycopg.connect(as_login("growth_points_stores_app", ledger), options=_RIGHT) as session:
        yield session


@pytest.mark.parametrize("sql", WORK.values(), ids=WORK)
def test_what_stores_ask_for_is_recorded(stores: psycopg.Connection, sql: str) -> None:
    assert outcome(stores, sql) == GOT_THROUGH


@pytest.mark.parametrize(("sql", "refused"), BEYOND.values(), ids=BEYOND)
def test_nothing_else_is(stores: psycopg.Connection, sql: str, refused: str) -> None:
    assert refused in outcome(stores, sql)


def test_without_the_policy_they_would_give_points(ledger: URL) -> None:
    with psycopg.connect(as_login("growth_points_owner", ledger)) as owner:
        owner.execute("DROP POLICY stores_use_points ON growth_points.posting")
        owner.execute("SET LOCAL ROLE growth_points_stores")
        owner.execute(BEYOND["give points"][0])
        owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        owner.rollback()


@pytest.mark.parametrize("table", READ)
def test_what_is_shown_can_be_read(stores: psycopg.Connection, table: str) -> None:
    stores.execute(f"SELECT * FROM growth_points.{table} LIMIT 1")
    stores.rollback()


@pytest.mark.parametrize("table", UNREAD)
def test_nothing_else_can(stores: psycopg.Connection, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        stores.execute(f"SELECT * FROM growth_points.{table} LIMIT 1")
    stores.rollback()


@pytest.mark.parametrize(("table", "column"), [("posting", "actor"), ("revision", "findings")])
def test_who_did_it_and_what_was_found_cannot_be_read(
    stores: psycopg.Connection, table: str, column: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        stores.execute(f"SELECT {column} FROM growth_points.{table}")
    stores.rollback()


@pytest.mark.parametrize(("asked", "found"), [(None, set()), ("a", {"a"}), ("nobody", set())])
def test_raw_months_are_those_of_the_store_that_is_asked_about(
    stores: psycopg.Connection, asked: str | None, found: set[str]
) -> None:
    if asked is not None:
        stores.execute("SELECT set_config('growth_points.seller_id', %s, true)", [asked])
    rows = stores.execute("SELECT DISTINCT seller_id FROM growth_points.own_snapshot").fetchall()
    stores.rollback()

    assert {seller for (seller,) in rows} == found
