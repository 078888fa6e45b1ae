"""The runbook: what to do about each alarm, for the links that alarms bring."""

import re
from importlib.resources import files
from typing import Final

from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.responses import Response

from web.operators.rendering import page
from web.operators.visit import NoSuchPage, Visit

_NAME: Final = re.compile(r"(?:ko/)?(?:README|[a-z-]+)\.md")
_LINK: Final = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
_WITHIN: Final = re.compile(r"(?:ko/|\.\./)?README\.md(?:#.*)?|[a-z-]+\.md")
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table")


def runbook_page(visit: Visit) -> Response:
    """Show a page of the runbook; raises NoSuchPage."""
    name = visit.places["path"]
    file = files("web.operators") / "runbook" / name
    if not (_NAME.fullmatch(name) and file.is_file()):
        raise NoSuchPage
    text = _LINK.sub(_leading_within, file.read_text("utf-8"))
    return page(
        "runbook.html",
        visit,
        title=text.partition("\n")[0].lstrip("# "),
        written_in="ko" if name.startswith("ko/") else "en",
        text=Markup(_MARKDOWN.render(text)),  # noqa: S704 our own pages, without HTML of theirs
    )


def _leading_within(link: re.Match[str]) -> str:
    """Keep what a link says if it leads to a file that is not served."""
    return link[0] if _WITHIN.fullmatch(link[2]) else link[1]
