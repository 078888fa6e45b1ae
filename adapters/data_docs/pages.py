"""Rendering the record of checks: one page for each month and revision, and an index."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, cast
from uuid import uuid4

from adapters.data_docs.checks import CheckedDelivery, read_checks
from adapters.html import page_templates
from adapters.languages.catalog import ENGLISH, Language
from adapters.postgres.month_list import MonthRevision
from domain.findings import Severity
from domain.months import SettlementMonth
from domain.sentence import Text, of_data, sentence

_TEMPLATES: Final = page_templates("adapters.data_docs")
_IN_A_SENTENCE: Final = 20  # examples that a finding's sentence names at most


@dataclass(frozen=True, slots=True)
class _Page:
    """The latest check of one content, and the last revision with that content, if any."""

    checked: CheckedDelivery
    revision: MonthRevision | None

    @property
    def month(self) -> SettlementMonth:
        return self.checked.settlement_month

    @property
    def file(self) -> str:
        if self.revision is not None:
            return revision_page(self.month, self.revision.revision_no)
        return f"{self.month}-not-taken-in-{self.checked.name}.html"

    @property
    def title(self) -> Text:
        if self.revision is None:
            return sentence("{month}, not ingested", month=self.month)
        number = self.revision.revision_no
        return sentence("{month} revision {number}", month=self.month, number=number)


def revision_page(month: SettlementMonth, revision_no: int) -> str:
    """Return the file name of a revision's page."""
    return f"{month}-revision-{revision_no}.html"


def publish_pages(
    folder: Path, revisions: Iterable[MonthRevision], language: Language = ENGLISH
) -> Path:
    """Render a page for each checked content and the index; return the index's path.

    A page that was rendered from the same is left as it is: a month that was checked years ago
    costs later ones nothing.
    """
    pages = _pages(read_checks(folder), revisions)
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "index.html"
    kept = {each.file for each in pages} | {index.name}
    for outdated in folder.glob("*.html"):
        if outdated.name not in kept:
            outdated.unlink(missing_ok=True)
    for each in pages:
        if not _ends_with(folder / each.file, mark := _mark(each, language)):
            _replace(folder / each.file, _revision(each, language) + mark)
    _replace(index, _index(pages, language))
    return index


def _mark(page: _Page, language: Language) -> str:
    """Return the end of a page, which stands for all that it is rendered from."""
    checked = page.checked
    rendered_from = (checked.name, checked.checked_at, page.revision, language, _templates_hash())
    return f"<!-- {hashlib.sha256(repr(rendered_from).encode()).hexdigest()} -->\n"


@cache
def _templates_hash() -> str:
    sources = _TEMPLATES.list_templates(extensions=["html", "css"])
    assert _TEMPLATES.loader is not None  # noqa: S101 it has one
    texts = [_TEMPLATES.loader.get_source(_TEMPLATES, name)[0] for name in sources]
    return hashlib.sha256("".join(texts).encode()).hexdigest()


def _ends_with(file: Path, mark: str) -> bool:
    try:
        with file.open("rb") as page:
            page.seek(-len(mark), os.SEEK_END)
            return page.read() == mark.encode()
    except OSError:  # it is not there, or shorter
        return False


def _replace(file: Path, text: str) -> None:
    unfinished = file.with_name(f"{file.name}.{uuid4().hex[:8]}")  # two runs may render at once
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(file)


def _pages(
    checks: Iterable[CheckedDelivery], revisions: Iterable[MonthRevision]
) -> tuple[_Page, ...]:
    """Return a page for each content, newest month first, then latest check first."""
    latest: dict[tuple[SettlementMonth, str], CheckedDelivery] = {}
    for checked in reversed(tuple(checks)):
        latest.setdefault((checked.settlement_month, checked.name), checked)
    became = {
        (each.settlement_month, each.content_hash): each
        for each in sorted(revisions, key=lambda each: each.revision_no)
    }
    pages = [
        _Page(each, became.get((each.settlement_month, each.content_hash or "")))
        for each in latest.values()
    ]
    return tuple(sorted(pages, key=lambda each: each.month, reverse=True))


def _index(pages: tuple[_Page, ...], language: Language) -> str:
    current = _one_for_each_month(pages)
    return _TEMPLATES.get_template("index.html").render(
        language=language,
        current=current,
        others=[each for each in pages if each not in current],
        last={each.month: each for each in reversed(pages)},
    )


def _one_for_each_month(pages: Iterable[_Page]) -> list[_Page]:
    """Return the page of each month's current revision, or else of its last check."""
    months: dict[SettlementMonth, _Page] = {}
    for each in pages:
        if each.revision is not None and each.revision.current:
            months[each.month] = each
        months.setdefault(each.month, each)
    return list(months.values())


def _revision(each: _Page, language: Language) -> str:
    return _TEMPLATES.get_template("revision.html").render(
        language=language,
        page=each,
        rules=_rules(each.checked),
        in_a_sentence=_IN_A_SENTENCE,
        text_of=_text_of,
    )


def _rules(checked: CheckedDelivery) -> list[Mapping[str, Any]]:
    """Return the results of all rules: broken critical ones first, then other broken ones."""
    rules = [rule for result in checked.results for rule in result["results"]]
    return sorted(rules, key=lambda rule: (rule["success"], not _critical(rule)))


def _text_of(meta: Mapping[str, Any]) -> Text:
    """Return what a rule says; checks were once kept in English alone."""
    return cast("Text", of_data(meta.get("text", meta["sentence"])))


def _critical(rule: Mapping[str, Any]) -> bool:
    return bool(rule["expectation_config"]["severity"] == Severity.CRITICAL)
