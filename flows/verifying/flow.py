"""The `verify` flow: derive everything that can be derived again, and compare."""

import logging
from collections.abc import Sequence

from prefect import flow
from prefect.artifacts import create_table_artifact

from adapters.languages.catalog import say
from adapters.postgres.ledger import chain_head
from adapters.postgres.verification.difference import Difference
from adapters.postgres.verification.verify import verify as differences
from domain.refusal import Refused
from domain.sentence import Word, sentence, sentences
from domain.written import legible
from flows.clocks import warn_about_clocks
from flows.prefect.endings import step, telling
from flows.program import program_database, program_senders
from flows.settings import Settings
from flows.verifying.kept_heads import heads_in_reports
from flows.verifying.published_heads import coverage, read_places
from flows.verifying.replay import replay_decisions

log = logging.getLogger("growth_points.verify")


class RecordsDiffer(Refused):
    """Records differ from what can be derived from them."""

    def __init__(self, found: Sequence[Difference]) -> None:
        super().__init__(
            sentences(
                "{count:,} difference from what was recorded: {first}. Do not close or pay a month "
                "before this is understood.",
                "{count:,} differences from what was recorded, the first: {first}. Do not close or "
                "pay a month before this is understood.",
                count=len(found),
                first=found[0].named,
            )
        )
        self.found = tuple(found)


@flow(name="verify", flow_run_name="verify")
@telling
def verify_program(replay: bool = False) -> None:
    """Derive everything that can be derived again; fail and list what differs.

    Args:
        replay: Also decide every closed month again, seller by seller; this takes longer.
    """
    settings = Settings.read()
    found, language = compare(settings, replay), settings.language
    if found:
        rows = [
            {
                "check": say(Word("check", each.check), language),
                "difference": legible(say(each.text, language)),
            }
            for each in found
        ]
        create_table_artifact(
            rows, key="verify", description=say(sentence("What differs"), language)
        )
        raise RecordsDiffer(found)


@step(name="derive again and compare")
def compare(settings: Settings, replay: bool) -> tuple[Difference, ...]:
    """Collect all differences, and log what heads outside cover."""
    places = read_places(settings)
    with program_database(settings) as engine:
        warn_about_clocks(engine)
        with engine.connect() as connection:
            found = list(
                differences(
                    connection,
                    known_heads=heads_in_reports(settings.reports),
                    senders=program_senders(settings),
                    published={each.name: each.heads for each in places},
                )
            )
            if replay:
                found += replay_decisions(connection)
            if not found:
                for covered in coverage(places, chain_head(connection)):
                    log.info(covered)
    return tuple(found)
