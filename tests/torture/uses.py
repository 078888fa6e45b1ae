"""What stores do with points between the closings of the torture, and an ad system that is killed.

Some stores of a month link an account and convert, some reward customers, both by the functions
that the flows call. A conversion must be credited once or returned once, a reward paid once.
"""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, text

from adapters.ad_system.client import HttpAdSystem, Patience
from adapters.postgres.using import ConversionState, today
from domain.months import SettlementMonth
from domain.refusal import Unavailable
from flows.converting.convert_points import ConversionRequest, hold_points
from flows.converting.deliver_conversions import deliver_held
from flows.converting.link_ad_account import link_account
from tests.ad_system import TOKEN, SimulatedAdSystem, simulated_ad_system
from tests.closings import POLICIES, Program, cause
from tests.using.reward_days import Entry, deliver_to, event

CONVERTING: Final = range(3)
REWARDING: Final = range(3, 6)
CLOSED_ACCOUNT: Final = "closed"
_PATIENCE: Final = Patience(connection_seconds=2, answer_seconds=1)
_BEHAVED: Final[Mapping[str, Any]] = {"refuse": [CLOSED_ACCOUNT]}
_MISBEHAVIOURS: Final[tuple[dict[str, Any], ...]] = (
    *({}, {"acts": False}, {"answers": 0}, {"answers": 2}, {"act_after": 1.2}, {"status": 500}),
    *({"dies": "before"}, {"dies": "within"}, {"dies": "after"}),
)


class StillHeld(Unavailable):
    """The ad system did not say what became of a conversion."""


def store(month: SettlementMonth, number: int) -> str:
    """Name a month's store."""
    return f"{month}-{number:06}"


def convert(program: Program, month: SettlementMonth, ad_system_url: str) -> None:
    """Convert points of a few stores, the last of them to a closed account; raises StillHeld."""
    for number in CONVERTING:
        account = CLOSED_ACCOUNT if number == CONVERTING[-1] else "shared"
        link_account(program.engine, store(month, number), account, "tests")
        request = ConversionRequest(
            store(month, number), f"request of {month}", 1_000 * (number + 1), cause()
        )
        hold_points(program.engine, request, POLICIES)
    with HttpAdSystem(ad_system_url, TOKEN, _PATIENCE) as ad_system:
        tried = deliver_held(program.engine, ad_system, "tests")
    if any(each.state is ConversionState.HELD for each in tried):
        raise StillHeld


def reward(program: Program, month: SettlementMonth) -> None:
    """Reward customers of a few stores: one is short of points, one takes a reward back."""
    with program.engine.connect() as connection:
        day = today(connection) - timedelta(days=1)
    rows = []
    for number in REWARDING:
        rows += event(f"{month}/{number}", 700, 10**9, 1, seller_id=store(month, number))
    first = store(month, REWARDING[0])
    deliver_to(program.engine, day, rows)
    deliver_to(
        program.engine, day, [Entry(f"{month}/back", 1, 700, first, (f"{month}/{REWARDING[0]}", 1))]
    )


class AdSystem:
    """The simulated ad system of a torture: told to misbehave, killed, started again."""

    def __init__(self, simulated: SimulatedAdSystem, seed: int) -> None:
        """Draw what it does from a seed."""
        self._simulated, self._chance = simulated, random.Random(seed)  # noqa: S311 no secret
        self.behave()

    @property
    def url(self) -> str:
        """Where it listens, dead or alive."""
        return self._simulated.url

    def behave(self) -> None:
        """Behave as the contract says; a closed account is refused all the same."""
        self._simulated.behave(**_BEHAVED)

    def misbehave(self) -> None:
        """Behave in any way until it is told otherwise."""
        self._simulated.behave(**_BEHAVED, **self._chance.choice(_MISBEHAVIOURS))

    def kill(self) -> None:
        """Kill it."""
        self._simulated.kill()

    def restart(self) -> None:
        """Start it again, however it ended; it behaves then."""
        self._simulated.kill()
        self._simulated.start(**_BEHAVED)

    def accounts(self) -> dict[str, int]:
        """Return what it credited to each account in all."""
        return self._simulated.accounts()


@contextmanager
def an_ad_system(folder: Path, seed: int) -> Iterator[AdSystem]:
    """Start one with a store in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with simulated_ad_system(folder) as simulated:
        yield AdSystem(simulated, seed)


CONTENTS: Final = """
  SELECT concat_ws('/', 'conversion', seller_id, request_id),
         concat_ws('|', points, account_id, outcome)
  FROM growth_points.conversion
  LEFT JOIN growth_points.conversion_end ON conversion_no = conversion.posting_no
  UNION ALL
  SELECT concat_ws('/', 'reward', event_id, position), concat_ws('|', seller_id, points, state)
  FROM growth_points.reward
  UNION ALL
  SELECT concat_ws('/', 'used', kind, seller_id), concat_ws('|', count(*), sum(points))
  FROM growth_points.transfer
  WHERE kind IN ('delivery', 'return', 'reward', 'cancellation') GROUP BY kind, seller_id
"""


def credited(connection: Connection) -> dict[str, int]:
    """Return what the ledger says was credited to each account."""
    rows = connection.execute(
        text("""
            SELECT account_id, sum(points)::bigint FROM growth_points.conversion
            JOIN growth_points.conversion_end ON conversion_no = conversion.posting_no
            WHERE outcome = 'delivered' GROUP BY account_id
        """)
    )
    return {row[0]: row[1] for row in rows}
