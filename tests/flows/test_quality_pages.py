"""The data-quality pages after a run: trouble of writing them is told, a fault is not hidden."""

import logging
from pathlib import Path

import pytest
from sqlalchemy import Engine

from flows.ingesting import quality_pages
from flows.ingesting.quality_pages import refresh_quality_pages
from flows.settings import Settings
from tests.deliveries import MONTH

GONE = "postgresql://nobody@127.0.0.1:1/none"


@pytest.fixture
def settings(tmp_path: Path, engine: Engine, database_url: str) -> Settings:
    """A home without pages yet, and a database."""
    return Settings(home=tmp_path, database_url=database_url)


def test_a_folder_that_cannot_be_written_is_told(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.docs.write_text("a file where the folder should be")

    _refresh(settings, caplog, "File exists")


def test_a_database_that_cannot_be_reached_is_told(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    _refresh(settings.model_copy(update={"database_url": GONE}), caplog, "No connection to")


def test_a_record_that_is_damaged_is_told(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = settings.docs / "results" / str(MONTH) / "000001-cut-off.json"
    damaged.parent.mkdir(parents=True)
    damaged.write_text('{"settlement_month": ')

    _refresh(settings, caplog, f"{damaged} is damaged")


def test_a_fault_of_ours_is_not_hidden(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(*_: object) -> Path:
        raise AttributeError("a template asks for what is not there")

    monkeypatch.setattr(quality_pages, "publish_pages", faulty)

    with pytest.raises(AttributeError):
        refresh_quality_pages(settings)


def _refresh(settings: Settings, caplog: pytest.LogCaptureFixture, told: str) -> None:
    with caplog.at_level(logging.WARNING, logger="growth_points.quality_pages"):
        refresh_quality_pages(settings)
    assert "the data-quality pages could not be written: " in caplog.text
    assert told in caplog.text
