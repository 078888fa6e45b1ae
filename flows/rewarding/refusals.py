"""The refusals of reward days and of retries, with their messages."""

from datetime import date

from domain.refusal import Refused


class DayNotCome(Refused):
    """The rewards of a day that has not come."""

    def __init__(self, day: date) -> None:
        super().__init__(f"{day} has not come yet in Seoul; its rewards are paid from then on.")
        self.day = day


class EventUnknown(Refused):
    """No reward entry is of the event."""

    def __init__(self, event_id: str) -> None:
        super().__init__(
            f"no reward entry is of event {event_id!r}; "
            "look the event up with: growth-points rewards DAY"
        )
        self.event_id = event_id
