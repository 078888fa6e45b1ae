"""The refusals of a conversion and of a link, with their messages."""

import shlex
from typing import Final

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
    """Say why; the names in a sentence are facts of the store, of the request and of the policy."""
    facts = {
        "seller_id": standing.seller_id,
        "arguments": shlex.join([standing.seller_id, "ACCOUNT"]),
        "points": points,
        "available": standing.available,
        "last_usable_on": standing.last_usable_on,
        "minimum": rules.conversion_min_points,
        "unit": rules.conversion_unit_points,
    }
    return Sentence(_WHY[refusal].template, facts)


_WHY: Final = {
    UseRefusal.SELLER_NOT_ACTIVE: sentence(
        "seller {seller_id} is no longer in normal operation, and the policy does not let "
        "such stores convert points"
    ),
    UseRefusal.NO_AD_ACCOUNT: sentence(
        "seller {seller_id} has no linked search-ad account; link one with: "
        "growth-points link-ad-account {arguments}"
    ),
    UseRefusal.POINTS_EXPIRED: sentence(
        "the points of seller {seller_id} were usable through {last_usable_on}"
    ),
    UseRefusal.BELOW_MINIMUM: sentence(
        "a conversion takes at least {minimum:,} points, not {points:,}"
    ),
    UseRefusal.NOT_IN_UNITS: sentence(
        "points are converted in steps of {unit:,}, and {points:,} is not a multiple of that"
    ),
    UseRefusal.INSUFFICIENT_POINTS: sentence(
        "seller {seller_id} has {available:,} available points, not {points:,}"
    ),
}


class NotLinked(Refused):
    """A store without a linked search-ad account cannot unlink one."""

    def __init__(self, seller_id: str) -> None:
        super().__init__(
            sentence("Seller {seller_id} has no linked search-ad account.", seller_id=seller_id)
        )
        self.seller_id = seller_id


class OtherConversion(Refused):
    """A store's request id was used before for another number of points."""

    def __init__(self, seller_id: str, request_id: str) -> None:
        super().__init__(
            sentence(
                "Request {request_id} of seller {seller_id} was made before for another number of "
                "points. Nothing was converted; use a new --request-id for a new conversion.",
                seller_id=seller_id,
                request_id=request_id,
            )
        )
        self.request_id = request_id


class OtherAccount(Refused):
    """A conversion was confirmed for another account than the one linked now."""

    def __init__(self) -> None:
        super().__init__(
            sentence(
                "Another search-ad account was linked meanwhile. Nothing was converted; "
                "check the account and confirm again."
            )
        )


class ConversionUnknown(Refused):
    """A store has made no request with this id."""

    def __init__(self, seller_id: str, request_id: str) -> None:
        super().__init__(
            sentence(
                "Seller {seller_id} made no request {request_id}.",
                seller_id=seller_id,
                request_id=request_id,
            )
        )
        self.request_id = request_id
