"""Many stores that are short of points: the SQL over all of them says what the rules say of each.

Events grow, days come late, points expire, entries are cancelled before and after they are paid.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import Engine, text

from adapters.postgres.using import standing_of
from adapters.postgres.verification.rewards import REWARDS, paid_in_order
from domain.using.allocation import Offered, Outcome, Usable, allocate
from flows.expiring.expire_points import expire_points
from tests.clocks import let_it_be, let_the_clock_decide
from tests.closings import Program, Sold
from tests.using.reward_days import RETRY_DAYS, Entry, answers, deliver, try_again
from tests.using.store_a import SOME_DAY

STORES = tuple(f"s{number}" for number in range(8))
_REFUSED = {"insufficient_points", "after_refused_entry", "points_expired"}
_EXPIRED = text("""
    SELECT EXISTS (SELECT FROM growth_points.expiry
                   WHERE (seller_id, last_usable_on) = (:seller_id, :day))
""")


@dataclass
class Known:
    """An entry that was delivered: its day, and what became of it."""

    entry: Entry
    day: date
    state: str = "new"
    cancelled: bool = False


@dataclass
class Book:
    """What was delivered, drawn at random, and what is to become of it."""

    draw: Random
    known: dict[tuple[str, int], Known] = field(default_factory=dict)

    def deliver(self, day: date) -> list[Entry]:
        """Draw a day's new entries: new events, and more of the day's events."""
        drawn: list[Entry] = []
        for _ in range(self.draw.randint(0, 20)):
            name, first, store = self._event(day)
            for position in range(first, first + self.draw.randint(1, 4)):
                drawn.append(self._entry(name, position, store))
                self.known[name, position] = Known(drawn[-1], day)
        return drawn

    def cancel(self, drawn: Iterable[Entry]) -> dict[str, int]:
        """Take back what new entries name; returns the points that each store gets back."""
        returned = dict.fromkeys(STORES, 0)
        for each in drawn:
            if each.cancels is not None:
                named = self.known[each.cancels]
                was_paid = named.state == "paid"
                returned[each.seller_id] += each.points if was_paid else 0
                self.known[each.event_id, each.position].state = (
                    "returned" if was_paid else "not_paid"
                )
                named.state = "paid" if was_paid else "cancelled"
                named.cancelled = True
        return returned

    def pay(self, usable: dict[str, Usable], since: date) -> None:
        """Pay what is new, and what was refused and occurred since a day."""
        for store in STORES:
            for entry, outcome in allocate(list(self._offered(store, since)), usable[store]):
                paid = self.known[entry.event_id, entry.position]
                if paid.state == "new" or outcome is Outcome.PAID:
                    paid.state = str(outcome)

    def _event(self, day: date) -> tuple[str, int, str]:
        of_day = [key for key, each in self.known.items() if each.day == day]
        if of_day and self.draw.random() < 0.3:
            name, _ = self.draw.choice(of_day)
            last = max(position for event_id, position in of_day if event_id == name)
            return name, last + 1, self.known[name, 1].entry.seller_id
        return f"{self.draw.randint(0, 99)}/{len(self.known)}", 1, self.draw.choice(STORES)

    def _entry(self, name: str, position: int, store: str) -> Entry:
        taken = {each.entry.cancels for each in self.known.values()}
        free = [
            (key, each.entry.points)
            for key, each in self.known.items()
            if each.entry.seller_id == store and not each.entry.cancels and key not in taken
        ]
        if free and self.draw.random() < 0.2:
            named, points = self.draw.choice(free)
            return Entry(name, position, points, store, cancels=named)
        return Entry(name, position, self.draw.randint(1, 700), store)

    def _offered(self, store: str, since: date) -> Iterator[Offered]:
        for (name, position), each in self.known.items():
            if each.entry.seller_id == store and not each.cancelled:
                offered = Offered(each.day, name, position, each.entry.points)
                if each.state == "new":
                    closed = each.day < since and self._is_held_up(name, position)
                    yield replace(offered, after_closed=closed)
                elif each.state in _REFUSED and each.day >= since:
                    yield offered

    def _is_held_up(self, name: str, position: int) -> bool:
        return any(
            self.known[name, earlier].state in _REFUSED and not self.known[name, earlier].cancelled
            for earlier in range(1, position)
        )


def _usable(engine: Engine) -> dict[str, Usable]:
    with engine.connect() as connection:
        found = {}
        for store in STORES:
            has = standing_of(connection, store)
            asked = {"seller_id": store, "day": has.last_usable_on}
            expired = connection.execute(_EXPIRED, asked).scalar_one()
            found[store] = Usable(has.available, has.last_usable_on, expired)
    return found


def _grant_to_some(program: Program, draw: Random, today: date, chance: float) -> None:
    """Give some stores points, which are usable for a year or only for some days more."""
    for store in STORES:
        if draw.random() < chance:
            on = today - timedelta(days=draw.choice([0, draw.randint(355, 365)]))
            program.adjust(store, draw.randint(1, 2_500), on=on)


def _deliver_or_try_again(program: Program, book: Book, today: date) -> None:
    """Deliver a day with some entries that are new, or try the refused ones again."""
    usable = _usable(program.engine)
    if book.draw.random() < 0.2:
        try_again(program)
    else:
        day = today - timedelta(days=book.draw.choice([0, 0, 0, 1, 2, 7, 8, 10]))
        before = [each.entry for each in book.known.values() if each.day == day]
        drawn = book.deliver(day)
        deliver(program, day, book.draw.sample(before, len(before)) + drawn)
        for store, points in book.cancel(drawn).items():
            usable[store] = replace(usable[store], points=usable[store].points + points)
    book.pay(usable, today - timedelta(days=RETRY_DAYS))


@pytest.mark.parametrize("seed", range(3))
def test_short_stores_are_paid_like_each_alone(
    program: Program, database_url: str, seed: int
) -> None:
    draw, today = Random(seed), SOME_DAY  # noqa: S311 no secret
    book = Book(draw)
    program.close("2026-11", {store: Sold() for store in STORES})
    _grant_to_some(program, draw, today, 0.9)
    for _ in range(12):
        today += timedelta(days=draw.choice([0, 0, 1, 1, 2, 5]))
        let_it_be(database_url, today)
        if draw.random() < 0.2:
            expire_points(program.engine, "tests")
        _grant_to_some(program, draw, today, 0.15)
        _deliver_or_try_again(program, book, today)
        expected = {f"{name}/{at}": each.state for (name, at), each in book.known.items()}
        assert answers(program) == expected
    let_the_clock_decide(database_url)
    with program.engine.connect() as connection:
        assert not [str(each) for check in (*REWARDS, paid_in_order) for each in check(connection)]
