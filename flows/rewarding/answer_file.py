"""The answer to a reward day: every entry with what became of it, as a file for the marketplace."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from adapters.postgres.reward_answer import write_answer
from adapters.whole_file import written_whole
from flows.reports.keeping import report_folder
from flows.settings import Settings


def keep_answers(connection: Connection, settings: Settings, days: Iterable[date]) -> None:
    """Write the answer to each day anew, beside its report."""
    for day in days:
        file = answer_file(settings, day)
        file.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(file) as unfinished, unfinished.open("wb") as target:
            write_answer(connection, day, target)


def answer_file(settings: Settings, day: date) -> Path:
    """Return where the answer to a day is."""
    return report_folder(settings, day) / "answer.csv"
