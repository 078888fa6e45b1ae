"""The refusals of reward days and of retries, with their messages."""

from datetime import date

from domain.refusal import Refused
from domain.sentence import sentence


class DayNotCome(Refused):
    """The rewards of a day that has not come."""

    def __init__(self, day: date) -> None:
        super().__init__(
            sentence("{day} has not come yet in Seoul; its rewards are paid from then on.", day=day)
        )
        self.day = day


class EventUnknown(Refused):
    """The event has no reward entries."""

    def __init__(self, event_id: str) -> None:
        super().__init__(
            sentence(
                "event {event_id!r} has no reward entries; look the event up with: "
                "growth-points rewards DAY",
                event_id=event_id,
            )
        )
        self.event_id = event_id
