"""What must not happen is impossible in the database, whatever a program does, its owner included.

Each probe tries one such thing with plain SQL, as the owner of the tables, and names the guard
that must stop it. Then each guard in the catalogue is dropped in turn: its probes must notice. A
guard without a probe, and a probe that another guard would satisfy, fail the tests.
"""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from domain.ledger import ALLOWED_FLOWS, Account, TransferKind
from tests.adapters.guards import Probe, guards, missing, named, refusal, required, unnoticed
from tests.adapters.ledger_probes import line, posting
from tests.adapters.ledger_world import as_owner, database_of_its_own
from tests.adapters.month_probes import add_to_what_has_this_id, record_under_ids_to_come
from tests.adapters.probes import PROBES, go_on, keep_what_probes_need


@pytest.fixture(scope="module")
def owner(server_url: str, migrated_template: str) -> Iterator[Engine]:
    """The owner's engine on a database with a small ledger, committed."""
    with database_of_its_own(server_url, migrated_template) as url, as_owner(url) as engine:
        keep_what_probes_need(engine)
        yield engine


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.guard)
def test_what_must_not_happen_is_refused_by_its_guard(owner: Engine, probe: Probe) -> None:
    refused = refusal(owner, probe)
    assert refused is not None, "nothing refused it"
    assert probe.refusal in refused


def test_what_is_allowed_is_not_refused(server_url: str, migrated_template: str) -> None:
    with database_of_its_own(server_url, migrated_template) as url, as_owner(url) as owner:
        keep_what_probes_need(owner)
        go_on(owner)


def test_every_guard_is_noticed_when_it_is_gone(owner: Engine) -> None:
    assert unnoticed(owner, PROBES) == []


def test_every_probe_names_a_guard_that_exists(owner: Engine) -> None:
    assert {probe.guard for probe in PROBES} <= set(guards(owner))


@pytest.mark.parametrize(
    ("table", "parent"),
    [
        ("seller_amount", "revision"),
        ("seller_snapshot", "revision"),
        ("evaluation_input", "evaluation"),
        ("decision", "evaluation"),
    ],
)
def test_no_row_joins_what_was_recorded_under_the_same_transaction_id_before_a_restore(
    server_url: str, migrated_template: str, table: str, parent: str
) -> None:
    with database_of_its_own(server_url, migrated_template) as url, as_owner(url) as owner:
        keep_what_probes_need(owner)
        with owner.begin() as connection:
            record_under_ids_to_come(connection, parent, 300)
        with owner.connect() as connection, pytest.raises(DBAPIError, match="never later"):
            add_to_what_has_this_id(connection, table, parent)


def test_no_fact_may_be_missing(owner: Engine) -> None:
    for table, column in required(owner):
        assert missing(owner, table, column) == f"{table}.{column}"


def test_the_database_has_the_accounts_of_the_vocabulary_and_no_other(owner: Engine) -> None:
    with owner.connect() as connection:
        rows = connection.execute(text("SELECT account, holder FROM growth_points.account"))
        assert {tuple(row) for row in rows} == {(each, each.holder) for each in Account}


def test_the_database_allows_the_flows_of_the_vocabulary_and_no_other(owner: Engine) -> None:
    with owner.connect() as connection:
        allowed = {
            flow
            for flow in itertools.product(TransferKind, Account, Account)
            if "transfer_flow_is_allowed" not in _refusal_of(connection, *flow)
        }
    assert allowed == ALLOWED_FLOWS


def _refusal_of(connection: Connection, kind: TransferKind, debit: Account, credit: Account) -> str:
    facts: dict[str, object] = {"debit_account": debit, "credit_account": credit, "points": 1}
    if kind in {TransferKind.PAYOUT, TransferKind.REVERSAL}:
        facts["finishes"] = -1
    try:
        with connection.begin_nested() as attempt:
            line(connection, posting(connection, kind), kind, "s", **facts)
            attempt.rollback()
    except DBAPIError as refused:
        return named(refused)
    return ""


def test_the_guards_that_the_documentation_names_are_probed() -> None:
    documentation = Path(__file__).parents[2].joinpath("docs", "ledger.md").read_text()
    named = set(re.findall(r"`(\w+\.\w+)`", documentation))
    assert named
    assert named <= {probe.guard for probe in PROBES}
