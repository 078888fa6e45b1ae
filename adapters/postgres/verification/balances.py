"""Balances: the program's and every seller's are the fold of the transfers."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, text

from adapters.postgres.verification.difference import Difference, QueryCheck
from domain import ledger
from domain.sentence import sentence

_SIDES: Final = """
      SELECT posting_no, seller_id, side.account, side.points FROM growth_points.transfer
      CROSS JOIN LATERAL (
        VALUES (debit_account, -transfer.points), (credit_account, transfer.points)
      ) AS side (account, points)
      JOIN growth_points.account ON account.account = side.account
"""

RUNNING_BALANCES = QueryCheck(
    "program balances",
    sentence(
        "seal {seal_no} does not carry the balances that follow from the transfers until then"
    ),
    f"""
    WITH moved AS (
      SELECT posting_no::text AS subject_key, account, sum(points) AS points FROM (
        {_SIDES} WHERE holder = 'program'
      ) side GROUP BY posting_no, account
    ), changed AS (
      SELECT seal_no, account, points FROM growth_points.seal JOIN moved USING (subject_key)
      WHERE subject = 'posting'
      UNION ALL SELECT seal_no, 'program_fund', 0 FROM growth_points.seal WHERE subject = 'budget'
    ), derived AS (
      SELECT seal_no, account, sum(points) OVER (PARTITION BY account ORDER BY seal_no) AS points
      FROM changed
    )
    SELECT DISTINCT seal_no
    FROM derived FULL JOIN growth_points.seal_balance held USING (seal_no, account)
    WHERE derived.points IS DISTINCT FROM held.points ORDER BY seal_no
    """,  # noqa: S608 a constant
)


WAITING_CHANGES = QueryCheck(
    "program balances",
    sentence("{subject} {subject_key} waits for its seal with other changes than it made"),
    f"""
    SELECT subject, subject_key FROM growth_points.unsealed LEFT JOIN (
      SELECT 'posting' AS subject, posting_no::text AS subject_key,
             jsonb_object_agg(account, points) AS changes
      FROM (
        SELECT posting_no, account, sum(points) AS points FROM (
          {_SIDES} WHERE holder = 'program'
        ) side GROUP BY posting_no, account
      ) moved GROUP BY posting_no
    ) made USING (subject, subject_key)
    WHERE unsealed.changes IS DISTINCT FROM
      CASE subject WHEN 'budget' THEN '{{"program_fund": 0}}' ELSE made.changes END
    ORDER BY note_no
    """,  # noqa: S608 a constant
)


SELLER_BALANCES = QueryCheck(
    "seller balances",
    sentence("seller {seller_id} has {has} {account}, but the transfers add up to {moved}"),
    f"""
    SELECT seller_id, account, has, moved FROM (
      SELECT seller_id, account, coalesce(balance.points, 0) AS has,
             coalesce(derived.points, 0) AS moved
      FROM growth_points.balance FULL JOIN (
        SELECT seller_id, account, sum(points) AS points FROM (
          {_SIDES} WHERE holder = 'seller'
        ) side GROUP BY seller_id, account
      ) derived USING (seller_id, account)
    ) both_sides
    WHERE has <> moved OR has < 0 ORDER BY seller_id, account
    """,  # noqa: S608 a constant
)


_ACCOUNTS_AND_FLOWS: Final = text("""
    SELECT account || ' of the ' || holder FROM growth_points.account
    UNION ALL SELECT concat_ws(' ', kind, 'from', debit_account, 'to', credit_account)
    FROM growth_points.flow
""")


def accounts_and_flows(connection: Connection) -> Iterator[Difference]:
    known = {f"{account} of the {account.holder}" for account in ledger.Account} | {
        f"{kind} from {debit} to {credit}" for kind, debit, credit in ledger.ALLOWED_FLOWS
    }
    recorded = set(connection.scalars(_ACCOUNTS_AND_FLOWS))
    for each in sorted(recorded - known):
        yield Difference(
            "accounts",
            sentence("the database has {each}, which this program does not know", each=each),
        )
    for each in sorted(known - recorded):
        yield Difference("accounts", sentence("the database lacks {each}", each=each))


NO_OTHER_FLOW = QueryCheck(
    "accounts",
    sentence(
        "entry {entry_no} moves points from {debit_account} to {credit_account}, which no "
        "{kind} does"
    ),
    """
    SELECT entry_no, kind, debit_account, credit_account FROM growth_points.transfer
    LEFT JOIN growth_points.flow USING (kind, debit_account, credit_account)
    WHERE flow.kind IS NULL ORDER BY entry_no
    """,
)
