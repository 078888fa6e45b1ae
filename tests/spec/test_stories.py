"""The stories of docs/stories.md, each run against PostgreSQL and checked row by row."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from adapters.postgres.verification.verify import verify
from flows.verifying.replay import replay_decisions
from tests.closings import Program, Sold
from tests.spec.stories import STORE, STORIES, Story, Telling, read_stories
from tests.spec.tables import NotUnderstood

ALL = tuple(read_stories(STORIES))
BEFORE = ("2026-07", "2026-08", "2026-09")


@pytest.fixture
def program(engine: Engine, tmp_path: Path) -> Program:
    """A program whose store sold nothing so far."""
    program = Program(engine, tmp_path)
    for name in BEFORE:
        program.ingest(name, {STORE: Sold(0)})
    return program


@pytest.mark.parametrize("story", ALL, ids=str)
def test_it_goes_as_the_page_tells(program: Program, story: Story) -> None:
    telling = Telling(program)
    for row in story.rows:
        assert telling.step(row) == row

    with program.engine.connect() as connection:
        assert [*verify(connection), *replay_decisions(connection)] == []


def test_an_event_that_is_none_is_an_error(program: Program) -> None:
    (*_, story) = ALL

    with pytest.raises(NotUnderstood, match="no event: 'delivered nothing at all'"):
        Telling(program).step({**story.rows[0], "event": "delivered nothing at all"})


def test_a_table_that_is_no_story_is_an_error() -> None:
    assert len(ALL) > 1

    with pytest.raises(NotUnderstood, match="no story: A tier that was skipped is lost"):
        tuple(
            read_stories(STORIES.replace("skipped is lost\n\n| month", "skipped is lost\n\n| when"))
        )
