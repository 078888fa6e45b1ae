"""Recording refused runs in the history of their month."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection

from adapters.postgres.database import work_as_approver
from adapters.postgres.evaluations import current_evaluation
from adapters.postgres.runs import Action, record_refusal
from domain.cause import Cause
from domain.months import SettlementMonth
from domain.refusal import Refused, WrongUsage
from domain.secrets import without_secrets
from flows.policies import policy_of
from flows.program import program_database, program_policies
from flows.settings import Settings

_LONGEST_REASON = 500


@contextmanager
def recording_refusals(
    settings: Settings,
    month: SettlementMonth,
    action: Action,
    cause: Cause,
    *,
    source: str | None = None,
    policy_name: str | None = None,
    rests_on: int | None = None,
) -> Iterator[None]:
    """Record a refusal raised in the block, in a transaction of its own, and raise it again.

    `source` is where a delivery was looked for, `policy_name` the policy that a closing asked for,
    `rests_on` what it rested on; without a source the run is recorded with the month's current
    evaluation.
    """
    try:
        yield
    except Refused as refused:
        with program_database(settings) as engine, engine.begin() as connection:
            if action is Action.CLOSE:
                policy_name = _policy_to_use(settings, connection, month, policy_name)
            elif action is Action.APPROVE:
                work_as_approver(connection)
            evaluation = current_evaluation(connection, month) if source is None else None
            record_refusal(
                connection,
                month,
                action,
                cause,
                recorded_reason(refused),
                source=source,
                policy_name=policy_name,
                evaluation_id=None if evaluation is None else evaluation.evaluation_id,
                rests_on=rests_on,
            )
        raise


def recorded_reason(refused: Refused) -> str:
    """Return the reason of a refusal as it is recorded: in English, in one line, not too long."""
    sentence = without_secrets(" ".join(line.strip() for line in str(refused).splitlines()))
    return sentence if len(sentence) <= _LONGEST_REASON else f"{sentence[:_LONGEST_REASON]}…"


def _policy_to_use(
    settings: Settings, connection: Connection, month: SettlementMonth, asked_for: str | None
) -> str | None:
    with suppress(Refused, WrongUsage):
        policies, before = program_policies(settings), current_evaluation(connection, month)
        return policy_of(connection, month, policies, before, asked_for).policy.name
    return asked_for
