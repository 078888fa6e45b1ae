"""The picture of a store's months, and the taking apart of explanations and of points."""

from itertools import pairwise

import pytest

from domain.months import SettlementMonth
from tests.closings import POLICIES
from web.stores.page.explained import sections
from web.stores.page.forms import FormUnreadable, PointsUnreadable, fields_of, points_of
from web.stores.page.picture import Bar, PicturedMonth, picture

TIERS = POLICIES[0].policy.tiers
OCTOBER = SettlementMonth(2026, 10)
M = 1_000_000


def bar(average_krw: int | None, wanted_krw: int | None = None, *, wide: bool = True) -> Bar:
    month = PicturedMonth(OCTOBER, average_krw, None, wanted_krw=wanted_krw)
    return picture([month], TIERS, wide=wide).bars[0]


def test_a_bar_ends_in_the_band_of_its_tier() -> None:
    bands = picture([], TIERS, wide=True).bands

    assert [each.lower_krw for each in bands] == [0, 2 * M, 8 * M, 40 * M, 80 * M]
    for average_krw, number in ((0, 0), (M, 0), (2 * M, 1), (39 * M, 2), (40 * M, 3), (90 * M, 4)):
        top = bar(average_krw).y
        band = bands[number]
        assert band.y - 0.2 < top < band.y + band.height + 0.2  # places are rounded


def test_more_is_never_lower_and_nothing_leaves_the_picture() -> None:
    drawn = picture([], TIERS, wide=True)
    tops = [bar(average).y for average in (-5 * M, 0, 1, M, 5 * M, 50 * M, 80 * M, 10**15)]

    assert tops == sorted(tops, reverse=True)
    assert bar(None).y == tops[0] == drawn.floor
    assert min(tops) >= drawn.bands[-1].y


@pytest.mark.parametrize("wide", [True, False])
def test_bars_stand_beside_each_other_within_the_picture(wide: bool) -> None:
    months = [PicturedMonth(OCTOBER + number, M, None) for number in range(13)]
    drawn = picture(months, TIERS, wide=wide)
    edges = [each.x for each in drawn.bars]

    assert drawn.left < edges[0] - drawn.bar_width / 2
    assert edges[-1] + drawn.bar_width / 2 < drawn.right <= drawn.width
    assert min(b - a for a, b in pairwise(edges)) > drawn.bar_width
    assert [each.of.month.month for each in drawn.bars if each.shows_year] == [10, 1]


def test_the_next_tier_is_wanted_at_its_lower_bound() -> None:
    assert bar(0, 8 * M).wanted_y == bar(8 * M).y
    assert bar(0).wanted_y is None


def test_an_explanation_is_sections_of_texts_and_lists() -> None:
    said = "Not awarded.\n\nAmounts:\n  2026-10    1,000 KRW\n  sum  1\nAnd:\n\nWhy not:\n"
    said += "  the sum is short"

    assert list(sections(said)) == [
        [("text", ["Not awarded."])],
        [
            ("text", ["Amounts:"]),
            ("list", ["2026-10 1,000 KRW", "sum 1"]),
            ("text", ["And:"]),
        ],
        [("text", ["Why not:"]), ("list", ["the sum is short"])],
    ]


@pytest.mark.parametrize(
    ("text", "points"),
    [("1", 1), ("10,000", 10_000), (" 1,234,567 P ", 1_234_567), ("007", 7)],
)
def test_points_are_read_as_people_write_them(text: str, points: int) -> None:
    assert points_of(text) == points


@pytest.mark.parametrize("text", ["", "P", "1.5", "1e3", "+1", "-1", "1,0", "١", "1 000", "0x1"])
def test_anything_else_is_no_number_of_points(text: str) -> None:
    with pytest.raises(PointsUnreadable):
        points_of(text)


def test_a_form_has_each_field_once() -> None:
    assert fields_of(b"a=1&b=%EA%B0%80") == {"a": "1", "b": "가"}
    for body in (b"a=1&a=2", b"a=%ff", b"\xff", b"a", b"&".join([b"a%d=1" % n for n in range(30)])):
        with pytest.raises(FormUnreadable):
            fields_of(body)
