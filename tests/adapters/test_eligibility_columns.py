"""The column form of the rules, held against the one-seller form on a real PostgreSQL."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain, combinations, cycle, pairwise, product
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Connection,
    Date,
    SmallInteger,
    Text,
    cast,
    column,
    create_engine,
    func,
    select,
)
from sqlalchemy.types import TypeEngine

from adapters.postgres.eligibility_columns import (
    SellerColumns,
    outcome_column,
    points_column,
    reasons_column,
    tier_column,
)
from domain.decision import SellerFacts, decide
from domain.eligibility import Terms
from domain.months import SettlementMonth
from domain.policy import MOST_TIERS, Exclusion, PayoutRule, Policy, Tenure, TenureDay, Tier
from tests.d_commerce import D_COMMERCE_2020, D_COMMERCE_2024

_COLUMNS: Final[Mapping[str, TypeEngine[Any]]] = {
    "seller_id": Text(),
    "approved_on": Date(),
    "status": Text(),
    "runs_department_store_window": Boolean(),
    "runs_outlet_window": Boolean(),
    "uses_fulfilment": Boolean(),
    "uses_api": Boolean(),
    "window_amount_krw": BigInteger(),
    "awarded_tiers": SmallInteger(),
}
_FLAGS = tuple(exclusion.value for exclusion in Exclusion)

settlement_months = st.builds(SettlementMonth, st.integers(2019, 2032), st.integers(1, 12))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy that the domain accepts, with bounds small and large."""
    bounds = sorted(draw(st.sets(st.integers(0, 10**9), min_size=2, max_size=5)))
    tiers = tuple(
        Tier(number, lower, upper, number * 1_000)
        for number, (lower, upper) in enumerate(pairwise(bounds), start=1)
    )
    min_months = draw(st.integers(0, 6))
    return Policy(
        name="generated",
        in_force_from=None,
        counted_line_types=("PROD_ORDER",),
        window_months=draw(st.integers(1, 4)),
        tenure=Tenure(
            min_months=min_months,
            min_is_strict=draw(st.booleans()),
            below_months=min_months + draw(st.integers(1, 12)),
            measured_on=draw(st.sampled_from(TenureDay)),
        ),
        active_status=draw(st.sampled_from(("NORMAL", "OPEN"))),
        exclusions=tuple(sorted(draw(st.sets(st.sampled_from(Exclusion))))),
        tiers=tiers,
        payout=PayoutRule(day_of_month=10, roll_forward=True),
        lifetime_maximum_points=sum(tier.points for tier in tiers),
    )


any_policy = st.one_of(st.just(D_COMMERCE_2020), st.just(D_COMMERCE_2024), policies())
any_seller = st.builds(
    SellerFacts,
    seller_id=st.just("generated"),
    approved_on=st.dates(date(2017, 1, 1), date(2033, 1, 1)),
    window_amount_krw=st.integers(-(10**12), 10**12),
    status=st.sampled_from(("NORMAL", "OPEN", "PAUSED", "normal", "NORMAL ", "")),
    runs_department_store_window=st.booleans(),
    runs_outlet_window=st.booleans(),
    uses_fulfilment=st.booleans(),
    uses_api=st.booleans(),
    awarded_tiers=st.frozensets(st.integers(1, MOST_TIERS)),
)


@pytest.fixture(scope="module")
def plain_connection(server_url: str) -> Iterator[Connection]:
    """A connection to a database without tables: the expressions need none."""
    engine = create_engine(
        server_url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@given(policy=any_policy, month=settlement_months, flags=st.lists(st.integers(0, 31), min_size=1))
@example(policy=D_COMMERCE_2020, month=SettlementMonth(2020, 8), flags=[0])
@example(policy=D_COMMERCE_2020, month=SettlementMonth(2026, 2), flags=list(range(32)))
@settings(max_examples=20, deadline=None)
def test_columns_decide_as_one_seller_does_on_every_boundary(
    plain_connection: Connection, policy: Policy, month: SettlementMonth, flags: list[int]
) -> None:
    terms = Terms.of(policy, month)
    sellers = tuple(_sellers_on_every_boundary(terms, flags))

    assert _decided_by_columns(plain_connection, sellers, terms) == _decided_one_by_one(
        sellers, terms
    )


@given(policy=any_policy, month=settlement_months, sellers=st.lists(any_seller, max_size=50))
@settings(max_examples=30, deadline=None)
def test_columns_decide_as_one_seller_does_for_any_seller(
    plain_connection: Connection,
    policy: Policy,
    month: SettlementMonth,
    sellers: list[SellerFacts],
) -> None:
    terms = Terms.of(policy, month)

    assert _decided_by_columns(plain_connection, sellers, terms) == _decided_one_by_one(
        sellers, terms
    )


def test_reasons_are_a_text_array_and_never_null(plain_connection: Connection) -> None:
    terms = Terms.of(D_COMMERCE_2020, SettlementMonth(2026, 10))
    awarded = SellerFacts("a", date(2026, 3, 1), 6_000_000)
    relation = _relation([awarded])
    reasons = reasons_column(terms, _columns_of(relation))

    answer = plain_connection.execute(select(func.pg_typeof(reasons).cast(Text), reasons)).one()

    assert tuple(answer) == ("text[]", [])


def test_one_statement_reads_short_enough_to_be_looked_at() -> None:
    terms = Terms.of(D_COMMERCE_2020, SettlementMonth(2026, 10))

    assert len(str(reasons_column(terms, _columns_of(_relation([]))))) < 2_500


def _sellers_on_every_boundary(terms: Terms, flags: Sequence[int]) -> Iterator[SellerFacts]:
    """Every approval bound ±1 day × every amount bound ±1 KRW × every set of awarded tiers.

    The yes-or-no facts of each store are the bits of a number; `flags` are taken in turn.
    """
    every = product(_approvals(terms), _amounts(terms), _sets_of_tiers(terms.policy))
    for number, ((approved_on, amount_krw, tiers), bits) in enumerate(
        zip(every, cycle(flags), strict=False)
    ):
        yield SellerFacts(
            seller_id=str(number),
            approved_on=approved_on,
            window_amount_krw=amount_krw,
            status="PAUSED" if bits & 16 else terms.policy.active_status,
            awarded_tiers=tiers,
            **{name: bool(bits & 1 << bit) for bit, name in enumerate(_FLAGS)},
        )


def _approvals(terms: Terms) -> set[date]:
    bounds = (terms.first_approval_on, terms.last_approval_on)
    return {bound + timedelta(days=days) for bound in bounds for days in (-1, 0, 1)}


def _amounts(terms: Terms) -> set[int]:
    bounds = {terms.highest_sum_krw} | {terms.lower_sum_krw(tier) for tier in terms.policy.tiers}
    return {0, *(bound + krw for bound in bounds for krw in (-1, 0, 1))}


def _sets_of_tiers(policy: Policy) -> Iterator[frozenset[int]]:
    numbers = [tier.number for tier in policy.tiers]
    sizes = range(len(numbers) + 1)
    yield from map(frozenset, chain.from_iterable(combinations(numbers, size) for size in sizes))


def _decided_one_by_one(sellers: Iterable[SellerFacts], terms: Terms) -> list[tuple[Any, ...]]:
    decisions = (decide(seller, terms) for seller in sellers)
    return [(d.outcome, d.tier, d.points, list(d.reasons)) for d in decisions]


def _decided_by_columns(
    connection: Connection, sellers: Sequence[SellerFacts], terms: Terms
) -> list[tuple[Any, ...]]:
    relation = _relation(sellers)
    columns = _columns_of(relation)
    statement = select(
        outcome_column(terms, columns),
        tier_column(terms, columns),
        points_column(terms, columns),
        reasons_column(terms, columns),
    ).order_by(relation.c.ordinality)
    return [tuple(row) for row in connection.execute(statement)]


def _relation(sellers: Sequence[SellerFacts]) -> Any:
    values = [tuple(_values(seller)) for seller in sellers]
    by_column = zip(*values, strict=True) if values else ([] for _ in _COLUMNS)
    arrays = (
        cast(list(of_all), ARRAY(kind))
        for of_all, kind in zip(by_column, _COLUMNS.values(), strict=True)
    )
    columns = [column(name, kind) for name, kind in _COLUMNS.items()]
    relation = func.unnest(*arrays).table_valued(*columns, with_ordinality="ordinality")
    return relation.render_derived(name="seller")


def _values(seller: SellerFacts) -> Iterator[Any]:
    for name in _COLUMNS:
        value = getattr(seller, name)
        yield _bits(value) if name == "awarded_tiers" else value


def _bits(tiers: Iterable[int]) -> int:
    return sum(2 ** (tier - 1) for tier in tiers)


def _columns_of(relation: Any) -> SellerColumns:
    return SellerColumns(**{n: relation.c[n] for n in _COLUMNS if n != "seller_id"})
