"""Policies: the text that was recorded makes the hash under which it is used."""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, text

from adapters.policy_files import parse_policy
from adapters.postgres.verification.difference import Difference
from domain.policy import Policy, PolicyInvalid
from domain.sentence import message_of, sentence


def policies_as_recorded(connection: Connection) -> Iterator[Difference]:
    for row in connection.execute(text("SELECT * FROM growth_points.policy ORDER BY policy_hash")):
        try:
            policy = parse_policy(row.content, f"the recorded policy {row.name}")
        except PolicyInvalid as invalid:
            yield Difference(
                "policies",
                sentence(
                    "policy {policy_hash} cannot be read: {invalid}",
                    policy_hash=row.policy_hash,
                    invalid=message_of(invalid),
                ),
            )
            continue
        written = (policy.content_hash, policy.name, policy.adjustment_limit)
        if written != (row.policy_hash, row.name, row.adjustment_limit):
            yield Difference(
                "policies",
                sentence(
                    "the text of policy {name} {policy_hash} is another policy's",
                    name=row.name,
                    policy_hash=row.policy_hash,
                ),
            )


def readable_policies(connection: Connection) -> Mapping[str, Policy]:
    readable = {}
    for row in connection.execute(text("SELECT * FROM growth_points.policy")):
        try:
            readable[row.policy_hash] = parse_policy(row.content, row.name)
        except PolicyInvalid:
            continue  # named by the check of the policies themselves
    return readable
