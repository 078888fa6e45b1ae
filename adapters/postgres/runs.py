"""Runs: everything that was done to a month, including runs that changed nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, func, insert, or_, select

from adapters.postgres.tables import evaluation, policy, revision, run
from domain.cause import Cause
from domain.months import SettlementMonth

# Beside the counts of what was done, as they are sealed with them:
REFUSED: Final = "refused"
_INPUT: Final = "input"
_POLICY: Final = "policy"
_RESTS_ON: Final = "rests_on"


class Action(StrEnum):
    """What a run did to its month."""

    INGEST = "ingest"
    CLOSE = "close"
    EVALUATE_AGAIN = "evaluate again"
    APPROVE = "approve"
    PAY_OUT = "pay out"
    AWARD_CORRECTION = "award correction"
    CLAWBACK = "clawback"
    REINSTATEMENT = "reinstatement"
    RESCHEDULE = "reschedule"


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A recorded run of a month, with its inputs.

    `caused_by` is the month whose closing evaluated this one again. `input` is the delivery's
    source, even if none was found. `difference` counts what was done, by name, or has under
    `refused` the reason why nothing was; `days_ahead` is how long before its date a month was paid.
    """

    run_no: int
    action: Action
    caused_by: SettlementMonth | None
    actor: str
    origin: str
    reason: str
    input: str | None
    revision_no: int | None
    evaluation_no: int | None
    policy: str | None
    changed: bool
    difference: Mapping[str, Any]
    started_at: datetime
    recorded_at: datetime

    @property
    def refused(self) -> str | None:
        """The reason for a refusal, None for a run that was not refused."""
        return self.difference.get(REFUSED)

    @property
    def result(self) -> str:
        """Whether it was refused, changed anything, or neither."""
        if self.refused:
            return "refused"
        return "changed" if self.changed else "no change"

    @property
    def duration(self) -> timedelta:
        """The time from its start to its record, shortly before the commit."""
        return max(self.recorded_at - self.started_at, timedelta(0))


def record_run(  # noqa: PLR0913 a run's record has that many facts
    connection: Connection,
    month: SettlementMonth,
    action: Action,
    cause: Cause,
    *,
    changed: bool,
    difference: Mapping[str, int],
    revision_id: int | None = None,
    evaluation_id: int | None = None,
    caused_by: SettlementMonth | None = None,
) -> None:
    """Record a run of a month, in the transaction of its changes."""
    told = {
        name: count
        for name, count in difference.items()
        if count or action is Action.APPROVE  # 0 points can be approved
    }
    _insert(
        connection,
        month,
        action,
        cause,
        told,
        changed=changed,
        caused_by=caused_by,
        revision_id=revision_id,
        evaluation_id=evaluation_id,
    )


def record_refusal(  # noqa: PLR0913 a run's record has that many facts
    connection: Connection,
    month: SettlementMonth,
    action: Action,
    cause: Cause,
    refused: str,
    *,
    source: str | None = None,
    policy_name: str | None = None,
    evaluation_id: int | None = None,
    rests_on: int | None = None,
) -> None:
    """Record a refused run of a month, in a transaction of its own.

    `source` is where its delivery was looked for, `policy_name` the policy it would have applied;
    `rests_on` stands for everything that it rested on, so that it is not tried again in vain.
    """
    told = {REFUSED: refused, _INPUT: source, _POLICY: policy_name, _RESTS_ON: rests_on}
    told = {name: text for name, text in told.items() if text is not None}
    _insert(connection, month, action, cause, told, changed=False, evaluation_id=evaluation_id)


def _insert(
    connection: Connection,
    month: SettlementMonth,
    action: Action,
    cause: Cause,
    told: Mapping[str, Any],
    **facts: SettlementMonth | int | bool | None,
) -> None:
    connection.execute(
        insert(run).values(
            settlement_month=month,
            action=action,
            actor=cause.actor,
            origin=cause.origin,
            reason=cause.reason,
            difference=told,
            started_at=cause.started_at,
            **facts,
        )
    )


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """The run that last evaluated a month: who, when and why, and the data used."""

    run_no: int
    actor: str
    reason: str
    recorded_at: datetime
    sellers: int
    lines: int
    amount_krw: int


def last_evaluating_run(
    connection: Connection, month: SettlementMonth, before: int | None = None
) -> EarlierRun | None:
    """Return the last run that decided a month, or the last before an evaluation; None if none."""
    earlier = run.c.evaluation_id.is_not(None) if before is None else run.c.evaluation_id < before
    row = connection.execute(
        select(
            run.c.run_no,
            run.c.actor,
            run.c.reason,
            run.c.recorded_at,
            revision.c.sellers,
            revision.c.lines,
            revision.c.amount_krw,
        )
        .join(revision, revision.c.revision_id == run.c.revision_id)
        .where(run.c.settlement_month == month, earlier)
        .order_by(run.c.run_no.desc())
        .limit(1)
    ).first()
    return None if row is None else EarlierRun(*row)


@dataclass(frozen=True, slots=True)
class MakingRun:
    """The run that made an evaluation: its cause, the month that caused it, what it did."""

    cause: Cause
    caused_by: SettlementMonth | None
    difference: Mapping[str, int]


def making_run(connection: Connection, evaluation_id: int) -> MakingRun:
    """Return the run that made an evaluation."""
    row = connection.execute(
        select(
            run.c.actor,
            run.c.reason,
            run.c.origin,
            run.c.started_at,
            run.c.caused_by,
            run.c.difference,
        )
        .where(run.c.evaluation_id == evaluation_id)
        .order_by(run.c.run_no)
        .limit(1)
    ).one()
    *cause, caused_by, difference = row
    return MakingRun(Cause(*cause), caused_by, difference)


@dataclass(frozen=True, slots=True)
class RefusedClosing:
    """Why and when a closing was refused."""

    reason: str
    started_at: datetime


def refused_closing(
    connection: Connection, month: SettlementMonth, rests_on: int
) -> RefusedClosing | None:
    """Return how the last closing of a month by itself was refused, if it rested on the same."""
    row = connection.execute(
        select(
            run.c.difference[REFUSED].astext,
            run.c.started_at,
            run.c.difference[_RESTS_ON].astext,
        )
        .where(
            run.c.settlement_month == month,
            run.c.action == Action.CLOSE,
            run.c.difference[_RESTS_ON].is_not(None),
        )
        .order_by(run.c.run_no.desc())
        .limit(1)
    ).first()
    if row is None or row[2] != str(rests_on):
        return None
    return RefusedClosing(str(row[0]), row[1])


def first_tried(connection: Connection, reason: str) -> SettlementMonth | None:
    """Return the earliest month that was closed, or whose closing for a reason was refused."""
    closings = select(func.min(run.c.settlement_month)).where(
        run.c.action == Action.CLOSE,
        or_(run.c.evaluation_id.is_not(None), run.c.reason == reason),
    )
    month: SettlementMonth | None = connection.execute(closings).scalar_one()
    return month


def last_change_of_data(connection: Connection) -> int:
    """Return the number of the last run that changed what months are decided on; 0 for none."""
    changes = select(func.coalesce(func.max(run.c.run_no), 0)).where(
        run.c.changed,
        run.c.action.not_in([Action.APPROVE, Action.PAY_OUT, Action.RESCHEDULE]),
    )
    return int(connection.execute(changes).scalar_one())


def runs_of(connection: Connection, month: SettlementMonth) -> Iterator[RecordedRun]:
    """Return the runs of a month in the order of their records."""
    rows = connection.execute(
        select(
            run.c.run_no,
            run.c.action,
            run.c.caused_by,
            run.c.actor,
            run.c.origin,
            run.c.reason,
            func.coalesce(revision.c.source, run.c.difference[_INPUT].astext).label("input"),
            revision.c.revision_no,
            evaluation.c.evaluation_no,
            func.coalesce(policy.c.name, run.c.difference[_POLICY].astext).label("policy"),
            run.c.changed,
            run.c.difference,
            run.c.started_at,
            run.c.recorded_at,
        )
        .outerjoin(revision, revision.c.revision_id == run.c.revision_id)
        .outerjoin(evaluation, evaluation.c.evaluation_id == run.c.evaluation_id)
        .outerjoin(policy, policy.c.policy_hash == evaluation.c.policy_hash)
        .where(run.c.settlement_month == month)
        .order_by(run.c.run_no)
    )
    for row in rows.mappings():
        told = row["difference"]
        if not isinstance(told, dict):  # the database prevents it; `verify` names it
            told = {"unreadable": told}
        yield RecordedRun(**{**row, "action": Action(row["action"]), "difference": told})
