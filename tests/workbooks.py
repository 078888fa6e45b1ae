"""The smallest .xlsx files, written by hand: the program only reads them."""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

_Rows = Iterable[Iterable[object]]


def write_workbook(path: Path, rows: _Rows) -> None:
    """Write rows of texts and numbers as the only sheet of a workbook; empty texts are no cells."""
    write_sheets(path, {"정산": rows})


def write_sheets(
    path: Path, sheets: Mapping[str, _Rows], states: Mapping[str, str] | None = None
) -> None:
    """Write a workbook of several sheets, by name; `states` tells which are hidden, and how."""
    numbered = dict(enumerate(sheets, 1))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _types(numbered))
        archive.writestr("_rels/.rels", _relations({"r1": ("officeDocument", "xl/workbook.xml")}))
        archive.writestr("xl/workbook.xml", _book(numbered, states or {}))
        related = {f"r{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in numbered}
        archive.writestr("xl/_rels/workbook.xml.rels", _relations(related))
        for number, name in numbered.items():
            archive.writestr(f"xl/worksheets/sheet{number}.xml", _sheet(sheets[name]))


def _types(numbered: Iterable[int]) -> str:
    override = "<Override PartName='/xl/{}.xml' ContentType='" + _SHEET_TYPE + ".{}+xml'/>"
    sheets = "".join(override.format(f"worksheets/sheet{n}", "worksheet") for n in numbered)
    return (
        f"<?xml version='1.0'?><Types xmlns='{_PACKAGE}/content-types'><Default Extension='rels' "
        "ContentType='application/vnd.openxmlformats-package.relationships+xml'/>"
        f"{override.format('workbook', 'sheet.main')}{sheets}</Types>"
    )


def _relations(targets: Mapping[str, tuple[str, str]]) -> str:
    each = "".join(
        f"<Relationship Id='{number}' Type='{_RELATED}/{kind}' Target='{target}'/>"
        for number, (kind, target) in targets.items()
    )
    head = f"<?xml version='1.0'?><Relationships xmlns='{_PACKAGE}/relationships'>"
    return f"{head}{each}</Relationships>"


def _book(numbered: Mapping[int, str], states: Mapping[str, str]) -> str:
    sheets = "".join(
        f"<sheet name={quoteattr(name)} sheetId='{number}' "
        f"state='{states.get(name, 'visible')}' r:id='r{number}'/>"
        for number, name in numbered.items()
    )
    head = f"<?xml version='1.0'?><workbook xmlns='{_MAIN}' xmlns:r='{_RELATED}'>"
    return f"{head}<sheets>{sheets}</sheets></workbook>"


def _sheet(rows: _Rows) -> str:
    lines = "".join(f"<row r='{n}'>{_cells(n, row)}</row>" for n, row in enumerate(rows, 1))
    head = f"<?xml version='1.0'?><worksheet xmlns='{_MAIN}'>"
    return f"{head}<sheetData>{lines}</sheetData></worksheet>"


def _cells(number: int, row: Iterable[object]) -> str:
    placed = ((f"{chr(ord('A') + place)}{number}", cell) for place, cell in enumerate(row))
    return "".join(_cell(place, cell) for place, cell in placed if cell != "")


def _cell(place: str, cell: object) -> str:
    if isinstance(cell, (int, float)):
        return f"<c r='{place}'><v>{cell}</v></c>"
    return f"<c r='{place}' t='inlineStr'><is><t>{escape(str(cell))}</t></is></c>"
