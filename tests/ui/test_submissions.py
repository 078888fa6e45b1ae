"""Submitting forms while runs are under way: each one is taken, at the first try."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import quantiles
from time import monotonic
from typing import Final

import httpx
import pytest

from flows.occasion import this_occasion
from tests.ui.running import MONTH, Running

pytestmark = pytest.mark.slow

_SUBMISSIONS: Final = 500
_AT_ONCE: Final = 8  # operators who submit at the same moment
_UNDER_WAY: Final = 5
_ENDED: Final = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def test_500_forms_submitted_while_5_runs_are_under_way_are_all_taken(up: Running) -> None:
    """They start tomorrow, so that what is under way stays what it is."""
    up.start()
    for month in (MONTH - 2, MONTH - 1):
        up.run("ingest", str(month))
    number = up.deployments()["verify"]["id"]
    tomorrow = (this_occasion().now + timedelta(days=1)).isoformat()
    form = {"state": {"type": "SCHEDULED", "state_details": {"scheduled_time": tomorrow}}}
    under_way = [_preview(up) for _ in range(_UNDER_WAY)]
    most = 0

    def submit(no: int) -> tuple[int, float]:
        began = monotonic()
        answer = httpx.post(
            f"{up.address}/api/deployments/{number}/create_flow_run",
            json={**form, "tags": [f"submitted {no}"]},
            timeout=120,
        )
        return answer.status_code, monotonic() - began

    answers: list[tuple[int, float]] = []
    with ThreadPoolExecutor(_AT_ONCE) as operators:
        for first in range(0, _SUBMISSIONS, 20):
            answers += operators.map(submit, range(first, first + 20))
            under_way = [run for run in under_way if up.state(run)["type"] not in _ENDED]
            most = max(most, len(under_way))
            under_way += [_preview(up) for _ in range(_UNDER_WAY - len(under_way))]

    took = quantiles([seconds for _, seconds in answers], n=100)
    print(f"\nseconds: median {took[49]:.2f}, 99% {took[98]:.2f}")  # noqa: T201 for whoever runs -s
    assert Counter(status for status, _ in answers) == {201: _SUBMISSIONS}
    assert most == _UNDER_WAY
    assert _tagged(up, number) == {f"submitted {no}" for no in range(_SUBMISSIONS)}


def _preview(up: Running) -> str:
    return up.start_run("rerun-month", month=str(MONTH), reason="looking at it")


def _tagged(up: Running, deployment: str) -> set[str]:
    found: set[str] = set()
    for offset in range(0, 2 * _SUBMISSIONS, 200):
        runs = up.ask(
            "/flow_runs/filter",
            {"deployments": {"id": {"any_": [deployment]}}, "offset": offset, "limit": 200},
        )
        found |= {tag for run in runs for tag in run["tags"] if tag.startswith("submitted ")}
    return found
