"""What store A of the worked examples does and has."""

from collections.abc import Sequence
from datetime import date

from adapters.policy_files import PolicyText
from adapters.postgres.ledger.posting import Posted
from adapters.postgres.using import standing_of
from flows.converting.convert_points import ConversionRequest, hold_points
from tests.closings import POLICIES, Program, cause

SOME_DAY = date(2026, 12, 1)
LAST_DAY, DAY_AFTER = date(2027, 11, 10), date(2027, 11, 11)


def convert(
    program: Program,
    points: int,
    request_id: str = "r1",
    seller_id: str = "A",
    *,
    policies: Sequence[PolicyText] = POLICIES,
) -> Posted:
    """Hold points for a conversion."""
    request = ConversionRequest(seller_id, request_id, points, cause())
    return hold_points(program.engine, request, policies)


def has(program: Program, seller_id: str = "A") -> tuple[int, int]:
    """Return what a store has available, and held."""
    with program.engine.connect() as connection:
        standing = standing_of(connection, seller_id)
    return standing.available, standing.held
