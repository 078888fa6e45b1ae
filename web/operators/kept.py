"""Reports and data-quality pages as they were kept, below a top that says what is so by now."""

from collections import defaultdict
from collections.abc import Mapping
from mimetypes import guess_type
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import FileResponse, HTMLResponse, Response

from domain.months import MonthInvalid, SettlementMonth
from domain.refusal import Refused, Unavailable
from flows.addresses import SERVED
from flows.settings import Settings
from web.operators.guarding import STYLE_IN_THE_PAGE
from web.operators.kept_top import top_of
from web.operators.report_names import evaluation_no
from web.operators.troubles import log_trouble
from web.operators.visit import NoSuchPage, Visit

_BODY: Final = "<body>\n"
_HEADERS: Final = {"Content-Security-Policy": STYLE_IN_THE_PAGE}


def kept_file(visit: Visit) -> Response:
    """Serve a file of the home's reports or data-quality pages; raises NoSuchPage."""
    file = _found(visit.settings, visit.path)
    if file.suffix != ".html":
        return FileResponse(file, media_type=guess_type(file.name)[0], headers=_HEADERS)
    text = file.read_text("utf-8", errors="replace")
    before, body, after = text.partition(_BODY)
    if body:
        below = after.replace("</body>", "</main></body>")
        text = f"{before}{body}<header>{_top(visit)}</header><main>{below}"
    return HTMLResponse(text, headers=_HEADERS)


def _top(visit: Visit) -> str:
    try:
        return top_of(visit)
    except (Unavailable, SQLAlchemyError, Refused) as trouble:
        log_trouble(visit, trouble)
        return ""  # the page itself is what it was


def _found(settings: Settings, path: str) -> Path:
    """Find a file, with links and `..` resolved, in a folder that is served."""
    home = settings.home.resolve()
    try:
        asked = home.joinpath(path.strip("/"), "index.html" if path.endswith("/") else "").resolve()
        shown = any(asked.is_relative_to(home / each) for each in SERVED) and asked.is_file()
    except (ValueError, OSError, RuntimeError):  # a NUL, a loop of links, a name too long
        shown = False
    if not shown:
        raise NoSuchPage
    return asked


def kept_reports(settings: Settings) -> Mapping[SettlementMonth, tuple[Path, ...]]:
    """List the kept pages of every month, relative to the home, the newest closing first."""
    found: dict[SettlementMonth, list[Path]] = defaultdict(list)
    for file in settings.reports.glob("????-??/*.html"):
        try:
            found[SettlementMonth.parse(file.parent.name)].append(file.relative_to(settings.home))
        except MonthInvalid:
            continue
    return {month: tuple(sorted(files, key=_age)) for month, files in found.items()}


def _age(file: Path) -> tuple[int, str]:
    number = evaluation_no(file.name)
    return (1 if number is None else -number, file.stem)
