"""The demo's stores reward their customers, from the files of two days."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from adapters.postgres.rewards import rewards
from domain.sentence import Word, sentence
from domain.using.rewards import ENTRY_COLUMNS
from flows.reports.report import Section

DAYS: Final = (date(2026, 11, 20), date(2026, 11, 21))


@dataclass(frozen=True, slots=True)
class _Entry:
    event_id: str
    position: int
    kind: str
    points: int
    cancels: tuple[str, int] | None = None

    def row(self, seller_id: str, day: date) -> tuple[object, ...]:
        cancels = self.cancels or ("", "")
        customer = f"customer-{self.position}"
        return (
            *(self.event_id, self.position, seller_id, self.kind, self.points, customer),
            *(day, *cancels),
        )


# What the first store gives, then what the second one does, whose points do not reach.
_GIVEN: Final[tuple[tuple[tuple[_Entry, ...], ...], ...]] = (
    (
        (
            _Entry("autumn-sale", 1, "purchase", 1_000),
            _Entry("autumn-sale", 2, "best_review", 5_000),
        ),
        (
            _Entry("new-customers", 1, "purchase", 100_000),
            _Entry("new-customers", 2, "repeat_purchase", 900_000),
            _Entry("new-customers", 3, "review", 500),
        ),
    ),
    ((_Entry("returns", 1, "cancellation", 5_000, cancels=("autumn-sale", 2)),),),
)


def write_reward_days(root: Path, stores: Sequence[str]) -> None:
    """Write what two stores give on two days: one runs out of points, one entry is taken back."""
    for day, events in zip(DAYS, _GIVEN, strict=True):
        folder = root / "rewards" / str(day)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "rewards.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(column.name for column in ENTRY_COLUMNS)
            for store, entries in zip(stores, events, strict=False):
                writer.writerows(entry.row(store, day) for entry in entries)


def rewards_given(engine: Engine) -> Section:
    """Show what became of every entry."""
    with engine.connect() as connection:
        entries = [each for day in DAYS for each in rewards(connection, day=day)]
    return Section(
        sentence("Rewards to customers, from the files of two days"),
        (
            sentence("day"),
            sentence("event"),
            sentence("position"),
            sentence("seller"),
            sentence("kind"),
            sentence("points"),
            sentence("what came of it"),
        ),
        tuple(
            (
                str(each.occurred_on),
                each.event_id,
                str(each.position),
                each.seller_id,
                Word("reward kind", each.kind),
                f"{each.points:,}",
                sentence(
                    "{outcome}, cancelled by {cancelled_by}",
                    outcome=Word("reward outcome", each.outcome),
                    cancelled_by=each.cancelled_by,
                )
                if each.cancelled_by
                else Word("reward outcome", each.outcome),
            )
            for each in entries
        ),
    )
