"""Verifying: what can be derived again is, and whatever differs is named.

Nothing here trusts the triggers, the constraints or the functions of the database: somebody who
could switch them off is whom this is for. Every check is one function from the database to the
differences it finds; they are independent, so one tampered value is often named several times.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, INTEGER

from adapters.korean_holidays import HolidaysUnknown, calendar_version, korean_holidays
from adapters.policy_files import parse_policy
from adapters.postgres.bulk import hash_rows
from adapters.postgres.tables import Month, revision, seller_amount, seller_snapshot
from domain.eligibility import Terms
from domain.months import SettlementMonth
from domain.payout_date import calendar_years, payout_date
from domain.policy import Policy, PolicyInvalid


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as what it follows from says; `check` names the check it failed."""

    check: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.check}: {self.sentence}"


def verify(connection: Connection, *, known_heads: Collection[str] = ()) -> Iterator[Difference]:
    """Derive again everything that can be derived, and name what differs.

    `known_heads` are hashes (hex) of seals that are known outside the database, from reports:
    whoever writes the whole chain anew cannot write those. All checks see one moment when the
    connection is not in a transaction yet.
    """
    if not connection.in_transaction():
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
    yield from _heads(connection, known_heads)
    for query in _CHECKS:
        yield from query(connection)
    yield from _rows_of_revisions(connection)
    yield from _policies(connection)
    yield from _awards_by_policy(connection)
    yield from _payout_dates(connection)


@dataclass(frozen=True, slots=True)
class _Check:
    """A check made of one query: each row that it finds is filled into the sentence."""

    name: str
    sentence: str
    query: str

    def __call__(self, connection: Connection) -> Iterator[Difference]:
        for row in connection.execute(text(self.query)).mappings():
            yield Difference(self.name, self.sentence.format(**row))


# The chain: seals numbered without a gap, each hashed over the one before it.

_CHAIN = _Check(
    "chain",
    "seal {seal_no} does not follow from the seal before it",
    r"""
    SELECT seal_no FROM (
      SELECT seal.*, lag(seal_no, 1, 0) OVER chain AS last_no,
             lag(hash, 1, '') OVER chain AS last_hash,
             lag(sealed_at, 1, '-infinity') OVER chain AS last_at
      FROM growth_points.seal WINDOW chain AS (ORDER BY seal_no)
    ) seal
    WHERE seal_no <> last_no + 1 OR sealed_at < last_at
      OR hash <> sha256(last_hash || convert_to(jsonb_build_array(
           seal_no, subject, subject_key, encode(content_hash, 'hex'),
           extract(epoch FROM sealed_at), fund_floor, program_fund,
           search_ad_credit, customer_reward, expired)::text, 'UTF8'))
    ORDER BY seal_no
    """,
)


def _heads(connection: Connection, known: Collection[str]) -> Iterator[Difference]:
    query = text("SELECT count(*) FROM growth_points.seal WHERE encode(hash, 'hex') = :head")
    for head in known:
        if not connection.scalar(query, {"head": head}):
            yield Difference(
                "chain", f"no seal is {head}, which is known outside as the head of this chain"
            )


_RUNNING_BALANCES = _Check(
    "program balances",
    "seal {seal_no} does not carry the balances that follow from the transfers until then",
    """
    SELECT seal_no FROM (
      SELECT seal.*, sum(fund) OVER chain AS fund, sum(ads) OVER chain AS ads,
             sum(rewards) OVER chain AS rewards, sum(gone) OVER chain AS gone
      FROM growth_points.seal
      LEFT JOIN (
        SELECT posting_no::text AS subject_key,
               coalesce(sum(points) FILTER (WHERE credit_account = 'program_fund'), 0)
                 - coalesce(sum(points) FILTER (WHERE debit_account = 'program_fund'), 0) AS fund,
               sum(points) FILTER (WHERE credit_account = 'search_ad_credit') AS ads,
               sum(points) FILTER (WHERE credit_account = 'customer_reward') AS rewards,
               sum(points) FILTER (WHERE credit_account = 'expired') AS gone
        FROM growth_points.transfer GROUP BY posting_no
      ) moved ON subject = 'posting' AND moved.subject_key = seal.subject_key
      WINDOW chain AS (ORDER BY seal_no)
    ) seal
    WHERE (program_fund, search_ad_credit, customer_reward, expired) IS DISTINCT FROM
      (coalesce(fund, 0), coalesce(ads, 0), coalesce(rewards, 0), coalesce(gone, 0))
    ORDER BY seal_no
    """,
)

_WAITING_BALANCES = _Check(
    "program balances",
    "posting {subject_key} waits for its seal with other sums than those of its transfers",
    """
    SELECT subject_key FROM growth_points.unsealed LEFT JOIN LATERAL (
      SELECT coalesce(sum(points) FILTER (WHERE credit_account = 'program_fund'), 0)
               - coalesce(sum(points) FILTER (WHERE debit_account = 'program_fund'), 0) AS fund,
             coalesce(sum(points) FILTER (WHERE credit_account = 'search_ad_credit'), 0) AS ads,
             coalesce(sum(points) FILTER (WHERE credit_account = 'customer_reward'), 0) AS rewards,
             coalesce(sum(points) FILTER (WHERE credit_account = 'expired'), 0) AS gone
      FROM growth_points.transfer
      WHERE posting_no = CASE WHEN subject = 'posting' AND subject_key ~ '^[0-9]{1,18}$'
                              THEN subject_key::bigint END
    ) moved ON true
    WHERE (program_fund, search_ad_credit, customer_reward, expired)
      IS DISTINCT FROM (fund, ads, rewards, gone) ORDER BY note_no
    """,
)

# What was sealed, read again: for each kind of record its key and its content, column by column.

_CONTENTS: Final[Mapping[str, str]] = {
    "posting": r"""
      SELECT posting_no::text AS key, jsonb_build_array(
               posting_no, posting.key, kind, settlement_month, evaluation_id,
               encode(request_hash, 'hex'), effective_on, actor, reason,
               extract(epoch FROM recorded_at))::text || E'\n' || lines AS content
      FROM growth_points.posting LEFT JOIN (
        SELECT posting_no, string_agg(concat_ws('|', entry_no, kind, debit_account, credit_account,
                 points, coalesce(tier, 0), coalesce(award_no, 0), coalesce(finishes, 0),
                 length(seller_id), seller_id), E'\n' ORDER BY entry_no) AS lines
        FROM growth_points.transfer GROUP BY posting_no
      ) transfer USING (posting_no)""",
    "payout": """
      SELECT settlement_month::text AS key, jsonb_build_array(
               settlement_month, posting_no, sellers, points, paid_on, actor,
               extract(epoch FROM paid_at))::text AS content
      FROM growth_points.payout""",
    "budget": """
      SELECT budget_no::text AS key, jsonb_build_array(
               budget_no, floor, actor, reason, extract(epoch FROM set_at))::text AS content
      FROM growth_points.budget""",
    "run": """
      SELECT run_no::text AS key, jsonb_build_array(
               run_no, settlement_month, action, caused_by, actor, origin, reason, revision_id,
               evaluation_id, changed, difference, extract(epoch FROM started_at),
               extract(epoch FROM recorded_at))::text AS content
      FROM growth_points.run""",
    "policy": """
      SELECT policy_hash AS key, jsonb_build_array(
               policy_hash, name, content, extract(epoch FROM recorded_at))::text AS content
      FROM growth_points.policy""",
    "payout_date": """
      SELECT concat_ws('/', settlement_month, plan_no) AS key, jsonb_build_array(
               settlement_month, plan_no, due_on, passed_over, calendar, extra_holidays,
               policy_hash, extract(epoch FROM planned_at))::text AS content
      FROM growth_points.payout_date""",
    # Since 0008 a revision's seal covers the hash of its rows, before that the rows themselves.
    "revision": r"""
      SELECT revision_id::text AS key, CASE WHEN rows_hash IS NOT NULL
             THEN jsonb_build_array(
               revision_id, settlement_month, revision_no, content_hash, source, lines, amount_krw,
               sellers, profile, findings, actor, extract(epoch FROM accepted_at), recorded_in,
               rows_hash)::text
             ELSE concat_ws(E'\n', jsonb_build_array(
               revision_id, settlement_month, revision_no, content_hash, source, lines, amount_krw,
               sellers, profile, findings, actor, extract(epoch FROM accepted_at), recorded_in),
             (SELECT string_agg(concat_ws('|', it.lines, it.amount_krw, length(line_type),
                line_type, length(seller_id), seller_id), E'\n' ORDER BY seller_id, line_type)
              FROM growth_points.seller_amount it WHERE it.revision_id = revision.revision_id),
             (SELECT string_agg(concat_ws('|', approved_on - date '2000-01-01', length(status),
                status, runs_department_store_window, runs_outlet_window, uses_fulfilment, uses_api,
                length(seller_id), seller_id), E'\n' ORDER BY seller_id)
              FROM growth_points.seller_snapshot it WHERE it.revision_id = revision.revision_id)
             ) END AS content
      FROM growth_points.revision""",
    "evaluation": r"""
      SELECT evaluation_id::text AS key, concat_ws(E'\n', jsonb_build_array(
               evaluation_id, settlement_month, evaluation_no, input_hash, policy_hash, actor,
               reason, extract(epoch FROM evaluated_at), recorded_in),
             (SELECT jsonb_agg(revision_id ORDER BY revision_id)
              FROM growth_points.evaluation_input it
              WHERE it.evaluation_id = evaluation.evaluation_id),
             (SELECT string_agg(concat_ws('|', outcome, coalesce(tier, 0), points,
                window_amount_krw, array_to_string(reasons, ','), length(seller_id), seller_id),
                E'\n' ORDER BY seller_id)
              FROM growth_points.decision it WHERE it.evaluation_id = evaluation.evaluation_id)
             ) AS content
      FROM growth_points.evaluation""",
}

_SEALED: Final = """
    SELECT coalesce(record.key, seal.key) AS key,
           CASE WHEN seal.key IS NULL THEN 'was never sealed'
                WHEN record.key IS NULL THEN 'was sealed and is gone'
                ELSE 'is not what was sealed' END AS what
    FROM (SELECT key, sha256(convert_to(content, 'UTF8')) AS hash FROM ({content}) it) record
    FULL JOIN (
      SELECT subject_key AS key, content_hash AS hash FROM growth_points.seal
      WHERE subject = '{subject}'
      UNION ALL
      SELECT subject_key, content_hash FROM growth_points.unsealed WHERE subject = '{subject}'
    ) seal ON seal.key = record.key
    WHERE record.hash IS DISTINCT FROM seal.hash ORDER BY 1
"""

_SEALED_RECORDS = tuple(
    _Check(
        "sealed records",
        f"{subject} {{key}} {{what}}",
        _SEALED.format(content=content, subject=subject),
    )
    for subject, content in _CONTENTS.items()
)

_CHILDREN = tuple(
    _Check(
        "sealed records",
        f"{child} has rows of {parent} {{key}}, which does not exist",
        f"SELECT DISTINCT {parent}_{number} AS key FROM growth_points.{child}"  # noqa: S608 names
        f" LEFT JOIN growth_points.{parent} USING ({parent}_{number})"
        f" WHERE {parent}.actor IS NULL ORDER BY 1",
    )
    for child, parent, number in (
        ("transfer", "posting", "no"),
        ("seller_amount", "revision", "id"),
        ("seller_snapshot", "revision", "id"),
        ("decision", "evaluation", "id"),
        ("evaluation_input", "evaluation", "id"),
    )
)

_SUBJECTS = _Check(
    "sealed records",
    "a {subject} is sealed or waits for it, which is nothing that is sealed",
    "SELECT DISTINCT subject FROM (SELECT subject FROM growth_points.seal"  # noqa: S608 names
    " UNION SELECT subject FROM growth_points.unsealed) sealed WHERE subject NOT IN ("
    + ", ".join(f"'{subject}'" for subject in _CONTENTS)
    + ") ORDER BY 1",
)


def _rows_of_revisions(connection: Connection) -> Iterator[Difference]:
    hashed = select(revision.c.revision_id, revision.c.rows_hash).where(
        revision.c.rows_hash.is_not(None)
    )
    for number, taken_in in connection.execute(hashed.order_by(revision.c.revision_id)).all():
        if hash_rows(connection, (seller_amount, seller_snapshot), number) != taken_in:
            yield Difference(
                "sealed records", f"the rows of revision {number} are not those taken in"
            )


# Balances: every seller's account is the fold of the transfers.

_SELLER_BALANCES = _Check(
    "seller balances",
    "seller {seller_id} has {has_pending} pending and {has_available} available, "
    "but the transfers add up to {pending} and {available}",
    """
    SELECT seller_id, has_pending, has_available, pending, available
    FROM (
      SELECT seller_id, coalesce(account.pending, 0) AS has_pending,
             coalesce(account.available, 0) AS has_available,
             coalesce(fold.pending, 0) AS pending, coalesce(fold.available, 0) AS available
      FROM growth_points.seller_account account FULL JOIN (
        SELECT seller_id,
               sum(CASE 'pending' WHEN credit_account THEN points WHEN debit_account THEN -points
                                  ELSE 0 END) AS pending,
               sum(CASE 'available' WHEN credit_account THEN points WHEN debit_account THEN -points
                                    ELSE 0 END) AS available
        FROM growth_points.transfer GROUP BY seller_id
      ) fold USING (seller_id)
    ) both_sides
    WHERE (has_pending, has_available) <> (pending, available)
      OR least(has_pending, has_available) < 0
    ORDER BY seller_id
    """,
)

# Awards: decided, of the policy's tiers, given once, finished once.

_DECIDED = _Check(
    "awards",
    "entry {entry_no} awards seller {seller_id} tier {tier} for {month}, "
    "which its evaluation did not decide",
    """
    SELECT entry_no, seller_id, award.tier, to_char(award.settlement_month, 'YYYY-MM') AS month
    FROM growth_points.award
    LEFT JOIN growth_points.evaluation USING (evaluation_id)
    LEFT JOIN growth_points.decision USING (evaluation_id, seller_id)
    WHERE (evaluation.settlement_month, outcome, decision.tier, decision.points)
      IS DISTINCT FROM (award.settlement_month, 'awarded', award.tier, award.points)
    ORDER BY entry_no
    """,
)

_AWARDED_ONCE = _Check(
    "awards",
    "seller {seller_id} holds tier {tier} {times} times",
    """
    SELECT seller_id, tier, count(*) AS times FROM (
      SELECT seller_id, tier::text FROM growth_points.award WHERE state <> 'reversed'
      UNION ALL
      SELECT seller_id, split_part(key, '/', 3) FROM growth_points.posting
      JOIN growth_points.transfer USING (posting_no) WHERE key >= 'grant/' AND key < 'grant0'
    ) held GROUP BY seller_id, tier HAVING count(*) > 1 ORDER BY 1, 2
    """,
)

_FINISHED = _Check(
    "awards",
    "entry {entry_no} does not finish an award of its seller, its points and its month, once",
    """
    SELECT finish.entry_no FROM (
      SELECT finish.*, posting.settlement_month, count(*) OVER (PARTITION BY finishes) AS times
      FROM growth_points.transfer finish LEFT JOIN growth_points.posting USING (posting_no)
      WHERE finish.kind IN ('payout', 'reversal') OR finishes IS NOT NULL
    ) finish
    LEFT JOIN growth_points.award ON award.entry_no = finish.finishes
    WHERE times > 1 OR (award.seller_id, award.points, award.settlement_month)
      IS DISTINCT FROM (finish.seller_id, finish.points, finish.settlement_month)
    ORDER BY 1
    """,
)

_STANDING = _Check(
    "awards",
    "{month}: seller {seller_id} {what}",
    """
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, seller_id,
           CASE WHEN standing IS NULL THEN 'was awarded by the current evaluation, but not posted'
                ELSE 'has an award that the current evaluation did not decide' END AS what
    FROM (
      SELECT current.settlement_month, seller_id, tier, points, true AS decided
      FROM growth_points.decision JOIN growth_points.evaluation USING (evaluation_id) JOIN (
        SELECT DISTINCT ON (settlement_month) settlement_month, evaluation_id
        FROM growth_points.evaluation ORDER BY settlement_month, evaluation_no DESC
      ) current USING (settlement_month)
      WHERE outcome = 'awarded' AND NOT EXISTS (
        SELECT FROM growth_points.evaluation later
        JOIN growth_points.decision newer ON newer.evaluation_id = later.evaluation_id
        WHERE later.settlement_month = evaluation.settlement_month
          AND later.evaluation_no > evaluation.evaluation_no AND later.evaluation_no > 1
          AND newer.seller_id = decision.seller_id
      ) AND (decision.evaluation_id = current.evaluation_id OR EXISTS (
        SELECT FROM growth_points.evaluation_input JOIN growth_points.revision USING (revision_id)
        JOIN growth_points.seller_snapshot snapshot USING (revision_id)
        WHERE evaluation_input.evaluation_id = current.evaluation_id
          AND revision.settlement_month = current.settlement_month
          AND snapshot.seller_id = decision.seller_id
      ))
    ) decided
    FULL JOIN (
      SELECT settlement_month, seller_id, tier, points, true AS standing
      FROM growth_points.award WHERE state <> 'reversed'
    ) standing USING (settlement_month, seller_id, tier, points)
    WHERE (decided IS NULL OR standing IS NULL)
      AND settlement_month NOT IN (SELECT settlement_month FROM growth_points.payout)
      AND NOT (standing IS NULL AND EXISTS (
        SELECT FROM growth_points.award elsewhere WHERE elsewhere.state = 'paid'
          AND (elsewhere.seller_id, elsewhere.tier) = (decided.seller_id, decided.tier)))
      AND NOT (standing IS NULL AND EXISTS (
        SELECT FROM growth_points.posting WHERE key >= 'grant/' AND key < 'grant0'
          AND key = concat('grant/', substr(key, 7, 7), '/', decided.tier, '/', decided.seller_id)))
    ORDER BY 1, 2
    """,
)

# Payouts: when due, whole, and what they say they paid.

_PAID = _Check(
    "payouts",
    "{month} says that it paid {points} points to {sellers} sellers, "
    "but its posting paid {moved} to {paid}",
    """
    SELECT to_char(payout.settlement_month, 'YYYY-MM') AS month, payout.points, payout.sellers,
           coalesce(sum(transfer.points), 0) AS moved, count(DISTINCT transfer.seller_id) AS paid
    FROM growth_points.payout
    LEFT JOIN growth_points.posting ON posting.posting_no = payout.posting_no
      AND posting.kind = 'payout' AND posting.settlement_month = payout.settlement_month
    LEFT JOIN growth_points.transfer ON transfer.posting_no = posting.posting_no
    GROUP BY payout.settlement_month, payout.points, payout.sellers
    HAVING payout.points <> coalesce(sum(transfer.points), 0)
      OR payout.sellers <> count(DISTINCT transfer.seller_id)
    ORDER BY 1
    """,
)

_PAID_WHOLE = _Check(
    "payouts",
    "{month} was paid, but {awards} of its awards are still pending",
    """
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, count(*) AS awards
    FROM growth_points.award JOIN growth_points.payout USING (settlement_month)
    WHERE state = 'pending' GROUP BY settlement_month ORDER BY 1
    """,
)

_PAID_BY_A_PAYOUT = _Check(
    "payouts",
    "posting {key} pays a month that has no such payout",
    """
    SELECT posting.key FROM growth_points.posting LEFT JOIN growth_points.payout
      ON payout.posting_no = posting.posting_no
      AND payout.settlement_month = posting.settlement_month
    WHERE kind = 'payout' AND payout.settlement_month IS NULL ORDER BY 1
    """,
)

_PAID_WHEN_DUE = _Check(
    "payouts",
    "{month} was paid on {paid_on}; its payout date was {due_on}",
    """
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, paid_on, due_on
    FROM growth_points.payout LEFT JOIN LATERAL (
      SELECT due_on FROM growth_points.payout_date plan
      WHERE plan.settlement_month = payout.settlement_month AND plan.planned_at <= payout.paid_at
      ORDER BY plan_no DESC LIMIT 1
    ) plan ON true
    WHERE due_on IS NULL OR paid_on < due_on ORDER BY 1
    """,
)

_PAID_WITH_APPROVAL = _Check(
    "payouts",
    "{month} was paid {points} points that nobody approved; a closing before asked for it",
    """
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, points FROM growth_points.payout
    WHERE points > (
      SELECT min((difference ->> 'approval_above')::bigint) FROM growth_points.run
      WHERE run.settlement_month = payout.settlement_month AND action = 'close'
        AND recorded_at < paid_at
    ) AND NOT EXISTS (
      SELECT FROM growth_points.run
      WHERE run.settlement_month = payout.settlement_month AND action = 'approve'
        AND recorded_at < paid_at AND (difference ->> 'points')::bigint = points
        AND evaluation_id = (
          SELECT evaluation_id FROM growth_points.evaluation
          WHERE evaluation.settlement_month = payout.settlement_month AND evaluated_at < paid_at
          ORDER BY evaluation_no DESC LIMIT 1)
    )
    ORDER BY 1
    """,
)

# Deliveries: the totals that were accepted are the sum of their rows.

_TOTALS = _Check(
    "deliveries",
    "revision {revision_id} of {month} was accepted with {lines} lines, {amount_krw} KRW and "
    "{sellers} sellers, its rows add up to {rows_lines}, {rows_amount_krw} and {rows_sellers}",
    """
    SELECT * FROM (
      SELECT revision_id, to_char(settlement_month, 'YYYY-MM') AS month, revision.lines,
             revision.amount_krw, sellers, coalesce(amount.lines, 0) AS rows_lines,
             coalesce(amount.amount_krw, 0) AS rows_amount_krw, (
               SELECT count(*) FROM growth_points.seller_snapshot snapshot
               WHERE snapshot.revision_id = revision.revision_id) AS rows_sellers
      FROM growth_points.revision LEFT JOIN (
        SELECT revision_id, sum(lines) AS lines, sum(amount_krw) AS amount_krw
        FROM growth_points.seller_amount GROUP BY revision_id
      ) amount USING (revision_id)
    ) totals
    WHERE (lines, amount_krw, sellers) <> (rows_lines, rows_amount_krw, rows_sellers)
    ORDER BY revision_id
    """,
)

# Reports: what each run told of its month is what the ledger has of it.

_TOLD_EVALUATIONS = _Check(
    "reports",
    "the runs of {month} told of {told} by evaluation {evaluation_id}, the ledger has {posted}",
    """
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, evaluation_id, told, posted
    FROM (
      SELECT settlement_month, evaluation_id, format('%s awards, %s reversals and %s points',
               sum(coalesce((difference ->> 'awarded')::bigint, 0)),
               sum(coalesce((difference ->> 'reversed')::bigint, 0)),
               sum(coalesce((difference ->> 'points')::bigint, 0))) AS told
      FROM growth_points.run
      WHERE action IN ('close', 'evaluate again') AND evaluation_id IS NOT NULL
      GROUP BY settlement_month, evaluation_id
    ) run LEFT JOIN LATERAL (
      SELECT format('%s awards, %s reversals and %s points',
               count(*) FILTER (WHERE transfer.kind = 'award'),
               count(*) FILTER (WHERE transfer.kind = 'reversal'),
               coalesce(sum(CASE transfer.kind WHEN 'award' THEN points ELSE -points END), 0)
             ) AS posted
      FROM growth_points.posting JOIN growth_points.transfer USING (posting_no)
      WHERE posting.settlement_month = run.settlement_month
        AND posting.evaluation_id = run.evaluation_id
    ) ledger ON true
    WHERE told <> posted ORDER BY 1, 2
    """,
)

_TOLD_PAYOUTS = _Check(
    "reports",
    "a run told that {month} paid {told}, the ledger has {paid}",
    """
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, told, paid
    FROM (
      SELECT settlement_month, format('%s points to %s sellers',
               coalesce(difference ->> 'points', '0'), coalesce(difference ->> 'sellers', '0')
             ) AS told
      FROM growth_points.run WHERE action = 'pay out' AND difference ->> 'refused' IS NULL
    ) run LEFT JOIN (
      SELECT settlement_month, format('%s points to %s sellers', points, sellers) AS paid
      FROM growth_points.payout
    ) payout USING (settlement_month)
    WHERE told IS DISTINCT FROM paid ORDER BY 1
    """,
)

_TOLD_GRANTS = _Check(
    "reports",
    "the runs of {month} granted {told} points, the ledger has {granted}",
    """
    SELECT to_char(settlement_month, 'YYYY-MM') AS month, told, granted
    FROM (
      SELECT settlement_month, sum(coalesce((difference ->> 'points')::bigint, 0)) AS told
      FROM growth_points.run WHERE action = 'grant' GROUP BY settlement_month
    ) run LEFT JOIN LATERAL (
      SELECT coalesce(sum(CASE WHEN key ^@ 'take-back/' THEN -points ELSE points END), 0) AS granted
      FROM growth_points.posting JOIN growth_points.transfer USING (posting_no)
      WHERE posting.kind = 'adjustment' AND to_char(run.settlement_month, 'YYYY-MM')
        = CASE split_part(key, '/', 1) WHEN 'grant' THEN split_part(key, '/', 2)
            WHEN 'take-back' THEN split_part(key, '/', 3)
            WHEN 'give-back' THEN split_part(key, '/', 3) END
    ) ledger ON true
    WHERE told <> granted ORDER BY 1
    """,
)

_CHECKS = (
    _CHAIN,
    _SUBJECTS,
    *_SEALED_RECORDS,
    *_CHILDREN,
    _RUNNING_BALANCES,
    _WAITING_BALANCES,
    _SELLER_BALANCES,
    _DECIDED,
    _AWARDED_ONCE,
    _FINISHED,
    _STANDING,
    _PAID,
    _PAID_WHOLE,
    _PAID_BY_A_PAYOUT,
    _PAID_WHEN_DUE,
    _PAID_WITH_APPROVAL,
    _TOTALS,
    _TOLD_EVALUATIONS,
    _TOLD_PAYOUTS,
    _TOLD_GRANTS,
)


# Against the policy: its text makes the hash, its tiers the points, its rule the payout dates.


def _policies(connection: Connection) -> Iterator[Difference]:
    for row in connection.execute(text("SELECT * FROM growth_points.policy ORDER BY policy_hash")):
        try:
            policy = parse_policy(row.content, f"the recorded policy {row.name}")
        except PolicyInvalid as invalid:
            yield Difference("policies", f"policy {row.policy_hash} cannot be read: {invalid}")
            continue
        if (policy.content_hash, policy.name) != (row.policy_hash, row.name):
            yield Difference(
                "policies", f"the text of policy {row.name} {row.policy_hash} is another policy's"
            )


def _readable_policies(connection: Connection) -> Mapping[str, Policy]:
    readable = {}
    for row in connection.execute(text("SELECT * FROM growth_points.policy")):
        try:
            readable[row.policy_hash] = parse_policy(row.content, row.name)
        except PolicyInvalid:
            continue  # named by the check of the policies themselves
    return readable


_OUTSIDE_ITS_TIER = text("""
    SELECT entry_no, seller_id, award.tier, award.points, window_amount_krw
    FROM growth_points.award JOIN growth_points.decision USING (evaluation_id, seller_id)
    LEFT JOIN unnest(:tiers, :points, :lower, :upper) AS policy (tier, points, lower, upper)
      ON policy.tier = award.tier
    WHERE evaluation_id = :evaluation_id AND (award.points IS DISTINCT FROM policy.points
      OR window_amount_krw < lower OR window_amount_krw >= upper)
    ORDER BY entry_no
""").bindparams(
    bindparam("tiers", type_=ARRAY(INTEGER)),
    *(bindparam(name, type_=ARRAY(BIGINT)) for name in ("points", "lower", "upper")),
)


def _awards_by_policy(connection: Connection) -> Iterator[Difference]:
    policies = _readable_policies(connection)
    evaluations = connection.execute(
        text("SELECT evaluation_id, settlement_month, policy_hash FROM growth_points.evaluation")
    ).all()
    for evaluation_id, first_day, policy_hash in evaluations:
        policy = policies.get(policy_hash)
        if policy is None:
            yield Difference(
                "awards", f"evaluation {evaluation_id} rests on a policy that is not recorded"
            )
            continue
        terms = Terms.of(policy, SettlementMonth.of(first_day))
        found = connection.execute(
            _OUTSIDE_ITS_TIER,
            {
                "evaluation_id": evaluation_id,
                "tiers": [tier.number for tier in policy.tiers],
                "points": [tier.points for tier in policy.tiers],
                "lower": [terms.lower_sum_krw(tier) for tier in policy.tiers],
                "upper": [terms.upper_sum_krw(tier) for tier in policy.tiers],
            },
        )
        for row in found:
            yield Difference(
                "awards",
                f"entry {row.entry_no} awards seller {row.seller_id} tier {row.tier} and "
                f"{row.points} points for {row.window_amount_krw} KRW; {policy.name} does not",
            )


def _payout_dates(connection: Connection) -> Iterator[Difference]:
    policies = _readable_policies(connection)
    plans = connection.execute(
        text("SELECT * FROM growth_points.payout_date ORDER BY settlement_month, plan_no").columns(
            settlement_month=Month()
        )
    )
    for plan in plans:
        policy = policies.get(plan.policy_hash)
        if policy is None or not _follows(policy, plan):
            yield Difference(
                "payout dates",
                f"{plan.settlement_month} (plan {plan.plan_no}) is due on {plan.due_on}, which "
                "does not follow from its policy and the holidays",
            )


def _follows(policy: Policy, plan: Any) -> bool:
    """Work the date out again and compare it and the days that were passed over."""
    try:
        holidays = _holidays(plan)
    except (AttributeError, TypeError, ValueError, HolidaysUnknown):
        return False
    planned = payout_date(policy.payout, plan.settlement_month, holidays)
    passed_over = [[day.isoformat(), name] for day, name in planned.passed_over]
    return (planned.due_on, passed_over) == (plan.due_on, plan.passed_over)


def _holidays(plan: Any) -> Mapping[date, str]:
    """Find the holidays that a plan rests on: those of its calendar and the operator's own.

    Another release of the calendar may know other ones. Then there are only those that the plan
    says it passed over, which its seal holds fast.
    """
    if plan.calendar == calendar_version():
        extra = {date.fromisoformat(day): name for day, name in plan.extra_holidays.items()}
        return korean_holidays(calendar_years(plan.settlement_month), extra).holidays
    return {date.fromisoformat(day): name for day, name in plan.passed_over}
