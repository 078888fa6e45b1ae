"""The questions that are asked of a reward day's events, as Narwhals expressions."""

import narwhals as nw

from adapters.ingest.questions import Frame

_ENTRIES, _POSITIONS = "entries", "positions"


def events(entries: Frame) -> Frame:
    """Count the entries and positions of each event, with its last position and its stores.

    Entries that lack their event or a position from 1 on are left out: they are refused anyway.
    """
    placed = entries.filter(nw.col("event_id") != "", nw.col("position") >= 1)
    return placed.group_by("event_id").agg(
        nw.len().alias(_ENTRIES),
        nw.col("position").n_unique().alias(_POSITIONS),
        nw.col("position").max().alias("last_position"),
        nw.col("seller_id").min().alias("first_seller"),
        nw.col("seller_id").max().alias("last_seller"),
    )


def repeated_entries(entries: Frame, events: Frame) -> Frame:
    """Find the event and position that more than one entry has."""
    repeating = events.filter(nw.col(_ENTRIES) > nw.col(_POSITIONS)).select("event_id")
    within = entries.join(repeating, on="event_id", how="semi")
    copies = within.group_by("event_id", "position").agg(nw.len().alias("copies"))
    return copies.filter(nw.col("copies") > 1).select("event_id", "position")


def events_with_gaps(events: Frame) -> Frame:
    """Find the events whose positions are not all from 1 to their last one."""
    return events.filter(nw.col(_POSITIONS) < nw.col("last_position")).select("event_id")


def events_of_stores(events: Frame) -> Frame:
    """Find the events with entries of several stores."""
    return events.filter(nw.col("first_seller") != nw.col("last_seller")).select("event_id")
