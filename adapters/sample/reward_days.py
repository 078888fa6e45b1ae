"""The sample's folder of rewards: one delivery a day, with a manifest."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow.compute as pc

from adapters.sample.entries import MOST_ENTRIES, DayPlan, entries_between
from adapters.sample.files import (
    FIRST_MONTH,
    LAST_MONTH,
    FileFormat,
    SampleInvalid,
    as_json,
    check_sellers,
    claim,
    whole_folder,
    write_file,
)
from domain.sentence import sentence

FIRST_DAY: Final = (FIRST_MONTH + 1).first_day
LAST_DAY: Final = LAST_MONTH.last_day

_ENTRIES_A_FILE: Final = 500_000


@dataclass(frozen=True, slots=True)
class _Rewards:
    """The parameters of a sample's rewards; kept in their folder, so that days can be added."""

    sellers: int
    entries: int
    seed: int
    file_format: str

    def __post_init__(self) -> None:
        check_sellers(self.sellers)
        if not 1 <= self.entries <= MOST_ENTRIES:
            raise SampleInvalid(
                sentence(
                    "{entries} entries a day: ask for 1 to {most_entries:,}",
                    entries=self.entries,
                    most_entries=MOST_ENTRIES,
                )
            )


def write_rewards(
    directory: Path,
    *,
    sellers: int,
    entries: int,
    days: Sequence[date],
    seed: int,
    file_format: FileFormat,
    progress: Callable[[date], None],
) -> None:
    """Write the reward days of the marketplace that `write_sample` wrote, with its arguments.

    Each has so many `entries`; if the day before is there, some of its entries are taken back.
    Existing days are kept. Raises SampleInvalid for numbers and days out of range, NotThatSample
    for a folder with other content.
    """
    rewards = _Rewards(sellers, entries, seed, file_format)
    for day in (min(days), max(days)):
        if not FIRST_DAY <= day <= LAST_DAY:
            raise SampleInvalid(
                sentence(
                    "{day}: rewards exist from {first_day} to {last_day}",
                    day=day,
                    first_day=FIRST_DAY,
                    last_day=LAST_DAY,
                )
            )
    folder = directory / "rewards"
    claim(folder, asdict(rewards))
    for day in sorted(days):
        if not (folder / str(day)).exists():
            _write_day(folder, rewards, day)
        progress(day)


def _write_day(directory: Path, rewards: _Rewards, day: date) -> None:
    plan = DayPlan.of(rewards.sellers, rewards.seed, day)
    cancels = (directory / str(plan.before)).exists()
    before = DayPlan.of(rewards.sellers, rewards.seed, plan.before) if cancels else None
    with whole_folder(directory / str(day)) as folder:
        files = list(_write_entries(folder, rewards, plan, before))
        manifest = {"day": str(day), "files": files}
        (folder / "manifest.json").write_text(as_json(manifest), encoding="utf-8")


def _write_entries(
    folder: Path, rewards: _Rewards, plan: DayPlan, before: DayPlan | None
) -> Iterator[dict[str, str | int]]:
    for number, first in enumerate(range(0, rewards.entries, _ENTRIES_A_FILE)):
        last = min(first + _ENTRIES_A_FILE, rewards.entries)
        table = entries_between(first, last, plan, before)
        path = folder / f"rewards-{number:03d}.{rewards.file_format}"
        yield write_file(table, path, {"points": pc.sum(table["points"]).as_py()})
