"""What ten years of months in one home cost: a closing, the listings, the pages, the proof.

    .venv/bin/python bench/years.py               3,000 sellers, 120 months: some minutes
    .venv/bin/python bench/years.py --months 24   fewer years, to try it

Each month is closed and paid in order, as the program does by itself. The last closings alternate
with closings of the first month in a copy of the home as it was then; each month measured is then
delivered again with other amounts, and closed again. `--runs 1000` measures what `growth-points up`
holds in memory and on disk over so many runs of a flow: half an hour.
"""

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import psutil  # comes with the embedded PostgreSQL
from close_month import PROGRAM, Run, prefect_server, row, run, say, settings, wait_until_stopped
from restate import write_corrected
from working_folder import existing_folder

from domain.months import SettlementMonth

LAST = SettlementMonth(2026, 10)
POLICY = Path(__file__).parents[1] / "adapters" / "policies" / "d-commerce-2020.toml"
HISTORY = 2
ROUNDS = 3  # closings measured at each end of the years
SHORT_FLOW = "tell-late-payouts"
AT_ONCE = 4
_SERVES = re.compile(r"Runs +(http://\S+)/v2/runs")


@dataclass(frozen=True, slots=True)
class Years:
    """Months in a home, with the files that they rest on."""

    home: Path
    files: Path
    corrected: Path
    first: SettlementMonth

    @classmethod
    def prepared(cls, folder: Path, months: int, sellers: int, lines: int) -> "Years":
        """Write the months, the newest one also as corrected, and take the history in."""
        years = cls(folder / "home", folder / "files", folder / "corrected", LAST - (months - 1))
        say(f"writing {months + HISTORY} months of {lines:,} lines, {sellers:,} sellers")
        sizes = ["--sellers", str(sellers), "--lines", str(lines)]
        period = ["--months", f"{years.first - HISTORY}..{LAST}"]
        run([PROGRAM, "sample", years.files, *sizes, *period], years.home)
        years.write_policy()
        for month in (years.first, *years.measured):
            write_corrected(years.files / str(month), years.corrected / str(month))
        for month in (years.first - HISTORY).until(years.first - 1):
            years.command("ingest", str(month), "--from", years.files)
        return years

    def write_policy(self) -> None:
        """Write the policy as one that was in force long before."""
        written = POLICY.read_text().replace("d-commerce-2020", "d-commerce-before")
        self._policies.mkdir()
        file = self._policies / "d-commerce-before.toml"
        file.write_text(written.replace('value = "2020-01"', 'value = "2010-01"', 1))

    @property
    def _policies(self) -> Path:
        return self.home.with_name("policies")

    def command(self, *words: str | Path, **variables: str) -> Run:
        """Run a command in the home."""
        policies = str(self._policies)
        return run([PROGRAM, *words], self.home, GROWTH_POINTS_POLICIES=policies, **variables)

    @property
    def measured(self) -> list[SettlementMonth]:
        """The last months, whose closings are measured."""
        return list((LAST - (ROUNDS - 1)).until(LAST))

    @contextmanager
    def as_it_is(self) -> Iterator["Years"]:
        """Copy the home, to close in it without changing this one."""
        wait_until_stopped(self.home)
        copy = self.home.with_name(f"{self.home.name}-copy")
        subprocess.run(["cp", "-a", self.home, copy], check=True)  # the server's user stays owner
        yield replace(self, home=copy)
        wait_until_stopped(copy)
        shutil.rmtree(copy)

    def close(self, month: SettlementMonth, address: str) -> Run:
        """Close a month beside a Prefect server, and pay what is due."""
        words = ("close", str(month), "--from", self.files, "--reason", "years")
        closing = self.command(*words, PREFECT_API_URL=address)
        self.command("pay-out", PREFECT_API_URL=address)
        return closing

    def close_again(self, month: SettlementMonth, address: str) -> Run:
        """Close a paid month with other amounts beside a Prefect server."""
        words = ("close", str(month), "--from", self.corrected, "--reason", "corrected")
        return self.command(*words, "--acknowledge-paid", PREFECT_API_URL=address)


@dataclass(frozen=True, slots=True)
class Pair:
    """What the same took in the first month's home and in that of all months."""

    first: Run
    last: Run

    @property
    def ratio(self) -> float:
        """How many times as long the last took."""
        return self.last.seconds / self.first.seconds


def measure(folder: Path, months: int, sellers: int, lines: int) -> None:
    """Close and pay all months; list, verify, render."""
    years = Years.prepared(folder, months, sellers, lines)
    with prefect_server(folder / "prefect") as address, years.as_it_is() as young:
        for month in years.first.until(years.measured[0] - 1):
            say(f"closing {month}")
            years.close(month, address)
        closed, again = zip(
            *(_closings(young, years, month, address) for month in years.measured), strict=True
        )
        asked = {
            " ".join(words): years.command(*words, PREFECT_API_URL=address)
            for words in (("months",), ("payouts",), ("verify",), ("history", str(years.first)))
        }
    wait_until_stopped(years.home)
    print(f"\n{months} months of {sellers:,} sellers, {lines:,} lines each")
    _tell("closing the newest month", closed)
    _tell("closing it again with other amounts", again)
    for words, each in asked.items():
        row(words, f"{each.seconds:.1f} s", "seconds")


def _closings(
    young: Years, years: Years, month: SettlementMonth, address: str
) -> tuple[Pair, Pair]:
    say(f"closing {years.first} and {month}, each twice")
    with young.as_it_is() as copy:
        first, first_again = (
            close(years.first, address) for close in (copy.close, copy.close_again)
        )
    last, last_again = (close(month, address) for close in (years.close, years.close_again))
    return Pair(first, last), Pair(first_again, last_again)


def _tell(what: str, pairs: Sequence[Pair]) -> None:
    seconds = statistics.median(each.first.seconds for each in pairs)
    ratio = statistics.median(each.ratio for each in pairs)
    row(f"{what}: the first one's", f"{seconds:.1f} s", "")
    row(f"{what}: beside all others", f"{ratio:.2f} x", "at most 1.2 x")
    peaks = f"{pairs[-1].first.peak_mb:,}, {pairs[-1].last.peak_mb:,} MB"
    row(f"{what}: memory at the peak, of both", peaks, "")


def measure_runs(folder: Path, runs: int) -> None:
    """Have `growth-points up` run a short flow many times; print what it holds."""
    print(f"\n`growth-points up` over {runs:,} runs of {SHORT_FLOW}, each in a process of its own")
    with program_up(folder / "up") as (up, address), httpx.Client(base_url=address) as server:
        for tenth in range(11):
            if tenth:
                _have_run(server, runs // 10)
            held = ", ".join(f"{name} {mb:,} MB" for name, mb in _held_by(up))
            size = (folder / "up" / "server" / "prefect.db").stat().st_size // 2**20
            row(f"after {runs * tenth // 10:,} runs", held, f"database {size:,} MB")


@contextmanager
def program_up(home: Path) -> Iterator[tuple[psutil.Process, str]]:
    """Run `growth-points up` in a home; yield its process and its server's address."""
    up = subprocess.Popen(
        [PROGRAM, "up", "--port", "0"], env=settings(home), stdout=subprocess.PIPE, text=True
    )
    try:
        lines = up.stdout or ()
        address = next(found[1] for found in map(_SERVES.search, lines) if found)
        yield psutil.Process(up.pid), f"{address}/api"
    finally:
        up.terminate()
        up.communicate()


def _have_run(server: httpx.Client, runs: int) -> None:
    """Have a flow run so often, a few at a time, and wait for all of them."""
    began = time.perf_counter()
    deployment = (
        server.get(f"/deployments/name/{SHORT_FLOW}/{SHORT_FLOW}").raise_for_status().json()["id"]
    )
    made: list[str] = []
    for number in range(runs):
        body = server.post(f"/deployments/{deployment}/create_flow_run", json={})
        made.append(body.raise_for_status().json()["id"])
        if number >= AT_ONCE:
            _wait_for(server, made[-AT_ONCE])
    for each in made[-AT_ONCE:]:
        _wait_for(server, each)
    say(f"{runs:,} runs took {time.perf_counter() - began:.0f} s")


def _wait_for(server: httpx.Client, run: str) -> None:
    while (state := server.get(f"/flow_runs/{run}").json()["state"]["type"]) != "COMPLETED":
        if state in {"FAILED", "CRASHED", "CANCELLED"}:
            sys.exit(f"run {run} ended as {state}")
        time.sleep(0.2)


def _held_by(up: psutil.Process) -> Iterator[tuple[str, int]]:
    yield "up", up.memory_info().rss // 2**20
    for name, module in (("server", "servers.children"), ("worker", "prefect.worker")):
        (child,) = [each for each in up.children() if module in " ".join(each.cmdline())]
        yield name, child.memory_info().rss // 2**20


def main() -> None:
    """Measure in a folder of its own that is removed afterwards."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--months", type=int, default=120)
    parser.add_argument("--sellers", type=int, default=3_000)
    parser.add_argument("--lines", type=int, default=20_000, help="a month")
    parser.add_argument("--runs", type=int, default=0, help="runs of a flow under `up`")
    parser.add_argument("--folder", type=existing_folder, help="where to work")
    sizes = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=sizes.folder, prefix="growth-points-bench-") as folder:
        if sizes.months:
            measure(Path(folder), sizes.months, sizes.sellers, sizes.lines)
        if sizes.runs:
            measure_runs(Path(folder), sizes.runs)


if __name__ == "__main__":
    main()
