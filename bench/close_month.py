"""What closing a month costs, beside what reading and summing it by hand costs.

    make bench                                1 million lines, 60,000 sellers: a few minutes
    .venv/bin/python bench/close_month.py --full     10 million lines, 600,000 sellers

Machines and neighbors differ, so seconds say little: both ways run in turn, several times, on
the same files, each from shell prompt to shell prompt and with a PostgreSQL that has to be
started, and the median of the ratios counts. Memory is the peak of all processes together,
PostgreSQL's included.
"""

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # comes with the embedded PostgreSQL
from working_folder import existing_folder

PROGRAM = Path(sys.executable).parent / "growth-points"
BY_HAND = Path(__file__).parent / "by_hand.py"
WINDOW = ("2026-08", "2026-09")
MONTH = "2026-10"

MARK = re.compile(rf"\s*\d+\.\d s  (?P<sentence>.*)|(?P<headline>{MONTH} .*)")


@dataclass(frozen=True, slots=True)
class Run:
    """One command: how long it took, the memory at its peak, what it told and when."""

    seconds: float
    peak_mb: int
    told: tuple[tuple[float, str], ...]

    def stages(self) -> list[tuple[float, str]]:
        """List what it told, each with the seconds until the next telling."""
        marks = [(0.0, "starting"), *self._marks()]
        ends = [at for at, _ in marks[1:]] + [self.seconds]
        return [(end - at, sentence) for (at, sentence), end in zip(marks, ends, strict=True)]

    def _marks(self) -> Iterator[tuple[float, str]]:
        for at, line in self.told:
            if found := MARK.fullmatch(line.rstrip()):
                yield at, found["sentence"] or "reporting and leaving"

    def stage(self, beginning: str) -> float | None:
        """Add up the seconds of the stages whose sentence begins so."""
        seconds = [took for took, sentence in self.stages() if sentence.startswith(beginning)]
        return sum(seconds) if seconds else None


def run(command: Sequence[str | Path], home: Path, **variables: str) -> Run:
    """Run a command to its end and measure it; stop when it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=settings(home, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peak: list[int] = [0]
    watcher = threading.Thread(target=watch, args=(process.pid, home, peak))
    watcher.start()
    told = tuple((time.perf_counter() - began, line) for line in process.stdout or ())
    process.wait()
    seconds = time.perf_counter() - began
    watcher.join()
    if process.returncode:
        output = "".join(line for _, line in told)
        sys.exit(f"{' '.join(map(str, command))} exited with {process.returncode}:\n{output}")
    return Run(seconds, peak[0] // 2**20, told)


def watch(pid: int, home: Path, peak: list[int]) -> None:
    """Keep the highest memory of a process, its children and the home's PostgreSQL."""
    while psutil.pid_exists(pid):
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return
            processes = [process, *process.children(recursive=True), *postgres_of(home)]
            peak[0] = max(peak[0], memory_of(set(processes)))
        time.sleep(0.1)


def memory_of(processes: Collection[psutil.Process]) -> int:
    """Say what processes hold in memory: what is each one's own, and once what they share."""
    own, shared = 0, 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            held = process.memory_info()
            own += held.rss - held.shared
            shared = max(shared, held.shared)
    return own + shared


def postgres_of(home: Path) -> list[psutil.Process]:
    """List the processes of the embedded server that keeps its data in a home."""
    with suppress(OSError, ValueError, psutil.NoSuchProcess):
        pid = int((home / "postgres" / "postmaster.pid").read_text().split()[0])
        return [psutil.Process(pid), *psutil.Process(pid).children()]
    return []


def settings(home: Path, **variables: str) -> dict[str, str]:
    """Make an environment with a home of its own, where imports are compiled."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GROWTH_POINTS_", "PREFECT_")) and name != "PYTHONDONTWRITEBYTECODE"
    }
    return kept | {"GROWTH_POINTS_HOME": str(home)} | variables


@dataclass(frozen=True, slots=True)
class Marketplace:
    """A sample of three months, and a home that has ingested the first two."""

    files: Path
    home: Path

    @classmethod
    def prepared(cls, folder: Path, sellers: int, lines: int) -> "Marketplace":
        """Write the sample and take its history in."""
        made = cls(folder / "files", folder / "home")
        say(f"writing three months of {lines:,} lines, {sellers:,} sellers")
        sizes = ["--sellers", str(sellers), "--lines", str(lines)]
        months = ["--months", f"{WINDOW[0]}..{MONTH}"]
        run([PROGRAM, "sample", made.files, *sizes, *months], made.home)
        for month in WINDOW:
            say(f"ingesting {month}")
            run([PROGRAM, "ingest", month, "--from", made.files], made.home)
        wait_until_stopped(made.home)
        return made

    @contextmanager
    def fresh_home(self) -> Iterator[Path]:
        """Copy the home, so that each run starts from the same state."""
        home = self.home.with_name("copy")
        subprocess.run(["cp", "-a", self.home, home], check=True)  # the server's user stays owner
        yield home
        wait_until_stopped(home)
        shutil.rmtree(home)

    def close(self, **variables: str) -> Run:
        """Close the month with the program."""
        with self.fresh_home() as home:
            return run([PROGRAM, "close", MONTH, "--from", self.files], home, **variables)

    def by_hand(self) -> Run:
        """Sum the month by hand, into the same kind of database."""
        with self.fresh_home() as home:
            return run([sys.executable, BY_HAND, self.files / MONTH, home / "postgres"], home)


def wait_until_stopped(home: Path) -> None:
    """Wait for the embedded server, which stops after the last process that used it."""
    for _ in range(300):
        if not (home / "postgres" / "postmaster.pid").exists():
            return
        time.sleep(0.1)
    sys.exit(f"the PostgreSQL in {home} does not stop")


@contextmanager
def prefect_server(folder: Path) -> Iterator[str]:
    """Run a Prefect server beside the measurements, and yield its API's address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    private = settings(folder, PREFECT_HOME=str(folder), DO_NOT_TRACK="1")
    private |= {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_SERVER_UI_ENABLED": "false"}
    command = [str(PROGRAM.with_name("prefect")), "server", "start", "--port", str(port)]
    server = subprocess.Popen(
        command, env=private, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        address = f"http://127.0.0.1:{port}/api"
        wait_until_healthy(address)
        yield address
    finally:
        server.terminate()
        server.wait()


def wait_until_healthy(address: str) -> None:
    """Wait until a server answers."""
    for _ in range(600):
        with suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"{address}/health").close()  # noqa: S310 the address is ours
            return
        time.sleep(0.5)
    sys.exit(f"no Prefect server at {address}")


def say(sentence: str) -> None:
    """Tell what is being done."""
    print(f"  {sentence} ...", file=sys.stderr, flush=True)


def row(what: str, measured: str, target: str) -> None:
    """Print one line of the result."""
    print(f"{what:<58}{measured:>16}   {target}", flush=True)


def measure_closing(folder: Path, sellers: int, lines: int, rounds: int) -> None:
    """Close and sum in turn; print ratios, memory and what took how long."""
    marketplace = Marketplace.prepared(folder, sellers, lines)
    pairs = []
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}: by hand, then the program")
        pairs.append((marketplace.by_hand(), marketplace.close()))
    say("once more, beside a running Prefect server")
    with prefect_server(folder / "prefect") as address:
        beside = marketplace.close(PREFECT_API_URL=address)
    by_hand = statistics.median(hand.seconds for hand, _ in pairs)
    ratio = statistics.median(close.seconds / hand.seconds for hand, close in pairs)
    closes = sorted((close for _, close in pairs), key=lambda close: close.seconds)
    middle = closes[len(closes) // 2]
    print(f"\nA month of {lines:,} lines, {sellers:,} sellers; median of {rounds} paired rounds")
    row("by hand in DuckDB, totals into PostgreSQL", f"{by_hand:.1f} s", "")
    row("close, Prefect's API in process", f"{middle.seconds:.1f} s", "")
    row("close / by hand", f"{ratio:.2f} x", "at most 2.5 x with 10 million lines")
    row("close beside a running server / by hand", f"{beside.seconds / by_hand:.2f} x", "")
    peak_mb = max(close.peak_mb for close in closes)
    row("memory at the peak, PostgreSQL included", f"{peak_mb:,} MB", "at most 2,000 MB")
    row("  by hand", f"{max(hand.peak_mb for hand, _ in pairs):,} MB", "")
    for what, beginning, target in (
        (
            "deciding for all sellers, written to the database",
            "deciding",
            "at most 5 s for 600,000",
        ),
        ("posting the awards", "posting", "at most 2 s for 20,000"),
    ):
        took = middle.stage(beginning)
        row(what, "not told" if took is None else f"{took:.1f} s", target)
    print("\nWhere the time of a closing goes:")
    for took, sentence in middle.stages():
        print(f"  {took:6.1f} s  {sentence}")


def measure_tiny(folder: Path, rounds: int) -> None:
    """Close a tiny month in process and beside a server; print the seconds."""
    marketplace = Marketplace.prepared(folder, sellers=50, lines=500)
    say("closing a tiny month")
    alone = statistics.median(marketplace.close().seconds for _ in range(rounds))
    with prefect_server(folder / "prefect") as address:
        beside = [marketplace.close(PREFECT_API_URL=address).seconds for _ in range(rounds)]
    helped = [run([PROGRAM, "--help"], folder).seconds for _ in range(rounds + 2)]
    print("\nFrom shell prompt to shell prompt, median")
    row("close of a tiny month, Prefect's API in process", f"{alone:.1f} s", "at most 15 s")
    row("  beside a running server", f"{statistics.median(beside):.1f} s", "at most 6 s")
    row("growth-points --help", f"{statistics.median(helped):.2f} s", "under 0.5 s")


def asked() -> argparse.Namespace:
    """Read the sizes from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=1_000_000, help="a month (default: 1 million)")
    parser.add_argument("--sellers", type=int, default=60_000, help="stores (default: 60,000)")
    parser.add_argument("--rounds", type=int, default=3, help="paired repetitions (default: 3)")
    parser.add_argument("--full", action="store_true", help="10 million lines, 600,000 sellers")
    parser.add_argument(
        "--folder", type=existing_folder, help="where to work; needs 5 GB for --full"
    )
    sizes = parser.parse_args()
    if sizes.full:
        sizes.lines, sizes.sellers = 10_000_000, 600_000
    return sizes


def main() -> None:
    """Measure everything in a folder of its own that is removed afterwards."""
    sizes = asked()
    if (load := os.getloadavg()[0]) > 0.5:
        say(f"this machine is busy (load {load:.1f}): the ratios will be rough")
    with tempfile.TemporaryDirectory(dir=sizes.folder, prefix="growth-points-bench-") as folder:
        measure_tiny(Path(folder) / "tiny", sizes.rounds)
        measure_closing(Path(folder) / "month", sizes.sellers, sizes.lines, sizes.rounds)


if __name__ == "__main__":
    main()
