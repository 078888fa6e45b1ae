"""Lines in an object store that a cluster reads there, without a copy on this machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet
import pytest

from adapters.ingest.damage import DeliveryChanged
from adapters.ingest.delivery import Delivery, DeliveryRefused, find_delivery
from adapters.ingest.engines import stored_files
from adapters.ingest.engines.troubles import ClusterAway, EngineUnfit
from adapters.ingest.file_problem import FileProblem
from domain.columns import Content
from domain.months import SettlementMonth
from tests.adapters.test_clusters import EMBEDDED, outcome_of, typed, write
from tests.adapters.test_object_store import ROOT, upload
from tests.clusters import a_cluster
from tests.deliveries import MONTH, SmallDelivery

NAMES: Final = ("plain", " with space", "상품", "100%25+&", "a'b\"c")


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a cluster."""
    with a_cluster() as address:
        yield address


@pytest.fixture
def store(bucket: Any, monkeypatch: pytest.MonkeyPatch, s3_server: str) -> Any:
    """A bucket that the cluster reaches, too."""
    monkeypatch.setenv("AWS_ENDPOINT", s3_server)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    return bucket


@pytest.fixture
def delivery(tmp_path: Path) -> SmallDelivery:
    return SmallDelivery(tmp_path / "local")


def found(folder: Path, engine: str) -> Delivery[SettlementMonth]:
    return find_delivery(ROOT, MONTH, folder / "fetched", None, engine)


def stored(delivery: Delivery[SettlementMonth]) -> dict[str, bool]:
    return {file.name: file.stored is not None for file in delivery.files}


def test_lines_are_the_same_and_stay_in_the_store(
    store: Any, cluster: str, delivery: SmallDelivery, tmp_path: Path
) -> None:
    lines = [typed(line) for line in delivery.lines]
    wrong = lines[1] | {"line_type": None, "product_order_id": "1"}
    write(delivery, sound=lines[:2], **{"with wrong": [*lines[2:], wrong]})
    upload(store, delivery)
    remote, here = found(tmp_path / "remote", cluster), found(tmp_path / "here", EMBEDDED)
    assert stored(remote) == {
        "sellers.csv": False,
        "settlements-sound.parquet": True,
        "settlements-with wrong.parquet": True,
    }
    assert not any(stored(here).values())
    assert remote.content_hash == here.content_hash
    for file in remote.of(Content.SETTLEMENTS):
        assert file.path.stat().st_size < (delivery.folder / file.name).stat().st_size
    assert outcome_of(remote, tmp_path / "remote", cluster) == outcome_of(
        here, tmp_path / "here", EMBEDDED
    )
    assert not [*(tmp_path / "remote").rglob("settlements-sound.parquet")][1:]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_may_have_any_name(
    name: str, store: Any, cluster: str, delivery: SmallDelivery, tmp_path: Path
) -> None:
    write(delivery, **{name: [typed(line) for line in delivery.lines]})
    upload(store, delivery)
    remote = found(tmp_path / "remote", cluster)
    assert stored(remote)[f"settlements-{name}.parquet"] is ("%" not in name)
    assert outcome_of(remote, tmp_path, cluster)["refused"] is None


@pytest.mark.parametrize("folder", ["seller_id=store%3Ab", "seller_id=[x]", "seller_id=plain"])
def test_no_file_in_a_folder_is_lost(
    folder: str, store: Any, cluster: str, delivery: SmallDelivery, tmp_path: Path
) -> None:
    write(delivery)
    (delivery.folder / folder).mkdir()
    whole = (delivery.folder / "settlements-1.parquet").read_bytes()
    (delivery.folder / folder / "settlements.parquet").write_bytes(whole)
    upload(store, delivery)
    remote, here = found(tmp_path / "remote", cluster), found(tmp_path / "here", EMBEDDED)
    assert [file.name for file in remote.files] == [file.name for file in here.files]
    assert stored(remote)[f"{folder}/settlements.parquet"] is (folder == "seller_id=plain")


def test_files_that_change_while_they_are_hashed_are_told(
    store: Any,
    cluster: str,
    delivery: SmallDelivery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(delivery)
    upload(store, delivery)
    hashes = stored_files._hashes

    def changing(*given: Any) -> Any:
        store.put_object(Key="monthly/2026-10/sellers-more.csv", Body=b"more")
        return hashes(*given)

    monkeypatch.setattr(stored_files, "_hashes", changing)
    with pytest.raises(DeliveryRefused, match="its files changed while they were fetched") as told:
        found(tmp_path, cluster)
    assert told.value.may_pass


def test_a_store_that_fails_midway_is_told_as_that(
    store: Any,
    cluster: str,
    delivery: SmallDelivery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(delivery, wrong=[typed(line) | {"line_type": None} for line in delivery.lines])
    upload(store, delivery)
    remote = found(tmp_path, cluster)
    away = FileProblem("store_unreachable", "the store cannot be read (gone)")

    def failing(*_: object) -> object:
        raise away

    for name in ("fetch_object", "find_object"):
        with monkeypatch.context() as patch:
            patch.setattr(stored_files, name, failing)
            with pytest.raises(DeliveryRefused) as told:
                outcome_of(remote, tmp_path, cluster)
        assert "settlements-wrong.parquet: the store cannot be read (gone)" in str(told.value)
        assert told.value.may_pass


def test_a_footer_that_states_too_much_is_not_fetched(
    store: Any,
    cluster: str,
    delivery: SmallDelivery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(delivery)
    damaged = b"PAR1" + bytes(5_000) + (4_900).to_bytes(4, "little") + b"PAR1"
    (delivery.folder / "settlements-2.parquet").write_bytes(damaged)
    upload(store, delivery)
    monkeypatch.setattr(stored_files, "_LIKELY", 100)
    monkeypatch.setattr(stored_files, "_MOST", 1_000)
    with pytest.raises(DeliveryRefused, match=r"settlements-2\.parquet: .*is cut off"):
        found(tmp_path, cluster)
    assert (tmp_path / "fetched/2026-10/settlements-2.parquet").stat().st_size < 20


def test_a_name_that_is_a_pattern_is_told(
    store: Any, cluster: str, delivery: SmallDelivery, tmp_path: Path
) -> None:
    write(delivery, **{"[a]": [typed(line) for line in delivery.lines]})
    upload(store, delivery)
    with pytest.raises(EngineUnfit, match="has a character that a cluster takes for a pattern"):
        outcome_of(found(tmp_path, cluster), tmp_path, cluster)


def test_a_file_too_large_for_the_cluster_is_hashed_here(
    store: Any,
    cluster: str,
    delivery: SmallDelivery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.ingest.engines.stored_files.HASHED", 0)
    monkeypatch.setattr("adapters.ingest.engines.stored_files._PIECE", 100)
    monkeypatch.setattr("adapters.ingest.engines.stored_files._LIKELY", 20)  # a footer is longer
    write(delivery)
    upload(store, delivery)
    remote, here = found(tmp_path / "remote", cluster), found(tmp_path / "here", EMBEDDED)
    assert remote.content_hash == here.content_hash
    assert outcome_of(remote, tmp_path, cluster)["refused"] is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty"),
        (b"a,b\n1,2\n", "not a Parquet file"),
        (b"PAR1" + bytes(20), "cut off"),
    ],
)
def test_a_file_that_is_not_parquet_is_told_as_one_that_is_here(
    content: bytes, told: str, store: Any, cluster: str, delivery: SmallDelivery, tmp_path: Path
) -> None:
    write(delivery)
    (delivery.folder / "settlements-2.parquet").write_bytes(content)
    upload(store, delivery)
    for engine in (EMBEDDED, cluster):
        with pytest.raises(DeliveryRefused, match=f"settlements-2.parquet: .*{told}"):
            found(tmp_path, engine)


def test_a_file_that_changes_meanwhile_is_named(
    store: Any, cluster: str, delivery: SmallDelivery, tmp_path: Path
) -> None:
    write(delivery)
    upload(store, delivery)
    remote = found(tmp_path, cluster)
    upload(store, write_again(delivery))
    with pytest.raises(DeliveryChanged, match=r"settlements-0\.parquet changed"):
        outcome_of(remote, tmp_path, cluster)


def write_again(delivery: SmallDelivery) -> SmallDelivery:
    file = delivery.folder / "settlements-0.parquet"
    table = pa.parquet.read_table(file)
    pa.parquet.write_table(table.slice(0, 1), file)
    return delivery


def test_a_cluster_that_does_not_see_a_file_is_told(
    store: Any,
    cluster: str,
    delivery: SmallDelivery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.ingest.fetching.stays", lambda *_: True)
    write(delivery, **{"%20": [typed(line) for line in delivery.lines]})
    upload(store, delivery)
    with pytest.raises(ClusterAway, match=r"does not see s3://.*%20\.parquet as this machine does"):
        found(tmp_path, cluster)
