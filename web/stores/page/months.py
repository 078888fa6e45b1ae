"""A store's last twelve months against the tiers, and what the next month would need."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from domain.eligibility import Reason
from domain.ledger import Award
from domain.months import SettlementMonth
from domain.sentence import Sentence, sentence
from flows.showing.my_points import MonthSold, MyPoints
from web.stores.page.picture import Picture, PicturedMonth, picture


@dataclass(frozen=True, slots=True)
class ShownMonth:
    """A month as the table has it; `average_krw` is rounded down, None without all its months."""

    month: SettlementMonth
    average_krw: int | None
    award: Award | None


@dataclass(frozen=True, slots=True)
class ShownMonths:
    """The months, oldest first, their pictures, and what is said of the month to come."""

    shown: tuple[ShownMonth, ...]
    pictures: tuple[Picture, ...]
    coming: SettlementMonth
    needs: tuple[Sentence, ...]
    has_wanted: bool


def shown_months(points: MyPoints, awards: Sequence[Award]) -> ShownMonths:
    """Lay out the months of a store, with the awards that stand."""
    by_month = {each.settlement_month: each for each in awards}
    shown = tuple(_shown(points, by_month))
    pictured = [*(_pictured(each) for each in shown), _to_come(points)]
    return ShownMonths(
        shown=shown,
        pictures=tuple(picture(pictured, points.tiers, wide=wide) for wide in (True, False)),
        coming=points.next_month,
        needs=tuple(_needs(points)),
        has_wanted=points.next_tier is not None,
    )


def _shown(points: MyPoints, awards: Mapping[SettlementMonth, Award]) -> Iterator[ShownMonth]:
    for each in points.months:
        yield ShownMonth(each.month, _average(points, each), awards.get(each.month))


def _average(points: MyPoints, sold: MonthSold) -> int | None:
    amount_krw = sold.window_amount_krw
    return None if amount_krw is None else amount_krw // points.window_months


def _pictured(shown: ShownMonth) -> PicturedMonth:
    tier = shown.award.tier if shown.award else None
    return PicturedMonth(shown.month, shown.average_krw, tier)


def _to_come(points: MyPoints) -> PicturedMonth:
    """Picture the month to come: what its window has so far, and where the next tier begins."""
    window = points.next_month.window(points.window_months)
    so_far = sum(each.amount_krw or 0 for each in points.months if each.month in window)
    wanted = points.next_tier.tier.lower_average_krw if points.next_tier else None
    return PicturedMonth(
        points.next_month, so_far // points.window_months, None, to_come=True, wanted_krw=wanted
    )


def _needs(points: MyPoints) -> Iterator[Sentence]:
    """Say what the next month would need for the next tier, and which rules stand against it."""
    wanted = points.next_tier
    if wanted is None:
        yield sentence("There is no higher tier left for this store.")
        return
    yield sentence(
        "Sales of at least {least:,} KRW and less than {below:,} KRW give tier {tier}: "
        "{points:,} P.",
        least=wanted.least_krw,
        below=wanted.below_krw,
        tier=wanted.tier.number,
        points=wanted.tier.points,
    )
    for each in wanted.obstacles:
        yield sentence("No award, whatever the sales: {obstacle}.", obstacle=_OBSTACLES[each])


_OBSTACLES: Final = {
    Reason.SELLER_NOT_ACTIVE: sentence("the store is not in normal operation"),
    Reason.TENURE_TOO_SHORT: sentence("the store was approved too recently"),
    Reason.TENURE_TOO_LONG: sentence("the store was approved too long ago"),
    Reason.RUNS_DEPARTMENT_STORE_WINDOW: sentence("the store runs a department-store window"),
    Reason.RUNS_OUTLET_WINDOW: sentence("the store runs an outlet window"),
    Reason.USES_FULFILMENT: sentence("the store uses fulfilment"),
    Reason.USES_API: sentence("the store uses the API"),
}
