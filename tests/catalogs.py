"""Catalogs of tables for tests: Sail with one of Iceberg's and one of Delta's, over a folder.

Sail writes the tables itself. What a catalog answers is read from the tables' own files: of Iceberg
by the REST interface of Iceberg's catalogs, of Delta by that of Unity Catalog.
"""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from uuid import NAMESPACE_URL, uuid5

import pyarrow as pa
import pytest

SCHEMA: Final = "market"
DELTA_IS_AT: Final = ""
"""Where the catalog of Delta says its tables are, if not where they are."""

_NONE: Final = {"error": {"message": "there is none", "type": "NoSuchTable", "code": 404}}
_VARIABLE: Final = "SAIL_CATALOG__LIST"


@dataclass(slots=True)
class Catalogs:
    """A cluster at an address whose tables are in a folder; `session` writes them.

    The catalog of Delta says of its tables that they have `other_format`, if that is set.
    """

    folder: Path
    address: str = ""
    session: Any = None
    other_format: str | None = None

    def empty(self, form: str = "*", table: str = "*") -> None:
        """Remove tables, all by default."""
        for place in self.folder.glob(f"{form}/{table}"):
            shutil.rmtree(place)
        self.other_format = None

    def write(self, form: str, table: str, rows: pa.Table, *, mode: str = "append") -> None:
        """Write rows to a table of Iceberg or Delta, which is made if it is not there."""
        frame = self.session.createDataFrame(rows)
        place = self.folder / form / table
        frame.write.format(form).mode(mode).save(str(place))


@contextmanager
def catalogs(folder: Path) -> Iterator[Catalogs]:
    """Run Sail in this process with the catalogs `iceberg` and `delta`, both over a folder."""
    pysail = pytest.importorskip("pysail.spark", reason="pysail is not installed")
    from pyspark.sql.connect.session import SparkSession

    running = Catalogs(folder)
    answers = ThreadingHTTPServer(("127.0.0.1", 0), _answering(running))
    threading.Thread(target=answers.serve_forever, daemon=True).start()
    uri = f"http://127.0.0.1:{answers.server_address[1]}"
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = (
        f'[{{type="iceberg-rest", name="iceberg", uri="{uri}"}}, '
        f'{{type="unity", name="delta", uri="{uri}/unity"}}]'
    )
    os.environ["SAIL_CATALOG__DEFAULT_CATALOG"] = "iceberg"
    server = pysail.SparkConnectServer()
    try:
        server.start()
        running.address = f"sc://127.0.0.1:{server.listening_address[1]}"
        running.session = SparkSession.builder.remote(running.address).create()
        yield running
    finally:
        if running.session is not None:
            running.session.stop()  # while its server answers
        server.stop()
        answers.shutdown()
        answers.server_close()
        del os.environ["SAIL_CATALOG__DEFAULT_CATALOG"]
        del os.environ[_VARIABLE]
        if before is not None:
            os.environ[_VARIABLE] = before


def _answering(running: Catalogs) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = _answer(running, unquote(urlsplit(self.path).path).strip("/").split("/"))
            body = json.dumps(
                answer or {"error": {"message": "none", "type": "NoSuch", "code": 404}}
            )
            self.send_response(200 if answer else 404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    return Answering


def _answer(running: Catalogs, asked: list[str]) -> dict[str, Any] | None:
    match asked:
        case ["v1", "config"]:
            return {"defaults": {}, "overrides": {}}
        case ["v1", "namespaces", namespace, "tables", table] if namespace == SCHEMA:
            return _of_iceberg(running.folder / "iceberg" / table)
        case ["unity", "tables", name] if name.split(".")[1:2] == [SCHEMA]:
            found = _of_delta(running.folder / "delta" / name.rpartition(".")[2])
            if found and running.other_format:
                found["data_source_format"] = running.other_format
            return found
    return None


def _of_iceberg(table: Path) -> dict[str, Any] | None:
    found = sorted(table.glob("metadata/*.metadata.json"), key=lambda file: file.stat().st_mtime_ns)
    if not found:
        return None
    metadata = json.loads(found[-1].read_text())
    return {"metadata-location": f"file://{found[-1]}", "metadata": metadata, "config": {}}


def _of_delta(table: Path) -> dict[str, Any] | None:
    log = sorted(table.glob("_delta_log/*.json"))
    actions = [json.loads(line) for file in log for line in file.read_text().splitlines()]
    schemas = [each["metaData"]["schemaString"] for each in actions if "metaData" in each]
    if not schemas:
        return None
    fields = json.loads(schemas[-1])["fields"]
    return {
        "name": table.name,
        "catalog_name": "unity",
        "schema_name": SCHEMA,
        "table_type": "EXTERNAL",
        "data_source_format": "DELTA",
        "storage_location": f"file://{DELTA_IS_AT or table}",
        "table_id": str(uuid5(NAMESPACE_URL, str(table))),
        "properties": {},
        "columns": [_column(place, field) for place, field in enumerate(fields)],
    }


def _column(place: int, field: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": field["name"],
        "position": place,
        "nullable": True,
        "type_text": field["type"],
        "type_name": field["type"].upper(),
        "type_json": json.dumps(field),
    }
