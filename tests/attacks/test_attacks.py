"""Nothing gets through as any login but the owner, on a ledger with paid and open months."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy.engine import URL

from adapters.postgres.database import open_database
from tests.adapters.ledger_probes import keep_a_small_ledger
from tests.adapters.ledger_world import as_owner
from tests.attacks.attack import LOGINS, Attack, outcome
from tests.attacks.months import APPROVALS, AWARDS, PAYOUTS
from tests.attacks.postings import POSTINGS
from tests.attacks.powers import POWERS
from tests.attacks.rows import attacks_on_columns, attacks_on_functions, attacks_on_tables
from tests.attacks.tricks import TRICKS
from tests.production import administer, as_login, production_database

_STATEMENTS = (*POWERS, *POSTINGS, *AWARDS, *PAYOUTS, *APPROVALS, *TRICKS)


@pytest.fixture(scope="module")
def ledger(server_url: str) -> Iterator[URL]:
    """A small ledger of production, and a stranger who may connect."""
    with production_database(server_url) as database:
        url = as_login("growth_points_owner", database)
        with open_database(url), as_owner(url) as owner:
            keep_a_small_ledger(owner)
        administer(
            server_url,
            "CREATE ROLE stranger LOGIN",
            "GRANT CONNECT ON DATABASE growth_points TO stranger",
        )
        yield database
        administer(server_url, "REVOKE CONNECT ON DATABASE growth_points FROM stranger")
        administer(server_url, "DROP ROLE stranger")


@pytest.fixture(scope="module")
def connections(ledger: URL) -> Iterator[dict[str, psycopg.Connection]]:
    """A session of each login, as somebody with its password has it."""
    sessions = {
        name: psycopg.connect(as_login(login, ledger), options="-c lock_timeout=5s")
        for name, login in LOGINS.items()
    }
    yield sessions
    for session in sessions.values():
        session.close()


def test_there_are_enough_of_them() -> None:
    names = [attack.name for attack in _STATEMENTS]
    assert len(names) == len(set(names)) >= 80


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("attack", _STATEMENTS, ids=lambda attack: attack.name)
def test_an_attack_is_refused(
    connections: dict[str, psycopg.Connection], attack: Attack, login: str
) -> None:
    assert attack.expected(login) in outcome(connections[login], attack.sql)


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("listed", [attacks_on_tables, attacks_on_columns, attacks_on_functions])
def test_no_table_column_or_function_is_open(
    ledger: URL,
    connections: dict[str, psycopg.Connection],
    listed: Callable[[psycopg.Connection, str], Iterator[Attack]],
    login: str,
) -> None:
    with psycopg.connect(as_login("growth_points_owner", ledger)) as owner:
        attacks = list(listed(owner, login))
    found = {attack.name: outcome(connections[login], attack.sql) for attack in attacks}

    assert len(attacks) > 20
    assert {
        attack.name: found[attack.name]
        for attack in attacks
        if attack.expected(login) not in found[attack.name]
    } == {}
