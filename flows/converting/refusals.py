"""The refusals of a conversion and of a link, with their messages."""

import shlex

from domain.refusal import Refused, WrongUsage
from domain.sentence import Sentence, sentence
from domain.using.standing import Standing, UseRefusal
from domain.using.use_rules import UseRules


class ConversionInvalid(WrongUsage):
    """A conversion of no points, or with an unusable request id."""


class PointsNotUsable(Refused):
    """A store may not use so many points now; `refusal` says why."""

    def __init__(
        self, refusal: UseRefusal, points: int, standing: Standing, rules: UseRules
    ) -> None:
        super().__init__(
            sentence(
                "{refusal}: {why}. Nothing was converted.",
                refusal=refusal.value,
                why=_why_not(refusal, points, standing, rules),
            )
        )
        self.refusal = refusal


def _why_not(refusal: UseRefusal, points: int, standing: Standing, rules: UseRules) -> Sentence:
    seller_id = standing.seller_id
    match refusal:
        case UseRefusal.SELLER_NOT_ACTIVE:
            return sentence(
                "seller {seller_id} is no longer in normal operation, and the policy lets only "
                "stores that are use points",
                seller_id=seller_id,
            )
        case UseRefusal.NO_AD_ACCOUNT:
            return sentence(
                "seller {seller_id} has no linked search-ad account; link one with: "
                "growth-points link-ad-account {arguments}",
                seller_id=seller_id,
                arguments=shlex.join([seller_id, "ACCOUNT"]),
            )
        case UseRefusal.POINTS_EXPIRED:
            return sentence(
                "the points of seller {seller_id} were usable through {last_usable_on}",
                seller_id=seller_id,
                last_usable_on=standing.last_usable_on,
            )
        case UseRefusal.BELOW_MINIMUM:
            return sentence(
                "at least {minimum:,} points are converted at a time, not {points:,}",
                minimum=rules.conversion_min_points,
                points=points,
            )
        case UseRefusal.NOT_IN_UNITS:
            return sentence(
                "points are converted in steps of {unit:,}, and {points:,} is no multiple of it",
                unit=rules.conversion_unit_points,
                points=points,
            )
        case UseRefusal.INSUFFICIENT_POINTS:
            return sentence(
                "seller {seller_id} has {available:,} available points, not {points:,}",
                seller_id=seller_id,
                available=standing.available,
                points=points,
            )


class NotLinked(Refused):
    """A store's account was to be unlinked, and it has none."""

    def __init__(self, seller_id: str) -> None:
        super().__init__(
            sentence("Seller {seller_id} has no linked search-ad account.", seller_id=seller_id)
        )
        self.seller_id = seller_id


class OtherConversion(Refused):
    """A store's request id was used before, for other points."""

    def __init__(self, seller_id: str, request_id: str) -> None:
        super().__init__(
            sentence(
                "Request {request_id} of seller {seller_id} was made before, for other points. "
                "Nothing was converted; give another conversion a --request-id of its own.",
                seller_id=seller_id,
                request_id=request_id,
            )
        )
        self.request_id = request_id
