"""Check a delivery that was read: every finding of the gate."""

from dataclasses import replace

from sqlalchemy import Engine

from adapters.intake.scan import StagedMonth
from adapters.postgres.previous_months import past_of
from adapters.postgres.unknown_words import words_seen
from domain.profile import Past
from expectations.gate import Verdict
from expectations.gate_process import start_gate


def check_delivery(engine: Engine, staged: StagedMonth) -> Verdict:
    """Judge a staged month beside the months before it; a critical finding forbids accepting it."""
    with engine.connect() as connection:
        past = past_of(connection, staged.settlement_month, staged.sellers)
        past = replace(past, words=words_seen(connection))
    return judge_beside(staged, past)


def judge_beside(staged: StagedMonth, past: Past) -> Verdict:
    """Judge a staged month by its profile and what is known of the months before it."""
    return start_gate().judge(staged.profile.beside(past))
