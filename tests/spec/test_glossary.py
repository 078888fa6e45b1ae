"""The glossary is the list of the program's words: the code uses them, and none that it retires."""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum

import pytest

from adapters.postgres.runs import Action
from domain.corrections import CorrectionKind
from domain.eligibility import Reason
from domain.findings import Severity
from domain.ledger import Account, TransferKind
from tests.spec.tables import DOCS, listed, tables

ROOT = DOCS.parent
TABLES = tuple(tables((ROOT / "GLOSSARY.md").read_text("utf-8")))
TERMS = {
    term for table in TABLES for row in table.rows for term in listed(next(iter(row.values())))
}
RETIRED = tuple(
    (word, row["not used in"]) for row in TABLES[-1].rows for word in listed(row["word"])
)
MODULES = tuple(
    file
    for folder in ("domain", "expectations", "adapters", "flows", "console", "web")
    for file in (ROOT / folder).rglob("*.py")
)
PAGES = tuple(
    file
    for file in (*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "deploy").rglob("*.sql"))
    if file.name != "GLOSSARY.md"
)


@pytest.mark.parametrize(
    "words",
    [Account, TransferKind, Action, CorrectionKind, Reason, Severity],
    ids=lambda e: e.__name__,
)
def test_every_word_of_the_ledger_and_of_decisions_is_an_entry(words: type[StrEnum]) -> None:
    entries = {re.sub("[ -]", "_", term) for term in TERMS}

    assert not {word.replace(" ", "_") for word in words} - entries


def test_an_entry_has_a_term_in_both_languages_and_one_place() -> None:
    rows = [row for table in TABLES[:-1] for row in table.rows]
    firsts = [next(iter(row.values())) for row in rows]

    assert all(re.search("[가-힣]", row["Korean term"]) for row in rows)
    assert len(set(firsts)) == len(firsts)


@pytest.mark.parametrize(("word", "where"), RETIRED)
def test_a_retired_word_is_in_no_public_name_and_in_no_text(word: str, where: str) -> None:
    in_names = re.compile(rf"(?:^|_){re.sub('[ -]', '_', word)}(?:_|$)")
    in_texts = re.compile(rf"\b{word}\b", re.IGNORECASE)
    trees = {file: ast.parse(file.read_text("utf-8")) for file in MODULES}
    found = {
        (file.name, name)
        for file, tree in trees.items()
        for name in (file.stem, *_public_names(tree))
        if in_names.search(re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower())
    }
    if "texts" in where:
        texts = [(file, text) for file, tree in trees.items() for text in _texts(tree)]
        texts += [(file, file.read_text("utf-8")) for file in PAGES]
        found |= {(file.name, text) for file, text in texts if in_texts.search(text)}

    assert not found


def _public_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.arg(arg=name):
                pass
            case ast.Name(id=name, ctx=ast.Store()):
                pass
            case _:
                continue
        if not name.startswith("_"):
            yield name


def _texts(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
