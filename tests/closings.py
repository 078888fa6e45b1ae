"""A marketplace of a few stores, closed month by month through the steps, without any file read."""

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet
from sqlalchemy import Engine

from adapters.ingest.staged_month import StagedMonth
from adapters.korean_holidays import HolidayCalendar
from adapters.policy_files import PolicyText, read_policies
from adapters.postgres.corrections import corrections
from adapters.postgres.ledger import PaidOut
from adapters.postgres.revisions import Revision
from domain.approval import NO_APPROVAL, ApprovalRule
from domain.cause import Cause
from domain.columns import Content
from domain.corrections import CorrectionKind
from domain.decision import SellerFacts
from domain.ledger import Award
from domain.months import SettlementMonth
from domain.profile import FileTotals, Profile
from flows.closing.evaluation import ClosingRequest
from flows.closing.record_closing import Closing, record_closing
from flows.correcting.adjust_points import Adjustment, AdjustmentRequest, adjust_points
from flows.ingesting.record_delivery import RecordedDelivery, SoundDelivery
from flows.ingesting.record_ingest import record_ingest
from flows.paying.pay_out_month import PayoutRequest, pay_out_month

POLICIES: tuple[PolicyText, ...] = read_policies(None)
FAR_AHEAD = date(2030, 1, 1)
_AT = datetime(2026, 11, 3, 9, tzinfo=ZoneInfo("Asia/Seoul"))
_FLAGS = ("runs_department_store_window", "runs_outlet_window", "uses_fulfilment", "uses_api")


def month(text: str) -> SettlementMonth:
    """Read a settlement month."""
    return SettlementMonth.parse(text)


def cause(reason: str = "a test") -> Cause:
    """Let a test be the cause."""
    return Cause("tests", reason, "tests", _AT)


def paying(on: date) -> PayoutRequest:
    """Ask to pay on a date, whether it has come or not."""
    return PayoutRequest(on, cause(), _AT.date(), ahead=True)


@dataclass(frozen=True, slots=True)
class Sold:
    """What one store sold in one month, and how the month's snapshot has the store."""

    amount_krw: int = 0
    approved_on: date = date(2026, 3, 16)
    status: str = "NORMAL"
    uses_api: bool = False
    line_type: str = "PROD_ORDER"

    def facts(self, seller_id: str, window_amount_krw: int, tiers: frozenset[int]) -> SellerFacts:
        """Describe the store as a decision sees it."""
        return SellerFacts(
            seller_id,
            self.approved_on,
            window_amount_krw,
            status=self.status,
            uses_api=self.uses_api,
            awarded_tiers=tiers,
        )


Delivered = Mapping[str, Sold]


@dataclass
class Program:
    """The program on a database, with a folder to stage deliveries in and holidays of its own."""

    engine: Engine
    folder: Path
    holidays: dict[date, str] = field(default_factory=dict)
    policies: tuple[PolicyText, ...] = POLICIES

    def ingest(self, name: str, delivered: Delivered) -> RecordedDelivery:
        """Take a month in."""
        staged = self._stage(month(name), delivered)
        return record_ingest(self.engine, month(name), SoundDelivery(staged), cause())

    def close(
        self,
        name: str,
        delivered: Delivered | None,
        *,
        preview: bool = False,
        acknowledge_paid: bool = False,
        policy: str | None = None,
        reason: str = "a test",
        found: Revision | None = None,
        approval: ApprovalRule = NO_APPROVAL,
    ) -> Closing:
        """Close a month with a delivery, or with the one that is current."""
        request = ClosingRequest(
            month(name), cause(reason), policy, preview, acknowledge_paid, approval
        )
        staged = None if delivered is None else self._stage(month(name), delivered)
        delivery = SoundDelivery(staged, (), None if found is None else found.revision_no)
        return record_closing(self.engine, request, delivery, self.policies, self.calendar)

    def pay(self, name: str, on: date = FAR_AHEAD) -> PaidOut:
        """Pay a month out."""
        return pay_out_month(self.engine, month(name), paying(on))

    def adjust(
        self,
        seller_id: str,
        points: int,
        reason: str = "agreed",
        grants: str | None = None,
        on: date = date(2026, 11, 4),
        acknowledge_paid: bool = False,
    ) -> Adjustment:
        """Adjust a seller's points."""
        of_month = month(grants) if grants else None
        request = AdjustmentRequest(
            seller_id, points, on, cause(reason), of_month, acknowledge_paid=acknowledge_paid
        )
        return adjust_points(self.engine, request, self.policies, self.calendar)

    def award_corrections(self) -> frozenset[Award]:
        """List the awards that corrections gave."""
        with self.engine.connect() as connection:
            made = [each.correction for each in corrections(connection)]
        return frozenset(each.award for each in made if each.kind is CorrectionKind.AWARD)

    def calendar(self, _: SettlementMonth) -> HolidayCalendar:
        """Know no holidays but those announced by the test."""
        return HolidayCalendar(self.holidays, "tests", self.holidays)

    def _stage(self, of: SettlementMonth, delivered: Delivered) -> StagedMonth:
        directory = Path(tempfile.mkdtemp(dir=self.folder))
        sold = sorted(delivered.items())
        _write_amounts(directory / "totals.parquet", sold)
        _write_sellers(directory / "sellers.parquet", sold)
        content = hashlib.sha256(repr((of, sold)).encode()).hexdigest()
        amount = sum(each.amount_krw for _, each in sold)
        lines = sum(1 for _, each in sold if each.amount_krw)
        files = (
            FileTotals("settlements.csv", Content.SETTLEMENTS, content, lines, amount),
            FileTotals("sellers.csv", Content.SELLERS, content, len(sold), None),
        )
        return StagedMonth(of, content, "tests", directory, None, Profile(of, files, ()))


def _write_amounts(path: Path, sold: list[tuple[str, Sold]]) -> None:
    rows = [(seller, each.amount_krw) for seller, each in sold if each.amount_krw]
    types = [each.line_type for _, each in sold if each.amount_krw]
    table = pa.table(
        {
            "seller_id": pa.array([seller for seller, _ in rows], pa.string()),
            "line_type": pa.array(types, pa.string()),
            "lines": pa.array([1] * len(rows), pa.int64()),
            "amount_krw": pa.array([amount for _, amount in rows], pa.int64()),
        }
    )
    pyarrow.parquet.write_table(table, path)


def _write_sellers(path: Path, sold: list[tuple[str, Sold]]) -> None:
    no = pa.array([False] * len(sold))
    flags = dict.fromkeys(_FLAGS, no)
    flags["uses_api"] = pa.array([each.uses_api for _, each in sold], pa.bool_())
    table = pa.table(
        {
            "seller_id": pa.array([seller for seller, _ in sold], pa.string()),
            "approved_on": pa.array([each.approved_on for _, each in sold], pa.date32()),
            "status": pa.array([each.status for _, each in sold], pa.string()),
            **flags,
        }
    )
    pyarrow.parquet.write_table(table, path)
