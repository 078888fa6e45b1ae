"""Choosing the policy of a month, and that of a day on which points are used."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection

from adapters.policy_files import PolicyText
from adapters.postgres.evaluations import Evaluation, recorded_policy
from domain.months import SettlementMonth
from domain.policy import Policy, policy_in_force
from domain.refusal import WrongUsage
from domain.sentence import sentence


class PolicyUnknown(WrongUsage):
    """No policy has the name that was asked for."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            sentence(
                "there is no policy {name!r}; there are {known}", name=name, known=", ".join(known)
            )
        )
        self.name = name


def policy_of(
    connection: Connection,
    month: SettlementMonth,
    policies: Sequence[PolicyText],
    before: Evaluation | None,
    asked_for: str | None = None,
) -> PolicyText:
    """Choose the policy asked for, else the one the month was closed with, else the one in force.

    `before` is the month's current evaluation, None if it was never closed. Raises PolicyUnknown,
    PolicyInvalid.
    """
    by_name = {each.policy.name: each for each in policies}
    if asked_for is not None:
        if asked_for not in by_name:
            raise PolicyUnknown(asked_for, sorted(by_name))
        return by_name[asked_for]
    if before is not None:
        return recorded_policy(connection, before.policy_hash)
    return by_name[policy_in_force(tuple(each.policy for each in policies), month).name]


def policy_on(policies: Sequence[PolicyText], day: date) -> Policy:
    """Return the policy by which points are used on a day: the one in force in its month."""
    return policy_in_force(tuple(each.policy for each in policies), SettlementMonth.of(day))
