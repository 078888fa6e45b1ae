"""The scan of a reward day: reads its entries and returns them with their profile.

The profile says how often each rule is broken; whether that blocks the day is up to the gate.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import narwhals as nw

from adapters.ingest import questions, reward_questions
from adapters.ingest.delivery import Delivery
from adapters.ingest.questions import Check, Frame
from adapters.ingest.scanned import Scanned
from adapters.ingest.scanning import OpenDelivery, as_frame, scan_open
from adapters.ingest.staged_rewards import REWARDS, StagedRewards
from domain import profile as counted
from domain.columns import Content
from domain.profile import Profile
from domain.using.rewards import ENTRY_COLUMNS, ENTRY_KEY


def scan_reward_day(
    delivery: Delivery[date], checks: Sequence[Check], staging: Path, quarantine: Path
) -> StagedRewards:
    """Scan a day's entries into the folder `staging`, and refused rows into `quarantine`.

    Both folders are created if missing. Raises DeliveryRefused for damaged files, and
    DeliveryChanged for files that changed meanwhile.
    """
    return scan_open(
        delivery,
        {Content.REWARDS: checks},
        staging,
        lambda opened: _scan(opened, delivery, staging, quarantine),
    )


def _scan(
    opened: OpenDelivery, delivery: Delivery[date], staging: Path, quarantine: Path
) -> StagedRewards:
    counts = {Content.REWARDS: opened.count(Content.REWARDS)}
    entries = opened.rows[Content.REWARDS].whole
    refused = opened.refuse(_sets(opened, entries), counts, quarantine)
    found = Scanned(opened, counts, refused)
    _write(opened, entries, refused, staging / REWARDS)
    return StagedRewards(
        day=delivery.period,
        content_hash=delivery.content_hash,
        source=delivery.source,
        directory=staging,
        quarantine=refused,
        profile=Profile(delivery.period, found.files(), tuple(found.violations())),
        signed=delivery.signed,
    )


def _sets(opened: OpenDelivery, entries: Frame) -> dict[str, Frame]:
    """Return, for each rule over the whole delivery, the keys of the entries to refuse."""
    events = opened.keep("events", reward_questions.events(entries))
    return opened.kept_sets(
        {
            counted.REPEATED_ENTRY: reward_questions.repeated_entries(entries, events),
            counted.POSITION_GAP: reward_questions.events_with_gaps(events),
            counted.EVENT_OF_STORES: reward_questions.events_of_stores(events),
        }
    )


def _write(opened: OpenDelivery, entries: Frame, refused: Path | None, target: Path) -> None:
    """Write the entries that are not refused, in the order in which they are paid."""
    if refused is not None:
        places = as_frame(opened.engine.read_parquet(str(refused), hive_partitioning=False))
        entries = entries.join(places.select("file", "row"), on=["file", "row"], how="anti")
    columns = questions.canonical(ENTRY_COLUMNS)
    small = nw.col("position", "cancels_position").cast(nw.Int32)
    sound = entries.select(*columns).with_columns(small).sort(*ENTRY_KEY)
    sound.to_native().write_parquet(str(target))
