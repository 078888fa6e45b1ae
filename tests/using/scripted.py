"""An ad system that answers as a test tells it to."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from domain.using.ad_credit import Answer, Credit, Credited, CreditRequest, NoAnswer, Refused

CREDITED = Credited(datetime(2026, 12, 1, tzinfo=UTC), "c-1")
REFUSED = Refused("account_closed", "The account is closed.")
SILENT = NoAnswer("no answer within 20 seconds")


@dataclass
class Scripted:
    """An ad system that answers as told, in order, and keeps what it was asked."""

    answers: list[Answer]
    asked: list[tuple[str, CreditRequest]] = field(default_factory=list)

    def deliver(self, request: CreditRequest) -> Answer:
        return self._answer("deliver", request)

    def ask(self, request: CreditRequest) -> Answer:
        return self._answer("ask", request)

    def credits_of(self, _: date) -> tuple[Credit, ...] | NoAnswer:
        return ()

    def _answer(self, how: str, request: CreditRequest) -> Answer:
        self.asked.append((how, request))
        return self.answers.pop(0)
