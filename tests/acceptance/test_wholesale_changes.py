# ruff: noqa: E501 the tables have one case a line, however long
"""A snapshot that is unlike the last one blocks its month, or is told with it; never neither."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import pytest

from tests.command_line import Line, Marketplace, Store, midmonth
from tests.three_stores import NOVEMBER, OCTOBER, STORES

DANA, MARU, SORA = STORES
MARU_YOUNG = replace(MARU, approved_on="2024-09-15")
OTHERS: Final = tuple(replace(store, seller_id=f"zx-{store.seller_id}") for store in STORES)


@dataclass(frozen=True, slots=True)
class Wholesale:
    """A snapshot that October comes with, and what must be said of it."""

    what: str
    stores: tuple[Store, ...]
    named: tuple[str, ...]


def _with(way: str) -> tuple[Store, ...]:
    return tuple(replace(store, ways=frozenset({way})) for store in STORES)


def _approved(on: str) -> tuple[Store, ...]:
    return tuple(replace(store, approved_on=on) for store in STORES)


UNLIKE: Final = ("snapshot_unlike_last", "snapshot_unlike_last=50% of 3", "GROWTH_POINTS_LIMITS")
MOVED: Final = ("approval_dates_moved", "approval_dates_moved=1% of 3", "GROWTH_POINTS_LIMITS")

# fmt: off
BLOCKED: Final = (
    Wholesale("another marketplace", OTHERS, (*UNLIKE, "dana; maru; sora", "zx-dana")),
    Wholesale("another with one of its stores", (SORA, *OTHERS), (*UNLIKE, "dana; maru.")),
    Wholesale("a part of it", (SORA,), (*UNLIKE, "2 stores")),
    Wholesale("other ids", tuple(replace(s, seller_id=s.seller_id.upper()) for s in STORES), UNLIKE),
    Wholesale("one date for all", _approved("2024-05-05"), (*MOVED, "maru (from 2024-04-10 to ")),
    Wholesale("the month's first as date", _approved("2024-10-01"), (*MOVED, "3 stores")),
    Wholesale("all in the outlet", _with("runs_outlet_window"), ("runs_outlet_window_changed_mostly",)),
    Wholesale("all in fulfilment", _with("uses_fulfilment"), ("uses_fulfilment_changed_mostly",)),
)

TOLD: Final = (
    Wholesale("one store gone", (MARU, SORA), ("sellers_vanished", "1 store, for example dana")),
    Wholesale("a date moved", (DANA, MARU_YOUNG, SORA), ("warning approval_date_moved", "maru (from 2024-04-10 to 2024-09-15)")),
    Wholesale("a date moved back", (DANA, replace(MARU, approved_on="2024-01-10"), SORA), ("warning approval_date_moved", "maru (from 2024-04-10 to 2024-01-10)")),
    Wholesale("two dates moved", (DANA, *(replace(s, approved_on="2024-05-05") for s in (MARU, SORA))), ("maru (from", "sora (from 2024-05-02 to 2024-05-05)")),
    Wholesale("an exclusion that is new", (DANA, replace(MARU, ways=frozenset({"uses_api"})), SORA), ("info uses_api_changed", "1 store, for example maru")),
    Wholesale("an exclusion that is gone", (replace(DANA, ways=frozenset()), MARU, SORA), ("info uses_api_changed", "1 store, for example dana")),
    Wholesale("many new ones", (*STORES, *OTHERS), ("sellers_joined", "3 stores")),
)
# fmt: on


def deliver(shop: Marketplace, month: str, stores: Iterable[Store]) -> None:
    """Put files in place in which every store sold enough for a tier."""
    stores = tuple(stores)
    lines = [Line(store.seller_id, 6_000_000, midmonth(month)) for store in stores]
    shop.deliver(month, lines, stores)


@pytest.mark.parametrize("case", BLOCKED, ids=lambda case: case.what)
def test_a_snapshot_that_cannot_be_the_marketplaces_blocks(
    with_history: Marketplace, case: Wholesale
) -> None:
    deliver(with_history, OCTOBER, case.stores)
    before = with_history.row_counts()

    refused = with_history.run("close", OCTOBER)

    assert refused.exit_code == 1
    assert [each for each in case.named if each not in refused.stderr] == [], refused.stderr
    assert with_history.row_counts() == before


@pytest.mark.parametrize("case", TOLD, ids=lambda case: case.what)
def test_what_a_sound_marketplace_may_do_is_told(
    with_history: Marketplace, case: Wholesale
) -> None:
    deliver(with_history, OCTOBER, case.stores)

    closed = with_history.done("close", OCTOBER)

    told = " ".join(closed.stdout.split())
    assert [each for each in case.named if each not in told] == [], closed.stdout


def test_a_month_is_not_replaced_by_another_marketplaces(closed_october: Marketplace) -> None:
    deliver(closed_october, OCTOBER, OTHERS)
    before = closed_october.result(OCTOBER)

    refused = closed_october.run("close", OCTOBER)

    assert refused.exit_code == 1
    assert "snapshot_unlike_last" in refused.stderr
    assert closed_october.result(OCTOBER) == before


def test_a_month_is_not_replaced_by_a_part_of_it(with_history: Marketplace) -> None:
    deliver(with_history, OCTOBER, (*STORES, *OTHERS, replace(MARU, seller_id="merged")))
    with_history.done("close", OCTOBER)
    deliver(with_history, OCTOBER, STORES)

    refused = with_history.run("close", OCTOBER)

    assert refused.exit_code == 1
    assert "snapshot_unlike_replaced" in refused.stderr
    assert "snapshot_unlike_last=50% of 7" in refused.stderr


def test_a_correction_tells_the_stores_that_it_changes(with_history: Marketplace) -> None:
    deliver(with_history, OCTOBER, (DANA, MARU_YOUNG, SORA))
    with_history.done("close", OCTOBER)
    deliver(with_history, OCTOBER, STORES)

    told = " ".join(with_history.done("close", OCTOBER).stdout.split())

    assert "approval_date_moved" not in told
    assert "info seller_restated" in told
    assert "1 store, for example maru" in told


def test_a_month_is_held_against_the_last_one_before_a_gap(closed_october: Marketplace) -> None:
    deliver(closed_october, "2025-02", OTHERS)

    refused = closed_october.run("ingest", "2025-02")

    assert refused.exit_code == 1
    assert "snapshot_unlike_last" in refused.stderr


def test_a_store_that_comes_back_with_another_date_is_told(closed_october: Marketplace) -> None:
    deliver(closed_october, NOVEMBER, (DANA, SORA))
    closed_october.done("ingest", NOVEMBER)
    deliver(closed_october, "2024-12", (DANA, MARU_YOUNG, SORA))

    told = " ".join(closed_october.done("ingest", "2024-12").stdout.split())

    assert "maru (from 2024-04-10 to 2024-09-15)" in told


def test_a_merger_that_is_meant_is_ingested_with_another_limit(with_history: Marketplace) -> None:
    deliver(with_history, OCTOBER, OTHERS)
    limits = {"GROWTH_POINTS_LIMITS": "snapshot_unlike_last=100%,sellers_joined=1"}
    merged = replace(with_history, variables=limits)

    closed = merged.done("close", OCTOBER, "--reason", "merged into ZX")

    assert "sellers_vanished" in closed.stdout
    assert "sellers_joined" not in closed.stdout


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ("snapshot_unlike_last", "GROWTH_POINTS_LIMITS: 'snapshot_unlike_last' is not a limit"),
        (
            "snapshot_unlike_last=80",
            "GROWTH_POINTS_LIMITS: snapshot_unlike_last=80 is above 100%",
        ),
        ("snapshot=80%", "GROWTH_POINTS_LIMITS: there is no limit 'snapshot'"),
    ],
)
def test_a_setting_that_is_no_limit_is_refused(
    with_history: Marketplace, limits: str, sentence: str
) -> None:
    shop = replace(with_history, variables={"GROWTH_POINTS_LIMITS": limits})

    refused = shop.run("close", OCTOBER)

    assert refused.exit_code == 2
    assert sentence in refused.stderr
