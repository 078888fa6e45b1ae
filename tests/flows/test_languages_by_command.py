"""Commands answer in the language that they are asked in; what programs read stays as it is."""

import json
import re
from dataclasses import replace

import pytest

from tests.command_line import Marketplace, Ran
from tests.three_stores import OCTOBER, OCTOBER_CORRECTED, deliver

_HANGUL = re.compile(r"[가-힣]")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("close", "2024-13", "--lang", "ko"), "'2024-13'은(는) 2000년부터 2198년까지의 정산월이"),
        (("--lang", "ko", "close"), "인수가 없습니다"),
        (("--lang=ko", "clos"), "'clos' 명령은 없습니다"),
        (("months", "--nothing", "--lang", "ko"), "'--nothing' 옵션은 없습니다"),
        (("months", "--lang", "fr"), "'fr' is not one of 'en', 'ko'"),
        (("statement", "--", "--lang", "ko"), "unexpected extra argument"),
    ],
)
def test_wrong_usage_is_said_in_the_language_asked_for(
    words: tuple[str, ...], told: str, marketplace: Marketplace
) -> None:
    ran = marketplace.run(*words)

    assert ran.exit_code == 2
    assert told in ran.stderr


def test_a_language_that_is_not_there_is_refused_by_every_command(marketplace: Marketplace) -> None:
    ran = replace(marketplace, variables={"GROWTH_POINTS_LANGUAGE": "fr"}).run("months")

    assert ran.exit_code == 2
    assert "GROWTH_POINTS_LANGUAGE" in ran.stderr


@pytest.mark.parametrize("words", [("--help",), ("close", "--help"), ("verify", "--help")])
def test_help_is_said_in_the_language_asked_for(
    words: tuple[str, ...], marketplace: Marketplace
) -> None:
    korean, english = (marketplace.done("--lang", each, *words).stdout for each in ("ko", "en"))

    assert _HANGUL.search(korean)
    assert "옵션:" in korean
    assert _HANGUL.search(english) is None
    assert english == marketplace.done(*words).stdout


def test_what_programs_read_is_the_same_in_every_language(closed_october: Marketplace) -> None:
    def ran(*words: str) -> Ran:
        return closed_october.done("decisions", OCTOBER, *words)

    for output in ("csv", "json"):
        korean, english = (ran("--output", output, "--lang", each) for each in ("ko", "en"))
        assert korean.stdout == english.stdout
    table = ran("--lang", "ko").stdout
    assert "API 이용" in table
    assert "미지급 사유" in table


def test_a_closing_is_reported_in_the_language_asked_for(closed_october: Marketplace) -> None:
    deliver(closed_october, OCTOBER, OCTOBER_CORRECTED)

    ran = closed_october.done("close", OCTOBER, "--lang", "ko", "--reason", "고친 자료")

    assert "2024-10 마감 완료" in ran.stdout
    assert "미지급 사유" in ran.stdout
    assert "마감 중" in ran.stderr or "점검 중" in ran.stderr
    kept = closed_october.home / "reports" / OCTOBER
    page = (kept / "closed-2.html").read_text(encoding="utf-8")
    assert '<html lang="ko">' in page
    assert "API 이용" in page
    facts = (kept / "closed-2.json").read_text(encoding="utf-8")
    assert all(each["sentence"].isascii() for each in json.loads(facts)["findings"])


def test_a_refusal_is_said_in_the_language_of_the_setting(closed_october: Marketplace) -> None:
    korean = replace(closed_october, variables={"GROWTH_POINTS_LANGUAGE": "ko"})

    ran = korean.run("close", "2024-12")

    assert ran.exit_code == 1
    assert _HANGUL.search(ran.stderr)
