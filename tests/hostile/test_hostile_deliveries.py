"""Whatever is delivered, `check` and `ingest` end with findings or a sentence, soon and small.

`make hostile COUNT=2000` runs as many seeds; FIRST is the first of them, to reproduce one.
"""

import os
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

import pytest

from tests.command_line import Marketplace
from tests.deliveries import MONTH
from tests.hostile.deliveries import hostile_delivery

COUNT, FIRST = int(os.environ.get("COUNT", "60")), int(os.environ.get("FIRST", "1"))
AT_ONCE = 20
MOST_SECONDS, MOST_MEMORY_MB = 30, 1_200  # beside what this process held before


@dataclass(frozen=True, slots=True)
class Met:
    """How a command met a hostile delivery; `wrong` is empty if it met it well."""

    seed: int
    command: str
    harms: str
    exit_code: int
    seconds: float
    memory_mb: int
    wrong: str


def met(shop: Marketplace, seed: int, harms: str, *words: str) -> Met:
    """Run a command and measure it."""
    _forget_peak()
    held_mb = _peak_mb()
    began = time.monotonic()
    wrong, code = "", -1
    try:
        ran = shop.run(*words)
        code = ran.exit_code
        wrong = ran.stderr if "Traceback" in ran.stderr or code not in (0, 1) else ""
        if not harms and code:
            wrong = f"{ran.stdout}{ran.stderr}"
    except Exception:
        wrong = traceback.format_exc()
    seconds, memory_mb = time.monotonic() - began, _peak_mb() - held_mb
    if seconds > MOST_SECONDS or memory_mb > MOST_MEMORY_MB:
        wrong = wrong or f"{seconds:.1f} s, {memory_mb} MB"
    return Met(seed, words[0], harms, code, seconds, memory_mb, wrong)


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> int:
    status = Path("/proc/self/status").read_text().split("VmHWM:")[1]
    return int(status.split()[0]) // 1024


@pytest.mark.parametrize("first", range(FIRST, FIRST + COUNT, AT_ONCE))
def test_a_hostile_delivery_ends_with_a_sentence(marketplace: Marketplace, first: int) -> None:
    ended: list[Met] = []
    for seed in range(first, min(first + AT_ONCE, FIRST + COUNT)):
        harms = ", ".join(hostile_delivery(seed, marketplace.root).harms)
        folder = str(marketplace.root / str(MONTH))
        checked = met(marketplace, seed, harms, "check", folder)
        ended.append(checked)
        if checked.exit_code == 0:
            ended.append(met(marketplace, seed, harms, "ingest", str(MONTH)))
        rmtree(marketplace.root)
    _tell(ended)
    assert [each for each in ended if each.wrong] == []


def _tell(ended: list[Met]) -> None:
    """Add a line for each command to the file that COUNT's target sums up."""
    if (file := os.environ.get("HOSTILE_LOG")) is None:
        return
    with Path(file).open("a") as log:
        log.writelines(
            f"{each.seed}\t{each.command}\t{each.exit_code}\t{each.seconds:.1f}\t"
            f"{each.memory_mb}\t{each.harms}\t{each.wrong[-400:]!r}\n"
            for each in ended
        )
