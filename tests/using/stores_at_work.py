"""Stores that use their points, on a real database: each step by the program's own functions.

The methods are those of the naive model, with the same answers.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from adapters.postgres.ledger import PayoutNotDue
from adapters.postgres.ledger.refusals import BalanceTooLow
from adapters.postgres.notices import notices
from adapters.postgres.rewards import rewards
from adapters.postgres.statements import expiring, statement
from adapters.postgres.using import Conversion, conversions, standing_of
from adapters.postgres.verification.verify import verify
from domain.ledger import Award
from domain.months import SettlementMonth
from domain.using.ad_credit import (
    Answer,
    Credit,
    Credited,
    CreditRequest,
    NoAnswer,
    Refused,
    Unknown,
    credit_id,
)
from flows.converting.convert_points import ConversionRequest, hold_points
from flows.converting.deliver_conversions import deliver
from flows.converting.link_ad_account import link_account, unlink_account
from flows.converting.refusals import NotLinked, OtherConversion, PointsNotUsable
from flows.expiring.expire_points import expire_points
from flows.expiring.tell_stores import tell_stores
from flows.occasion import SEOUL
from flows.rewarding.pay_entries import pay_again
from tests.adapters.ledger_world import POINTS, award, know, plan
from tests.clocks import RIGHT, let_it_be, let_the_clock_decide, move_the_databases_clock
from tests.closings import POLICIES, Program, cause
from tests.using.naive_model import STORES, Delivered, NaiveModel
from tests.using.reward_days import RETRY_DAYS, Contradicts, Entry, deliver_to

Seen = dict[str, Any]
_FOR_EVER: Final = date(2100, 1, 1)


@dataclass
class AdSystemHere:
    """An ad system that decides a request once, and whose answers may get lost."""

    decides: str | None = None
    heard: bool = True
    decided: dict[CreditRequest, str] = field(default_factory=dict)

    def deliver(self, request: CreditRequest) -> Answer:
        """Decide, unless it was decided before."""
        if self.decides:
            self.decided.setdefault(request, self.decides)
        return self.ask(request) if request in self.decided else NoAnswer("no answer")

    def ask(self, request: CreditRequest) -> Answer:
        """Say what was decided."""
        if request not in self.decided:
            return Unknown() if self.heard else NoAnswer("no answer")
        if not self.heard:
            return NoAnswer("the answer was lost")
        if self.decided[request] == "delivered":
            return Credited(datetime(2027, 1, 1, tzinfo=UTC), "c-1")
        return Refused("account_closed", "The account is closed.")

    def credits_of(self, _: date) -> tuple[Credit, ...] | NoAnswer:
        """List nothing."""
        return ()


@dataclass
class StoresAtWork:
    """The stores on a database, and the ad system that they convert their points to."""

    engine: Engine
    url: str
    folder: Path
    ad_system: AdSystemHere = field(default_factory=AdSystemHere)
    today: date = date.min

    def __post_init__(self) -> None:
        self.program = Program(self.engine, self.folder)
        with self.engine.begin() as connection:
            know(connection, *STORES)

    def day(self, today: date) -> str:
        """Let everything be dated by a day."""
        ahead = today - datetime.now(SEOUL).date()
        move_the_databases_clock(self.url, ahead)
        let_it_be(self.url, today)
        self.today = today
        return "ok"

    def award(self, month: str, _due: date, awards: Mapping[str, int]) -> str:
        """Close a month, and plan its payout."""
        of = SettlementMonth.parse(month)
        tiers = {points: tier for tier, points in POINTS.items()}
        made = [Award(of, store, tiers[points], points) for store, points in awards.items()]
        with self.engine.begin() as connection:
            award(connection, made, month=of)
            plan(connection, month=of)
        return "ok"

    def pay(self, month: str) -> str:
        """Pay a month."""
        try:
            assert self.program.pay(month, self.today).created
        except PayoutNotDue:
            return "not_due"
        return "ok"

    def adjust(self, store: str, points: int, key: str) -> str:
        """Give or take points."""
        try:
            assert self.program.adjust(store, points, key, on=self.today).posted.created
        except BalanceTooLow:
            return "too_low"
        return "ok"

    def link(self, store: str, account: str | None) -> str:
        """Link an account, or unlink it."""
        try:
            if account is None:
                unlink_account(self.engine, store, "tests")
            else:
                link_account(self.engine, store, account, "tests")
        except NotLinked:
            return "not_linked"
        return "ok"

    def convert(self, store: str, request: str, points: int) -> str:
        """Hold points for a conversion."""
        asked = ConversionRequest(store, request, points, cause())
        try:
            return "held" if hold_points(self.engine, asked, POLICIES).created else "again"
        except PointsNotUsable as error:
            return error.refusal.value
        except OtherConversion:
            return "other_content"

    def ask(self, store: str, request: str, decides: str | None, heard: bool) -> str:
        """Deliver a conversion to the ad system, which decides it and is heard, or not."""
        held = self.conversion(store, request)
        if held.state != "held":
            return held.state.value
        self.ad_system.decides, self.ad_system.heard = decides, heard
        return deliver(self.engine, self.ad_system, held, "tests").state.value

    def deliver(self, day: date, delivered: tuple[Delivered, ...]) -> str:
        """Deliver a reward day."""
        entries = [
            Entry(each.event_id, each.position, each.points, each.store, each.cancels)
            for each in delivered
        ]
        try:
            is_new = deliver_to(self.engine, day, entries).is_new
        except Contradicts:
            return "contradicts"
        return "ok" if is_new else "again"

    def retry(self, store: str) -> str:
        """Try a store's refused entries again."""
        pay_again(self.engine, RETRY_DAYS, "tests", seller_id=store)
        return "ok"

    def expire(self) -> str:
        """Run the daily expiry."""
        expire_points(self.engine, "tests")
        return "ok"

    def tell(self) -> str:
        """Run the daily notices."""
        tell_stores(self.engine, POLICIES, "tests")
        return "ok"

    def conversion(self, store: str, request: str) -> Conversion:
        """Find a store's conversion."""
        with self.engine.connect() as connection:
            made = conversions(connection, seller_id=store)
            return next(each for each in made if each.request_id == request)

    def decided(self) -> dict[CreditRequest, str]:
        """Return what the ad system decided so far."""
        return dict(self.ad_system.decided)

    def seen(self) -> Seen:
        """Return all that stores and operators see."""
        with self.engine.connect() as connection:
            standings = {store: standing_of(connection, store) for store in STORES}
            return {
                "available": {store: each.available for store, each in standings.items()},
                "held": {store: each.held for store, each in standings.items()},
                "last days": {store: each.last_usable_on for store, each in standings.items()},
                "accounts": {store: each.account_id for store, each in standings.items()},
                "statements": {
                    store: [
                        (each.on, each.kind.value, each.points, each.reference, each.balance)
                        for each in statement(connection, store)
                    ]
                    for store in STORES
                },
                "conversions": {
                    (each.seller_id, each.request_id): (each.points, each.account_id, each.state)
                    for each in conversions(connection)
                },
                "entries": {
                    (each.event_id, each.position): (each.outcome.value, each.cancelled_by)
                    for each in rewards(connection)
                },
                "expiring": sorted(astuple(each) for each in expiring(connection, _FOR_EVER)),
                "notices": sorted(astuple(each)[1:] for each in notices(connection)),
                "credited": self.decided(),
            }

    def differences(self) -> list[str]:
        """Verify the whole database by the right clock."""
        let_the_clock_decide(self.url)
        move_the_databases_clock(self.url, RIGHT)
        with self.engine.connect() as connection:
            return [str(each) for each in verify(connection)]


def expected(model: NaiveModel) -> Seen:
    """Return what stores and operators must see by the naive model."""
    last_days = {store: model.last_day(store) for store in STORES}
    held = dict.fromkeys(STORES, 0)
    for (store, _), each in model.conversions.items():
        held[store] += each.points if each.state == "held" else 0
    return {
        "available": {store: model.available(store) for store in STORES},
        "held": held,
        "last days": last_days,
        "accounts": {store: model.accounts.get(store) for store in STORES},
        "statements": {store: _with_balances(model, store) for store in STORES},
        "conversions": {
            key: (each.points, each.account, each.state) for key, each in model.conversions.items()
        },
        "entries": {key: (each.outcome, each.cancelled_by) for key, each in model.entries.items()},
        "expiring": sorted(
            (store, model.available(store), last_days[store])
            for store in STORES
            if model.will_expire(store)
        ),
        "notices": sorted((*each, last_days[each[1]] != each[3]) for each in model.notices),
        "credited": {
            CreditRequest(credit_id(*key), each.account, each.points): each.theirs
            for key, each in model.conversions.items()
            if each.theirs
        },
    }


def _with_balances(model: NaiveModel, store: str) -> list[tuple[date, str, int, str, int]]:
    lines, balance = [], 0
    for on, kind, points, reference in model.lines[store]:
        balance += points
        lines.append((on, kind, points, reference, balance))
    return lines
