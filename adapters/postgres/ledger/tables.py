"""The tables of the ledger, for statements; the schema itself is made by the migrations."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
    Text,
    column,
    table,
)

from adapters.postgres.tables import Month, metadata

posting = Table(
    "posting",
    metadata,
    Column("posting_no", BigInteger, primary_key=True),
    Column("key", Text),
    Column("kind", Text),
    Column("settlement_month", Month),
    Column("evaluation_id", Integer),
    Column("request_hash", LargeBinary),
    Column("effective_on", Date),
    Column("actor", Text),
    Column("reason", Text),
    Column("recorded_at", DateTime(timezone=True)),
)

transfer = Table(
    "transfer",
    metadata,
    Column("entry_no", BigInteger, primary_key=True),
    Column("posting_no", BigInteger),
    Column("kind", Text),
    Column("seller_id", Text),
    Column("debit_account", Text),
    Column("credit_account", Text),
    Column("points", BigInteger),
    Column("tier", SmallInteger),
    Column("award_no", SmallInteger),
    Column("finishes", BigInteger),
)

correction = Table(
    "correction",
    metadata,
    Column("posting_no", BigInteger, primary_key=True),
    Column("kind", Text),
    Column("settlement_month", Month),
    Column("seller_id", Text),
    Column("tier", SmallInteger),
    Column("points", BigInteger),
    Column("undoes", BigInteger),
)

adjustment_approval = Table(
    "adjustment_approval",
    metadata,
    Column("key", Text, primary_key=True),
    Column("seller_id", Text),
    Column("points", BigInteger),
    Column("actor", Text),
    Column("reason", Text),
)

payout = Table(
    "payout",
    metadata,
    Column("settlement_month", Month, primary_key=True),
    Column("posting_no", BigInteger),
    Column("sellers", Integer),
    Column("points", BigInteger),
    Column("paid_on", Date),
    Column("actor", Text),
    Column("paid_at", DateTime(timezone=True)),
)

seal = Table(
    "seal",
    metadata,
    Column("seal_no", BigInteger, primary_key=True),
    Column("subject", Text),
    Column("subject_key", Text),
    Column("content_hash", LargeBinary),
    Column("sealed_at", DateTime(timezone=True)),
    Column("hash", LargeBinary),
)

# Views: nothing is ever inserted here, so they are names only.
program_balance = table(
    "program_balance",
    column("account", Text),
    column("points", Numeric),
    column("floor", BigInteger),
    schema="growth_points",
)

award = table(
    "award",
    column("entry_no", BigInteger),
    column("posting_no", BigInteger),
    column("settlement_month", Month),
    column("seller_id", Text),
    column("tier", SmallInteger),
    column("points", BigInteger),
    column("state", Text),
    schema="growth_points",
)
