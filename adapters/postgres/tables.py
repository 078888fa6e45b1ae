"""The tables of months, from their deliveries to the approvals of their payouts, for statements.

The migrations create the schema.
"""

from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeDecorator

from domain.months import SettlementMonth

metadata = MetaData(schema="growth_points")


class Month(TypeDecorator[SettlementMonth]):
    """A settlement month, stored as the date of its first day."""

    impl = Date
    cache_ok = True

    def process_bind_param(self, value: SettlementMonth | None, dialect: Dialect) -> date | None:
        """Convert a month to its first day."""
        return None if value is None else value.first_day

    def process_result_value(self, value: Any, dialect: Dialect) -> SettlementMonth | None:
        """Convert a first day to its month."""
        return None if value is None else SettlementMonth.of(value)


policy = Table(
    "policy",
    metadata,
    Column("policy_hash", Text, primary_key=True),
    Column("name", Text),
    Column("content", Text),
    Column("adjustment_limit", BigInteger),
)

revision = Table(
    "revision",
    metadata,
    Column("revision_id", Integer, primary_key=True),
    Column("settlement_month", Month),
    Column("revision_no", Integer),
    Column("content_hash", Text),
    Column("source", Text),
    Column("lines", BigInteger),
    Column("amount_krw", BigInteger),
    Column("sellers", Integer),
    Column("profile", JSONB),
    Column("findings", JSONB),
    Column("actor", Text),
    Column("accepted_at", DateTime(timezone=True)),
    Column("rows_hash", Text),
)

revision_signature = Table(
    "revision_signature",
    metadata,
    Column("revision_id", Integer, primary_key=True),
    Column("sender", Text),
    Column("public_key", Text),
    Column("delivery_no", Integer),
    Column("manifest", LargeBinary),
    Column("signature", Text),
)

seller_amount = Table(
    "seller_amount",
    metadata,
    Column("revision_id", Integer, primary_key=True),
    Column("seller_id", Text, primary_key=True),
    Column("line_type", Text, primary_key=True),
    Column("lines", Integer),
    Column("amount_krw", BigInteger),
)

seller_snapshot = Table(
    "seller_snapshot",
    metadata,
    Column("revision_id", Integer, primary_key=True),
    Column("seller_id", Text, primary_key=True),
    Column("approved_on", Date),
    Column("status", Text),
    Column("runs_department_store_window", Boolean),
    Column("runs_outlet_window", Boolean),
    Column("uses_fulfilment", Boolean),
    Column("uses_api", Boolean),
)

evaluation = Table(
    "evaluation",
    metadata,
    Column("evaluation_id", Integer, primary_key=True),
    Column("settlement_month", Month),
    Column("evaluation_no", Integer),
    Column("input_hash", Text),
    Column("policy_hash", Text),
    Column("actor", Text),
    Column("reason", Text),
    Column("evaluated_at", DateTime(timezone=True)),
)

evaluation_input = Table(
    "evaluation_input",
    metadata,
    Column("evaluation_id", Integer, primary_key=True),
    Column("revision_id", Integer, primary_key=True),
)

decision = Table(
    "decision",
    metadata,
    Column("evaluation_id", Integer, primary_key=True),
    Column("seller_id", Text, primary_key=True),
    Column("outcome", Text),
    Column("tier", SmallInteger),
    Column("points", BigInteger),
    Column("window_amount_krw", BigInteger),
    Column("reasons", ARRAY(Text)),
)

payout_date = Table(
    "payout_date",
    metadata,
    Column("settlement_month", Month, primary_key=True),
    Column("plan_no", Integer, primary_key=True),
    Column("due_on", Date),
    Column("passed_over", JSONB),
    Column("calendar", Text),
    Column("extra_holidays", JSONB),
    Column("policy_hash", Text),
    Column("planned_at", DateTime(timezone=True)),
)

run = Table(
    "run",
    metadata,
    Column("run_no", Integer, primary_key=True),
    Column("settlement_month", Month),
    Column("action", Text),
    Column("caused_by", Month),
    Column("actor", Text),
    Column("origin", Text),
    Column("reason", Text),
    Column("revision_id", Integer),
    Column("evaluation_id", Integer),
    Column("changed", Boolean),
    Column("difference", JSONB),
    Column("started_at", DateTime(timezone=True)),
    Column("recorded_at", DateTime(timezone=True)),
)

approval_rule = Table(
    "approval_rule",
    metadata,
    Column("settlement_month", Month, primary_key=True),
    Column("above_points", BigInteger, primary_key=True),
)

approval = Table(
    "approval",
    metadata,
    Column("evaluation_id", Integer, primary_key=True),
    Column("points", BigInteger),
    Column("actor", Text),
    Column("reason", Text),
)
