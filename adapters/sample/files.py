"""The sample's folder: one delivery a month, with a manifest."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from adapters.sample.lines import MOST_LINES, MonthPlan, lines_between
from adapters.sample.stores import Stores
from domain.months import SettlementMonth
from domain.refusal import Refused, WrongUsage
from domain.sentence import Text, sentence

FileFormat = Literal["parquet", "csv"]

MOST_SELLERS: Final = 1_000_000
FIRST_MONTH: Final = SettlementMonth(2015, 1)
LAST_MONTH: Final = SettlementMonth(2034, 12)

_LINES_A_FILE: Final = 500_000
_MARKER: Final = "sample.json"
_REPEATING: Final = [
    *("seller_id", "line_type", "settlement_type", "confirmed_on"),
    *("kind", "occurred_on"),
]


class SampleInvalid(WrongUsage):
    """A sample with a number out of range; the message names it."""


class NotThatSample(Refused):
    """A folder with other content than the requested sample."""

    def __init__(self, directory: Path, holds: Text) -> None:
        super().__init__(
            sentence(
                "{directory} holds {holds}; nothing was written. Name a new or an empty folder.",
                directory=directory,
                holds=holds,
            )
        )
        self.directory = directory


def check_sellers(sellers: int) -> None:
    """Raise SampleInvalid for a number of sellers out of range."""
    if not 1 <= sellers <= MOST_SELLERS:
        raise SampleInvalid(
            sentence(
                "{sellers} sellers: ask for 1 to {most_sellers:,}",
                sellers=sellers,
                most_sellers=MOST_SELLERS,
            )
        )


@dataclass(frozen=True, slots=True)
class _Marketplace:
    """The parameters of a sample; kept in its folder, so that months can be added."""

    sellers: int
    lines: int
    seed: int
    file_format: str

    def __post_init__(self) -> None:
        check_sellers(self.sellers)
        if not self.sellers <= self.lines <= MOST_LINES:
            raise SampleInvalid(
                sentence(
                    "{lines} lines a month for {sellers} sellers: ask for at least one "
                    "line a seller and at most {most_lines:,}",
                    lines=self.lines,
                    sellers=self.sellers,
                    most_lines=MOST_LINES,
                )
            )
        if self.seed < 0:
            raise SampleInvalid(
                sentence("seed {seed} is negative; ask for 0 or more", seed=self.seed)
            )


def write_sample(
    directory: Path,
    *,
    sellers: int,
    lines: int,
    months: Sequence[SettlementMonth],
    seed: int,
    file_format: FileFormat,
    progress: Callable[[SettlementMonth], None],
) -> None:
    """Write the deliveries of a sample marketplace, and report each month to `progress`.

    `sellers` is the number of stores listed at the end of October 2026; 2 % join a month. `lines`
    is the number of settlement lines of each month. Equal arguments write equal bytes, whichever
    other months are written. Existing months of the sample are kept. Raises SampleInvalid for
    numbers and months out of range, NotThatSample for a folder with other content.
    """
    marketplace = _Marketplace(sellers, lines, seed, file_format)
    _check_months(months)
    claim(directory, asdict(marketplace))
    for month in months:
        if not (directory / str(month)).exists():
            _write_month(directory, marketplace, month)
        progress(month)


def _check_months(months: Sequence[SettlementMonth]) -> None:
    if not months or any(later <= earlier for earlier, later in pairwise(months)):
        raise SampleInvalid(
            sentence(
                "the months must run from an earlier to a later one, for example 2026-05..2026-10"
            )
        )
    for month in (months[0], months[-1]):
        _check_month(month)


def _check_month(month: SettlementMonth) -> None:
    if not FIRST_MONTH <= month <= LAST_MONTH:
        raise SampleInvalid(
            sentence(
                "{month}: samples exist from {first_month} to {last_month}",
                month=month,
                first_month=FIRST_MONTH,
                last_month=LAST_MONTH,
            )
        )


def claim(directory: Path, sample: Mapping[str, int | str]) -> None:
    """Record a sample in its folder; raises NotThatSample if the folder has other content."""
    marker = directory / _MARKER
    if directory.exists() and not directory.is_dir():
        raise NotThatSample(directory, sentence("a file"))
    if marker.exists():
        if marker.read_text(encoding="utf-8") != as_json(sample):
            raise NotThatSample(directory, _another(sample))
        return
    if directory.exists() and any(directory.iterdir()):
        raise NotThatSample(directory, sentence("other files"))
    directory.mkdir(parents=True, exist_ok=True)
    marker.write_text(as_json(sample), encoding="utf-8")


def _another(sample: Mapping[str, int | str]) -> Text:
    """Name what another sample may have otherwise."""
    *names, last = (name.removeprefix("file_") for name in sample)
    return sentence("a sample of other {names} or {last}", names=", ".join(names), last=last)


def _write_month(directory: Path, marketplace: _Marketplace, month: SettlementMonth) -> None:
    with whole_folder(directory / str(month)) as folder:
        stores = Stores.listed(marketplace.sellers, marketplace.seed, month)
        files = list(_write_lines(folder, marketplace, stores))
        snapshot = stores.snapshot()
        sellers = write_file(snapshot, folder / f"sellers.{marketplace.file_format}")
        manifest = {"settlement_month": str(month), "files": files, "sellers": sellers}
        (folder / "manifest.json").write_text(as_json(manifest), encoding="utf-8")


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder and rename it at the end, so that it is never incomplete."""
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    yield unfinished
    unfinished.rename(folder)


def _write_lines(
    folder: Path, marketplace: _Marketplace, stores: Stores
) -> Iterator[dict[str, str | int]]:
    lines = marketplace.lines
    plan = MonthPlan.of(stores, lines)
    stores_before = Stores.listed(marketplace.sellers, marketplace.seed, stores.month - 1)
    before = MonthPlan.of(stores_before, lines)
    for number, first in enumerate(range(0, lines, _LINES_A_FILE)):
        table = lines_between(first, min(first + _LINES_A_FILE, lines), plan, before)
        path = folder / f"settlements-{number:03d}.{marketplace.file_format}"
        amount = {"payment_amount_krw": pc.sum(table["payment_amount_krw"]).as_py()}
        yield write_file(table, path, amount)


def write_file(
    table: pa.Table, path: Path, totals: dict[str, int] | None = None
) -> dict[str, str | int]:
    """Write one file and return its entry in the manifest."""
    if path.suffix == ".csv":
        _write_csv(table, path)
    else:
        repeating = [name for name in _REPEATING if name in table.column_names]
        pyarrow.parquet.write_table(table, path, use_dictionary=repeating, store_schema=False)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "rows": table.num_rows, **(totals or {}), "sha256": sha256}


def _write_csv(table: pa.Table, path: Path) -> None:
    """Write CSV without quotes, which no value of a sample needs."""
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
    with path.open("wb") as file:
        file.write((",".join(table.column_names) + "\n").encode())
        pyarrow.csv.write_csv(table, file, options)


def as_json(content: object) -> str:
    """Return the content of a sample's JSON file."""
    return json.dumps(content, indent=1) + "\n"
