"""Probes of approvals: what a closing demands is approved before it is paid, by somebody, once."""

from datetime import date

from sqlalchemy import Connection

from tests.adapters.guards import Attempt, Probe, changes, put
from tests.adapters.ledger_probes import (
    BY_HAND,
    current,
    give,
    pay_october,
    seal_again,
    then,
    then_meet_another,
)
from tests.adapters.ledger_world import NOVEMBER, OCTOBER, SEPTEMBER, awards_of, evaluate

TOTAL = 450_000  # what October's current evaluation has pending


def _rule(above_points: int = TOTAL - 1, month: date = OCTOBER.first_day) -> Attempt:
    values: dict[str, object] = {"settlement_month": month, "above_points": above_points}

    def attempt(connection: Connection) -> str:
        put(connection, "approval_rule", values, returning="above_points")
        return f"{month}/{above_points}"

    return attempt


def _approve(**facts: object) -> Attempt:
    def attempt(connection: Connection) -> object:
        values: dict[str, object] = {
            "evaluation_id": current(connection, OCTOBER),
            "points": TOTAL,
            "actor": "approver",
            "reason": "seen",
            **facts,
        }
        return put(connection, "approval", values, returning="evaluation_id")

    return attempt


def approve_november(connection: Connection) -> None:
    """Demand an approval of November's payout, and approve it."""
    then(
        _rule(month=NOVEMBER.first_day, above_points=-1),
        _approve(evaluation_id=current(connection, NOVEMBER), points=600_000),
    )(connection)


def approve_october(connection: Connection) -> None:
    """Approve what October would pay."""
    _approve()(connection)


def _restate(connection: Connection) -> None:
    evaluate(connection, [*awards_of("ac"), *awards_of("d", tier=2)])


def _approve_what_was_restated(connection: Connection) -> None:
    before = current(connection, OCTOBER)
    _restate(connection)
    _approve(evaluation_id=before)(connection)


APPROVAL_PROBES = (
    Probe("approval_rule.approval_rule_pk", then(_rule(), _rule())),
    Probe("calendar_month.calendar_month_is_a_first", _rule(month=date(2026, 10, 2))),
    Probe("approval_rule.approval_rule_known", _rule(-2)),
    Probe("approval_rule.takes_turn", then_meet_another(_rule()), names="lock timeout"),
    Probe("approval.approval_pk", then(_approve(), _approve())),
    Probe(
        "approval.approval_evaluation_fk",
        _approve(evaluation_id=1_000),
        without=("approval.is_of_the_open_total",),
    ),
    Probe("approval.approval_has_an_actor", _approve(actor="")),
    Probe("approval.approval_has_a_reason", _approve(reason="")),
    Probe("approval.takes_turn", then_meet_another(_approve()), names="lock timeout"),
    *(
        Probe("approval.is_of_the_open_total", attempt, names="approval_is_of_the_open_total")
        for attempt in (
            _approve(points=TOTAL + 1),
            _approve(points=TOTAL - 1),
            lambda connection: _approve(evaluation_id=current(connection, SEPTEMBER), points=0)(
                connection
            ),
            _approve_what_was_restated,
        )
    ),
    *(
        Probe("payout.is_approved", attempt, names="payout_is_approved")
        for attempt in (
            then(_rule(), pay_october()),
            then(_rule(TOTAL), _rule(-1), pay_october()),  # the strictest applies
            then(_rule(), _approve(), _restate, pay_october()),
        )
    ),
    Probe(
        "payout.is_approved",
        then(_rule(), _approve(), give("c"), pay_october()),
        names="payout_is_approved",
        without=("posting.is_in_time",),
    ),
    Probe(
        "posting.is_in_time",
        then(_approve(), give("c")),
        names="posting_evaluation_is_not_approved",
    ),
    Probe(
        "approval.sees_what_others_posted",
        _approve(),
        names="READ COMMITTED",
        isolation="REPEATABLE READ",
    ),
    *(
        Probe(
            f"{table}.sealed",
            seal_again(attempt, table),
            names="seal_seals_once",
            without=BY_HAND,
        )
        for table, attempt in (("approval_rule", _rule()), ("approval", _approve()))
    ),
    *(
        Probe(f"{table}.append_only", attempt, names="stays")
        for table, column in (("approval_rule", "above_points"), ("approval", "points"))
        for attempt in changes(table, column)
    ),
)
