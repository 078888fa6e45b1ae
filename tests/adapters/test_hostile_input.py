"""Whatever a delivery holds, reading it ends in findings or a refusal, never in a crash."""

import gzip
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow.parquet
import pytest

from adapters.ingest.delivery import DeliveryRefused, find_delivery
from adapters.ingest.text_limits import with_equal_rows
from domain.findings import Severity
from domain.profile import Past
from flows.ingesting.read_delivery import judge_beside, read_delivery
from tests.deliveries import MONTH, SmallDelivery

# What stands in a column of one line, and the critical rules that it breaks; none when it is
# a text like any other.
VALUES: dict[str, tuple[str, str, set[str]]] = {
    "an amount of 20 digits": ("payment_amount_krw", "9" * 20, {"amount_too_large"}),
    "an amount of 400 digits": ("payment_amount_krw", "9" * 400, {"amount_too_large"}),
    "an amount below all bigints": ("payment_amount_krw", "-" + "9" * 20, {"amount_too_large"}),
    "an amount of full-width digits": ("payment_amount_krw", "１０００", {"amount_unreadable"}),
    "an infinite amount": ("payment_amount_krw", "-Infinity", {"amount_unreadable"}),
    "a formula as amount": ("payment_amount_krw", '=HYPERLINK("x")', {"amount_unreadable"}),
    "year 9999": ("confirmed_on", "9999-12-31", {"confirmed_outside_month"}),
    "year 0": ("confirmed_on", "0000-01-01", {"confirmed_outside_month"}),
    "year 10000": ("confirmed_on", "10000-01-01", {"confirmed_outside_month"}),
    "a date before Christ": ("confirmed_on", "2026-10-07 (BC)", {"confirmed_outside_month"}),
    "NUL in a seller": ("seller_id", "store-a\0", {"seller_unknown"}),
    "NUL in a type": ("line_type", "PROD_ORDER\0", {"line_type_malformed"}),
    "a megabyte of order": ("product_order_id", "9" * 1_000_000, {"product_order_too_long"}),
    "a megabyte of type": ("line_type", "X" * 1_000_000, {"line_type_malformed"}),
    "a megabyte nobody reads": ("order_id", "9" * 1_000_000, set()),
    "quotes and newlines": ("order_id", '"\r\n,"";\'', set()),
    "a formula as order": ("product_order_id", "=1+1", set()),
    "SQL": ("order_id", "'); DROP TABLE totals; --", set()),
    "a seller that is SQL": ("seller_id", "' OR 1=1", {"seller_unknown"}),
    "letters that take many bytes": ("product_order_id", "가" * 64, set()),
    "a seller from right to left": ("seller_id", "\u202estore-a", {"seller_unknown"}),
}


@pytest.mark.parametrize("value", VALUES)
def test_a_hostile_value_is_a_finding_or_a_text(tmp_path: Path, value: str) -> None:
    column, written, rules = VALUES[value]
    delivery = SmallDelivery(tmp_path)
    delivery.lines[-1][column] = written
    delivery.write()
    found = find_delivery(str(delivery.root), MONTH)
    staged = read_delivery(found, tmp_path / "staging", tmp_path / "quarantine")
    findings = judge_beside(staged, Past()).findings
    assert {f.rule for f in findings if f.severity is Severity.CRITICAL} == rules
    assert all(len(f.sentence) < 2_000 for f in findings)


def _huge_field(path: Path) -> None:
    with path.open("a") as file:
        file.write("a," + "x" * 3_000_000 + ",1,PROD_ORDER,NORMAL_SETTLE_ORIGINAL,1,2026-10-01\n")


def _random_bytes(path: Path) -> None:
    with path.open("ab") as file:
        file.write(bytes(range(1, 256)) * 100)


def _many_columns(path: Path) -> None:
    with path.open("a") as file:
        file.write("x," * 10_000 + "\n")


@pytest.mark.parametrize("harm", [_huge_field, _random_bytes, _many_columns])
def test_rows_of_anything_are_counted_as_unreadable(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    delivery = SmallDelivery(tmp_path).write()
    harm(delivery.folder / "settlements.csv")
    found = find_delivery(str(delivery.root), MONTH)
    staged = read_delivery(found, tmp_path / "staging", tmp_path / "quarantine")
    assert "line_unreadable" in {f.rule for f in judge_beside(staged, Past()).findings}


@pytest.mark.parametrize("keep", range(0, 1_000, 97))
def test_parquet_cut_off_anywhere_is_refused(tmp_path: Path, keep: int) -> None:
    delivery = SmallDelivery(tmp_path).write()
    plain, target = delivery.folder / "settlements.csv", delivery.folder / "settlements.parquet"
    duckdb.read_csv(str(plain)).write_parquet(str(target))
    plain.unlink()
    target.write_bytes(target.read_bytes()[:keep])
    with pytest.raises(DeliveryRefused) as refused:
        find_delivery(str(delivery.root), MONTH)
    assert [finding.where for finding in refused.value.findings] == ["settlements.parquet"]


def test_links_that_lead_nowhere_and_folders_are_named(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path).write()
    (delivery.folder / "settlements-1.csv").symlink_to("/nowhere")
    (delivery.folder / "settlements-2.csv").mkdir()
    with pytest.raises(DeliveryRefused) as refused:
        find_delivery(str(delivery.root), MONTH)
    assert {finding.where for finding in refused.value.findings} == {
        "settlements-1.csv",
        "settlements-2.csv",
    }


def test_a_name_that_is_no_text_is_named_so_that_it_can_be_shown(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path).write()
    name = os.fsencode(delivery.folder) + "/settlements_정산.csv".encode("cp949")
    Path(os.fsdecode(name)).write_text("seller_id\n")
    with pytest.raises(DeliveryRefused) as refused:
        find_delivery(str(delivery.root), MONTH)
    [finding] = refused.value.findings
    assert finding.rule == "file_mislabeled"
    assert finding.where.encode()
    assert "rename it" in finding.sentence


@contextmanager
def nobody_special() -> Iterator[None]:
    """Run as somebody to whom permissions matter, if whoever runs this may do everything."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("forbidden", ["settlements.csv", "manifest.json", "."])
def test_what_may_not_be_read_is_named(forbidden: str) -> None:
    with TemporaryDirectory() as root:
        Path(root).chmod(0o755)
        delivery = SmallDelivery(Path(root)).write(manifest=True)
        find_delivery(root, MONTH)  # loads what somebody else might not be allowed to load
        (delivery.folder / forbidden).chmod(0)
        try:
            with nobody_special(), pytest.raises(DeliveryRefused) as refused:
                find_delivery(root, MONTH)
        finally:
            delivery.folder.chmod(0o755)
    assert "cannot be opened (Permission denied)" in str(refused.value)
    assert not refused.value.is_the_senders


def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path).write()
    os.mkfifo(delivery.folder / "settlements-pipe.csv")
    (delivery.folder / "settlements-device.csv").symlink_to("/dev/zero")
    with pytest.raises(DeliveryRefused) as refused:
        find_delivery(str(delivery.root), MONTH)
    assert [finding.sentence for finding in refused.value.findings] == [
        "settlements-device.csv: it is not an ordinary file.",
        "settlements-pipe.csv: it is not an ordinary file.",
    ]


# Engines read a text in parts of some megabytes, by several threads; these lines make it so long
# that several parts meet.
LONG, MANY = 10_000, 2_000


def of_many_lines(tmp_path: Path, change: Callable[[str], str]) -> SmallDelivery:
    """Deliver many long lines, each of them changed."""
    delivery = SmallDelivery(tmp_path).write()
    file = delivery.folder / "settlements.csv"
    header, first, *_ = file.read_text().splitlines()
    line = first.replace(",O0,", f",{'x' * LONG},")
    lines = (change(line.replace("2026100700000000", f"P{number}")) for number in range(MANY))
    file.write_text("\n".join([header, *lines]) + "\n")
    return delivery


def test_lines_with_stray_quotes_are_refused_where_some_would_be_lost(tmp_path: Path) -> None:
    delivery = of_many_lines(tmp_path, lambda line: line.replace(",", '",', 1))
    found = find_delivery(str(delivery.root), MONTH)
    with pytest.raises(DeliveryRefused, match=r"settlements\.csv: its quotes are unbalanced"):
        read_delivery(found, tmp_path / "staging", tmp_path / "quarantine")


def test_line_ends_within_quotes_lose_no_line(tmp_path: Path) -> None:
    delivery = of_many_lines(
        tmp_path, lambda line: line.replace(",xx", ',"\n').replace("xx,", '",')
    )
    found = find_delivery(str(delivery.root), MONTH)
    staged = read_delivery(found, tmp_path / "staging", tmp_path / "quarantine")
    assert (staged.profile.lines, staged.quarantine) == (MANY, None)


def test_no_line_that_was_cut_is_lost(tmp_path: Path) -> None:
    delivery = of_many_lines(tmp_path, lambda line: line.rpartition(",")[0])
    found = find_delivery(str(delivery.root), MONTH)
    staged = read_delivery(found, tmp_path / "staging", tmp_path / "quarantine")
    unreadable = staged.profile.of("line_unreadable")
    assert unreadable is not None
    assert (staged.profile.lines, unreadable.count) == (0, MANY)


def test_an_empty_line_is_no_row(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path).write()
    file = delivery.folder / "settlements.csv"
    file.write_text(file.read_text().replace("\n", "\n\n"))
    found = find_delivery(str(delivery.root), MONTH)
    staged = read_delivery(found, tmp_path / "staging", tmp_path / "quarantine")
    assert (staged.profile.lines, staged.quarantine) == (4, None)


def test_a_text_of_many_parts_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.ingest.simple_texts._READ_AT_ONCE", 1_000)
    monkeypatch.setattr("adapters.ingest.line_parts._NOTED_AT_ONCE", 2_000)
    delivery = SmallDelivery(tmp_path)
    delivery.lines = [
        delivery.lines[number % 4] | {"product_order_id": f"P{number}"} for number in range(400)
    ]
    delivery.lines.append(dict(delivery.lines[0]))
    staged = read_delivery(
        find_delivery(str(delivery.write().root), MONTH), tmp_path / "s", tmp_path / "q"
    )
    twice = staged.profile.of("line_duplicated")
    assert twice is not None
    assert twice.examples == ("settlements.csv row 2 ('P0')", "settlements.csv row 402 ('P0')")
    assert (staged.profile.lines, staged.profile.amount_krw) == (401, 25_910_000)
    totals = pyarrow.parquet.read_table(staged.totals).to_pylist()
    assert [(row["seller_id"], row["lines"]) for row in totals] == [
        ("store-a", 100),
        ("store-a", 201),
        ("store-b", 100),
    ]


@pytest.mark.parametrize("amount", ["0x10", "-0X1F", " 0x1"])
def test_an_amount_in_hexadecimal_is_no_number(tmp_path: Path, amount: str) -> None:
    delivery = SmallDelivery(tmp_path)
    delivery.lines[1]["payment_amount_krw"] = amount
    found = find_delivery(str(delivery.write().root), MONTH)
    staged = read_delivery(found, tmp_path / "staging", tmp_path / "quarantine")
    unreadable = staged.profile.of("amount_unreadable")
    assert unreadable is not None
    assert unreadable.count == 1


def test_a_stray_quote_shifts_no_row_number(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path).write()
    file = delivery.folder / "settlements.csv"
    header, first, second, *rest = file.read_text().splitlines()
    marked = first.replace(",O0,", ',5" pipe,')
    assert marked != first
    wrong = second.replace("2026-10-02", "2026-11-02")
    file.write_text("\n".join([header, marked, "", wrong, *rest, ""]))
    found = find_delivery(str(delivery.root), MONTH)
    staged = read_delivery(found, tmp_path / "staging", tmp_path / "quarantine")
    outside = staged.profile.of("confirmed_outside_month")
    assert outside is not None
    assert outside.examples == ("settlements.csv row 4 ('2026-11-02')",)


def test_very_many_empty_lines_are_no_burden(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path)
    delivery.lines.append(dict(delivery.lines[0]))
    file = delivery.write().folder / "settlements.csv"
    file.write_text(file.read_text().replace("\n", "\n" * 200_000, 1))
    found = find_delivery(str(delivery.root), MONTH)
    staged = read_delivery(found, tmp_path / "staging", tmp_path / "quarantine")
    twice = staged.profile.of("line_duplicated")
    assert twice is not None
    assert [place.split()[2] for place in twice.examples] == ["200001", "200005"]


def test_a_manifest_that_is_no_file_is_named(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path).write()
    manifest = delivery.folder / "manifest.json"
    makings: list[Callable[[], None]] = [
        lambda: os.mkfifo(manifest),
        lambda: manifest.symlink_to(manifest),
    ]
    for make in makings:
        make()
        with pytest.raises(DeliveryRefused, match=r"manifest\.json"):
            find_delivery(str(delivery.root), MONTH)
        manifest.unlink()


def test_thousands_of_small_files_cost_little_each(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path).write()
    header, row, *_ = (delivery.folder / "settlements.csv").read_text().splitlines()
    (delivery.folder / "settlements.csv").unlink()
    for number in range(1_500):
        line = row.replace("2026100700000000", f"P{number}")
        (delivery.folder / f"settlements-{number}.csv").write_text(f"{header}\n{line}\n")
    found = find_delivery(str(delivery.root), MONTH)
    began = time.process_time()
    staged = read_delivery(found, tmp_path / "staging", tmp_path / "quarantine")
    assert staged.profile.lines == 1_500
    assert time.process_time() - began < 15  # quadratic, it took half a minute


def test_lines_between_two_stray_quotes_do_not_vanish_without_a_word(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path).write()
    file = delivery.folder / "settlements.csv"
    header, first, second, third, fourth = file.read_text().splitlines()
    lines = [f"{header},name", f'{first},"abc', f"{second},x", f'{third},y"', f"{fourth},z", ""]
    file.write_text("\n".join(lines))
    found = find_delivery(str(delivery.root), MONTH)
    staged = read_delivery(found, tmp_path / "staging", tmp_path / "quarantine")
    assert staged.profile.lines == 2
    (warning,) = judge_beside(staged, Past()).findings
    assert (warning.rule, warning.count) == ("line_continued", 2)


HEADER = ",".join(SmallDelivery(Path()).lines[0])
MILLION = 1_000_000


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (b"x" * 20 * MILLION, "one of its lines has more than 16,777,216 bytes"),
        (b"\n" * 12 * MILLION, "it has more than 5,000,000 empty lines"),
        (b"x\n" * MILLION, "do not have the 7 values of its header"),
        (b'""\n' * MILLION, "do not have the 7 values of its header"),
        (b'"\n' * MILLION, "do not have the 7 values of its header"),
        (b"x" + b"," * MILLION, "do not have the 7 values of its header"),
        (b"a,b,c,\xff,e,f,g\n" * MILLION, "are not UTF-8"),
    ],
)
@pytest.mark.parametrize("name", ["settlements.csv", "settlements-packed.csv.gz"])
def test_a_text_that_no_engine_could_hold_is_refused_soon(
    tmp_path: Path, more: bytes, problem: str, name: str
) -> None:
    delivery = SmallDelivery(tmp_path).write()
    file = delivery.folder / name
    content = (delivery.folder / "settlements.csv").read_bytes() + more
    file.write_bytes(gzip.compress(content, 1) if name.endswith("gz") else content)
    found, began = find_delivery(str(delivery.root), MONTH), time.process_time()
    with pytest.raises(DeliveryRefused, match=problem) as refused:
        read_delivery(found, tmp_path / "staging", tmp_path / "quarantine")
    assert [each.where for each in refused.value.findings] == [name]
    assert time.process_time() - began < 10


def test_a_packed_text_that_fills_a_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.ingest.text_limits._MOST_UNPACKED", 10 * MILLION)
    delivery = SmallDelivery(tmp_path).write()
    rows = b"a,b,c,d,e,f,g\n" * MILLION
    (delivery.folder / "settlements-1.csv.gz").write_bytes(
        gzip.compress(HEADER.encode() + b"\n" + rows)
    )
    with pytest.raises(DeliveryRefused, match="it unpacks to more than 10,000,000 bytes"):
        read_delivery(
            find_delivery(str(delivery.root), MONTH), tmp_path / "staging", tmp_path / "quarantine"
        )


@pytest.mark.parametrize(
    "row",
    ['a,"b, with\ntwo commas, and lines",c,d,e,f,g', 'a,b 5",c,d,e,f,g', '"a","b ""c""",c,d,e,f,g'],
)
def test_rows_with_quotes_are_as_wide_as_they_are(
    row: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.ingest.text_limits._MOST_NOTES", 20_000)
    text = f"{HEADER}\n" + f"{row}\n" * 20_000
    chunks = [text.encode()[at : at + 999] for at in range(0, len(text), 999)]
    assert b"".join(with_equal_rows(chunks, 7)) == text.encode()


def test_a_delivery_that_holds_a_line_in_utf_16_of_a_gigabyte_is_refused(tmp_path: Path) -> None:
    delivery = SmallDelivery(tmp_path).write()
    header = HEADER.replace(",", "\t").encode("utf-16")
    packed = gzip.compress(header + "\n\u0a0a".encode("utf-16-le") + b"x\0" * 20 * MILLION, 1)
    (delivery.folder / "settlements-1.csv.gz").write_bytes(packed)
    with pytest.raises(DeliveryRefused, match="one of its lines has more than"):
        read_delivery(
            find_delivery(str(delivery.root), MONTH), tmp_path / "staging", tmp_path / "quarantine"
        )
