"""Whatever is delivered as a reward day, reading it ends with findings, and stages sound entries.

COUNT and FIRST are the seeds, as for a month's deliveries.
"""

import os
import time
import traceback
from pathlib import Path
from shutil import rmtree

import duckdb
import pytest

from adapters.ingest.delivery import DeliveryRefused, find_delivery
from adapters.ingest.staged_rewards import StagedRewards
from domain.findings import blocking
from domain.using.rewards import RewardKind
from flows.rewarding.read_rewards import judge_rewards, read_rewards
from tests.hostile.deliveries import hostile_rewards
from tests.reward_days import DAY, NOTHING_FOUND

COUNT, FIRST = int(os.environ.get("COUNT", "60")), int(os.environ.get("FIRST", "1"))
AT_ONCE = 20
MOST_SECONDS = 30


@pytest.mark.parametrize("first", range(FIRST, FIRST + COUNT, AT_ONCE))
def test_a_hostile_day_ends_with_findings(tmp_path: Path, first: int) -> None:
    wrong = {}
    for seed in range(first, min(first + AT_ONCE, FIRST + COUNT)):
        harms = ", ".join(hostile_rewards(seed, tmp_path).harms)
        began, ended = time.process_time(), _met(tmp_path, harmed=bool(harms))
        seconds = time.process_time() - began
        if ended or seconds > MOST_SECONDS:
            wrong[seed] = f"{harms} in {seconds:.1f} s: {ended}"
        rmtree(tmp_path)
    assert wrong == {}


def _met(root: Path, *, harmed: bool) -> str:
    """Read and judge a day; return what is wrong with how that ended."""
    try:
        found = find_delivery(str(root), DAY)
        staged = read_rewards(found, root / "staging", root / "quarantine")
        findings = judge_rewards(staged, NOTHING_FOUND).findings
    except DeliveryRefused as refused:
        return "" if harmed and refused.findings else str(refused)
    except Exception:
        return traceback.format_exc()
    if findings and not harmed:
        return str(findings)
    if (staged.quarantine is not None) > bool(blocking(findings)):
        return f"entries are refused, and the day is not blocked: {findings}"
    return _unfit(staged)


def _unfit(staged: StagedRewards) -> str:
    """Return the staged entries that a database would not take."""
    texts = [
        f"length({name}) BETWEEN 1 AND 64 AND NOT contains({name}, chr(0))"
        for name in ("event_id", "seller_id", "customer_ref")
    ]
    kinds = ", ".join(f"'{kind}'" for kind in RewardKind)
    cancels = "(cancels_event_id IS NOT NULL AND cancels_position >= 1)"
    nothing = "(cancels_event_id IS NULL AND cancels_position IS NULL)"
    fit = (
        *texts,
        *("position >= 1", "points BETWEEN 1 AND 1000000", f"kind IN ({kinds})"),
        *(f"occurred_on = DATE '{DAY}'", f"if(kind = 'cancellation', {cancels}, {nothing})"),
    )
    unfit = f"NOT coalesce({' AND '.join(fit)}, false)"
    rows = duckdb.read_parquet(str(staged.rewards)).filter(unfit).fetchall()
    return str(rows) if rows else ""
