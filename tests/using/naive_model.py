"""Points in use by their rules alone (U1 to U22): what stores have after all that has happened.

A history is replayed from its start after each step, by lists and sums. Nothing here is fast, and
nothing is taken from the program.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

STORES: Final = ("A", "B", "C")
RETRY_DAYS, NOTICE_DAYS = 7, (7, 30)
REFUSED: Final = ("insufficient_points", "after_refused_entry", "points_expired")


class Delivered(NamedTuple):
    """A reward entry as it is delivered; `cancels` names the entry that it takes back."""

    event_id: str
    position: int
    store: str
    points: int
    cancels: tuple[str, int] | None = None


@dataclass
class Entry:
    """A reward entry, and what became of it."""

    is_: Delivered
    day: date
    outcome: str = ""
    cancelled_by: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the entry was refused, and may be paid later."""
        return self.outcome in REFUSED and self.cancelled_by is None


@dataclass
class Conversion:
    """A conversion; `theirs` is what the ad system decided, whether anybody heard of it or not."""

    points: int
    account: str
    state: str = "held"
    theirs: str | None = None


Step = tuple[str, tuple[Any, ...]]


@dataclass
class NaiveModel:
    """The stores' points. A method is something that happens; it returns what the answer is."""

    today: date = date.min
    lines: dict[str, list[tuple[date, str, int, str]]] = field(
        default_factory=lambda: {store: [] for store in STORES}
    )
    grants: list[tuple[str, date]] = field(default_factory=list)
    unpaid: dict[str, tuple[date, dict[str, int]]] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    conversions: dict[tuple[str, str], Conversion] = field(default_factory=dict)
    entries: dict[tuple[str, int], Entry] = field(default_factory=dict)
    deliveries: list[tuple[date, tuple[Delivered, ...]]] = field(default_factory=list)
    expiries: list[tuple[str, date]] = field(default_factory=list)
    notices: list[tuple[date, str, int, date, int]] = field(default_factory=list)

    def available(self, store: str) -> int:
        """Add up a store's lines."""
        return sum(points for _, _, points, _ in self.lines[store])

    def last_day(self, store: str) -> date | None:
        """A year after the last grant."""
        return max((a_year_after(day) for to, day in self.grants if to == store), default=None)

    def is_over(self, store: str) -> bool:
        """Whether the last usable day lies before today."""
        last = self.last_day(store)
        return last is not None and self.today > last

    def will_expire(self, store: str) -> bool:
        """Whether the balance expires once its last usable day is over (U15)."""
        last = self.last_day(store)
        waits = any(store in of and due <= (last or due) for due, of in self.unpaid.values())
        return self.available(store) > 0 and not waits

    def move(self, store: str, kind: str, points: int, reference: str) -> None:
        """Add a line to a store's statement."""
        self.lines[store].append((self.today, kind, points, reference))

    # What happens.

    def day(self, today: date) -> str:
        """Another day comes."""
        self.today = today
        return "ok"

    def award(self, month: str, due: date, awards: dict[str, int]) -> str:
        """A month is closed, whose awards are due on a day."""
        self.unpaid[month] = (due, dict(awards))
        return "ok"

    def pay(self, month: str) -> str:
        """A month is paid, which counts from its due date (U15)."""
        due, awards = self.unpaid[month]
        if self.today < due:
            return "not_due"
        for store in awards:
            self._expire(store)
        del self.unpaid[month]
        for store, points in awards.items():
            self.move(store, "payout", points, month)
            self.grants.append((store, due))
        return "ok"

    def adjust(self, store: str, points: int, key: str) -> str:
        """An operator gives or takes points; what is given is a grant (U14)."""
        if self.available(store) + points < 0:
            return "too_low"
        if points > 0:
            self._expire(store)
            self.grants.append((store, self.today))
        self.move(store, "adjustment", points, key)
        return "ok"

    def link(self, store: str, account: str | None) -> str:
        """A store links an account, or unlinks its own (U4)."""
        if account is None:
            return "ok" if self.accounts.pop(store, None) else "not_linked"
        self.accounts[store] = account
        return "ok"

    def convert(self, store: str, request: str, points: int) -> str:
        """A store asks to convert points (U4 to U8, U16)."""
        if (made := self.conversions.get((store, request))) is not None:
            return "again" if made.points == points else "other_content"
        if store not in self.accounts:
            return "no_ad_account"
        if self.is_over(store):
            return "points_expired"
        if points > self.available(store):
            return "insufficient_points"
        self.conversions[store, request] = Conversion(points, self.accounts[store])
        self.move(store, "conversion", -points, request)
        return "held"

    def ask(self, store: str, request: str, decides: str | None, heard: bool) -> str:
        """The ad system gets a request, decides it once, and is heard or not (U6, U7)."""
        conversion = self.conversions[store, request]
        if conversion.state == "held":
            conversion.theirs = conversion.theirs or decides
            if heard and conversion.theirs:
                conversion.state = conversion.theirs
                if conversion.state == "refused":
                    self.move(store, "return", conversion.points, request)
                    self._expire(store)
        return conversion.state

    def deliver(self, day: date, delivered: tuple[Delivered, ...]) -> str:
        """A day's entries come: cancellations first, what is over expires last (U9 to U13)."""
        if (day, delivered) in self.deliveries:
            self._pay_open()
            return "again"
        if self._contradicted(day, delivered):
            return "contradicts"
        self.deliveries.append((day, delivered))
        new = {each[:2]: Entry(each, day) for each in delivered if each[:2] not in self.entries}
        self.entries |= new
        returned = [self._cancel(new[key]) for key in sorted(new) if new[key].is_.cancels]
        self._pay_open()
        for store in filter(None, returned):
            self._expire(store)
        return "ok"

    def _pay_open(self) -> None:
        since = self.today - timedelta(RETRY_DAYS)
        self._pay(
            each
            for each in self.entries.values()
            if (each.outcome == "" or (each.is_open and each.day >= since))
        )

    def retry(self, store: str) -> str:
        """A store's open entries are tried again (U11)."""
        since = self.today - timedelta(RETRY_DAYS)
        mine = (each for each in self.entries.values() if each.is_.store == store)
        self._pay(each for each in mine if each.is_open and each.day >= since)
        return "ok"

    def expire(self) -> str:
        """The daily run expires what is over."""
        for store in STORES:
            self._expire(store)
        return "ok"

    def tell(self) -> str:
        """The daily run tells the stores whose points expire soon, once each (U18)."""
        for store in STORES:
            last = self.last_day(store)
            if last is None or self.is_over(store) or not self.will_expire(store):
                continue
            left = (last - self.today).days
            notice = next((days for days in NOTICE_DAYS if days >= left), None)
            told = [(to, until, before) for _, to, _, until, before in self.notices]
            if notice is not None and (store, last, notice) not in told:
                self.notices.append((self.today, store, self.available(store), last, notice))
        return "ok"

    # How.

    def _expire(self, store: str) -> None:
        if (last := self.last_day(store)) and self.is_over(store) and self.will_expire(store):
            self.move(store, "expiry", -self.available(store), str(last))
            self.expiries.append((store, last))

    def _contradicted(self, day: date, delivered: tuple[Delivered, ...]) -> bool:
        there = {key: each.is_ for key, each in self.entries.items()}
        every = there | {each[:2]: each for each in delivered}
        days = {each.is_.event_id: each.day for each in self.entries.values()}
        if any(there.get(each[:2], each) != each for each in delivered):
            return True
        if any(days.get(each.event_id, day) != day for each in delivered):
            return True
        cancelling = [each for each in every.values() if each.cancels]
        if len({each.cancels for each in cancelling}) < len(cancelling):
            return True
        named = [(each, every.get(each.cancels or ("", 0))) for each in cancelling]
        return any(
            of is None or of.cancels or (of.store, of.points) != (each.store, each.points)
            for each, of in named
        )

    def _cancel(self, cancelling: Entry) -> str | None:
        """Take an entry back; return its store if that gets points back."""
        event_id, position, store, points, cancels = cancelling.is_
        named = self.entries[cancels or ("", 0)]
        named.cancelled_by = reference = f"{event_id} {position}"
        if named.outcome != "paid":
            named.outcome, cancelling.outcome = "cancelled", "not_paid"
            return None
        cancelling.outcome = "returned"
        self.move(store, "cancellation", points, reference)
        return store

    def _pay(self, tried: Iterable[Entry]) -> None:
        for each in sorted(tried, key=lambda each: (each.day, each.is_[:2])):
            outcome = self._outcome(each)
            if outcome == "paid":
                reference = f"{each.is_.event_id} {each.is_.position}"
                self.move(each.is_.store, "reward", -each.is_.points, reference)
            if outcome == "paid" or not each.outcome:
                each.outcome = outcome

    def _outcome(self, entry: Entry) -> str:
        event_id, position, store, points, _ = entry.is_
        last = self.last_day(store)
        if last is not None and (entry.day > last or (store, last) in self.expiries):
            return "points_expired"
        before = [self.entries.get((event_id, number)) for number in range(1, position)]
        if any(each and each.is_open for each in before):
            return "after_refused_entry"
        return "paid" if points <= self.available(store) else "insufficient_points"


def a_year_after(day: date) -> date:
    """Return the same day of the next year; 29 February becomes 28 February."""
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if leap else day.day)


def replay(history: Sequence[Step]) -> tuple[NaiveModel, str]:
    """Let everything happen from the start; return what there is then, and the last answer."""
    model, answer = NaiveModel(), ""
    for what, about in history:
        answer = getattr(model, what)(*about)
    return model, answer
