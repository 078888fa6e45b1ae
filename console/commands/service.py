"""The commands about the service: up, serve, alarms, and sample marketplaces."""

from datetime import date
from pathlib import Path
from typing import Any, Literal

import click

from console.commands.parameters import DAYS, MONTHS
from console.commands.running import read_settings, until_stopped
from console.help import command
from console.output import echo
from domain.months import SettlementMonth
from domain.sentence import sentence, sentences


@command(short_help="Run everything: database, UI, schedules.")
@click.option("--port", type=click.IntRange(0, 65535), default=4200, show_default=True)
@click.option("--demo", is_flag=True, help="Use a sample marketplace; its last month is open.")
def up(port: int, demo: bool) -> None:
    """Run database, Prefect server with its UI, deployments and schedules, until Ctrl-C.

    It listens on PORT and the next two, for this machine only. Started again, it continues where it
    ended. The third is that of the stores' page, if GROWTH_POINTS_STORES_JWKS is set; with --demo
    it lists sample stores: choose one to open its page.
    """
    from console.demo import CLOSED, Demo, show_uses
    from console.demo_stores import list_demo_stores, make_demo_key
    from console.demo_uses import with_ad_system
    from console.progress import progress
    from console.up import run_up

    settings = read_settings()
    if not demo:
        run_up(settings, port)
        return
    sample = Demo(settings.home / "up")  # `growth-points demo` closes all of its months
    sample.enter()

    def close_all_but_the_last() -> None:
        with progress(sentence("closing five months of a sample marketplace")):
            sample.write()
            closing = sample.close_and_pay(CLOSED[:-1])[-1]
            sample.reward(closing)
        show_uses(sample, closing)

    key = make_demo_key(sample.own_home / "stores.jwks")
    with with_ad_system(sample.own_home / "ad-system.db"):
        settings = read_settings()
        run_up(
            settings,
            port,
            close_all_but_the_last,
            lambda app: list_demo_stores(app, key, settings),
        )


@command(short_help="Serve the operators' pages, and figures for Prometheus.")
@click.option("--port", type=click.IntRange(0, 65535), default=4201, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
def serve(port: int, host: str) -> None:
    """Serve the operators' pages, reports and /metrics until Ctrl-C; `up` includes this."""
    from web.serving import serve_until_stopped

    serve_until_stopped(read_settings(), port, host, lambda url: echo(until_stopped(url)))


@command(short_help="Serve the stores' page and interface.")
@click.option("--port", type=click.IntRange(0, 65535), default=4202, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
def serve_stores(port: int, host: str) -> None:
    """Serve the stores' page and the marketplace's interface until Ctrl-C.

    It needs GROWTH_POINTS_STORES_JWKS and GROWTH_POINTS_STORES_ISSUER, and works as the role
    growth_points_stores. The interface describes itself at /api/v1/docs.
    """
    from web.stores.serving import serve_stores_until_stopped

    serve_stores_until_stopped(read_settings(), port, host, lambda url: echo(until_stopped(url)))


@command(short_help="Apply the alarms to the Prefect server.")
@click.option("--webhook", metavar="URL", help="Send them to this webhook, as JSON with a text.")
def alarms(webhook: str | None) -> None:
    """Apply the alarms to the Prefect server; `up` includes this. It may be repeated.

    They are sent through the notification block growth-points-alarms, whatever its type; --webhook
    creates one.
    """
    from console.prefect_server import apply_alarms_now

    echo(apply_alarms_now(read_settings(), webhook))


@command(short_help="Six months of a sample marketplace, in tables.")
@click.option("--seed", default=1, show_default=True, help="Each seed is another marketplace.")
@click.option("--sellers", default=3_000, show_default=True)
@click.option("--lines", default=60_000, show_default=True, help="Settlement lines a month.")
def demo(seed: int, sellers: int, lines: int) -> None:
    """Close and pay six months of a sample marketplace, and show them in tables.

    It has its own home and database; run again, it shows the same.
    """
    from console.demo import Demo, run_demo

    run_demo(Demo(read_settings().home, sellers, lines, seed))


@command(short_help="Write a sample marketplace's settlement files.")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--sellers", default=5_000, show_default=True, help="Stores in the last month.")
@click.option("--lines", default=200_000, show_default=True, help="Settlement lines a month.")
@click.option("--months", type=MONTHS, default="2026-05..2026-10", show_default=True)
@click.option("--rewards", "days", type=DAYS, default=None, help="Reward days, FIRST..LAST.")
@click.option("--entries", default=20_000, show_default=True, help="Reward entries a day.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same files.")
@click.option("--format", "file_format", type=click.Choice(["parquet", "csv"]), default="parquet")
def sample(
    directory: Path,
    sellers: int,
    lines: int,
    months: tuple[SettlementMonth, ...],
    days: tuple[date, ...] | None,
    entries: int,
    seed: int,
    file_format: Literal["parquet", "csv"],
) -> None:
    """Write the settlement files of a realistic marketplace into DIRECTORY."""
    from adapters.sample import write_rewards, write_sample
    from console.progress import progress, say

    def written(period: SettlementMonth | date) -> None:
        say(sentence("{period} is written", period=period))

    drawn: dict[str, Any] = {
        "sellers": sellers,
        "seed": seed,
        "file_format": file_format,
        "progress": written,
    }
    with progress(sentence("writing the sample marketplace")):
        write_sample(directory, lines=lines, months=months, **drawn)
        if days:
            write_rewards(directory, entries=entries, days=days, **drawn)
    echo(
        sentences(
            "{count} month in {directory}; close it with: growth-points close MONTH --from "
            "{directory}",
            "{count} months in {directory}; close one with: growth-points close MONTH --from "
            "{directory}",
            count=len(months),
            directory=directory,
        )
    )
