"""Every text that people read is in every catalog, with the same facts in it."""

from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from adapters.languages.catalog import say
from adapters.postgres.using import ConversionState
from console.use_listings import EXPIRING, STATEMENT
from domain.ledger import TransferKind
from domain.sentence import Word, sentence
from flows.showing.seller_rows import SELLER_RECORDS

ROOT = Path(__file__).parents[2]
CATALOGS = sorted((ROOT / "adapters" / "languages").glob("*.po"))
ROOMS = ("domain", "expectations", "adapters", "flows", "console", "web")
WORDS = {
    *(("column", column) for column in (*STATEMENT, *EXPIRING)),
    *(("column", column) for each in SELLER_RECORDS.values() for column in each.columns),
    *(("kind", kind.value) for kind in TransferKind),
    *(("conversion state", state.value) for state in ConversionState),
}


def _sentences() -> Iterator[str]:
    """Find the templates of all sentences in the code, and of all that pages of stores say."""
    for room in ROOMS:
        for written, language, call in (
            ("**.py", "python", "sentence"),
            ("**/templates/*.html", "jinja2", "say"),
        ):
            for _, _, found, _, _ in extract_from_dir(
                ROOT / room, [(written, language)], keywords={call: None}
            ):
                assert isinstance(found, str), f"{found} is more than one template"
                yield found


def _catalog(path: Path) -> Catalog:
    with path.open("rb") as written:
        return read_po(written, abort_invalid=True)


def _facts(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.stem)
def test_a_catalog_has_every_text_and_no_other(path: Path) -> None:
    wanted = {(None, template) for template in _sentences()} | WORDS
    has = {(each.context, each.id) for each in _catalog(path) if each.id}

    assert has == wanted
    assert not _catalog(path).obsolete


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.stem)
def test_each_text_is_translated_with_its_facts(path: Path) -> None:
    for each in _catalog(path):
        if each.id:
            assert isinstance(each.string, str)
            assert each.string.strip(), f"{each.id} has no text"
            assert not each.fuzzy, f"{each.id} is to be looked at again"
            assert _facts(each.string) == _facts(str(each.id)), each.id


def test_english_texts_are_their_own() -> None:
    assert say(sentence("request {request_id}", request_id="r1"), "en") == "request r1"
    assert say(Word("kind", "return"), "en") == "return"


def test_a_fact_that_is_a_text_is_said_in_the_same_language() -> None:
    why = sentence(
        "the points of seller {seller_id} were usable through {last_usable_on}",
        seller_id="A",
        last_usable_on="2027-11-10",
    )
    refused = sentence(
        "{refusal}: {why}. Nothing was converted.", refusal="points_expired", why=why
    )

    assert say(refused, "ko") == (
        "points_expired: 판매자 A의 포인트는 사용 가능 기한(2027-11-10)이 지났습니다. "
        "전환된 포인트는 없습니다."
    )
    assert str(refused) == (
        "points_expired: the points of seller A were usable through 2027-11-10. "
        "Nothing was converted."
    )


def test_what_is_no_text_is_said_as_it_is() -> None:
    assert say("a name", "ko") == "a name"
