"""The query engine: DuckDB in this process, with a memory limit and spilling to disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from adapters.ingest import written_values

_MEMORY_LIMIT = "1200MB"

# A number or date is read only if it round-trips to the same text, or the text matches the slower
# pattern: a bare cast would round 1.5 to 2 and accept 1_000 and 1e3.
_MACROS = r"""
CREATE MACRO whole_number(written) AS CASE
  WHEN TRY_CAST(written AS BIGINT)::VARCHAR = written THEN TRY_CAST(written AS BIGINT)
  WHEN regexp_full_match(written, '\s*[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.0{1,2}|\.0{4,})?\s*')
  THEN TRY_CAST(replace(regexp_replace(written, '\.0+\s*$', ''), ',', '') AS BIGINT) END;
CREATE MACRO calendar_date(written) AS CASE
  WHEN TRY_CAST(written AS DATE)::VARCHAR = written AND isfinite(TRY_CAST(written AS DATE))
  THEN TRY_CAST(written AS DATE)
  WHEN regexp_full_match(written, ' *[0-9]{4}([-.])[0-9]{2}[-.][0-9]{2}( 00:00:00)? *')
  THEN TRY_CAST(replace(left(trim(written), 10), '.', '-') AS DATE) END;
CREATE MACRO yes_or_no(written) AS CASE
  WHEN written = 'true' THEN true WHEN written = 'false' THEN false
  WHEN lower(trim(written)) IN ('true', 't', 'yes', 'y', '1') THEN true
  WHEN lower(trim(written)) IN ('false', 'f', 'no', 'n', '0') THEN false END;
-- Korea has kept UTC+9 without summer time since 1988.
CREATE MACRO date_in_seoul(instant) AS
  CASE WHEN isfinite(instant) THEN make_timestamp(epoch_us(instant) + 32400000000)::DATE END;
"""


@contextmanager
def open_engine(spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory engine that spills to the folder `spill`.

    It downloads no extensions, and does not preserve the order of rows.
    """
    spill.mkdir(parents=True, exist_ok=True)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY_LIMIT,
        "temp_directory": str(spill),
        "preserve_insertion_order": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    with duckdb.connect(config=settings) as connection:
        define_macros(connection)
        yield connection


def define_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the macros that `reading_sql` uses in an engine."""
    connection.execute(_MACROS)
    connection.execute(written_values.macros())
