"""Converting points and rewarding customers in between, so that less is left to take back."""

from functools import partial

from flows.converting.convert_points import ConversionRequest, hold_points
from flows.converting.deliver_conversions import deliver_held
from flows.converting.link_ad_account import link_account
from flows.converting.refusals import PointsNotUsable
from tests.closings import POLICIES, cause
from tests.simulation.operator import FEW_STATEMENTS, TODAY, Operator
from tests.using.reward_days import deliver_to, event
from tests.using.stores_at_work import AdSystemHere


def convert(operator: Operator) -> None:
    """A conversion of points that a store has or not, which the ad system credits or refuses."""
    seller = operator.any_of(with_points(operator))
    available = operator.model.available(seller)
    points = operator.any_of((1, available, available + 1))
    operator.tell("convert", seller, points)
    request = ConversionRequest(seller, f"r{len(operator.told)}", points, cause())
    engine = operator.program.engine
    operator.do(partial(link_account, engine, seller, "ads-1", "operator"), FEW_STATEMENTS)
    holding = partial(hold_points, engine, request, POLICIES)
    if points > available:
        operator.refused(holding, PointsNotUsable)
        return
    operator.do(holding)
    operator.model.spent[seller] += points
    operator.agrees()
    ad_system = AdSystemHere(operator.any_of(("delivered", "refused")))
    operator.do(partial(deliver_held, engine, ad_system, "operator"))
    if ad_system.decides == "refused":
        operator.model.spent[seller] -= points


def reward(operator: Operator) -> None:
    """A reward day of a store."""
    seller = operator.any_of(with_points(operator))
    points = operator.any_of((1, operator.model.available(seller)))
    operator.tell("reward", seller, points)
    entries = event(f"e{len(operator.told)}", points, seller_id=seller)
    operator.do(partial(deliver_to, operator.program.engine, TODAY, entries))
    operator.model.spent[seller] += points


def with_points(operator: Operator) -> list[str]:
    """List the stores that have points to use."""
    balances = operator.model.balances()
    return sorted(seller for seller, (_, available) in balances.items() if available > 0)
