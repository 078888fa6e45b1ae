"""What was sealed, read again: each record's content is the one that its seal covers."""

from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import Connection, select

from adapters.postgres.bulk import hash_rows
from adapters.postgres.tables import revision, seller_amount, seller_snapshot
from adapters.postgres.verification.difference import Difference, QueryCheck
from adapters.postgres.verification.using import TITLES
from domain.sentence import sentence

# For each kind of record its key and its content, column by column.
_CONTENTS: Final[Mapping[str, str]] = {
    "posting": rf"""
      SELECT posting_no::text AS key, jsonb_build_array(
               posting_no, posting.key, kind, settlement_month, evaluation_id,
               encode(request_hash, 'hex'), effective_on, actor, reason,
               extract(epoch FROM recorded_at))::text
               || E'\n' || concat_ws(E'\n', lines, corrected, entitled) AS content
      FROM growth_points.posting LEFT JOIN (
        SELECT posting_no, string_agg(concat_ws('|', entry_no, kind, debit_account, credit_account,
                 points, coalesce(tier, 0), coalesce(award_no, 0), coalesce(finishes, 0),
                 length(seller_id), seller_id), E'\n' ORDER BY entry_no) AS lines
        FROM growth_points.transfer GROUP BY posting_no
      ) transfer USING (posting_no) LEFT JOIN (
        SELECT posting_no, jsonb_build_array(
                 kind, settlement_month, seller_id, tier, points, undoes) AS corrected
        FROM growth_points.correction
      ) correction USING (posting_no) LEFT JOIN (
        SELECT posting_no, string_agg(content::text, E'\n' ORDER BY seller_id) AS entitled
        FROM ({TITLES}) title GROUP BY posting_no
      ) title USING (posting_no)""",  # noqa: S608 a constant
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
    "approval_rule": """
      SELECT concat_ws('/', settlement_month, above_points) AS key, jsonb_build_array(
               settlement_month, above_points, extract(epoch FROM recorded_at))::text AS content
      FROM growth_points.approval_rule""",
    "approval": """
      SELECT evaluation_id::text AS key, jsonb_build_array(
               evaluation_id, points, actor, reason,
               extract(epoch FROM approved_at))::text AS content
      FROM growth_points.approval""",
    "adjustment_approval": """
      SELECT key, jsonb_build_array(
               key, seller_id, points, actor, reason,
               extract(epoch FROM approved_at))::text AS content
      FROM growth_points.adjustment_approval""",
    "ad_account_link": """
      SELECT link_no::text AS key, jsonb_build_array(
               link_no, seller_id, account_id, actor,
               extract(epoch FROM linked_at))::text AS content
      FROM growth_points.ad_account_link""",
    "conversion_attempt": """
      SELECT attempt_no::text AS key, jsonb_build_array(
               attempt_no, conversion_no, answer, extract(epoch FROM asked_at))::text AS content
      FROM growth_points.conversion_attempt""",
    "reward_delivery": r"""
      SELECT reward_delivery_id::text AS key, concat_ws(E'\n', jsonb_build_array(
               reward_delivery_id, day, content_hash, source, entries, profile, actor,
               extract(epoch FROM accepted_at), accepted_on, tried_since, recorded_in),
             (SELECT encode(sha256(string_agg(hash, '' ORDER BY event_id)), 'hex') FROM (
                SELECT event_id, sha256(convert_to(concat_ws('|', length(event_id), event_id,
                         length(min(seller_id)), min(seller_id), string_agg(concat_ws('|',
                           position, kind, points, outcome, coalesce(posting_no, 0),
                           coalesce(cancels_position, 0), length(cancels_event_id),
                           cancels_event_id, length(customer_ref), customer_ref),
                           E'\n' ORDER BY position)), 'UTF8')) AS hash
                FROM growth_points.reward_entry it
                WHERE it.reward_delivery_id = reward_delivery.reward_delivery_id
                GROUP BY event_id) event)) AS content
      FROM growth_points.reward_delivery""",
    "reward_retry": r"""
      SELECT posting_no::text AS key, string_agg(concat_ws('|', position, length(event_id),
               event_id), E'\n' ORDER BY event_id, position) AS content
      FROM growth_points.reward_retry GROUP BY posting_no""",
    "notice_list": r"""
      SELECT notice_list_id::text AS key, concat_ws(E'\n', jsonb_build_array(
               notice_list_id, told_on, actor, extract(epoch FROM told_at), recorded_in),
             (SELECT string_agg(
                jsonb_build_array(seller_id, last_usable_on, days_before, points)::text,
                E'\n' ORDER BY seller_id, last_usable_on, days_before)
              FROM growth_points.notice it WHERE it.notice_list_id = notice_list.notice_list_id)
             ) AS content
      FROM growth_points.notice_list""",
    "policy": """
      SELECT policy_hash AS key, jsonb_build_array(
               policy_hash, name, content, adjustment_limit,
               extract(epoch FROM recorded_at))::text AS content
      FROM growth_points.policy""",
    "payout_date": """
      SELECT concat_ws('/', settlement_month, plan_no) AS key, jsonb_build_array(
               settlement_month, plan_no, due_on, passed_over, calendar, extra_holidays,
               policy_hash, extract(epoch FROM planned_at))::text AS content
      FROM growth_points.payout_date""",
    "revision": """
      SELECT revision_id::text AS key, jsonb_build_array(
               revision_id, settlement_month, revision_no, content_hash, source, lines, amount_krw,
               sellers, profile, findings, actor, extract(epoch FROM accepted_at), recorded_in,
               rows_hash)::text AS content
      FROM growth_points.revision""",
    "revision_signature": """
      SELECT revision_id::text AS key, jsonb_build_array(
               revision_id, sender, public_key, delivery_no, encode(sha256(manifest), 'hex'),
               signature)::text AS content
      FROM growth_points.revision_signature""",
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


SEALED_RECORDS = tuple(
    QueryCheck(
        "sealed records",
        sentence("{subject} {key} {what}", subject=subject),
        _SEALED.format(content=content, subject=subject),
    )
    for subject, content in _CONTENTS.items()
)


CHILDREN = tuple(
    QueryCheck(
        "sealed records",
        sentence(
            "{child} has rows of {parent} {key}, which does not exist", child=child, parent=parent
        ),
        f"SELECT DISTINCT {parent}_{number} AS key FROM growth_points.{child}"  # noqa: S608 names
        f" LEFT JOIN growth_points.{parent} USING ({parent}_{number})"
        f" WHERE {parent}.actor IS NULL ORDER BY 1",
    )
    for child, parent, number in (
        ("transfer", "posting", "no"),
        ("correction", "posting", "no"),
        ("conversion", "posting", "no"),
        ("conversion_end", "posting", "no"),
        ("expiry", "posting", "no"),
        ("reward_retry", "posting", "no"),
        ("reward_entry", "reward_delivery", "id"),
        ("notice", "notice_list", "id"),
        ("seller_amount", "revision", "id"),
        ("seller_snapshot", "revision", "id"),
        ("decision", "evaluation", "id"),
        ("evaluation_input", "evaluation", "id"),
    )
)


SUBJECTS = QueryCheck(
    "sealed records",
    sentence("a {subject} is sealed or waits for it, which is nothing that is sealed"),
    "SELECT DISTINCT subject FROM (SELECT subject FROM growth_points.seal"  # noqa: S608 names
    " UNION SELECT subject FROM growth_points.unsealed) sealed WHERE subject NOT IN ("
    + ", ".join(f"'{subject}'" for subject in _CONTENTS)
    + ") ORDER BY 1",
)


def rows_of_revisions(connection: Connection) -> Iterator[Difference]:
    hashed = select(revision.c.revision_id, revision.c.rows_hash)
    for number, ingested in connection.execute(hashed.order_by(revision.c.revision_id)).all():
        if hash_rows(connection, (seller_amount, seller_snapshot), number) != ingested:
            yield Difference(
                "sealed records",
                sentence("the rows of revision {number} are not those ingested", number=number),
            )
