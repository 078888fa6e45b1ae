"""Checking a delivery that was read, by the data-quality gate."""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Engine

from adapters.ingest.staged_month import StagedMonth
from adapters.postgres.previous_months import past_of
from domain.limits import LIMITS
from domain.profile import Past
from expectations.gate import Verdict
from expectations.gate_process import start_gate


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
