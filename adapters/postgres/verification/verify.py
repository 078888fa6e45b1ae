"""Every check, in the order in which they are made."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, ProgrammingError

from adapters.heads.head import PublishedHead
from adapters.postgres.verification import (
    adjustments,
    awards,
    balances,
    chain,
    corrections,
    deliveries,
    guards,
    months,
    payouts,
    policies,
    reports,
    rewards,
    sealed_records,
    signatures,
    using,
)
from adapters.postgres.verification.difference import Difference
from adapters.signatures.senders import Senders
from domain.sentence import Text, joined, sentence

Check = Callable[[Connection], Iterator[Difference]]

# They are independent of each other, so one tampered value is often named several times.
CHECKS: Final[tuple[Check, ...]] = (
    guards.guards,
    guards.ROLES,
    chain.CHAIN,
    sealed_records.SUBJECTS,
    *sealed_records.SEALED_RECORDS,
    *sealed_records.CHILDREN,
    sealed_records.rows_of_revisions,
    balances.accounts_and_flows,
    balances.NO_OTHER_FLOW,
    balances.RUNNING_BALANCES,
    balances.WAITING_CHANGES,
    balances.SELLER_BALANCES,
    *months.NUMBERED,
    months.WINDOW,
    months.DECIDED_FOR_A_STORE,
    awards.DECIDED,
    awards.AWARDED_ONCE,
    awards.FINISHED,
    awards.STANDING,
    awards.awards_by_policy,
    adjustments.OF_A_STORE,
    adjustments.APPROVED,
    adjustments.NOT_AHEAD,
    corrections.MOVED,
    corrections.UNDONE,
    corrections.DECIDED,
    corrections.PAID,
    corrections.APPROVED,
    using.ENTITLED,
    using.RECORDED_FOR_IT,
    using.ENDED_ONCE,
    using.LINKED,
    using.CONVERTED_TO_ITS_ACCOUNT,
    using.CONVERTED_IN_TIME,
    using.EXPIRED_WHEN_DUE,
    using.NOT_EXPIRED_BEFORE_A_LATE_PAYOUT,
    using.USABLE_THROUGH,
    using.TOLD_WHEN_DUE,
    *rewards.REWARDS,
    rewards.paid_in_order,
    payouts.PAID,
    payouts.PAID_WHOLE,
    payouts.PAID_BY_A_RUN,
    payouts.PAID_BY_A_PAYOUT,
    payouts.PAID_WHEN_DUE,
    payouts.PAID_AHEAD_ON_PURPOSE,
    payouts.PAID_WITH_APPROVAL,
    payouts.payout_dates,
    policies.policies_as_recorded,
    deliveries.TOTALS,
    signatures.signatures,
    reports.TOLD_EVALUATIONS,
    reports.TOLD_PAYOUTS,
    reports.TOLD_CORRECTIONS,
)


def verify(
    connection: Connection,
    *,
    known_heads: Collection[str] = (),
    senders: Senders | None = None,
    published: Mapping[str, Sequence[PublishedHead]] = MappingProxyType({}),
) -> Iterator[Difference]:
    """Derive again everything that can be derived, and name what differs.

    `known_heads` are hashes (hex) of seals that are known outside the database, from reports:
    whoever writes the whole chain anew cannot write those. `senders` are those whose signatures are
    accepted, None if deliveries need none; `published` are the heads in each place outside. All
    checks see one moment when the connection is not in a transaction yet.
    """
    if not connection.in_transaction():
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
    yield from _unlike_heads_outside(connection, known_heads, published)
    for check in CHECKS:
        yield from _differences(check, connection)
    if senders is not None:
        yield from signatures.untrusted_signatures(connection, senders)


def _unlike_heads_outside(
    connection: Connection,
    known_heads: Collection[str],
    published: Mapping[str, Sequence[PublishedHead]],
) -> Iterator[Difference]:
    """Compare the chain with the heads that are known outside the database."""
    yield from chain.missing_heads(connection, known_heads)
    for place, heads in published.items():
        yield from chain.unlike_published(connection, place, heads)


def _differences(check: Check, connection: Connection) -> Iterator[Difference]:
    """Make a check; what it cannot read is a difference, too."""
    try:
        with connection.begin_nested():
            yield from check(connection)
    except (DataError, ValueError) as error:
        yield _unreadable(check, sentence("a recorded value cannot be read"), error)
    except ProgrammingError as error:
        if isinstance(error.orig, InsufficientPrivilege):
            raise
        yield _unreadable(check, sentence("what is recorded cannot be read"), error)


def _unreadable(check: Check, what: Text, error: Exception) -> Difference:
    first_line = str(getattr(error, "orig", error)).partition("\n")[0]
    name = str(getattr(check, "name", getattr(check, "__name__", ""))).replace("_", " ")
    return Difference(name, joined((what, first_line), ": "))
