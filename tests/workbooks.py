"""The smallest .xlsx files, written by hand: the program only reads them."""

import zipfile
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

_TYPES = f"""<?xml version="1.0"?><Types xmlns="{_PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_SHEET_TYPE}.worksheet+xml"/>
</Types>"""
_ROOT = f"""<?xml version="1.0"?><Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Id="r1" Type="{_RELATED}/officeDocument" Target="xl/workbook.xml"/></Relationships>"""
_BOOK = f"""<?xml version="1.0"?><workbook xmlns="{_MAIN}" xmlns:r="{_RELATED}">
<sheets><sheet name="정산" sheetId="1" r:id="r1"/></sheets></workbook>"""
_BOOK_RELATIONS = f"""<?xml version="1.0"?><Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Id="r1" Type="{_RELATED}/worksheet" Target="worksheets/sheet1.xml"/>
</Relationships>"""


def write_workbook(path: Path, rows: Iterable[Iterable[object]]) -> None:
    """Write rows of texts and numbers as the only sheet of a workbook; empty texts are no cells."""
    lines = "".join(f"<row r='{n}'>{_cells(n, row)}</row>" for n, row in enumerate(rows, 1))
    sheet = f"<?xml version='1.0'?><worksheet xmlns='{_MAIN}'><sheetData>{lines}</sheetData>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _ROOT)
        archive.writestr("xl/workbook.xml", _BOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", _BOOK_RELATIONS)
        archive.writestr("xl/worksheets/sheet1.xml", f"{sheet}</worksheet>")


def _cells(number: int, row: Iterable[object]) -> str:
    placed = ((f"{chr(ord('A') + place)}{number}", cell) for place, cell in enumerate(row))
    return "".join(_cell(place, cell) for place, cell in placed if cell != "")


def _cell(place: str, cell: object) -> str:
    if isinstance(cell, (int, float)):
        return f"<c r='{place}'><v>{cell}</v></c>"
    return f"<c r='{place}' t='inlineStr'><is><t>{escape(str(cell))}</t></is></c>"
