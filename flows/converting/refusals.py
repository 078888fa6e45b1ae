"""The refusals of a conversion and of a link, with their messages."""

from domain.refusal import Refused, WrongUsage


class ConversionInvalid(WrongUsage):
    """A conversion of no points, or with an unusable request id."""


class NotLinked(Refused):
    """A store's account was to be unlinked, and it has none."""

    def __init__(self, seller_id: str) -> None:
        super().__init__(f"Seller {seller_id} has no linked search-ad account.")
        self.seller_id = seller_id


class OtherConversion(Refused):
    """A store's request id was used before, for other points."""

    def __init__(self, seller_id: str, request_id: str) -> None:
        super().__init__(
            f"Request {request_id} of seller {seller_id} was made before, for other points. "
            "Nothing was converted; give another conversion a --request-id of its own."
        )
        self.request_id = request_id
