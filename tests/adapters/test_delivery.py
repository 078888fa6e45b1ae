"""A delivery is found whole, or refused with everything that is wrong with it."""

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from adapters.ingest.delivery import DeliveryRefused, find_delivery
from domain.columns import Content
from domain.refusal import Refused
from tests.deliveries import MONTH, SmallDelivery


@pytest.fixture
def delivery(tmp_path: Path) -> SmallDelivery:
    return SmallDelivery(tmp_path).write(manifest=True)


def to_parquet(delivery: SmallDelivery) -> Path:
    """Replace the CSV of lines by Parquet, without a manifest."""
    source, target = delivery.folder / "settlements.csv", delivery.folder / "settlements.parquet"
    duckdb.read_csv(str(source)).write_parquet(str(target))
    source.unlink()
    (delivery.folder / "manifest.json").unlink()
    return target


def refusal(delivery: SmallDelivery) -> dict[str, str]:
    """Give the findings of a refusal: sentences by rule."""
    with pytest.raises(DeliveryRefused) as refused:
        find_delivery(str(delivery.root), MONTH)
    assert isinstance(refused.value, Refused)
    for finding in refused.value.findings:
        assert finding.sentence in str(refused.value)
    return {finding.rule: finding.sentence for finding in refused.value.findings}


def test_a_delivery_is_its_files_with_what_was_declared_of_them(delivery: SmallDelivery) -> None:
    found = find_delivery(str(delivery.root), MONTH)
    assert [file.name for file in found.of(Content.SETTLEMENTS)] == ["settlements.csv"]
    assert [file.name for file in found.of(Content.SELLERS)] == ["sellers.csv"]
    assert found.files[1].declared is not None
    assert found.files[1].declared.rows == 4


def test_other_files_in_the_folder_are_not_part_of_it(delivery: SmallDelivery) -> None:
    before = find_delivery(str(delivery.root), MONTH)
    (delivery.folder / "README.txt").write_text("hello")
    (delivery.folder / ".settlements.csv.swp").write_text("hello")
    (delivery.folder / "settlements.csv.sha256").write_text("hello")
    (delivery.folder / "_SUCCESS").touch()
    (delivery.folder / "seller_id=a").mkdir()
    assert find_delivery(str(delivery.root), MONTH) == before


@pytest.mark.parametrize(
    "name",
    [
        *("settlements-2.CSV", "Settlements-2.csv", "settlements.csv.bz2", "settlements.csv.part"),
        *("SELLERS.parquet", "sellers.xls", "settlements", "settlement-2.csv", "건별정산내역.xlsx"),
        *("seller_id=a/건별정산내역.csv", "seller_id=a/settlements.tsv", "month.zip", "part/a.txt"),
    ],
)
def test_a_file_that_may_be_a_part_is_not_passed_over(delivery: SmallDelivery, name: str) -> None:
    (delivery.folder / name).parent.mkdir(exist_ok=True)
    (delivery.folder / name).write_text("hello")
    named = name if "=" in name else name.partition("/")[0]
    assert refusal(delivery)["file_unrecognized"].startswith(f"{named}: it is not read")


def test_the_same_content_elsewhere_has_the_same_hash(tmp_path: Path) -> None:
    hashes = {
        find_delivery(
            str(SmallDelivery(tmp_path / place).write(manifest=True).root), MONTH
        ).content_hash
        for place in ("here", "there")
    }
    assert len(hashes) == 1


@pytest.mark.parametrize("name", ["settlements.csv", "sellers.csv", "manifest.json"])
def test_any_other_byte_gives_another_hash(delivery: SmallDelivery, name: str) -> None:
    before = find_delivery(str(delivery.root), MONTH).content_hash
    with (delivery.folder / name).open("a") as file:
        file.write("\n")
    assert find_delivery(str(delivery.root), MONTH).content_hash != before


def test_another_file_name_gives_another_hash(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path).write()
    before = find_delivery(str(delivery.root), MONTH).content_hash
    (delivery.folder / "settlements.csv").rename(delivery.folder / "settlements-1.csv")
    assert find_delivery(str(delivery.root), MONTH).content_hash != before


def test_an_absent_month_folder_is_refused_with_where_it_was_looked_for(tmp_path: Path) -> None:
    found = refusal(SmallDelivery(tmp_path))
    assert found == {"folder_absent": f"{tmp_path}/2026-10: there is no such folder."}


def test_an_empty_folder_lacks_both_kinds_of_files(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path)
    delivery.folder.mkdir()
    assert refusal(delivery).keys() == {"settlements_absent", "sellers_absent"}


def _truncate(delivery: SmallDelivery) -> None:
    path = to_parquet(delivery)
    path.write_bytes(path.read_bytes()[:-20])


def _damage_footer(delivery: SmallDelivery) -> None:
    path = to_parquet(delivery)
    content = bytearray(path.read_bytes())
    content[-40:-12] = b"\xff" * 28
    path.write_bytes(bytes(content))


def _drop_column(delivery: SmallDelivery) -> None:
    for line in delivery.lines:
        del line["payment_amount_krw"]
    delivery.write()
    (delivery.folder / "manifest.json").unlink()


def _parquet_named_csv(delivery: SmallDelivery) -> None:
    path = to_parquet(delivery)
    path.rename(delivery.folder / "settlements.csv")


def _csv_named_parquet(delivery: SmallDelivery) -> None:
    (delivery.folder / "manifest.json").unlink()
    path = delivery.folder / "settlements.csv"
    path.rename(delivery.folder / "settlements.parquet")


def _folder_named_csv(delivery: SmallDelivery) -> None:
    (delivery.folder / "settlements.csv").unlink()
    (delivery.folder / "settlements.csv").mkdir()


def _written_in(encoding: str) -> Callable[[SmallDelivery], object]:
    def rewrite(delivery: SmallDelivery) -> None:
        path = delivery.folder / "settlements.csv"
        path.write_bytes(path.read_text().encode(encoding))

    return rewrite


DAMAGES: dict[str, tuple[Callable[[SmallDelivery], object], str]] = {
    "empty": (lambda d: (d.folder / "settlements.csv").write_bytes(b""), "file_empty"),
    "truncated Parquet": (_truncate, "file_damaged"),
    "Parquet with a damaged footer": (_damage_footer, "file_damaged"),
    "tiny Parquet": (lambda d: to_parquet(d).write_bytes(b"PAR1"), "file_damaged"),
    "column missing": (_drop_column, "column_missing"),
    "Parquet named CSV": (_parquet_named_csv, "file_mislabeled"),
    "CSV named Parquet": (_csv_named_parquet, "file_mislabeled"),
    "folder named CSV": (_folder_named_csv, "file_mislabeled"),
    "UTF-32": (_written_in("utf-32"), "file_encoding"),
    "UTF-32, big-endian": (_written_in("utf-32-be"), "file_encoding"),
    "UTF-16 without a mark": (_written_in("utf-16-le"), "file_encoding"),
    "UTF-16 without a mark, big-endian": (_written_in("utf-16-be"), "file_encoding"),
    "an old workbook named CSV": (
        lambda d: (d.folder / "settlements.csv").write_bytes(b"\xd0\xcf\x11\xe0" * 200),
        "file_mislabeled",
    ),
    "binary": (
        lambda d: (d.folder / "settlements.csv").write_bytes(bytes(range(256))),
        "file_mislabeled",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named_with_what_is_wrong(delivery: SmallDelivery, damage: str) -> None:
    harm, rule = DAMAGES[damage]
    harm(delivery)
    found = refusal(delivery)
    assert found.keys() == {rule}
    assert found[rule].startswith("settlements.")


def test_a_missing_column_is_named(delivery: SmallDelivery) -> None:
    _drop_column(delivery)
    assert "no column payment_amount_krw" in refusal(delivery)["column_missing"]


def test_columns_that_many_files_lack_are_named_once(delivery: SmallDelivery) -> None:
    (delivery.folder / "manifest.json").unlink()
    (delivery.folder / "settlements.csv").unlink()
    for number in range(30):
        file = delivery.folder / f"settlements-{number:02}.csv"
        file.write_text(f"seller_id,a column of file {number}\n")
    (delivery.folder / "settlements-other.csv").write_text("order_id\n")
    with pytest.raises(DeliveryRefused) as refused:
        find_delivery(str(delivery.root), MONTH)
    many, one = refused.value.findings
    assert (many.rule, many.count, one.count) == ("column_missing", 30, 1)
    assert many.where == (
        "settlements-00.csv, settlements-01.csv, settlements-02.csv and 27 more files"
    )
    assert many.sentence.startswith(f"{many.where}: each has no columns order_id (orderId or ")
    assert many.sentence.endswith(
        "; as to settlements-00.csv, its columns are seller_id, a column of file 0."
    )
    assert one.sentence.startswith("settlements-other.csv: it has no columns seller_id")


SETTLE_CASE = (
    "settleBasisDate,settleExpectDate,settleCompleteDate,payDate,orderId,productOrderId,"
    "productOrderType,settleType,productId,purchaserName,paySettleAmount,merchantId,contractNo"
)


@pytest.mark.parametrize(
    "header",
    {
        "the documented fields": SETTLE_CASE,
        "in another order": ",".join(reversed(SETTLE_CASE.split(","))),
        "without the store": SETTLE_CASE.replace(",merchantId", ""),
        "with quotes": f'"{SETTLE_CASE.replace(",", chr(34) + "," + chr(34))}"',
        "with more fields": f"{SETTLE_CASE},benefitSettleAmount",
        "with another date": f"{SETTLE_CASE},searchDate",
    }.values(),
)
def test_the_answer_without_a_tax_date_is_told_from_others(
    header: str, delivery: SmallDelivery
) -> None:
    (delivery.folder / "settlements.csv").write_text(f"{header}\n")
    told = refusal(delivery)["column_missing"]
    for part in ("SETTLE_CASEBYCASE_TAXRETURN_BASIS_DATE", "searchDate", "taxReturnDate", "docs/"):
        assert part in told


@pytest.mark.parametrize("header", ["productOrderId,paySettleAmount", "settleBasisDate", "a,b"])
def test_other_answers_are_not_taken_for_it(header: str, delivery: SmallDelivery) -> None:
    (delivery.folder / "settlements.csv").write_text(f"{header}\n")
    assert "TAXRETURN" not in refusal(delivery)["column_missing"]


@pytest.mark.parametrize(("sign", "called"), [("\t", "tabs"), (";", "semicolons")])
def test_values_that_are_not_separated_by_commas_are_named(
    sign: str, called: str, delivery: SmallDelivery
) -> None:
    path = delivery.folder / "settlements.csv"
    path.write_text(path.read_text().replace(",", sign))
    assert f"separated by {called}" in refusal(delivery)["column_missing"]


def _manifest(text: str) -> Callable[[SmallDelivery], object]:
    return lambda delivery: (delivery.folder / "manifest.json").write_text(text)


def _other_month(delivery: SmallDelivery) -> None:
    path = delivery.folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"settlement_month": "2026-09"}))


MANIFESTS: dict[str, tuple[Callable[[SmallDelivery], object], str]] = {
    "not JSON": (_manifest("{"), "manifest_malformed"),
    "deeply nested": (_manifest("[" * 100_000), "manifest_malformed"),
    "not an object": (_manifest("[]"), "manifest_malformed"),
    "no files": (_manifest('{"settlement_month": "2026-10"}'), "manifest_malformed"),
    "rows as text": (lambda d: d.declare({"rows": "4"}), "manifest_malformed"),
    "not a SHA-256": (lambda d: d.declare({"sha256": "abc"}), "manifest_malformed"),
    "the same file twice": (lambda d: d.declare({"name": "sellers.csv"}), "manifest_malformed"),
    "half a character": (_manifest('{"settlement_month": "\\ud800"}'), "manifest_month"),
    "another month": (_other_month, "manifest_month"),
}


@pytest.mark.parametrize("damage", MANIFESTS)
def test_a_bad_manifest_is_refused(delivery: SmallDelivery, damage: str) -> None:
    harm, rule = MANIFESTS[damage]
    harm(delivery)
    assert refusal(delivery)[rule].encode()


def test_everything_that_is_wrong_with_a_manifest_is_said(delivery: SmallDelivery) -> None:
    entry = {"name": "settlements.csv", "rows": "4", "sha256": "abc"}
    sellers = [{"rows": 3}, {"name": "sellers.csv", "rows": True}, "sellers-2.csv"]
    manifest = {"settlement_month": "2026-09", "files": [entry, entry], "sellers": sellers}
    (delivery.folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DeliveryRefused) as refused:
        find_delivery(str(delivery.root), MONTH)
    assert [finding.sentence for finding in refused.value.findings] == [
        "manifest.json: it is for the month 2026-09, not for 2026-10.",
        *[
            "manifest.json: the rows of settlements.csv is not a whole number.",
            "manifest.json: the payment_amount_krw of settlements.csv is not a whole number.",
            "manifest.json: the sha256 of settlements.csv is not 64 hex digits.",
        ]
        * 2,
        "manifest.json: its 'sellers' does not list files.",
        "manifest.json: file 1 in its 'sellers' has no name.",
        "manifest.json: the rows of sellers.csv is not a whole number.",
        "manifest.json: it names settlements.csv 2 times.",
    ]


def test_files_and_manifest_must_name_each_other(delivery: SmallDelivery) -> None:
    delivery.declare({"name": "settlements-000.csv"})
    found = refusal(delivery)
    assert "names settlements-000.csv" in found["manifest_file_absent"]
    assert "does not name settlements.csv" in found["manifest_incomplete"]


def test_one_report_names_everything_that_is_wrong(delivery: SmallDelivery) -> None:
    _manifest("{")(delivery)
    (delivery.folder / "settlements.csv").write_bytes(b"")
    (delivery.folder / "settlements-1.csv").write_text("a,b\n")
    (delivery.folder / "sellers.csv").unlink()
    found = refusal(delivery)
    assert found.keys() >= {"manifest_malformed", "file_empty", "column_missing", "sellers_absent"}
