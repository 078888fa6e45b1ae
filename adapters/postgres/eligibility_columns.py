"""The eligibility rules as PostgreSQL expressions, which decide all stores like
`domain.decision.decide` decides one.

No rule is written here: each expression is the result of a rule's predicate applied to columns.
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
    """The columns with all stores' facts: a `domain.eligibility.Seller`.

    None may be NULL. `awarded_tiers` holds the tiers of standing awards from earlier settlement
    months as bits: bit n-1 for tier n. `window_amount_krw` is the window's sum in whole KRW. Pass
    columns of a table or a materialized query, since several rules would each evaluate an
    expression again.
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
        """For each tier, whether its bit is set."""
        return {
            number: self.awarded_tiers.bitwise_and(_bit(number)) != _NOTHING
            for number in range(1, MOST_TIERS + 1)
        }

    @property
    def highest_awarded_tier(self) -> "_HighestBit":
        """The number of the highest set bit, for comparisons."""
        return _HighestBit(self.awarded_tiers)


@dataclass(frozen=True, slots=True)
class _HighestBit:
    """The highest set bit of an integer column: above n if the integer is at least 2 to the n."""

    bits: ColumnElement[int]

    def __gt__(self, number: int) -> ColumnElement[bool]:
        return self.bits >= _bit(number + 1)


def reasons_column(terms: Terms, seller: SellerColumns) -> ColumnElement[Sequence[str]]:
    """Return each store's reasons, in the declared order, as a `text[]`, never NULL (rule 12)."""
    each_or_null = [
        case((rule.applies(seller, terms), literal(rule.reason.value, Text())))
        for rule in rules_of(terms.policy)
    ]
    return cast(func.array_remove(array(each_or_null), None), ARRAY(Text()))


def outcome_column(terms: Terms, seller: SellerColumns) -> ColumnElement[str]:
    """Return each store's outcome."""
    refused = (_has_a_reason(terms, seller), literal(Outcome.NOT_ELIGIBLE.value, Text()))
    return case(refused, else_=literal(Outcome.AWARDED.value, Text()))


def tier_column(terms: Terms, seller: SellerColumns) -> ColumnElement[int | None]:
    """Return the tier that each store is awarded, NULL for none."""
    numbers = ((tier, literal(tier.number, SmallInteger())) for tier in terms.policy.tiers)
    return _of_awarded(terms, seller, dict(numbers), literal(None, SmallInteger()))


def points_column(terms: Terms, seller: SellerColumns) -> ColumnElement[int]:
    """Return the points that each store is awarded, 0 for none."""
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
    return 1 << (number - 1)
