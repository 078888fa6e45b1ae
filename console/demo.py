"""The demo: a sample marketplace, its history ingested, six months closed in order and paid.

It has its own home and database, so that samples never mix with real data.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Final

from adapters.postgres.decisions import decisions
from adapters.postgres.ledger import standing_awards
from adapters.sample import write_sample
from console.demo_rewards import DAYS as REWARD_DAYS
from console.demo_rewards import rewards_given, write_reward_days
from console.output import echo
from console.progress import progress, say
from console.terminal import print_section
from domain.eligibility import Reason
from domain.ledger import total_points
from domain.months import SettlementMonth
from domain.sentence import Text, Word, joined, sentence
from expectations.gate_process import start_gate
from flows.prefect.servers.temporary_server import prepare_prefect, ready_for_flows
from flows.reports.report import Section

if TYPE_CHECKING:  # importing Prefect reads its settings
    from sqlalchemy import Engine

    from flows.closing.record_closing import Closing

HISTORY: Final = tuple(SettlementMonth(2026, 3).until(SettlementMonth(2026, 4)))
CLOSED: Final = tuple(SettlementMonth(2026, 5).until(SettlementMonth(2026, 10)))
_NOT_THE_DEMOS: Final = ("DATABASE_URL", "SETTLEMENTS", "POLICIES", "ENGINE", "SENDERS")


@dataclass(frozen=True, slots=True)
class Demo:
    """A sample marketplace, by its stores and lines a month, in its own home."""

    home: Path
    sellers: int = 3_000
    lines: int = 60_000
    seed: int = 1

    @property
    def own_home(self) -> Path:
        """The demo's home."""
        return self.home / "demo" / f"{self.sellers}-{self.lines}-{self.seed}"

    @property
    def root(self) -> Path:
        """The root of its settlement folders."""
        return self.own_home / "settlements"

    def enter(self) -> None:
        """Point this process and its children to the demo's home and files.

        Other settings stay, such as holidays and approvals; those that do not are named.
        """
        names = [f"GROWTH_POINTS_{name}" for name in _NOT_THE_DEMOS]
        unused = [name for name in names if os.environ.pop(name, None)]
        os.environ["GROWTH_POINTS_HOME"] = str(self.own_home)
        os.environ["GROWTH_POINTS_SETTLEMENTS"] = str(self.root)
        # The last month is left for a person to close.
        os.environ.setdefault("GROWTH_POINTS_FIRST_MONTH", str(CLOSED[-1] + 1))
        if unused:
            echo(_not_used(unused), err=True)

    def write(self) -> None:
        """Write the settlement files of all its months, unless they exist."""
        write_sample(
            self.root,
            sellers=self.sellers,
            lines=self.lines,
            months=[*HISTORY, *CLOSED],
            seed=self.seed,
            file_format="parquet",
            progress=lambda month: say(
                sentence("wrote the settlement files of {month}", month=month)
            ),
        )

    def close_and_pay(self, months: Iterable[SettlementMonth] = CLOSED) -> "list[Closing]":
        """Ingest the history, then close and pay months in order; needs a Prefect server."""
        with ready_for_flows():
            from flows.closing.flow import close_month
            from flows.ingesting.flow import ingest_month
            from flows.paying.approve_payout import approve_if_it_waits
            from flows.paying.flow import pay_out_on
            from flows.settings import Settings

            for month in HISTORY:
                ingest_month(str(month), str(self.root), "commit")
            closings = []
            for month in months:
                closed = close_month(str(month), str(self.root), "commit", reason="demo")
                closing = closed.closing
                approve_if_it_waits(Settings.read(), month, closing.request.cause)
                pay_out_on(closing.payouts[month].due_on)
                closings.append(closing)
        return closings

    def reward(self, closing: "Closing") -> None:
        """Pay two days of rewards that two stores with the lowest awards of a closing give."""
        from flows.rewarding.flow import pay_rewards

        lowest = sorted(closing.closed.earned, key=lambda award: (award.tier, award.seller_id))
        write_reward_days(self.root, [award.seller_id for award in lowest[:5][-2:]])
        with ready_for_flows():
            for day in REWARD_DAYS:
                pay_rewards(str(day), str(self.root), "commit")


def _not_used(names: Sequence[str]) -> str:
    from adapters.languages.catalog import say as say_in
    from flows.settings import Settings

    said = sentence(
        "The demo has a database, files and policies of its own and does not use {names}.",
        names=", ".join(names),
    )
    return say_in(said, Settings.read().language)


def run_demo(demo: Demo) -> None:
    """Write the sample, close and pay six months of it, and show the result."""
    demo.enter()
    with progress(sentence("closing six months of a sample marketplace")):
        prepare_prefect(demo.own_home)
        start_gate()
        demo.write()
        closings = demo.close_and_pay()
        demo.reward(closings[-1])
    print_section(_months(closings))
    print_section(_why_not(closings))
    show_uses(demo, closings[-1])
    echo(_next_steps(demo.own_home, closings[-1]))


def _months(closings: Sequence["Closing"]) -> Section:
    tiers = closings[0].closed.policy.tiers
    columns: tuple[Text, ...] = (
        sentence("month"),
        sentence("sellers"),
        sentence("lines"),
        sentence("amount, KRW"),
        *(sentence("tier {number}", number=t.number) for t in tiers),
    )
    return Section(
        sentence("Six months, closed in order and paid"),
        (*columns, sentence("points"), sentence("paid on"), sentence("because")),
        tuple(tuple(_month(closing)) for closing in closings),
    )


def _month(closing: "Closing") -> Iterator[Text]:
    month = closing.closed
    planned = closing.payouts[month.month]
    awards = Counter(award.tier for award in month.earned)
    yield str(month.month)
    yield f"{month.revision.sellers:,}"
    yield f"{month.revision.lines:,}"
    yield f"{month.revision.amount_krw:,}"
    yield from (f"{awards[tier.number]:,}" for tier in month.policy.tiers)
    yield f"{total_points(month.earned):,}"
    yield planned.due_on.isoformat()
    passed = [joined((day[8:], Word("holiday", name)), " ") for day, name in planned.passed_over]
    yield joined(passed, ", ") if passed else sentence("the 10th")


def _why_not(closings: Sequence["Closing"]) -> Section:
    counts = [closing.funnel.counts for closing in closings]
    return Section(
        sentence("Why stores got nothing, each counted once for each reason"),
        (Word("column", "reason"), *(str(closing.closed.month) for closing in closings)),
        tuple(
            (
                Word("reason", reason),
                *(f"{count.get(reason, 0):,}" for count in counts),
            )
            for reason in Reason
            if any(reason in count for count in counts)
        ),
    )


def _uses(demo: Demo, closing: "Closing") -> Section:
    from console.demo_uses import Uses, simulated_ad_system, use_points
    from flows.occasion import this_occasion
    from flows.program import program_calendar, program_database, program_policies
    from flows.settings import Settings

    settings, occasion = Settings.read(), this_occasion()
    with (
        program_database(settings) as engine,
        simulated_ad_system(demo.own_home / "ad-system.db") as ad_system,
    ):
        resources = program_policies(settings), program_calendar(settings)
        uses = Uses(engine, ad_system, occasion.cause("demo"), *resources)
        awarded, another = _awarded(engine, closing), _never_awarded(engine, closing)
        return use_points(uses, awarded, another, occasion.today)


def show_uses(demo: Demo, closing: "Closing") -> None:
    """Let stores with an award of a closing use their points, and show what came of it."""
    from flows.program import program_database
    from flows.settings import Settings

    print_section(_uses(demo, closing))
    with program_database(Settings.read()) as engine:
        print_section(rewards_given(engine))


def _awarded(engine: "Engine", closing: "Closing") -> list[str]:
    """Return the stores with an award, those of a closing first."""
    newest = {award.seller_id for award in closing.closed.earned}
    with engine.connect() as connection:
        every = {award.seller_id for award in standing_awards(connection)}
    return [*sorted(newest), *sorted(every - newest)]


def _never_awarded(engine: "Engine", closing: "Closing") -> str:
    """Return the first store that a closing decided and that was never awarded."""
    with engine.connect() as connection:
        awarded = {award.seller_id for award in standing_awards(connection)}
        decided = decisions(connection, closing.closed.evaluation.evaluation_id)
        return next(each.seller_id for each in decided if each.seller_id not in awarded)


def _next_steps(home: Path, closing: "Closing") -> Text:
    award = max(closing.closed.earned, key=lambda award: (award.tier, award.seller_id))
    command = _as_called()
    return sentence(
        "\nAsk about any of it; the demo's database stays in {home}:\n  export "
        "GROWTH_POINTS_HOME={home}\n  {command} explain {seller_id} "
        "{month}\n  {command} ledger --seller {seller_id}\n  "
        "{command} statement {seller_id}\n  {command} conversions\n  {command} "
        "rewards {day}\n  {command} decisions {month} --output "
        "csv\n  {command} verify",
        home=home,
        command=command,
        seller_id=award.seller_id,
        month=award.settlement_month,
        day=REWARD_DAYS[0],
    )


def _as_called() -> str:
    called = Path(sys.argv[0])
    return called.name if which(called.name) else str(called)
