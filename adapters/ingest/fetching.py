"""Fetching a period's objects from an object store, but for what a cluster reads there."""

from pathlib import Path, PurePosixPath

from adapters.ingest.engines.address import EMBEDDED
from adapters.ingest.engines.stored_files import StoredFile, keep_stand_ins, stays
from adapters.ingest.file_names import may_belong
from adapters.ingest.file_problem import FileProblem
from adapters.ingest.object_store import StoredObject, fetch_objects, list_objects
from adapters.ingest.problems import Problems
from domain.delivery import Period, expected_of
from domain.sentence import sentence


def fetch_delivery(
    source: str, into: Path | None, period: Period, problems: Problems, engine: str
) -> tuple[Path, dict[Path, StoredFile]]:
    """Fetch a period's objects into a folder; return it, and which of its files are stand-ins."""
    if into is None:
        raise ValueError("a delivery in an object store needs a folder to be fetched into")
    folder, stored = into / str(period), dict[Path, StoredFile]()
    with problems.collecting(source):
        listed = _listed(source, period)
        staying = {name for name in listed if engine != EMBEDDED and stays(name, period)}
        fetched = listed.keys() - staying
        fetch_objects(source, folder, {name: listed[name].size for name in fetched})
        if staying:
            stored |= keep_stand_ins(folder, {name: listed[name] for name in staying}, engine)
            if _listed(source, period) != listed:
                told = sentence("its files changed while they were fetched; run the command again")
                raise FileProblem("store_changing", told)
    problems.refuse_if_any(period, source)
    return folder, stored


def _listed(source: str, period: Period) -> dict[str, StoredObject]:
    expected = expected_of(period)
    listed = list_objects(source).items()
    return {name: each for name, each in listed if may_belong(PurePosixPath(name).name, expected)}
