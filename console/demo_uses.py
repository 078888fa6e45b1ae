"""The demo's stores use their points, with a simulated ad system."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from adapters.korean_holidays import Calendar
from adapters.policy_files import PolicyText
from adapters.postgres.using import ConversionState, find_conversion, standing_of
from domain.cause import Cause
from domain.refusal import Refused
from domain.sentence import Text, Word, joined, message_of, sentence
from domain.using.ad_credit import AdSystem
from flows.converting.convert_points import ConversionRequest, hold_points
from flows.converting.deliver_conversions import deliver
from flows.converting.link_ad_account import link_account
from flows.correcting.adjust_points import AdjustmentRequest, adjust_points
from flows.expiring.expire_points import expire_points
from flows.reports.report import Section

_TOKEN: Final = "the-token-of-the-demo"  # noqa: S105 opens nothing but the simulation
_REFUSED: Final = "ads-closed"
_TWO_YEARS: Final = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Uses:
    """What the demo's stores work with."""

    engine: Engine
    ad_system: AdSystem
    cause: Cause
    policies: Sequence[PolicyText]
    calendar: Calendar

    def convert(self, seller_id: str, points: int, account_id: str | None) -> Text:
        """Convert a store's points, and say how far that came."""
        if account_id is not None:
            link_account(self.engine, seller_id, account_id, self.cause.actor)
        request = ConversionRequest(seller_id, "demo-1", points, self.cause)
        try:
            number = hold_points(self.engine, request, self.policies).posting_no
        except Refused as refused:
            return message_of(refused)
        with self.engine.connect() as connection:
            conversion = find_conversion(connection, number)
        if conversion.state is ConversionState.HELD:
            conversion = deliver(self.engine, self.ad_system, conversion, self.cause.actor)
        return joined((Word("conversion state", conversion.state), conversion.answer or ""), ": ")

    def expire(self, seller_id: str, today: date) -> Text:
        """Give a store points as of two years ago, and let them expire."""
        given = AdjustmentRequest(seller_id, 5_000, today - _TWO_YEARS, self.cause)
        adjust_points(self.engine, given, self.policies, self.calendar)
        expire_points(self.engine, self.cause.actor)
        return sentence("expired")


def use_points(uses: Uses, awarded: Sequence[str], another: str, today: date) -> Section:
    """Let three stores with points convert some, and another one's old points expire."""
    stories: tuple[tuple[str, Text, Callable[[], Text]], ...] = (
        (
            awarded[0],
            sentence("converts 100,000"),
            lambda: uses.convert(awarded[0], 100_000, "ads-1"),
        ),
        (
            awarded[1],
            sentence("converts 50,000"),
            lambda: uses.convert(awarded[1], 50_000, _REFUSED),
        ),
        (awarded[2], sentence("converts 10,000"), lambda: uses.convert(awarded[2], 10_000, None)),
        (another, sentence("left 5,000 for two years"), lambda: uses.expire(another, today)),
    )
    return Section(
        sentence("Points in use, with a simulated ad system"),
        (
            sentence("seller"),
            sentence("what"),
            sentence("what came of it"),
            Word("account", "available"),
            sentence("usable through"),
        ),
        tuple(
            (store, what, happens(), *_has(uses.engine, store)) for store, what, happens in stories
        ),
    )


def _has(engine: Engine, seller_id: str) -> tuple[str, str]:
    with engine.connect() as connection:
        standing = standing_of(connection, seller_id)
    return f"{standing.available:,}", str(standing.last_usable_on)


@contextmanager
def simulated_ad_system(store: Path) -> Iterator[AdSystem]:
    """Run a simulated ad system that refuses one account, and end it in the end."""
    from adapters.ad_system.client import HttpAdSystem

    with _simulated(store) as url, HttpAdSystem(url, _TOKEN) as ad_system:
        yield ad_system


@contextmanager
def with_ad_system(store: Path) -> Iterator[None]:
    """Have this process and its children deliver conversions to a simulated ad system."""
    with _simulated(store) as url:
        os.environ["GROWTH_POINTS_AD_SYSTEM_URL"] = url
        os.environ["GROWTH_POINTS_AD_SYSTEM_TOKEN"] = _TOKEN
        os.environ.pop("GROWTH_POINTS_AD_SYSTEM_TOKEN_FILE", None)
        yield


@contextmanager
def _simulated(store: Path) -> Iterator[str]:
    """Run the process, and yield its address."""
    behaviour = f'{{"refuse": ["{_REFUSED}"]}}'
    options = ("--store", str(store), "--token", _TOKEN, "--behaviour", behaviour)
    process = subprocess.Popen(  # noqa: S603 this program
        [sys.executable, "-m", "adapters.ad_system.simulated", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.kill()
