"""Every text that people read is in every catalog, with the same facts in it."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from string import Formatter
from typing import Final

import click
import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po

from adapters.html import page_templates
from adapters.languages.catalog import LANGUAGES, Language, say
from adapters.postgres.runs import Action
from adapters.postgres.using import ConversionState
from console import delivery_check, delivery_listings, listings, use_listings
from console.cli import cli
from console.help import Topics, paragraphs, pieces
from domain.accounting.roll_forward import ALL, Movement
from domain.cause import reason_said
from domain.corrections import CorrectionKind
from domain.decision import Outcome as DecisionOutcome
from domain.eligibility import Reason
from domain.findings import Severity
from domain.ledger import Account, TransferKind
from domain.sentence import Joined, Word, as_data, joined, of_data, sentence, sentences, with_facts
from domain.using.allocation import Outcome
from domain.using.rewards import RewardKind
from flows.accounting import journal, roll_forward
from flows.closing.differences import CHANGES
from flows.closing.due_months import BY_ITSELF
from flows.closing.evaluation import USUAL_REASON
from flows.showing import month_records
from flows.showing.seller_rows import SELLER_RECORDS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "adapters" / "languages"
ROOMS = ("domain", "expectations", "adapters", "flows", "console", "web")
TRANSLATED: Final = [language for language in LANGUAGES if language != "en"]
Id = tuple[str | None, str]

_SIDES: Final = {"opening", "closing"}
_COLUMNS: Final = chain(
    *(month_records.DECISIONS, month_records.HISTORY),
    *(listings.LEDGER, listings.BALANCES, listings.PAYOUTS),
    *(use_listings.CONVERSIONS, use_listings.EXPIRING, use_listings.NOTICES),
    *(use_listings.REWARDS, use_listings.STATEMENT),
    *(delivery_listings.MONTHS, delivery_listings.QUARANTINE_TABLE, delivery_check.FINDINGS),
    *(roll_forward.COLUMNS, journal.COLUMNS, CHANGES),
    *(each.columns for each in SELLER_RECORDS.values()),
    ("month", "seller", "what", "tier", "points", "would be"),
)
_MONTH_STATES: Final = (
    *("ingested", "closed", "paid", "restated", "replaced", "blocked"),
    *("planned", "due", "unapproved"),
)
_AWARD_STATES: Final = ("pending", "paid", "reversed", "corrected", "clawed_back")
_PAID_LATE, _PAID_ON_ITS_DATE = "it was due and not paid", "the payout date"
WORDS: Final[set[Id]] = {
    *(("column", str(column)) for column in _COLUMNS),
    *(("kind", kind.value) for kind in TransferKind),
    *(("correction", kind.value) for kind in CorrectionKind),
    *(("award state", state) for state in _AWARD_STATES),
    *(("conversion state", state.value) for state in ConversionState),
    *(("severity", severity.value) for severity in Severity),
    *(("reason", reason.value) for reason in Reason),
    *(("outcome", outcome.value) for outcome in DecisionOutcome),
    *(("reward outcome", outcome.value) for outcome in Outcome),
    ("reward outcome", "tried again"),
    *(("reward kind", kind.value) for kind in RewardKind),
    *(("account", name) for name in (*Account, ALL)),
    *(("movement", name) for name in (*Movement, *_SIDES)),
    *(("month state", state) for state in _MONTH_STATES),
    *(("action", action.value) for action in Action),
    *(("result", result) for result in ("changed", "no change", "refused")),
    *(("notice state", state) for state in ("stands", "void")),
    *(("unit", unit) for unit in ("month", "day")),
    *(("usual reason", reason) for reason in (USUAL_REASON, BY_ITSELF, "demo")),
    *(("usual reason", reason) for reason in (_PAID_LATE, _PAID_ON_ITS_DATE)),
    *(("run state", state) for state in ("running", "pending", "cancelling")),
}
# Words whose keys come from queries or from a library.
_OPEN: Final = frozenset({"check", "difference", "holiday"})


def _in_code() -> Iterator[tuple[str, ...]]:
    """Find the templates of all sentences in the code, and of all that pages say."""
    for room in ROOMS:
        for written, language, keywords in (
            ("**.py", "python", {"sentence": None, "sentences": (1, 2)}),
            ("**/templates/*.html", "jinja2", {"say": None, "say_many": (1, 2)}),
        ):
            for _, _, found, _, _ in extract_from_dir(
                ROOT / room, [(written, language)], keywords=keywords
            ):
                yield found if isinstance(found, tuple) else (found,)


def _in_help() -> Iterator[str]:
    """Find what the help of all commands says."""
    for command in (cli, *cli.commands.values()):
        yield command.short_help or ""
        for paragraph in paragraphs(command.help or ""):
            yield from _of_lines(paragraph) if paragraph.startswith("\b") else (paragraph,)
        for option in command.params:
            yield (isinstance(option, click.Option) and option.help) or ""
    yield from Topics.topics


def _of_lines(paragraph: str) -> Iterator[str]:
    for piece in chain(*map(pieces, paragraph.splitlines()[1:])):
        if " " in piece.strip() and not piece.startswith("growth-points "):
            yield piece


def _in_forms() -> Iterator[str]:
    """Find what the forms of all deployments say."""
    from prefect.utilities.callables import parameter_schema

    from flows.prefect.deployments import DEPLOYED

    for each in DEPLOYED:
        yield from each.paragraphs
        for field in parameter_schema(each.flow.fn).properties.values():
            yield " ".join(field.get("description", "").split())


def _words() -> set[Id]:
    """Return all words that are known beforehand, those that code and forms name included."""
    from prefect.utilities.callables import parameter_schema

    from flows.prefect.deployments import DEPLOYED

    sent = extract_from_dir(ROOT / "flows", [("**.py", "python")], keywords={"best_effort": None})
    given = (
        extract_from_dir(ROOT / room, [("**.py", "python")], keywords={"cause": None})
        for room in ("flows", "console")
    )
    fields = (parameter_schema(each.flow.fn).properties for each in DEPLOYED)
    return {
        *WORDS,
        *(("usual reason", text) for _, _, text, _, _ in chain(*given) if isinstance(text, str)),
        *(("to send", text) for _, _, text, _, _ in sent if isinstance(text, str)),
        *(("field", name) for name in chain(*fields)),
    }


def _of_click() -> set[str]:
    """Find what click says itself, of which catalogs have what people meet."""
    found: set[str] = {"[required]"}
    for module in Path(click.__file__).parent.glob("*.py"):
        for _, text, _, _ in extract_from_file(
            "python", module, keywords={"_": None, "ngettext": (1, 2)}
        ):
            found.add(text if isinstance(text, str) else text[0])
    return found


def _messages(language: Language) -> list[Message]:
    files = sorted(FOLDER.glob(f"{language}.*po"))
    catalogs = [read_po(file.open("rb"), abort_invalid=True) for file in files]
    assert not any(catalog.obsolete for catalog in catalogs)
    return [each for catalog in catalogs for each in catalog if each.id]


def _id(message: Message) -> Id:
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def _facts(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def _wanted() -> set[str]:
    return {
        *(found[0] for found in _in_code()),
        *filter(None, _in_help()),
        *filter(None, _in_forms()),
    }


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalog_lacks_no_text_and_no_word(language: Language) -> None:
    has = {_id(each) for each in _messages(language)}

    assert _wanted() - {text for context, text in has if context is None} == set()
    assert _words() - has == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalog_has_no_text_that_nothing_says(language: Language) -> None:
    has = {_id(each) for each in _messages(language)}

    texts = {text for context, text in has if context is None}
    assert texts - _wanted() - _of_click() == set()
    assert {
        word for word in has if word[0] is not None and word[0] not in _OPEN
    } - _words() == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_in_one_catalog_of_a_language_alone(language: Language) -> None:
    counted = Counter(map(_id, _messages(language)))

    assert [each for each, times in counted.items() if times > 1] == []


def test_the_english_of_words_is_of_words_that_are_said() -> None:
    has = {_id(each) for each in _messages("en")}

    assert {word for word in has if word[0] not in _OPEN} - _words() == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_text_is_translated_with_its_facts(language: Language) -> None:
    for each in _messages(language):
        ids = (each.id,) if isinstance(each.id, str) else each.id
        said = (each.string,) if isinstance(each.string, str) else each.string
        assert not each.fuzzy, f"{each.id} is to be looked at again"
        for text in said or ():
            assert text.strip(), f"{each.id} has no text"
            assert _facts(text) <= set().union(*map(_facts, ids)), each.id
            assert len(ids) > 1 or _facts(text) == _facts(ids[0]), each.id


_REFUSING: Final = {"Refused", "Unavailable", "WrongUsage", "FileProblem", "NotPublished"}
_SAYING: Final = frozenset({"echo", "progress", "say", "usage_error"})
# Which argument is the text, where others are names and commands.
_SHOWING: Final = {
    "Section": 0,
    "Figure": 0,
    "Link": 0,
    "NextStep": 0,
    "Finding": 2,
    "Difference": 1,
}
_LOGGING: Final = frozenset({"log.info", "log.warning"})
_PROSE: Final = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")
# Read by programs and developers: logs of the pages' server, the simulation of the ad system.
_NOT_FOR_PEOPLE: Final = ("adapters/ad_system/simulated/", "web/stores/page/answering.py")


def _trees() -> dict[str, ast.Module]:
    files = chain(*((ROOT / room).rglob("*.py") for room in ROOMS))
    return {str(file.relative_to(ROOT)): ast.parse(file.read_text("utf-8")) for file in files}


def _refusing(trees: Iterable[ast.Module]) -> set[str]:
    """Find the exceptions whose messages people read, by the classes that they are made of."""
    bases = {
        each.name: {ast.unparse(base).split(".")[-1] for base in each.bases}
        for tree in trees
        for each in ast.walk(tree)
        if isinstance(each, ast.ClassDef)
    }
    found = set(_REFUSING)
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return found


def _is_prose(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(map(_is_prose, node.values))
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _PROSE.search(node.value) is not None
    )


def _texts(call: ast.Call, saying: set[str]) -> list[ast.expr]:
    name = ast.unparse(call.func)
    if (place := _SHOWING.get(name)) is not None:
        return call.args[place : place + 1]
    return call.args if name in saying else []


def test_no_plain_english_is_raised_printed_or_logged_for_people() -> None:
    trees = _trees()
    saying = _refusing(trees.values()) | _SAYING | _LOGGING | {"super().__init__"}
    plain = [
        f"{file}:{call.lineno}: {ast.unparse(argument)}"
        for file, tree in trees.items()
        if not file.startswith(_NOT_FOR_PEOPLE)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for argument in _texts(call, saying)
        if _is_prose(argument)
    ]

    assert plain == []


def test_english_texts_are_their_own() -> None:
    assert say(sentence("request {request_id}", request_id="r1"), "en") == "request r1"
    assert say(Word("kind", "return"), "en") == "return"
    assert say(Word("reason", "tenure_too_long"), "en") == "approved too long ago"


def test_one_thing_is_not_several() -> None:
    def told(count: int, language: Language) -> str:
        return say(sentences("{count:,} line", "{count:,} lines", count=count), language)

    assert [told(count, "en") for count in (0, 1, 2_000)] == ["0 lines", "1 line", "2,000 lines"]
    assert [told(count, "ko") for count in (1, 2_000)] == ["정산 내역 1건", "정산 내역 2,000건"]


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


def test_a_text_that_a_catalog_lacks_is_said_in_english() -> None:
    assert say(sentence("no such {thing} at all", thing="text"), "ko") == "no such text at all"
    assert say(Word("no such context", "key"), "ko") == "key"


def test_what_is_no_text_is_said_as_it_is() -> None:
    assert say("a {name}", "ko") == "a {name}"


def test_a_text_is_stored_as_data_and_read_again() -> None:
    text = joined(
        (
            sentences("{count:,} line", "{count:,} lines", count=3),
            sentence("{month} is closed", month="2026-10"),
            Word("reason", "uses_api"),
            "plain",
        )
    )

    again = of_data(as_data(text))

    assert isinstance(again, Joined)
    assert [say(again, language) for language in LANGUAGES] == [
        "3 lines; 2026-10 is closed; uses the API; plain",
        "정산 내역 3건; 2026-10 마감 완료; API 이용; plain",
    ]


def test_a_reason_that_the_program_gives_is_said_and_one_that_somebody_wrote_is_kept() -> None:
    assert say(reason_said(USUAL_REASON), "ko") == "월 마감"
    assert say(reason_said(USUAL_REASON), "en") == str(reason_said(USUAL_REASON)) == USUAL_REASON
    assert say(reason_said("asked by {maru}"), "ko") == "asked by {maru}"


def test_only_the_facts_of_a_text_are_changed() -> None:
    text = sentence("request {request_id}", request_id="a")

    assert say(with_facts(text, str.upper), "en") == "request A"


def test_a_page_says_sentences_words_and_texts_in_its_language() -> None:
    page = page_templates("adapters.data_docs").from_string(
        "{{ say('at least {least}', least=3) }}, {{ say(word('severity', 'warning')) }}, "
        "{{ said(given) }}, {{ say_many('{count:,} line', '{count:,} lines', count=2) }}"
    )

    assert page.render(language="ko", given="a {brace}") == "3 이상, 경고, a {brace}, 정산 내역 2건"
    assert page.render(given="a {brace}") == "at least 3, warning, a {brace}, 2 lines"


def test_the_runbook_has_every_page_in_korean() -> None:
    pages = sorted(page.name for page in (ROOT / "docs" / "runbook").glob("*.md"))

    assert sorted(page.name for page in (ROOT / "docs" / "runbook" / "ko").glob("*.md")) == pages
    for page in pages[1:]:
        english, korean = (
            (ROOT / "docs" / "runbook" / folder / page).read_text("utf-8") for folder in ("", "ko")
        )
        parts = [text.count("\n## ") for text in (english, korean)]
        assert parts[0] == parts[1], page
