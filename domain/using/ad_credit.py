"""Search-ad credit and what the ad system answers about it (points in use: U5, U6, U8)."""

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CreditRequest:
    """Credit of `points` KRW for a search-ad account, under our id of the conversion."""

    credit_id: str
    account_id: str
    points: int


@dataclass(frozen=True, slots=True)
class Credited:
    """The ad system credited the request in full; `reference` is its own name for that."""

    at: datetime
    reference: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The ad system refused the request and will never credit it.

    `reason` is a code such as `account_closed`, `text` a sentence.
    """

    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The ad system has no request with the id, so far: one that was sent may still arrive."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing is known: there was no answer, or none that the contract describes."""

    why: str


Answer = Credited | Refused | Unknown | NoAnswer


@dataclass(frozen=True, slots=True)
class Credit:
    """A request that the ad system lists as credited."""

    request: CreditRequest
    credited: Credited


class AdSystem(Protocol):
    """The ad system. No method raises: what is not understood is a NoAnswer."""

    def deliver(self, request: CreditRequest) -> Answer:
        """Deliver credit; the same request again has no further effect. Never Unknown."""
        ...

    def ask(self, request: CreditRequest) -> Answer:
        """Return what became of a request; NoAnswer if it is known with other content."""
        ...

    def credits_of(self, day: date) -> tuple[Credit, ...] | NoAnswer:
        """Return all that was credited on a day in Asia/Seoul, in order of ids."""
        ...


def credit_id(seller_id: str, request_id: str) -> str:
    """Return the id that a conversion has in the ad system: letters, digits and hyphens.

    It never changes: the ad system recognizes a repeated request by it.
    """
    parts = f"{len(seller_id)}/{seller_id}/{request_id}"
    return f"gp1-{sha256(parts.encode()).hexdigest()}"
