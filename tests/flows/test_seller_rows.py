"""The rows of a store, as people read them: each word is one of the list in which it stands."""

import pytest

from adapters.languages.catalog import say
from flows.showing.seller_rows import SELLER_RECORDS, for_people


@pytest.mark.parametrize(
    ("name", "row", "english", "korean"),
    [
        ("corrections", (5, "award", "2026-10", 1, 9, None), "award correction", "추가 지급"),
        ("ledger", (1, None, "award", "2026-10", 1, "a", "b", 9, 0, 0, 0), "award", "지급 결정"),
        ("conversions", (1, "r", 10, "ads", None, "refused", None, 1, ""), "refused", "반환"),
        (
            "months",
            ("2026-10", 1, 1, 2, "not_eligible", None, 0, None, "uses_api;below_lowest_tier", "p"),
            "uses the API, below the lowest tier",
            "API 이용, 최저 구간 미달",
        ),
    ],
)
def test_a_word_is_said_as_one_of_its_list(
    name: str, row: tuple[object, ...], english: str, korean: str
) -> None:
    shown = for_people(SELLER_RECORDS[name], row)

    assert english in {say(cell, "en") for cell in shown}
    assert korean in {say(cell, "ko") for cell in shown}
