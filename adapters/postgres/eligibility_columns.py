"""The eligibility rules over whole columns: what `domain.decision.decide` answers for one store,
as PostgreSQL expressions that answer for all of them.

No rule is written here. Each expression is what a rule's own predicate gives when it is handed
columns instead of values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, SmallInteger, Text, case, cast, func, literal, or_
from sqlalchemy.dialects.postgresql import ARRAY, array

from domain.decision import Outcome
from domain.eligibility import Terms, falls_into, rules_of
from domain.policy import MOST_TIERS, Tier

_NOTHING: Final = 0


@dataclass(frozen=True, slots=True)
class SellerColumns:
    """The columns that hold every store's facts: a `domain.eligibility.Seller`.

    None of them may be NULL. `awarded_tiers` holds, as the bits of an integer, the tiers that
    were awarded from earlier settlement months and not reversed: bit n-1 for tier n, 0 for none.
    `window_amount_krw` is the window's sum in whole KRW.

    Give columns that hold a value (of a table or a materialized query) rather than expressions:
    each is read by several rules and would be worked out anew for every one of them.
    """

    approved_on: ColumnElement[date]
    status: ColumnElement[str]
    runs_department_store_window: ColumnElement[bool]
    runs_outlet_window: ColumnElement[bool]
    uses_fulfilment: ColumnElement[bool]
    uses_api: ColumnElement[bool]
    window_amount_krw: ColumnElement[int]
    awarded_tiers: ColumnElement[int]

    @property
    def awarded(self) -> Mapping[int, ColumnElement[bool]]:
        """For each tier: whether its bit is set."""
        return {
            number: self.awarded_tiers.bitwise_and(_bit(number)) != _NOTHING
            for number in range(1, MOST_TIERS + 1)
        }

    @property
    def highest_awarded_tier(self) -> "_HighestBit":
        """The number of the highest bit set, as something that can be compared."""
        return _HighestBit(self.awarded_tiers)


@dataclass(frozen=True, slots=True)
class _HighestBit:
    """The highest bit set in an integer column, which PostgreSQL has no function for.

    Above n it lies exactly when the integer is at least 2 to the n: one comparison per store.
    """

    bits: ColumnElement[int]

    def __gt__(self, number: int) -> ColumnElement[bool]:
        return self.bits >= _bit(number + 1)


def reasons_column(terms: Terms, seller: SellerColumns) -> ColumnElement[Sequence[str]]:
    """List every reason that applies to each store, in the declared order, as a `text[]`.

    Empty for a store that is awarded; never NULL (rule 12).
    """
    each_or_null = [
        case((rule.applies(seller, terms), literal(rule.reason.value, Text())))
        for rule in rules_of(terms.policy)
    ]
    return cast(func.array_remove(array(each_or_null), None), ARRAY(Text()))


def outcome_column(terms: Terms, seller: SellerColumns) -> ColumnElement[str]:
    """Say for each store whether it is awarded, as the name of the outcome."""
    refused = (_has_a_reason(terms, seller), literal(Outcome.NOT_ELIGIBLE.value, Text()))
    return case(refused, else_=literal(Outcome.AWARDED.value, Text()))


def tier_column(terms: Terms, seller: SellerColumns) -> ColumnElement[int | None]:
    """Name the tier that each store is awarded; NULL for a store with any reason against it."""
    numbers = ((tier, literal(tier.number, SmallInteger())) for tier in terms.policy.tiers)
    return _of_awarded(terms, seller, dict(numbers), literal(None, SmallInteger()))


def points_column(terms: Terms, seller: SellerColumns) -> ColumnElement[int]:
    """Name the points that each store is awarded; 0 for a store with any reason against it."""
    points = ((tier, literal(tier.points, BigInteger())) for tier in terms.policy.tiers)
    return _of_awarded(terms, seller, dict(points), literal(0, BigInteger()))


def _of_awarded(
    terms: Terms,
    seller: SellerColumns,
    value_of: Mapping[Tier, ColumnElement[Any]],
    otherwise: ColumnElement[Any],
) -> ColumnElement[Any]:
    return case(
        (_has_a_reason(terms, seller), otherwise),
        *((falls_into(seller, tier, terms), value) for tier, value in value_of.items()),
        else_=otherwise,
    )


def _has_a_reason(terms: Terms, seller: SellerColumns) -> ColumnElement[bool]:
    return or_(*(rule.applies(seller, terms) for rule in rules_of(terms.policy)))


def _bit(number: int) -> int:
    """Name the bit that stands for a tier."""
    return 1 << (number - 1)
