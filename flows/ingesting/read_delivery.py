"""Reading a month's delivery, and judging what was read by the data-quality gate."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine

from adapters.ingest.delivery import Delivery
from adapters.ingest.engines.address import EMBEDDED
from adapters.ingest.scan import scan_delivery
from adapters.ingest.staged_month import StagedMonth
from adapters.postgres.previous_months import past_of
from domain.columns import Content
from domain.limits import LIMITS
from domain.months import SettlementMonth
from domain.profile import Past
from expectations.gate import Verdict
from expectations.gate_process import start_gate
from expectations.suite import line_checks, snapshot_checks


def read_delivery(
    delivery: Delivery[SettlementMonth], staging: Path, quarantine: Path, engine: str = EMBEDDED
) -> StagedMonth:
    """Scan a delivery by the rules of its month, without accepting it.

    Totals and snapshot are written to the folder `staging`, refused rows to `quarantine`; no other
    run may use them. `engine` is the address of what reads the lines. Raises DeliveryRefused,
    DeliveryChanged, EngineUnfit, ClusterAway and ClusterFailed.
    """
    month = delivery.period
    checks = {Content.SETTLEMENTS: line_checks(month), Content.SELLERS: snapshot_checks(month)}
    staged = scan_delivery(delivery, checks, staging, quarantine, engine)
    return replace(staged, signed=delivery.signed)


def check_delivery(
    engine: Engine, staged: StagedMonth, limits: Mapping[str, float] = LIMITS
) -> Verdict:
    """Judge a staged month, compared with earlier months; a critical finding blocks it."""
    with engine.connect() as connection:
        past = past_of(connection, staged.settlement_month, staged.sellers)
    return judge_beside(staged, past, limits)


def judge_beside(staged: StagedMonth, past: Past, limits: Mapping[str, float] = LIMITS) -> Verdict:
    """Judge a staged month by its profile and the known facts of earlier months."""
    profile = replace(staged.profile.compared_with(past), limits=limits)
    return start_gate().judge(profile)
