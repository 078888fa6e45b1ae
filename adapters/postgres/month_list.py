"""All revisions of all months, with their states."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, cast, func, select
from sqlalchemy.dialects.postgresql import JSONPATH

from adapters.postgres.evaluations import current_evaluations, outdated_months
from adapters.postgres.ledger import paid_months
from adapters.postgres.tables import revision
from domain.findings import Severity
from domain.months import SettlementMonth


@dataclass(frozen=True, slots=True)
class MonthRevision:
    """A revision, its number of warnings (`findings`), and its state.

    The state is `replaced` for all but a month's newest revision; that one is `ingested`,
    `closed` or `paid`, or `restated` if data of its window was replaced since it was closed.
    """

    settlement_month: SettlementMonth
    revision_no: int
    content_hash: str
    sellers: int
    lines: int
    amount_krw: int
    findings: int
    state: str

    @property
    def current(self) -> bool:
        """Whether it is its month's newest revision."""
        return self.state != "replaced"


_NOT_ONLY_TOLD = func.jsonb_path_query_array(
    revision.c.findings, cast(f'$[*] ? (@.severity != "{Severity.INFO}")', JSONPATH)
)


def month_revisions(connection: Connection) -> tuple[MonthRevision, ...]:
    """Return all revisions, ordered by month and number."""
    facts = ("settlement_month", "revision_no", "content_hash", "sellers", "lines", "amount_krw")
    listed = select(
        revision.c.revision_id,
        *(revision.c[name] for name in facts),
        func.jsonb_array_length(_NOT_ONLY_TOLD).label("findings"),
    ).order_by(revision.c.settlement_month, revision.c.revision_no)
    rows = connection.execute(listed).mappings().all()
    newest = {row["settlement_month"]: row["revision_id"] for row in rows}
    states = _states(connection, newest)
    return tuple(
        MonthRevision(
            **{name: row[name] for name in (*facts, "findings")},
            state=states[row["settlement_month"]]
            if newest[row["settlement_month"]] == row["revision_id"]
            else "replaced",
        )
        for row in rows
    )


def _states(
    connection: Connection, months: Iterable[SettlementMonth]
) -> dict[SettlementMonth, str]:
    closed = {each.settlement_month for each in current_evaluations(connection)}
    outdated, paid = outdated_months(connection), paid_months(connection)

    def state(month: SettlementMonth) -> str:
        if month not in closed:
            return "ingested"
        if month in outdated:
            return "restated"
        return "paid" if month in paid else "closed"

    return {month: state(month) for month in months}
