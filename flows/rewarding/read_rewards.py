"""Finding and reading the entries of a reward day, and judging them by the data-quality gate."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from adapters.ingest.delivery import Delivery, find_delivery
from adapters.ingest.reward_day import scan_reward_day
from adapters.ingest.staged_rewards import StagedRewards
from domain.profile import Violations
from domain.using.rewards import MOST_POINTS_OF_AN_ENTRY
from expectations.gate import Verdict
from expectations.gate_process import start_gate
from expectations.suite import entry_checks
from flows.program import trusted_senders
from flows.settings import Settings


def find_rewards(
    settings: Settings, day: date, root: str, fetched: Path, now: datetime
) -> Delivery[date]:
    """Find and hash the files of a reward day, and check who signed them.

    Objects of an object store are fetched into the folder `fetched`. Raises DeliveryRefused with
    every finding.
    """
    return find_delivery(root, day, fetched, trusted_senders(settings, now))


def read_rewards(
    delivery: Delivery[date],
    staging: Path,
    quarantine: Path,
    most_points: int = MOST_POINTS_OF_AN_ENTRY,
) -> StagedRewards:
    """Scan a reward day, of whose entries none may have more than `most_points`.

    Entries are written to the folder `staging`, refused rows to `quarantine`; no other run may use
    them. Raises DeliveryRefused, DeliveryChanged.
    """
    checks = entry_checks(delivery.period, most_points)
    return scan_reward_day(delivery, checks, staging, quarantine)


def judge_rewards(staged: StagedRewards, compared: Sequence[Violations]) -> Verdict:
    """Judge a staged day, with what was counted in the database; critical findings block it.

    `compared` has a count for each of `domain.profile.COMPARED_ENTRIES`.
    """
    return start_gate().judge(staged.profile.with_violations(compared))
