"""What stores do with points, on the command line and in the language of whoever reads it."""

from dataclasses import replace

from domain.months import add_months
from flows.occasion import this_occasion
from tests.command_line import Marketplace


def test_a_store_reads_its_points_in_korean_and_a_program_reads_keys(
    closed_october: Marketplace,
) -> None:
    shop = replace(closed_october, variables={"GROWTH_POINTS_LANGUAGE": "ko"})
    today = this_occasion().today
    shop.done("adjust", "maru", "1000", "--reason", "agreed")
    shop.done("adjust", "dana", "70", "--reason", "agreed")
    shop.done("link-ad-account", "maru", "ads-1")
    shop.done("convert", "maru", "400", "--request-id", "r1")

    table = shop.done("statement", "maru").stdout
    assert table.split("\n")[0].split() == [
        "번호",
        "일자",
        "구분",
        "포인트",
        "내용",
        "잔여",
        "포인트",
    ]
    assert "전환    -400  요청 번호 r1" in table
    assert shop.done("statement", "maru", "--lang", "en").stdout.split()[:3] == [
        "entry",
        "date",
        "kind",
    ]
    assert [
        (row["kind"], row["points"], row["reference"], row["balance"])
        for row in shop.done("statement", "maru", "--output", "csv").rows()
    ] == [("adjustment", "1000", "agreed", "1000"), ("conversion", "-400", "r1", "600")]
    assert shop.done("expiring", "--within", "366").stdout.split() == [
        *("판매자", "포인트", "사용", "가능", "기한"),
        *("dana", "70", str(add_months(today, 12))),
    ]
    assert "컨설팅을 이용할 수 있습니다: 2024-10 정산월에" in shop.done("consulting", "maru").stdout

    again = shop.done("convert", "maru", "400", "--request-id", "r1")
    assert "maru의 400포인트를 전환 중입니다" in again.stdout
    refused = shop.run("convert", "maru", "601", "--request-id", "r2")
    assert refused.exit_code == 1
    assert "insufficient_points: 판매자 maru의 사용 가능 포인트는 600포인트로" in refused.stderr
    unknown = shop.run("statement", "nobody", "--lang", "en")
    assert "No seller 'nobody' is in any month's snapshot" in unknown.stderr


def test_nobody_is_told_before_it_is_time(closed_october: Marketplace) -> None:
    closed_october.done("adjust", "maru", "1000", "--reason", "agreed")
    ran = closed_october.done("expire")

    assert ran.stdout.splitlines() == [
        "No balance is past its last usable day.",
        "No store is to be told that its points expire.",
    ]
    assert closed_october.done("notices", "--output", "csv").rows() == []
