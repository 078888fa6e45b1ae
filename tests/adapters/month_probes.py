"""Probes of what was recorded of months: that it is sound and stays."""

from datetime import date

from sqlalchemy import Connection, text

from adapters.postgres.ledger import check_now, seal_now
from tests.adapters.guards import Attempt, Probe, change, put
from tests.adapters.ledger_world import POLICY_HASH
from tests.staged import HASH

_VALID: dict[str, tuple[str, dict[str, object]]] = {
    "policy": ("policy_hash", {"policy_hash": "1" * 64, "name": "a policy", "content": "text"}),
    "revision": (
        "revision_id",
        {
            "settlement_month": date(2026, 10, 1),
            "revision_no": 9,
            "content_hash": HASH,
            "source": "probe",
            "lines": 1,
            "amount_krw": 1,
            "sellers": 1,
            "profile": "{}",
            "findings": "[]",
            "actor": "prober",
            "rows_hash": HASH,
        },
    ),
    "revision_signature": (
        "revision_id",
        {
            "sender": "probe",
            "public_key": f"ssh-ed25519 {'A' * 68}",
            "delivery_no": 1,
            "manifest": b"{}",
            "signature": "probe",
        },
    ),
    "seller_amount": (
        "revision_id",
        {"seller_id": "a", "line_type": "PROD_ORDER", "lines": 1, "amount_krw": 1},
    ),
    "seller_snapshot": (
        "revision_id",
        {
            "seller_id": "a",
            "approved_on": date(2026, 1, 1),
            "status": "NORMAL",
            "runs_department_store_window": False,
            "runs_outlet_window": False,
            "uses_fulfilment": False,
            "uses_api": False,
        },
    ),
    "evaluation": (
        "evaluation_id",
        {
            "settlement_month": date(2026, 10, 1),
            "evaluation_no": 9,
            "input_hash": HASH,
            "policy_hash": POLICY_HASH,
            "actor": "prober",
            "reason": "a probe",
        },
    ),
    "evaluation_input": ("evaluation_id", {"revision_id": 1}),
    "decision": (
        "evaluation_id",
        {
            "seller_id": "a",
            "outcome": "awarded",
            "tier": 1,
            "points": 150_000,
            "window_amount_krw": 6_000_000,
            "reasons": [],
        },
    ),
    "run": (
        "run_no",
        {
            "settlement_month": date(2026, 10, 1),
            "action": "close",
            "caused_by": None,
            "actor": "prober",
            "origin": "a probe",
            "reason": "a probe",
            "revision_id": None,
            "evaluation_id": None,
            "changed": False,
            "difference": "{}",
            "started_at": date(2026, 11, 3),
        },
    ),
    "payout_date": (
        "plan_no",
        {
            "settlement_month": date(2026, 10, 1),
            "plan_no": 9,
            "due_on": date(2026, 11, 11),
            "passed_over": "[]",
            "calendar": "probe",
            "extra_holidays": "{}",
            "policy_hash": POLICY_HASH,
        },
    ),
}


def _insert(table: str, **facts: object) -> Attempt:
    """Insert a row that is valid except for what is given."""
    key, valid = _VALID[table]
    return lambda connection: put(connection, table, {**valid, **facts}, returning=key)


record_a_run = _insert("run")


def record_under_ids_to_come(connection: Connection, parent: str, count: int) -> None:
    """Record rows as a restored database has them: under ids of transactions that come again."""
    here = int(connection.scalar(text("SELECT pg_current_xact_id()::text")) or 0)
    for number in range(1, count + 1):
        counted = {f"{parent}_no": 100 + number, "recorded_in": str(here + number)}
        _insert(parent, **counted)(connection)


def add_to_what_has_this_id(connection: Connection, table: str, parent: str) -> None:
    """Add a row to what was recorded under the id of this transaction."""
    found = (
        f"SELECT {parent}_id FROM growth_points.{parent} WHERE recorded_in = pg_current_xact_id()"  # noqa: S608 names
    )
    number = connection.execute(text(found)).scalar_one()
    _insert(table, **{f"{parent}_id": number})(connection)


def _with_parent(parent: str, table: str, *rows: dict[str, object]) -> Attempt:
    """Insert rows together with what they belong to; returns its number."""

    def attempt(connection: Connection) -> object:
        number = _insert(parent)(connection)
        for facts in rows:
            _insert(table, **{f"{parent}_id": number, **facts})(connection)
        return number

    return attempt


def _child(table: str, *rows: dict[str, object]) -> Attempt:
    parent = "revision" if table.startswith(("seller", "revision")) else "evaluation"
    return _with_parent(parent, table, *rows)


def _child_of_what_is(how: str, table: str) -> Attempt:
    """Insert a row of what this transaction recorded, after it was noted or sealed."""
    parent = "revision" if table.startswith("seller") else "evaluation"

    def attempt(connection: Connection) -> None:
        number = _insert(parent)(connection)
        (seal_now if how == "sealed" else check_now)(connection)
        _insert(table, **{f"{parent}_id": number})(connection)

    return attempt


def _sealed_twice(table: str) -> Attempt:
    """Insert a row, then its seal once more: the seals' key refuses that only if there is one."""

    def attempt(connection: Connection) -> None:
        insert = _child(table, {}) if table == "revision_signature" else _insert(table)
        key = insert(connection)
        seal_now(connection)
        seal = text("""
          INSERT INTO growth_points.seal SELECT 1000, :table, :key, '', now(), ''
        """)
        named = f"2026-10-01/{key}" if table == "payout_date" else str(key)
        connection.execute(seal, {"table": table, "key": named})

    return attempt


def _as_role(role: str, attempt: Attempt) -> Attempt:
    def act(connection: Connection) -> None:
        connection.execute(text(f"SET LOCAL ROLE growth_points_{role}"))
        attempt(connection)

    return act


# A run in the columns that a login may choose.
_RUN_OF_A_LOGIN = """
  INSERT INTO growth_points.run (settlement_month, action, evaluation_id, actor, origin, reason,
                                 changed, difference, started_at)
  VALUES ('2026-10-01', '{}', 1, 'prober', 'a probe', 'a probe', false, '{{}}', now())
"""

_HALF_DECIDED: tuple[dict[str, object], ...] = (
    {"tier": None},
    {"points": 0},
    {"reasons": ["uses_api"]},
    {"outcome": "not_eligible"},
    {"outcome": "not_eligible", "tier": None, "points": 0},
)

MONTH_PROBES = (
    Probe("policy.policy_pk", _insert("policy", policy_hash=POLICY_HASH)),
    Probe("policy.policy_hash_is_sha256", _insert("policy", policy_hash="1" * 63)),
    Probe("policy.policy_has_a_name", _insert("policy", name="")),
    Probe("revision.revision_pk", _insert("revision", revision_id=1)),
    Probe("revision.revision_month_is_a_first", _insert("revision", settlement_month="2026-10-02")),
    Probe("revision.revision_no_counts_from_1", _insert("revision", revision_no=0)),
    Probe("revision.revision_hash_is_sha256", _insert("revision", content_hash="")),
    Probe("revision.revision_rows_hash_is_sha256", _insert("revision", rows_hash="")),
    Probe("revision.revision_lines_not_negative", _insert("revision", lines=-1)),
    Probe("revision.revision_has_sellers", _insert("revision", sellers=0)),
    Probe("revision.revision_has_an_actor", _insert("revision", actor="")),
    Probe("revision.revision_is_numbered_once", _insert("revision", revision_no=1)),
    Probe("revision_signature.revision_signature_pk", _child("revision_signature", {}, {})),
    Probe(
        "revision_signature.revision_signature_revision_fk",
        _insert("revision_signature", revision_id=1_000),
        without=("revision_signature.belongs",),
    ),
    Probe(
        "revision_signature.revision_signature_has_a_sender",
        _child("revision_signature", {"sender": ""}),
    ),
    Probe(
        "revision_signature.revision_signature_key_is_ed25519",
        _child("revision_signature", {"public_key": f"ssh-rsa {'A' * 68}"}),
    ),
    Probe(
        "revision_signature.revision_signature_no_counts_from_1",
        _child("revision_signature", {"delivery_no": 0}),
    ),
    Probe("seller_amount.seller_amount_has_lines", _child("seller_amount", {"lines": 0})),
    Probe("seller_amount.seller_amount_pk", _child("seller_amount", {}, {})),
    Probe(
        "seller_snapshot.seller_snapshot_id_length", _child("seller_snapshot", {"seller_id": ""})
    ),
    Probe(
        "seller_snapshot.seller_snapshot_id_length",
        _child("seller_snapshot", {"seller_id": "s" * 65}),
    ),
    Probe("seller_snapshot.seller_snapshot_pk", _child("seller_snapshot", {}, {})),
    Probe("evaluation.evaluation_pk", _insert("evaluation", evaluation_id=1)),
    Probe(
        "evaluation.evaluation_month_is_a_first",
        _insert("evaluation", settlement_month="2026-10-02"),
    ),
    Probe("evaluation.evaluation_no_counts_from_1", _insert("evaluation", evaluation_no=0)),
    Probe("evaluation.evaluation_hash_is_sha256", _insert("evaluation", input_hash="")),
    Probe("evaluation.evaluation_policy_fk", _insert("evaluation", policy_hash="2" * 64)),
    Probe("evaluation.evaluation_has_an_actor", _insert("evaluation", actor="")),
    Probe("evaluation.evaluation_has_a_reason", _insert("evaluation", reason="")),
    Probe("evaluation.evaluation_is_numbered_once", _insert("evaluation", evaluation_no=1)),
    Probe("evaluation_input.evaluation_input_pk", _child("evaluation_input", {}, {})),
    Probe(
        "evaluation_input.evaluation_input_evaluation_fk",
        _insert("evaluation_input", evaluation_id=1_000),
        without=("evaluation_input.belongs",),
    ),
    Probe(
        "evaluation_input.evaluation_input_revision_fk",
        _child("evaluation_input", {"revision_id": 1_000}),
    ),
    Probe("decision.decision_pk", _child("decision", {}, {})),
    Probe(
        "decision.decision_outcome_known",
        _child(
            "decision", {"outcome": "awardd", "tier": None, "points": 0, "reasons": ["uses_api"]}
        ),
    ),
    *(
        Probe("decision.decision_awards_or_gives_reasons", _child("decision", facts))
        for facts in _HALF_DECIDED
    ),
    Probe("payout_date.payout_date_pk", _insert("payout_date", plan_no=1)),
    Probe("payout_date.payout_date_no_counts_from_1", _insert("payout_date", plan_no=0)),
    Probe("payout_date.payout_date_policy_fk", _insert("payout_date", policy_hash="2" * 64)),
    Probe(
        "payout_date.payout_date_is_after_the_month",
        _insert("payout_date", due_on=date(2026, 10, 31)),
    ),
    Probe("run.run_pk", _insert("run", run_no=1)),
    Probe("run.run_month_is_a_first", _insert("run", settlement_month="2026-10-02")),
    Probe("run.run_action_known", _insert("run", action="closed")),
    Probe("run.run_has_an_actor", _insert("run", actor="")),
    Probe("run.run_has_an_origin", _insert("run", origin="")),
    Probe("run.run_has_a_reason", _insert("run", reason="")),
    Probe("run.run_revision_fk", _insert("run", revision_id=1_000)),
    Probe("run.run_evaluation_fk", _insert("run", evaluation_id=1_000)),
    Probe("run.run_approves_an_evaluation", _insert("run", action="approve")),
    Probe(
        "run.run_refused_changed_nothing",
        _insert("run", changed=True, difference='{"refused": "why"}'),
    ),
    Probe("run.run_names_its_cause", _insert("run", action="evaluate again")),
    Probe("run.run_names_its_cause", _insert("run", caused_by=date(2026, 9, 1))),
    *(
        Probe(
            "run.is_of_its_login",
            _as_role(role, change(_RUN_OF_A_LOGIN.format(action))),
            names="run_is_of_its_login",
        )
        for role, action in (("service", "approve"), ("approver", "pay out"), ("approver", "close"))
    ),
    # Rows come with what they belong to, never later.
    *(
        Probe(
            f"{table}.belongs",
            _insert(table, seller_id="c", **{f"{parent}_id": 1}),
            names="never later",
        )
        for table, parent in (("seller_amount", "revision"), ("seller_snapshot", "revision"))
    ),
    Probe(
        "revision_signature.belongs",
        _insert("revision_signature", revision_id=1),
        names="never later",
    ),
    Probe(
        "decision.belongs",
        _insert("decision", evaluation_id=1, seller_id="c"),
        names="never later",
    ),
    Probe(
        "evaluation_input.belongs",
        lambda connection: (
            number := _insert("revision")(connection),
            _insert("evaluation_input", evaluation_id=1, revision_id=number)(connection),
        ),
        names="never later",
    ),
    *(
        Probe(f"{table}.belongs", _child_of_what_is(how, table), names="never later")
        for table in ("seller_amount", "seller_snapshot", "evaluation_input", "decision")
        for how in ("noted", "sealed")
    ),
    *(
        Probe(
            f"{table}.sealed",
            _sealed_twice(table),
            names="seal_seals_once",
            without=("seal.made_by_the_database",),
        )
        for table in (
            *("policy", "revision", "revision_signature", "evaluation", "payout_date", "run"),
        )
    ),
    *(
        Probe(f"{table}.append_only", change(f"{how} growth_points.{table}{what}"), names="stays")
        for table, column in (
            ("policy", "name"),
            ("revision", "actor"),
            ("revision_signature", "sender"),
            ("seller_amount", "lines"),
            ("seller_snapshot", "status"),
            ("evaluation", "actor"),
            ("evaluation_input", "revision_id"),
            ("decision", "points"),
            ("payout_date", "due_on"),
            ("run", "actor"),
        )
        for how, what in (
            ("UPDATE", f" SET {column} = {column}"),
            ("DELETE FROM", ""),
            ("TRUNCATE", " CASCADE"),
        )
    ),
)
