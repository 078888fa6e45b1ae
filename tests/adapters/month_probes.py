"""Probes of what was recorded of months: that it is sound and stays."""

import json
from datetime import date

from sqlalchemy import Connection, text

from adapters.postgres.ledger import check_now, seal_now
from tests.adapters.guards import Attempt, Probe, change, changes, put
from tests.adapters.ledger_probes import then_meet_another
from tests.adapters.ledger_world import POLICY_HASH
from tests.staged import HASH

FRESH = date(2026, 12, 1)  # nothing is recorded of this month
_RESTORED = date(2027, 12, 1)
_NOT_DATES = ("0044-03-15 BC", "1999-12-01", "2200-01-01", "infinity", "-infinity")

_VALID: dict[str, tuple[str, dict[str, object]]] = {
    "policy": (
        "policy_hash",
        {"policy_hash": "1" * 64, "name": "a policy", "content": "text", "adjustment_limit": 1},
    ),
    "revision": (
        "revision_id",
        {
            "settlement_month": FRESH,
            "revision_no": 1,
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
            "settlement_month": FRESH,
            "evaluation_no": 1,
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
            "settlement_month": FRESH,
            "plan_no": 1,
            "due_on": date(2027, 1, 11),
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


def record_a_run(connection: Connection, **facts: object) -> None:
    """Record a run that changed nothing."""
    _insert("run", **facts)(connection)


def record_under_ids_to_come(connection: Connection, parent: str, count: int) -> None:
    """Record rows as a restored database has them: under ids of transactions that come again."""
    switch = f"ALTER TABLE growth_points.{parent} {{}} TRIGGER sealed"
    connection.execute(text(switch.format("DISABLE")))
    here = int(connection.scalar(text("SELECT pg_current_xact_id()::text")) or 0)
    for number in range(1, count + 1):
        counted = {f"{parent}_no": number, "recorded_in": str(here + number)}
        _insert(parent, settlement_month=_RESTORED, **counted)(connection)
    connection.execute(text(switch.format("ENABLE ALWAYS")))


def add_to_what_has_this_id(connection: Connection, table: str, parent: str) -> None:
    """Add a row to what was recorded under the id of this transaction."""
    found = (
        f"SELECT {parent}_id FROM growth_points.{parent} WHERE recorded_in = pg_current_xact_id()"  # noqa: S608 names
    )
    number = connection.execute(text(found)).scalar_one()
    _insert(table, **{f"{parent}_id": number})(connection)


def _child(table: str, *rows: dict[str, object]) -> Attempt:
    """Insert rows together with what they belong to; returns its number."""

    def attempt(connection: Connection) -> object:
        evaluated = table == "decision"
        number = _evaluate(connection) if evaluated else _insert("revision")(connection)
        parent = "evaluation" if evaluated else "revision"
        for facts in rows:
            _insert(table, **{f"{parent}_id": number, **facts})(connection)
        return number

    return attempt


def _deliver(connection: Connection, **facts: object) -> int:
    """Insert a revision whose snapshot has one store; returns its id."""
    number = _number(_insert("revision", **facts)(connection))
    _insert("seller_snapshot", revision_id=number)(connection)
    return number


def _evaluate(connection: Connection, *inputs: int, **facts: object) -> int:
    """Insert an evaluation of some revisions, by default of a new one; returns its id."""
    revisions = inputs or (_deliver(connection),)
    number = _number(_insert("evaluation", **facts)(connection))
    for revision in revisions:
        _insert("evaluation_input", evaluation_id=number, revision_id=revision)(connection)
    return number


def _number(inserted: object) -> int:
    assert isinstance(inserted, int)
    return inserted


def _evaluate_twice_delivered(connection: Connection) -> None:
    older = _deliver(connection)
    _deliver(connection, revision_no=2)
    _evaluate(connection, older)


def _evaluate_the_months(*months: str) -> Attempt:
    def attempt(connection: Connection) -> None:
        revisions = [_deliver(connection, settlement_month=month) for month in months]
        _evaluate(connection, *revisions)

    return attempt


def _decide(seller: str, *, months: tuple[str, ...] = ("2026-12-01",)) -> Attempt:
    """Decide for a store; the oldest month's snapshot has `b`, too."""

    def attempt(connection: Connection) -> None:
        revisions = [_deliver(connection, settlement_month=month) for month in months]
        _insert("seller_snapshot", revision_id=revisions[0], seller_id="b")(connection)
        evaluation = _evaluate(connection, *revisions)
        _insert("decision", evaluation_id=evaluation, seller_id=seller)(connection)

    return attempt


def _decide_before_the_input(connection: Connection) -> None:
    earlier = _deliver(connection, settlement_month="2026-11-01", revision_no=2)
    evaluation = _evaluate(connection)
    _insert("decision", evaluation_id=evaluation)(connection)
    _insert("evaluation_input", evaluation_id=evaluation, revision_id=earlier)(connection)


def _child_of_what_is(how: str, table: str) -> Attempt:
    """Insert a row of what this transaction recorded, after it was noted or sealed."""
    parent = "revision" if table.startswith("seller") else "evaluation"

    def attempt(connection: Connection) -> None:
        number = _evaluate(connection) if parent == "evaluation" else _insert(parent)(connection)
        (seal_now if how == "sealed" else check_now)(connection)
        _insert(table, **{f"{parent}_id": number})(connection)

    return attempt


def _child_of_another_transaction(table: str) -> Attempt:
    """Insert a row of what says that another transaction recorded it."""

    def attempt(connection: Connection) -> None:
        number = _insert("revision", recorded_in="3")(connection)
        _insert(table, revision_id=number)(connection)

    return attempt


def _sealed_twice(table: str) -> Attempt:
    """Insert a row, then its seal once more: the seals' key refuses that only if there is one."""

    def attempt(connection: Connection) -> None:
        whole = {"revision_signature": _child(table, {}), "evaluation": _evaluate}
        key = whole.get(table, _insert(table))(connection)
        seal_now(connection)
        seal = text("""
          INSERT INTO growth_points.seal SELECT 1000, :table, :key, '', now(), ''
        """)
        named = f"{FRESH}/{key}" if table == "payout_date" else str(key)
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
    {"outcome": "not_eligible", "points": 0, "reasons": ["uses_api"]},
    {"outcome": "not_eligible", "tier": None, "reasons": ["uses_api"]},
)

_FINDING: dict[str, object] = {
    "rule": "r",
    "severity": "info",
    "sentence": "s",
    "count": 1,
    "where": "w",
    "examples": [],
}


def _unreadable_findings() -> list[str]:
    return [json.dumps([_FINDING, {**_FINDING, name: None}]) for name in _FINDING]


# What is recorded in all its forms.
MONTH_RECORDS = (
    *(
        _insert("revision", findings=json.dumps([{**_FINDING, "severity": severity}]))
        for severity in ("critical", "warning", "info")
    ),
    _insert(
        "payout_date",
        passed_over='[["2027-01-10", "a Sunday"]]',
        extra_holidays='{"2027-01-10": "a holiday"}',
    ),
    _insert(
        "run", difference='{"refused": "why", "input": "a hash", "policy": "a name", "points": 5}'
    ),
    _insert("run", action="approve", difference='{"refused": "why"}'),
    _insert("run", action="approve", evaluation_id=1),
    _insert("run", changed=True),
)

MONTH_PROBES = (
    Probe("policy.policy_pk", _insert("policy", policy_hash=POLICY_HASH)),
    Probe("policy.policy_hash_is_sha256", _insert("policy", policy_hash="1" * 63)),
    Probe("policy.policy_has_a_name", _insert("policy", name="")),
    Probe("revision.revision_pk", _insert("revision", revision_id=1)),
    Probe("revision.revision_no_counts_from_1", _insert("revision", revision_no=0)),
    Probe("revision.revision_hash_is_sha256", _insert("revision", content_hash="")),
    Probe("revision.revision_rows_hash_is_sha256", _insert("revision", rows_hash="")),
    Probe("revision.revision_lines_not_negative", _insert("revision", lines=-1)),
    Probe("revision.revision_has_sellers", _insert("revision", sellers=0)),
    Probe("revision.revision_has_an_actor", _insert("revision", actor="")),
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
    Probe(
        "revision.revision_is_numbered_once",
        _insert("revision", settlement_month=date(2026, 10, 1)),
    ),
    *(
        Probe("revision.revision_profile_is_readable", _insert("revision", profile=profile))
        for profile in ("[]", '"text"', '{"unknown_words": {}}', '{"files": 1}')
    ),
    *(
        Probe("revision.revision_findings_are_readable", _insert("revision", findings=findings))
        for findings in ("{}", "1", "[1]", *_unreadable_findings())
    ),
    *(
        Probe(f"{table}.counts_on", _insert(table, **{number: 2}), names=f"{table}_counts_on")
        for table, number in (
            ("revision", "revision_no"),
            ("evaluation", "evaluation_no"),
            ("payout_date", "plan_no"),
        )
    ),
    *(
        Probe("seller_amount.seller_amount_at_most", _child("seller_amount", {"amount_krw": krw}))
        for krw in (10**12 + 1, -(10**12) - 1)
    ),
    *(
        Probe(
            "seller_snapshot.seller_snapshot_approval_is_plausible",
            _child("seller_snapshot", {"approved_on": day}),
        )
        for day in ("1899-12-31", "3000-01-01", "infinity")
    ),
    *(
        Probe("policy.policy_adjustment_limit_known", _insert("policy", adjustment_limit=limit))
        for limit in (-1, 10**12 + 1)
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
    Probe("evaluation.takes_turn", then_meet_another(_insert("evaluation")), names="lock timeout"),
    *(
        Probe(
            f"{table}.sees_what_others_posted",
            _insert(table),
            names="READ COMMITTED",
            isolation="REPEATABLE READ",
        )
        for table in ("revision", "evaluation", "payout_date")
    ),
    Probe("evaluation.evaluation_pk", _insert("evaluation", evaluation_id=1)),
    Probe("evaluation.evaluation_no_counts_from_1", _insert("evaluation", evaluation_no=0)),
    Probe("evaluation.evaluation_hash_is_sha256", _insert("evaluation", input_hash="")),
    Probe("evaluation.evaluation_policy_fk", _insert("evaluation", policy_hash="2" * 64)),
    Probe("evaluation.evaluation_has_an_actor", _insert("evaluation", actor="")),
    Probe("evaluation.evaluation_has_a_reason", _insert("evaluation", reason="")),
    Probe(
        "evaluation.evaluation_is_numbered_once",
        _insert("evaluation", settlement_month=date(2026, 10, 1)),
    ),
    *(
        Probe("evaluation.sealed", attempt, names="evaluation_has_a_window")
        for attempt in (
            _insert("evaluation"),
            _evaluate_the_months("2027-01-01"),
            _evaluate_the_months("2026-08-01"),
            _evaluate_the_months("2026-08-01", "2026-12-01"),
            _evaluate_the_months("2026-12-01", "2027-01-01"),
        )
    ),
    Probe(
        "evaluation_input.is_the_newest",
        _evaluate_twice_delivered,
        names="evaluation_input_is_the_newest",
    ),
    Probe(
        "evaluation_input.is_the_newest",
        _decide_before_the_input,
        names="evaluation_input_comes_first",
    ),
    Probe(
        "evaluation_input.evaluation_input_pk",
        lambda connection: _evaluate(connection, *[_deliver(connection)] * 2),
    ),
    *(
        Probe("decision.is_of_the_snapshot", attempt, names="decision_is_of_the_snapshot")
        for attempt in (
            _decide("stranger"),
            _decide("b", months=("2027-01-01", "2027-02-01")),
            lambda connection: _insert("decision", evaluation_id=_insert("evaluation")(connection))(
                connection
            ),
        )
    ),
    Probe("decision.decision_points_at_most", _child("decision", {"points": 10**12 + 1})),
    Probe(
        "evaluation_input.evaluation_input_evaluation_fk",
        _insert("evaluation_input", evaluation_id=1_000),
        without=("evaluation_input.belongs",),
    ),
    Probe(
        "evaluation_input.evaluation_input_revision_fk",
        lambda connection: _evaluate(connection, 1_000),
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
    Probe(
        "payout_date.payout_date_pk",
        _insert("payout_date", settlement_month=date(2026, 10, 1), due_on=date(2026, 11, 10)),
    ),
    Probe("payout_date.payout_date_is_soon", _insert("payout_date", due_on=date(2027, 3, 1))),
    *(
        Probe("payout_date.payout_date_passed_over_is_readable", _insert("payout_date", **facts))
        for facts in (
            {"passed_over": value}
            for value in (
                *("{}", "1", "[1]", "[[1, 2]]", '[["2027-01-10"]]', '[["2027-01-10", 1]]'),
                *('[["2027-01-10", "a", "b"]]', '[[1, "a"]]'),
            )
        )
    ),
    *(
        Probe(
            "payout_date.payout_date_extra_holidays_are_readable",
            _insert("payout_date", extra_holidays=value),
        )
        for value in ("[]", "1", '{"2027-01-10": 1}')
    ),
    Probe("payout_date.payout_date_no_counts_from_1", _insert("payout_date", plan_no=0)),
    Probe("payout_date.payout_date_policy_fk", _insert("payout_date", policy_hash="2" * 64)),
    Probe(
        "payout_date.payout_date_is_after_the_month",
        _insert("payout_date", due_on=date(2026, 12, 31)),
    ),
    Probe("run.run_pk", _insert("run", run_no=1)),
    *(
        Probe("run.run_difference_is_readable", _insert("run", difference=difference))
        for difference in (
            "[]",
            "1",
            '{"points": "many"}',
            '{"points": [1]}',
            '{"points": 0.5}',
            '{"points": 1e30}',
            '{"refused": 1}',
            '{"input": {}}',
            '{"policy": null}',
        )
    ),
    # What is dated is dated on days that every program can read.
    *(
        Probe("calendar_day.calendar_day_in_range", _insert(table, **{column: value}))
        for value in _NOT_DATES
        for table, column in (
            ("revision", "settlement_month"),
            ("evaluation", "settlement_month"),
            ("run", "settlement_month"),
            ("run", "caused_by"),
            ("payout_date", "settlement_month"),
            ("payout_date", "due_on"),
        )
    ),
    *(
        Probe("calendar_month.calendar_month_is_a_first", _insert(table, **{column: "2026-12-02"}))
        for table, column in (
            ("revision", "settlement_month"),
            ("evaluation", "settlement_month"),
            ("run", "settlement_month"),
            ("run", "caused_by"),
            ("payout_date", "settlement_month"),
        )
    ),
    *(Probe("instant.instant_in_range", _insert("run", started_at=value)) for value in _NOT_DATES),
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
        Probe(f"{table}.belongs", _child_of_another_transaction(table), names="never later")
        for table in ("seller_amount", "seller_snapshot")
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
        Probe(f"{table}.append_only", attempt, names="stays")
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
        for attempt in changes(table, column)
    ),
)
