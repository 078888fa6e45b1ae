"""Random histories of the whole program, each by its seed: the ledger is always the model's.

`make simulate SEEDS=500 STEPS=40` runs as many; FIRST is the first seed, to repeat one.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from domain.months import SettlementMonth
from tests.gate_here import gate_here
from tests.simulation.closing import ingest_month
from tests.simulation.operator import Operator, operator_at_work
from tests.simulation.rules import step

FIRST, SEEDS, STEPS = (
    int(os.environ.get(name, default))
    for name, default in {"FIRST": "1", "SEEDS": "4", "STEPS": "25"}.items()
)
HISTORY: Final = tuple(SettlementMonth(2026, number) for number in (4, 5))


@pytest.fixture(autouse=True, scope="module")
def gate() -> Iterator[None]:
    """The gate in this process, which is forked in order to be killed."""
    with gate_here():
        yield


def simulate(server_url: str, template: str, seed: int, steps: int = STEPS) -> Operator:
    """Run a history; return the operator, who tells all that happened."""
    with operator_at_work(server_url, template, seed) as operator:
        for month in HISTORY:
            ingest_month(operator, month)
        for _ in range(steps):
            step(operator)
        operator.finish()
    return operator


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_whatever_happens_the_ledger_is_that_of_one_perfect_run(
    server_url: str, migrated_template: str, seed: int
) -> None:
    began = time.monotonic()
    try:
        operator = simulate(server_url, migrated_template, seed)
    except BaseException as error:
        error.add_note(f"To repeat it: make simulate FIRST={seed} SEEDS=1 STEPS={STEPS}")
        raise
    _log(seed, time.monotonic() - began, operator.counted)


def test_a_seed_is_one_history(server_url: str, migrated_template: str) -> None:
    first, again, other = (
        simulate(server_url, migrated_template, seed, steps=5).told for seed in (7, 7, 8)
    )
    assert first == again != other


def _log(seed: int, seconds: float, counted: Counter[str]) -> None:
    """Add what a history consisted of to the file that `make simulate` sums up."""
    if (file := os.environ.get("SIMULATE_LOG")) is not None:
        with Path(file).open("a") as log:
            log.writelines(f"{seed}\t{seconds:.1f}\t{n}\t{what}\n" for what, n in counted.items())
