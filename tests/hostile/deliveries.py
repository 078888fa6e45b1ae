"""Hostile deliveries by seed: sound files of a month or a day, harmed in one to four ways."""

import csv
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from tests.deliveries import MONTH, Row, SmallDelivery
from tests.reward_days import DAY, SmallRewardDay
from tests.workbooks import write_workbook

TEXTS = (
    *(
        "[/x]",
        "[fix]",
        "[link=http://evil]a[/link]",
        ":smile:",
        "\x1b[31mred",
        "\x1b]8;;http://e\x07",
    ),
    *(
        "a\u202eb",
        "\u200b",
        "\ufeff",
        "\x00",
        "\x9b2J",
        "a\rb",
        "a\nb",
        "a\tb",
        '"',
        "'",
        "''",
        "\\",
        "`",
    ),
    *(
        "=1+1",
        "+1",
        "-1",
        "@a",
        "=HYPERLINK(0)",
        "<b>",
        "&amp;",
        "{{ 7 }}",
        "{% raw",
        "%s%n",
        "{0}",
    ),
    *(
        "'; DROP TABLE run; --",
        "../../etc/passwd",
        "/dev/zero",
        "seller_id=a",
        "NULL",
        "nan",
        "inf",
    ),
    *("가" * 70, "９", "\U0001f600", "e\u0301", "\ud7a3" * 3, "x" * 100_000, "", " ", "\u3000"),
)
NUMBERS = (
    *("9" * 20, "-" + "9" * 400, "1e309", "0x10", "1_000", "1,00", "１０", "1.5", "1.0000", "--1"),
    *(
        "+5",
        "-0",
        "9223372036854775807",
        "-9223372036854775808",
        "1000000000001",
        "NaN",
        "Infinity",
    ),
)
DATES = (
    *("2026-02-30", "0000-01-01", "9999-12-31", "10000-01-01", "2026-10-07 (BC)", "infinity"),
    *("2026-10-07T00:00:00Z", "20261007", "07.10.2026", "46302", "epoch", "2026-10-07 24:00:00"),
)
HEADERS = (
    "seller_id",
    "SELLER_ID",
    "판매자",
    "payment amount krw",
    "confirmed_on ",
    "a" * 3_000,
    "",
    "\x00",
)
ENCODINGS = ("utf-8", "utf-8-sig", "cp949", "utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7")
NAMES = (
    "[/x]",
    "\x1b[2J",
    "=1",
    "\u202e",
    "..",
    "정산",
    "정산".encode("cp949"),
    "a\nb",
    "*",
    "?",
    "$(id)",
    "x" * 200,
)
JSON = (
    "",
    "{",
    "[]",
    "null",
    "[" * 100_000,
    '{"a":' * 50_000,
    "1e400",
    "9" * 5_000,
    '"\\ud800"',
    "\xff",
)

_SUMMED = {"settlements": "payment_amount_krw", "rewards": "points"}


@dataclass
class Hostile:
    """A delivery while it is made: its rows, then its files by name, and what was done to it."""

    seed: int
    chance: random.Random
    rows: dict[str, list[Row]] = field(default_factory=dict)
    encoding: str = "utf-8"
    files: dict[Any, bytes] = field(default_factory=dict)
    harms: list[str] = field(default_factory=list)

    @property
    def main(self) -> str:
        """The content of which there is most: settlements, or rewards."""
        return next(iter(self.rows))

    def pick_file(self) -> Any:
        """Choose a file."""
        return self.chance.choice(list(self.files))


Harm = Callable[[Hostile], None]


def _value(it: Hostile) -> None:
    rows = it.rows[it.chance.choice(list(it.rows))]
    for _ in range(it.chance.randint(1, 3)):
        row = it.chance.choice(rows)
        column = it.chance.choice(list(row))
        row[column] = it.chance.choice((*TEXTS, *NUMBERS, *DATES))


def _column(it: Hostile) -> None:
    rows = it.rows[it.chance.choice(list(it.rows))]
    column, text = it.chance.choice(list(rows[0])), it.chance.choice((*TEXTS, *NUMBERS, *DATES))
    for row in rows:
        row[column] = text


def _store(it: Hostile) -> None:
    """Give a store a hostile id everywhere, as a sender with such stores would."""
    text = it.chance.choice(TEXTS)
    for rows in it.rows.values():
        for row in rows:
            if row.get("seller_id") == "store-b":
                row["seller_id"] = text


def _header(it: Hostile) -> None:
    content = it.chance.choice(list(it.rows))
    old = it.chance.choice(list(it.rows[content][0]))
    new = it.chance.choice((*HEADERS, *TEXTS))
    it.rows[content] = [
        {new if name == old else name: value for name, value in row.items()}
        for row in it.rows[content]
    ]


def _many_columns(it: Hostile) -> None:
    content = it.chance.choice(list(it.rows))
    more = {f"c{number}": "x" for number in range(it.chance.choice((50, 3_000)))}
    for row in it.rows[content]:
        row.update(more)


def _encoding(it: Hostile) -> None:
    it.encoding = it.chance.choice(ENCODINGS)


def _amounts(it: Hostile) -> None:
    for row in it.rows[it.main]:
        row[_SUMMED[it.main]] = str(it.chance.choice((1, -1)) * 10**12)


def _cut(it: Hostile) -> None:
    name = it.pick_file()
    it.files[name] = it.files[name][: it.chance.randrange(len(it.files[name]) + 1)]


def _flip(it: Hostile) -> None:
    name = it.pick_file()
    content = bytearray(it.files[name])
    for _ in range(it.chance.choice((1, 5, 50))):
        if content:
            content[it.chance.randrange(len(content))] = it.chance.randrange(256)
    it.files[name] = bytes(content)


def _insert(it: Hostile) -> None:
    name = it.pick_file()
    place = it.chance.randrange(len(it.files[name]) + 1)
    odd = it.chance.choice(
        (
            b"\0" * 10,
            b'"',
            b"\r",
            b"\n" * 1_000,
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            it.chance.randbytes(300),
        )
    )
    it.files[name] = it.files[name][:place] + odd + it.files[name][place:]


def _mislabel(it: Hostile) -> None:
    name = it.pick_file()
    ending = it.chance.choice((".csv", ".parquet", ".xlsx", ".csv.gz", ".csv.zst", ".zip", ".xls"))
    it.files[f"{str(name).split('.')[0]}{ending}"] = it.files.pop(name)


def _name(it: Hostile) -> None:
    name, odd = it.pick_file(), it.chance.choice(NAMES)
    if isinstance(odd, bytes):
        it.files[it.main.encode() + odd + b".csv"] = it.files[name]
    else:
        it.files[f"{str(name).split('.')[0]}{odd.replace('/', ':')}.csv"] = it.files[name]


def _folder(it: Hostile) -> None:
    odd = it.chance.choice(NAMES)
    if isinstance(odd, str):
        name = f"seller_id={odd.replace('/', '%2F')}/{it.main}.csv"
        it.files[name] = it.files[it.pick_file()]


def _huge_line(it: Hostile) -> None:
    name = f"{it.main}-huge{it.chance.choice(('.csv', '.csv.gz'))}"
    line = it.chance.choice((b"x", b"x,", b'"x', b"\0", b'"\n')) * it.chance.choice((10**5, 10**7))
    content = _csv(it.rows[it.main], "utf-8") + line
    it.files[name] = gzip.compress(content, 1) if name.endswith("gz") else content


def _packed_line(it: Hostile) -> None:
    """Pack one line of a gigabyte into a megabyte."""
    packed, content = io.BytesIO(), it.chance.choice((b"x", b"\0", b",", b"\n", b'"')) * (1 << 24)
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        file.write(_csv(it.rows[it.main], "utf-8"))
        for _ in range(64):
            file.write(content)
    it.files[f"{it.main}-packed.csv.gz"] = packed.getvalue()


def _manifest(it: Hostile) -> None:
    names = [str(name) for name in it.files]
    entry = {"name": it.chance.choice(names), "rows": 10**30, _SUMMED[it.main]: "[/x]"}
    period = {"settlement_month": str(MONTH), "day": str(DAY)}
    texts = (*JSON, json.dumps(period | {"files": [entry], "sellers": 1}))
    it.files["manifest.json"] = it.chance.choice(texts).encode("latin-1")


_SHEET = (
    "<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData>"
    "{}</sheetData></worksheet>"
)
_FIRST = "<row r='1'><c r='A1'><v>1</v></c></row>"
_SHEETS = (
    _FIRST + "<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>",
    _FIRST + "<row r='4000000000'><c r='A4000000000'><v>1</v></c></row>",
    "<row r='1'><c r='A1'>" + "<x>" * 100_000 + "</x>" * 100_000 + "</c></row>",
    "<row r='2'><c r='B2'><v>1</v></c></row>" + _FIRST,
    "<row r='1'><c r='A1' t='s'><v>99</v></c></row>",
    "<row r='1'><c r='A1' t='d'><v>9999999999</v></c><c r='B1' t='b'><v>x</v></c></row>",
    "<row r='1'><c r='A1' t='inlineStr'><is><t>" + "x" * 3_000_000 + "</t></is></c></row>",
    "<row r='1'>" + "<c><v>1</v></c>" * 20_000 + "</row>",
    "",
)


def _workbook(it: Hostile) -> None:
    """Replace a part of a workbook, or damage the list of its parts."""
    content = _packed_workbook(it.rows[it.main])
    if it.chance.random() < 0.5:
        content = _with_part(content, "xl/worksheets/sheet1.xml", it.chance.choice(_SHEETS))
    else:
        damaged = bytearray(content)
        start = damaged.find(b"PK\1\2")
        for _ in range(it.chance.randint(1, 8)):
            damaged[it.chance.randrange(start, len(damaged))] = it.chance.randrange(256)
        content = bytes(damaged)
    it.files = {name: data for name, data in it.files.items() if it.main not in str(name)}
    it.files[f"{it.main}.xlsx"] = content


def _bomb(it: Hostile) -> None:
    """Pack a sheet of 400 megabytes of one cell, of cells or of spaces."""
    sheet = it.chance.choice(("<c><v>1</v></c>", "x", " ", "<row>")) * 1_000_000
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with zipfile.ZipFile(io.BytesIO(_packed_workbook(it.rows[it.main]))) as sound:
            for name in sound.namelist():
                if "sheet1" not in name:
                    archive.writestr(name, sound.read(name))
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            start, end = _SHEET.split("{}")
            part.write(start.encode() + b"<row r='1'>")
            for _ in range(25):
                part.write(sheet.encode())
            part.write(b"</row>" + end.encode())
    it.files[f"{it.main}-bomb.xlsx"] = packed.getvalue()


def _with_part(content: bytes, name: str, sheet: str) -> bytes:
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as sound,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for each in sound.namelist():
            part = _SHEET.format(sheet) if each == name else sound.read(each)
            archive.writestr(each, part)
    return packed.getvalue()


ROW_HARMS: tuple[Harm, ...] = (
    *(_value, _value, _value, _column, _store, _store, _header, _many_columns, _encoding, _amounts),
)
FILE_HARMS: tuple[Harm, ...] = (
    *(_cut, _cut, _flip, _flip, _flip, _insert, _insert, _mislabel, _name, _folder),
    *(_huge_line, _manifest, _workbook, _workbook),
)
LARGE_HARMS: tuple[Harm, ...] = (_packed_line, _bomb)


def hostile_delivery(seed: int, root: Path) -> Hostile:
    """Write the hostile delivery of a seed into a month's folder in `root`."""
    small = SmallDelivery(root)
    return _harmed(seed, {"settlements": small.lines, "sellers": small.sellers}, small.folder)


def hostile_rewards(seed: int, root: Path) -> Hostile:
    """Write the hostile reward day of a seed into its folder in `root`."""
    small = SmallRewardDay(root)
    return _harmed(seed, {"rewards": small.entries}, small.folder)


def _harmed(seed: int, rows: dict[str, list[Row]], folder: Path) -> Hostile:
    chance = random.Random(seed)  # noqa: S311 reproducible
    it = Hostile(seed, chance, rows)
    for harm in chance.sample(ROW_HARMS, chance.choice((0, 1, 1, 2))):
        _apply(harm, it)
    for content, harmed in it.rows.items():
        ending = chance.choice((".csv", ".csv", ".csv.gz", ".csv.zst", ".xlsx", ".parquet"))
        it.files[f"{content}{ending}"] = _packed(harmed, ending, it.encoding)
    for harm in chance.sample(FILE_HARMS, chance.choice((0, 1, 1, 2))):
        _apply(harm, it)
    if chance.random() < 0.03:
        _apply(chance.choice(LARGE_HARMS), it)
    _write(it, folder)
    return it


def _apply(harm: Harm, it: Hostile) -> None:
    it.harms.append(harm.__name__.removeprefix("_"))
    harm(it)


def _packed(rows: list[Row], ending: str, encoding: str) -> bytes:
    if ending == ".xlsx":
        return _packed_workbook(rows)
    if ending == ".parquet":
        return _packed_parquet(rows)
    content = _csv(rows, encoding)
    if ending == ".csv.gz":
        return gzip.compress(content)
    if ending == ".csv.zst":
        return pa.compress(content, codec="zstd", asbytes=True)  # type: ignore[no-any-return]
    return content


def _csv(rows: list[Row], encoding: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)
    return text.getvalue().encode(encoding, "replace")


def _packed_workbook(rows: list[Row]) -> bytes:
    packed = io.BytesIO()
    narrow = [dict(list(row.items())[:26]) for row in rows]
    write_workbook(packed, [list(narrow[0]), *(list(row.values()) for row in narrow)])  # type: ignore[arg-type]
    return packed.getvalue()


def _packed_parquet(rows: list[Row]) -> bytes:
    packed = io.BytesIO()
    names = list(rows[0])
    columns = [pa.array([row[name] for row in rows], pa.string()) for name in names]
    pyarrow.parquet.write_table(pa.Table.from_arrays(columns, names), packed)
    return packed.getvalue()


def _write(it: Hostile, folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, content in it.files.items():
        path = folder / (
            name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
        )
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
