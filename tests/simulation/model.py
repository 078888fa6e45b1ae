"""The program, naively: what was delivered and done, and all that follows from it, from scratch."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Final

from domain.approval import ApprovalRule
from domain.decision import Decision, Outcome, decide
from domain.eligibility import Terms
from domain.ledger import Award
from domain.months import SettlementMonth
from domain.payout_date import payout_date
from tests.closings import Delivered, Sold
from tests.d_commerce import D_COMMERCE_2020

LIMIT: Final = D_COMMERCE_2020.adjustment_limit

Window = list[Delivered]


class Model:
    """The program, naively: what was delivered and done, and all that follows, from scratch."""

    def __init__(self) -> None:
        self.delivered: dict[SettlementMonth, list[Delivered]] = {}
        self.decided_on: dict[SettlementMonth, Window] = {}
        self.evaluated: dict[SettlementMonth, tuple[Window, set[Award]]] = {}
        self.paid: dict[SettlementMonth, set[Award]] = {}
        self.corrected: set[Award] = set()
        self.clawed_back: set[Award] = set()
        self.adjusted: Counter[str] = Counter()
        self.spent: Counter[str] = Counter()
        self.due_on: dict[SettlementMonth, date] = {}
        self.rules: dict[SettlementMonth, list[ApprovalRule]] = {}
        self.approved: dict[SettlementMonth, int] = {}

    # What happens.

    def deliver(self, month: SettlementMonth, delivered: Delivered) -> None:
        """Have a delivery of a month as its current one."""
        self.delivered.setdefault(month, []).append(delivered)

    def close(self, month: SettlementMonth, delivered: Delivered, rule: ApprovalRule) -> None:
        """Close a month with a delivery, and evaluate the later closed months again."""
        self.deliver(month, delivered)
        self.rules.setdefault(month, []).append(rule)
        self._evaluate([month, *self._closed_after(month)])

    def pay(self, month: SettlementMonth) -> None:
        """Pay what a month gives, if it is not paid."""
        self.paid.setdefault(month, self.own(month))

    def correct(self, award: Award) -> None:
        """Give an award that a paid month lacks; whoever had it before gets it back."""
        if returned := self.clawed_back_before(award):
            self.clawed_back -= returned
            return
        self.corrected.add(award)
        self._evaluate(self._closed_after(award.settlement_month))

    def reschedule(self, months: Iterable[SettlementMonth], holidays: dict[date, str]) -> None:
        """Plan the payouts of unpaid months by the holidays that are known now."""
        for month in months:
            if month not in self.paid:
                self.due_on[month] = payout_date(D_COMMERCE_2020.payout, month, holidays).due_on

    def _closed_after(self, month: SettlementMonth) -> list[SettlementMonth]:
        return [each for each in self.decided_on if each > month]

    def _evaluate(self, months: list[SettlementMonth]) -> None:
        """Evaluate months on what is current; other input makes a month's approval void."""
        for month in months:
            self.decided_on[month] = self._window(month)
        given = self.outcome()[1]
        for month, window in self.decided_on.items():
            evaluated = window, {each for each in given if each.settlement_month < month}
            if self.evaluated.get(month) != evaluated:
                self.approved.pop(month, None)
            self.evaluated[month] = evaluated

    # What follows.

    def current(self, month: SettlementMonth) -> Delivered:
        """Return the newest delivery of a month."""
        return self.delivered[month][-1]

    def knows(self, seller: str) -> bool:
        """Say whether any delivery had a store."""
        return any(seller in each for every in self.delivered.values() for each in every)

    def _window(self, month: SettlementMonth) -> Window:
        return [self.current(each) for each in month.window(3)]

    def outcome(self) -> tuple[dict[SettlementMonth, dict[str, Decision]], set[Award]]:
        """Decide every closed month, in order; return the decisions and all awards given."""
        given = self.corrected.union(*self.paid.values())
        held = {(award.seller_id, award.tier) for award in given}
        decided = {}
        for month, window in sorted(self.decided_on.items()):
            terms = Terms.of(D_COMMERCE_2020, month)
            decided[month] = {
                seller: decide(
                    store.facts(seller, _sum(window, seller), _tiers(given, seller, month)), terms
                )
                for seller, store in window[-1].items()
            }
            if month not in self.paid:
                earned = earned_in(decided[month])
                given |= {each for each in earned if (each.seller_id, each.tier) not in held}
        return decided, given

    def own(self, month: SettlementMonth) -> set[Award]:
        """Return the awards that a month gave."""
        return {each for each in self.outcome()[1] if each.settlement_month == month}

    def outdated(self, month: SettlementMonth) -> bool:
        """Say whether data of a closed month's window was replaced since."""
        return self.decided_on[month] != self._window(month)

    def later_outdated(self, month: SettlementMonth) -> bool:
        """Say whether any later month is outdated."""
        return any(map(self.outdated, self._closed_after(month)))

    def open_payout(self, month: SettlementMonth) -> tuple[int, bool, bool]:
        """Return what an unpaid month would pay, whether that is approved, whether it must be."""
        points = sum(award.points for award in self.own(month))
        approved = self.approved.get(month) == points
        demanded = any(rule.demands(points) for rule in self.rules[month])
        return points, approved, demanded and not approved

    def needs_approval(self, points: int) -> bool:
        """Say whether an adjustment needs an approval; until a month is closed, each does."""
        return abs(points) > (LIMIT if self.decided_on else 0)

    def correction_needs_approval(self, award: Award) -> bool:
        """Say whether giving an award brings a paid month above the strictest of its rules."""
        [month] = {each.settlement_month for each in self.clawed_back_before(award) or {award}}
        given = self.own(month) - self.clawed_back
        total = sum(each.points for each in given) + award.points
        return any(rule.demands(total) for rule in self.rules[month])

    def missing(self, month: SettlementMonth) -> set[Award]:
        """Return what a paid month earned, and the store has from no month."""
        decided, given = self.outcome()
        owned = {(award.seller_id, award.tier) for award in given - self.clawed_back}
        earned = earned_in(decided[month]) if month in self.paid else set()
        return {each for each in earned if (each.seller_id, each.tier) not in owned}

    def otherwise_paid(self, month: SettlementMonth) -> set[Award]:
        """Return what a paid month gave, and did not earn."""
        own = self.own(month) - self.clawed_back
        return own - earned_in(self.outcome()[0][month]) if month in self.paid else set()

    def clawed_back_before(self, award: Award) -> set[Award]:
        """Return the award of the same tier that was clawed back from the store, if any."""
        whose = award.seller_id, award.tier
        return {each for each in self.clawed_back if (each.seller_id, each.tier) == whose}

    def earned(self, award: Award) -> bool:
        """Say whether any month earned the tier of an award."""
        earned = set[Award]().union(*map(earned_in, self.outcome()[0].values()))
        return (award.seller_id, award.tier) in {(each.seller_id, each.tier) for each in earned}

    def available(self, seller: str) -> int:
        """Return a store's available points."""
        return self.balances().get(seller, (0, 0))[1]

    def balances(self) -> dict[str, tuple[int, int]]:
        """Return the pending and available points of every store that has any."""
        pending, available = Counter[str](), Counter(self.adjusted)
        for award in self.outcome()[1]:
            paid = award.settlement_month in self.paid
            if award not in self.clawed_back:
                (available if paid else pending)[award.seller_id] += award.points
        available.subtract(self.spent)
        sellers = {*pending, *available}
        found = {seller: (pending[seller], available[seller]) for seller in sellers}
        return {seller: both for seller, both in found.items() if any(both)}


def earned_in(decided: dict[str, Decision]) -> set[Award]:
    """Return the awards that decisions of a month made."""
    return {
        Award(each.settlement_month, each.seller_id, each.tier or 0, each.points)
        for each in decided.values()
        if each.outcome is Outcome.AWARDED
    }


def _sum(window: Window, seller: str) -> int:
    return sum(delivered.get(seller, Sold()).amount_krw for delivered in window)


def _tiers(given: set[Award], seller: str, before: SettlementMonth) -> frozenset[int]:
    return frozenset(
        award.tier
        for award in given
        if award.seller_id == seller and award.settlement_month < before
    )
