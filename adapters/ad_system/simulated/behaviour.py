"""How the simulated ad system behaves: by default as the contract says."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, Self

EVERYBODY: Final = "*"
_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "act_after": (int, float),
    "answer_after": (int, float),
    "byte_every": (int, float),
    "acts": bool,
    "answers": int,
    "status": int,
    "headers": dict,
    "body": (str, type(None)),
    "refuse": (list, tuple),
    "token": (str, type(None)),
    "dies": (str, type(None)),
    "now": (str, type(None)),
}


class BehaviourInvalid(ValueError):
    """A behaviour that does not exist."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What is done with each request; seconds are waited before acting and before answering.

    `answers` says how often it answers (0: the connection is closed, 2: twice). With `acts` false
    nothing is done and the answer is 503. `status`, `headers` and `body` replace those of the
    answer. `refuse` lists accounts, or `*`. `token` is the one expected instead. `dies` kills the
    process `before`, `within` or `after` the transaction of a delivery. `now` is its clock.
    """

    act_after: float = 0.0
    answer_after: float = 0.0
    byte_every: float = 0.0
    acts: bool = True
    answers: int = 1
    status: int = 0
    headers: dict[str, str] | None = None
    body: str | None = None
    refuse: tuple[str, ...] = ()
    token: str | None = None
    dies: str | None = None
    now: str | None = None

    @classmethod
    def parse(cls, given: Any) -> Self:
        """Read a behaviour from JSON; raises BehaviourInvalid."""
        names = {field.name for field in fields(cls)}
        if not isinstance(given, dict) or not given.keys() <= names:
            raise BehaviourInvalid(f"a behaviour is an object with some of {sorted(names)}")
        for name, value in given.items():
            if not isinstance(value, _TYPES[name]):
                raise BehaviourInvalid(f"{name} is {value!r}")
        if given.get("dies") not in (None, "before", "within", "after"):
            raise BehaviourInvalid("it dies before, within or after")
        if given.get("now") and datetime.fromisoformat(given["now"]).tzinfo is None:
            raise BehaviourInvalid("now has no time zone")
        return cls(**given)

    def refuses(self, account: str) -> bool:
        """Whether credit for an account is refused."""
        return account in self.refuse or EVERYBODY in self.refuse
